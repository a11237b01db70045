//! Several requests of one call at once, a few at a time.

use std::task::Poll;

use crate::backend::BoxFuture;

/// Does all the work, at most `limit` pieces of it at once; the outcomes in the order of the work.
pub(super) async fn together<T>(limit: usize, work: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut waiting = work.into_iter().enumerate();
    let mut running: Vec<(usize, BoxFuture<'_, T>)> = Vec::new();
    let mut outcomes: Vec<(usize, T)> = Vec::new();
    loop {
        while running.len() < limit.max(1) {
            let Some((at, piece)) = waiting.next() else { break };
            running.push((at, piece));
        }
        if running.is_empty() {
            break;
        }
        std::future::poll_fn(|task| {
            let before = outcomes.len();
            running.retain_mut(|(at, piece)| match piece.as_mut().poll(task) {
                Poll::Ready(outcome) => {
                    outcomes.push((*at, outcome));
                    false
                }
                Poll::Pending => true,
            });
            match outcomes.len() > before {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
    outcomes.sort_unstable_by_key(|(at, _)| *at);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn all_work_is_done_in_its_order_and_never_too_much_at_once() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = (0..20_usize).map(|at| {
            let (running, most) = (&running, &most);
            let piece = async move {
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                // Some are ready at once, others after being asked several times.
                for _ in 0..at % 3 {
                    tokio::task::yield_now().await;
                }
                running.fetch_sub(1, Ordering::SeqCst);
                at
            };
            Box::pin(piece) as BoxFuture<'_, usize>
        });
        let outcomes = crate::testing::block_on(together(4, work.collect()));
        assert_eq!(outcomes, (0..20).collect::<Vec<_>>());
        assert!(most.load(Ordering::SeqCst) <= 4);
    }
}
