//! The built command, run in a home of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A home, and the variables of what runs in it.
#[derive(Debug)]
pub struct Home {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a run left.
#[derive(Debug)]
pub struct Run {
    /// The exit code.
    pub code: i32,
    /// What it wrote.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Default for Home {
    fn default() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }
}

impl Home {
    /// A home without any configuration.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// The same with variables.
    #[must_use]
    pub fn variables(self, variables: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let variables = variables.into_iter();
        variables.fold(self, |home, (name, value)| home.variable(name, value))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command with this home and nothing else of our environment.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.path()).current_dir(self.path());
        let built = binary();
        let folder = built.parent().unwrap().display();
        command.env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts `strongroom` with these arguments.
    pub fn start(&self, args: &[&str]) -> Child {
        self.command(&binary()).args(args).spawn().unwrap()
    }

    /// Runs `strongroom` with these arguments.
    pub fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, "")
    }

    /// The same with this text on its standard input.
    pub fn run_with(&self, args: &[&str], stdin: &str) -> Run {
        let mut child = self.start(args);
        // A command that does not read its input is no fault.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        Run::from(child.wait_with_output().unwrap())
    }

    /// Sets a secret.
    pub fn set(&self, key: &str, value: &str) {
        self.run_with(&["set", key], value).ok();
    }
}

/// What `cargo build` made beside this test.
///
/// # Panics
/// It is not there.
fn binary() -> PathBuf {
    // target/debug/deps/<this program>
    let target = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
    let path = target.join("strongroom");
    assert!(path.exists(), "{}: `cargo xtask test` makes it", path.display());
    path
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    /// It succeeded.
    ///
    /// # Panics
    /// It did not.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// It failed with this kind.
    ///
    /// # Panics
    /// It did not.
    #[track_caller]
    pub fn fails(self, kind: &str) -> Self {
        assert_ne!(self.code, 0, "{self:?}");
        assert!(self.stderr.starts_with(&format!("strongroom: {kind}: ")), "{self:?}");
        self
    }
}
