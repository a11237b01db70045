//! What a manager has counted.

use std::borrow::Cow;

/// What a manager has counted since it was opened: numbers under names such as `calls.get`, which
/// [`docs/metrics.md`](https://docs.rs/strongroom) lists. Counters only grow; what is a state says so. Names of secrets
/// are not among them.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Metrics {
    numbers: Vec<(Cow<'static, str>, u64)>,
}

impl Metrics {
    /// The number of this name; `None` where nothing of that name was ever counted.
    pub fn get(&self, name: &str) -> Option<u64> {
        self.numbers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, number)| *number)
    }

    /// All numbers with their names, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.numbers.iter().map(|(name, number)| (&**name, *number))
    }
}

impl FromIterator<(Cow<'static, str>, u64)> for Metrics {
    fn from_iter<I: IntoIterator<Item = (Cow<'static, str>, u64)>>(numbers: I) -> Self {
        let mut numbers: Vec<_> = numbers.into_iter().collect();
        numbers.sort();
        Self { numbers }
    }
}
