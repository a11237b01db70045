//! Where the store's key comes from, and how its text is read.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use zeroize::{Zeroize, Zeroizing};

use crate::config::Provided;
use crate::context::CallContext;
use crate::crypto::{KEY_LEN, random};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Halt, Step, guarded, unpoisoned};
use crate::sys::arena::GuardedKey;
use crate::sys::files;
use crate::value::SecretValue;

/// What is wrong with what holds no key; for the end of a sentence.
pub(super) const NO_KEY: &str = "holds no key: 32 raw bytes, 43 or 44 characters of base64, or 64 hexadecimal digits";
/// The longest content of a key file or descriptor that is looked at.
const LONGEST: usize = 256;

/// A key on its way to a slot.
pub(in crate::backends) type Key = Zeroizing<[u8; KEY_LEN]>;

/// Keys, at least one: the first makes a store, any of them may open it.
#[derive(Clone)]
pub(in crate::backends) struct Keys<K = Key> {
    pub(in crate::backends) first: K,
    pub(in crate::backends) others: Vec<K>,
}

impl<K> Keys<K> {
    fn map<T>(&self, key: impl Fn(&K) -> T) -> Keys<T> {
        Keys {
            first: key(&self.first),
            others: self.others.iter().map(key).collect(),
        }
    }
}

impl Keys {
    /// Opens with one key after the other until one fits; the answer is the last one's. Where another than the first fits
    /// it is told: nothing makes a slot for the first, so the other must not be thrown away.
    pub(super) fn open<T>(&self, mut open: impl FnMut(&Key) -> Step<T>) -> Step<T> {
        let mut answer = open(&self.first);
        for key in &self.others {
            match &answer {
                Err(Halt::Failed(error)) if error.kind() == ErrorKind::WrongKey => answer = open(key),
                _ => return answer,
            }
            if answer.is_ok() {
                tracing::warn!("the store was opened by a key that is not the first of those given; keep that key");
            }
        }
        answer
    }
}

impl From<Key> for Keys {
    fn from(first: Key) -> Self {
        let others = Vec::new();
        Self { first, others }
    }
}

/// How the text of a setting is read; `None` where it holds no key.
pub(in crate::backends) type Parse = fn(&[u8]) -> Option<Keys>;

/// Where the keys come from. They are read again after a lock, wherever that is possible.
pub(in crate::backends) enum KeySource {
    /// The text of a setting. The keys are kept in guarded memory for as long as the backend is open: without them a
    /// lock could never be undone.
    Setting(Keys<GuardedKey>),
    /// Someone who gives that text whenever it is needed.
    Provider {
        provided: Provided,
        parse: Parse,
        /// The error where what he gives is no key.
        refusal: Error,
    },
    /// A file.
    File {
        path: PathBuf,
        /// Whether it is the default one, which is made with the store.
        default: bool,
    },
    /// A descriptor: read once, when the backend was opened; the key is forgotten by the first lock. Locked only
    /// inside the gate that a fork waits for.
    Descriptor(Mutex<Option<GuardedKey>>),
}

impl KeySource {
    /// `None` where the setting holds no key.
    pub(super) fn of_secret(secret: &SecretValue) -> Option<Self> {
        Some(Self::of_keys(&one(secret.expose())?))
    }

    pub(in crate::backends) fn of_keys(keys: &Keys) -> Self {
        Self::Setting(keys.map(|key| GuardedKey::take(&mut key.clone())))
    }

    pub(super) fn of_provider(provided: Provided, refusal: Error) -> Self {
        Self::Provider {
            provided,
            parse: one,
            refusal,
        }
    }

    /// `Ok(None)` where what the descriptor gives is no key.
    pub(super) fn of_descriptor(descriptor: i32, deadline: Instant) -> Result<Option<Self>> {
        let bytes =
            files::read_fd(descriptor, LONGEST, deadline).map_err(|error| error.with_setting("encrypted.key_fd"))?;
        Ok(parse(&bytes).map(|mut key| Self::Descriptor(Mutex::new(Some(GuardedKey::take(&mut key))))))
    }

    pub(super) fn file(path: PathBuf) -> Self {
        Self::File { path, default: false }
    }

    pub(super) fn default_file(path: PathBuf) -> Self {
        Self::File { path, default: true }
    }

    /// Whether reading the key may take as long as a person takes: then not on an executor's thread, and not under a
    /// lock.
    pub(super) fn is_slow(&self) -> bool {
        matches!(self, Self::Provider { .. })
    }

    /// Reads the keys of a store that is there, for a call.
    pub(super) fn read(&self, cx: &CallContext) -> Result<Keys> {
        match self {
            Self::Setting(keys) => Ok(keys.map(|key| Zeroizing::new(*key.expose()))),
            Self::Provider {
                provided,
                parse,
                refusal,
            } => {
                let given = provided.ask(cx)?;
                parse(given.expose()).ok_or_else(|| refusal.clone())
            }
            Self::File { path, .. } => read_file(path)?.map(Keys::from).ok_or_else(|| missing(path)),
            Self::Descriptor(held) => {
                let key = guarded(|| {
                    Ok(unpoisoned(held.lock())
                        .as_ref()
                        .map(|key| Zeroizing::new(*key.expose())))
                });
                key.map_err(Halt::into_error)?.map(Keys::from).ok_or_else(|| {
                    Error::new(
                        ErrorKind::Locked,
                        "the key came from a descriptor, which is read only once",
                    )
                    .with_setting("encrypted.key_fd")
                    .with_help("open the store anew with a fresh descriptor, or give the key in another way")
                })
            }
        }
    }

