//! The contract over the state: one lock, one counter, no waiting.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::state::{State, Written};
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeStep, ChangeToken, DeleteRequest, Description, GetManyRequest, GetRequest,
    Health, ListPage, ListRequest, Operation, Persistence, RollbackRequest, SetManyOutcome, SetManyRequest, SetOutcome,
    SetRequest, UpdateMetadataRequest, VerifyReport, VersionEntry, VersionsRequest,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::Secret;
use crate::sys::fork;

const NAME: &str = "memory";
const MAX_VALUE: usize = 8 << 20;
/// How long a child whose fork cut through a call looks whether the lock is free, before it calls it lost.
const STRANDED_PATIENCE: Duration = Duration::from_millis(100);

/// Secrets in this process's memory.
///
/// A forked child has a copy of its own: whoever holds the lock stands inside the fork gate, so a fork waits until
/// nobody does, and the child's copy is whole and unlocked. That is why the state is in no fork cell, which would
/// give the child an empty one.
pub(crate) struct MemoryBackend {
    state: Mutex<State>,
    /// Which memory of this process, so that the tokens of two memories never agree.
    instance: u64,
    /// The number of changes. Written under the lock, read without it.
    changes: AtomicU64,
    capabilities: Capabilities,
}

/// The lock and the gate. The fields are dropped in this order: the lock must be free before the gate opens.
struct Locked<'a> {
    state: MutexGuard<'a, State>,
    _inside: fork::Inside,
}

impl MemoryBackend {
    pub(crate) fn new() -> Self {
        static INSTANCES: AtomicU64 = AtomicU64::new(0);
        Self {
            state: Mutex::default(),
            instance: INSTANCES.fetch_add(1, Ordering::Relaxed),
            changes: AtomicU64::new(0),
            capabilities: Capabilities::complete(Persistence::Process, MAX_VALUE),
        }
    }

    fn enter(&self) -> Result<Locked<'_>> {
        let inside = fork::enter();
        if !fork::is_stranded() {
            // Nothing panics between the first and the last change of a write, so a poisoned state is whole.
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            return Ok(Locked { state, _inside: inside });
        }
        // This child was forked while some thread was inside the gate, perhaps with this lock in its hand; nobody
        // would ever free it.
        let end = Instant::now() + STRANDED_PATIENCE;
        loop {
            match self.state.try_lock() {
                Ok(state) => return Ok(Locked { state, _inside: inside }),
                Err(TryLockError::Poisoned(poisoned)) => {
                    return Ok(Locked {
                        state: poisoned.into_inner(),
                        _inside: inside,
                    });
                }
                Err(TryLockError::WouldBlock) if Instant::now() < end => std::thread::yield_now(),
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::new(
                        ErrorKind::Unavailable,
                        "the process was forked while another thread used the memory",
                    ));
                }
            }
        }
    }

    fn enter_open(&self) -> Result<Locked<'_>> {
        let locked = self.enter()?;
        if locked.state.closed {
            return Err(Error::new(ErrorKind::Closed, "the backend was closed"));
        }
        Ok(locked)
    }

    fn token(&self, changes: u64) -> ChangeToken {
        ChangeToken([self.instance, changes, 0, 0])
    }

    fn read<T>(&self, operation: Operation, read: impl FnOnce(&State) -> Result<T>) -> Result<T> {
        self.enter_open()
            .and_then(|locked| read(&locked.state))
            .map_err(|error| name(error, operation))
    }

    /// Runs a write; a failed one changes nothing and leaves the token.
    fn write<T>(&self, operation: Operation, write: impl FnOnce(&mut State) -> Result<T>) -> Result<(T, ChangeStep)> {
        let run = || {
            let mut locked = self.enter_open()?;
            let answer = write(&mut locked.state)?;
            // Nobody else changes the counter while the lock is held.
            let before = self.changes.load(Ordering::Relaxed);
            self.changes.store(before + 1, Ordering::Release);
            Ok((answer, ChangeStep::new(self.token(before), self.token(before + 1))))
        };
        run().map_err(|error| name(error, operation))
    }

    fn check_size(&self, key: &SecretKey, secret: &Secret, operation: Operation) -> Result<()> {
        let limit = self.capabilities.max_value;
        if secret.value.len() > limit {
            let error = Error::new(ErrorKind::TooLarge, format!("the value is longer than {limit} bytes"));
            return Err(name(error.with_key(key), operation));
        }
        Ok(())
    }
}

