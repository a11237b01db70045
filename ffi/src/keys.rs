//! Keys as text.

use std::ffi::{c_char, c_void};

use strongroom::{Error, ErrorKind, MAX_SEGMENT, Result, SecretKey, VariableMapping};

use crate::arguments::{self, Out, named_key, named_value, optional_text, text as plain_text};
use crate::error::ErrorObject;
use crate::guard::{guard, refuse_in_callback};
use crate::report::Report;
use crate::status::{Status, fault};

/// Takes a key's text (`[kind/id/]name[@target]`) apart. Texts: `canonical`, `kind`, `name`, and, where the key has
/// them, `id` and `target`. Errors: `invalid_key`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_key_parse(
    text: *const c_char,
    length: usize,
    report: *mut *mut Report,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(report, "report")?;
            refuse_in_callback()?;
            let key = SecretKey::parse(&named_key(text, length, "text")?)?;
            out.give(
                Report::default()
                    .text("canonical", key.as_str())
                    .text("kind", key.kind().word())
                    .optional_text("id", key.id())
                    .text("name", key.name())
                    .optional_text("target", key.target()),
            )
        })
    }
}

/// Writes any bytes as one segment of a key, with a NUL behind it, and tells its length without the NUL, also where the
/// buffer is too small (`buffer_too_small`, and nothing is written). `buffer` may be NULL where `capacity` is 0. Errors:
/// `too_large` where the segment would have more than 1,024 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_key_escape(
    word: *const c_void,
    length: usize,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::new(needed, 0, "needed")?;
            refuse_in_callback()?;
            let mut text = SecretKey::escape(named_value(word, length, "word")?.expose()).into_bytes();
            if text.len() > MAX_SEGMENT {
                let reason = format!(
                    "needs {} bytes as a segment of a key, which has at most {MAX_SEGMENT}",
                    text.len()
                );
                return Err(fault(ErrorKind::TooLarge, "word", &reason));
            }
            out.fill(text.len());
            text.push(0);
            write(&text, arguments::buffer(buffer.cast(), capacity)?)
        })
    }
}

/// Reads a segment of a key back into the bytes that it stands for, and tells their number, also where the buffer is
/// too small (`buffer_too_small`, and nothing is written). `buffer` may be NULL where `capacity` is 0. Errors:
/// `invalid_key`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_key_unescape(
    text: *const c_char,
    length: usize,
    buffer: *mut c_void,
    capacity: usize,
    needed: *mut usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::new(needed, 0, "needed")?;
            refuse_in_callback()?;
            let word = SecretKey::unescape(&named_key(text, length, "text")?)?;
            out.fill(word.len());
            write(&word, arguments::buffer(buffer, capacity)?)
        })
    }
}

/// Writes the name of the environment variable that stands for a key, as the backend `env` and documents have it, with a
/// NUL behind it, and tells its length without the NUL, also where the buffer is too small (`buffer_too_small`, and
/// nothing is written). `prefix` stands before it (NULL: nothing); `mapping` is `plain` (people's names; several keys may
/// share one) or `escaped` (each key its own). `buffer` may be NULL where `capacity` is 0. Errors: `invalid_key`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_key_variable(
    key: *const c_char,
    key_length: usize,
    prefix: *const c_char,
    prefix_length: usize,
    mapping: *const c_char,
    mapping_length: usize,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::new(needed, 0, "needed")?;
            refuse_in_callback()?;
            let key = SecretKey::parse(&arguments::key(key, key_length)?)?;
            let prefix = optional_text(prefix, prefix_length, "prefix")?.unwrap_or_default();
            let mapping = match plain_text(mapping, mapping_length, "mapping")? {
                "plain" => VariableMapping::Plain,
                "escaped" => VariableMapping::Escaped,
                _ => {
                    let reason = "must be `plain` or `escaped`";
                    return Err(fault(ErrorKind::InvalidArgument, "mapping", reason));
                }
            };
            let mut name = mapping.variable(prefix, &key).into_bytes();
            out.fill(name.len());
            name.push(0);
            write(&name, arguments::buffer(buffer.cast(), capacity)?)
        })
    }
}

/// Writes an answer into the caller's buffer.
pub(crate) fn write(bytes: &[u8], buffer: &mut [u8]) -> Result<()> {
    let room = buffer.get_mut(..bytes.len()).ok_or_else(|| {
        Error::new(
            ErrorKind::BufferTooSmall,
            format!("the buffer needs {} bytes", bytes.len()),
        )
    })?;
    room.copy_from_slice(bytes);
    Ok(())
}
