//! Files of configuration, read safely.

use std::path::Path;

use zeroize::Zeroizing;

use super::document::{self, Applied, ConfigFormat};
use super::origin::Origin;
use super::settings::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files::{self, Document, insecure, shown};

/// The longest file of configuration.
const LONGEST: usize = 1 << 20;

/// Who put a file where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Links {
    /// The user, who may have linked it to where it is kept.
    Followed,
    /// Whoever made the project.
    Refused,
}

/// A file of configuration as it was read.
pub(super) struct Text {
    pub(super) text: Zeroizing<String>,
    /// Whether only its owner can read it.
    pub(super) private: bool,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Text")
    }
}

/// Reads a file; `None` where there is none.
///
/// # Errors
/// [`ErrorKind::InsecurePath`]; [`ErrorKind::InvalidConfig`] where it is too long or no UTF-8, or the system cannot
/// read it.
pub(super) fn read(path: &Path, links: Links) -> Result<Option<Text>> {
    let read = files::read_document(path, LONGEST, links == Links::Followed);
    let found = read.map_err(|error| match error.kind() {
        ErrorKind::InsecurePath => error,
        _ => Error::new(ErrorKind::InvalidConfig, error.message().to_owned()).with_source(error),
    })?;
    let Some(Document { mut bytes, private }) = found else {
        return Ok(None);
    };
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Some(Text {
            text: Zeroizing::new(text),
            private,
        })),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let bytes = Zeroizing::new(error.into_bytes());
            let line = bytes[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
            let message = format!("`{}`, line {line}, is not UTF-8 text", shown(path));
            Err(Error::new(ErrorKind::InvalidConfig, message))
        }
    }
}

/// Takes every setting that a file states; `None` where there is no file.
pub(super) fn apply(
    settings: &mut Settings,
    path: &Path,
    links: Links,
    origin: &Origin,
) -> Option<(Applied, Zeroizing<String>)> {
    let Text { text, private } = match read(path, links) {
        Ok(found) => found?,
        Err(error) => {
            let problems = vec![error];
            return Some((
                Applied {
                    problems,
                    ..Applied::default()
                },
                Zeroizing::default(),
            ));
        }
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let format = ConfigFormat::of(path, &text);
    let mut applied = document::apply(settings, format, &text, origin, folder);
    if !private && let Some(secret) = applied.stated.iter().find(|setting| setting.secret) {
        applied.problems.push(open_to_others(path, secret.key));
    }
    Some((applied, text))
}

/// The error of a file that states a secret and can be read by others.
pub(super) fn open_to_others(path: &Path, setting: &'static str) -> Error {
    let what = format!(
        "states the secret `{setting}` and can be read by others; run `chmod 600 {}`",
        shown(path)
    );
    insecure(path, what).with_setting(setting)
}
