//! What C passes in: pointers with lengths, and places for answers.

use std::ffi::{c_char, c_void};

use strongroom::transfer::MAX_DOCUMENT;
use strongroom::{Error, ErrorKind, Result, SecretValue};

use crate::handle::{self, Object};
use crate::status::fault;

/// A length that means: up to the NUL.
pub(crate) const AUTO_LENGTH: usize = usize::MAX;
/// No key, valid or not, needs more bytes: four segments of 1,024 and what parts them.
const MAX_KEY: usize = 8 * 1024;
/// No value can be longer: the highest that the setting `max_value` may be.
pub(crate) const MAX_VALUE: usize = 8 << 20;
/// No other text needs more.
const MAX_TEXT: usize = 1 << 20;

/// The bytes at `pointer`; `None` where it is NULL and that is fine.
///
/// # Safety
/// `pointer` is NULL, or points to `length` bytes, or to bytes that end with a NUL where `length` is
/// [`AUTO_LENGTH`]. They stay as they are for as long as the answer lives.
#[inline]
unsafe fn bytes<'a>(
    pointer: *const u8,
    length: usize,
    max: usize,
    name: &str,
    too_long: ErrorKind,
) -> Result<Option<&'a [u8]>> {
    if pointer.is_null() {
        return if length == 0 || length == AUTO_LENGTH {
            Ok(None)
        } else {
            Err(has_length_but_is_null(name))
        };
    }
    let length = if length == AUTO_LENGTH {
        // SAFETY: there is a NUL, and nothing is read behind it.
        unsafe { libc::strnlen(pointer.cast(), max + 1) }
    } else {
        length
    };
    if length > max {
        return Err(is_too_long(too_long, name, max));
    }
    // SAFETY: so many bytes are there.
    Ok(Some(unsafe { std::slice::from_raw_parts(pointer, length) }))
}

#[cold]
fn has_length_but_is_null(name: &str) -> Error {
    fault(ErrorKind::InvalidArgument, name, "is NULL and its length is not 0")
}

#[cold]
fn is_too_long(kind: ErrorKind, name: &str, max: usize) -> Error {
    fault(kind, name, &format!("is longer than {max} bytes"))
}

/// A text that may be left out.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn optional_text<'a>(pointer: *const c_char, length: usize, name: &str) -> Result<Option<&'a str>> {
    // SAFETY: as this function.
    unsafe { read_text(pointer, length, name, ErrorKind::InvalidArgument) }
}

/// A text that becomes part of a secret's metadata: what it must not hold is then `invalid_value`, as for the write.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn field<'a>(pointer: *const c_char, length: usize, name: &str) -> Result<&'a str> {
    // SAFETY: as this function.
    required(
        unsafe { read_text(pointer, length, name, ErrorKind::InvalidValue) }?,
        length,
        name,
    )
}

/// # Safety
/// As [`bytes`].
unsafe fn read_text<'a>(
    pointer: *const c_char,
    length: usize,
    name: &str,
    nul_inside: ErrorKind,
) -> Result<Option<&'a str>> {
    // SAFETY: as this function.
    let bytes = unsafe { bytes(pointer.cast(), length, MAX_TEXT, name, ErrorKind::TooLarge) }?;
    let read = |bytes| match std::str::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => Err(fault(nul_inside, name, "has a NUL inside")),
        Ok(text) => Ok(text),
        Err(_) => Err(fault(ErrorKind::InvalidArgument, name, "is not UTF-8")),
    };
    bytes.map(read).transpose()
}

/// A text.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(pointer: *const c_char, length: usize, name: &str) -> Result<&'a str> {
    // SAFETY: as this function.
    required(unsafe { optional_text(pointer, length, name) }?, length, name)
}

/// Without a pointer, the length 0 is the empty text.
fn required<'a>(text: Option<&'a str>, length: usize, name: &str) -> Result<&'a str> {
    match text {
        Some(text) => Ok(text),
        None if length == 0 => Ok(""),
        None => Err(is_null(name)),
    }
}

/// The bytes of a key's text, before anything is known about them.
///
/// # Safety
/// As [`bytes`].
#[inline]
pub(crate) unsafe fn key_bytes<'a>(pointer: *const c_char, length: usize) -> Result<&'a [u8]> {
    // SAFETY: as this function.
    unsafe { named_key_bytes(pointer, length, "key") }
}

#[inline]
unsafe fn named_key_bytes<'a>(pointer: *const c_char, length: usize, name: &str) -> Result<&'a [u8]> {
    // SAFETY: as `key_bytes`.
    match unsafe { bytes(pointer.cast(), length, MAX_KEY, name, ErrorKind::InvalidKey) }? {
        Some(bytes) => Ok(bytes),
        // The empty text, which is no key.
        None if length == 0 => Ok(&[]),
        None => Err(is_null(name)),
    }
}

/// A key's text.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn key(pointer: *const c_char, length: usize) -> Result<String> {
    // SAFETY: as this function.
    unsafe { named_key(pointer, length, "key") }
}

/// The text of a key, or of a part of one, that the function calls `name`.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn named_key(pointer: *const c_char, length: usize, name: &str) -> Result<String> {
    // SAFETY: as this function.
    let bytes = unsafe { named_key_bytes(pointer, length, name) }?;
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => {
            Err(Error::new(ErrorKind::InvalidKey, "the key is not UTF-8").with_key(String::from_utf8_lossy(bytes)))
        }
    }
}

