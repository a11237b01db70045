//! Reads behind the fast path: what the cache has, else what the backend answers, else, where that is out of reach, what
//! is left of earlier answers.

use std::sync::{Arc, Weak};
use std::time::Instant;

use tokio::sync::{Notify, Semaphore};

use super::counters::Event;
use super::disk::LastKnown;
use super::fill::{FillTicket, Filled};
use super::map::Entry;
use super::remote::Stale;
use super::{Cache, cache_key};
use crate::backend::{Backend, GetManyRequest, GetRequest};
use crate::changes::ChangeKind;
use crate::context::{CallContext, Face};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::runtime::{self, Bound};
use crate::secret::Secret;

/// The most values that are read ahead at once: callers come first.
const AHEAD_AT_ONCE: usize = 4;

/// A backend and the cache in front of it.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) inner: Arc<dyn Backend>,
    pub(super) cache: Arc<Cache>,
    /// Who reads ahead, in each runtime.
    ahead: Bound<()>,
}

/// Whether an error says that a value once read may not be served any longer.
fn revokes(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::NotFound | ErrorKind::Unauthenticated
    )
}

/// Whether two answers about one key tell of different secrets.
fn differ(former: &Entry, secret: &Secret) -> bool {
    former.secret.metadata.version != secret.metadata.version
        || former.secret.value.expose() != secret.value.expose()
        || former.expires_at != secret.metadata.expires_at.map(crate::timestamp::to_micros)
}

impl Reader {
    pub(super) fn new(inner: Arc<dyn Backend>, cache: Arc<Cache>) -> Self {
        Self {
            inner,
            cache,
            ahead: Bound::new(),
        }
    }

    /// Reads the current version.
    pub(super) async fn get(self: &Arc<Self>, cx: &CallContext, req: GetRequest<'_>) -> Result<Option<Secret>> {
        let key = cache_key(req.key);
        if !req.fresh
            && let Some(answer) = self.remembered(key)
        {
            return Ok(answer);
        }
        self.cache.count(Event::Miss);
        match self.fetch(cx, req).await {
            Err(error) if error.is_out_of_reach() && !req.fresh => self.left(cx, req.key).await.map(Some).ok_or(error),
            outcome => outcome,
        }
    }

    /// What is in memory and trusted: a value, or that there is none.
    fn remembered(&self, key: &[u8]) -> Option<Option<Secret>> {
        // Under a required audit sink the fast path was passed over; the value may be here all the same.
        if let Some(secret) = self.cache.audited_secret(&*self.inner, key) {
            return Some(Some(secret));
        }
        self.cache.is_absent(key).then(|| {
            self.cache.count(Event::NegativeHit);
            None
        })
    }

    /// Asks the backend, and keeps its answer.
    async fn fetch(self: &Arc<Self>, cx: &CallContext, req: GetRequest<'_>) -> Result<Option<Secret>> {
        let ticket = self.cache.begin_fill(&*self.inner);
        let outcome = self.inner.get(cx, req).await;
        self.note(ticket, req.key, &outcome);
        outcome
    }

