//! The last known values of a remote backend on this machine's disk, in an encrypted store of their own.
//!
//! Best effort: what cannot be written is told once and fails no call. Writes wait in a queue of at most [`MOST_WAITING`]
//! values, where a later one of the same key takes the place of an earlier one, and go to the store in batches; what is
//! to be removed is not left out for lack of room, and not answered any more from the moment on that it waits. A disk that
//! takes no removal until [`MOST_REMOVALS`] of them wait is asked no more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::record;
use crate::backend::{Backend, DeleteRequest, GetRequest, Operation, SetManyRequest};
use crate::context::{CallContext, Face};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::layers::{TARGET, bounded};
use crate::runtime;
use crate::secret::Secret;
use crate::sys::fork::ForkCell;

/// The most values that wait to be written.
const MOST_WAITING: usize = 1024;
/// The most removals that wait. Whoever asks for ever other names must not fill the memory while the disk is full.
const MOST_REMOVALS: usize = 1 << 16;
/// The key in the store that says what it is for. A secret of this name is not kept.
pub(crate) const MARK: &str = "component/strongroom/last_known_values";
/// The most that one batch writes.
const BATCH: usize = 256;
/// How long one batch may take.
const WRITE_WITHIN: Duration = Duration::from_secs(30);
/// How long a look at the disk may take.
const READ_WITHIN: Duration = Duration::from_millis(200);

/// Values of one backend in a store that may hold those of others, too.
pub(crate) struct LastKnown {
    store: Arc<dyn Backend>,
    /// The backend and where it has its secrets; what came from elsewhere is not answered.
    from: String,
    queue: ForkCell<Mutex<Queue>, fn() -> Mutex<Queue>>,
    /// Held while a batch is written, so that what is removed is not written again by an earlier one.
    turn: ForkCell<tokio::sync::Mutex<()>, fn() -> tokio::sync::Mutex<()>>,
    /// Whether a failure was told, and nothing has worked since.
    is_failing: AtomicBool,
}

#[derive(Default)]
struct Queue {
    /// What is to be written; `None` where the key is to be removed.
    waiting: BTreeMap<SecretKey, Option<Secret>>,
    /// What is being removed.
    leaving: BTreeSet<SecretKey>,
    /// Whether someone writes.
    is_served: bool,
    /// Whether removals were left out, so that nothing on the disk may be answered.
    is_given_up: bool,
}

impl Queue {
    fn may_answer(&self, key: &SecretKey) -> bool {
        !self.is_given_up && !self.leaving.contains(key) && !matches!(self.waiting.get(key), Some(None))
    }
}

/// Ends the service of the queue also where the runtime drops the one who serves it.
struct Service(Arc<LastKnown>);

impl Service {
    /// Whether nothing is left to do; said under the lock that whoever adds holds.
    fn is_done(&self) -> bool {
        let mut queue = self.0.queue();
        queue.is_served = !queue.waiting.is_empty();
        !queue.is_served
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(queue) = self.0.queue.get_if_made() {
            unpoisoned(queue).is_served = false;
        }
    }
}

