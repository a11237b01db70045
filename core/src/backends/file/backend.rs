//! The backend: reads inline from the document in memory, writes on the worker.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::config::Config;
use super::document::{Document, Page};
use super::entry::{Entry, check, meets, owned, put};
use super::place::{self, Changed, Place, Snapshot};
use super::render::{self, Edit, Edits};
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteRequest, Description, GetRequest, Health,
    ListPage, ListRequest, Operation, Persistence, SetManyOutcome, SetManyRequest, SetOutcome, SetRequest,
    UpdateMetadataRequest, VerifyReport, lacks,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::Secret;
use crate::sys::files::{Stamp, shown};
use crate::sys::fork::ForkCell;
use crate::worker::Worker;

pub(super) const NAME: &str = "file";
pub(super) const MAX_VALUE: usize = 8 << 20;

/// A plain JSON file as a backend.
pub(super) struct FileBackend {
    shared: Arc<Shared>,
    worker: Worker,
    capabilities: Capabilities,
}

/// What the backend's calls share with its worker.
struct Shared {
    place: Place,
    /// The document as it was last read. In a cell, because a child must not inherit the lock.
    snapshot: ForkCell<Mutex<Option<Arc<Snapshot>>>>,
    is_closed: AtomicBool,
}

impl FileBackend {
    /// Opens the file; see [`super::open`]. With `is_remote` no call looks at it on the caller's thread.
    pub(super) fn open(config: Config, is_remote: bool, cx: &CallContext) -> Result<Self> {
        tracing::warn!(
            target: crate::manager::NATURE,
            backend = NAME,
            file = %shown(&config.path),
            "the file backend keeps secrets in plain text"
        );
        let shared = Shared {
            place: Place::new(config, is_remote),
            snapshot: ForkCell::new(Mutex::default),
            is_closed: AtomicBool::new(false),
        };
        let snapshot = shared.place.settle(cx)?;
        shared.keep(snapshot);
        let mut capabilities = Capabilities::complete(Persistence::Disk, MAX_VALUE);
        capabilities.versions = false;
        capabilities.binary = false;
        Ok(Self {
            shared: Arc::new(shared),
            worker: Worker::new(NAME),
            capabilities,
        })
    }

