//! A backend's own bounded worker thread, for calls that may block longer than a caller's thread can wait.
//!
//! One thread a worker, started with its first job, ended after a while without one, or at once where the worker was told
//! that no more will come. A job that hangs costs that one
//! thread and nothing else: while the running job is past its deadline new jobs are refused at once, and when it wakes
//! all works again. A forked child finds no thread and an empty queue, and starts its own.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::backend::Operation;
use crate::context::{Asked, CallContext};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::fork::{self, ForkCell};

/// The most jobs that wait.
const MAX_QUEUE: usize = 256;
/// How long a thread without a job stays.
const IDLE: Duration = Duration::from_secs(30);
/// How long a running job whose caller has left may go on before new jobs are refused.
const GRACE: Duration = Duration::from_secs(1);

/// A bounded worker thread. Dropping it lets queued jobs finish and then ends the thread.
pub(crate) struct Worker {
    shared: Arc<ForkCell<Arc<Shared>>>,
}

struct Shared {
    name: &'static str,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    running: Option<Running>,
    has_thread: bool,
    /// Whether a thread without a job ends at once.
    retired: bool,
}

struct Running {
    ticket: Arc<Ticket>,
    /// Until when it is waited for.
    until: Instant,
    asked: Arc<Asked>,
}

impl Running {
    fn is_hanging(&self) -> bool {
        // Whoever is asked for a secret setting ends with the call: the thread is about to be free.
        let grace = if self.asked.is_open() { GRACE } else { Duration::ZERO };
        self.until + grace <= Instant::now()
    }
}

struct Job {
    ticket: Arc<Ticket>,
    deadline: Instant,
    asked: Arc<Asked>,
    run: Box<dyn FnOnce() + Send>,
}

/// How far a job is: the worker starts it, or the caller withdraws it, never both.
struct Ticket(AtomicU8);

const QUEUED: u8 = 0;
const STARTED: u8 = 1;
const WITHDRAWN: u8 = 2;

impl Ticket {
    fn claim(&self, to: u8) -> bool {
        self.0
            .compare_exchange(QUEUED, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No job runs under the lock, so a poisoned one only means that a caller died between two statements.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn submit(self: &Arc<Self>, job: Job) -> Result<()> {
        let mut state = self.lock();
        if state.running.as_ref().is_some_and(Running::is_hanging) {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "an earlier call to this backend is still hanging",
            ));
        }
        if state.queue.len() >= MAX_QUEUE {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "too many calls wait for this backend",
            ));
        }
        if !state.has_thread {
            let shared = Arc::clone(self);
            std::thread::Builder::new()
                .name(format!("sr-{}", self.name))
                .spawn(move || shared.work())
                .map_err(|_| Error::new(ErrorKind::Unavailable, "the system gives no further thread"))?;
            state.has_thread = true;
        }
        state.queue.push_back(job);
        drop(state);
        self.work.notify_one();
        Ok(())
    }

    fn retire(&self) {
        self.lock().retired = true;
        self.work.notify_one();
    }

    fn work(&self) {
        crate::sys::signals::block_in_this_thread();
        let mut state = self.lock();
        loop {
            if let Some(job) = state.queue.pop_front() {
                if job.ticket.claim(STARTED) {
                    state.running = Some(Running {
                        ticket: job.ticket,
                        until: job.deadline,
                        asked: job.asked,
                    });
                    drop(state);
                    (job.run)();
                    state = self.lock();
                    state.running = None;
                }
                continue;
            }
            if state.retired {
                break;
            }
            let (next, waited) = self
                .work
                .wait_timeout(state, IDLE)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            state = next;
            if waited.timed_out() && state.queue.is_empty() {
                break;
            }
        }
        state.has_thread = false;
    }
}

impl Worker {
    /// A worker whose thread is called `sr-<name>`. No thread is started yet.
    pub(crate) fn new(name: &'static str) -> Self {
        let make = move || {
            Arc::new(Shared {
                name,
                state: Mutex::default(),
                work: Condvar::new(),
            })
        };
        Self {
            shared: Arc::new(ForkCell::new(make)),
        }
    }

