//! The wrapper: what a test tells it, and what a fault does to a call.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::counters::{Counters, Live};
use super::gate::{self, Gate};
use super::inherited::{copied, unpoisoned};
use super::script::{Fault, Rule, Script};
use crate::backend::{Backend, BoxFuture, Operation};
use crate::context::{CallContext, Face};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::fork::ForkCell;
use crate::worker::Worker;

pub(super) const NAME: &str = "fault";
/// How long a call that blocked may take once it is awake.
const AFTER_BLOCK: Duration = Duration::from_secs(10);

/// Another backend, and what goes wrong with it. Capabilities and change token are those of the other one.
///
/// A forked child has counters and waiting rooms of its own. Its script begins as a copy of what that of the process
/// that made the backend was at the fork; where a thread was changing it just then, as that was in the beginning.
pub struct FaultBackend {
    pub(super) inner: Arc<dyn Backend>,
    controls: ForkCell<Controls>,
    connected: AtomicBool,
    worker: Worker,
}

/// What has locks, which a child may inherit locked.
struct Controls {
    script: Arc<Mutex<Script>>,
    gate: Arc<Gate>,
    live: Arc<Live>,
}

/// A call of the inner backend that has everything it needs, so that a worker can make it.
pub(super) type OwnedCall<T> = Box<dyn FnOnce(&dyn Backend, &CallContext) -> Result<T> + Send>;

impl FaultBackend {
    /// Wraps `inner`; nothing fails yet.
    pub fn new(inner: Arc<dyn Backend>) -> Arc<Self> {
        Self::with_script(inner, Script::new())
    }

    /// Wraps `inner` in a script.
    pub fn with_script(inner: Arc<dyn Backend>, script: Script) -> Arc<Self> {
        let make = copied(script);
        let controls = ForkCell::new(move || {
            let live = Arc::new(Live::new());
            Controls {
                script: make(),
                gate: Arc::new(Gate::new(Arc::clone(&live))),
                live,
            }
        });
        Arc::new(Self {
            inner,
            controls,
            connected: AtomicBool::new(true),
            worker: Worker::new(NAME),
        })
    }

