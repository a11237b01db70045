//! The cache: values that were read stay in wiping memory, in front of any backend.
//!
//! What makes an entry untrue: a write through this manager (its entry goes at once), a write through another manager
//! of this process (the next look compares the backend's change token), a change by someone else (the first look later
//! than [`CHECK_EVERY_MILLIS`] after the last comparison compares it), the end of its time to live where the backend
//! has no token, its expiry, and a fork (the child starts empty).
//!
//! Of a remote backend, more is kept: what it does not have, and what is beyond its time for the case that it is out of
//! reach. The fast path serves neither; [`reader`] does.

mod absent;
mod backend;
mod counters;
mod disk;
mod fill;
mod map;
mod reader;
mod record;
mod remote;
mod trust;

use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;

use absent::Absent;
pub(crate) use backend::{Cached, cache_key, cache_text};
use counters::Counters;
pub(crate) use disk::LastKnown;
#[cfg(feature = "encrypted")]
pub(crate) use disk::MARK;
use map::{Entry, Map};
pub(crate) use remote::Remote;
use remote::Told;
use trust::{Age, Trust};

use crate::backend::{Backend, ChangeToken};
use crate::changes::Changes;
use crate::secret::{Secret, SecretMetadata};
use crate::sys::clock;
use crate::sys::fork::ForkCell;
use crate::value::SecretValue;

/// How old the last look at the change token may be.
const CHECK_EVERY_MILLIS: u64 = 100;
/// The longest value that a visitor gets as a copy on the stack; a longer one is shared.
const STACK_COPY: usize = 512;

/// What the fast path answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<R> {
    /// The value was there; this is what the visitor made of it.
    Hit(R),
    /// The value is not in the cache.
    Miss,
    /// The fast path may not answer: the manager is closed, a required audit sink must be asked first, or the value
    /// has expired.
    Slow,
}

impl<R> Lookup<R> {
    fn map<T>(self, make: impl FnOnce(R) -> T) -> Lookup<T> {
        match self {
            Self::Hit(found) => Lookup::Hit(make(found)),
            Self::Miss => Lookup::Miss,
            Self::Slow => Lookup::Slow,
        }
    }
}

/// A secret as the cache holds it: shared, not copied. It stays as it was found, and is wiped when the cache and all who
/// share it have let go of it.
#[derive(Clone)]
pub struct CachedSecret(Arc<Entry>);

impl CachedSecret {
    /// The value.
    pub fn value(&self) -> &SecretValue {
        &self.0.secret.value
    }

    /// What is known about it.
    pub fn metadata(&self) -> &SecretMetadata {
        &self.0.secret.metadata
    }
}

impl fmt::Debug for CachedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.secret.fmt(f)
    }
}

/// The limits of a cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) entries: usize,
    pub(crate) bytes: usize,
    /// How long an entry is trusted where the backend has no change token.
    pub(crate) ttl: Duration,
}

/// The writes that have ended in this process, through whichever manager.
static WRITES: AtomicU64 = AtomicU64::new(0);

/// A reason why the fast path may not answer.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Gate {
    /// The manager is closed.
    Closed = 1,
    /// A required audit sink must see every call. The layer behind it may answer from the cache all the same.
    Audited = 2,
}

/// A cache of one manager.
pub(crate) struct Cache {
    /// The bits of the [`Gate`]s that are shut.
    gates: AtomicU8,
    limits: Limits,
    /// What is done besides where the backend is on another machine.
    remote: Option<Remote>,
    changes: Arc<Changes>,
    /// How far the clock is set forward, in milliseconds.
    #[cfg(feature = "testing")]
    ahead: AtomicU64,
    state: ForkCell<State>,
}

