//! What other threads leave for a JavaScript thread: how far calls are and how they ended, and questions.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{mem, ptr, task};

use napi::sys;

use crate::asking::Question;
use crate::environment::Made;
use crate::transferred::HowFar;

/// A call whose promise is open, for those who do its work.
#[derive(Clone)]
pub(crate) struct Call {
    number: u64,
    notes: Arc<Notes>,
}

impl Call {
    pub(crate) fn new(number: u64, notes: Arc<Notes>) -> Self {
        Self { number, notes }
    }

    /// Leaves the outcome.
    pub(crate) fn leave(&self, outcome: strongroom::Result<Made>) {
        self.notes.leave(Note::End(self.number, outcome));
    }

    /// Leaves how far the work is, which is told before its end.
    pub(crate) fn leave_progress(&self, how_far: HowFar) {
        self.notes.leave(Note::Progress(self.number, how_far));
    }
}

/// What other threads leave for JavaScript's.
pub(crate) struct Notes {
    left: Mutex<Left>,
    /// How many functions can be asked for secret settings.
    providers: AtomicUsize,
}

/// What there is to tell of a call.
pub(crate) enum Note {
    Progress(u64, HowFar),
    End(u64, strongroom::Result<Made>),
}

struct Left {
    /// What wakes the event loop; nothing once it has ended.
    waker: Option<Waker>,
    is_woken: bool,
    notes: VecDeque<Note>,
    questions: VecDeque<Arc<Question>>,
    /// Wakes the call that keeps JavaScript's thread waiting, where it answers questions.
    waiting: Option<task::Waker>,
}

struct Waker(sys::napi_threadsafe_function);

// SAFETY: Node-API says that it may be called from any thread, and it is only called while the environment is alive.
unsafe impl Send for Waker {}

impl Notes {
    /// # Safety
    /// `waker` is alive until `close` is called.
    pub(crate) unsafe fn new(waker: sys::napi_threadsafe_function) -> Self {
        Self {
            left: Mutex::new(Left {
                waker: Some(Waker(waker)),
                is_woken: false,
                notes: VecDeque::new(),
                questions: VecDeque::new(),
                waiting: None,
            }),
            providers: AtomicUsize::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Left> {
        // No code of others runs under the lock.
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a note. Where JavaScript's thread has ended, nobody wants it.
    fn leave(&self, note: Note) {
        let mut left = self.lock();
        if left.waker.is_none() {
            drop(left);
            return;
        }
        left.wake();
        left.notes.push_back(note);
    }

    /// Takes what was left. What is left from now on wakes the event loop again.
    pub(crate) fn take(&self) -> VecDeque<Note> {
        let mut left = self.lock();
        left.is_woken = false;
        mem::take(&mut left.notes)
    }

    /// Leaves the rest for the next turn, before all that was left since.
    pub(crate) fn put_back(&self, mut rest: VecDeque<Note>) {
        let mut left = self.lock();
        rest.append(&mut left.notes);
        left.notes = rest;
    }

    /// Has the event loop look where there is a rest.
    pub(crate) fn wake_for_rest(&self) {
        let mut left = self.lock();
        if !left.notes.is_empty() {
            left.wake();
        }
    }

    /// Has JavaScript's thread asked. Where it has ended, nobody is.
    pub(crate) fn ask(&self, question: &Arc<Question>) {
        let mut left = self.lock();
        if left.waker.is_none() {
            drop(left);
            question.give_up();
            return;
        }
        left.wake();
        left.questions.push_back(Arc::clone(question));
        let waiting = left.waiting.take();
        drop(left);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    /// Whether there are questions; where there are none, the task is woken by the next one.
    pub(crate) fn has_questions(&self, task: &task::Context<'_>) -> bool {
        let mut left = self.lock();
        if left.questions.is_empty() {
            left.waiting = Some(task.waker().clone());
        }
        !left.questions.is_empty()
    }

    pub(crate) fn next_question(&self) -> Option<Arc<Question>> {
        self.lock().questions.pop_front()
    }

    /// Has the event loop look.
    pub(crate) fn wake(&self) {
        self.lock().wake();
    }

    /// Whether JavaScript's thread has not ended.
    pub(crate) fn is_open(&self) -> bool {
        self.lock().waker.is_some()
    }

    /// Gives up what is left, and takes nothing any more.
    pub(crate) fn close(&self) {
        let (notes, questions) = {
            let mut left = self.lock();
            left.waker = None;
            (mem::take(&mut left.notes), mem::take(&mut left.questions))
        };
        drop(notes);
        questions.iter().for_each(|question| question.give_up());
    }

    /// Whether a function of this thread can be asked.
    pub(crate) fn has_providers(&self) -> bool {
        self.providers.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn count_provider(&self) {
        self.providers.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn forget_provider(&self) {
        self.providers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Left {
    fn wake(&mut self) {
        let Some(waker) = &self.waker else { return };
        if !self.is_woken {
            // SAFETY: the environment ends under the same lock, so the function is still there.
            let status = unsafe {
                sys::napi_call_threadsafe_function(
                    waker.0,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
            self.is_woken = status == sys::Status::napi_ok;
        }
    }
}
