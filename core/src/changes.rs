//! What a manager tells whoever subscribed: changes of secrets and of the backend's health.

use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};

use crate::backend::HealthState;
use crate::key::SecretKey;
use crate::secret::Version;
use crate::sys::fork::ForkCell;

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
    /// Something was changed by someone else, and the backend cannot say what: any secret may be another one.
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
}

/// Where changes are told. A forked child begins with no subscriber.
pub(crate) struct Changes {
    sender: ForkCell<broadcast::Sender<Change>, fn() -> broadcast::Sender<Change>>,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self {
            sender: ForkCell::with(|| broadcast::channel(MOST_WAITING).0),
        }
    }

    /// Tells a change, where someone listens.
    pub(crate) fn tell(&self, change: Change) {
        if let Some(sender) = self.sender.get_if_made() {
            // Nobody listens any more: there is nobody to tell.
            let _ = sender.send(change);
        }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.get().subscribe()
    }
}

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}

/// The next change of a channel; `None` once nobody can tell any.
pub(crate) async fn next(receiver: &mut broadcast::Receiver<Change>) -> Option<Change> {
    match receiver.recv().await {
        Ok(change) => Some(change),
        Err(RecvError::Lagged(_)) => Some(Change::new(ChangeKind::Missed)),
        Err(RecvError::Closed) => None,
    }
}

/// The next change where one waits.
pub(crate) fn next_waiting(receiver: &mut broadcast::Receiver<Change>) -> Option<Change> {
    match receiver.try_recv() {
        Ok(change) => Some(change),
        Err(TryRecvError::Lagged(_)) => Some(Change::new(ChangeKind::Missed)),
        Err(TryRecvError::Empty | TryRecvError::Closed) => None,
    }
}