    /// Reads several; the outer error where the backend failed as a whole and nothing is left of earlier answers.
    pub(super) async fn get_many(
        self: &Arc<Self>,
        cx: &CallContext,
        keys: &[SecretKey],
    ) -> Result<Vec<Result<Option<Secret>>>> {
        let remembered = keys.iter().map(|key| self.remembered(cache_key(key)).map(Ok));
        let mut outcomes: Vec<Option<Result<Option<Secret>>>> = remembered.collect();
        let holes = keys.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_none());
        let missing: Vec<SecretKey> = holes.map(|(key, _)| key.clone()).collect();
        if !missing.is_empty() {
            let fetched = self.fetch_many(cx, &missing).await?;
            let holes = outcomes.iter_mut().filter(|outcome| outcome.is_none());
            for (hole, outcome) in holes.zip(fetched) {
                *hole = Some(outcome);
            }
        }
        let unanswered = || {
            Err(Error::new(
                ErrorKind::Internal,
                "the backend answered fewer keys than were asked",
            ))
        };
        let outcomes = outcomes.into_iter();
        Ok(outcomes.map(|outcome| outcome.unwrap_or_else(unanswered)).collect())
    }

    async fn fetch_many(self: &Arc<Self>, cx: &CallContext, keys: &[SecretKey]) -> Result<Vec<Result<Option<Secret>>>> {
        let ticket = self.cache.begin_fill(&*self.inner);
        keys.iter().for_each(|_| self.cache.count(Event::Miss));
        let (mut outcomes, failure) = match self.inner.get_many(cx, GetManyRequest::new(keys)).await {
            Ok(outcomes) => (outcomes, None),
            Err(error) => (keys.iter().map(|_| Err(error.clone())).collect(), Some(error)),
        };
        let (mut is_any_left, until) = (false, LastKnown::looks_until(cx));
        for (key, outcome) in keys.iter().zip(&mut outcomes) {
            self.note(ticket, key, outcome);
            if outcome.as_ref().is_err_and(Error::is_out_of_reach)
                && let Some(secret) = self.left_until(cx, until, key).await
            {
                *outcome = Ok(Some(secret));
                is_any_left = true;
            }
        }
        match failure {
            Some(error) if !is_any_left => Err(error),
            _ => Ok(outcomes),
        }
    }

    /// What may be answered although the backend did not: from memory, else from the disk.
    pub(super) async fn left(&self, cx: &CallContext, key: &SecretKey) -> Option<Secret> {
        self.left_until(cx, LastKnown::looks_until(cx), key).await
    }

    async fn left_until(&self, cx: &CallContext, until: Instant, key: &SecretKey) -> Option<Secret> {
        let text = cache_key(key);
        let stale = match self.cache.stale(text) {
            Some(stale) => stale,
            None => {
                let (disk, oldest) = (self.cache.last_known()?, self.cache.oldest_known()?);
                let known = disk.read((cx.face(), until), key, self.cache.wall_micros(), oldest);
                let (secret, age) = known.await?;
                Stale { secret, age }
            }
        };
        Some(self.cache.tell_stale(self.inner.name(), text, stale))
    }

    /// Takes in what the backend answered about a key, and tells where that is another thing than before.
    fn note(self: &Arc<Self>, ticket: FillTicket, key: &SecretKey, outcome: &Result<Option<Secret>>) {
        let text = cache_key(key);
        match outcome {
            Ok(Some(secret)) => {
                let filled = self.cache.fill(&*self.inner, ticket, text, secret);
                self.cache.is_in_reach(text);
                if let Some(disk) = self.cache.last_known() {
                    let now = self.cache.wall_micros();
                    disk.keep_if(key, secret, now, || self.cache.is_unwritten(ticket));
                }
                if let Filled::Kept { former } = filled {
                    self.watch();
                    if former.is_some_and(|former| differ(&former, secret)) {
                        self.cache.tell(ChangeKind::Set, key, secret.metadata.version.clone());
                    }
                }
            }
            Ok(None) => {
                self.cache.is_in_reach(text);
                self.forget_on_disk(key);
                if self.cache.fill_absent(ticket, text).is_some() {
                    self.cache.tell(ChangeKind::Deleted, key, None);
                }
            }
            Err(error) if revokes(error) => {
                self.cache.remove(text);
                self.forget_on_disk(key);
            }
            Err(_) => {}
        }
    }

    pub(super) fn forget_on_disk(&self, key: &SecretKey) {
        if let Some(disk) = self.cache.last_known() {
            disk.forget(key);
        }
    }

    /// Sees to it that someone reads ahead, where that is wanted.
    fn watch(self: &Arc<Self>) {
        let Some(late) = self.cache.late() else {
            return;
        };
        // Where there is no runtime values end as they would without.
        let _ = self
            .ahead
            .get(|| runtime::spawn(read_ahead(Arc::downgrade(self), late)));
    }

    async fn read_again(self: &Arc<Self>, key: &[u8], timeout: std::time::Duration) {
        let key = std::str::from_utf8(key)
            .ok()
            .and_then(|text| SecretKey::parse(text).ok());
        if let Some(key) = key {
            self.cache.count(Event::Refresh);
            let cx = CallContext::new(Face::Async, timeout);
            // A failure leaves the value until its time ends; then a caller asks, and learns why.
            drop(self.fetch(&cx, GetRequest::new(&key)).await);
        }
    }
}

/// Reads again what hits have marked, until the reader is gone or closed.
async fn read_ahead(reader: Weak<Reader>, late: Arc<Notify>) {
    let turns = Arc::new(Semaphore::new(AHEAD_AT_ONCE));
    'serving: loop {
        late.notified().await;
        let Some(keys) = reader.upgrade().map(|reader| reader.cache.take_late()) else {
            break;
        };
        for key in keys {
            let turn = Arc::clone(&turns).acquire_owned().await;
            // Not held while it waits: who drops the manager ends what is not under way.
            let reading = reader.upgrade().and_then(|reader| {
                let timeout = reader.cache.ahead_within()?;
                Some(async move {
                    reader.read_again(&key, timeout).await;
                    drop(turn);
                })
            });
            if reading.is_none_or(|reading| runtime::spawn(reading).is_err()) {
                break 'serving;
            }
        }
    }
    // Two may have begun at the same time: the other one ends, too.
    late.notify_one();
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(late) = self.cache.late() {
            late.notify_one();
        }
    }
}
