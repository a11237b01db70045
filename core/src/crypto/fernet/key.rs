//! Keys of Fernet tokens, and their text.

use std::fmt;
use std::path::Path;

use data_encoding::{BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use zeroize::Zeroizing;

use super::{is_standard, unpadded};
use crate::config::environment;
use crate::crypto::{KEY_LEN, random};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files;
use crate::value::SecretValue;

/// The environment variable that holds the keys, `new,old`.
pub const KEYS_VARIABLE: &str = environment::FERNET_KEYS;

/// The characters of a key's text without padding.
const TEXT_LEN: usize = 43;
/// The longest key file that is looked at: room for some hundred keys.
const LONGEST_FILE: usize = 8192;

/// One Fernet key: 16 bytes that sign and 16 that encrypt. Wiped when dropped; `Debug` shows nothing of it.
pub struct FernetKey {
    /// Exactly [`KEY_LEN`] bytes.
    bytes: SecretValue,
}

impl FernetKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] where the system gives no randomness.
    pub fn generate() -> Result<Self> {
        let mut bytes = Zeroizing::new(vec![0; KEY_LEN]);
        random::fill(&mut bytes)?;
        Ok(Self::of(bytes))
    }

    /// Reads a key: 32 bytes in base64, url-safe or standard, padded or not; white space round it does not count.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`], without the text, where it is none.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self> {
        Self::read(text.as_ref()).ok_or_else(|| no_key("this is no Fernet key".to_owned()))
    }

    /// The key's text: 44 characters, url-safe and padded.
    pub fn to_text(&self) -> SecretValue {
        let mut text = Zeroizing::new(vec![0; BASE64URL.encode_len(KEY_LEN)]);
        BASE64URL.encode_mut(self.bytes.expose(), &mut text);
        SecretValue::from(std::mem::take(&mut *text))
    }

    /// The key's bytes.
    pub(crate) fn expose(&self) -> &[u8] {
        self.bytes.expose()
    }

    pub(super) fn signing(&self) -> &[u8] {
        &self.bytes.expose()[..KEY_LEN / 2]
    }

    pub(super) fn encryption(&self) -> &[u8] {
        &self.bytes.expose()[KEY_LEN / 2..]
    }

    fn of(mut bytes: Zeroizing<Vec<u8>>) -> Self {
        Self {
            bytes: SecretValue::from(std::mem::take(&mut *bytes)),
        }
    }

    fn read(text: &[u8]) -> Option<Self> {
        let text = unpadded(text.trim_ascii()).filter(|text| text.len() == TEXT_LEN)?;
        let alphabet = if is_standard(text) {
            BASE64_NOPAD
        } else {
            BASE64URL_NOPAD
        };
        // 43 characters hold two bits more than 32 bytes. Who types a key by hand sets them, and others ignore them.
        let mut alphabet = alphabet.specification();
        alphabet.check_trailing_bits = false;
        let mut bytes = Zeroizing::new(vec![0; KEY_LEN]);
        let decoded = alphabet.encoding().ok()?.decode_mut(text, &mut bytes);
        (decoded == Ok(KEY_LEN)).then(|| Self::of(bytes))
    }
}

impl fmt::Debug for FernetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FernetKey([REDACTED])")
    }
}

/// Fernet keys in order, at least one: the first one writes, all of them read. What Python calls `MultiFernet`.
#[derive(Debug)]
pub struct FernetKeys {
    first: FernetKey,
    others: Vec<FernetKey>,
}

impl FernetKeys {
    /// Reads keys separated by commas, the one that writes first: `new,old`. White space round a key does not count.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`], without the text but with the place, where one of them is no key.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self> {
        let text = text.as_ref();
        let count = text.split(|byte| *byte == b',').count();
        let mut keys = text.split(|byte| *byte == b',').enumerate().map(|(place, text)| {
            FernetKey::read(text).ok_or_else(|| {
                let what = if text.trim_ascii().is_empty() {
                    "is empty"
                } else {
                    "is none"
                };
                no_key(match count {
                    1 => format!("there should be a Fernet key, and this {what}"),
                    _ => format!(
                        "of {count} Fernet keys separated by commas, number {} {what}",
                        place + 1
                    ),
                })
            })
        });
        // Splitting gives one part at least.
        let first = keys.next().unwrap_or_else(|| FernetKey::parse(""))?;
        Ok(Self {
            first,
            others: keys.collect::<Result<_>>()?,
        })
    }

    /// The keys of the environment variable [`KEYS_VARIABLE`], read now; `None` where it is unset or empty.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] naming the variable where it holds no keys.
    pub fn from_environment() -> Result<Option<Self>> {
        let Some(text) = environment::read_secret(KEYS_VARIABLE)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        Self::parse(text.expose())
            .map(Some)
            .map_err(|error| misplaced(&error, &format!("the environment variable {KEYS_VARIABLE}")))
            .map_err(|error| error.with_setting(KEYS_VARIABLE))
    }

    /// The keys in a file that only its owner may read, separated by commas.
    ///
    /// # Errors
    /// [`ErrorKind::KeyMissing`] where there is no such file, [`ErrorKind::InsecurePath`] where others could read or
    /// write it, [`ErrorKind::InvalidConfig`] where it holds no keys, [`ErrorKind::TooLarge`] where it is longer than
    /// any hundred keys.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = files::read_private_file(path, LONGEST_FILE)?;
        Self::parse(&text[..]).map_err(|error| misplaced(&error, &format!("the key file {}", files::shown(path))))
    }

    /// The same keys behind `first`, which writes from now on.
    #[must_use]
    pub fn led_by(mut self, first: FernetKey) -> Self {
        self.others.insert(0, std::mem::replace(&mut self.first, first));
        self
    }

    pub(crate) fn first(&self) -> &FernetKey {
        &self.first
    }

    pub(crate) fn others(&self) -> &[FernetKey] {
        &self.others
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &FernetKey> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl From<FernetKey> for FernetKeys {
    fn from(first: FernetKey) -> Self {
        let others = Vec::new();
        Self { first, others }
    }
}

fn no_key(message: String) -> Error {
    let message = format!("{message}; a key is 32 bytes in base64, 44 characters");
    Error::new(ErrorKind::InvalidArgument, message).with_help("make a key with `strongroom fernet generate`")
}

/// The refusal of a text that came from a place of the configuration.
fn misplaced(error: &Error, place: &str) -> Error {
    Error::new(ErrorKind::InvalidConfig, format!("{place}: {}", error.message())).with_help(error.help())
}
