//! What a manager tells whoever subscribed: changes of secrets and of the backend's health.

mod look;
mod receive;
mod telling;
mod watched;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, broadcast};

use crate::backend::{ChangeStep, Health, HealthState};
use crate::key::SecretKey;
use crate::secret::Version;
use crate::sys::fork::ForkCell;

pub(crate) use look::Looker;
pub(crate) use receive::{Receiver, wait_within};
pub(crate) use telling::Telling;
use watched::Watched;

/// The target of all our events.
const TARGET: &str = "strongroom";

/// How many changes wait for a subscriber that is slow; what exceeds them becomes one [`ChangeKind::Missed`].
const MOST_WAITING: usize = 1024;

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A secret was written: a new value, new metadata, or both.
    Set,
    /// A secret was removed.
    Deleted,
    /// Something was changed by someone else, and the backend cannot say what: any secret may be another one, or the one
    /// that the change names. So is the secret of a write of this manager of which nobody knows what became of it.
    Unknown,
    /// The backend's health is another one than before.
    Health,
    /// The subscriber was too slow, and changes were left out: any secret may be another one.
    Missed,
}

impl ChangeKind {
    /// The word that every language shows.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
            Self::Health => "health",
            Self::Missed => "missed",
        }
    }
}

/// One change. Never a value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Change {
    /// What has changed.
    pub kind: ChangeKind,
    /// The secret, where it is one.
    pub key: Option<SecretKey>,
    /// The version that is current now, where it is known.
    pub version: Option<Version>,
    /// The health now, for [`ChangeKind::Health`].
    pub health: Option<HealthState>,
    /// Why the health is what it is.
    pub reason: Option<String>,
}

impl Change {
    /// A change of this kind, of which nothing else is known.
    pub fn new(kind: ChangeKind) -> Self {
        Self {
            kind,
            key: None,
            version: None,
            health: None,
            reason: None,
        }
    }

    /// A secret is another one now.
    pub(crate) fn of(kind: ChangeKind, key: &SecretKey, version: Option<Version>) -> Self {
        Self {
            key: Some(key.clone()),
            version,
            ..Self::new(kind)
        }
    }
}

/// Where changes are told. A forked child begins with no subscriber.
pub(crate) struct Changes {
    state: ForkCell<State, fn() -> State>,
    closed: AtomicBool,
    /// Whether the backend forgot its keys and nobody has used it since: then nobody but a caller may unlock it.
    asleep: AtomicBool,
}

/// What one process has of it.
struct State {
    /// `None` once the manager is closed.
    sender: Mutex<Option<broadcast::Sender<Change>>>,
    watched: Mutex<Watched>,
    health: Mutex<HealthState>,
    /// Writes of our own that have not ended.
    writes: AtomicUsize,
    /// Wakes whoever looks for changes: there is someone else to look for, or nobody any more.
    stir: Arc<Notify>,
}

/// A write of our own on its way; it ends where this is dropped.
pub(crate) struct UnderWay<'a>(Option<&'a State>);

impl Changes {
    pub(crate) fn new() -> Self {
        Self {
            state: ForkCell::with(|| State {
                sender: Mutex::new(Some(broadcast::channel(MOST_WAITING).0)),
                watched: Mutex::default(),
                health: Mutex::new(HealthState::Ok),
                writes: AtomicUsize::new(0),
                stir: Arc::default(),
            }),
            closed: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
        }
    }

    /// Tells a change, where someone listens.
    pub(crate) fn tell(&self, change: Change) {
        // Nobody has ever subscribed in this process: there is nobody to tell.
        let Some(state) = self.state.get_if_made() else { return };
        state.watched().told(&change);
        self.send(change);
    }

    fn send(&self, change: Change) {
        if let Some(state) = self.state.get_if_made()
            && let Some(sender) = &*unpoisoned(state.sender.lock())
        {
            // Nobody listens any more: there is nobody to tell.
            let _ = sender.send(change);
        }
    }

    /// A write of our own begins.
    pub(crate) fn begin_write(&self) -> UnderWay<'_> {
        let state = self.state.get_if_made();
        if let Some(state) = state {
            state.writes.fetch_add(1, Ordering::SeqCst);
        }
        UnderWay(state)
    }

    /// A write of our own took this step, so that it is not taken for someone else's.
    pub(crate) fn stepped(&self, step: ChangeStep) {
        if let Some(state) = self.state.get_if_made() {
            state.watched().stepped(step);
        }
    }

    /// How the backend was found to be; told where it is another state than before.
    pub(crate) fn observe(&self, backend: &'static str, health: &Health) {
        {
            let mut present = unpoisoned(self.state.get().health.lock());
            if *present == health.state {
                return;
            }
            *present = health.state;
            // Under the lock: what is told last is how the backend is.
            self.send(Change {
                health: Some(health.state),
                reason: health.reason.clone(),
                ..Change::new(ChangeKind::Health)
            });
        }
        let (state, reason) = (health.state.word(), health.reason.as_deref());
        match health.state {
            HealthState::Ok => tracing::info!(target: TARGET, backend, state, reason, "health"),
            HealthState::Degraded | HealthState::Unavailable => {
                tracing::warn!(target: TARGET, backend, state, reason, "health");
            }
        }
    }

    /// Someone uses the backend.
    pub(crate) fn wake(&self) {
        if self.asleep.load(Ordering::Relaxed) {
            self.asleep.store(false, Ordering::Relaxed);
        }
    }

    /// The backend forgets its keys.
    pub(crate) fn sleep(&self) {
        self.asleep.store(true, Ordering::Relaxed);
    }

    fn is_asleep(&self) -> bool {
        self.asleep.load(Ordering::Relaxed)
    }

    /// Ends all subscriptions once they have taken what waits for them.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        if let Some(state) = self.state.get_if_made() {
            drop(unpoisoned(state.sender.lock()).take());
            state.stir.notify_one();
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

impl State {
    fn watched(&self) -> MutexGuard<'_, Watched> {
        unpoisoned(self.watched.lock())
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(state) = self.0 {
            state.writes.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// No code of others runs under these locks, so a poisoned one only means that a thread died between two statements.
fn unpoisoned<T>(lock: Result<T, PoisonError<T>>) -> T {
    lock.unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}
