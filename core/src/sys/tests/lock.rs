use std::os::unix::fs::{MetadataExt, symlink};
use std::time::{Duration, Instant};

use super::super::files::{CreationLock, shown};
use super::{again, alone, ended_well, fork, place, role, wait_for};
use crate::error::ErrorKind;

#[test]
fn the_creation_lock_excludes_threads_and_processes() {
    const NAME: &str = "sys::tests::lock::the_creation_lock_excludes_threads_and_processes";
    if role().is_some() {
        let _lock = CreationLock::acquire(&place().join("lock"), Instant::now() + Duration::from_secs(5)).unwrap();
        println!("LOCKED");
        std::thread::sleep(Duration::from_secs(20));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let soon = || Instant::now() + Duration::from_millis(40);
    let lock = CreationLock::acquire(&path, soon()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    let begin = Instant::now();
    let error = CreationLock::acquire(&path, soon()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains(&shown(&path)), "{error}");
    assert!(
        (40..500).contains(&begin.elapsed().as_millis()),
        "{:?}",
        begin.elapsed()
    );
    // A host that reads the lock file releases nothing.
    std::fs::read(&path).unwrap();
    assert!(CreationLock::acquire(&path, soon()).is_err());
    drop(lock);
    drop(CreationLock::acquire(&path, soon()).unwrap());

    let mut other = again(NAME, "holder", dir.path()).spawn().unwrap();
    wait_for(other.stdout.as_mut().unwrap(), "LOCKED");
    assert!(CreationLock::acquire(&path, soon()).is_err(), "another process has it");
    other.kill().unwrap();
    other.wait().unwrap();
    CreationLock::acquire(&path, Instant::now() + Duration::from_secs(2)).unwrap();

    symlink(&path, dir.path().join("link")).unwrap();
    let error = CreationLock::acquire(&dir.path().join("link"), soon()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InsecurePath);
}

#[test]
fn a_child_neither_keeps_nor_releases_the_creation_lock() {
    alone(
        "sys::tests::lock::a_child_neither_keeps_nor_releases_the_creation_lock",
        || {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("lock");
            let soon = || Instant::now() + Duration::from_millis(40);
            let mut lock = Some(CreationLock::acquire(&path, soon()).unwrap());
            let child = fork(|| {
                drop(lock.take());
                CreationLock::acquire(&path, soon()).is_err()
            });
            assert!(ended_well(child), "the child's drop released nothing");
            assert!(CreationLock::acquire(&path, soon()).is_err());
            let sleeper = fork(|| {
                std::thread::sleep(Duration::from_secs(5));
                true
            });
            drop(lock);
            drop(CreationLock::acquire(&path, soon()).unwrap());
            // SAFETY: a child of ours.
            unsafe { libc::kill(sleeper, libc::SIGKILL) };
            assert!(!ended_well(sleeper));
        },
    );
}
