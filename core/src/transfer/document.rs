//! The formats behind one door each way.

use super::text::{assemble, listed, shown, text};
use super::{Dialect, ExportOptions, Format, ImportOptions, Item, Parsed, dotenv, json, shell, yaml};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::value::SecretValue;

/// Reads a document.
///
/// # Errors
/// [`ErrorKind::TooLarge`]; [`ErrorKind::InvalidArgument`] with the line of what cannot be read.
pub(crate) fn entries(document: &[u8], options: &ImportOptions) -> Result<Parsed> {
    let text = text(document)?;
    match options.format {
        Format::Env => shell::parse(text),
        Format::Dotenv => dotenv::parse(text, options.dialect),
        Format::Json => json::parse(text),
        Format::Yaml => yaml::parse(text),
        Format::Fernet => opened(json::parse(text)?, options),
    }
}

/// Writes a document of these secrets, each under its name.
///
/// # Errors
/// [`ErrorKind::Unsupported`] naming the keys of values that the format cannot hold.
pub(crate) fn document(secrets: &[(String, &str, &Secret)], options: &ExportOptions) -> Result<SecretValue> {
    if options.format == Format::Fernet {
        return sealed(secrets, options);
    }
    let items = items(secrets, options.format)?;
    match options.format {
        Format::Dotenv => lines(&items, secrets, options.dialect),
        Format::Json => assemble(|out| {
            json::write(&items, out);
            Ok(())
        }),
        Format::Yaml => assemble(|out| {
            yaml::write(&items, out);
            Ok(())
        }),
        Format::Env | Format::Fernet => assemble(|out| {
            items.iter().for_each(|&item| shell::write(item, out));
            Ok(())
        }),
    }
}

/// The values as text.
fn items<'a>(secrets: &'a [(String, &str, &'a Secret)], format: Format) -> Result<Vec<Item<'a>>> {
    let mut items = Vec::with_capacity(secrets.len());
    let mut refused = Vec::new();
    for (name, key, secret) in secrets {
        match std::str::from_utf8(secret.value.expose()) {
            // JSON and YAML can say NUL, a variable cannot hold it.
            Ok(value) if !(format.has_variables() && value.contains('\0')) => items.push(Item { name, value }),
            _ => refused.push(shown(key)),
        }
    }
    if refused.is_empty() {
        return Ok(items);
    }
    let what = if format.has_variables() {
        "text without NUL"
    } else {
        "UTF-8 text"
    };
    let message = format!("the format `{}` holds {what} only: {}", format.word(), listed(&refused));
    Err(Error::new(ErrorKind::Unsupported, message).with_help("leave these out, or choose the format `fernet`"))
}

fn lines(items: &[Item<'_>], secrets: &[(String, &str, &Secret)], dialect: Dialect) -> Result<SecretValue> {
    let refused: Vec<_> = items
        .iter()
        .zip(secrets)
        .filter(|(item, _)| !dotenv::fits(item.value, dialect))
        .map(|(_, (_, key, _))| shown(key))
        .collect();
    if refused.is_empty() {
        return assemble(|out| {
            items.iter().for_each(|&item| dotenv::write(item, dialect, out));
            Ok(())
        });
    }
    let (message, help) = match dialect {
        Dialect::Common => (
            "no quotes make python-dotenv, Node's dotenv and a shell read the same",
            "choose a dialect (`python`, `node`, `compose`) or the format `json`",
        ),
        _ => (
            "this dialect has no quotes that hold the value",
            "choose another dialect or the format `json`",
        ),
    };
    let message = format!("{message}: {}", listed(&refused));
    Err(Error::new(ErrorKind::Unsupported, message).with_help(help))
}

#[cfg(feature = "encrypted")]
fn opened(parsed: Parsed, options: &ImportOptions) -> Result<Parsed> {
    super::fernet::opened(parsed, options.fernet_keys.as_ref())
}

#[cfg(feature = "encrypted")]
fn sealed(secrets: &[(String, &str, &Secret)], options: &ExportOptions) -> Result<SecretValue> {
    super::fernet::sealed(secrets, options.fernet_keys.as_ref())
}

#[cfg(not(feature = "encrypted"))]
fn opened(_: Parsed, _: &ImportOptions) -> Result<Parsed> {
    Err(no_fernet())
}

#[cfg(not(feature = "encrypted"))]
fn sealed(_: &[(String, &str, &Secret)], _: &ExportOptions) -> Result<SecretValue> {
    Err(no_fernet())
}

#[cfg(not(feature = "encrypted"))]
fn no_fernet() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "the format `fernet` is not in this build (cargo feature `encrypted`)",
    )
}
