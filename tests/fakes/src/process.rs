//! Programs that end with this process.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

/// How long a program may take until it is ready, on a machine with other things to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

type Order = (Command, Sender<std::io::Result<Child>>);

/// The thread that starts every program. The system kills them with the thread that started them, not with its process,
/// and a test's thread ends long before a server that other tests use as well.
static KEEPER: LazyLock<Sender<Order>> = LazyLock::new(|| {
    let (orders, inbox) = mpsc::channel::<Order>();
    let keep = move || {
        for (mut command, answer) in inbox {
            // Whoever asked waits for this.
            let _ = answer.send(command.spawn());
        }
    };
    std::thread::Builder::new()
        .name("keeper".to_owned())
        .spawn(keep)
        .unwrap();
    orders
});

/// A program that runs until this value is dropped or this process ends.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: Arc<Mutex<String>>,
    /// A fork that drops its copy must not end the program of its parent.
    owner: u32,
}

impl Process {
    /// Starts a program. What it says is kept.
    pub(crate) fn start(program: &Path, prepare: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).env_clear();
        prepare(&mut command);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let (answer, answered) = mpsc::channel();
        KEEPER.send((command, answer)).unwrap();
        let mut child = answered
            .recv()
            .unwrap()
            .expect("setpriv is in Debian's package util-linux");
        let log = Arc::new(Mutex::new(String::new()));
        if let Some(output) = child.stdout.take() {
            keep(output, &log);
        }
        if let Some(output) = child.stderr.take() {
            keep(output, &log);
        }
        Self {
            child,
            log,
            owner: std::process::id(),
        }
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Asks until there is an answer.
    ///
    /// # Panics
    /// The program ended, or there was none for [`PATIENCE`].
    pub(crate) fn until<T>(&mut self, what: &str, mut ask: impl FnMut(&Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(answer) = ask(self) {
                return answer;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{what}: the program ended with {status}:\n{}", self.log());
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{what}: not within {PATIENCE:?}:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The loopback ports that it listens on: it takes free ones itself, so that nobody else gets them in between.
    pub(crate) fn ports(&self) -> Vec<u16> {
        let Ok(files) = fs::read_dir(format!("/proc/{}/fd", self.child.id())) else {
            return Vec::new();
        };
        let sockets: Vec<String> = files
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok()?.into_os_string().into_string().ok())
            .filter_map(|target| Some(target.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
            .collect();
        let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
        let listening = |line: &str| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let (&address, &state, inode) = (fields.get(1)?, fields.get(3)?, *fields.get(9)?);
            let is_ours = state == "0A" && sockets.iter().any(|socket| socket == inode);
            let port = address.strip_prefix("0100007F:").filter(|_| is_ours)?;
            u16::from_str_radix(port, 16).ok()
        };
        table.lines().filter_map(listening).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.owner == std::process::id() {
            // It may have ended by itself.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads what a program says, so that it never waits for a reader.
fn keep(output: impl std::io::Read + Send + 'static, log: &Arc<Mutex<String>>) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let mut log = log.lock().unwrap();
            log.push_str(&String::from_utf8_lossy(&line));
            log.push('\n');
        }
    });
}
