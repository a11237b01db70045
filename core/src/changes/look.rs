//! Looking for what others change: a task of the runtime, as long as someone subscribes to something that can be looked
//! at.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Change, ChangeKind, Changes};
use crate::backend::{Backend, ChangeToken, GetRequest, Reach};
use crate::context::{CallContext, Face};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::runtime;

/// How often a local store's change token is compared where a subscriber does not say.
const LOCAL: Duration = Duration::from_secs(1);

/// How often a look is put off because a write of our own is under way, whose step is not known yet.
const MOST_PUT_OFF: u32 = 10;

/// Looks for changes. It keeps no manager alive.
#[derive(Clone, Debug)]
pub(crate) struct Looker {
    changes: Weak<Changes>,
    /// The backend, for its token.
    backend: Weak<dyn Backend>,
    /// The same in its layers, for everything else.
    layered: Weak<dyn Backend>,
    /// The pause between two looks at what has no token.
    remote: Duration,
    timeout: Duration,
}

/// While it lives, someone looks.
struct Looking {
    changes: Weak<Changes>,
    number: u64,
}

impl Drop for Looking {
    fn drop(&mut self) {
        if let Some(changes) = self.changes.upgrade() {
            changes.state.get().watched().end_looking(self.number);
        }
    }
}

impl Looker {
    pub(crate) fn new(
        changes: &Arc<Changes>,
        backend: &Arc<dyn Backend>,
        layered: &Arc<dyn Backend>,
        remote: Duration,
        timeout: Duration,
    ) -> Self {
        Self {
            changes: Arc::downgrade(changes),
            backend: Arc::downgrade(backend),
            layered: Arc::downgrade(layered),
            remote,
            timeout,
        }
    }

    /// The token of a local store; that of what is on another machine says nothing about the others who write to it.
    fn token(&self) -> Option<ChangeToken> {
        let backend = self.backend.upgrade()?;
        match backend.reach() {
            Reach::Local => backend.change_token(),
            Reach::Remote | Reach::Through => None,
        }
    }

    /// A subscriber comes. Those of its secrets of which nobody knows yet how they are are looked at.
    pub(crate) async fn add(&self, cx: &CallContext, alive: &Arc<()>, keys: &[SecretKey], every: Option<Duration>) {
        let (Some(changes), Some(layered)) = (self.changes.upgrade(), self.layered.upgrade()) else {
            return;
        };
        let state = changes.state.get();
        state.watched().add(alive, keys, every, self.token());
        for key in keys {
            // What cannot be read now is known from the first look that can.
            if let Err(error) = look(&changes, &*layered, cx, key, false).await
                && concerns_all(&error)
            {
                break;
            }
        }
        state.stir.notify_one();
        self.ensure();
    }

    /// Sees to it that someone looks, where there is something to look for.
    pub(crate) fn ensure(&self) {
        let Some(changes) = self.changes.upgrade() else { return };
        // This is asked before each change that a subscriber takes, so it is answered first.
        if changes.state.get().watched().has_looker() {
            return;
        }
        let has_token = self.token().is_some();
        let looking = {
            let mut watched = changes.state.get().watched();
            if changes.is_closed() || watched.pause(has_token, self.usual(has_token)).is_none() {
                return;
            }
            let Some(number) = watched.begin_looking() else { return };
            Looking {
                changes: Weak::clone(&self.changes),
                number,
            }
        };
        // Without a runtime nobody looks; the next call of the subscriber tries again.
        let _ = runtime::spawn(self.clone().run(looking));
    }

    fn usual(&self, has_token: bool) -> Duration {
        if has_token { LOCAL } else { self.remote }
    }

    async fn run(self, looking: Looking) {
        let mut put_off = 0;
        while let Some(pause) = self.pause(&looking) {
            let Some(stir) = self
                .changes
                .upgrade()
                .map(|changes| Arc::clone(&changes.state.get().stir))
            else {
                return;
            };
            // Whoever comes or goes changes how long to wait.
            if tokio::time::timeout(pause, stir.notified()).await.is_err() {
                put_off = self.look(put_off).await;
            }
        }
    }

    /// How long to wait; `None` where nobody is looked for any more, and then nobody looks.
    fn pause(&self, looking: &Looking) -> Option<Duration> {
        let changes = self.changes.upgrade()?;
        let has_token = self.token().is_some();
        let mut watched = changes.state.get().watched();
        let pause = watched
            .pause(has_token, self.usual(has_token))
            .filter(|_| !changes.is_closed());
        if pause.is_none() {
            watched.end_looking(looking.number);
        }
        pause
    }

    /// One look; how often it has been put off.
    async fn look(&self, put_off: u32) -> u32 {
        let (Some(changes), Some(layered)) = (self.changes.upgrade(), self.layered.upgrade()) else {
            return 0;
        };
        if changes.is_asleep() || changes.is_closed() {
            return 0;
        }
        let state = changes.state.get();
        let token = self.token();
        let mut moved = false;
        if let Some(now) = token {
            let is_busy = state.writes.load(Ordering::SeqCst) > 0;
            let mut watched = state.watched();
            moved = watched.has_moved(now);
            if !moved && !watched.is_owing() {
                return 0;
            }
            if is_busy && put_off < MOST_PUT_OFF {
                return put_off + 1;
            }
            watched.saw(now);
        }
        let is_whole = self.look_at_all(&changes, &*layered, token.is_some()).await;
        if token.is_some() {
            // What moved moves no second time: what was left out is looked at again all the same.
            state.watched().owe(!is_whole);
        }
        if moved {
            changes.tell(Change::new(ChangeKind::Unknown));
        }
        0
    }

    /// Looks at every secret that is named; whether that could be done.
    async fn look_at_all(&self, changes: &Changes, layered: &dyn Backend, moved: bool) -> bool {
        let keys = changes.state.get().watched().keys();
        for key in &keys {
            if changes.is_closed() {
                return false;
            }
            // Each has its own time: the last of many must not have less than the first.
            let cx = CallContext::new(Face::Async, self.timeout);
            match look(changes, layered, &cx, key, moved).await {
                Err(error) if concerns_all(&error) => return false,
                // An error of this one tells nothing about the others.
                Ok(()) | Err(_) => {}
            }
        }
        true
    }
}

/// Whether the error of one secret says that the others need not be asked for either now.
fn concerns_all(error: &Error) -> bool {
    error.is_out_of_reach()
        || matches!(
            error.kind(),
            ErrorKind::Unauthenticated
                | ErrorKind::Locked
                | ErrorKind::Closed
                | ErrorKind::Cancelled
                | ErrorKind::AuditUnavailable
        )
}

/// Looks at one secret and tells what is new.
///
/// # Errors
/// That of the backend.
async fn look(changes: &Changes, backend: &dyn Backend, cx: &CallContext, key: &SecretKey, moved: bool) -> Result<()> {
    let state = changes.state.get();
    let Some(ticket) = state.watched().begin_look(key) else {
        return Ok(());
    };
    let mut request = GetRequest::new(key);
    request.fresh = true;
    let found = backend.describe(cx, request).await?.map(|found| found.metadata);
    let change = state.watched().end_look(key, &ticket, found, moved);
    if let Some(change) = change {
        // Not by `tell`: what a look found is known already, more exactly than a change says.
        changes.send(change);
    }
    Ok(())
}
