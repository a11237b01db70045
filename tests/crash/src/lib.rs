//! The crash rig. `subject` is what gets killed, forked and meddled with; `rig` is what the tests do that with.
//!
//! Every write is acknowledged by a line on the subject's standard output after the library said `Ok`. What was
//! acknowledged must be there afterwards, read by a fresh process; a write that was not acknowledged may be there.

#[cfg(target_os = "linux")]
pub mod rig;
#[cfg(target_os = "linux")]
pub mod subject;
