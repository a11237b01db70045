//! Ends: of a manager's thread when it is closed, and of the thread and the process that call us. One test each in a
//! process of its own, because they look at the threads, and end them.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]
#![allow(
    clippy::disallowed_methods,
    reason = "a test tells its own processes apart by the environment"
)]
#![cfg(target_os = "linux")]

use std::cell::RefCell;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use strongroom::backend::Operation;
use strongroom::blocking::SecretManager;
use strongroom::testing::{Fault, FaultBackend};
use strongroom::{Builder, ErrorKind, Secret, SecretValue, face};
use tempfile::TempDir;

/// How long an event may take before the test gives it up.
const PATIENCE: Duration = Duration::from_secs(15);
/// Says to a process that it is the one of this test.
const ROLE: &str = "STRONGROOM_TEST_ENDING";
const KEY: &str = "encrypted.key";

fn memory() -> SecretManager {
    let builder = SecretManager::builder().without_environment().backend("memory");
    builder.open_blocking().unwrap()
}

fn encrypted(dir: &TempDir) -> Builder {
    let path = dir.path().join("s.strongroom");
    let builder = SecretManager::builder().without_environment().option("cache", "off");
    builder.option("encrypted.path", path.to_str().unwrap())
}

fn hex() -> String {
    "42".repeat(32)
}

fn threads_called(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|found| found.trim_end() == name).count()
}

/// Runs `job` in a process of its own, which must print `expected` at its end.
fn alone(test: &str, expected: &str, job: impl FnOnce()) {
    if std::env::var_os(ROLE).is_some() {
        return job();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command
        .args(["--exact", test, "--nocapture"])
        .env(ROLE, "1")
        .output()
        .unwrap();
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success() && !err.contains("panicked"), "{out}\n{err}");
    assert!(err.contains(expected), "{out}\n{err}");
}

#[test]
fn a_closed_manager_leaves_no_thread() {
    alone("a_closed_manager_leaves_no_thread", "gone", || {
        let dir = tempfile::tempdir().unwrap();
        let manager = encrypted(&dir).secret_option(KEY, hex()).open_blocking().unwrap();
        manager.set("k", &Secret::new("v")).unwrap();
        assert_eq!(threads_called("sr-encrypted"), 1);
        manager.lock().unwrap();
        manager.set("k", &Secret::new("w")).unwrap();
        assert_eq!(threads_called("sr-encrypted"), 1, "a locked manager goes on");
        for _ in 0..2 {
            manager.close().unwrap();
            let end = Instant::now() + PATIENCE;
            while threads_called("sr-encrypted") > 0 {
                assert!(Instant::now() < end, "the worker's thread stays");
                std::thread::yield_now();
            }
        }
        assert_eq!(
            manager.set("k", &Secret::new("v")).unwrap_err().kind(),
            ErrorKind::Closed
        );
        eprintln!("gone");
    });
}

/// What is used when the thread's storage is destroyed.
struct Held {
    _dir: TempDir,
    managers: Vec<SecretManager>,
    remote: SecretManager,
}

impl Held {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let asked = |_: &str| Ok(SecretValue::from(hex()));
        let managers = vec![
            memory(),
            encrypted(&dir).secret_option(KEY, hex()).open_blocking().unwrap(),
            encrypted(&dir)
                .secret_provider(KEY, Arc::new(asked))
                .open_blocking()
                .unwrap(),
        ];
        let fault = FaultBackend::new(strongroom::testing::memory());
        fault.on(Operation::Get).then(Fault::Latency(Duration::from_millis(1)));
        fault.on(Operation::Set).then(Fault::Hang);
        let builder = SecretManager::builder().without_environment().option("cache", "off");
        let remote = builder.backend_instance(fault).open_blocking().unwrap();
        let this = Self {
            _dir: dir,
            managers,
            remote,
        };
        // Whatever of the libraries' has a place in the thread's storage is made now, so that it is destroyed then.
        this.use_all();
        this.remote.get("k").unwrap();
        this
    }

    fn use_all(&self) {
        let secret = Secret::new("v");
        for manager in &self.managers {
            manager.set("k", &secret).unwrap();
            manager.lock().unwrap();
            assert_eq!(manager.get_value("k").unwrap().as_deref(), Some("v"));
        }
    }
}

impl Held {
    /// What a destructor does that runs after those of all thread-locals.
    fn end(self, says: &str) {
        assert!(
            tokio::runtime::Handle::try_current()
                .unwrap_err()
                .is_thread_local_destroyed(),
            "the storage is still there"
        );
        self.use_all();
        let begun = Instant::now();
        // Neither a timer nor a context of tokio's is to be had here.
        let kind = self.remote.get("k").unwrap_err().kind();
        assert_eq!(kind, ErrorKind::Unavailable);
        let hasty = self.remote.with_timeout(Duration::from_millis(20));
        assert_eq!(
            hasty.set("k", &Secret::new("v")).unwrap_err().kind(),
            ErrorKind::Unavailable
        );
        let (send, receive) = std::sync::mpsc::sync_channel(1);
        face::spawn(async move { send.send(()).unwrap() }).unwrap();
        while receive.try_recv().is_err() {
            assert!(begun.elapsed() < PATIENCE, "what was spawned does not run");
            std::thread::yield_now();
        }
        face::shutdown(PATIENCE).unwrap();
        let refused = face::spawn(async {}).map_err(|error| error.kind());
        assert_eq!(
            refused,
            Err(ErrorKind::Unavailable),
            "a new runtime cannot be built here"
        );
        face::shutdown(PATIENCE).unwrap();
        for manager in &self.managers {
            manager.close().unwrap();
        }
        drop(memory());
        eprintln!("{says}");
    }
}

/// Runs its job when the thread's storage is destroyed, last of all that have a place there before it.
struct Late(Option<Held>);

impl Drop for Late {
    fn drop(&mut self) {
        if let Some(held) = self.0.take() {
            held.end("ended");
        }
    }
}

thread_local! {
    static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
}

#[test]
fn a_destructor_of_a_threads_storage_may_use_all_that_is_local() {
    alone(
        "a_destructor_of_a_threads_storage_may_use_all_that_is_local",
        "ended",
        || {
            let thread = std::thread::spawn(|| {
                // The first that is made is the last that is destroyed.
                LATE.set(None);
                let held = Held::new();
                LATE.set(Some(Late(Some(held))));
            });
            thread.join().unwrap();
        },
    );
}
