//! Points in time: microseconds since 1970 UTC inside, [`time::OffsetDateTime`] outside.

use std::time::SystemTime;

use time::OffsetDateTime;

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
        let micros = |span: std::time::Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        match self.duration_since(Self::UNIX_EPOCH) {
            Ok(after) => from_micros(micros(after)),
            Err(before) => from_micros(micros(before.duration()).saturating_neg()),
        }
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
    // By seconds and the rest: half the time of adding a duration to the epoch, and a list does it for every name.
    let nanosecond = micros.rem_euclid(1_000_000) as u32 * 1000;
    OffsetDateTime::from_unix_timestamp(micros.div_euclid(1_000_000))
        .and_then(|second| second.replace_nanosecond(nanosecond))
        .unwrap_or(
            if micros < 0 {
                time::PrimitiveDateTime::MIN
            } else {
                time::PrimitiveDateTime::MAX
            }
            .assume_utc(),
        )
}

/// Now, to the microsecond.
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().into_timestamp()
}

#[cfg(test)]
mod tests {
    use time::UtcOffset;

    use super::*;

    #[test]
    fn points_in_time_are_cut_to_the_microsecond_and_come_back() {
        for micros in [0, 1, -1, 1_795_000_000_123_456, -62_135_596_800_000_000] {
            assert_eq!(to_micros(from_micros(micros)), micros);
        }
        let fine = OffsetDateTime::from_unix_timestamp_nanos(1_999_999_999_999).unwrap();
        assert_eq!(fine.into_timestamp(), from_micros(1_999_999_999));
        let elsewhere = fine.to_offset(UtcOffset::from_hms(-7, 0, 0).unwrap());
        assert_eq!(elsewhere.into_timestamp().offset(), UtcOffset::UTC);
    }

    #[test]
    fn what_cannot_be_held_becomes_the_nearest_that_can() {
        assert_eq!(from_micros(i64::MAX).year(), 9999);
        assert_eq!(from_micros(i64::MIN).year(), -9999);
        let never = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000_000);
        assert_eq!(never.into_timestamp().year(), 9999);
    }

    #[test]
    fn the_systems_and_chronos_times_mean_the_same() {
        let system = SystemTime::UNIX_EPOCH + std::time::Duration::from_micros(1_795_000_000_123_456);
        assert_eq!(to_micros(system.into_timestamp()), 1_795_000_000_123_456);
        #[cfg(feature = "chrono")]
        {
            let east = chrono::FixedOffset::east_opt(3600).unwrap();
            let there = chrono::DateTime::from_timestamp_micros(1_795_000_000_123_456)
                .unwrap()
                .with_timezone(&east);
            assert_eq!(there.into_timestamp(), system.into_timestamp());
        }
    }
}
