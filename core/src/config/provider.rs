//! Secret settings that are asked for when they are needed.

use std::fmt;
use std::sync::Arc;

use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::place::{self, Place};
use crate::value::SecretValue;

/// Gives the value of a secret setting whenever it is needed; see
/// [`Builder::secret_provider`](crate::Builder::secret_provider). Closures are providers.
///
/// It is asked on the thread that opens the manager or calls a verb, or on a thread of the library where that thread
/// may not wait; by several threads at once where several need it. No lock of the library is held meanwhile, so it may
/// take its time: a call's deadline does not interrupt it. As long as it does not come to its end, the thread that asks
/// it, and with it a backend's only thread for further calls, is kept; one that may wait for ever is to end with the
/// call instead, which it learns about by [`secret_within`](Self::secret_within). What it panics with is the caller's
/// panic, or on a thread of the library the call's `internal` error. It must not use the manager that asks it.
pub trait SecretProvider: Send + Sync {
    /// The value of `setting`. Wiped after use.
    ///
    /// # Errors
    /// Whatever the call that needs the value shall answer; it will name the setting.
    fn secret(&self, setting: &str) -> Result<SecretValue>;

    /// The same, for a provider that gives up when the call that needs the value ends: at the context's deadline, or
    /// when its token fires, which closing the manager does, too. [`face::answer_within`](crate::face::answer_within)
    /// waits that long for the answer of another thread. What this does by itself is to leave the context alone.
    ///
    /// # Errors
    /// As [`secret`](Self::secret), and [`ErrorKind::Timeout`] and [`ErrorKind::Cancelled`] where it gave up.
    fn secret_within(&self, setting: &str, cx: &CallContext) -> Result<SecretValue> {
        let _ = cx;
        self.secret(setting)
    }
}

impl<F: Fn(&str) -> Result<SecretValue> + Send + Sync> SecretProvider for F {
    fn secret(&self, setting: &str) -> Result<SecretValue> {
        self(setting)
    }
}

/// A provider as the value of a setting.
#[derive(Clone)]
pub(crate) struct Provided {
    provider: Arc<dyn SecretProvider>,
    setting: &'static str,
}

impl Provided {
    pub(super) fn new(provider: Arc<dyn SecretProvider>, setting: &'static str) -> Self {
        Self { provider, setting }
    }

    /// Asks for the value. Never to be called under a lock or inside the gate that a fork waits for.
    #[cfg_attr(
        not(any(feature = "encrypted", feature = "vault")),
        allow(dead_code, reason = "secrets are the store's key and the credentials of Vault")
    )]
    pub(crate) fn ask(&self, cx: &CallContext) -> Result<SecretValue> {
        let asked = Arc::as_ptr(&self.provider).cast();
        let mut asking = place::borrowed(&ASKED, |asked| asked.cloned().unwrap_or_default());
        let answer = if asking.contains(&asked) {
            // A second time within would never end.
            let text = "the provider of a secret uses the manager that asks it";
            Err(Error::new(ErrorKind::ReentrantCall, text))
        } else {
            asking.push(asked);
            cx.asks(self.setting);
            let answer = place::lend(&ASKED, &asking, || self.provider.secret_within(self.setting, cx));
            if !answer.as_ref().is_err_and(has_given_up) {
                cx.is_answered();
            }
            answer
        };
        answer.map_err(|error| error.with_setting(self.setting))
    }
}

/// Whether a provider has ended with the call: then whoever waits for the call may still have to hear of what it asked.
fn has_given_up(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Cancelled)
}

impl fmt::Debug for Provided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provided")
    }
}

thread_local! {
    /// The providers that this thread is asking.
    static ASKED: Place<Vec<*const ()>> = const { Place::new() };
}
