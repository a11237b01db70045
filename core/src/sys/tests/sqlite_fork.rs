use std::time::Duration;

use super::super::fork::enter;
use super::super::sqlite::install;
use super::sqlite::{another_process_can_write, open, raw};
use super::{again, alone, ended_well, fork, place, role, wait_for};

/// What the descriptors of this process lead to, those of the store's files.
fn leading_to(path: &std::path::Path) -> usize {
    let name = path.to_string_lossy().into_owned();
    std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter(|entry| {
            std::fs::read_link(entry.as_ref().unwrap().path()).is_ok_and(|to| to.to_string_lossy().starts_with(&name))
        })
        .count()
}

#[test]
fn a_child_gives_up_descriptors_and_mappings() {
    alone(
        "sys::tests::sqlite_fork::a_child_gives_up_descriptors_and_mappings",
        || {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("store");
            install(&path).unwrap();
            let connection = open(&path);
            connection.execute_batch("INSERT INTO t VALUES (1)").unwrap();
            let mapped = || {
                std::fs::read_to_string("/proc/self/maps")
                    .unwrap()
                    .contains("store-shm")
            };
            assert!(leading_to(&path) >= 3 && mapped());
            let child = fork(|| leading_to(&path) == 0 && !mapped());
            assert!(ended_well(child));
            assert!(leading_to(&path) >= 3 && mapped(), "the parent keeps its own");
            connection.execute_batch("INSERT INTO t VALUES (2)").unwrap();
        },
    );
}

#[test]
fn parent_child_and_grandchild_write_to_one_store() {
    alone(
        "sys::tests::sqlite_fork::parent_child_and_grandchild_write_to_one_store",
        || {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("store");
            install(&path).unwrap();
            // Two connections, one of which is closed: its descriptor waits in SQLite's list for the other's locks to end.
            let connection = open(&path);
            drop(open(&path));
            let write = |connection: &rusqlite::Connection, times| {
                for _ in 0..times {
                    let _inside = enter();
                    connection.execute_batch("INSERT INTO t VALUES (1)").unwrap();
                }
            };
            write(&connection, 10);
            let child = fork(|| {
                let own = open(&path);
                let seen: i64 = own.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
                write(&own, 100);
                let grandchild = fork(|| {
                    let own = open(&path);
                    write(&own, 100);
                    true
                });
                write(&own, 100);
                // The parent may have written meanwhile, but what it wrote before must be there.
                seen >= 10 && ended_well(grandchild)
            });
            write(&connection, 100);
            // A process with another SQLite takes part in the locking.
            for _ in 0..5 {
                another_process_can_write(&path);
            }
            assert!(ended_well(child));
            let fresh = open(&path);
            for reader in [&connection, &fresh] {
                let count: i64 = reader
                    .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
                    .unwrap();
                assert_eq!(count, 410);
            }
            let check: String = fresh.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(check, "ok");
        },
    );
}

#[test]
fn a_child_sees_the_parents_lock() {
    alone("sys::tests::sqlite_fork::a_child_sees_the_parents_lock", || {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        install(&path).unwrap();
        let connection = open(&path);
        connection
            .execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
            .unwrap();
        let child = fork(|| {
            let own = raw(&path).unwrap();
            own.busy_timeout(Duration::ZERO).unwrap();
            own.execute_batch("BEGIN IMMEDIATE").is_err()
        });
        assert!(
            ended_well(child),
            "a child that could write would write under the parent's feet"
        );
        connection.execute_batch("COMMIT").unwrap();
        assert!(ended_well(fork(|| open(&path)
            .execute_batch("BEGIN IMMEDIATE; COMMIT")
            .is_ok())));
    });
}

#[test]
fn a_dead_parents_lock_does_not_live_on_in_its_child() {
    const NAME: &str = "sys::tests::sqlite_fork::a_dead_parents_lock_does_not_live_on_in_its_child";
    if let Some(role) = role() {
        let path = place().join("store");
        install(&path).unwrap();
        let connection = open(&path);
        connection
            .execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
            .unwrap();
        let sleep = || {
            std::thread::sleep(Duration::from_secs(30));
            true
        };
        let child = if role == "handlers" {
            fork(sleep)
        } else {
            // SAFETY: a plain clone, without the handlers: the control.
            match unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) } as i32 {
                0 => {
                    sleep();
                    // SAFETY: ends the child.
                    unsafe { libc::_exit(0) }
                }
                child => child,
            }
        };
        println!("CHILD {child} READY");
        std::thread::sleep(Duration::from_secs(30));
        return;
    }
    for (role, freed) in [("handlers", true), ("control", false)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        let mut parent = again(NAME, role, dir.path()).spawn().unwrap();
        let said = wait_for(parent.stdout.as_mut().unwrap(), "READY");
        let child: i32 = said.split_whitespace().rev().nth(1).unwrap().parse().unwrap();
        assert!(!another_process_can_write(&path), "the parent holds the lock");
        parent.kill().unwrap();
        parent.wait().unwrap();
        // SAFETY: signal 0 only asks whether the process is there.
        assert_eq!(unsafe { libc::kill(child, 0) }, 0, "the child lives");
        assert_eq!(another_process_can_write(&path), freed, "{role}");
        // SAFETY: the child of the process that this test started.
        unsafe { libc::kill(child, libc::SIGKILL) };
    }
}

/// Without a log all locks are on the main file, whose lock descriptor the child must open anew.
#[test]
fn a_child_sees_the_parents_lock_without_a_log_too() {
    alone(
        "sys::tests::sqlite_fork::a_child_sees_the_parents_lock_without_a_log_too",
        || {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("store");
            install(&path).unwrap();
            let connection = raw(&path).unwrap();
            connection.execute_batch("CREATE TABLE t (v); BEGIN IMMEDIATE").unwrap();
            let child = fork(|| {
                let own = raw(&path).unwrap();
                own.busy_timeout(Duration::ZERO).unwrap();
                own.execute_batch("BEGIN IMMEDIATE").is_err()
            });
            assert!(ended_well(child));
            connection.execute_batch("COMMIT").unwrap();
            let child = fork(|| {
                let own = raw(&path).unwrap();
                own.execute_batch("BEGIN IMMEDIATE").unwrap();
                !another_process_can_write(&path)
            });
            assert!(ended_well(child), "the child's lock is on the store");
        },
    );
}

/// A provider of a key may wait for a person; a fork must not wait for that.
#[test]
fn a_provider_is_asked_outside_the_gate() {
    alone("sys::tests::sqlite_fork::a_provider_is_asked_outside_the_gate", || {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = std::sync::Arc::clone(&asked);
        let provider = move |_: &str| {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            assert!(ended_well(fork(|| !super::super::fork::is_stranded())));
            Ok(crate::SecretValue::copy_of(&[7; 32]))
        };
        let builder = crate::SecretManager::builder()
            .without_environment()
            .option("encrypted.path", path.to_str().unwrap())
            .secret_provider("encrypted.key", std::sync::Arc::new(provider));
        let manager = builder.open_blocking().unwrap();
        manager.lock().unwrap();
        assert!(manager.get("k").unwrap().is_none());
        assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 2);
    });
}
