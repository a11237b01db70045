//! What travels with a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub use tokio_util::sync::CancellationToken;

use crate::config::SETTINGS;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::{RequestPlace, Share};

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

/// Which secret setting a call is waiting for, as its thread and whoever waits for that thread see it. Without a lock, as
/// a forked child may inherit it in the middle of anything.
#[derive(Debug, Default)]
pub(crate) struct Asked(AtomicUsize);

/// Nothing is asked for; else it is the place of the setting, counted from one.
const NOTHING: usize = 0;
/// Whoever waited has left meanwhile.
const LEFT: usize = usize::MAX;

impl Asked {
    fn begin(&self, setting: &str) {
        let place = SETTINGS.iter().position(|known| known.key == setting);
        let place = place.map_or(NOTHING, |place| place + 1);
        self.step(|now| (now != LEFT).then_some(place));
    }

    fn end(&self) {
        self.step(|now| (now != LEFT).then_some(NOTHING));
    }

    fn step(&self, to: impl Fn(usize) -> Option<usize>) -> Option<usize> {
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, to).ok()
    }

    /// Whether an answer is waited for.
    pub(crate) fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire) != NOTHING
    }

    /// Leaves while an answer is waited for; the setting's name. From then on what the call was to do is not done.
    pub(crate) fn leave(&self) -> Option<&'static str> {
        let place = self.step(|now| (now != NOTHING && now != LEFT).then_some(LEFT))?;
        SETTINGS.get(place - 1).map(|setting| setting.key)
    }

    #[cfg(feature = "encrypted")]
    fn was_left(&self) -> bool {
        self.0.load(Ordering::Acquire) == LEFT
    }
}

/// What travels with one call through all layers. Made once, where the call enters the manager.
#[derive(Clone, Debug)]
pub struct CallContext {
    deadline: Instant,
    face: Face,
    prompt: PromptPolicy,
    options: CallOptions,
    /// What the job asks for, where another thread does the call's work.
    asked: Option<Arc<Asked>>,
    /// The places of its requests, where it makes several at once.
    share: Option<Arc<Share>>,
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
            asked: None,
            share: None,
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

    /// The same call with another token.
    #[cfg(feature = "encrypted")]
    pub(crate) fn with_cancel(&self, token: CancellationToken) -> Self {
        let mut same = self.clone();
        same.options.cancel = Some(token);
        same
    }

    /// The same call on behalf of several callers: nobody's token ends it, and whichever thread polls it is not held up.
    pub(crate) fn for_several(&self) -> Self {
        let mut same = self.clone();
        same.face = Face::Async;
        same.options.cancel = None;
        same.asked = None;
        same
    }

    /// The same call, whose requests have these places.
    pub(crate) fn sharing(&self, share: Arc<Share>) -> Self {
        Self {
            share: Some(share),
            ..self.clone()
        }
    }

    /// Waits until one more request of this call may be under way, which it then is until the answer is dropped.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    #[cfg_attr(
        not(any(feature = "aws", feature = "vault")),
        allow(dead_code, reason = "only what makes requests waits for its turn")
    )]
    pub(crate) async fn turn(&self) -> Result<Option<RequestPlace<'_>>> {
        match &self.share {
            Some(share) => share.place(self).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same call, in which whoever waits for it learns what it asks for.
    pub(crate) fn telling(&self, asked: Arc<Asked>) -> Self {
        Self {
            asked: Some(asked),
            ..self.clone()
        }
    }

    /// The call waits for a secret setting from now on.
    pub(crate) fn asks(&self, setting: &str) {
        if let Some(asked) = &self.asked {
            asked.begin(setting);
        }
    }

    /// The call waits for no setting any more.
    pub(crate) fn is_answered(&self) {
        if let Some(asked) = &self.asked {
            asked.end();
        }
    }

    /// Refuses what must not happen once the caller was told that it has not, as it left while a secret setting was
    /// asked for.
    #[cfg(feature = "encrypted")]
    pub(crate) fn check_left(&self) -> Result<()> {
        match &self.asked {
            Some(asked) if asked.was_left() => Err(Error::new(
                ErrorKind::Cancelled,
                "the caller left while a secret setting was asked for",
            )),
            _ => Ok(()),
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
