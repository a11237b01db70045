//! A temporary home and the command in it.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_strongroom");

/// A home without any configuration.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a run left.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    /// A home with a store in it.
    pub(crate) fn with_store() -> Self {
        let home = Self::new();
        home.run(&["init"]).ok();
        home
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path().join(".local/share/strongroom/secrets.strongroom")
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.path().join(".local/state/strongroom/secrets.key")
    }

    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(args);
        self.prepare(&mut command);
        command
    }

    /// Gives a command this home and nothing else of our environment.
    pub(crate) fn prepare(&self, command: &mut Command) {
        command.env_clear().env("HOME", self.path()).current_dir(self.path());
        command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    /// Runs the command with an empty stdin.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Run {
        self.run_with(args, b"")
    }

    /// Runs the command with these bytes on stdin.
    pub(crate) fn run_with<S: AsRef<OsStr>>(&self, args: &[S], stdin: &[u8]) -> Run {
        feed(self.command(args), stdin)
    }

    pub(crate) fn set(&self, key: &str, value: &[u8]) {
        self.run_with(&["set", key], value).ok();
    }

    pub(crate) fn get(&self, key: &str) -> Vec<u8> {
        self.run(&["get", key]).ok().stdout
    }

    /// Every file below the home.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path)
                } else {
                    files.push(path)
                }
            }
        }
        files
    }
}

/// Runs a command with these bytes on stdin. A command that does not read them all is no error.
pub(crate) fn feed(mut command: Command, stdin: &[u8]) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || pipe.write_all(stdin));
        Run::from(child.wait_with_output().unwrap())
    })
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8(output.stderr).expect("messages are text");
        Self {
            code: output.status.code().expect("no signal ends the command"),
            stdout: output.stdout,
            stderr,
        }
    }
}

impl Run {
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self
    }

    /// The command failed with this kind: its exit code, and two lines on stderr, of which the second helps.
    #[track_caller]
    pub(crate) fn fails(self, token: &str, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.stderr);
        let lines: Vec<_> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 2, "{}", self.stderr);
        assert!(
            lines[0].starts_with(&format!("strongroom: {token}: ")),
            "{}",
            self.stderr
        );
        assert!(
            lines[1].starts_with("  help: ") && lines[1].len() > 8,
            "{}",
            self.stderr
        );
        assert!(self.stdout.is_empty(), "an error leaves stdout empty");
        self
    }

    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }
}

/// Says past the test harness, which swallows what a passing test prints, that something was not tested.
pub(crate) fn skipped(what: &str) {
    let _ = std::io::stderr().write_all(format!("skipped: {what}\n").as_bytes());
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
