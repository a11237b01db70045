//! What the cache does besides in front of a backend on another machine.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::disk::LastKnown;
use super::{Cache, Gate};
use crate::changes::{Change, ChangeKind};
use crate::key::SecretKey;
use crate::layers::TARGET;
use crate::secret::{Secret, Version};

/// The most keys of an outage whose stale answers are told of.
const MOST_TOLD: usize = 4096;

/// How a remote backend is cached.
#[derive(Clone)]
pub(crate) struct Remote {
    /// Whether a value is read again shortly before its time ends.
    pub(crate) refresh_ahead: bool,
    /// How long an absent secret is remembered as such.
    pub(crate) negative_ttl: Duration,
    /// How long beyond its time a value is answered while the backend is out of reach.
    pub(crate) max_stale: Duration,
    /// Whether the backend is never asked.
    pub(crate) offline: bool,
    /// How long a read may take that no caller waits for.
    pub(crate) timeout: Duration,
    /// Whether events name the secrets that they are about.
    pub(crate) tells_names: bool,
    /// The values on this machine's disk.
    pub(crate) last_known: Option<Arc<LastKnown>>,
}

/// A value beyond its time.
pub(super) struct Stale {
    pub(super) secret: Secret,
    /// How long ago the backend answered it.
    pub(super) age: Duration,
}

/// The keys whose stale answers were told of in this outage.
#[derive(Default)]
pub(super) struct Told {
    keys: Mutex<HashSet<Box<[u8]>, foldhash::fast::RandomState>>,
}

impl Told {
    /// Whether this is the first time for the key.
    fn is_first(&self, key: &[u8]) -> bool {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.len() < MOST_TOLD && keys.insert(key.into())
    }

    fn forget(&self, key: &[u8]) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl Cache {
    pub(super) fn is_offline(&self) -> bool {
        self.remote.as_ref().is_some_and(|remote| remote.offline)
    }

    pub(super) fn last_known(&self) -> Option<&Arc<LastKnown>> {
        self.remote.as_ref()?.last_known.as_ref()
    }

    /// Whether values beyond their time may be answered.
    pub(super) fn keeps_stale(&self) -> bool {
        self.remote
            .as_ref()
            .is_some_and(|remote| remote.offline || !remote.max_stale.is_zero())
    }

    /// What wakes who reads ahead; `None` where nobody does.
    pub(super) fn late(&self) -> Option<Arc<Notify>> {
        let remote = self.remote.as_ref()?;
        (remote.refresh_ahead && !remote.offline).then(|| Arc::clone(&self.state.get().late))
    }

    /// How long a read ahead may take; `None` where there is to be none any more.
    pub(super) fn ahead_within(&self) -> Option<Duration> {
        let remote = self.remote.as_ref()?;
        (!self.is_shut(Gate::Closed)).then_some(remote.timeout)
    }

    pub(super) fn tell(&self, kind: ChangeKind, key: &SecretKey, version: Option<Version>) {
        let mut change = Change::new(kind);
        change.key = Some(key.clone());
        change.version = version;
        self.changes.tell(change);
    }

    /// Whether the backend was found not to have this secret a short while ago.
    pub(super) fn is_absent(&self, key: &[u8]) -> bool {
        let state = self.state.get_if_made();
        !self.is_shut(Gate::Closed) && state.is_some_and(|state| state.absent.has(key, self.now()))
    }

    /// The value in memory, where it may be answered although it is beyond its time.
    pub(super) fn stale(&self, key: &[u8]) -> Option<Stale> {
        let remote = self.remote.as_ref()?;
        if self.is_shut(Gate::Closed) {
            return None;
        }
        let entry = self.state.get_if_made()?.map.peek(key)?;
        let trust = entry.trust.as_ref()?;
        let now = self.now();
        let may = remote.offline || (!remote.max_stale.is_zero() && trust.serves_stale(now, remote.max_stale));
        may.then(|| Stale {
            secret: entry.secret.duplicate(),
            age: Duration::from_millis(now.saturating_sub(trust.read_at)),
        })
    }

    /// The oldest value that the disk may answer; `None` where it may answer none.
    pub(super) fn oldest_known(&self) -> Option<Duration> {
        let remote = self.remote.as_ref()?;
        match (remote.offline, remote.max_stale) {
            (true, _) => Some(Duration::MAX),
            (false, Duration::ZERO) => None,
            (false, max_stale) => Some(self.limits.ttl.saturating_add(max_stale)),
        }
    }

    /// Tells a stale answer, once a key and outage, and marks it as such.
    pub(super) fn tell_stale(&self, backend: &'static str, key: &[u8], stale: Stale) -> Secret {
        self.count(super::counters::Event::Stale);
        let Stale { mut secret, age } = stale;
        if self.state.get().told.is_first(key) {
            let tells_names = self.remote.as_ref().is_some_and(|remote| remote.tells_names);
            let key = tells_names.then(|| std::str::from_utf8(key).unwrap_or_default());
            let age = age.as_secs();
            tracing::warn!(target: TARGET, backend, key, age, "the backend is out of reach; a value of so many seconds ago is answered");
        }
        secret.metadata.stale_for = Some(age);
        secret
    }

    /// The backend has answered for this key: the next stale answer is another outage's.
    pub(super) fn is_in_reach(&self, key: &[u8]) {
        if let Some(state) = self.state.get_if_made() {
            state.told.forget(key);
        }
    }

    /// The keys of the entries that are to be read ahead, each once.
    pub(super) fn take_late(&self) -> Vec<Box<[u8]>> {
        let Some(state) = self.state.get_if_made() else {
            return Vec::new();
        };
        state
            .map
            .keys_where(|entry| entry.trust.as_ref().is_some_and(super::trust::Trust::take_notice))
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}
