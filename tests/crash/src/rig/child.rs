use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Home;

#[derive(Debug, Default)]
struct Output {
    lines: Mutex<(Vec<String>, bool)>,
    changed: Condvar,
}

/// A process whose lines are collected as they come. Killed when dropped.
#[derive(Debug)]
pub struct Subject {
    child: Child,
    output: Arc<Output>,
    reader: Option<JoinHandle<()>>,
}

impl Subject {
    /// Starts the program `exe` in `home`.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn start(exe: &str, home: &Home, args: &[&str]) -> Self {
        Self::start_with_input(exe, home, args, "")
    }

    /// The same, with something on its standard input.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn start_with_input(exe: &str, home: &Home, args: &[&str], input: &str) -> Self {
        let mut command = Command::new(exe);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        home.equip(&mut command);
        let mut child = command.spawn().expect("the subject starts");
        if let Some(mut stdin) = child.stdin.take() {
            // A subject that died before it read everything shows in its lines.
            let _ = stdin.write_all(input.as_bytes());
        }
        let stdout = child.stdout.take().expect("a pipe");
        let output = Arc::new(Output::default());
        let reader = std::thread::spawn({
            let output = Arc::clone(&output);
            move || {
                let mut stdout = BufReader::new(stdout);
                let mut line = String::new();
                while stdout.read_line(&mut line).is_ok_and(|read| read > 0) {
                    if line.ends_with('\n') {
                        let mut state = output.lines.lock().unwrap_or_else(PoisonError::into_inner);
                        state.0.push(line.trim_end().to_owned());
                        output.changed.notify_all();
                    }
                    line.clear();
                }
                output.lines.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
                output.changed.notify_all();
            }
        });
        Self {
            child,
            output,
            reader: Some(reader),
        }
    }

    /// Waits until there are `count` lines or no more will come; answers whether there are so many.
    pub fn wait_for(&self, count: usize, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut state = self.output.lines.lock().unwrap_or_else(PoisonError::into_inner);
        while state.0.len() < count && !state.1 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self
                .output
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        state.0.len() >= count
    }

    /// Kills it with signal 9 and answers the lines that it had written.
    pub fn kill(mut self) -> Vec<String> {
        self.end()
    }

    /// Waits for its end and answers its lines and status.
    ///
    /// # Panics
    /// Where it has to be killed because it does not end.
    pub fn finish(mut self, patience: Duration) -> (Vec<String>, ExitStatus) {
        if !self.wait_for_end(patience) {
            let lines = self.end();
            panic!(
                "a subject did not end within {patience:?}; its last lines: {:?}",
                tail(&lines)
            );
        }
        let status = self.child.wait().expect("the subject's status");
        (self.end(), status)
    }

    fn wait_for_end(&self, patience: Duration) -> bool {
        self.wait_for(usize::MAX, patience);
        self.output.lines.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    fn end(&mut self) -> Vec<String> {
        // Both fail only where the process has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        std::mem::take(&mut self.output.lines.lock().unwrap_or_else(PoisonError::into_inner).0)
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        self.end();
    }
}

fn tail(lines: &[String]) -> &[String] {
    &lines[lines.len().saturating_sub(5)..]
}
