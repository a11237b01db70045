//! Where the secrets of a backend lie.

/// One place where a backend has secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The word of the backend that has them there; of a chain the member's.
    pub backend: &'static str,
    /// The place, as [`Backend::location`](super::Backend::location) tells it.
    pub place: String,
}

impl Location {
    /// A place of the backend of this word.
    pub fn new(backend: &'static str, place: impl Into<String>) -> Self {
        Self {
            backend,
            place: place.into(),
        }
    }
}