fn name(error: Error, operation: Operation) -> Error {
    error.with_operation(operation).with_backend(NAME)
}

fn outcome((written, step): (Written, ChangeStep)) -> SetOutcome {
    SetOutcome::new(Some(written.version), written.created, step)
}

impl fmt::Debug for MemoryBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBackend")
            .field("changes", &self.changes)
            .finish_non_exhaustive()
    }
}

impl Backend for MemoryBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn needs_runtime(&self) -> bool {
        false
    }

    fn change_token(&self) -> Option<ChangeToken> {
        Some(self.token(self.changes.load(Ordering::Acquire)))
    }

    fn get<'a>(&'a self, _cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        Box::pin(async move { self.read(Operation::Get, |state| Ok(state.get(req.key, req.version))) })
    }

    fn get_many<'a>(
        &'a self,
        _cx: &'a CallContext,
        req: GetManyRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Secret>>>>> {
        Box::pin(async move {
            self.read(Operation::GetMany, |state| {
                Ok(req.keys.iter().map(|key| Ok(state.get(key, None))).collect())
            })
        })
    }

    fn describe<'a>(&'a self, _cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        Box::pin(async move { self.read(Operation::Describe, |state| Ok(state.describe(req.key, req.version))) })
    }

    fn list<'a>(&'a self, _cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        Box::pin(async move { self.read(Operation::List, |state| state.list(&req)) })
    }

    fn set<'a>(&'a self, _cx: &'a CallContext, req: SetRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(async move {
            self.check_size(req.key, req.secret, Operation::Set)?;
            self.write(Operation::Set, |state| state.set(&req)).map(outcome)
        })
    }

    fn set_many<'a>(&'a self, _cx: &'a CallContext, req: SetManyRequest<'a>) -> BoxFuture<'a, Result<SetManyOutcome>> {
        Box::pin(async move {
            for (key, secret) in req.entries {
                self.check_size(key, secret, Operation::SetMany)?;
            }
            if req.entries.is_empty() {
                return self.read(Operation::SetMany, |_| Ok(SetManyOutcome::new(Vec::new())));
            }
            let (written, step) = self.write(Operation::SetMany, |state| state.set_many(&req))?;
            // One change of the store, so one step, told with every entry.
            Ok(SetManyOutcome::new(
                written
                    .into_iter()
                    .map(|written| Ok(outcome((written, step))))
                    .collect(),
            ))
        })
    }

    fn update_metadata<'a>(
        &'a self,
        _cx: &'a CallContext,
        req: UpdateMetadataRequest<'a>,
    ) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(async move {
            self.write(Operation::UpdateMetadata, |state| {
                state.update_metadata(req.key, req.update, req.condition)
            })
            .map(outcome)
        })
    }

    fn delete<'a>(&'a self, _cx: &'a CallContext, req: DeleteRequest<'a>) -> BoxFuture<'a, Result<ChangeStep>> {
        Box::pin(async move {
            self.write(Operation::Delete, |state| state.delete(req.key, req.condition))
                .map(|((), step)| step)
        })
    }

    fn versions<'a>(
        &'a self,
        _cx: &'a CallContext,
        req: VersionsRequest<'a>,
    ) -> BoxFuture<'a, Result<Vec<VersionEntry>>> {
        Box::pin(async move { self.read(Operation::Versions, |state| state.versions(req.key)) })
    }

    fn rollback<'a>(&'a self, _cx: &'a CallContext, req: RollbackRequest<'a>) -> BoxFuture<'a, Result<SetOutcome>> {
        Box::pin(async move {
            self.write(Operation::Rollback, |state| state.rollback(req.key, req.version))
                .map(outcome)
        })
    }

    fn health<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        Box::pin(async move { self.read(Operation::Health, |_| Ok(Health::ok())) })
    }

    fn verify<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<VerifyReport>> {
        Box::pin(async move { self.read(Operation::Verify, |state| Ok(state.verify())) })
    }

    /// There is no key to forget.
    fn lock<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.read(Operation::Lock, |_| Ok(())) })
    }

    fn close<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut locked = self.enter().map_err(|error| name(error, Operation::Close))?;
            locked.state.close();
            Ok(())
        })
    }
}
