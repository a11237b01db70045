//! Several requests at once, at most so many, on whatever executor polls.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::context::CallContext;

/// Runs the futures, at most `limit` of them at a time, and gives their answers in their order. A future is polled when it
/// was woken, and all are when the call is to end: each of them says then what became of it.
pub(in crate::backends) async fn together<F: Future>(
    cx: &CallContext,
    limit: usize,
    futures: Vec<F>,
) -> Vec<F::Output> {
    let mut waiting = futures.into_iter().enumerate();
    let mut running: Vec<Running<F>> = Vec::new();
    let mut answers: Vec<Option<F::Output>> = Vec::new();
    loop {
        while running.len() < limit.max(1) {
            let Some((index, future)) = waiting.next() else { break };
            running.push(Running {
                index,
                future: Box::pin(future),
                bell: None,
            });
            answers.push(None);
        }
        if running.is_empty() {
            break;
        }
        let ended = poll_fn(|task| {
            let is_to_end = cx.check().is_err();
            for (place, one) in running.iter_mut().enumerate() {
                if let Poll::Ready(answer) = one.poll(task, is_to_end) {
                    return Poll::Ready((place, answer));
                }
            }
            Poll::Pending
        });
        let (place, answer) = ended.await;
        answers[running.swap_remove(place).index] = Some(answer);
    }
    answers.into_iter().flatten().collect()
}

/// A future under way.
struct Running<F> {
    index: usize,
    future: Pin<Box<F>>,
    bell: Option<Arc<Bell>>,
}

/// Notes who was woken. Without a lock, which a fork could find taken: for another caller there is another bell.
struct Bell {
    is_rung: AtomicBool,
    caller: Waker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_rung.store(true, Ordering::Release);
        self.caller.wake_by_ref();
    }
}

impl<F: Future> Running<F> {
    fn poll(&mut self, task: &Context<'_>, in_any_case: bool) -> Poll<F::Output> {
        let known = self.bell.take().filter(|bell| bell.caller.will_wake(task.waker()));
        let bell = self.bell.insert(known.unwrap_or_else(|| {
            Arc::new(Bell {
                is_rung: AtomicBool::new(true),
                caller: task.waker().clone(),
            })
        }));
        if !bell.is_rung.swap(false, Ordering::AcqRel) && !in_any_case {
            return Poll::Pending;
        }
        let waker = Waker::from(Arc::clone(bell));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;
    use crate::context::{CancellationToken, Face};
    use crate::park::block_on as run;

    fn cx() -> CallContext {
        CallContext::new(Face::Blocking, Duration::from_secs(60))
    }

    struct Noted(AtomicBool);

    impl Wake for Noted {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Release);
        }
    }

    /// Counts its polls and ends with the third; `asks` whether it asks for a next one.
    async fn counted(polls: &Cell<u32>, asks: bool) {
        poll_fn(|task| {
            polls.set(polls.get() + 1);
            if asks {
                task.waker().wake_by_ref();
            }
            match polls.get() {
                3 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
        .await;
    }

    #[test]
    fn who_was_not_woken_is_asked_only_when_the_call_is_to_end() {
        let token = CancellationToken::new();
        let cx = cx().with_cancel(token.clone());
        let (busy, idle) = (Cell::new(0), Cell::new(0));
        let work = together(&cx, 2, vec![counted(&busy, true), counted(&idle, false)]);
        let mut work = std::pin::pin!(work);
        // A copy and its copies are known to be one, which the original and its copies need not be.
        let waker = Waker::noop().clone();
        let mut task = Context::from_waker(&waker);
        for _ in 0..5 {
            assert!(work.as_mut().poll(&mut task).is_pending());
        }
        assert_eq!((busy.get(), idle.get()), (3, 1));
        token.cancel();
        assert!(work.as_mut().poll(&mut task).is_pending());
        assert!(work.as_mut().poll(&mut task).is_ready());
    }

    #[test]
    fn another_caller_is_woken_in_place_of_the_one_before() {
        let inner = Cell::new(None);
        let waits = poll_fn(|task| {
            inner.set(Some(task.waker().clone()));
            Poll::<()>::Pending
        });
        let cx = cx();
        let mut work = std::pin::pin!(together(&cx, 1, vec![waits]));
        let callers = [(); 2].map(|()| Arc::new(Noted(AtomicBool::new(false))));
        for caller in &callers {
            let waker = Waker::from(Arc::clone(caller));
            assert!(work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        inner.take().unwrap().wake();
        assert_eq!(callers.map(|caller| caller.0.load(Ordering::Acquire)), [false, true]);
    }

    #[test]
    fn answers_come_in_order_and_no_more_run_than_may() {
        let running = Cell::new(0);
        let most = Cell::new(0);
        let one = |number: usize| {
            let (running, most) = (&running, &most);
            async move {
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                // The later ones end first.
                for _ in 0..(10 - number) {
                    let mut is_first = true;
                    poll_fn(|task| {
                        task.waker().wake_by_ref();
                        match std::mem::replace(&mut is_first, false) {
                            true => Poll::Pending,
                            false => Poll::Ready(()),
                        }
                    })
                    .await;
                }
                running.set(running.get() - 1);
                number
            }
        };
        let answers = run(together(&cx(), 3, (0..10).map(one).collect()));
        assert_eq!(answers, (0..10).collect::<Vec<_>>());
        assert_eq!(most.get(), 3);
    }
}
