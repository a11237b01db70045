//! Generated values.

use zeroize::{Zeroize, Zeroizing};

use super::SecretManager;
use crate::backend::{IfVersion, SetRequest};
use crate::error::{Error, ErrorKind, Result};
use crate::key::AsKey;
use crate::secret::{Secret, SecretMetadata};
use crate::value::SecretValue;

/// How often the search for the winner of a race begins again.
const ATTEMPTS: usize = 16;
/// The most random bytes, or characters of a password.
const MAX_LENGTH: usize = 64 * 1024;

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";
/// Without quotes, backslash, dollar sign and white space, which shells and configuration files treat specially.
const SYMBOLS: &[u8] = b"!#%&()*+,-./:;<=>?@[]^_{|}~";

/// How a value is generated, from the system's random numbers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GenerateSpec {
    form: Form,
    metadata: SecretMetadata,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Bytes(usize),
    Hex(usize),
    Base64(usize),
    Password { length: usize, symbols: bool },
}

impl GenerateSpec {
    fn new(form: Form) -> Self {
        Self {
            form,
            metadata: SecretMetadata::new(),
        }
    }

    /// So many random bytes.
    pub fn bytes(count: usize) -> Self {
        Self::new(Form::Bytes(count))
    }

    /// So many random bytes as lower-case hexadecimal, twice as many characters.
    pub fn hex(count: usize) -> Self {
        Self::new(Form::Hex(count))
    }

    /// So many random bytes as url-safe base64 without padding.
    pub fn base64(count: usize) -> Self {
        Self::new(Form::Base64(count))
    }

    /// A password of so many characters with at least one lower-case letter, upper-case letter, digit and symbol.
    pub fn password(length: usize) -> Self {
        Self::new(Form::Password { length, symbols: true })
    }

    /// Leaves symbols out of a password.
    #[must_use]
    pub fn without_symbols(mut self) -> Self {
        if let Form::Password { symbols, .. } = &mut self.form {
            *symbols = false;
        }
        self
    }

    /// The metadata of a secret that is created so.
    #[must_use]
    pub fn with_metadata(mut self, metadata: SecretMetadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Generates a value.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for a length of 0, one above 65,536, or a password too short for one character of
    /// each class; [`ErrorKind::Unavailable`] where the system gives no random numbers.
    pub fn generate(&self) -> Result<SecretValue> {
        let (Form::Bytes(length) | Form::Hex(length) | Form::Base64(length) | Form::Password { length, .. }) =
            self.form;
        if length == 0 || length > MAX_LENGTH {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("the length must be from 1 to {MAX_LENGTH}"),
            ));
        }
        let encoding = match self.form {
            Form::Bytes(_) => return random(length).map(|mut bytes| SecretValue::from(std::mem::take(&mut *bytes))),
            Form::Hex(_) => &data_encoding::HEXLOWER,
            Form::Base64(_) => &data_encoding::BASE64URL_NOPAD,
            Form::Password { symbols, .. } => return password(length, symbols),
        };
        let bytes = random(length)?;
        let mut text = vec![0; encoding.encode_len(bytes.len())];
        encoding.encode_mut(&bytes, &mut text);
        Ok(text.into())
    }
}

fn random(count: usize) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; count]);
    getrandom::fill(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Unavailable, "the system gives no random numbers"))?;
    Ok(bytes)
}

fn password(length: usize, symbols: bool) -> Result<SecretValue> {
    let classes: &[&[u8]] = if symbols {
        &[LOWER, UPPER, DIGITS, SYMBOLS]
    } else {
        &[LOWER, UPPER, DIGITS]
    };
    if length < classes.len() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "a password of {} classes has at least as many characters",
                classes.len()
            ),
        ));
    }
    let alphabet = classes.concat();
    // The largest multiple of the alphabet's size: bytes above it would favour the first characters.
    let fair = 256 - 256 % alphabet.len();
    loop {
        let mut text = Zeroizing::new(Vec::with_capacity(length));
        while text.len() < length {
            let bytes = random(length)?;
            let wanted = length - text.len();
            let fair_bytes = bytes.iter().map(|&byte| usize::from(byte)).filter(|&byte| byte < fair);
            text.extend(fair_bytes.map(|byte| alphabet[byte % alphabet.len()]).take(wanted));
        }
        // Drawing again keeps every password that has all classes equally likely; it is rarely needed.
        if classes
            .iter()
            .all(|class| text.iter().any(|character| class.contains(character)))
        {
            return Ok(SecretValue::from(std::mem::take(&mut *text)));
        }
        text.zeroize();
    }
}

/// The new value of a rotation: stated, or generated.
#[derive(Debug)]
#[non_exhaustive]
pub enum NewValue {
    /// This value.
    Value(SecretValue),
    /// A generated one.
    Generate(GenerateSpec),
}

impl NewValue {
    pub(super) fn into_value(self) -> Result<SecretValue> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Generate(spec) => spec.generate(),
        }
    }
}

impl From<SecretValue> for NewValue {
    fn from(value: SecretValue) -> Self {
        Self::Value(value)
    }
}

macro_rules! new_value_from {
    ($($source:ty),+) => {$(
        impl From<$source> for NewValue {
            fn from(value: $source) -> Self {
                Self::Value(value.into())
            }
        }
    )+};
}

new_value_from!(&str, String, &[u8], Vec<u8>);

impl From<GenerateSpec> for NewValue {
    fn from(spec: GenerateSpec) -> Self {
        Self::Generate(spec)
    }
}

impl SecretManager {
    /// Reads a secret, or creates it with a generated value: atomically, with one winner among threads and processes,
    /// whose value all of them get.
    ///
    /// # Errors
    /// [`ErrorKind::Expired`] where there is one that has expired; [`ErrorKind::Unsupported`] where the backend cannot
    /// create atomically; [`ErrorKind::InvalidArgument`] for a length that makes no sense; as [`Self::set`].
    pub async fn get_or_generate(&self, key: impl AsKey, spec: &GenerateSpec) -> Result<Secret> {
        let cx = self.context()?;
        let key = self.key(&key)?;
        let mut last = None;
        for _ in 0..ATTEMPTS {
            if let Some(secret) = self.get_within(&cx, &key).await? {
                return Ok(secret);
            }
            let secret = Secret::new(spec.generate()?).with_metadata(spec.metadata.clone());
            let request = SetRequest::new(&key, &secret).when(IfVersion::Absent);
            match self.send_set(&cx, request).await {
                // Read back, so that the answer is what every other caller gets too.
                Ok(_) => last = None,
                Err(error) if error.kind() == ErrorKind::Conflict => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| ErrorKind::Conflict.into()))
    }
}
