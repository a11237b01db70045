//! What the cache counts.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Cache;

/// What is counted outside of the fast path; hits are counted by the map.
#[derive(Default)]
pub(super) struct Counters {
    misses: AtomicU64,
    negative_hits: AtomicU64,
    stale: AtomicU64,
    refreshes: AtomicU64,
}

/// What happened.
#[derive(Clone, Copy)]
pub(super) enum Event {
    /// The backend was asked.
    Miss,
    /// It was known that there is no such secret.
    NegativeHit,
    /// A value was answered beyond its time.
    Stale,
    /// A value was read again before its time ended.
    Refresh,
}

impl Counters {
    fn of(&self, event: Event) -> &AtomicU64 {
        match event {
            Event::Miss => &self.misses,
            Event::NegativeHit => &self.negative_hits,
            Event::Stale => &self.stale,
            Event::Refresh => &self.refreshes,
        }
    }
}

impl Cache {
    pub(super) fn count(&self, event: Event) {
        self.state.get().counters.of(event).fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted in this process, and how large the cache is now; a value that lies only on the disk counts for
    /// neither entries nor bytes.
    pub(crate) fn numbers(&self) -> Vec<(&'static str, u64)> {
        let state = self.state.get();
        let size = state.map.size();
        let counted = |event| state.counters.of(event).load(Ordering::Relaxed);
        vec![
            ("cache.hits", size.hits),
            ("cache.misses", counted(Event::Miss)),
            ("cache.negative_hits", counted(Event::NegativeHit)),
            ("cache.stale", counted(Event::Stale)),
            ("cache.refreshes", counted(Event::Refresh)),
            ("cache.entries", size.entries as u64),
            ("cache.bytes", size.bytes as u64),
        ]
    }
}
