//! The Python that has the servers' packages and the clients that we compare with.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Names a Python with the packages that `cargo xtask test` installs.
const VARIABLE: &str = "STRONGROOM_TEST_PYTHON";

/// The Python that has the packages.
///
/// # Panics
/// It is not there; see [`missing`].
pub fn python() -> PathBuf {
    match missing() {
        None => path(),
        Some(why) => panic!("{why}"),
    }
}

/// Why there is no such Python, where there is none. Tests say it and are skipped; `cargo xtask test` installs it.
pub fn missing() -> Option<String> {
    let path = path();
    let is_there = path.is_file();
    (!is_there).then(|| {
        let path = path.display();
        format!("{path} is not there: `cargo xtask test` installs it, {VARIABLE} names another one")
    })
}

#[expect(clippy::disallowed_methods, reason = "read once, of a variable that only tests have")]
fn path() -> PathBuf {
    let stated = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
    stated.map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/venv-remote/bin/python").into(),
        PathBuf::from,
    )
}

/// A small program in Python.
#[derive(Debug)]
pub struct Script(Command);

impl Script {
    /// Runs `text`, with nothing in its environment but what is added.
    pub fn new(text: &str) -> Self {
        let mut command = Command::new(python());
        command.env_clear().args(["-c", text]).stdin(Stdio::null());
        Self(command)
    }

    /// Adds a word to `sys.argv[1:]`.
    #[must_use]
    pub fn arg(mut self, word: &str) -> Self {
        self.0.arg(word);
        self
    }

    /// Adds variables.
    #[must_use]
    pub fn environment<'a>(mut self, variables: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        self.0.envs(variables);
        self
    }

    /// Runs it and answers what it printed.
    ///
    /// # Panics
    /// It failed.
    pub fn output(mut self) -> String {
        let output = self.0.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the script in Python failed: {said}");
        String::from_utf8(output.stdout).unwrap()
    }
}
