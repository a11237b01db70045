use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;

use super::super::sqlite::{claim, fail_probe, install, ofd_supported, persist_wal};
use super::{alone, ended_well, fork};
use crate::error::ErrorKind;

/// A connection without any of our care to a file that is as private as a store is.
pub(super) fn raw(path: &Path) -> rusqlite::Result<Connection> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // What is there already is not opened: closing it would drop the locks on it.
    let _ = options.open(path);
    Connection::open(path)
}

/// A store in write-ahead mode, as the backend opens it.
pub(super) fn open(path: &Path) -> Connection {
    let connection = raw(path).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE IF NOT EXISTS t (v INTEGER)")
        .unwrap();
    persist_wal(&connection).unwrap();
    connection
}

fn side(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What a host does that copies or hashes the store's files.
fn read_all(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        std::fs::read(side(path, suffix)).unwrap();
    }
}

/// Whether another process, with another SQLite and POSIX locks, may begin to write.
pub(super) fn another_process_can_write(path: &Path) -> bool {
    const SCRIPT: &str = "
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    c.execute('BEGIN IMMEDIATE')
    print('free')
    c.execute('ROLLBACK')
except sqlite3.OperationalError as e:
    print('locked' if 'locked' in str(e) else e)
";
    let output = Command::new("python3").args(["-c", SCRIPT]).arg(path).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(
        output.status.success() && (text == "free" || text == "locked"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text == "free"
}

/// A whole write of another process, which waits for nobody.
fn write_from_another_process(path: &Path) -> String {
    const SCRIPT: &str = "
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    c.execute('INSERT INTO t VALUES (9)')
    print('done')
except sqlite3.OperationalError as e:
    print('locked' if 'locked' in str(e) else e)
";
    let output = Command::new("python3").args(["-c", SCRIPT]).arg(path).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn a_host_that_reads_the_files_drops_no_lock() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    install(&path).unwrap();
    install(&path).unwrap();
    assert!(ofd_supported(&path), "this machine's file system has open-file locks");
    let connection = open(&path);
    assert!(another_process_can_write(&path), "nobody writes yet");
    connection
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
        .unwrap();
    assert!(!another_process_can_write(&path), "the other process sees our lock");
    read_all(&path);
    assert!(!another_process_can_write(&path), "still");
    connection.execute_batch("COMMIT").unwrap();
    assert!(another_process_can_write(&path));
}

#[test]
fn the_control_without_the_hook_loses_its_lock() {
    let dir = tempfile::tempdir().unwrap();
    // Another store of ours is known, so the hook stands; this file is someone else's.
    install(&dir.path().join("store")).unwrap();
    let path = dir.path().join("stranger");
    let connection = open(&path);
    connection
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
        .unwrap();
    assert!(!another_process_can_write(&path));
    read_all(&path);
    assert!(
        another_process_can_write(&path),
        "POSIX locks are gone once any descriptor is closed"
    );
}

#[test]
fn paths_are_known_through_links_and_only_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("real");
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, dir.path().join("link")).unwrap();
    install(&dir.path().join("link/store")).unwrap();
    let connection = open(&dir.path().join("link/store"));
    connection
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
        .unwrap();
    read_all(&real.join("store"));
    assert!(!another_process_can_write(&real.join("store")));
    // A longer name is not ours.
    let stranger = open(&real.join("store2"));
    stranger
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
        .unwrap();
    read_all(&real.join("store2"));
    assert!(another_process_can_write(&real.join("store2")));
    assert_eq!(install(Path::new("/")).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(
        install(&dir.path().join("no/store")).unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[test]
fn the_log_outlives_its_last_connection() {
    let dir = tempfile::tempdir().unwrap();
    for (name, keep) in [("kept", true), ("control", false)] {
        let path = dir.path().join(name);
        install(&path).unwrap();
        let connection = raw(&path).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (v)")
            .unwrap();
        if keep {
            persist_wal(&connection).unwrap();
        }
        drop(connection);
        assert_eq!(side(&path, "-wal").exists(), keep, "{name}");
    }
}

#[test]
fn many_connections_and_threads_of_one_copy() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    install(&path).unwrap();
    drop(open(&path));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let connection = open(&path);
                    for _ in 0..10 {
                        connection.execute_batch("INSERT INTO t VALUES (1)").unwrap();
                        read_all(&path);
                    }
                }
            });
        }
    });
    let count: i64 = open(&path)
        .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 400);
    assert!(another_process_can_write(&path));
}

#[test]
fn no_descriptor_and_no_mapping_is_left_behind() {
    alone(
        "sys::tests::sqlite::no_descriptor_and_no_mapping_is_left_behind",
        || {
            let dir = tempfile::tempdir().unwrap();
            let open_files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
            let mapped = || {
                std::fs::read_to_string("/proc/self/maps")
                    .unwrap()
                    .matches("-shm")
                    .count()
            };
            let before = open_files();
            for round in 0..100 {
                let path = dir.path().join(format!("store{round}"));
                install(&path).unwrap();
                let connection = open(&path);
                connection.execute_batch("INSERT INTO t VALUES (1)").unwrap();
                assert_eq!(mapped(), 1);
            }
            assert_eq!((open_files(), mapped()), (before, 0));
            // And what is open under the same numbers now is the host's: its children keep it.
            let own = std::fs::File::open(dir.path()).unwrap();
            assert!(ended_well(fork(|| own.metadata().unwrap().is_dir())));
        },
    );
}