    /// Runs a read: on this thread, unless the file is large, must be put in order first or lies on a network.
    fn read<'a, T: Send + 'static>(
        &'a self,
        cx: &'a CallContext,
        operation: Operation,
        job: impl Fn(&Document) -> Result<T> + Send + 'static,
    ) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move {
            let found = match self.shared.place.is_remote {
                true => Ok(None),
                false => self.shared.current(Place::is_small),
            };
            let answer = match found {
                Ok(Some(snapshot)) => job(&snapshot.document),
                Ok(None) => {
                    let shared = Arc::clone(&self.shared);
                    let run = move |cx: &CallContext| job(&shared.settled(cx)?.document);
                    self.worker.run(cx, operation, run).await
                }
                Err(error) => Err(error),
            };
            answer.map_err(|error| named(error, operation))
        })
    }

    /// Runs a look that changes nothing, on the worker.
    fn examine<'a, T: Send + 'static>(
        &'a self,
        cx: &'a CallContext,
        operation: Operation,
        job: impl Fn(&Place, &Document) -> Result<T> + Send + 'static,
    ) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move {
            let shared = Arc::clone(&self.shared);
            let run = move |cx: &CallContext| job(&shared.place, &shared.examined(cx)?.document);
            let answer = self.worker.run(cx, operation, run).await;
            answer.map_err(|error| named(error, operation))
        })
    }

    /// Runs a write on the worker. `edit` answers what changes, and may be asked again.
    fn write<'a, T: Send + 'static>(
        &'a self,
        cx: &'a CallContext,
        operation: Operation,
        edit: impl Fn(&Document) -> Result<Changed<T>> + Send + 'static,
    ) -> BoxFuture<'a, Result<(T, ChangeStep)>> {
        Box::pin(async move {
            let shared = Arc::clone(&self.shared);
            let run = move |cx: &CallContext| {
                shared.check_open()?;
                let known = shared.lock().clone();
                let (answer, step, snapshot) = shared.place.change(cx, known, &edit)?;
                shared.keep(snapshot);
                Ok((answer, step))
            };
            let answer = self.worker.run(cx, operation, run).await;
            answer.map_err(|error| named(error, operation))
        })
    }

    /// Writes secrets in one go.
    fn put<'a>(
        &'a self,
        cx: &'a CallContext,
        operation: Operation,
        entries: Vec<Entry>,
    ) -> BoxFuture<'a, Result<Vec<SetOutcome>>> {
        let checked = entries.iter().try_for_each(|entry| check(&entry.key, &entry.secret));
        if let Err(error) = checked {
            return Box::pin(std::future::ready(Err(named(error, operation))));
        }
        let written = self.write(cx, operation, move |document| put(document, &entries));
        Box::pin(async move {
            let (written, step) = written.await?;
            let outcome = |(version, created)| SetOutcome::new(Some(version), created, step);
            Ok(written.into_iter().map(outcome).collect())
        })
    }

    /// Lets the writes that were sent end, then forgets what was read.
    fn leave<'a>(&'a self, cx: &'a CallContext, operation: Operation) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let is_close = operation == Operation::Close;
            if is_close {
                // Its thread ends with the last job, this one as a rule.
                self.worker.retire();
            }
            // The worker runs one job after the other: when this one has run, so have all before it.
            let drained = self.worker.run(cx, operation, |_| Ok(())).await;
            if is_close {
                self.shared.is_closed.store(true, Ordering::Release);
            }
            let forgotten = self.shared.lock().take();
            drop(forgotten);
            drained.map_err(|error| named(error, operation))
        })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<Arc<Snapshot>>> {
        // Nothing runs under the lock that could leave it half way.
        self.snapshot.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_open(&self) -> Result<()> {
        match self.is_closed.load(Ordering::Acquire) {
            true => Err(Error::new(ErrorKind::Closed, "the backend was closed")),
            false => Ok(()),
        }
    }

    fn keep(&self, snapshot: Snapshot) -> Arc<Snapshot> {
        let snapshot = Arc::new(snapshot);
        let mut kept = self.lock();
        if self.check_open().is_ok() {
            let former = kept.replace(Arc::clone(&snapshot));
            drop(kept);
            drop(former);
        }
        snapshot
    }

    /// The document of now; `None` where the file must be put in order first, or is to be read and is not `readable`.
    fn current(&self, readable: impl FnOnce(Option<Stamp>) -> bool) -> Result<Option<Arc<Snapshot>>> {
        self.check_open()?;
        let stamp = self.place.stamp()?;
        let kept = self.lock().clone();
        if let Some(kept) = kept.filter(|kept| kept.stamp == stamp) {
            return Ok(Some(kept));
        }
        if !readable(stamp) {
            return Ok(None);
        }
        Ok(self.place.read()?.map(|snapshot| self.keep(snapshot)))
    }

    /// The document of now, the file put in order where it must be. Takes as long as its lock and its disk do.
    fn settled(&self, cx: &CallContext) -> Result<Arc<Snapshot>> {
        match self.current(|_| true)? {
            Some(snapshot) => Ok(snapshot),
            None => Ok(self.keep(self.place.settle(cx)?)),
        }
    }

    /// The document of now, the file left as it is.
    fn examined(&self, cx: &CallContext) -> Result<Arc<Snapshot>> {
        match self.current(|_| true)? {
            Some(snapshot) => Ok(snapshot),
            // Not kept: a read would take it for one that is in order.
            None => Ok(Arc::new(self.place.examine(cx)?)),
        }
    }
}

/// What a corrupt file that was set aside means for who asks how things are.
fn left_aside(last: &Path, others: usize) -> String {
    let more = match others {
        0 => String::new(),
        _ => format!(" and {others} more beside it"),
    };
    format!(
        "the secrets file was corrupt and a fresh one was made; it is kept as `{}`{more}: inspect and remove or restore it",
        shown(last)
    )
}

fn named(error: Error, operation: Operation) -> Error {
    error.with_operation(operation).with_backend(NAME)
}

fn missing(key: &SecretKey) -> Error {
    Error::new(ErrorKind::NotFound, "there is no such secret").with_key(key)
}

impl fmt::Debug for FileBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileBackend")
            .field("place", &self.shared.place)
            .finish_non_exhaustive()
    }
}