    /// No more jobs are to come: the thread ends when those that are there have run. One that comes all the same is run,
    /// by a thread of its own where the other one has ended.
    #[cfg_attr(
        not(any(feature = "encrypted", feature = "file", feature = "testing")),
        allow(dead_code, reason = "without a backend that has one, a worker lives for one opening")
    )]
    pub(crate) fn retire(&self) {
        self.shared.get().retire();
    }

    /// Runs `job` on the worker's thread. Nothing happens before the future is polled.
    ///
    /// # Errors
    /// What the job answers, and: [`ErrorKind::Unavailable`] while an earlier job hangs or the queue is full;
    /// [`ErrorKind::Timeout`] or [`ErrorKind::Cancelled`] when the job was withdrawn before it began (or is a read), or
    /// (naming the setting) had only asked for a secret setting; [`ErrorKind::OutcomeUnknown`] when a write had begun; [`ErrorKind::Internal`] when the job panicked (a write:
    /// [`ErrorKind::OutcomeUnknown`]).
    pub(crate) fn run<T: Send + 'static>(
        &self,
        cx: &CallContext,
        operation: Operation,
        job: impl FnOnce(&CallContext) -> Result<T> + Send + 'static,
    ) -> Run<T> {
        let (send, receive) = oneshot::channel();
        let ticket = Arc::new(Ticket(AtomicU8::new(QUEUED)));
        let asked = Arc::<Asked>::default();
        let context = cx.telling(Arc::clone(&asked));
        let run = Box::new(move || {
            // A panic must not take the thread along; its message may quote data, so it is not passed on. Where in the
            // write it came nobody knows.
            let kind = if operation.is_write() {
                ErrorKind::OutcomeUnknown
            } else {
                ErrorKind::Internal
            };
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(&context)))
                .unwrap_or_else(|_| Err(Error::new(kind, "the backend's worker panicked; please report it")));
            // The caller may have left; then nobody wants the answer.
            let _ = send.send(outcome);
        });
        Run {
            worker: Arc::clone(&self.shared),
            submitted: None,
            job: Some(Job {
                ticket: Arc::clone(&ticket),
                deadline: cx.deadline(),
                asked: Arc::clone(&asked),
                run,
            }),
            ticket,
            asked,
            receive,
            cx: cx.clone(),
            operation,
            done: false,
        }
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.get_if_made() {
            shared.retire();
        }
    }
}

/// A job on its way; see [`Worker::run`].
pub(crate) struct Run<T> {
    worker: Arc<ForkCell<Arc<Shared>>>,
    /// Where the job was submitted, and in which process: a child that inherits this future has no such worker, and
    /// must not touch the parent's lock.
    submitted: Option<(u64, Arc<Shared>)>,
    job: Option<Job>,
    ticket: Arc<Ticket>,
    asked: Arc<Asked>,
    receive: oneshot::Receiver<Result<T>>,
    cx: CallContext,
    operation: Operation,
    done: bool,
}

impl<T> Run<T> {
    /// The answer to a caller who cannot wait any longer.
    fn abandon(&mut self, why: Error) -> Error {
        if let Some(setting) = self.asked.leave() {
            // Also a write has not begun: it waited for its secret setting, and goes no further now.
            return why.with_setting(setting);
        }
        if !self.ticket.claim(WITHDRAWN) && self.operation.is_write() {
            return Error::new(
                ErrorKind::OutcomeUnknown,
                "the write had begun when the caller stopped waiting",
            )
            .with_source(why);
        }
        why
    }
}

impl<T> Future for Run<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(job) = this.job.take() {
            let shared = Arc::clone(this.worker.get());
            if let Err(error) = shared.submit(job) {
                this.done = true;
                return Poll::Ready(Err(error));
            }
            this.submitted = Some((fork::generation(), shared));
        }
        let outcome = match Pin::new(&mut this.receive).poll(task) {
            Poll::Ready(Ok(outcome)) => outcome,
            Poll::Ready(Err(_)) => Err(Error::new(ErrorKind::Internal, "the backend's worker is gone")),
            Poll::Pending => match this.cx.check() {
                Ok(()) => return Poll::Pending,
                // Dropping this future afterwards takes the withdrawn job out of the queue.
                Err(why) => return Poll::Ready(Err(this.abandon(why))),
            },
        };
        this.done = true;
        Poll::Ready(outcome)
    }
}

