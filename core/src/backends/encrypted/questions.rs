//! What a backend is being told by providers at the moment, which closing it gives up.

use std::sync::{Arc, Mutex, MutexGuard, Weak};

use crate::context::{CallContext, CancellationToken};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Step, guarded, unpoisoned};

/// The questions of one backend. Locked only inside the gate that a fork waits for.
#[derive(Default)]
pub(super) struct Questions(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// Ends each one that is open; one that has ended is gone.
    ends: Vec<Weak<CancellationToken>>,
    is_closing: bool,
}

impl Questions {
    fn open<T>(&self, look: impl FnOnce(&mut Open) -> T) -> Step<T> {
        guarded(|| {
            let mut open: MutexGuard<'_, Open> = unpoisoned(self.0.lock());
            Ok(look(&mut open))
        })
    }

    /// Asks, with a context that ends with the call or with the backend. Who does not look at it is waited for.
    pub(super) fn ask<T>(&self, cx: &CallContext, ask: impl FnOnce(&CallContext) -> Result<T>) -> Step<T> {
        let end = Arc::new(
            cx.cancel()
                .map_or_else(CancellationToken::new, CancellationToken::child_token),
        );
        let is_closing = self.open(|open| {
            open.ends.retain(|end| end.strong_count() > 0);
            open.ends.push(Arc::downgrade(&end));
            open.is_closing
        })?;
        if is_closing {
            end.cancel();
        }
        let answer = ask(&cx.with_cancel((*end).clone()));
        if answer.is_err() && end.is_cancelled() && cx.check_cancelled().is_ok() {
            return Err(Error::new(ErrorKind::Closed, "the manager was closed").into());
        }
        Ok(answer?)
    }

    /// Ends what is asked now and from now on: the backend closes.
    pub(super) fn give_up(&self) {
        let ends = self.open(|open| {
            open.is_closing = true;
            std::mem::take(&mut open.ends)
        });
        // A child of a fork that has no store any more asks nobody.
        for end in ends.unwrap_or_default() {
            if let Some(end) = end.upgrade() {
                end.cancel();
            }
        }
    }
}
