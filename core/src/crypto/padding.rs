//! Padding to buckets, so that a box tells a size class and not a size.

/// The least bucket in bytes.
pub(crate) const LEAST: usize = 64;

/// The bucket of `length` bytes: the Padmé length (at most 12 % more), at least [`LEAST`].
pub(crate) const fn bucket(length: usize) -> usize {
    if length <= LEAST {
        return LEAST;
    }
    let exponent = length.ilog2();
    let significant = exponent.ilog2() + 1;
    let mask = (1 << (exponent - significant)) - 1;
    (length + mask) & !mask
}

#[cfg(test)]
mod tests {
    use super::bucket;

    #[test]
    fn buckets_are_few_close_and_stable() {
        assert_eq!(
            [0, 1, 44, 64, 65, 66, 100, 1000, 1025].map(bucket),
            [64, 64, 64, 64, 72, 72, 104, 1024, 1088]
        );
        for length in 65..20_000 {
            let padded = bucket(length);
            assert!(
                padded >= length && (padded - length) * 100 <= length * 12,
                "{length} {padded}"
            );
            assert_eq!(bucket(padded), padded);
        }
    }
}
