//! The leak scan. `subject` handles a canary through one path of the API and stops at stages; `scan` is another
//! process that searches its memory at each of them.

#[cfg(target_os = "linux")]
pub mod canary;
#[cfg(target_os = "linux")]
pub mod inner_keys;
#[cfg(target_os = "linux")]
pub mod scan;
#[cfg(target_os = "linux")]
pub mod subject;
