//! What travels with a call.

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind, Result};

/// The longest deadline that a caller can ask for; "for ever" does not exist.
pub const MAX_DEADLINE: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether a keystore may ask a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PromptPolicy {
    /// Never: what would need a prompt answers [`ErrorKind::Locked`]. The library's default.
    #[default]
    Never,
    /// A person may be asked, within a limit of its own.
    Allow,
}

/// From which side a call comes; a local backend waits differently for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Face {
    /// The caller's thread is ours until the call ends: it may sleep.
    Blocking,
    /// The caller's thread is ours until the call ends, and looks after something else in between
    /// ([`face::wait_watched`](crate::face::wait_watched)): it may wait, and must not sleep where nobody can wake it.
    Watched,
    /// The caller's thread belongs to someone's executor: it must not be held up.
    Async,
}

impl Face {
    /// Whether the caller's thread may sleep in the middle of work.
    pub(crate) fn may_sleep(self) -> bool {
        self == Self::Blocking
    }

    /// Whether the caller's thread rings the alarms of its calls while it waits.
    pub(crate) fn rings(self) -> bool {
        self != Self::Async
    }
}

/// What a caller states about its calls. Held by a manager's view, turned into a [`CallContext`] at each call.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CallOptions {
    /// How long a call may take in all; the manager's setting where it is `None`.
    pub timeout: Option<Duration>,
    /// Cancels the calls when it fires.
    pub cancel: Option<CancellationToken>,
    /// Whether a person may be asked; the manager's setting where it is `None`.
    pub prompt: Option<PromptPolicy>,
    /// On whose behalf: a server's user, a person's name. Travels to the audit.
    pub actor: Option<Arc<str>>,
    /// Why. Travels to the audit.
    pub reason: Option<Arc<str>>,
    /// The caller's id of the request. Travels to the audit and to traces.
    pub request_id: Option<Arc<str>>,
}

impl CallOptions {
    /// Nothing stated.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits how long a call may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Cancels the calls when the token fires.
    #[must_use]
    pub fn cancel(mut self, token: CancellationToken) -> Self {
        self.cancel = Some(token);
        self
    }

    /// Says whether a person may be asked.
    #[must_use]
    pub fn prompt(mut self, policy: PromptPolicy) -> Self {
        self.prompt = Some(policy);
        self
    }

    /// Says on whose behalf the calls are made.
    #[must_use]
    pub fn actor(mut self, actor: impl Into<Arc<str>>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Says why the calls are made.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<Arc<str>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Names the caller's request.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.request_id = Some(id.into());
        self
    }
}

/// What travels with one call through all layers. Made once, where the call enters the manager.
#[derive(Clone, Debug)]
pub struct CallContext {
    deadline: Instant,
    face: Face,
    prompt: PromptPolicy,
    options: CallOptions,
}

impl CallContext {
    /// A context whose deadline lies `timeout` from now, at most [`MAX_DEADLINE`].
    pub fn new(face: Face, timeout: Duration) -> Self {
        Self::with_options(face, timeout, PromptPolicy::Never, CallOptions::default())
    }

    /// A context with a caller's options; `timeout` and `prompt` hold where the options are silent.
    pub fn with_options(face: Face, timeout: Duration, prompt: PromptPolicy, options: CallOptions) -> Self {
        Self {
            deadline: Instant::now() + options.timeout.unwrap_or(timeout).min(MAX_DEADLINE),
            face,
            prompt: options.prompt.unwrap_or(prompt),
            options,
        }
    }

    /// When the call must have ended; absolute and monotonic.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// What is left until the deadline; zero after it.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The same call with a deadline of its own, `share` from now, where that is earlier.
    #[cfg(feature = "chain")]
    pub(crate) fn within(&self, share: Duration) -> Self {
        Self {
            deadline: self.deadline.min(Instant::now() + share),
            ..self.clone()
        }
    }

    /// From which side the call comes.
    pub fn face(&self) -> Face {
        self.face
    }

    /// Whether a person may be asked.
    pub fn prompt(&self) -> PromptPolicy {
        self.prompt
    }

    /// On whose behalf.
    pub fn actor(&self) -> Option<&str> {
        self.options.actor.as_deref()
    }

    /// Why.
    pub fn reason(&self) -> Option<&str> {
        self.options.reason.as_deref()
    }

    /// The caller's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.options.request_id.as_deref()
    }

    /// The token that cancels the call, where the caller gave one.
    pub fn cancel(&self) -> Option<&CancellationToken> {
        self.options.cancel.as_ref()
    }

    /// Whether the call should go on.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] or [`ErrorKind::Timeout`].
    pub fn check(&self) -> Result<()> {
        self.check_cancelled()?;
        if Instant::now() >= self.deadline {
            return Err(Error::new(
                ErrorKind::Timeout,
                "the deadline passed before an answer came",
            ));
        }
        Ok(())
    }

    /// Whether nobody cancelled the call; for what may take longer than the deadline.
    pub(crate) fn check_cancelled(&self) -> Result<()> {
        match self.cancel() {
            Some(token) if token.is_cancelled() => {
                Err(Error::new(ErrorKind::Cancelled, "the caller cancelled the call"))
            }
            _ => Ok(()),
        }
    }
}
