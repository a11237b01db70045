//! Waiting for other connections: our own, short and outside SQLite, so that a fork never waits for it.

use std::time::{Duration, Instant};

use super::error::{Halt, Step};
use crate::context::CallContext;
use crate::crypto::random;
use crate::error::{Error, ErrorKind};

const FIRST: Duration = Duration::from_micros(50);
/// The longest step.
pub(crate) const LONGEST: Duration = Duration::from_millis(1);

/// How one call may wait.
pub(crate) struct Wait<'a> {
    cx: &'a CallContext,
    sleeps: bool,
    step: Duration,
}

impl<'a> Wait<'a> {
    /// Sleeps until the call's deadline.
    pub(crate) fn patient(cx: &'a CallContext) -> Self {
        Self {
            cx,
            sleeps: true,
            step: FIRST,
        }
    }

    /// As the caller's face allows: an executor's thread is never put to sleep.
    pub(crate) fn for_face(cx: &'a CallContext) -> Self {
        Self {
            cx,
            sleeps: cx.face().may_sleep(),
            step: FIRST,
        }
    }

    /// The call that waits.
    pub(crate) fn cx(&self) -> &'a CallContext {
        self.cx
    }

    /// Whether the caller's thread may be held up.
    pub(crate) fn may_sleep(&self) -> bool {
        self.sleeps
    }

    /// When waiting must end.
    pub(crate) fn deadline(&self) -> Instant {
        self.cx.deadline()
    }

    /// Waits a little before the next attempt.
    ///
    /// # Errors
    /// [`Halt::Busy`] where the caller may not sleep; `timeout` or `cancelled` where the call is over.
    pub(crate) fn pause(&mut self) -> Step<()> {
        self.pause_at_most(LONGEST)
    }

    /// As [`Self::pause`], with another longest step.
    pub(crate) fn pause_at_most(&mut self, longest: Duration) -> Step<()> {
        if !self.sleeps {
            return Err(Halt::Busy);
        }
        self.cx.check().map_err(|error| match error.kind() {
            ErrorKind::Timeout => Error::new(
                ErrorKind::Timeout,
                "other connections kept the store busy until the deadline",
            ),
            _ => error,
        })?;
        // Two waiting processes must not wake in step for ever.
        let jitter = u32::from(random::array::<1>()?[0]);
        let step = self.step.min(longest);
        let pause = step / 2 + step * jitter / 512;
        std::thread::sleep(pause.min(self.cx.remaining()));
        self.step = (step * 2).min(LONGEST);
        Ok(())
    }
}
