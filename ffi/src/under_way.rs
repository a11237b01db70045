//! The calls under way, so that a shutdown can end them all.
//!
//! A call without a token of the program's carries one that it shares with others. A call with one carries a child of
//! it, which is noted, because the program's own token is not ours to fire.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use strongroom::face::ProcessLocal;
use strongroom::{CancellationToken, Error, ErrorKind, Result};

use crate::cancel::Signal;
use crate::handle::stripe;

/// The calls of this process: those of its parent are not a forked child's.
static CALLS: ProcessLocal<Calls> = ProcessLocal::new(Calls::default);

/// Tokens have locks inside: threads share one with few others.
const SHARED: usize = 16;

#[derive(Default)]
struct Calls {
    shared: [ArcSwap<CancellationToken>; SHARED],
    own: Mutex<Own>,
    /// How many threads are shutting the library down.
    ending: AtomicUsize,
}

#[derive(Default)]
struct Own {
    next: u64,
    tokens: HashMap<u64, CancellationToken>,
}

impl Calls {
    fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asked after the token was taken: whoever is let through carries one that the shutdown fires.
    fn let_in(&self) -> Result<()> {
        if self.ending.load(Ordering::SeqCst) > 0 {
            return Err(Error::new(ErrorKind::Closed, "the library is being shut down"));
        }
        Ok(())
    }
}

/// A call that is under way until this is dropped.
pub(crate) struct UnderWay {
    noted: Option<u64>,
}

/// Begins a call; the token that it is to carry.
///
/// # Errors
/// [`ErrorKind::Closed`] during a shutdown.
pub(crate) fn begin(cancel: Option<&Arc<Signal>>) -> Result<(CancellationToken, UnderWay)> {
    let calls = CALLS.get();
    let Some(cancel) = cancel else {
        let shared = CancellationToken::clone(&calls.shared[stripe() % SHARED].load());
        calls.let_in()?;
        return Ok((shared, UnderWay { noted: None }));
    };
    let token = cancel.token();
    let mut own = calls.own();
    calls.let_in()?;
    let id = own.next;
    own.next += 1;
    own.tokens.insert(id, token.clone());
    Ok((token, UnderWay { noted: Some(id) }))
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // A forked child that drops a call of its parent's finds no note of it.
        if let Some(id) = self.noted
            && let Some(calls) = CALLS.get_if_made()
        {
            calls.own().tokens.remove(&id);
        }
    }
}

/// A shutdown, until it is dropped: no call begins.
pub(crate) struct Ending(&'static Calls);

/// Begins a shutdown: no call begins from now on, and those under way are cancelled.
pub(crate) fn end_all() -> Ending {
    let calls = CALLS.get();
    calls.ending.fetch_add(1, Ordering::SeqCst);
    let ending = Ending(calls);
    let shared: Vec<_> = calls.shared.iter().map(|token| token.swap(Arc::default())).collect();
    let own: Vec<_> = calls.own().tokens.values().cloned().collect();
    // Outside the lock: firing a token wakes the calls that carry it.
    shared.iter().for_each(|token| token.cancel());
    own.iter().for_each(CancellationToken::cancel);
    ending
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ending.fetch_sub(1, Ordering::SeqCst);
    }
}
