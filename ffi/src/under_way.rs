//! The calls under way, so that a shutdown can end them all.
//!
//! A call without a token of the program's carries one that all such calls share. A call with one carries a child of
//! it, which is noted, because the program's own token is not ours to fire.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use strongroom::CancellationToken;
use strongroom::face::ProcessLocal;

/// The calls of this process: those of its parent are not a forked child's.
static CALLS: ProcessLocal<Calls> = ProcessLocal::new(Calls::default);

#[derive(Default)]
struct Calls {
    shared: ArcSwap<CancellationToken>,
    own: Mutex<Own>,
}

#[derive(Default)]
struct Own {
    next: u64,
    tokens: HashMap<u64, CancellationToken>,
}

/// A call that is under way until this is dropped.
pub(crate) struct UnderWay {
    noted: Option<u64>,
}

/// Begins a call; the token that it is to carry.
pub(crate) fn begin(cancel: Option<&CancellationToken>) -> (CancellationToken, UnderWay) {
    let calls = CALLS.get();
    let Some(cancel) = cancel else {
        let shared = CancellationToken::clone(&calls.shared.load());
        return (shared, UnderWay { noted: None });
    };
    let token = cancel.child_token();
    let mut own = calls.own.lock().unwrap_or_else(PoisonError::into_inner);
    let id = own.next;
    own.next += 1;
    own.tokens.insert(id, token.clone());
    (token, UnderWay { noted: Some(id) })
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // A forked child that drops a call of its parent's finds no note of it.
        if let Some(id) = self.noted
            && let Some(calls) = CALLS.get_if_made()
        {
            let mut own = calls.own.lock().unwrap_or_else(PoisonError::into_inner);
            own.tokens.remove(&id);
        }
    }
}

/// Cancels every call that is under way. Calls that begin later are not touched.
pub(crate) fn cancel_all() {
    let calls = CALLS.get();
    let shared = calls.shared.swap(Arc::new(CancellationToken::new()));
    let own = calls.own.lock().unwrap_or_else(PoisonError::into_inner);
    let own: Vec<_> = own.tokens.values().cloned().collect();
    // Outside the lock: firing a token wakes the calls that carry it.
    shared.cancel();
    own.iter().for_each(CancellationToken::cancel);
}
