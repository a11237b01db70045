//! Points in time: microseconds since 1970 UTC inside, [`time::OffsetDateTime`] outside.

use std::time::SystemTime;

use time::{Duration, OffsetDateTime, UtcOffset};

/// Whatever states a point in time: `time::OffsetDateTime`, `std::time::SystemTime` and, with the feature `chrono`,
/// `chrono::DateTime`.
pub trait IntoTimestamp {
    /// The same point in time in UTC, cut to the microsecond.
    fn into_timestamp(self) -> OffsetDateTime;
}

impl IntoTimestamp for OffsetDateTime {
    fn into_timestamp(self) -> OffsetDateTime {
        from_micros(to_micros(self))
    }
}

impl IntoTimestamp for SystemTime {
    fn into_timestamp(self) -> OffsetDateTime {
        OffsetDateTime::from(self).into_timestamp()
    }
}

#[cfg(feature = "chrono")]
impl<Tz: chrono::TimeZone> IntoTimestamp for chrono::DateTime<Tz> {
    fn into_timestamp(self) -> OffsetDateTime {
        from_micros(self.timestamp_micros())
    }
}

/// Microseconds since 1970 UTC.
pub(crate) fn to_micros(at: OffsetDateTime) -> i64 {
    // Years -9999 to 9999, all that `time` holds, fit in an i64 of microseconds.
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1000)).unwrap_or(i64::MAX)
}

/// The point in time that many microseconds after 1970 UTC; the nearest that can be held where it cannot be.
pub(crate) fn from_micros(micros: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH
        .checked_add(Duration::microseconds(micros))
        .unwrap_or(
            if micros < 0 {
                time::PrimitiveDateTime::MIN
            } else {
                time::PrimitiveDateTime::MAX
            }
            .assume_utc(),
        )
        .to_offset(UtcOffset::UTC)
}

/// Now, to the microsecond.
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().into_timestamp()
}
