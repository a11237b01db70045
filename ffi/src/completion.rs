//! Calls that are started and completed by a callback of the program.
//!
//! The work runs on the library's runtime; callbacks run one after another on a thread of their own, so that one that
//! is slow holds up other callbacks and nothing else. Every call that was started completes exactly once: whoever
//! drops a [`Completion`] unfinished completes it.

use std::ffi::c_void;
use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use strongroom::face::{self, ProcessLocal};
use strongroom::{CancellationToken, Error, ErrorKind, Result};

use crate::cancel::Signal;
use crate::error::ErrorObject;
use crate::guard::{calling_out, catch};
use crate::handle::{Object, hand_out};
use crate::status::{Status, fault};
use crate::under_way;

/// A callback that takes an answer of this type.
pub(crate) trait Callback<A>: Copy + Send + 'static {
    /// Calls it.
    ///
    /// # Safety
    /// `context` is what the program gave with the callback.
    unsafe fn call(self, context: *mut c_void, outcome: Result<A>);
}

/// The status and the error object of an outcome.
fn failure(error: Error) -> (Status, *mut ErrorObject) {
    let status = Status::of(error.kind());
    // Without a free handle there is the status alone.
    (
        status,
        hand_out(ErrorObject::new(error)).unwrap_or(std::ptr::null_mut()),
    )
}

impl<T: Object> Callback<T> for unsafe extern "C" fn(*mut c_void, Status, *mut T, *mut ErrorObject) {
    unsafe fn call(self, context: *mut c_void, outcome: Result<T>) {
        let (status, object, error) = match outcome.and_then(hand_out) {
            Ok(object) => (Status::Ok, object, std::ptr::null_mut()),
            Err(error) => {
                let (status, error) = failure(error);
                (status, std::ptr::null_mut(), error)
            }
        };
        // SAFETY: as this function.
        unsafe { self(context, status, object, error) }
    }
}

impl Callback<bool> for unsafe extern "C" fn(*mut c_void, Status, bool, *mut ErrorObject) {
    unsafe fn call(self, context: *mut c_void, outcome: Result<bool>) {
        let (status, answer, error) = match outcome {
            Ok(answer) => (Status::Ok, answer, std::ptr::null_mut()),
            Err(error) => {
                let (status, error) = failure(error);
                (status, false, error)
            }
        };
        // SAFETY: as this function.
        unsafe { self(context, status, answer, error) }
    }
}

impl Callback<()> for unsafe extern "C" fn(*mut c_void, Status, *mut ErrorObject) {
    unsafe fn call(self, context: *mut c_void, outcome: Result<()>) {
        let (status, error) = match outcome {
            Ok(()) => (Status::Ok, std::ptr::null_mut()),
            Err(error) => failure(error),
        };
        // SAFETY: as this function.
        unsafe { self(context, status, error) }
    }
}

/// What the program gave with a callback. It is the program's business to which threads it belongs.
#[derive(Clone, Copy)]
pub(crate) struct Foreign(pub(crate) *mut c_void);

// SAFETY: the header tells the program that its callbacks are called on a thread of the library.
unsafe impl Send for Foreign {}

type Job = Box<dyn FnOnce() + Send>;

/// The calls that were started in this process and have not completed, and the thread that completes them.
#[derive(Default)]
struct Pending {
    state: Mutex<State>,
    /// A call has completed.
    completed: Condvar,
}

#[derive(Default)]
struct State {
    calls: usize,
    /// The thread and the way to it, while it runs.
    thread: Option<(Sender<Job>, JoinHandle<()>)>,
}

impl Pending {
    /// Those of this process: a forked child has none and a thread of its own.
    fn here() -> &'static Self {
        static PENDING: ProcessLocal<Pending> = ProcessLocal::new(Pending::default);
        PENDING.get()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and sees to it that there is a thread to complete it.
    fn begin(&'static self) -> Result<(Counted, Sender<Job>)> {
        let mut state = self.lock();
        let sender = match &state.thread {
            Some((sender, _)) => sender.clone(),
            None => {
                let (sender, jobs) = channel::<Job>();
                let thread = std::thread::Builder::new().name("sr-callbacks".to_owned());
                let thread = thread
                    .spawn(move || {
                        face::block_signals();
                        for job in jobs {
                            // A call that cannot be told leaves the others their thread.
                            let _ = catch(|| {
                                job();
                                Ok(())
                            });
                        }
                    })
                    .map_err(|error| {
                        Error::new(ErrorKind::Unavailable, "the system gives no thread for callbacks")
                            .with_foreign_code(error.raw_os_error().unwrap_or_default())
                    })?;
                state.thread = Some((sender.clone(), thread));
                sender
            }
        };
        state.calls += 1;
        Ok((Counted(self), sender))
    }
}

/// A call that counts as pending until this is dropped.
struct Counted(&'static Pending);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.lock().calls -= 1;
        self.0.completed.notify_all();
    }
}

/// A call that was started and must complete.
struct Completion<A: Send + 'static, C: Callback<A>> {
    sender: Sender<Job>,
    callback: C,
    /// Until it has completed.
    open: Option<(Foreign, Counted)>,
    answer: std::marker::PhantomData<fn(A)>,
}

