//! Where values and metadata come from.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::time::Duration;

use strongroom::{Error, ErrorKind, SecretMetadata, SecretValue, Setting, SettingKind, Version};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use crate::args::MetadataArgs;
use crate::failure::{Failure, local};

/// Where the value of one key is taken from.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) file: Option<&'a Path>,
    pub(crate) raw: bool,
}

/// The value of `key`: the file, a hidden prompt on a terminal, else stdin.
pub(crate) fn value(key: &str, source: &Source<'_>) -> Result<SecretValue, Failure> {
    match source.file {
        Some(path) => from_file(path),
        None if io::stdin().is_terminal() => from_prompt(key),
        None => from_stdin(source.raw),
    }
}

/// An empty value must be meant.
pub(crate) fn check_empty(value: &SecretValue, allowed: bool) -> Result<(), Error> {
    if value.is_empty() && !allowed {
        return Err(Error::new(ErrorKind::InvalidValue, "the value is empty")
            .with_help("give a value, or `--allow-empty` where nothing is what you mean"));
    }
    Ok(())
}

/// Whether stdin is something that values come from: a pipe, a socket or a file.
pub(crate) fn stdin_may_hold_a_value() -> bool {
    let found = raw_stdin().and_then(|stdin| stdin.metadata());
    #[cfg(unix)]
    let device = |metadata: &std::fs::Metadata| std::os::unix::fs::FileTypeExt::is_char_device(&metadata.file_type());
    #[cfg(not(unix))]
    let device = |_: &std::fs::Metadata| false;
    found.is_ok_and(|metadata| !device(&metadata))
}

/// A document of many secrets; `-` is stdin. One byte more than the longest is read, so that the core can refuse it.
pub(crate) fn document(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let (mut file, what) = open(path)?;
    read_up_to(&mut file, strongroom::transfer::MAX_DOCUMENT + 1, &what)
}

fn from_file(path: &Path) -> Result<SecretValue, Failure> {
    let (mut file, what) = open(path)?;
    let bytes = read_all(&mut file, &what)?;
    Ok(SecretValue::copy_of(&bytes))
}

/// The file, and what to say where it cannot be read.
fn open(path: &Path) -> Result<(File, String), Failure> {
    let what = format!("cannot read `{}`", path.display());
    // The kernel closes `/proc/self/fd` to a hardened process, so the names of our own stdin are not opened.
    let is_stdin = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]
        .iter()
        .any(|name| path == Path::new(name));
    let file = if is_stdin { raw_stdin() } else { File::open(path) };
    let file = file.map_err(|error| local(&error, &what))?;
    Ok((file, what))
}

fn from_stdin(raw: bool) -> Result<SecretValue, Failure> {
    let what = "cannot read stdin";
    let mut stdin = raw_stdin().map_err(|error| local(&error, what))?;
    let bytes = read_all(&mut stdin, what)?;
    let kept = match &bytes[..] {
        all if raw => all,
        [kept @ .., b'\r', b'\n'] | [kept @ .., b'\n'] => kept,
        all => all,
    };
    Ok(SecretValue::copy_of(kept))
}

fn from_prompt(key: &str) -> Result<SecretValue, Failure> {
    let typed = rpassword::prompt_password(format!("Value of {}: ", crate::terminal::printable(key)))
        .map_err(|error| local(&error, "cannot ask at the terminal"))?;
    let typed = SecretValue::from(typed);
    // Bytes that are no UTF-8 come as this character: the value would be another one than was typed.
    if typed.expose_str()?.contains(char::REPLACEMENT_CHARACTER) {
        let error = Error::new(ErrorKind::InvalidArgument, "what was typed is no UTF-8");
        return Err(error
            .with_help("pipe the value in, or read it with `--from-file`")
            .into());
    }
    Ok(typed)
}

/// Stdin without the standard library's buffer, which would keep a copy of the value and never wipe it.
fn raw_stdin() -> io::Result<File> {
    #[cfg(unix)]
    let stdin = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let stdin = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned()?;
    Ok(File::from(stdin))
}

