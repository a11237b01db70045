//! A JSON object of Fernet tokens.

use super::text::assemble;
use super::{Entry, Item, Parsed, json};
use crate::crypto::fernet::FernetKeys;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::value::SecretValue;

/// The values of the tokens.
///
/// # Errors
/// [`ErrorKind::KeyMissing`] without keys; those of [`FernetKeys::decrypt`] with the token's line.
pub(super) fn opened(parsed: Parsed, keys: Option<&SecretValue>) -> Result<Parsed> {
    let keys = read(keys)?;
    let open = |entry: Entry| {
        let value = keys.decrypt(entry.value.expose(), None).map_err(|error| {
            let message = format!("line {} of the document: {}", entry.line, error.message());
            Error::new(error.kind(), message).with_help(error.help())
        })?;
        Ok(Entry { value, ..entry })
    };
    Ok(Parsed {
        entries: parsed.entries.into_iter().map(open).collect::<Result<_>>()?,
        notes: parsed.notes,
    })
}

/// A document of tokens.
///
/// # Errors
/// [`ErrorKind::KeyMissing`] without keys; those of [`FernetKeys::encrypt`].
pub(super) fn sealed(secrets: &[(String, &str, &Secret)], keys: Option<&SecretValue>) -> Result<SecretValue> {
    let keys = read(keys)?;
    let tokens: Vec<String> = secrets
        .iter()
        .map(|(_, key, secret)| keys.encrypt(secret.value.expose()).map_err(|error| error.with_key(key)))
        .collect::<Result<_>>()?;
    let items: Vec<_> = secrets
        .iter()
        .zip(&tokens)
        .map(|((name, ..), value)| Item { name, value })
        .collect();
    assemble(|out| {
        json::write(&items, out);
        Ok(())
    })
}

fn read(keys: Option<&SecretValue>) -> Result<FernetKeys> {
    let keys = keys.ok_or_else(|| {
        Error::new(ErrorKind::KeyMissing, "a `fernet` document needs a key")
            .with_help("give the Fernet key (the command: `--key-file`, or the variable FERNET_SECRET_KEY)")
    })?;
    FernetKeys::parse(keys.expose())
}
