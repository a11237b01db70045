//! Secret settings that are asked for when they are needed.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::value::SecretValue;

/// Gives the value of a secret setting whenever it is needed; see
/// [`Builder::secret_provider`](crate::Builder::secret_provider). Closures are providers.
///
/// It is asked on the thread that opens the manager or calls a verb, or on a thread of the library where that thread
/// may not wait; by several threads at once where several need it. No lock of the library is held meanwhile, so it may
/// take its time: a call's deadline does not interrupt it. What it panics with is the caller's panic, or on a thread of
/// the library the call's `internal` error. It must not use the manager that asks it.
pub trait SecretProvider: Send + Sync {
    /// The value of `setting`. Wiped after use.
    ///
    /// # Errors
    /// Whatever the call that needs the value shall answer; it will name the setting.
    fn secret(&self, setting: &str) -> Result<SecretValue>;
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
        not(feature = "encrypted"),
        allow(dead_code, reason = "the store's key is the only secret so far")
    )]
    pub(crate) fn ask(&self) -> Result<SecretValue> {
        let Some(_asking) = Asking::begin(Arc::as_ptr(&self.provider).cast()) else {
            let text = "the provider of a secret uses the manager that asks it";
            return Err(Error::new(ErrorKind::ReentrantCall, text).with_setting(self.setting));
        };
        self.provider
            .secret(self.setting)
            .map_err(|error| error.with_setting(self.setting))
    }
}

impl fmt::Debug for Provided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provided")
    }
}

thread_local! {
    /// The providers that this thread is asking.
    static ASKED: RefCell<Vec<*const ()>> = const { RefCell::new(Vec::new()) };
}

/// A provider being asked: a second time within would never end.
struct Asking;

impl Asking {
    fn begin(provider: *const ()) -> Option<Self> {
        ASKED.with_borrow_mut(|asked| {
            if asked.contains(&provider) {
                return None;
            }
            asked.push(provider);
            Some(Self)
        })
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        ASKED.with_borrow_mut(Vec::pop);
    }
}
