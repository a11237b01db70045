//! Objects that C builds up call by call.

use std::sync::Arc;

use arc_swap::ArcSwap;
use strongroom::Result;

/// Something that is read by several and changed by several. A change makes a new one and puts it in place; nobody ever
/// waits, so a forked child finds it usable whatever others did at the fork.
#[derive(Default)]
pub(crate) struct Shared<T>(ArcSwap<T>);

impl<T: Clone> Shared<T> {
    /// As it is now.
    pub(crate) fn read(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// Changes it. `change` runs again where another thread was faster.
    ///
    /// # Errors
    /// Those of `change`; then nothing was changed.
    pub(crate) fn change(&self, change: impl Fn(&mut T) -> Result<()>) -> Result<()> {
        let mut seen = self.0.load();
        loop {
            let mut new = T::clone(&seen);
            change(&mut new)?;
            let before = self.0.compare_and_swap(&*seen, Arc::new(new));
            if Arc::ptr_eq(&before, &seen) {
                return Ok(());
            }
            seen = before;
        }
    }
}

impl<T> Shared<T> {
    pub(crate) fn new(content: T) -> Self {
        Self(ArcSwap::from_pointee(content))
    }
}
