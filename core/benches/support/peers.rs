//! The Python process that fetches with what Python programs fetch with, when it is told to.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What something took, in nanoseconds.
pub struct Took {
    /// On the clock of the wall.
    pub wall: f64,
    /// Of the processors, by the process that did it.
    pub busy: f64,
}

/// The process; it ends with its input.
pub struct Peers {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Peers {
    /// Starts it. Secrets lie below `prefix` and all have the value `value`.
    pub fn start(prefix: &str, value: &str, environment: Vec<(&'static str, String)>) -> Self {
        let mut command = Command::new(strongroom_fakes::python());
        command
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/support/peers.py"))
            .args([prefix, value])
            .env_clear()
            .envs(environment);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        Self {
            orders: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// What something takes, as the process measures it.
    pub fn take(&mut self, word: &str, number: usize) -> Took {
        writeln!(self.orders.as_mut().unwrap(), "{word} {number}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let mut figures = answer.split_whitespace().map_while(|figure| figure.parse().ok());
        let (Some(wall), Some(busy)) = (figures.next(), figures.next()) else {
            panic!("{word} {number} failed");
        };
        Took { wall, busy }
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        self.orders.take();
        // Its end is waited for; what it then says is nobody's concern.
        let _ = self.child.wait();
    }
}