fn unpoisoned(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LastKnown {
    /// Of the backend, in `store`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] where the backend does not say where it has its secrets.
    #[cfg_attr(
        not(feature = "encrypted"),
        allow(dead_code, reason = "without the encrypted store there is no place for them")
    )]
    pub(crate) fn new(store: Arc<dyn Backend>, backend: &dyn Backend) -> Result<Self> {
        let places = backend.locations();
        if places.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidConfig,
                "the backend does not say where it has its secrets, so nothing of it can be kept on the disk",
            )
            .with_setting("cache_file"));
        }
        let places = places.iter().map(|place| format!("{} {}", place.backend, place.place));
        Ok(Self {
            store,
            from: places.collect::<Vec<_>>().join("\n"),
            queue: ForkCell::with(Mutex::default),
            turn: ForkCell::with(tokio::sync::Mutex::default),
            is_failing: AtomicBool::new(false),
        })
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        unpoisoned(self.queue.get())
    }

    /// Keeps a value, soon, where `wanted` still says so under the queue's lock.
    pub(super) fn keep_if(self: &Arc<Self>, key: &SecretKey, secret: &Secret, now: i64, wanted: impl FnOnce() -> bool) {
        let Some(stored) = record::write(secret, &self.from, now) else {
            return;
        };
        if stored.len() > self.store.capabilities().max_value {
            self.forget(key);
            return;
        }
        let mut queue = self.queue();
        let has_room = queue.waiting.len() < MOST_WAITING || queue.waiting.contains_key(key);
        if has_room && !queue.is_given_up && key.as_str() != MARK && wanted() {
            let former = queue.waiting.insert(key.clone(), Some(Secret::new(stored)));
            drop(queue);
            drop(former);
            self.serve();
        }
    }

    /// Removes what is kept of a key: not answered from now on, and gone from the disk soon.
    pub(super) fn forget(self: &Arc<Self>, key: &SecretKey) {
        if key.as_str() == MARK {
            return;
        }
        let mut queue = self.queue();
        if queue.is_given_up {
            return;
        }
        // Those that are being removed right now come back where the disk does not take it.
        let unremoved = queue.waiting.len() + queue.leaving.len();
        if unremoved >= MOST_REMOVALS && !queue.waiting.contains_key(key) {
            queue.is_given_up = true;
            let all = std::mem::take(&mut queue.waiting);
            drop(queue);
            drop(all);
            return;
        }
        let former = queue.waiting.insert(key.clone(), None);
        drop(queue);
        drop(former);
        self.serve();
    }

    /// Has the queue written on the runtime, where nobody does so.
    fn serve(self: &Arc<Self>) {
        if std::mem::replace(&mut self.queue().is_served, true) {
            return;
        }
        let service = Service(Arc::clone(self));
        let serving = async move { while service.0.write_batch(WRITE_WITHIN).await && !service.is_done() {} };
        // Where there is no runtime any more, whoever comes next tries again.
        if let Err(error) = runtime::spawn(serving) {
            self.tell(&error);
        }
    }

    /// Writes a part of what waits; whether there may be more.
    async fn write_batch(&self, within: Duration) -> bool {
        let _turn = self.turn.get().lock().await;
        let (entries, leaving) = {
            let mut queue = self.queue();
            let keys: Vec<_> = queue.waiting.keys().take(BATCH).cloned().collect();
            let mut entries = Vec::new();
            let mut leaving = Vec::new();
            for key in keys {
                match queue.waiting.remove(&key) {
                    Some(Some(secret)) => entries.push((key, secret)),
                    Some(None) => leaving.push(key),
                    None => {}
                }
            }
            queue.leaving.extend(leaving.iter().cloned());
            (entries, leaving)
        };
        if entries.is_empty() && leaving.is_empty() {
            return true;
        }
        let cx = CallContext::new(Face::Async, within);
        let mut outcome = Ok(());
        for key in &leaving {
            let removed = self.store.delete(&cx, DeleteRequest::new(key));
            match bounded(&cx, Operation::Delete, self.store.name(), removed).await {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    // It stays unanswered, and is tried again with what comes next.
                    self.queue().waiting.entry(key.clone()).or_insert(None);
                    outcome = Err(error);
                }
                _ => {}
            }
            self.queue().leaving.remove(key);
        }
        if !entries.is_empty() {
            let written = self.store.set_many(&cx, SetManyRequest::new(&entries));
            let written = bounded(&cx, Operation::SetMany, self.store.name(), written).await;
            outcome = outcome.and(written.map(drop));
        }
        match outcome {
            Ok(()) => {
                self.is_failing.store(false, Ordering::Relaxed);
                true
            }
            Err(error) => {
                self.tell(&error);
                false
            }
        }
    }

    /// Until when a call may look: also where its own time is over, as it has waited for the backend, but then no longer
    /// for all its keys together than one look may take.
    pub(super) fn looks_until(cx: &CallContext) -> Instant {
        cx.deadline().max(Instant::now() + READ_WITHIN)
    }

    /// The value that was read last, and how long ago; none older than `oldest`.
    pub(super) async fn read(
        self: &Arc<Self>,
        (face, until): (Face, Instant),
        key: &SecretKey,
        now: i64,
        oldest: Duration,
    ) -> Option<(Secret, Duration)> {
        let within = until.saturating_duration_since(Instant::now()).min(READ_WITHIN);
        if within.is_zero() {
            return None;
        }
        if !self.queue().may_answer(key) {
            return None;
        }
        let cx = CallContext::new(face, within);
        let found = bounded(
            &cx,
            Operation::Get,
            self.store.name(),
            self.store.get(&cx, GetRequest::new(key)),
        );
        let stored = match found.await {
            Ok(stored) => stored?,
            Err(error) => {
                self.tell(&error);
                return None;
            }
        };
        let (secret, read_at) = record::read(&stored.value, &self.from)?;
        let age = Duration::from_micros(u64::try_from(now.saturating_sub(read_at)).unwrap_or(0));
        (age <= oldest).then_some((secret, age))
    }

    /// Writes what waits, as far as that comes to an end in time.
    async fn flush(&self, cx: &CallContext) {
        let writing = async {
            // At least once: a batch that is being written does not wait any more, and must end before the store does.
            while self.write_batch(cx.remaining()).await && !self.queue().waiting.is_empty() {}
            Ok(())
        };
        // What is late is left out, as anything that the disk does not take.
        drop(bounded(cx, Operation::SetMany, self.store.name(), Box::pin(writing)).await);
    }

    /// Wipes what waits to be kept, and forgets the store's key until it is needed again. The file stays.
    pub(super) async fn lock(&self, cx: &CallContext) -> Result<()> {
        let wiped = {
            let queue = &mut *self.queue();
            let all = std::mem::take(&mut queue.waiting);
            let (kept, left): (BTreeMap<_, _>, BTreeMap<_, _>) =
                all.into_iter().partition(|(_, secret)| secret.is_some());
            queue.waiting = left;
            kept
        };
        drop(wiped);
        self.flush(cx).await;
        self.store.lock(cx).await
    }

    /// Writes what waits, and closes the store.
    pub(super) async fn close(&self, cx: &CallContext) -> Result<()> {
        self.flush(cx).await;
        self.store.close(cx).await
    }

    fn tell(&self, error: &Error) {
        if !self.is_failing.swap(true, Ordering::Relaxed) {
            let outcome = error.kind().token();
            tracing::warn!(target: TARGET, outcome, "last known values cannot be kept in `cache_file`; calls go on without");
        }
    }
}

