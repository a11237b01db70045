//! For crates that give the core another language's face: a place to run futures, waits, events as lines, values that
//! survive a fork, an orderly end.

mod event;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

pub use event::{event_line, is_ours};

use crate::context::{CallContext, Face};
use crate::error::Result;
use crate::manager::{Builder, SecretManager, check};
use crate::park::Alarm;
use crate::sys::fork::{self, ForkCell};
use crate::{park, runtime};

/// Runs a future on the library's runtime, which is built when there is none. May be called from any thread; what the
/// future panics with ends only itself.
///
/// A [`shutdown`], and the end of the process, drop the future where it waits: what must happen in any case belongs
/// into a `Drop` of something that it holds. In a forked child it does not go on.
///
/// # Errors
/// [`Unavailable`](crate::ErrorKind::Unavailable) where the system gives no threads or descriptors.
///
/// ```
/// let (send, receive) = std::sync::mpsc::channel();
/// strongroom::face::spawn(async move { send.send("from the runtime").unwrap() })?;
/// assert_eq!(receive.recv().unwrap(), "from the runtime");
/// # Ok::<(), strongroom::Error>(())
/// ```
pub fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    runtime::spawn(future)
}

/// Waits for a future as the verbs of [`blocking`](crate::blocking) do, for a face whose language wants to be asked in
/// between, about signals for instance. `watch` is called before this thread goes to sleep, and then each time that the
/// pause which it last asked for has passed; `None` asks for no further call. The future is first polled once, so what
/// is ready at once is answered without any.
///
/// # Errors
/// That of `watch`; the future has then been dropped, which cancels a read. A write that was sent goes on.
///
/// ```
/// use std::time::Duration;
/// use strongroom::face;
/// assert_eq!(face::wait_watched(async { 1 }, || Err("never asked")), Ok(1));
/// let mut asked = 0;
/// let given_up = face::wait_watched(std::future::pending::<()>(), || {
///     asked += 1;
///     if asked < 3 { Ok(Some(Duration::from_millis(1))) } else { Err("interrupted") }
/// });
/// assert_eq!(given_up, Err("interrupted"));
/// ```
pub fn wait_watched<T, E>(
    future: impl Future<Output = T>,
    watch: impl FnMut() -> std::result::Result<Option<Duration>, E>,
) -> std::result::Result<T, E> {
    park::block_on_watched(future, watch)
}

/// Waits for an answer on this thread as long as the call lives that needs it; for a
/// [`SecretProvider`](crate::SecretProvider) whose answer another thread has.
///
/// ```
/// use std::time::Duration;
/// use strongroom::{CallContext, ErrorKind, Face, SecretValue, face};
/// let cx = CallContext::new(Face::Blocking, Duration::from_millis(5));
/// let answer = std::future::pending::<strongroom::Result<SecretValue>>();
/// assert_eq!(face::answer_within(&cx, answer).unwrap_err().kind(), ErrorKind::Timeout);
/// ```
///
/// # Errors
/// What the answer is, [`Timeout`](crate::ErrorKind::Timeout), [`Cancelled`](crate::ErrorKind::Cancelled).
pub fn answer_within<T>(cx: &CallContext, answer: impl Future<Output = Result<T>>) -> Result<T> {
    let mut answer = pin!(answer);
    let mut cancelled = cx.cancel().map(|token| Box::pin(token.cancelled()));
    let alarm = Alarm::new();
    park::block_on(poll_fn(|task| {
        if let Poll::Ready(answer) = answer.as_mut().poll(task) {
            return Poll::Ready(answer);
        }
        if let Some(cancelled) = &mut cancelled {
            // Whether it has fired is seen below.
            let _ = cancelled.as_mut().poll(task);
        }
        alarm.set(cx.deadline(), task.waker());
        cx.check().map_or_else(|end| Poll::Ready(Err(end)), |()| Poll::Pending)
    }))
}

