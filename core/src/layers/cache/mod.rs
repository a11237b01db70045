//! The cache: values that were read stay in wiping memory, in front of any backend.
//!
//! What makes an entry untrue: a write through this manager (its entry goes at once), a write through another manager
//! of this process (the next look compares the backend's change token), a change by someone else (the first look later
//! than [`CHECK_EVERY_MILLIS`] after the last comparison compares it), the end of its time to live where the backend
//! has no token, its expiry, and a fork (the child starts empty).

mod backend;
mod map;

use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) use backend::{Cached, cache_key, cache_text};
use map::{Entry, Map};

use crate::backend::{Backend, ChangeStep, ChangeToken};
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
}

/// Proof that no write of this process has run since a read began.
#[derive(Clone, Copy)]
pub(crate) struct FillTicket(Option<u64>);

impl Cache {
    pub(crate) fn new(limits: Limits) -> Self {
        let state = ForkCell::new(move || State {
            map: Map::new(limits.entries, limits.bytes),
            checked: AtomicU64::new(0),
            token: Mutex::new(None),
            seen_writes: AtomicU64::new(WRITES.load(Ordering::Acquire)),
            doubtful_until: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        });
        Self {
            gates: AtomicU8::new(0),
            limits,
            state,
        }
    }

    /// Makes every look-up of the fast path answer [`Lookup::Slow`] from now on.
    pub(crate) fn shut(&self, gate: Gate) {
        self.gates.fetch_or(gate as u8, Ordering::AcqRel);
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
                .visit::<STACK_COPY, R>(key, |entry| self.is_current(entry), visitor),
        }
    }

    /// Like [`Self::visit`] for a visitor of our own that only copies; it is called under the lock.
    #[inline]
    pub(crate) fn copy<R>(&self, backend: &dyn Backend, key: &[u8], copy: impl FnOnce(&[u8]) -> R) -> Lookup<R> {
        match self.look(backend) {
            Err(outcome) => outcome,
            Ok(state) => state.map.copy(key, |entry| self.is_current(entry), copy),
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
        if self.gates.load(Ordering::Acquire) & Gate::Closed as u8 != 0 {
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
        let Some(entry) = state.map.get(key) else {
            return Lookup::Miss;
        };
        self.is_current(&entry).map(|()| entry)
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
            state.check(backend);
            state.seen_writes.fetch_max(writes, Ordering::AcqRel);
        }
        let now = clock::monotonic_millis();
        let checked = state.checked.load(Ordering::Relaxed);
        if now.saturating_sub(checked) > CHECK_EVERY_MILLIS
            // One caller compares, the others go on.
            && state.checked.compare_exchange(checked, now, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        {
            state.check(backend);
        }
        Some(state)
    }

    #[inline]
    fn is_current(&self, entry: &Entry) -> Lookup<()> {
        if entry.expires_at.is_some_and(|at| at <= clock::realtime_micros()) {
            return Lookup::Slow;
        }
        if entry
            .trusted_until
            .is_some_and(|until| until <= clock::monotonic_millis())
        {
            return Lookup::Miss;
        }
        Lookup::Hit(())
    }

    /// Called before a read whose answer is to be kept.
    pub(crate) fn begin_fill(&self, backend: &dyn Backend) -> FillTicket {
        let state = self.state.get();
        let begun = state.begun.load(Ordering::Acquire);
        if state.ended.load(Ordering::Acquire) != begun {
            return FillTicket(None);
        }
        let mut token = state.lock_token();
        if token.is_none() {
            // The first entry: from here on a change is seen.
            *token = backend.change_token();
            state.checked.store(clock::monotonic_millis(), Ordering::Release);
        }
        FillTicket(Some(begun))
    }

    /// Keeps what was read, unless a write through this manager came between.
    pub(crate) fn fill(&self, backend: &dyn Backend, ticket: FillTicket, key: &[u8], secret: &Secret) {
        let state = self.state.get();
        let unwritten = || ticket.0 == Some(state.begun.load(Ordering::Acquire));
        if !unwritten() || !state.map.has_room_for(key, secret) {
            return;
        }
        let mut trusted_until = None;
        if state.lock_token().is_none() {
            if backend.change_token().is_some() {
                // There was no token when the read began (a locked backend has none), so a change since then would go
                // unseen. The next read keeps its answer.
                return;
            }
            let now = clock::monotonic_millis();
            let ttl = if now < state.doubtful_until.load(Ordering::Acquire) {
                CHECK_EVERY_MILLIS
            } else {
                self.ttl_millis()
            };
            trusted_until = Some(now.saturating_add(ttl));
        }
        let entry = Entry {
            secret: secret.duplicate(),
            expires_at: secret.metadata.expires_at.map(crate::timestamp::to_micros),
            trusted_until,
        };
        state.map.put_if(key, entry, clock::realtime_micros(), unwritten);
    }

    /// Called before a write is sent: what is read from now on is not kept until [`Self::end_write`].
    pub(crate) fn begin_write(&self) {
        self.state.get().begun.fetch_add(1, Ordering::AcqRel);
    }

    fn ttl_millis(&self) -> u64 {
        u64::try_from(self.limits.ttl.as_millis()).unwrap_or(u64::MAX)
    }

    /// Called when a write was left whose outcome nobody knows: it may land later, and a backend without a change token
    /// will not tell.
    pub(crate) fn doubt(&self) {
        let until = clock::monotonic_millis().saturating_add(self.ttl_millis());
        self.state.get().doubtful_until.fetch_max(until, Ordering::AcqRel);
    }

    /// Called when a write has ended, however it ended, with the keys that it may have changed.
    pub(crate) fn end_write<'a>(&self, keys: impl IntoIterator<Item = &'a [u8]>, step: Option<ChangeStep>) {
        let state = self.state.get();
        for key in keys {
            state.map.remove(key);
        }
        let mut token = state.lock_token();
        let is_ours_alone = match step {
            // Our own change does not make the other entries untrue. Anything between the last comparison and it does,
            // and is left for the next comparison to find.
            Some(ChangeStep {
                before: Some(before),
                after: Some(after),
            }) if *token == Some(before) => {
                *token = Some(after);
                true
            }
            _ => token.is_none(),
        };
        drop(token);
        let writes = WRITES.fetch_add(1, Ordering::AcqRel);
        if is_ours_alone {
            // Where another manager wrote as well this fails, and the next look compares.
            let _ = state
                .seen_writes
                .compare_exchange(writes, writes + 1, Ordering::AcqRel, Ordering::Relaxed);
        }
        state.map.drop_expired(clock::realtime_micros());
        state.ended.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets one entry.
    pub(crate) fn remove(&self, key: &[u8]) {
        if let Some(state) = self.state.get_if_made() {
            state.map.remove(key);
        }
    }

    /// Forgets and wipes everything.
    pub(crate) fn clear(&self) {
        if let Some(state) = self.state.get_if_made() {
            state.forget_all(None);
        }
    }
}

impl State {
    #[cold]
    fn check(&self, backend: &dyn Backend) {
        self.map.drop_expired(clock::realtime_micros());
        let now = backend.change_token();
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
