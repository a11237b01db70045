//! Forking, waiting, and what a child says. The only `unsafe` of the rig.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::time::{Duration, Instant};

use strongroom::{ErrorKind, Result};

/// After so many seconds a child counts as hanging and the kernel ends it.
const CHILD_LIMIT: u32 = 10;

/// What became of a child.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Everything worked.
    Worked,
    /// The library said that it is unavailable in this child.
    Unavailable,
    /// It did not end in time.
    Hung,
    /// It read something wrong, answered another error, or died.
    Failed(String),
}

/// A child under way.
pub(super) struct Child {
    pid: libc::pid_t,
    words: PipeReader,
    /// How long `fork` took in the parent.
    pub(super) took: Duration,
}

/// Forks; the child runs `work` and ends with what it answers.
#[allow(unsafe_code, reason = "forking is what is tested")]
pub(super) fn fork(work: impl FnOnce() -> Result<(), String>) -> std::io::Result<Child> {
    let (words, writer) = std::io::pipe()?;
    let begin = Instant::now();
    // SAFETY: glibc makes malloc usable in a child of a program with threads; the child touches nothing that other
    // threads of the parent lock (its own pipe, the library under test), and leaves through `_exit`.
    let pid = unsafe { libc::fork() };
    match pid {
        0 => {
            drop(words);
            // SAFETY: no handler is installed, so the alarm ends the process; nothing else uses SIGALRM.
            unsafe { libc::alarm(CHILD_LIMIT) };
            run(writer, work);
            // SAFETY: ends the process without running what belongs to the parent.
            unsafe { libc::_exit(0) }
        }
        pid if pid < 0 => Err(std::io::Error::last_os_error()),
        pid => Ok(Child {
            pid,
            words,
            took: begin.elapsed(),
        }),
    }
}

fn run(mut writer: PipeWriter, work: impl FnOnce() -> Result<(), String>) {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    let word = match outcome {
        Ok(Ok(())) => "worked".to_owned(),
        Ok(Err(complaint)) => complaint,
        Err(_) => "panicked".to_owned(),
    };
    // Where the pipe does not take it, the parent sees a child that said nothing.
    let _ = writer.write_all(word.as_bytes());
}

impl Child {
    /// Waits for what it says and for its end.
    #[allow(unsafe_code, reason = "a child that fork made has no other handle")]
    pub(super) fn fate(mut self) -> Fate {
        let mut word = String::new();
        let read = self.words.read_to_string(&mut word);
        let mut status = 0;
        // SAFETY: the pid is that of our own child, which nobody else waits for; `status` is ours.
        unsafe { libc::waitpid(self.pid, &raw mut status, 0) };
        match word.as_str() {
            "worked" => Fate::Worked,
            "unavailable" => Fate::Unavailable,
            _ if libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGALRM => Fate::Hung,
            "" => Fate::Failed(format!("said nothing ({read:?}), status {status}")),
            _ => Fate::Failed(word),
        }
    }
}

/// A library's answer as a child's word.
pub(super) fn word<T>(what: &str, outcome: Result<T>) -> Result<T, String> {
    outcome.map_err(|error| {
        if error.kind() == ErrorKind::Unavailable {
            "unavailable".to_owned()
        } else {
            format!("{what}: {} {}", error.kind().token(), error.message())
        }
    })
}

/// The tally of many children.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) worked: usize,
    unavailable: usize,
    hung: usize,
    failed: usize,
    took: Vec<Duration>,
}

impl Tally {
    /// Waits for a child and counts it; answers whether it worked.
    pub(super) fn count(&mut self, child: std::io::Result<Child>) -> bool {
        let fate = match child {
            Ok(child) => {
                self.took.push(child.took);
                child.fate()
            }
            Err(error) => Fate::Failed(error.to_string()),
        };
        match &fate {
            Fate::Worked => self.worked += 1,
            Fate::Unavailable => self.unavailable += 1,
            Fate::Hung => self.hung += 1,
            Fate::Failed(word) => {
                self.failed += 1;
                super::say(format_args!("error child: {word}"));
            }
        }
        fate == Fate::Worked
    }

    /// One line with all figures.
    pub(super) fn say(&mut self, name: &str) {
        self.took.sort_unstable();
        let rank = |part: usize| self.took.get((self.took.len() * part / 100).min(self.took.len() - 1));
        super::say(format_args!(
            "note {name}: {} forks, worked {}, unavailable {}, hung {}, failed {}, fork took p50 {:?} p99 {:?} max {:?}",
            self.took.len(),
            self.worked,
            self.unavailable,
            self.hung,
            self.failed,
            rank(50).copied().unwrap_or_default(),
            rank(99).copied().unwrap_or_default(),
            self.took.last().copied().unwrap_or_default(),
        ));
    }
}