/// The same manager for calls that come from another side: what waits by [`wait_watched`] holds one for
/// [`Face::Watched`], so that deadlines ring on the thread that waits, without a runtime.
///
/// ```
/// use strongroom::{Face, Secret, blocking::SecretManager, face};
/// let secrets = SecretManager::builder().backend("memory").open_blocking()?.to_async();
/// let watched = face::view(&secrets, Face::Watched);
/// let secret = Secret::new("value");
/// let set = watched.set("k", &secret);
/// assert!(face::wait_watched(set, || Ok::<_, ()>(None)).unwrap()?.created);
/// # Ok::<(), strongroom::Error>(())
/// ```
pub fn view(manager: &SecretManager, face: Face) -> SecretManager {
    manager.with_face(face)
}

/// Opens a manager for calls from this side. Files are read, locked and synced by a thread of its own, but for
/// [`Face::Blocking`]: there by this one.
///
/// # Errors
/// As [`Builder::open`].
pub async fn open(builder: Builder, face: Face) -> Result<SecretManager> {
    match face {
        Face::Blocking => builder.open_here(),
        Face::Watched | Face::Async => builder.open_elsewhere(face).await,
    }
}

/// Refuses a value of so many bytes, where no manager takes one, before anyone copies it.
///
/// # Errors
/// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge).
pub fn check_length(bytes: usize) -> Result<()> {
    check::length(bytes)
}

/// A number that differs between a process and its forked children: what bears another one is the parent's.
pub fn process_generation() -> u64 {
    // Only from then on forks are counted.
    fork::arm();
    fork::generation()
}

/// A value that each process makes for itself: a forked child makes it anew at its first use. The parent's is left
/// alone in the child, neither used nor dropped, because its locks may be held and its threads do not exist there.
///
/// Works as a static. Any thread may use it; two threads may make a value at the same time, and one of the two is then
/// dropped unused.
///
/// ```
/// use std::sync::Mutex;
/// use strongroom::face::ProcessLocal;
///
/// static NAMES: ProcessLocal<Mutex<Vec<String>>> = ProcessLocal::new(Mutex::default);
/// NAMES.get().lock().unwrap().push("ours".to_owned());
/// assert_eq!(NAMES.get_if_made().map(|names| names.lock().unwrap().len()), Some(1));
/// ```
pub struct ProcessLocal<T, M = fn() -> T>(ForkCell<T, M>);

impl<T, M> ProcessLocal<T, M> {
    /// A cell whose value `make` makes at the first use in each process. `make` must have no effect that matters when
    /// its result is dropped unused.
    pub const fn new(make: M) -> Self {
        Self(ForkCell::with(make))
    }
}

impl<T: Send + Sync, M: Fn() -> T> ProcessLocal<T, M> {
    /// This process's value, which is made when there is none.
    pub fn get(&self) -> &T {
        self.0.get()
    }

    /// This process's value, where it has been made.
    pub fn get_if_made(&self) -> Option<&T> {
        self.0.get_if_made()
    }
}

impl<T, M> fmt::Debug for ProcessLocal<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessLocal").finish_non_exhaustive()
    }
}

/// Ends the library's runtime and waits until its threads have ended, at most `timeout` (a day, where that is longer).
/// Futures that it runs are dropped where they wait. A call that goes on elsewhere and needs the runtime is answered
/// with [`Closed`](crate::ErrorKind::Closed), a write that was sent with
/// [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown). The next call that needs a runtime builds a new one. Without a
/// runtime, and in a forked child for the parent's, there is nothing to do.
///
/// Managers are not closed by it; the worker threads of their backends end when they are closed. May be called from any
/// thread but one of the runtime's own, and at any time of it, also by `atexit` and by destructors of thread-locals.
/// There what needs the runtime is answered with [`Unavailable`](crate::ErrorKind::Unavailable) (a write that was sent
/// with `OutcomeUnknown`), while blocking calls of local backends go on working.
///
/// # Errors
/// [`Timeout`](crate::ErrorKind::Timeout) where a thread did not end in time: it ends as soon as what it runs lets it,
/// and another call waits for it again. [`ReentrantCall`](crate::ErrorKind::ReentrantCall) on a thread that runs or
/// polls what a shutdown waits for.
pub fn shutdown(timeout: Duration) -> Result<()> {
    runtime::shutdown(timeout)
}

/// Blocks every signal in the calling thread but those that report a fault of it: for a face's own threads, on which the
/// program's handlers must never run.
pub fn block_signals() {
    crate::sys::signals::block_in_this_thread();
}
