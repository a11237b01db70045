//! Reading a value from a file.

use std::fs::File;
use std::io::{self, Seek};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::SecretMetadata;
use crate::sys::files::{self, io_error, shown};
use crate::sys::mounted::{self, Stamp};
use crate::timestamp::IntoTimestamp;
use crate::value::SecretValue;

/// How often a file that changes under the reading is read again.
const ATTEMPTS: usize = 4;
/// The longest line end that is taken away.
const LINE_END: usize = 2;

/// What was read.
pub(crate) struct Reading {
    pub(crate) value: SecretValue,
    pub(crate) metadata: SecretMetadata,
    /// The state of the file that was read; `None` where a later change could leave the same one.
    pub(crate) stamp: Option<Stamp>,
}

/// What is known about a file besides its content.
///
/// # Errors
/// [`ErrorKind::InsecurePath`] for what is no regular file or can be written by anyone.
pub(crate) fn describe(file: &File, path: &Path) -> Result<SecretMetadata> {
    look(file, path).map(|found| metadata(&found))
}

/// What a look at a file tells about the secret in it.
pub(crate) fn metadata(found: &std::fs::Metadata) -> SecretMetadata {
    let mut metadata = SecretMetadata::new();
    metadata.updated_at = found.modified().ok().map(IntoTimestamp::into_timestamp);
    metadata
}

/// The whole content, of one state of the file; with `strip` without one line end behind it. `path` is what messages
/// name.
///
/// # Errors
/// As [`describe`]; [`ErrorKind::TooLarge`] beyond `limit` bytes; [`ErrorKind::Unavailable`] for a file that changes
/// again and again while it is read.
pub(crate) fn read(mut file: &File, path: &Path, limit: usize, strip: bool) -> Result<Reading> {
    let failed = |error: io::Error| io_error(&error, "read", path);
    for _ in 0..ATTEMPTS {
        let before = look(file, path)?;
        let most = limit.saturating_add(LINE_END);
        let bytes = match before.len() > most as u64 {
            true => None,
            false => files::read_to_end(file, before.len(), most).map_err(failed)?,
        };
        let (stamp, is_settled) = mounted::stamp(&look(file, path)?);
        if stamp != mounted::stamp(&before).0 {
            file.rewind().map_err(failed)?;
            continue;
        }
        let value = bytes.map(|mut bytes| {
            if strip {
                let kept = stripped(&bytes).len();
                bytes.truncate(kept);
            }
            SecretValue::from(std::mem::take(&mut *bytes))
        });
        return match value {
            Some(value) if value.len() <= limit => Ok(Reading {
                value,
                metadata: metadata(&before),
                stamp: is_settled.then_some(stamp),
            }),
            _ => Err(Error::new(
                ErrorKind::TooLarge,
                format!("`{}` is longer than {limit} bytes", shown(path)),
            )
            .with_setting("max_value")),
        };
    }
    Err(Error::new(
        ErrorKind::Unavailable,
        format!("`{}` changes while it is read", shown(path)),
    ))
}

fn look(file: &File, path: &Path) -> Result<std::fs::Metadata> {
    let found = file.metadata().map_err(|error| io_error(&error, "look at", path))?;
    mounted::check_file(path, file, &found)?;
    Ok(found)
}

/// Without one line end, which editors and shells add.
fn stripped(bytes: &[u8]) -> &[u8] {
    let without = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    match without.len() < bytes.len() {
        true => without.strip_suffix(b"\r").unwrap_or(without),
        false => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_goes_and_nothing_else() {
        for (content, value) in [
            ("v", "v"),
            ("v\n", "v"),
            ("v\r\n", "v"),
            ("v\n\n", "v\n"),
            ("v\r", "v\r"),
            ("\n", ""),
            ("", ""),
            (" v \n", " v "),
        ] {
            assert_eq!(stripped(content.as_bytes()), value.as_bytes(), "{content:?}");
        }
    }
}
