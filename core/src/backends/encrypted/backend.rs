//! The backend: requests to steps in the store, reads inline, writes on the worker.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::config::Config;
use super::questions::Questions;
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteRequest, Description, GetManyRequest, GetRequest,
    Health, IfVersion, ListPage, ListRequest, Operation, Persistence, RollbackRequest, SetManyOutcome, SetManyRequest,
    SetOutcome, SetRequest, UpdateMetadataRequest, VerifyReport, VersionEntry, VersionsRequest,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::store::write::{Condition, Entry, Mutated};
use crate::store::{self, Halt, MAX_VALUE, Session, Step, Wait, index, read, unpoisoned, verify, write};
use crate::sys::files;
use crate::sys::stack;
use crate::worker::Worker;

/// How often a call opens the store anew where it turns out to be another one than it was.
const REOPENINGS: usize = 2;

/// The encrypted store as a backend.
pub(in crate::backends) struct Encrypted {
    opened: Arc<Opened>,
    worker: Worker,
    capabilities: Capabilities,
}

/// What the backend's calls share with its worker.
struct Opened {
    config: Config,
    /// Locked only inside the gate that a fork waits for, so that no child inherits it locked.
    state: Mutex<State>,
    /// How often the backend was locked or closed: an unlocking that began before must not undo it.
    leavings: AtomicU64,
    questions: Questions,
}

#[derive(Clone)]
enum State {
    Open(Arc<Session>),
    Locked,
    Closed,
}

impl Encrypted {
    /// Opens the store, and makes it where there is none and the settings allow it.
    pub(in crate::backends) fn open(config: Config, cx: &CallContext) -> Result<Self> {
        let name = config.name;
        let opened = Opened {
            config,
            state: Mutex::new(State::Locked),
            leavings: AtomicU64::new(0),
            questions: Questions::default(),
        };
        // Reading the settings may have waited for a descriptor.
        cx.check_cancelled()?;
        let mut wait = Wait::patient(cx);
        let unlocked = opened.unlock(&mut wait, true);
        stack::sweep();
        unlocked.map_err(Halt::into_error)?;
        Ok(Self {
            opened: Arc::new(opened),
            worker: Worker::new(name),
            capabilities: Capabilities::complete(Persistence::Disk, MAX_VALUE),
        })
    }

    fn named(&self, error: Error, operation: Operation) -> Error {
        error.with_operation(operation).with_backend(self.opened.config.name)
    }

    /// Runs a read on this thread; where it would have to sleep and must not, on the worker.
    fn read<'a, T: Send + 'static>(
        &'a self,
        cx: &'a CallContext,
        operation: Operation,
        job: impl Fn(&Session, &mut Wait<'_>) -> Step<T> + Send + 'static,
    ) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move {
            let answer = match self.opened.run(&mut Wait::for_face(cx), &job) {
                Err(Halt::Busy) if !cx.face().may_sleep() => return self.on_worker(cx, operation, job).await,
                answer => answer.map_err(Halt::into_error),
            };
            answer.map_err(|error| self.named(error, operation))
        })
    }

    /// Runs a job on the worker, with patience.
    async fn on_worker<T: Send + 'static>(
        &self,
        cx: &CallContext,
        operation: Operation,
        job: impl Fn(&Session, &mut Wait<'_>) -> Step<T> + Send + 'static,
    ) -> Result<T> {
        let opened = Arc::clone(&self.opened);
        let run = move |cx: &CallContext| opened.run(&mut Wait::patient(cx), &job).map_err(Halt::into_error);
        self.worker
            .run(cx, operation, run)
            .await
            .map_err(|error| self.named(error, operation))
    }

    /// Runs a read that takes long: on the caller's thread where that is ours, else on the worker.
    fn long_read<'a, T: Send + 'static>(
        &'a self,
        cx: &'a CallContext,
        operation: Operation,
        job: impl Fn(&Session, &mut Wait<'_>) -> Step<T> + Send + 'static,
    ) -> BoxFuture<'a, Result<T>> {
        if cx.face().may_sleep() {
            self.read(cx, operation, job)
        } else {
            Box::pin(self.on_worker(cx, operation, job))
        }
    }

    /// Lets the writes that were sent end, then forgets the keys: a write after that would unlock again.
    fn leave<'a>(&'a self, cx: &'a CallContext, operation: Operation, next: State) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if matches!(next, State::Closed) {
                // Its thread ends with the last job, this one as a rule.
                self.worker.retire();
                self.opened.questions.give_up();
            }
            // The worker runs one job after the other: when this one has run, so have all before it.
            let drained = self.worker.run(cx, operation, |_| Ok(())).await;
            self.opened
                .leave(next)
                .and(drained)
                .map_err(|error| self.named(error, operation))
        })
    }

    /// Runs a mutation on the worker.
    fn mutate<'a>(
        &'a self,
        cx: &'a CallContext,
        operation: Operation,
        job: impl Fn(&Session, &mut Wait<'_>) -> Step<Mutated> + Send + 'static,
    ) -> BoxFuture<'a, Result<Mutated>> {
        Box::pin(self.on_worker(cx, operation, move |session, wait| {
            let mutated = job(session, wait);
            match &mutated {
                Ok(mutated) => index::follow(session, mutated),
                Err(_) => index::forget(session),
            }
            mutated
        }))
    }
}

