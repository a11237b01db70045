//! Several requests at once, at most so many, on whatever executor polls.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Runs the futures, at most `limit` of them at a time, and gives their answers in their order.
pub(in crate::backends) async fn together<F: Future>(limit: usize, futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting = futures.into_iter().enumerate();
    let mut running: Vec<(usize, Pin<Box<F>>)> = Vec::new();
    let mut answers: Vec<Option<F::Output>> = Vec::new();
    loop {
        while running.len() < limit.max(1) {
            let Some((index, future)) = waiting.next() else { break };
            running.push((index, Box::pin(future)));
            answers.push(None);
        }
        if running.is_empty() {
            break;
        }
        let ended = poll_fn(|task| {
            for (place, (index, future)) in running.iter_mut().enumerate() {
                if let Poll::Ready(answer) = future.as_mut().poll(task) {
                    return Poll::Ready((place, *index, answer));
                }
            }
            Poll::Pending
        });
        let (place, index, answer) = ended.await;
        drop(running.swap_remove(place));
        answers[index] = Some(answer);
    }
    answers.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::park::block_on as run;

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
        let answers = run(together(3, (0..10).map(one).collect()));
        assert_eq!(answers, (0..10).collect::<Vec<_>>());
        assert_eq!(most.get(), 3);
    }
}
