//! Forks of this process, with everything that is alive in it.

use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// After so many seconds a child that hangs is ended.
const LIMIT: u32 = 60;

/// A child under way.
#[derive(Debug)]
pub struct Child {
    pid: libc::pid_t,
    words: std::io::PipeReader,
}

/// Forks; the child runs `work`, tells its complaint, and ends without running what belongs to the parent.
///
/// # Panics
/// The system does not fork.
#[allow(unsafe_code, reason = "forking is what is tested")]
pub fn fork(work: impl FnOnce() -> Result<(), String>) -> Child {
    let (words, mut writer) = std::io::pipe().unwrap();
    // SAFETY: glibc makes malloc usable in a child of a program with threads; the child uses the library under test and
    // its own pipe, and leaves through `_exit`.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        drop(words);
        // SAFETY: no handler is installed, so the alarm ends the process; nothing else uses SIGALRM.
        unsafe { libc::alarm(LIMIT) };
        let word = match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(())) => "worked".to_owned(),
            Ok(Err(complaint)) => complaint,
            Err(_) => "panicked".to_owned(),
        };
        // Where the pipe does not take it, the parent sees a child that said nothing.
        let _ = writer.write_all(word.as_bytes());
        // SAFETY: ends the process without running what belongs to the parent.
        unsafe { libc::_exit(0) }
    }
    assert!(pid > 0, "{}", std::io::Error::last_os_error());
    Child { pid, words }
}

impl Child {
    /// Waits for its end.
    ///
    /// # Panics
    /// It did not work.
    #[allow(unsafe_code, reason = "a child that fork made has no other handle")]
    pub fn worked(mut self) {
        let mut word = String::new();
        self.words.read_to_string(&mut word).unwrap();
        let mut status = 0;
        // SAFETY: the pid is that of our own child, which nobody else waits for; `status` is ours.
        unsafe { libc::waitpid(self.pid, &raw mut status, 0) };
        assert_eq!(word, "worked", "the child ended with {status}");
    }
}
