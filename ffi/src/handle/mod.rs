//! Handles: what C holds instead of pointers.
//!
//! A handle is a word that looks like a pointer and is none: the kind of object, a generation and the index of a slot.
//! It is looked up in a table, so a handle that was freed, never was one, or names another kind of object is told from
//! a good one, whatever the caller does. Slots are never given back; an object lives until it is freed and the last
//! call that uses it has left.

mod slot;
mod table;

use std::ops::Deref;

pub(crate) use slot::stripe;
pub(crate) use table::Table;

use crate::status::fault;
use strongroom::{Error, ErrorKind, Result};

/// An object that C may hold.
pub(crate) trait Object: Sized + Send + Sync + 'static {
    /// What the object is called in messages.
    const NAME: &'static str;
    /// The number of its kind in handles, from 1 to 127.
    const KIND: u8;
    /// Its table.
    fn table() -> &'static Table<Self>;
}

/// Makes a type one that C may hold: its name in messages, its number, and over how many counters its users spread (1,
/// or 16 for what many threads use at once).
macro_rules! object {
    ($type:ty, $name:literal, $kind:literal, stripes $stripes:literal) => {
        impl $crate::handle::Object for $type {
            const NAME: &'static str = $name;
            const KIND: u8 = $kind;

            fn table() -> &'static $crate::handle::Table<Self> {
                static TABLE: $crate::handle::Table<$type> = $crate::handle::Table::new($stripes);
                &TABLE
            }
        }
    };
}
pub(crate) use object;

/// Hands an object to C.
///
/// # Errors
/// [`ErrorKind::Unavailable`] where there are 16,777,215 objects of this kind already.
pub(crate) fn hand_out<T: Object>(object: T) -> Result<*mut T> {
    let Some((index, generation)) = T::table().insert(object) else {
        return Err(Error::new(
            ErrorKind::Unavailable,
            format!("too many handles of this kind are in use: {}", T::NAME),
        ));
    };
    Ok(std::ptr::without_provenance_mut(encode(T::KIND, generation, index)))
}

/// The object of a handle, for as long as the answer lives; others may use or free it meanwhile.
///
/// # Errors
/// [`ErrorKind::InvalidHandle`].
#[inline]
pub(crate) fn pin<T: Object>(handle: *const T) -> Result<Pin<T>> {
    decode(T::KIND, handle.addr())
        .and_then(|(index, generation)| T::table().pin(index, generation))
        .map(|pinned| Pin { pinned })
        .ok_or_else(|| invalid::<T>(handle))
}

/// The object of a handle that may be NULL.
///
/// # Errors
/// As [`pin`].
pub(crate) fn pin_optional<T: Object>(handle: *const T) -> Result<Option<Pin<T>>> {
    if handle.is_null() {
        Ok(None)
    } else {
        pin(handle).map(Some)
    }
}

/// Takes an object back from C; NULL is fine. Calls that use it go on; the last of them drops it.
///
/// # Errors
/// As [`pin`].
pub(crate) fn take_back<T: Object>(handle: *mut T) -> Result<()> {
    if handle.is_null() {
        return Ok(());
    }
    let known = decode(T::KIND, handle.addr()).is_some_and(|(index, generation)| T::table().remove(index, generation));
    if known { Ok(()) } else { Err(invalid::<T>(handle)) }
}

#[cold]
fn invalid<T: Object>(handle: *const T) -> Error {
    let reason = if handle.is_null() {
        "is NULL"
    } else {
        "is none, was freed, or belongs to something else"
    };
    fault(ErrorKind::InvalidHandle, T::NAME, reason)
}

/// An object in use.
pub(crate) struct Pin<T: Object> {
    pinned: slot::Pinned<T>,
}

impl<T: Object> Deref for Pin<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.pinned.object()
    }
}

/// The highest bit marks a handle: no pointer of a program has it, so a pointer is never taken for one.
const MARK: usize = 1 << 63;
const KIND_SHIFT: u32 = 56;
const GENERATION_SHIFT: u32 = 24;
/// The index that no slot has.
const INDEX_MASK: usize = (1 << GENERATION_SHIFT) - 1;

#[cfg(not(target_pointer_width = "64"))]
compile_error!("a handle needs a pointer of 64 bits");

fn encode(kind: u8, generation: u32, index: u32) -> usize {
    MARK | usize::from(kind) << KIND_SHIFT | (generation as usize) << GENERATION_SHIFT | index as usize
}

#[inline]
fn decode(kind: u8, word: usize) -> Option<(u32, u32)> {
    let generation = (word >> GENERATION_SHIFT) as u32;
    let index = (word & INDEX_MASK) as u32;
    (word >> KIND_SHIFT == MARK >> KIND_SHIFT | usize::from(kind)).then_some((index, generation))
}

#[cfg(test)]
mod tests;