impl fmt::Debug for LastKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastKnown")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::park::block_on;
    use crate::testing::{Fault, FaultBackend};

    fn known(store: Arc<dyn Backend>) -> Arc<LastKnown> {
        Arc::new(LastKnown {
            store,
            from: "there".to_owned(),
            queue: ForkCell::with(Mutex::default),
            turn: ForkCell::with(tokio::sync::Mutex::default),
            is_failing: AtomicBool::new(false),
        })
    }

    fn read(known: &Arc<LastKnown>, key: &SecretKey) -> bool {
        let cx = CallContext::new(Face::Blocking, Duration::ZERO);
        let until = LastKnown::looks_until(&cx);
        block_on(known.read((cx.face(), until), key, 0, Duration::MAX)).is_some()
    }

    #[test]
    fn removals_that_a_full_disk_does_not_take_are_bounded_and_none_of_them_is_answered() {
        let store = FaultBackend::new(crate::testing::memory());
        let known = known(store.clone());
        let kept = SecretKey::new("kept");
        known.keep_if(&kept, &Secret::new("v"), 0, || true);
        store
            .wait_for(Duration::from_secs(30), |now| now.finished == 1)
            .expect("the write");
        assert!(read(&known, &kept));
        store.on(Operation::Delete).then(Fault::Fail(ErrorKind::StorageFull));
        for n in 0..=MOST_REMOVALS {
            known.forget(&SecretKey::new(format!("absent{n}")));
        }
        let queue = known.queue();
        assert!(queue.is_given_up);
        assert!(queue.waiting.len() <= BATCH, "{}", queue.waiting.len());
        drop(queue);
        known.forget(&kept);
        assert!(!read(&known, &kept), "nobody knows which removals were left out");
    }

    #[test]
    fn the_keys_of_a_call_wait_for_a_disk_that_hangs_no_longer_than_one() {
        let store = FaultBackend::new(crate::testing::memory());
        store.on(Operation::Get).then(Fault::Hang);
        let known = known(store.clone());
        let cx = CallContext::new(Face::Blocking, Duration::ZERO);
        let until = LastKnown::looks_until(&cx);
        for n in 0..50 {
            let key = SecretKey::new(format!("k{n}"));
            assert!(block_on(known.read((cx.face(), until), &key, 0, Duration::MAX)).is_none());
        }
        let looked = store.counters().started;
        assert!((1..5).contains(&looked), "{looked} looks");
    }

    #[test]
    fn no_secret_takes_the_place_of_the_stores_mark() {
        let known = known(crate::testing::memory());
        let mark = SecretKey::parse(MARK).unwrap();
        known.keep_if(&mark, &Secret::new("v"), 0, || true);
        known.forget(&mark);
        assert!(known.queue().waiting.is_empty());
    }
}
