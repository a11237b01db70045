//! Fernet tokens, as <https://github.com/fernet/spec/blob/master/Spec.md> has them: what Python's `cryptography` and its
//! like read and write.
//!
//! ```text
//! key   = base64url( signing key[16] | encryption key[16] )
//! token = base64url( 80 | seconds since 1970 u64be | iv[16] | AES-128-CBC, PKCS #7 | HMAC-SHA-256 of all before )
//! ```
//!
//! Reading is liberal (white space round the text, padding or none, the url-safe or the standard alphabet), writing is
//! what the specification says. A token is bound to its key and to nothing else: whoever may write tokens can give one
//! secret's token another one's name. The encrypted store does not use Fernet for what it keeps.
//!
//! ```
//! use strongroom::fernet::{FernetKey, FernetKeys};
//! # fn main() -> strongroom::Result<()> {
//! let old = FernetKeys::from(FernetKey::generate()?);
//! let token = old.encrypt(b"s3cret")?;
//!
//! // The first key writes, every key reads.
//! let keys = old.led_by(FernetKey::generate()?);
//! let renewed = keys.rotate(&token)?;
//! assert_eq!(keys.decrypt(&renewed, None)?.expose(), b"s3cret");
//! # Ok(())
//! # }
//! ```

mod key;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

use std::time::Duration;

use aws_lc_rs::cipher::{
    AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use data_encoding::{BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use time::OffsetDateTime;
use zeroize::Zeroizing;

pub use key::{FernetKey, FernetKeys, KEYS_VARIABLE};

use super::random;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::stack;
use crate::value::SecretValue;

/// The longest value that a token holds here, and the longest that any backend takes.
pub const MAX_VALUE: usize = 8 << 20;
/// How far in the future a token may have been made where its age counts: clocks differ.
pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(60);

/// The first byte of every token.
const VERSION: u8 = 0x80;
const BLOCK: usize = 16;
const SECONDS: std::ops::Range<usize> = 1..9;
const IV: std::ops::Range<usize> = 9..25;
const HEADER_LEN: usize = 25;
const MAC_LEN: usize = 32;
/// The least token: one block, because padding is never empty.
const LEAST: usize = HEADER_LEN + BLOCK + MAC_LEN;
/// The most characters of a token, padding counted.
pub const MAX_TOKEN: usize = (HEADER_LEN + ciphertext_len(MAX_VALUE) + MAC_LEN).div_ceil(3) * 4;

impl FernetKeys {
    /// A token of `value` made now with the first key.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] beyond [`MAX_VALUE`]; [`ErrorKind::Unavailable`] where the system gives no randomness.
    pub fn encrypt(&self, value: &[u8]) -> Result<String> {
        self.seal(value, now(), random::array()?)
    }

    /// What `token` holds. With `ttl`, only where the token was made no longer ago than that, and not more than
    /// [`MAX_CLOCK_SKEW`] in the future; without, its age does not count.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] where this is no token, or one whose time lies in the future;
    /// [`ErrorKind::WrongKey`] where none of the keys made it or it was changed; [`ErrorKind::Expired`] where it is
    /// older than `ttl`; [`ErrorKind::TooLarge`] where it holds more than [`MAX_VALUE`].
    pub fn decrypt(&self, token: impl AsRef<[u8]>, ttl: Option<Duration>) -> Result<SecretValue> {
        self.decrypt_at(token.as_ref(), ttl, now())
    }

    /// The same value in a token of the first key, with the time of the old token: its age stays what it was.
    ///
    /// # Errors
    /// Those of [`decrypt`](Self::decrypt) without a `ttl`, and of [`encrypt`](Self::encrypt).
    pub fn rotate(&self, token: impl AsRef<[u8]>) -> Result<String> {
        let token = Token::parse(token.as_ref())?;
        let seconds = token.seconds();
        let value = self.open(token)?;
        self.seal(value.expose(), seconds, random::array()?)
    }

    /// When `token` was made, to the second.
    ///
    /// # Errors
    /// Those of [`decrypt`](Self::decrypt) without a `ttl`: a time that nobody vouches for is not told. Also
    /// [`ErrorKind::InvalidValue`] where the time lies beyond the year 9999.
    pub fn timestamp(&self, token: impl AsRef<[u8]>) -> Result<OffsetDateTime> {
        let token = Token::parse(token.as_ref())?;
        self.key_of(&token)?;
        i64::try_from(token.seconds())
            .ok()
            .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
            .ok_or_else(|| Error::new(ErrorKind::InvalidValue, "the token's time lies beyond the year 9999"))
    }

    fn decrypt_at(&self, token: &[u8], ttl: Option<Duration>, now: u64) -> Result<SecretValue> {
        let token = Token::parse(token)?;
        // The time is worth something only once a key vouches for it.
        let seconds = token.seconds();
        let value = self.open(token)?;
        if let Some(ttl) = ttl {
            if seconds > now.saturating_add(MAX_CLOCK_SKEW.as_secs()) {
                return Err(
                    Error::new(ErrorKind::InvalidValue, "the token's time lies in the future")
                        .with_help("compare the clocks of the machines that make and read the token"),
                );
            }
            if Duration::from_secs(now.saturating_sub(seconds)) > ttl {
                return Err(Error::new(
                    ErrorKind::Expired,
                    "the token is older than the time to live that was asked for",
                )
                .with_help("make a new token, or allow more time"));
            }
        }
        Ok(value)
    }

    fn open(&self, mut token: Token) -> Result<SecretValue> {
        let key = self.key_of(&token)?.encryption();
        let context = DecryptionContext::Iv128(FixedLength::from(token.iv()));
        let opened = UnboundCipherKey::new(&AES_128, key)
            .and_then(PaddedBlockDecryptingKey::cbc_pkcs7)
            .and_then(|key| {
                key.decrypt(token.ciphertext(), context)
                    .map(|value| SecretValue::copy_of(value))
            });
        stack::sweep();
        let value = opened.map_err(|_| no_token("what it holds is not padded as it must be"))?;
        check_length(value.len())?;
        Ok(value)
    }

    fn key_of(&self, token: &Token) -> Result<&FernetKey> {
        let (signed, mac) = token.bytes.split_at(token.bytes.len() - MAC_LEN);
        let fits = |key: &&FernetKey| {
            // Compares in constant time.
            hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key.signing()), signed, mac).is_ok()
        };
        let found = self.iter().find(fits);
        found.ok_or_else(|| {
            Error::new(
                ErrorKind::WrongKey,
                "the token was made with another key, or was changed since",
            )
            .with_help("give the key that the token was made with; several are read as `new,old`")
        })
    }

    fn seal(&self, value: &[u8], seconds: u64, iv: [u8; BLOCK]) -> Result<String> {
        check_length(value.len())?;
        Ok(BASE64URL.encode(&self.seal_bytes(value, seconds, iv)?))
    }

    fn seal_bytes(&self, value: &[u8], seconds: u64, iv: [u8; BLOCK]) -> Result<Vec<u8>> {
        let key = self.first();
        // With room for the padding: growing would leave a copy behind.
        let mut body = Zeroizing::new(Vec::with_capacity(ciphertext_len(value.len())));
        body.extend_from_slice(value);
        let sealed = UnboundCipherKey::new(&AES_128, key.encryption())
            .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
            .and_then(|key| key.less_safe_encrypt(&mut *body, EncryptionContext::Iv128(FixedLength::from(iv))));
        stack::sweep();
        sealed.map_err(|_| Error::new(ErrorKind::Internal, "AES-128-CBC refused to encrypt"))?;

        let mut token = Vec::with_capacity(HEADER_LEN + body.len() + MAC_LEN);
        token.push(VERSION);
        token.extend_from_slice(&seconds.to_be_bytes());
        token.extend_from_slice(&iv);
        token.extend_from_slice(&body);
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.signing()), &token);
        token.extend_from_slice(mac.as_ref());
        Ok(token)
    }
}