impl<T> Drop for Run<T> {
    fn drop(&mut self) {
        let Some((generation, shared)) = self.submitted.take().filter(|_| !self.done) else {
            return;
        };
        if generation != fork::generation() {
            return;
        }
        self.ticket.claim(WITHDRAWN);
        let mut state = shared.lock();
        if self.ticket.0.load(Ordering::Acquire) == WITHDRAWN {
            // What the job holds (a copy of a value) is dropped now, not when the worker comes to it.
            let queued = state
                .queue
                .iter()
                .position(|job| Arc::ptr_eq(&job.ticket, &self.ticket));
            let job = queued.and_then(|at| state.queue.remove(at));
            drop(state);
            drop(job);
        } else if let Some(running) = &mut state.running
            && Arc::ptr_eq(&running.ticket, &self.ticket)
        {
            running.until = running.until.min(Instant::now() + GRACE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::context::Face;
    use crate::layers::bounded;
    use crate::park::block_on;

    fn cx(millis: u64) -> CallContext {
        CallContext::new(Face::Blocking, Duration::from_millis(millis))
    }

    fn wait<T: Send + 'static>(
        worker: &Worker,
        cx: &CallContext,
        operation: Operation,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let run = worker.run(cx, operation, move |_| Ok(job()));
        block_on(bounded(cx, operation, "test", Box::pin(run)))
    }

    #[test]
    fn jobs_run_in_order_on_one_thread_and_a_panic_ends_only_its_own() {
        let worker = Worker::new("order");
        let first = wait(&worker, &cx(5_000), Operation::Get, || std::thread::current().id()).unwrap();
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let panicked = wait(&worker, &cx(5_000), Operation::Get, || {
            assert!(std::hint::black_box(false))
        });
        std::panic::set_hook(hook);
        assert_eq!(panicked.unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(
            wait(&worker, &cx(5_000), Operation::Get, || std::thread::current().id()).unwrap(),
            first
        );
    }

    #[test]
    fn a_hanging_job_costs_one_thread_and_later_ones_fail_at_once_until_it_wakes() {
        let worker = Worker::new("hang");
        let (release, released) = mpsc::channel::<()>();
        let (started, has_started) = mpsc::channel();
        let begun = Instant::now();
        // Polled once and then left alone until it runs, so that it is not withdrawn on a slow machine.
        let short = cx(500);
        let hung = worker.run(&short, Operation::Set, move |_| {
            started.send(()).unwrap();
            Ok(released.recv().is_ok())
        });
        let mut hung = bounded(&short, Operation::Set, "test", Box::pin(hung));
        assert!(
            hung.as_mut()
                .poll(&mut Context::from_waker(std::task::Waker::noop()))
                .is_pending()
        );
        has_started.recv().unwrap();
        let hung = block_on(hung);
        assert_eq!(hung.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
        let threads = threads_called("sr-hang");
        for _ in 0..1_000 {
            let refused = wait(&worker, &cx(60_000), Operation::Get, || ());
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unavailable);
        }
        assert!(begun.elapsed() < Duration::from_secs(6), "the refusals waited");
        assert_eq!(threads_called("sr-hang"), threads);
        release.send(()).unwrap();
        let end = Instant::now() + Duration::from_secs(10);
        while wait(&worker, &cx(5_000), Operation::Get, || ()).is_err() {
            assert!(Instant::now() < end, "the worker did not come back");
        }
    }

    #[test]
    fn a_job_that_never_began_is_withdrawn_with_all_it_holds() {
        let worker = Worker::new("withdraw");
        let (release, released) = mpsc::channel::<()>();
        let (started, has_started) = mpsc::channel();
        let long = cx(20_000);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                wait(&worker, &long, Operation::Get, move || {
                    started.send(()).unwrap();
                    released.recv().is_ok()
                })
                .unwrap();
            });
            has_started.recv().unwrap();
            let held = Arc::new(());
            let in_job = Arc::clone(&held);
            let late = wait(&worker, &cx(20), Operation::Set, move || drop(in_job));
            assert_eq!(
                late.unwrap_err().kind(),
                ErrorKind::Timeout,
                "a write that never began is no unknown outcome"
            );
            assert_eq!(Arc::strong_count(&held), 1, "the withdrawn job is gone from the queue");
            release.send(()).unwrap();
        });
    }

    #[cfg(target_os = "linux")]
    fn threads_called(name: &str) -> usize {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
        names.filter(|found| found.trim_end() == name).count()
    }

    #[cfg(not(target_os = "linux"))]
    fn threads_called(_: &str) -> usize {
        1
    }
}
