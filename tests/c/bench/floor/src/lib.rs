//! What the C benchmarks compare the C ABI with; `tests/c/bench/floor.h` declares it.
//!
//! Functions that answer an `i32` answer 0 when it worked. Pointers and lengths are as the header says; objects are made
//! once and never freed.

#![allow(unsafe_code, reason = "this crate faces C")]
#![allow(unreachable_pub, reason = "C reaches what is exported")]
#![allow(clippy::missing_safety_doc, reason = "the first comment holds for every function")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

mod manager;
mod map;
mod waiting;

use std::ffi::{CStr, c_char};

/// A text that ends with a NUL.
///
/// # Safety
/// It does.
unsafe fn text<'a>(pointer: *const c_char) -> &'a str {
    // SAFETY: as this function.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap()
}

/// The texts of an array.
///
/// # Safety
/// There are so many, and each ends with a NUL.
unsafe fn texts<'a>(pointers: *const *const c_char, count: usize) -> Vec<&'a str> {
    // SAFETY: as this function.
    let pointers = unsafe { std::slice::from_raw_parts(pointers, count) };
    // SAFETY: as this function.
    pointers.iter().map(|&pointer| unsafe { text(pointer) }).collect()
}

/// The bytes of a key.
///
/// # Safety
/// There are so many.
unsafe fn key<'a>(pointer: *const c_char, length: usize) -> &'a [u8] {
    // SAFETY: as this function.
    unsafe { std::slice::from_raw_parts(pointer.cast(), length) }
}