    /// Forgets what must not outlive a lock.
    pub(super) fn forget(&self) {
        if let Self::Descriptor(held) = self {
            let forgotten = guarded(|| Ok(unpoisoned(held.lock()).take()));
            drop(forgotten);
        }
    }

    /// Reads the key for a store that is being made; the default file is made with it. The caller holds the creation
    /// lock.
    pub(super) fn read_or_make(&self, cx: &CallContext) -> Result<Key> {
        let Self::File { path, default: true } = self else {
            return self.read(cx).map(|keys| keys.first);
        };
        if let Some(key) = read_file(path)? {
            return Ok(key);
        }
        if let Some(parent) = path.parent() {
            files::create_private_dir(parent)?;
        }
        let path = &files::check_parent(path)?;
        let mut key: Key = Zeroizing::new([0; KEY_LEN]);
        random::fill(&mut key[..])?;
        // 43 characters and a line end, at exactly that capacity: nothing is left behind by growing.
        let mut text = Zeroizing::new(vec![b'\n'; BASE64URL_NOPAD.encode_len(KEY_LEN) + 1]);
        let end = text.len() - 1;
        BASE64URL_NOPAD.encode_mut(&key[..], &mut text[..end]);
        let written = files::write_private_file_new(path, &text);
        // Another store of the same app may have made it at the same time. What stands there is what counts.
        match read_file(path)? {
            Some(key) => Ok(key),
            None => {
                written?;
                Err(missing(path))
            }
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(_) => f.write_str("Setting"),
            Self::Provider { .. } => f.write_str("Provider"),
            Self::File { path, .. } => write!(f, "File({path:?})"),
            Self::Descriptor(_) => f.write_str("Descriptor"),
        }
    }
}

fn missing(path: &Path) -> Error {
    Error::new(
        ErrorKind::KeyMissing,
        format!("there is no key file at {}", path.display()),
    )
    .with_setting("encrypted.key_file")
    .with_help(
        "bring the key file back; a new key cannot open the store. A store that the backend `local_encrypted` made has \
         no key file: state that backend again, with FERNET_SECRET_KEY",
    )
}

fn read_file(path: &Path) -> Result<Option<Key>> {
    match files::file_id(path) {
        Ok(Some(_)) => {}
        Ok(None) => return Ok(None),
        // A folder that is none, or may not be entered, and the like: reading tells it better.
        Err(_) => {}
    }
    let bytes = files::read_private_file(path, LONGEST).map_err(|error| error.with_setting("encrypted.key_file"))?;
    match parse(&bytes) {
        Some(key) => Ok(Some(key)),
        None => Err(Error::new(
            ErrorKind::InvalidConfig,
            format!("the key file {} {NO_KEY}", files::shown(path)),
        )
        .with_setting("encrypted.key_file")),
    }
}

fn one(text: &[u8]) -> Option<Keys> {
    parse(text).map(Keys::from)
}

/// Reads a key: 32 bytes as they are, or a text (one line end after it is ignored) of 64 hexadecimal digits or of
/// 43 or 44 characters of base64, url-safe or standard.
fn parse(bytes: &[u8]) -> Option<Key> {
    let mut key: Key = Zeroizing::new([0; KEY_LEN]);
    if bytes.len() == KEY_LEN {
        key.copy_from_slice(bytes);
        return Some(key);
    }
    let text = bytes
        .strip_suffix(b"\n")
        .map_or(bytes, |text| text.strip_suffix(b"\r").unwrap_or(text));
    let decoded = match text.len() {
        64 => HEXLOWER_PERMISSIVE.decode_mut(text, &mut key[..]).ok(),
        43 => decode_base64(text, &mut key),
        44 => text.strip_suffix(b"=").and_then(|text| decode_base64(text, &mut key)),
        _ => None,
    };
    match decoded {
        Some(KEY_LEN) => Some(key),
        _ => {
            key.zeroize();
            None
        }
    }
}

fn decode_base64(text: &[u8], key: &mut Key) -> Option<usize> {
    BASE64URL_NOPAD
        .decode_mut(text, &mut key[..])
        .or_else(|_| BASE64_NOPAD.decode_mut(text, &mut key[..]))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_gives_the_same_key() {
        let key = [0xfb; 32];
        let url = BASE64URL_NOPAD.encode(&key);
        let standard = BASE64_NOPAD.encode(&key);
        assert_ne!(url, standard);
        let hex = HEXLOWER_PERMISSIVE.encode(&key);
        for text in [
            &url,
            &standard,
            &hex,
            &format!("{url}="),
            &format!("{standard}=\n"),
            &hex.to_uppercase(),
        ] {
            assert_eq!(*parse(text.as_bytes()).unwrap(), key, "{text}");
            assert_eq!(
                *parse(format!("{text}\r\n").as_bytes()).unwrap_or_default(),
                if text.ends_with('\n') { [0; 32] } else { key }
            );
        }
        assert_eq!(*parse(&key).unwrap(), key);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "short",
            "hunter2hunter2hunter2hunter2hunter2hunter2!",
            &"z".repeat(64),
            &"A".repeat(45),
        ] {
            assert!(parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
