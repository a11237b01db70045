//! What a thread reaches while it runs something, and only then: a thread-local reference to a value that lies on the
//! thread's own stack.
//!
//! It needs neither making nor dropping, so it works at any time of a thread's life, also where the thread's other
//! thread-locals have been destroyed: in handlers of `atexit`, in static destructors, in destructors of
//! `pthread_key_create`.

use std::cell::Cell;
use std::ptr;
use std::thread::LocalKey;

/// What stands in the thread-local. Only [`lend`] sets it.
pub(crate) struct Place<T>(Cell<*const T>);

impl<T> Place<T> {
    pub(crate) const fn new() -> Self {
        Self(Cell::new(ptr::null()))
    }
}

/// Runs `run`, within which [`borrowed`] finds `value`; afterwards, what was there before is there again.
pub(crate) fn lend<T, R>(key: &'static LocalKey<Place<T>>, value: &T, run: impl FnOnce() -> R) -> R {
    struct Restore<T: 'static>(&'static LocalKey<Place<T>>, *const T);
    impl<T> Drop for Restore<T> {
        fn drop(&mut self) {
            self.0.with(|place| place.0.set(self.1));
        }
    }
    let _restore = Restore(key, key.with(|place| place.0.replace(value)));
    run()
}

/// Calls `look` with what the innermost [`lend`] of this thread lends; with `None` where there is none.
pub(crate) fn borrowed<T, R>(key: &'static LocalKey<Place<T>>, look: impl FnOnce(Option<&T>) -> R) -> R {
    let value = key.with(|place| place.0.get());
    // SAFETY: null, or set by a `lend` further up on this thread's stack: that one has not ended, because it takes the
    // pointer out when it ends, by return or by panic, and it borrows the value for at least as long.
    look(unsafe { value.as_ref() })
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static PLACE: Place<u32> = const { Place::new() };
    }

    fn found() -> Option<u32> {
        borrowed(&PLACE, |value| value.copied())
    }

    #[test]
    fn what_is_lent_is_there_until_its_lender_ends_also_by_a_panic() {
        const { assert!(!std::mem::needs_drop::<Place<String>>()) };
        assert_eq!(found(), None);
        lend(&PLACE, &1, || {
            lend(&PLACE, &2, || assert_eq!(found(), Some(2)));
            let panicked = std::panic::catch_unwind(|| lend(&PLACE, &3, || std::panic::resume_unwind(Box::new(()))));
            assert!(panicked.is_err());
            assert_eq!(found(), Some(1));
            std::thread::scope(|scope| scope.spawn(|| assert_eq!(found(), None)).join().unwrap());
        });
        assert_eq!(found(), None);
    }
}
