//! Points in time as C has them: microseconds since 1970 in UTC.

use std::time::{Duration, SystemTime};

use strongroom::{ErrorKind, IntoTimestamp, Result};

use crate::status::fault;

/// The core's point in time, which is told by its nanoseconds.
pub(crate) use time::OffsetDateTime;

/// The microseconds of a point in time.
pub(crate) fn to_micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1000)).unwrap_or(i64::MAX)
}

/// The point in time of so many microseconds.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] beyond the years -9999 to 9999, which are all that can be stored.
pub(crate) fn from_micros(micros: i64, name: &str) -> Result<OffsetDateTime> {
    let span = Duration::from_micros(micros.unsigned_abs());
    let at = if micros < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(span)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(span)
    };
    at.map(IntoTimestamp::into_timestamp)
        .filter(|&at| to_micros(at) == micros)
        .ok_or_else(|| fault(ErrorKind::InvalidArgument, name, "lies beyond the years -9999 to 9999"))
}