impl<A: Send + 'static, C: Callback<A>> Completion<A, C> {
    fn complete(mut self, outcome: Result<A>) {
        self.send(outcome);
    }

    fn send(&mut self, outcome: Result<A>) {
        let Some((context, counted)) = self.open.take() else {
            return;
        };
        let callback = self.callback;
        let job = move || {
            let (context, counted) = (context, counted);
            // SAFETY: the program gave the context with the callback.
            call_program(|| unsafe { callback.call(context.0, outcome) });
            drop(counted);
        };
        // The thread ends only when every sender is gone, and this is one.
        let _ = self.sender.send(Box::new(job));
    }
}

impl<A: Send + 'static, C: Callback<A>> Drop for Completion<A, C> {
    fn drop(&mut self) {
        self.send(Err(Error::new(ErrorKind::Closed, "the library was shut down")));
    }
}

/// Calls a function of the program on the thread of the callbacks.
pub(crate) fn call_program(call: impl FnOnce()) {
    let generation = face::process_generation();
    calling_out(call);
    if face::process_generation() != generation {
        leave_child();
    }
}

/// A way to the thread of the callbacks for what calls the program more than once. A shutdown waits until it is dropped.
pub(crate) struct CallbackThread {
    // Dropped first: a shutdown that no longer waits for this joins the thread, which ends with its last sender.
    sender: Sender<Job>,
    _counted: Counted,
}

impl CallbackThread {
    /// # Errors
    /// [`ErrorKind::Unavailable`] where the system gives no thread.
    pub(crate) fn open() -> Result<Self> {
        let (counted, sender) = Pending::here().begin()?;
        Ok(Self {
            sender,
            _counted: counted,
        })
    }

    /// Runs a job after those that wait already.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        // The thread ends only when every sender is gone, and this is one.
        let _ = self.sender.send(Box::new(job));
    }
}

/// Ends a child that was forked inside a callback and came back from it: it has this thread alone, and what follows is
/// the parent's.
fn leave_child() {
    #[cfg(unix)]
    // SAFETY: it ends the process and runs nothing of the parent's on the way.
    unsafe {
        libc::_exit(1)
    };
}

/// Starts a call: `work`, which is given the token that cancels it, and then the callback.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] without a callback, [`ErrorKind::Unavailable`] where the system gives no thread,
/// [`ErrorKind::Closed`] during a shutdown: then the callback is never called.
pub(crate) fn start<A, C, F>(
    cancel: Option<&Arc<Signal>>,
    callback: Option<C>,
    context: *mut c_void,
    work: impl FnOnce(CancellationToken) -> F,
) -> Result<()>
where
    A: Send + 'static,
    C: Callback<A>,
    F: Future<Output = Result<A>> + Send + 'static,
{
    let callback = callback.ok_or_else(|| fault(ErrorKind::InvalidArgument, "callback", "is NULL"))?;
    let (counted, sender) = Pending::here().begin()?;
    let (token, under_way) = under_way::begin(cancel)?;
    let work = catch(|| Ok(Guarded(Box::pin(work(token)))))?;
    let completion = Arc::new(Mutex::new(Some(Completion {
        sender,
        callback,
        open: Some((Foreign(context), counted)),
        answer: std::marker::PhantomData,
    })));
    let complete = move |completion: &Mutex<Option<Completion<A, C>>>, outcome| {
        let completion = completion.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(completion) = completion {
            completion.complete(outcome);
        }
    };
    let theirs = Arc::clone(&completion);
    // A future that is dropped before it ends completes its call by dropping the completion.
    let spawned = face::spawn(async move {
        let outcome = work.await;
        drop(under_way);
        complete(&theirs, outcome);
    });
    if let Err(error) = spawned {
        complete(&completion, Err(error));
    }
    Ok(())
}

/// A future whose panic is an outcome.
struct Guarded<F>(Pin<Box<F>>);

impl<A, F: Future<Output = Result<A>>> Future for Guarded<F> {
    type Output = Result<A>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<A>> {
        match catch(|| Ok(self.0.as_mut().poll(task))) {
            Ok(poll) => poll,
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

/// Waits until every call that was started has completed and its callback returned.
///
/// # Errors
/// [`ErrorKind::Timeout`] where that takes longer.
pub(crate) fn wait_for_all(patience: Duration) -> Result<()> {
    let pending = Pending::here();
    let (mut state, waited) = pending
        .completed
        .wait_timeout_while(pending.lock(), patience, |state| state.calls > 0)
        .unwrap_or_else(PoisonError::into_inner);
    if waited.timed_out() {
        return Err(Error::new(ErrorKind::Timeout, "callbacks did not return in time"));
    }
    // The thread has no more to do; the next call starts another.
    let thread = state.thread.take();
    drop(state);
    if let Some((sender, thread)) = thread {
        drop(sender);
        // It ends as soon as the last completed call has let go of its way to it; its panics were caught.
        let _ = thread.join();
    }
    Ok(())
}