/// The bytes of a token whose shape was looked at, and nothing else. Wiped, because the value is opened in its place.
struct Token {
    bytes: Zeroizing<Vec<u8>>,
}

impl Token {
    fn parse(text: &[u8]) -> Result<Self> {
        let text = text.trim_ascii();
        if text.len() > MAX_TOKEN {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("the token has more than {MAX_TOKEN} characters, the most for a value of {MAX_VALUE} bytes"),
            ));
        }
        let text = unpadded(text).ok_or_else(|| no_token("it is no base64"))?;
        let bytes = if is_standard(text) {
            BASE64_NOPAD.decode(text)
        } else {
            BASE64URL_NOPAD.decode(text)
        };
        let bytes = Zeroizing::new(bytes.map_err(|_| no_token("it is no base64"))?);
        match bytes[..] {
            [VERSION, ..] if bytes.len() >= LEAST => {}
            [] => return Err(no_token("it is empty")),
            [VERSION, ..] => return Err(no_token("it is too short")),
            _ => {
                return Err(no_token(
                    "it does not begin with the version of the one format that there is",
                ));
            }
        }
        if !(bytes.len() - HEADER_LEN - MAC_LEN).is_multiple_of(BLOCK) {
            return Err(no_token("what it holds is no whole number of blocks"));
        }
        Ok(Self { bytes })
    }

    fn seconds(&self) -> u64 {
        u64::from_be_bytes(part(&self.bytes[SECONDS]))
    }

    fn iv(&self) -> [u8; BLOCK] {
        part(&self.bytes[IV])
    }

    fn ciphertext(&mut self) -> &mut [u8] {
        let end = self.bytes.len() - MAC_LEN;
        &mut self.bytes[HEADER_LEN..end]
    }
}

fn part<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

/// The text without its padding, which must be all there or not there at all.
fn unpadded(text: &[u8]) -> Option<&[u8]> {
    let bare = match text {
        [bare @ .., b'=', b'='] | [bare @ .., b'='] => bare,
        bare => return Some(bare),
    };
    text.len().is_multiple_of(4).then_some(bare)
}

/// Whether the text is in base64's standard alphabet and not in the url-safe one; many are in both.
fn is_standard(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'+' | b'/'))
}

/// PKCS #7 adds one byte at least and a block at most.
const fn ciphertext_len(length: usize) -> usize {
    (length / BLOCK + 1) * BLOCK
}

fn check_length(length: usize) -> Result<()> {
    if length <= MAX_VALUE {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::TooLarge,
        format!("the value has {length} bytes; a token takes {MAX_VALUE}"),
    ))
}

fn no_token(why: &str) -> Error {
    Error::new(ErrorKind::InvalidValue, format!("this is no Fernet token: {why}"))
        .with_help("give a whole token as it was made; one begins with `gAAAA`")
}

fn now() -> u64 {
    // A clock before 1970 has no number here.
    u64::try_from(OffsetDateTime::now_utc().unix_timestamp()).unwrap_or_default()
}