struct State {
    map: Map,
    /// When the token was compared last, by the coarse monotonic clock.
    checked: AtomicU64,
    /// The token that all entries were read under, or later.
    token: Mutex<Option<ChangeToken>>,
    /// [`WRITES`] when the token was compared last.
    seen_writes: AtomicU64,
    /// Until when a write whose outcome nobody knows may still land: what is read until then is not trusted for long.
    doubtful_until: AtomicU64,
    /// Writes through this manager that began and ended; a fill that overlaps with one is not kept.
    begun: AtomicU64,
    ended: AtomicU64,
    /// Entries of another epoch are beyond their time, whatever it is.
    epoch: AtomicU64,
    absent: Absent,
    /// From when on values are looked for that nobody may be answered any more.
    sweep_from: AtomicU64,
    /// Wakes who reads ahead, when a hit has marked an entry for it.
    late: Arc<Notify>,
    told: Told,
    counters: Counters,
}

impl Cache {
    pub(crate) fn new(limits: Limits, remote: Option<Remote>, changes: Arc<Changes>) -> Self {
        let state = ForkCell::new(move || State {
            map: Map::new(limits.entries, limits.bytes),
            checked: AtomicU64::new(0),
            token: Mutex::new(None),
            seen_writes: AtomicU64::new(WRITES.load(Ordering::Acquire)),
            doubtful_until: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
            absent: Absent::new(limits.entries),
            sweep_from: AtomicU64::new(0),
            late: Arc::new(Notify::new()),
            told: Told::default(),
            counters: Counters::default(),
        });
        Self {
            gates: AtomicU8::new(0),
            limits,
            remote,
            changes,
            #[cfg(feature = "testing")]
            ahead: AtomicU64::new(0),
            state,
        }
    }

    /// Milliseconds of the cache's clock.
    #[inline]
    fn now(&self) -> u64 {
        let now = clock::monotonic_millis();
        #[cfg(feature = "testing")]
        let now = now.saturating_add(self.ahead.load(Ordering::Relaxed));
        now
    }

    /// Microseconds since 1970 UTC, for what lies on the disk.
    fn wall_micros(&self) -> i64 {
        let now = clock::realtime_micros();
        #[cfg(feature = "testing")]
        let now = now.saturating_add_unsigned(self.ahead.load(Ordering::Relaxed).saturating_mul(1000));
        now
    }

    /// Sets the clock forward, by which entries end.
    #[cfg(feature = "testing")]
    pub(crate) fn age(&self, by: Duration) {
        self.ahead.fetch_add(trust::millis(by), Ordering::Relaxed);
    }

    /// Makes every look-up of the fast path answer [`Lookup::Slow`] from now on.
    pub(crate) fn shut(&self, gate: Gate) {
        self.gates.fetch_or(gate as u8, Ordering::AcqRel);
    }

    fn is_shut(&self, gate: Gate) -> bool {
        self.gates.load(Ordering::Acquire) & gate as u8 != 0
    }

    /// The fast path: no allocation, no runtime, no system call but, now and then, one look at the change token.
    ///
    /// `key` is the text of a valid key without `global/`. The visitor is called outside every lock.
    #[inline]
    pub(crate) fn visit<R>(&self, backend: &dyn Backend, key: &[u8], visitor: impl FnOnce(&[u8]) -> R) -> Lookup<R> {
        match self.look(backend) {
            Err(outcome) => outcome,
            Ok(state) => state
                .map
                .visit::<STACK_COPY, R>(key, |entry| self.is_current(state, entry), visitor),
        }
    }

    /// Like [`Self::visit`] for a visitor of our own that only copies; it is called under the lock.
    #[inline]
    pub(crate) fn copy<R>(&self, backend: &dyn Backend, key: &[u8], copy: impl FnOnce(&[u8]) -> R) -> Lookup<R> {
        match self.look(backend) {
            Err(outcome) => outcome,
            Ok(state) => state.map.copy(key, |entry| self.is_current(state, entry), copy),
        }
    }

    /// Like [`Self::visit`], with metadata; the copy is the caller's.
    pub(crate) fn secret(&self, backend: &dyn Backend, key: &[u8]) -> Lookup<Secret> {
        match self.look(backend) {
            Err(outcome) => outcome,
            Ok(state) => self.secret_in(state, key),
        }
    }

