//! How values come into the cache and leave it: reads that are kept, writes that make them untrue.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::map::{Entry, Put};
use super::trust::{self, Trust};
use super::{CHECK_EVERY_MILLIS, Cache, State, WRITES};
use crate::backend::{Backend, ChangeStep, ChangeToken};
use crate::secret::Secret;
use crate::sys::clock;

/// Proof that no write of this process has run since a read began.
#[derive(Clone, Copy)]
pub(super) struct FillTicket(Option<u64>);

/// What became of an answer.
pub(super) enum Filled {
    /// It is not kept: a write came between, or it is too large.
    No,
    /// It is, in the place of this one.
    Kept { former: Option<Arc<Entry>> },
}

impl Cache {
    /// Called before a read whose answer is to be kept.
    pub(super) fn begin_fill(&self, backend: &dyn Backend) -> FillTicket {
        let state = self.state.get();
        let begun = state.begun.load(Ordering::Acquire);
        if state.ended.load(Ordering::Acquire) != begun {
            return FillTicket(None);
        }
        let mut token = state.lock_token();
        if token.is_none() {
            // The first entry: from here on a change is seen.
            *token = self.token_of(backend);
            state.checked.store(clock::monotonic_millis(), Ordering::Release);
        }
        FillTicket(Some(begun))
    }

    /// The change token of the backend. That of a remote one, if it had any, would tell of this process only.
    pub(super) fn token_of(&self, backend: &dyn Backend) -> Option<ChangeToken> {
        match self.remote {
            Some(_) => None,
            None => backend.change_token(),
        }
    }

    /// Whether no write through this manager has begun since the ticket was given.
    pub(super) fn is_unwritten(&self, ticket: FillTicket) -> bool {
        ticket.0 == Some(self.state.get().begun.load(Ordering::Acquire))
    }

    /// Keeps what was read, unless a write through this manager came between.
    pub(super) fn fill(&self, backend: &dyn Backend, ticket: FillTicket, key: &[u8], secret: &Secret) -> Filled {
        let state = self.state.get();
        if !self.is_unwritten(ticket) || !state.map.has_room_for(key, secret) {
            return Filled::No;
        }
        let mut trust = None;
        if state.lock_token().is_none() {
            if self.token_of(backend).is_some() {
                // There was no token when the read began (a locked backend has none), so a change since then would go
                // unseen. The next read keeps its answer.
                return Filled::No;
            }
            trust = Some(self.trust(state, key));
        }
        let entry = Entry {
            secret: secret.duplicate(),
            expires_at: secret.metadata.expires_at.map(crate::timestamp::to_micros),
            trust,
        };
        let put = state
            .map
            .put_if(key, entry, clock::realtime_micros(), || self.is_unwritten(ticket));
        match put {
            Put::Unwanted => Filled::No,
            Put::Kept { former } => {
                state.absent.remove(key);
                self.sweep(state);
                Filled::Kept { former }
            }
        }
    }

    /// Wipes, now and then, the values of a remote backend that are too old for any answer.
    fn sweep(&self, state: &State) {
        let Some(remote) = &self.remote else {
            return;
        };
        let (now, from) = (self.now(), state.sweep_from.load(Ordering::Acquire));
        let next = now.saturating_add(self.ttl_millis());
        let may = |trust: &Trust| remote.offline || trust.serves_stale(now, remote.max_stale);
        if now >= from
            // One sweeps, the others go on.
            && state.sweep_from.compare_exchange(from, next, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        {
            let too_old = |entry: &Entry| entry.trust.as_ref().is_some_and(|trust| !may(trust));
            for key in state.map.keys_where(too_old) {
                state.map.remove_if(&key, too_old);
            }
        }
    }

    /// The trust in an entry that was read just now.
    fn trust(&self, state: &State, key: &[u8]) -> Trust {
        let (now, epoch) = (self.now(), state.epoch.load(Ordering::Acquire));
        if now < state.doubtful_until.load(Ordering::Acquire) {
            return Trust::exactly(now, CHECK_EVERY_MILLIS, epoch);
        }
        match &self.remote {
            Some(remote) => Trust::about(now, self.ttl_millis(), epoch, &state.map, key, remote.refresh_ahead),
            None => Trust::exactly(now, self.ttl_millis(), epoch),
        }
    }

    /// Keeps that there is no such secret, unless a write through this manager came between; answers what was kept of it
    /// before.
    pub(super) fn fill_absent(&self, ticket: FillTicket, key: &[u8]) -> Option<Arc<Entry>> {
        let state = self.state.get();
        let former = state.map.remove(key);
        let now = self.now();
        if let Some(remote) = &self.remote
            && now >= state.doubtful_until.load(Ordering::Acquire)
        {
            let until = now.saturating_add(trust::millis(remote.negative_ttl));
            state.absent.put_if(key, now, until, || self.is_unwritten(ticket));
        }
        former.filter(|_| self.is_unwritten(ticket))
    }

    /// Called before a write is sent: what is read from now on is not kept until [`Self::end_write`].
    pub(crate) fn begin_write(&self) {
        self.state.get().begun.fetch_add(1, Ordering::AcqRel);
    }

    fn ttl_millis(&self) -> u64 {
        trust::millis(self.limits.ttl)
    }

    /// Called when a write was left whose outcome nobody knows: it may land later, and a backend without a change token
    /// will not tell.
    pub(crate) fn doubt(&self) {
        let until = self.now().saturating_add(self.ttl_millis());
        self.state.get().doubtful_until.fetch_max(until, Ordering::AcqRel);
    }

    /// Called when a write has ended, however it ended, with the keys that it may have changed.
    pub(crate) fn end_write<'a>(&self, keys: impl IntoIterator<Item = &'a [u8]>, step: Option<ChangeStep>) {
        let state = self.state.get();
        for key in keys {
            drop(state.map.remove(key));
            state.absent.remove(key);
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
            drop(state.map.remove(key));
            state.absent.remove(key);
        }
    }

    /// Makes the next read of everything ask the backend. Values stay where they may be answered beyond their time.
    pub(super) fn distrust(&self) {
        match self.state.get_if_made() {
            Some(state) if self.keeps_stale() => state.distrust(),
            Some(state) => state.forget_all(None),
            None => {}
        }
    }

    /// Forgets and wipes everything.
    pub(crate) fn clear(&self) {
        if let Some(state) = self.state.get_if_made() {
            state.forget_all(None);
        }
    }
}