#[test]
fn a_descriptor_beyond_the_set_is_refused() {
    alone("sys::tests::sqlite::a_descriptor_beyond_the_set_is_refused", || {
        let wanted = rustix::process::Rlimit {
            current: Some(70_000),
            maximum: Some(70_000),
        };
        if rustix::process::setrlimit(rustix::process::Resource::Nofile, wanted).is_err() {
            println!("skipped: the limit for open files cannot be raised");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        install(&path).unwrap();
        let null = std::fs::File::open("/dev/null").unwrap();
        let mut taken = Vec::new();
        while taken
            .last()
            .is_none_or(|file: &std::fs::File| std::os::fd::AsRawFd::as_raw_fd(file) < 65_535)
        {
            taken.push(null.try_clone().unwrap());
        }
        assert!(raw(&path).is_err(), "a file that cannot be watched is not opened");
        assert!(
            Connection::open(dir.path().join("stranger")).is_ok(),
            "files of others are"
        );
        taken.truncate(60_000);
        open(&path).execute_batch("INSERT INTO t VALUES (1)").unwrap();
    });
}

#[test]
fn without_open_file_locks_a_second_copy_is_refused() {
    alone(
        "sys::tests::sqlite::without_open_file_locks_a_second_copy_is_refused",
        || {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("store");
            fail_probe(true);
            assert!(!ofd_supported(&path));
            install(&path).unwrap();
            let first = claim(&path).unwrap();
            let second = claim(&path).unwrap();
            drop(first);
            // Another copy of the library has its own statics; to this one its descriptor is a stranger's.
            let foreign = std::fs::File::open(side(&path, ".lock")).unwrap();
            let error = claim(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.message().contains("another copy"), "{error}");
            // A child has neither this copy's descriptors nor, after the other's handler, the other's.
            drop(foreign);
            let child = fork(|| claim(&path).is_ok());
            assert!(ended_well(child));
            drop(second);
            claim(&path).unwrap();
            // Without the hook's locks the store works as SQLite makes it work.
            let connection = open(&path);
            connection
                .execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
                .unwrap();
            read_all(&path);
            assert!(
                another_process_can_write(&path),
                "POSIX locks: this is why the second copy is refused"
            );
        },
    );
}

#[test]
fn with_open_file_locks_copies_are_not_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    std::fs::write(side(&path, ".lock"), b"").unwrap();
    let _foreign = std::fs::File::open(side(&path, ".lock")).unwrap();
    claim(&path).unwrap();
    install(&path).unwrap();
    claim(&path).unwrap();
}

/// SQLite takes the locks of all its connections to one file through whichever asks first, and gives them up through
/// whichever comes last.
#[test]
fn connections_of_one_copy_share_their_locks_without_a_log_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    install(&path).unwrap();
    let open = || {
        let connection = raw(&path).unwrap();
        connection.busy_timeout(std::time::Duration::ZERO).unwrap();
        connection
    };
    let (first, second) = (open(), open());
    first
        .execute_batch("CREATE TABLE t (v); INSERT INTO t VALUES (1)")
        .unwrap();
    let read = "BEGIN; SELECT count(*) FROM t";
    // The lock comes through the first and goes through the second.
    first.execute_batch(read).unwrap();
    second.execute_batch(read).unwrap();
    first.execute_batch("COMMIT").unwrap();
    assert!(
        another_process_can_write(&path),
        "reading does not keep others from beginning to write"
    );
    second.execute_batch("COMMIT").unwrap();
    assert_eq!(
        write_from_another_process(&path),
        "done",
        "no reading lock is left behind"
    );
    // A reader keeps a writer from finishing, in this process as between processes.
    second.execute_batch(read).unwrap();
    assert_eq!(write_from_another_process(&path), "locked");
    first
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (2)")
        .unwrap();
    assert!(first.execute_batch("COMMIT").is_err());
    second.execute_batch("COMMIT").unwrap();
    first.execute_batch("COMMIT").unwrap();
    // The one that holds the lock closes: its descriptor stays open for the other.
    first.execute_batch(read).unwrap();
    second.execute_batch(read).unwrap();
    drop(first);
    assert_eq!(write_from_another_process(&path), "locked");
    second.execute_batch("COMMIT").unwrap();
    assert_eq!(write_from_another_process(&path), "done");
    // To the log and back takes the file's exclusive lock.
    let third = open();
    third
        .execute_batch("PRAGMA journal_mode = WAL; INSERT INTO t VALUES (3)")
        .unwrap();
    second.execute_batch("INSERT INTO t VALUES (4)").unwrap();
    drop(third);
    second
        .execute_batch("PRAGMA journal_mode = DELETE; INSERT INTO t VALUES (5)")
        .unwrap();
    assert_eq!(write_from_another_process(&path), "done");
}