/// The bytes of a secret; NULL with the length 0 is the empty one.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn value(pointer: *const c_void, length: usize) -> Result<SecretValue> {
    // SAFETY: as this function.
    unsafe { named_value(pointer, length, "value") }
}

/// Bytes, as [`value`], that the function calls `name`.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn named_value(pointer: *const c_void, length: usize, name: &str) -> Result<SecretValue> {
    // SAFETY: as this function.
    unsafe { secret_bytes(pointer, length, MAX_VALUE, name) }
}

/// The bytes of a document, which holds many secrets.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn document(pointer: *const c_void, length: usize, name: &str) -> Result<SecretValue> {
    // SAFETY: as this function.
    unsafe { secret_bytes(pointer, length, MAX_DOCUMENT, name) }
}

/// # Safety
/// As [`bytes`].
unsafe fn secret_bytes(pointer: *const c_void, length: usize, max: usize, name: &str) -> Result<SecretValue> {
    if pointer.is_null() && length == AUTO_LENGTH {
        return Err(is_null(name));
    }
    // SAFETY: as this function.
    let bytes = unsafe { bytes(pointer.cast(), length, max, name, ErrorKind::TooLarge) }?;
    Ok(SecretValue::copy_of(bytes.unwrap_or_default()))
}

/// Several texts, which `read` reads one by one; without lengths each ends with a NUL.
///
/// # Safety
/// `texts` is NULL with the count 0, or points to `count` pointers of which each is as in [`bytes`]; `lengths` is NULL
/// or points to `count` lengths. `read` asks no more of a pointer and its length.
pub(crate) unsafe fn several<T>(
    texts: *const *const c_char,
    lengths: *const usize,
    count: usize,
    name: &str,
    read: impl Fn(*const c_char, usize) -> Result<T>,
) -> Result<Vec<T>> {
    if texts.is_null() && count != 0 {
        let reason = "is NULL and its count is not 0";
        return Err(fault(ErrorKind::InvalidArgument, name, reason));
    }
    if count > MAX_TEXT {
        let reason = format!("has more than {MAX_TEXT} entries");
        return Err(fault(ErrorKind::TooLarge, name, &reason));
    }
    (0..count)
        .map(|at| {
            // SAFETY: as this function; `at` lies below `count`.
            let (pointer, length) = unsafe {
                let length = if lengths.is_null() {
                    AUTO_LENGTH
                } else {
                    *lengths.add(at)
                };
                (*texts.add(at), length)
            };
            read(pointer, length)
        })
        .collect()
}

fn is_null(name: &str) -> Error {
    fault(ErrorKind::InvalidArgument, name, "is NULL")
}

/// A place for an answer. It is emptied at once and filled only on success.
pub(crate) struct Out<T>(*mut T);

impl<T: Copy> Out<T> {
    /// A place that must be there.
    ///
    /// # Safety
    /// `place` is NULL or points to a place for a `T`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] where it is NULL.
    #[inline]
    pub(crate) unsafe fn new(place: *mut T, empty: T, name: &str) -> Result<Self> {
        if place.is_null() {
            return Err(is_null(name));
        }
        // SAFETY: not NULL, so a place for a `T`.
        unsafe { place.write(empty) };
        Ok(Self(place))
    }

    /// A place that the caller may do without.
    ///
    /// # Safety
    /// As [`Self::new`].
    pub(crate) unsafe fn optional(place: *mut T, empty: T) -> Self {
        if !place.is_null() {
            // SAFETY: not NULL, so a place for a `T`.
            unsafe { place.write(empty) };
        }
        Self(place)
    }

    /// Fills the place, where there is one.
    #[inline]
    pub(crate) fn fill(&self, answer: T) {
        if !self.0.is_null() {
            // SAFETY: not NULL, so a place for a `T`, as `new` was promised.
            unsafe { self.0.write(answer) };
        }
    }
}

impl<T: Object> Out<*mut T> {
    /// A place for an object.
    ///
    /// # Safety
    /// As [`Self::new`].
    ///
    /// # Errors
    /// As [`Self::new`].
    #[inline]
    pub(crate) unsafe fn object(place: *mut *mut T, name: &str) -> Result<Self> {
        // SAFETY: as this function.
        unsafe { Self::new(place, std::ptr::null_mut(), name) }
    }

    /// A place for an object that the caller may do without.
    ///
    /// # Safety
    /// As [`Self::new`].
    pub(crate) unsafe fn optional_object(place: *mut *mut T) -> Self {
        // SAFETY: as this function.
        unsafe { Self::optional(place, std::ptr::null_mut()) }
    }

    /// Hands an object out into the place; without a place it is dropped.
    pub(crate) fn give(&self, object: T) -> Result<()> {
        if !self.0.is_null() {
            self.fill(handle::hand_out(object)?);
        }
        Ok(())
    }
}

/// The caller's buffer.
///
/// # Safety
/// `pointer` is NULL or points to `capacity` bytes that nobody else uses meanwhile.
#[inline]
pub(crate) unsafe fn buffer<'a>(pointer: *mut c_void, capacity: usize) -> Result<&'a mut [u8]> {
    if pointer.is_null() {
        return if capacity == 0 {
            Ok(&mut [])
        } else {
            Err(fault(
                ErrorKind::InvalidArgument,
                "buffer",
                "is NULL and its capacity is not 0",
            ))
        };
    }
    // No value is longer, so nothing behind that is ever needed, whatever the caller claims to have.
    // SAFETY: as this function.
    Ok(unsafe { std::slice::from_raw_parts_mut(pointer.cast(), capacity.min(MAX_VALUE + 1)) })
}
