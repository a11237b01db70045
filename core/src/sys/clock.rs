//! Clocks for the fast path: some nanoseconds a reading, a tick of about 4 ms.

/// Milliseconds of a monotonic clock. Stands still while the machine sleeps on some systems.
#[cfg(target_os = "linux")]
pub(crate) fn monotonic_millis() -> u64 {
    millis(rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse))
}

/// Microseconds since 1970 UTC.
#[cfg(target_os = "linux")]
pub(crate) fn realtime_micros() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1000)
}

#[cfg(target_os = "linux")]
fn millis(at: rustix::time::Timespec) -> u64 {
    (at.tv_sec as u64)
        .wrapping_mul(1000)
        .wrapping_add(at.tv_nsec as u64 / 1_000_000)
}

/// Milliseconds of a monotonic clock.
#[cfg(not(target_os = "linux"))]
pub(crate) fn monotonic_millis() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_millis() as u64
}

/// Microseconds since 1970 UTC.
#[cfg(not(target_os = "linux"))]
pub(crate) fn realtime_micros() -> i64 {
    crate::timestamp::to_micros(time::OffsetDateTime::now_utc())
}
