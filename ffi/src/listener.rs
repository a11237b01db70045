//! A function of the program that is told of changes, one after another, on the thread of the callbacks.

use std::ffi::c_void;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use strongroom::face;
use strongroom::{CancellationToken, Error, ErrorKind, Result, Subscription};
use tokio::sync::oneshot;

use crate::change::Change;
use crate::completion::{Callback, CallbackThread, Foreign, call_program};
use crate::error::ErrorObject;
use crate::guard::{calling_out, refuse_in_callback};
use crate::options::Destroy;
use crate::status::Status;
use crate::under_way;

/// The function of the program.
type Function = unsafe extern "C" fn(*mut c_void, Status, *mut Change, *mut ErrorObject);

/// What the program gave.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    pub(crate) function: Function,
    pub(crate) context: Foreign,
    pub(crate) destroy: Destroy,
}

impl Program {
    /// Gives the context back.
    fn destroy(self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the header's conventions; the function is never called again.
            calling_out(|| unsafe { destroy(self.context.0) });
        }
    }
}

/// Calls the program until it is silenced.
pub(crate) struct Listener {
    state: Mutex<State>,
    /// A call has returned.
    returned: Condvar,
}

struct State {
    /// Until it is silenced.
    program: Option<Program>,
    /// Inside the program's function.
    calling: bool,
    silenced: bool,
}

impl Listener {
    /// Tells `program` the changes of `subscription` until `ended` fires; at last that there come no more.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] where the system gives no threads, [`ErrorKind::Closed`] during a shutdown: then the
    /// program is never called.
    pub(crate) fn start(subscription: Subscription, program: Program, ended: CancellationToken) -> Result<Arc<Self>> {
        let listener = Arc::new(Self {
            state: Mutex::new(State {
                program: Some(program),
                calling: false,
                silenced: false,
            }),
            returned: Condvar::new(),
        });
        let thread = CallbackThread::open()?;
        let (shutdown, under_way) = under_way::begin(None)?;
        let theirs = Arc::clone(&listener);
        face::spawn(async move {
            let _under_way = under_way;
            let teller = Teller {
                listener: theirs,
                thread,
            };
            let told = teller.tell_all(subscription);
            shutdown.run_until_cancelled(ended.run_until_cancelled(told)).await;
        })?;
        Ok(listener)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls the program, where it still listens.
    fn call(&self, outcome: Result<Change>) {
        let mut state = self.lock();
        let Some(program) = state.program.filter(|_| !state.silenced) else {
            return;
        };
        state.calling = true;
        drop(state);
        // SAFETY: the program gave the context with the function.
        call_program(|| unsafe { program.function.call(program.context.0, outcome) });
        // Who silenced it meanwhile waits, or could not: so it is done here, and only then the call is over.
        let mut state = self.lock();
        if state.silenced {
            let over = state.program.take();
            drop(state);
            if let Some(program) = over {
                program.destroy();
            }
            state = self.lock();
        }
        state.calling = false;
        drop(state);
        self.returned.notify_all();
    }

    /// Never calls the program again, and waits until a call that runs has returned; inside a callback, which may be that
    /// call, nobody waits.
    pub(crate) fn silence(&self) {
        let mut state = self.lock();
        state.silenced = true;
        if refuse_in_callback().is_err() && state.calling {
            return;
        }
        let mut state = self
            .returned
            .wait_while(state, |state| state.calling)
            .unwrap_or_else(PoisonError::into_inner);
        let program = state.program.take();
        drop(state);
        if let Some(program) = program {
            program.destroy();
        }
    }
}

/// Waits for changes and has them told.
struct Teller {
    listener: Arc<Listener>,
    thread: CallbackThread,
}

impl Teller {
    async fn tell_all(&self, mut subscription: Subscription) {
        while let Some(change) = subscription.next().await {
            let listener = Arc::clone(&self.listener);
            let (returned, returns) = oneshot::channel::<()>();
            self.thread.run(move || {
                listener.call(Ok(Change::of(&change)));
                drop(returned);
            });
            // The next change is taken when this one was told: what waits meanwhile is bounded by the subscription. The
            // answer is always that nothing was sent.
            let _ = returns.await;
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        let listener = Arc::clone(&self.listener);
        self.thread.run(move || {
            let end = Error::new(ErrorKind::Closed, "there come no more changes: the manager was closed");
            listener.call(Err(end));
        });
    }
}