impl Opened {
    /// Locks the state for a moment. Nothing that may wait, and nothing that closes connections, happens meanwhile.
    fn state<T>(&self, job: impl FnOnce(&mut State) -> T) -> Step<T> {
        store::guarded(|| {
            let mut state: MutexGuard<'_, State> = unpoisoned(self.state.lock());
            Ok(job(&mut state))
        })
    }

    /// Runs `job` with the session, which is opened anew where it must be, and leaves no trace of it on the stack.
    fn run<T>(&self, wait: &mut Wait<'_>, job: &impl Fn(&Session, &mut Wait<'_>) -> Step<T>) -> Step<T> {
        let answer = self.run_in_session(wait, job);
        stack::sweep();
        answer
    }

    fn run_in_session<T>(&self, wait: &mut Wait<'_>, job: &impl Fn(&Session, &mut Wait<'_>) -> Step<T>) -> Step<T> {
        let mut reopenings = 0;
        loop {
            let session = match self.state(|state| state.clone())? {
                State::Open(session) => session,
                State::Locked => {
                    let session = self.unlock(wait, false)?;
                    wait.cx().check_left()?;
                    session
                }
                State::Closed => return Err(Error::new(ErrorKind::Closed, "the manager was closed").into()),
            };
            let answer = session.check_path().and_then(|()| job(&session, wait));
            let allowed = match &answer {
                Err(Halt::Stale) => REOPENINGS,
                // Another process may have made the epoch since; one look at the file of now tells.
                Err(Halt::NoEpoch(_)) => 1,
                _ => 0,
            };
            if reopenings >= allowed {
                return answer;
            }
            reopenings += 1;
            let old = self.state(|state| match state {
                State::Open(current) if Arc::ptr_eq(current, &session) => std::mem::replace(state, State::Locked),
                _ => State::Locked,
            })?;
            drop(old);
        }
    }

    /// Opens the session. Two threads may do so at once; the first one's stays.
    fn unlock(&self, wait: &mut Wait<'_>, may_create: bool) -> Step<Arc<Session>> {
        let config = &self.config;
        let leavings = self.leavings.load(Ordering::Acquire);
        if config.source.is_slow() && !wait.may_sleep() {
            return Err(Halt::Busy);
        }
        let mut keys = None;
        if matches!(files::file_id(&config.path), Ok(None)) {
            // Not `not_found`: that would read as an answer about a secret, and a fallback would go on.
            if !may_create {
                return Err(store::gone(&config.path).into());
            }
            if !config.create {
                return Err(Error::new(
                    ErrorKind::Unavailable,
                    format!("there is no store at {}", files::shown(&config.path)),
                )
                .with_setting("encrypted.path")
                .with_help("set `encrypted.create` to `auto`, or make it with `strongroom --app <application> init`")
                .into());
            }
            if config.source.is_slow() {
                // Not while other processes wait for the creation lock, and only once.
                keys = Some(self.questions.ask(wait.cx(), |cx| config.source.read(cx))?);
                wait.cx().check_cancelled()?;
            }
            let cx = wait.cx();
            store::create::create(&config.path, wait, || match &keys {
                Some(keys) => Ok(keys.first.clone()),
                None => config.source.read_or_make(cx),
            })?;
        }
        // Before the key: a path that is no store's must not read as a key that is missing.
        store::check_place(&config.path)?;
        let keys = match keys {
            Some(keys) => keys,
            None => {
                let keys = self.questions.ask(wait.cx(), |cx| config.source.read(cx))?;
                // Whoever was asked may have taken as long as a person takes: more than the deadline is no matter.
                wait.cx().check_cancelled()?;
                keys
            }
        };
        let session = keys.open(|key| Session::open(&config.path, key, config.limits, wait))?;
        let session = Arc::new(session);
        let (answer, unused) = self.state(|state| match state {
            State::Open(first) => (Ok(Arc::clone(first)), Some(session)),
            // Locked since this call began: it may end, but the keys stay for no other one.
            State::Locked if self.leavings.load(Ordering::Acquire) != leavings => (Ok(session), None),
            State::Locked => {
                *state = State::Open(Arc::clone(&session));
                (Ok(session), None)
            }
            State::Closed => (
                Err(Error::new(ErrorKind::Closed, "the manager was closed")),
                Some(session),
            ),
        })?;
        drop(unused);
        Ok(answer?)
    }

    /// Leaves the open state; the session ends with the calls that still use it.
    fn leave(&self, next: State) -> Result<()> {
        let old = self.state(|state| {
            self.leavings.fetch_add(1, Ordering::AcqRel);
            match state {
                State::Closed => State::Closed,
                state => std::mem::replace(state, next),
            }
        });
        let old = old.map_err(Halt::into_error)?;
        if let State::Open(session) = &old {
            index::forget(session);
        }
        self.config.source.forget();
        drop(old);
        Ok(())
    }
}

impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encrypted")
            .field("config", &self.opened.config)
            .finish_non_exhaustive()
    }
}

impl Backend for Encrypted {
    fn name(&self) -> &'static str {
        self.opened.config.name
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn needs_runtime(&self) -> bool {
        false
    }

    fn location(&self) -> Option<String> {
        let path = &self.opened.config.path;
        let path = files::resolve(path).unwrap_or_else(|_| path.clone());
        Some(path.to_string_lossy().into_owned())
    }

    fn change_token(&self) -> Option<ChangeToken> {
        match self.opened.state(|state| state.clone()) {
            Ok(State::Open(session)) => Some(session.change_token()),
            Ok(State::Locked | State::Closed) => None,
            // This process cannot look any more, so it must not trust what it read before.
            Err(_) => Some(store::unknown_token()),
        }
    }

    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        let (key, version) = (req.key.clone(), req.version.cloned());
        self.read(cx, Operation::Get, move |session, wait| {
            read::get(session, &key, version.as_ref(), wait)
        })
    }

    fn get_many<'a>(
        &'a self,
        cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(req.keys.len());
            for key in req.keys {
                cx.check().map_err(|error| self.named(error, Operation::GetMany))?;
                outcomes.push(
                    self.get(cx, GetRequest::new(key))
                        .await
                        .map_err(|error| error.with_key(key)),
                );
            }
            Ok(outcomes)
        })
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        let (key, version) = (req.key.clone(), req.version.cloned());
        self.read(cx, Operation::Describe, move |session, wait| {
            let metadata = match &version {
                None => read::describe(session, &key, wait)?,
                Some(version) => read::describe_version(session, &key, version, wait)?,
            };
            Ok(metadata.map(Description::new))
        })
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        let page = index::Page {
            filter: req.filter.clone(),
            after: req.after.cloned(),
            limit: req.limit,
            full: req.full_metadata,
        };
        // A warm index answers at once on any thread; a scan of a large store would hold up an executor.
        let warm =
            matches!(self.opened.state(|state| state.clone()), Ok(State::Open(session)) if index::is_warm(&session));
        let job = move |session: &Session, wait: &mut Wait<'_>| index::list(session, &page, wait);
        if warm {
            self.read(cx, Operation::List, job)
        } else {
            self.long_read(cx, Operation::List, job)
        }
    }

    fn set<'a>(&'a self, cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        let entries = [entry(req)];
        let mutated = self.mutate(cx, Operation::Set, move |session, wait| {
            write::set(session, &entries, wait)
        });
        Box::pin(async move { only(mutated.await?) })
    }

    fn set_many<'a>(&'a self, cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        let mut keys: Vec<_> = req.entries.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        if let Some([twice, _]) = keys.array_windows().find(|[left, right]| left == right) {
            let error = Error::new(ErrorKind::InvalidArgument, "the same key is there twice").with_key(twice);
            return Box::pin(std::future::ready(Err(self.named(error, Operation::SetMany))));
        }
        let entries: Vec<Entry> = req.requests().map(entry).collect();
        if entries.is_empty() {
            return Box::pin(std::future::ready(Ok(SetManyOutcome::new(Vec::new()))));
        }
        let mutated = self.mutate(cx, Operation::SetMany, move |session, wait| {
            write::set(session, &entries, wait)
        });
        Box::pin(async move {
            Ok(SetManyOutcome::new(
                mutated.await?.outcomes.into_iter().map(Ok).collect(),
            ))
        })
    }

    fn update_metadata<'a>(
        &'a self,
        cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        let (key, update, condition) = (req.key.clone(), req.update.clone(), owned(req.condition));
        let mutated = self.mutate(cx, Operation::UpdateMetadata, move |session, wait| {
            write::update_metadata(session, &key, &update, &condition, wait)
        });
        Box::pin(async move { only(mutated.await?) })
    }

    fn delete<'a>(&'a self, cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        let (key, condition) = (req.key.clone(), owned(req.condition));
        let mutated = self.mutate(cx, Operation::Delete, move |session, wait| {
            write::delete(session, &key, &condition, wait)
        });
        Box::pin(async move { Ok(mutated.await?.step) })
    }

    fn versions<'a>(
        &'a self,
        cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        let key = req.key.clone();
        self.read(cx, Operation::Versions, move |session, wait| {
            read::versions(session, &key, wait)?.ok_or_else(|| {
                Error::new(ErrorKind::NotFound, "there is no such secret")
                    .with_key(&key)
                    .into()
            })
        })
    }

    fn rollback<'a>(&'a self, cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        let (key, version) = (req.key.clone(), req.version.clone());
        let mutated = self.mutate(cx, Operation::Rollback, move |session, wait| {
            write::rollback(session, &key, &version, wait)
        });
        Box::pin(async move { only(mutated.await?) })
    }

    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        Box::pin(async move {
            match self.read(cx, Operation::Health, Session::probe).await {
                Ok(true) => Ok(Health::ok()),
                Ok(false) => Ok(Health::degraded(
                    "the store's file is not in WAL mode: reads and writes wait for each other",
                )),
                Err(error) if error.kind() == ErrorKind::Closed => Err(error),
                Err(error) => Ok(Health::unavailable(error)),
            }
        })
    }

    fn verify<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        self.long_read(cx, Operation::Verify, verify::verify)
    }

    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.leave(cx, Operation::Lock, State::Locked)
    }

    fn close<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.leave(cx, Operation::Close, State::Closed)
    }
}

/// A request for a job that outlives it.
fn entry(request: SetRequest<'_>) -> Entry {
    Entry {
        key: request.key.clone(),
        secret: request.secret.duplicate(),
        condition: owned(request.condition),
        created_at: request.created_at,
    }
}

fn owned(condition: IfVersion<'_>) -> Condition {
    match condition {
        IfVersion::Any => Condition::Any,
        IfVersion::Absent => Condition::Absent,
        IfVersion::Is(version) => Condition::Is(version.clone()),
    }
}

/// The one outcome of a mutation of one secret.
fn only(mutated: Mutated) -> Result<SetOutcome> {
    mutated
        .outcomes
        .into_iter()
        .next()
        .ok_or_else(|| Error::new(ErrorKind::Internal, "a write left no outcome"))
}
