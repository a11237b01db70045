//! The backend: reads inline from the document in memory, writes on the worker.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::config::Config;
use super::document::{Document, Page};
use super::metadata;
use super::place::{self, Changed, Place, Snapshot};
use super::render::{self, Edit, Edits};
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteRequest, Description, GetRequest, Health,
    IfVersion, ListPage, ListRequest, Operation, Persistence, SetManyOutcome, SetManyRequest, SetOutcome, SetRequest,
    UpdateMetadataRequest, VerifyReport, lacks,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, SecretMetadata, Version};
use crate::sys::files::shown;
use crate::sys::fork::ForkCell;
use crate::worker::Worker;

pub(super) const NAME: &str = "file";
const MAX_VALUE: usize = 8 << 20;

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

/// One secret to write, owned by the job that writes it.
struct Entry {
    key: SecretKey,
    secret: Secret,
    condition: Condition,
    created_at: Option<time::OffsetDateTime>,
}

impl Entry {
    fn of(request: SetRequest<'_>) -> Self {
        Self {
            key: request.key.clone(),
            secret: request.secret.duplicate(),
            condition: owned(request.condition),
            created_at: request.created_at,
        }
    }
}

/// [`IfVersion`] for a job that outlives its request.
enum Condition {
    Any,
    Absent,
    Is(Version),
}

impl FileBackend {
    /// Opens the file; see [`super::open`].
    pub(super) fn open(config: Config, cx: &CallContext) -> Result<Self> {
        tracing::warn!(
            backend = NAME,
            file = %shown(&config.path),
            "the file backend keeps secrets in plain text"
        );
        let shared = Shared {
            place: Place::new(config),
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

    /// Runs a read: on this thread, unless the file must be put in order first or lies on a network.
    fn read<'a, T: Send + 'static>(
        &'a self,
        cx: &'a CallContext,
        operation: Operation,
        job: impl Fn(&Document) -> Result<T> + Send + 'static,
    ) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move {
            let found = match self.shared.place.is_remote {
                true => Ok(None),
                false => self.shared.current(),
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

    /// The document of now; `None` where the file must be put in order first.
    fn current(&self) -> Result<Option<Arc<Snapshot>>> {
        self.check_open()?;
        let stamp = self.place.stamp()?;
        let kept = self.lock().clone();
        if let Some(kept) = kept.filter(|kept| kept.stamp == stamp) {
            return Ok(Some(kept));
        }
        Ok(self.place.read()?.map(|snapshot| self.keep(snapshot)))
    }

    /// The document of now, the file put in order where it must be. Takes as long as its lock and its disk do.
    fn settled(&self, cx: &CallContext) -> Result<Arc<Snapshot>> {
        match self.current()? {
            Some(snapshot) => Ok(snapshot),
            None => Ok(self.keep(self.place.settle(cx)?)),
        }
    }
}

/// The text with these secrets in it, and what each write leaves.
fn put(document: &Document, entries: &[Entry]) -> Result<Changed<Vec<(Version, bool)>>> {
    let mut edits = Edits::new();
    let mut written = Vec::with_capacity(entries.len());
    for entry in entries {
        let present = document.entries.get(&entry.key);
        let former = present.and_then(|found| found.parts.as_ref()).map(|(_, known)| known);
        meets(&entry.condition, present.is_some(), former).map_err(|error| error.with_key(&entry.key))?;
        let updated_at = metadata::next_time(former.and_then(|known| known.updated_at));
        let edit = Edit::Put {
            value: entry.secret.value.expose_str()?,
            metadata: &entry.secret.metadata,
            updated_at,
            created_at: entry.created_at.unwrap_or(updated_at),
        };
        written.push((metadata::version(Some(updated_at)), present.is_none()));
        edits.insert(&entry.key, edit);
    }
    Ok(Changed {
        text: render::changed(document, &edits)?,
        answer: written,
    })
}

/// Whether a write may happen; `former` is what is known about the secret, where it is there and can be read.
fn meets(condition: &Condition, is_present: bool, former: Option<&SecretMetadata>) -> Result<()> {
    let current = former.and_then(|known| known.version.as_ref()).map(Version::as_str);
    let reason = match condition {
        Condition::Any => return Ok(()),
        Condition::Absent if !is_present => return Ok(()),
        Condition::Is(wanted) if current == Some(wanted.as_str()) => return Ok(()),
        Condition::Absent => "the secret exists already",
        Condition::Is(_) if is_present => "the current version of the secret is another one",
        Condition::Is(_) => "the secret does not exist",
    };
    Err(Error::new(ErrorKind::Conflict, reason))
}

/// What the file can never hold.
fn check(key: &SecretKey, secret: &Secret) -> Result<()> {
    if secret.value.len() > MAX_VALUE {
        let error = Error::new(
            ErrorKind::TooLarge,
            format!("the value is longer than {MAX_VALUE} bytes"),
        );
        return Err(error.with_key(key));
    }
    match secret.value.expose_str() {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(
            ErrorKind::Unsupported,
            "the file holds text only, and the `value` is no UTF-8 text",
        )
        .with_key(key)),
    }
}

fn owned(condition: IfVersion<'_>) -> Condition {
    match condition {
        IfVersion::Any => Condition::Any,
        IfVersion::Absent => Condition::Absent,
        IfVersion::Is(version) => Condition::Is(version.clone()),
    }
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
            match self.read(cx, Operation::Health, |_| Ok(())).await {
                Ok(()) => Ok(match self.shared.place.set_aside() {
                    None => Health::ok(),
                    Some(aside) => Health::degraded(format!(
                        "the secrets file was corrupt; it is kept as `{}`, and a fresh one was made",
                        shown(&aside)
                    )),
                }),
                Err(error) if error.kind() == ErrorKind::Closed => Err(error),
                Err(error) => Ok(Health::unavailable(error)),
            }
        })
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        self.read(cx, Operation::Verify, Document::verify)
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.leave(cx, Operation::Lock)
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.leave(cx, Operation::Close)
    }
}
