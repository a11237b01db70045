//! The floor of a cached read: a map behind an [`ArcSwap`], the coarse clocks and a copy. It checks neither fork nor
//! gate nor change token, evicts nothing, trusts its pointers and is written by replacing the whole map.

use std::collections::HashMap;
use std::ffi::{c_char, c_void};

use arc_swap::ArcSwap;
use rustix::time::{ClockId, clock_gettime};

struct Entry {
    value: Box<[u8]>,
    expires_at: Option<i64>,
}

/// The map.
pub struct FloorMap {
    entries: ArcSwap<HashMap<Box<[u8]>, Entry, foldhash::fast::RandomState>>,
    checked: u64,
}

impl FloorMap {
    #[inline]
    fn copy(&self, key: &[u8], buffer: &mut [u8]) -> Option<usize> {
        let entries = self.entries.load();
        let entry = entries.get(key)?;
        // The comparisons are made, none ever holds.
        if monotonic_millis() < self.checked || entry.expires_at.is_some_and(|at| at <= realtime_micros()) {
            return None;
        }
        buffer.get_mut(..entry.value.len())?.copy_from_slice(&entry.value);
        Some(entry.value.len())
    }
}

fn monotonic_millis() -> u64 {
    let now = clock_gettime(ClockId::MonotonicCoarse);
    now.tv_sec as u64 * 1000 + now.tv_nsec as u64 / 1_000_000
}

fn realtime_micros() -> i64 {
    let now = clock_gettime(ClockId::RealtimeCoarse);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1000
}

/// Makes a map in which every key has this value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn floor_map_new(
    keys: *const *const c_char,
    count: usize,
    value: *const c_char,
    expires_at: i64,
) -> *mut FloorMap {
    // SAFETY: what the header says.
    let (keys, value) = unsafe { (crate::texts(keys, count), crate::text(value)) };
    let entry = |key: &str| {
        let entry = Entry {
            value: value.as_bytes().into(),
            expires_at: (expires_at != 0).then_some(expires_at),
        };
        (key.as_bytes().into(), entry)
    };
    Box::into_raw(Box::new(FloorMap {
        entries: ArcSwap::from_pointee(keys.into_iter().map(entry).collect()),
        checked: monotonic_millis(),
    }))
}

/// Copies a value into the caller's buffer and tells its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn floor_map_get_into(
    map: *const FloorMap,
    key: *const c_char,
    key_length: usize,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
) -> i32 {
    // SAFETY: what the header says.
    let (map, key, buffer) = unsafe {
        let buffer = std::slice::from_raw_parts_mut(buffer.cast(), capacity);
        (&*map, crate::key(key, key_length), buffer)
    };
    match map.copy(key, buffer) {
        Some(copied) => {
            // SAFETY: what the header says.
            unsafe { length.write(copied) };
            0
        }
        None => 1,
    }
}