/// Reads to the end, and no more than any store takes.
fn read_all(source: &mut impl Read, what: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // Two more for a line end that is dropped; the store's own limit is checked by the core.
    let most = longest_value() + 2;
    let bytes = read_up_to(source, most + 1, what)?;
    if bytes.len() <= most {
        return Ok(bytes);
    }
    let message = format!(
        "the value is longer than {} bytes, the most that can be set",
        longest_value()
    );
    Err(Error::new(ErrorKind::TooLarge, message).into())
}

/// Reads to the end, but at most so many bytes. Every buffer that is outgrown is wiped.
fn read_up_to(source: &mut impl Read, most: usize, what: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(vec![0; 4096.min(most)]);
    let mut length = 0;
    while length < most {
        if length == bytes.len() {
            let mut larger = Zeroizing::new(vec![0; (2 * length).min(most)]);
            larger[..length].copy_from_slice(&bytes);
            bytes = larger;
        }
        match source.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(local(&error, what).into()),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

fn longest_value() -> usize {
    match Setting::find("max_value").map(|setting| setting.kind) {
        Some(SettingKind::Size { max, .. }) => usize::try_from(max).unwrap_or(usize::MAX / 4),
        _ => 8 << 20,
    }
}

/// The metadata of the arguments.
pub(crate) fn metadata(args: &MetadataArgs) -> Result<SecretMetadata, Failure> {
    let mut metadata = SecretMetadata::new();
    metadata.provider.clone_from(&args.provider);
    metadata.scope_of_use.clone_from(&args.scope_of_use);
    for label in &args.labels {
        let Some((name, value)) = label.split_once('=') else {
            return Err(Failure::usage(
                "`--label` has no `=`",
                "write it as `--label NAME=VALUE`",
            ));
        };
        if metadata.labels.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(Failure::usage(
                "`--label` names one label twice",
                "give each label once",
            ));
        }
    }
    let expiry = match (&args.expires_in, &args.expires_at) {
        (Some(text), _) => Some(expires_in(text)?),
        (_, Some(text)) => Some(OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
            Failure::usage(
                "`--expires-at` is no point in time",
                "write it as `2030-01-31T12:00:00Z`",
            )
        })?),
        _ => None,
    };
    Ok(match expiry {
        Some(at) => metadata.with_expiry(at),
        None => metadata,
    })
}

fn expires_in(text: &str) -> Result<OffsetDateTime, Failure> {
    span(text)
        .and_then(|span| OffsetDateTime::now_utc().checked_add(span.try_into().ok()?))
        .ok_or_else(|| {
            Failure::usage(
                "`--expires-in` is no time span that can be kept",
                "write it as `90d`, `12h`, `30m`, `45s` or `2w`",
            )
        })
}

/// A number and a unit, from a second on.
pub(crate) fn span(text: &str) -> Option<Duration> {
    let unit = text.char_indices().next_back()?.0;
    let seconds = match &text[unit..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    let digits = &text[..unit];
    let number: u64 = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())??;
    (number > 0).then_some(Duration::from_secs(number.checked_mul(seconds)?))
}

/// The version that an argument names.
pub(crate) fn version(text: &str) -> Version {
    Version::from_word(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(span("90d"), Some(Duration::from_secs(90 * 86_400)));
        assert_eq!(span("45s"), Some(Duration::from_secs(45)));
        for wrong in [
            "",
            "d",
            "90",
            "-1d",
            "+1d",
            "1.5h",
            "0s",
            "1y",
            "1 d",
            "٣d",
            "99999999999999999999d",
        ] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn reading_stops_at_the_longest_value() {
        let mut endless = io::repeat(b'x');
        assert!(
            matches!(read_all(&mut endless, "test"), Err(Failure::Strongroom(e)) if e.kind() == ErrorKind::TooLarge)
        );
        let mut longest = io::repeat(b'x').take(longest_value() as u64 + 2);
        assert_eq!(
            read_all(&mut longest, "test").map(|bytes| bytes.len()).ok(),
            Some(longest_value() + 2)
        );
    }
}
