//! The coarse clocks that the fast path reads, read in the same way: a floor must not win by reading others.

/// Milliseconds of the coarse monotonic clock.
#[inline]
pub fn monotonic_millis() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    now.tv_sec as u64 * 1000 + now.tv_nsec as u64 / 1_000_000
}

/// Microseconds of the coarse clock of the wall.
#[inline]
pub fn realtime_micros() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1000
}
