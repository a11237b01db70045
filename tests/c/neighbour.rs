//! Another Rust library in the same program: it brings a copy of Rust's library, and of what unwinds, of its own.

/// Panics and catches it; 77 when that worked.
#[unsafe(no_mangle)]
pub extern "C" fn neighbour_panic() -> i32 {
    let caught = std::panic::catch_unwind(|| {
        if std::env::args().count() > 0 {
            panic!("on purpose");
        }
    });
    if caught.is_err() { 77 } else { 0 }
}
