//! The bytes of a secret.

use std::fmt;

use zeroize::Zeroize;

use crate::error::{Error, ErrorKind, Result};
use crate::wipe::wipe;

/// The bytes of a secret: held at exactly their size, overwritten when dropped.
///
/// There is no `Clone`, no `Display`, no `Serialize` and no `==`; `Debug` prints `[REDACTED]`. The bytes are reached
/// only through [`expose`](Self::expose) and [`expose_str`](Self::expose_str). Copies that a caller makes are the
/// caller's to wipe. What cannot be wiped (registers, stack slots of code that handled the value) is listed in
/// `SECURITY.md`.
///
/// ```
/// use strongroom::SecretValue;
/// let value = SecretValue::from("s3cret");
/// assert_eq!(value.expose(), b"s3cret");
/// assert_eq!(format!("{value:?}"), "SecretValue([REDACTED])");
/// ```
pub struct SecretValue {
    // A boxed slice has no spare capacity, so every byte that was ever written is overwritten on drop.
    bytes: Box<[u8]>,
}

impl SecretValue {
    /// Copies `bytes`. The source stays the caller's.
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into() }
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes as text.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] where they are not UTF-8.
    pub fn expose_str(&self) -> Result<&str> {
        std::str::from_utf8(&self.bytes)
            .map_err(|_| Error::new(ErrorKind::InvalidValue, "the value is not UTF-8 text; read it as bytes"))
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are no bytes. An empty value is a value.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl Drop for SecretValue {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue([REDACTED])")
    }
}

impl From<&[u8]> for SecretValue {
    fn from(bytes: &[u8]) -> Self {
        Self::copy_of(bytes)
    }
}

impl<const N: usize> From<&[u8; N]> for SecretValue {
    fn from(bytes: &[u8; N]) -> Self {
        Self::copy_of(bytes)
    }
}

impl From<&str> for SecretValue {
    fn from(text: &str) -> Self {
        Self::copy_of(text.as_bytes())
    }
}

impl From<Vec<u8>> for SecretValue {
    /// Takes the bytes over; where the vector has spare capacity they are copied and the vector is wiped.
    fn from(mut bytes: Vec<u8>) -> Self {
        if bytes.len() == bytes.capacity() {
            return Self {
                bytes: bytes.into_boxed_slice(),
            };
        }
        let value = Self::copy_of(&bytes);
        bytes.zeroize();
        value
    }
}

impl From<String> for SecretValue {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<Box<[u8]>> for SecretValue {
    fn from(bytes: Box<[u8]>) -> Self {
        Self { bytes }
    }
}
