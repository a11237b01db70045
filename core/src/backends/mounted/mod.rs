//! What `env` and `directory` share: values in files that someone else put there, where reading them runs, and what is
//! told of them.

mod explain;
mod read;
mod reader;
mod watch;

pub(crate) use explain::explain;
#[cfg(feature = "directory")]
pub(crate) use read::metadata;
pub(crate) use read::{describe, read};
pub(crate) use reader::Reader;
pub(crate) use watch::Watch;

/// Waits until a change is seen whose moment nobody announces: the cache looks at most every 100 ms.
#[cfg(test)]
pub(crate) fn until(mut seen: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !seen() {
        assert!(std::time::Instant::now() < end, "the change was never seen");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