    /// Begins a rule for the calls of `operation`: `fault.on(Operation::Get).times(3).then(Fault::Locked)`.
    pub fn on(&self, operation: Operation) -> On<'_> {
        On {
            backend: self,
            operation: Some(operation),
            left: None,
        }
    }

    /// Begins a rule for the calls of any operation.
    pub fn on_any(&self) -> On<'_> {
        On {
            backend: self,
            operation: None,
            left: None,
        }
    }

    /// Replaces all rules. Calls that hang already go on hanging.
    pub fn set_script(&self, script: Script) {
        *self.rules() = script;
    }

    /// Releases every call that hangs or blocks now.
    pub fn wake(&self) {
        self.controls.get().gate.open();
    }

    /// Ends what [`Fault::Disconnect`] began.
    pub fn reconnect(&self) {
        self.connected.store(true, Ordering::SeqCst);
    }

    /// How many calls came, ended, and were given up.
    pub fn counters(&self) -> Counters {
        self.live().read()
    }

    /// Waits, on the caller's thread, until the counters are as wanted; `None` when they are not within `patience`.
    pub fn wait_for(&self, patience: Duration, wanted: impl Fn(&Counters) -> bool) -> Option<Counters> {
        self.live().wait(patience, wanted)
    }

    pub(super) fn rules(&self) -> MutexGuard<'_, Script> {
        unpoisoned(self.controls.get().script.lock())
    }

    fn live(&self) -> &Live {
        &self.controls.get().live
    }

    /// Ends the thread of calls that block once there are none.
    pub(super) fn retire(&self) {
        self.worker.retire();
    }

    /// Makes a call: `direct` on the caller's thread, `owned` where a worker is to make it.
    pub(super) async fn call<'a, T: Send + 'static>(
        &'a self,
        cx: &'a CallContext,
        operation: Operation,
        direct: impl FnOnce() -> BoxFuture<'a, Result<T>> + Send,
        owned: impl FnOnce() -> OwnedCall<T> + Send,
    ) -> Result<T> {
        let call = self.live().begin();
        let fault = self.rules().next(operation);
        let outcome = self.under(fault, cx, operation, direct, owned).await;
        call.finish();
        outcome
    }

    async fn under<'a, T: Send + 'static>(
        &'a self,
        fault: Fault,
        cx: &'a CallContext,
        operation: Operation,
        direct: impl FnOnce() -> BoxFuture<'a, Result<T>> + Send,
        owned: impl FnOnce() -> OwnedCall<T> + Send,
    ) -> Result<T> {
        let fail = |kind: ErrorKind, message: &'static str| {
            Error::new(kind, message).with_operation(operation).with_backend(NAME)
        };
        if fault == Fault::Disconnect {
            self.connected.store(false, Ordering::SeqCst);
        }
        if !self.connected.load(Ordering::SeqCst) {
            return Err(fail(
                ErrorKind::Unavailable,
                "the connection was lost, as the script says",
            ));
        }
        match fault {
            Fault::Pass | Fault::Disconnect => {}
            Fault::Latency(span) => {
                if tokio::runtime::Handle::try_current().is_err() {
                    return Err(fail(
                        ErrorKind::Internal,
                        "a call with latency was polled outside the runtime",
                    ));
                }
                tokio::time::sleep(span).await;
            }
            Fault::Yield(polls) => gate::yield_for(polls).await,
            Fault::Hang => self.controls.get().gate.wait().await,
            Fault::Block => {
                let (gate, inner, owned) = (Arc::clone(&self.controls.get().gate), Arc::clone(&self.inner), owned());
                let job = move |cx: &CallContext| {
                    gate.block();
                    // A system call that has begun knows no deadline: it goes through when it wakes.
                    let cx = CallContext::new(Face::Blocking, cx.remaining().max(AFTER_BLOCK));
                    owned(&*inner, &cx)
                };
                return self.worker.run(cx, operation, job).await;
            }
            Fault::Locked => return Err(fail(ErrorKind::Locked, "locked, as the script says")),
            Fault::Denied => return Err(fail(ErrorKind::PermissionDenied, "denied, as the script says")),
            Fault::Throttled { retry_after } => {
                let error = fail(ErrorKind::RateLimited, "throttled, as the script says");
                return Err(match retry_after {
                    Some(wait) => error.with_retry_after(wait),
                    None => error,
                });
            }
            Fault::Unavailable => return Err(fail(ErrorKind::Unavailable, "unavailable, as the script says")),
            Fault::Corrupt => return Err(fail(ErrorKind::Integrity, "corrupt, as the script says")),
            Fault::OutcomeUnknown => {
                // The call is made and its answer thrown away, whatever it is: that is what a lost answer is.
                drop(direct().await);
                return Err(fail(
                    ErrorKind::OutcomeUnknown,
                    "the answer was lost, as the script says",
                ));
            }
            Fault::Fail(kind) => return Err(fail(kind, "failed, as the script says")),
        }
        direct().await
    }
}

impl Drop for FaultBackend {
    fn drop(&mut self) {
        // A call that blocks would keep its thread for ever.
        if let Some(controls) = self.controls.get_if_made() {
            controls.gate.open();
        }
    }
}

impl fmt::Debug for FaultBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultBackend")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

/// A rule being written, see [`FaultBackend::on`].
#[derive(Debug)]
#[must_use = "a rule holds once `then` says which fault it is"]
pub struct On<'a> {
    backend: &'a FaultBackend,
    operation: Option<Operation>,
    left: Option<u32>,
}

impl On<'_> {
    /// Only the next `count` calls; every call where this is not said.
    pub fn times(mut self, count: u32) -> Self {
        self.left = Some(count);
        self
    }

    /// Which fault; adds the rule after those that are there.
    pub fn then(self, fault: Fault) {
        let rule = Rule {
            operation: self.operation,
            left: self.left,
            fault,
        };
        self.backend.rules().push(rule);
    }
}