impl Backend for FileBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn needs_runtime(&self) -> bool {
        false
    }

    fn location(&self) -> Option<String> {
        Some(self.shared.place.location())
    }

    fn change_token(&self) -> Option<ChangeToken> {
        self.shared.check_open().ok()?;
        if self.shared.place.is_remote {
            // A look may take as long as a network does; time decides instead.
            return None;
        }
        // A file that cannot be looked at is another one than any that was read.
        Some(match self.shared.place.stamp() {
            Ok(stamp) => place::token(stamp),
            Err(_) => ChangeToken([u64::MAX; 4]),
        })
    }

    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        if req.version.is_some() {
            return lacks(NAME, Operation::Get);
        }
        let key = req.key.clone();
        self.read(cx, Operation::Get, move |document| document.get(&key))
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        if req.version.is_some() {
            return lacks(NAME, Operation::Describe);
        }
        let key = req.key.clone();
        self.read(cx, Operation::Describe, move |document| document.describe(&key))
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        if req.limit == Some(0) {
            let error = Error::new(ErrorKind::InvalidArgument, "a page of a list has at least one entry");
            return Box::pin(std::future::ready(Err(named(error, Operation::List))));
        }
        let page = Page {
            filter: req.filter.clone(),
            after: req.after.cloned(),
            limit: req.limit,
        };
        self.read(cx, Operation::List, move |document| Ok(document.list(&page)))
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        let written = self.put(cx, Operation::Set, vec![Entry::of(req)]);
        Box::pin(async move {
            let outcome = written.await?.into_iter().next();
            outcome.ok_or_else(|| {
                named(
                    Error::new(ErrorKind::Internal, "a write left no outcome"),
                    Operation::Set,
                )
            })
        })
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        let mut keys: Vec<_> = req.entries.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        if let Some([twice, _]) = keys.array_windows().find(|[left, right]| left == right) {
            let error = Error::new(ErrorKind::InvalidArgument, "the same key is there twice").with_key(twice);
            return Box::pin(std::future::ready(Err(named(error, Operation::SetMany))));
        }
        if req.entries.is_empty() {
            return Box::pin(std::future::ready(Ok(SetManyOutcome::new(Vec::new()))));
        }
        let written = self.put(cx, Operation::SetMany, req.requests().map(Entry::of).collect());
        Box::pin(async move { Ok(SetManyOutcome::new(written.await?.into_iter().map(Ok).collect())) })
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        let (key, update, condition) = (req.key.clone(), req.update.clone(), owned(req.condition));
        let written = self.write(cx, Operation::UpdateMetadata, move |document| {
            let (_, known) = document.find(&key)?.ok_or_else(|| missing(&key))?;
            meets(&condition, true, Some(known)).map_err(|error| error.with_key(&key))?;
            let mut changed = known.clone();
            update.apply(&mut changed);
            let text = render::changed(document, &Edits::from([(&key, Edit::Describe(&changed))]))?;
            Ok(Changed {
                text,
                answer: known.version.clone(),
            })
        });
        Box::pin(async move {
            let (version, step) = written.await?;
            Ok(SetOutcome::new(version, false, step))
        })
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        let (key, condition) = (req.key.clone(), owned(req.condition));
        let written = self.write(cx, Operation::Delete, move |document: &Document| {
            let Some(present) = document.entries.get(&key) else {
                return Err(missing(&key));
            };
            let known = present.parts.as_ref().map(|(_, known)| known);
            meets(&condition, true, known).map_err(|error| error.with_key(&key))?;
            let text = render::changed(document, &Edits::from([(&key, Edit::Remove)]))?;
            Ok(Changed { text, answer: () })
        });
        Box::pin(async move { Ok(written.await?.1) })
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        Box::pin(async move {
            let aside = self.examine(cx, Operation::Health, |place, _| Ok(place.set_aside()));
            match aside.await {
                Ok(aside) => Ok(match aside.split_last() {
                    None => Health::ok(),
                    Some((last, others)) => Health::degraded(left_aside(last, others.len())),
                }),
                Err(error) if error.kind() == ErrorKind::Closed => Err(error),
                Err(error) => Ok(Health::unavailable(error)),
            }
        })
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        self.examine(cx, Operation::Verify, |_, document| document.verify())
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.leave(cx, Operation::Lock)
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.leave(cx, Operation::Close)
    }
}
