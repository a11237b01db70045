//! What the settings say about this backend: the keys; the rest is as `encrypted` has it.

use zeroize::Zeroizing;

use crate::backends::encrypted::{Config, Key, KeySource, Keys};
use crate::config::Settings;
use crate::crypto::KEY_LEN;
use crate::crypto::fernet::{FernetKey, FernetKeys, KEYS_VARIABLE};
use crate::error::{Error, ErrorKind, Result};

const NAME: &str = "local_encrypted";
pub(super) const KEY: &str = "local_encrypted.key";
/// What is wrong with what holds no keys; for the end of a sentence.
const NO_KEYS: &str = "holds no Fernet keys: each is 32 bytes in base64, 44 characters; several are written `new,old`";

/// Reads the settings; nothing is opened.
pub(super) fn read(app: &str, settings: &Settings) -> Result<Config> {
    let source = if let Some(secret) = settings.secret(KEY) {
        let keys = parse(secret.expose()).ok_or_else(|| settings.error(KEY, NO_KEYS))?;
        KeySource::of_keys(&keys)
    } else if let Some(provided) = settings.provided(KEY) {
        KeySource::Provider {
            provided: provided.clone(),
            parse,
            refusal: settings.error(KEY, NO_KEYS),
        }
    } else {
        let message = format!("there is no key: {KEYS_VARIABLE} is not set, and neither is `{KEY}`");
        return Err(Error::new(ErrorKind::KeyMissing, message)
            .with_setting(KEY)
            .with_help("make a key with `strongroom fernet generate` and put it into FERNET_SECRET_KEY"));
    };
    Config::with(NAME, source, app, settings)
}

fn parse(text: &[u8]) -> Option<Keys> {
    let keys = FernetKeys::parse(text).ok()?;
    Some(Keys {
        first: raw(keys.first()),
        others: keys.others().iter().map(raw).collect(),
    })
}

fn raw(key: &FernetKey) -> Key {
    let mut raw = Zeroizing::new([0; KEY_LEN]);
    raw.copy_from_slice(key.expose());
    raw
}