    /// Like [`Self::secret`], shared instead of copied.
    pub(crate) fn share(&self, backend: &dyn Backend, key: &[u8]) -> Lookup<CachedSecret> {
        match self.look(backend) {
            Err(outcome) => outcome,
            Ok(state) => self.entry_in(state, key).map(CachedSecret),
        }
    }

    /// The same for the layer, which stands behind the audit and answers while that gate is shut.
    fn audited_secret(&self, backend: &dyn Backend, key: &[u8]) -> Option<Secret> {
        if self.is_shut(Gate::Closed) {
            return None;
        }
        match self.secret_in(self.checked_state(backend)?, key) {
            Lookup::Hit(secret) => Some(secret),
            _ => None,
        }
    }

    fn secret_in(&self, state: &State, key: &[u8]) -> Lookup<Secret> {
        self.entry_in(state, key).map(|entry| entry.secret.duplicate())
    }

    fn entry_in(&self, state: &State, key: &[u8]) -> Lookup<Arc<Entry>> {
        state.map.get(key, |entry| self.is_current(state, entry))
    }

    #[inline]
    fn look<R>(&self, backend: &dyn Backend) -> Result<&State, Lookup<R>> {
        if self.gates.load(Ordering::Acquire) != 0 {
            return Err(Lookup::Slow);
        }
        self.checked_state(backend).ok_or(Lookup::Miss)
    }

    /// The state, where there is one, after a comparison of the change token where one is due.
    #[inline]
    fn checked_state(&self, backend: &dyn Backend) -> Option<&State> {
        let state = self.state.get_if_made()?;
        let writes = WRITES.load(Ordering::Acquire);
        if state.seen_writes.load(Ordering::Acquire) != writes {
            // Whoever comes now may know of that write, so everyone compares until one has.
            state.check(self.token_of(backend));
            state.seen_writes.fetch_max(writes, Ordering::AcqRel);
        }
        let now = clock::monotonic_millis();
        let checked = state.checked.load(Ordering::Relaxed);
        if now.saturating_sub(checked) > CHECK_EVERY_MILLIS
            // One caller compares, the others go on.
            && state.checked.compare_exchange(checked, now, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        {
            state.check(self.token_of(backend));
        }
        Some(state)
    }

    #[inline]
    fn is_current(&self, state: &State, entry: &Entry) -> Lookup<()> {
        if entry.expires_at.is_some_and(|at| at <= clock::realtime_micros()) {
            return Lookup::Slow;
        }
        if let Some(trust) = &entry.trust {
            match trust.age(self.now(), state.epoch.load(Ordering::Acquire)) {
                Age::Good => {}
                Age::Late => state.notice(trust),
                Age::Over => return Lookup::Miss,
            }
        }
        Lookup::Hit(())
    }
}

impl State {
    /// Marks an entry as to be read again; the first one to do so wakes the reader.
    #[cold]
    fn notice(&self, trust: &Trust) {
        if trust.notice() {
            self.late.notify_one();
        }
    }

    #[cold]
    fn check(&self, now: Option<ChangeToken>) {
        self.map.drop_expired(clock::realtime_micros());
        let before = *self.lock_token();
        if before.is_some() && now != before {
            self.forget_all(now);
        }
    }

    fn forget_all(&self, token: Option<ChangeToken>) {
        // Counted as a write: a read that began before must not bring an old value back.
        self.begun.fetch_add(1, Ordering::AcqRel);
        *self.lock_token() = token;
        self.map.clear();
        self.absent.clear();
        self.ended.fetch_add(1, Ordering::AcqRel);
    }

    /// Ends the trust in all entries, and forgets what is absent.
    fn distrust(&self) {
        // As above.
        self.begun.fetch_add(1, Ordering::AcqRel);
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.absent.clear();
        self.ended.fetch_add(1, Ordering::AcqRel);
    }

    fn lock_token(&self) -> std::sync::MutexGuard<'_, Option<ChangeToken>> {
        self.token.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
