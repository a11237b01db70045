//! Several sessions, several processes, and files that are put in each other's place.

use std::sync::Arc;

use super::*;

#[test]
fn two_sessions_share_connections_and_see_each_other() {
    let place = Place::new();
    let (one, two) = (place.open(), place.open());
    assert!(Arc::ptr_eq(&one.shared, &two.shared));
    set(&one, "global/A", "from one");
    assert_eq!(get(&two, "global/A").as_deref(), Some("from one"));
    set(&two, "global/A", "from two");
    assert_eq!(get(&one, "global/A").as_deref(), Some("from two"));
}

#[test]
fn the_token_moves_with_every_change_and_own_steps_match() {
    let place = Place::new();
    let (one, two) = (place.open(), place.open());
    let start = one.change_token();
    assert_eq!(one.change_token(), start);
    let first = set(&one, "global/A", "1").step;
    assert_eq!((first.before, first.after), (Some(start), Some(one.change_token())));
    assert_ne!(first.before, first.after);
    let second = set(&two, "global/A", "2").step;
    assert_eq!((second.before, second.after), (first.after, Some(one.change_token())));
    let gone = write::delete(&one, &key("global/A"), &Condition::Any, &mut Wait::patient(&cx()))
        .unwrap()
        .step;
    assert_eq!((gone.before, gone.after), (second.after, Some(two.change_token())));
    assert_eq!(one.change_token(), one.change_token());
}

#[test]
fn eight_threads_lose_nothing() {
    let place = Place::new();
    let session = Arc::new(place.open());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let session = Arc::clone(&session);
            scope.spawn(move || {
                for n in 0..20 {
                    set(&session, &format!("team/t{thread}/N{n}"), "x");
                    assert!(get(&session, &format!("team/t{thread}/N{n}")).is_some());
                }
            });
        }
    });
    let report = verify(&session).unwrap();
    assert_eq!((report.secrets, report.sequence), (160, 160));
}

/// Run by [`other_processes_see_and_make_changes`] in a process of its own; does nothing otherwise.
#[test]
fn child_writes() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test tells its own child which store to use"
    )]
    let Ok(path) = std::env::var("STRONGROOM_TEST_CHILD_STORE") else {
        return;
    };
    let session = try_open(Path::new(&path), LIMITS).unwrap();
    assert_eq!(get(&session, "global/A").as_deref(), Some("parent"));
    for n in 0..20 {
        set(&session, "global/B", &format!("child {n}"));
    }
}

#[test]
fn other_processes_see_and_make_changes() {
    let place = Place::new();
    let session = place.open();
    set(&session, "global/A", "parent");
    let before = session.change_token();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::sharing::child_writes", "--test-threads=1"])
        .env("STRONGROOM_TEST_CHILD_STORE", &place.path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    for n in 0..20 {
        set(&session, "global/C", &format!("parent {n}"));
    }
    assert!(child.wait().unwrap().success());
    assert_ne!(session.change_token(), before);
    assert_eq!(get(&session, "global/B").as_deref(), Some("child 19"));
    assert_eq!(verify(&session).unwrap().sequence, 41);
}

#[test]
fn a_removed_wal_makes_the_outcome_unknown() {
    let place = Place::new();
    let session = place.open();
    set(&session, "global/A", "1");
    std::fs::remove_file(super::super::shared::beside(&place.path, "-wal")).unwrap();
    let answer = write::set(&session, &[entry("global/A", "2")], &mut Wait::patient(&cx()));
    assert_eq!(kind(plain(answer)), Some(ErrorKind::OutcomeUnknown));
    // The next write goes to files that others see.
    set(&session, "global/A", "3");
    assert_eq!(get(&session, "global/A").as_deref(), Some("3"));
}

#[test]
fn a_replaced_file_is_noticed() {
    let place = Place::new();
    let session = place.open();
    set(&session, "global/A", "1");
    let token = session.change_token();
    let copy = place.path.with_extension("copy");
    std::fs::copy(&place.path, &copy).unwrap();
    std::fs::rename(&copy, &place.path).unwrap();
    assert_ne!(session.change_token(), token);
    let answer = write::set(&session, &[entry("global/A", "2")], &mut Wait::patient(&cx()));
    assert!(matches!(answer, Err(super::super::Halt::Stale)));
    std::thread::sleep(Duration::from_millis(40));
    assert!(matches!(session.check_path(), Err(super::super::Halt::Stale)));
    std::fs::remove_file(&place.path).unwrap();
    assert_eq!(kind(plain(session.shared.check_path())), Some(ErrorKind::Unavailable));
    assert_ne!(session.change_token(), session.change_token(), "nothing can be trusted");
}

#[test]
fn a_busy_store_answers_by_the_face() {
    let place = Place::new();
    let session = place.open();
    let holder = rusqlite::Connection::open(&place.path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let short = CallContext::new(Face::Blocking, Duration::from_millis(30));
    let started = std::time::Instant::now();
    let answer = write::set(&session, &[entry("global/A", "1")], &mut Wait::patient(&short));
    assert_eq!(kind(plain(answer)), Some(ErrorKind::Timeout));
    assert!(started.elapsed() >= Duration::from_millis(30) && started.elapsed() < Duration::from_secs(6));
    let eager = CallContext::new(Face::Async, Duration::from_secs(5));
    let answer = write::set(&session, &[entry("global/A", "1")], &mut Wait::for_face(&eager));
    assert!(matches!(answer, Err(super::super::Halt::Busy)));
    assert_eq!(get(&session, "global/A"), None, "reads go on");
    holder.execute_batch("ROLLBACK").unwrap();
    set(&session, "global/A", "2");
}

#[test]
fn leftovers_of_a_store_are_never_replayed() {
    let place = Place::new();
    std::fs::remove_file(&place.path).unwrap();
    std::fs::write(super::super::shared::beside(&place.path, "-wal"), b"a stranger's").unwrap();
    let answer = create::create(&place.path, &mut Wait::patient(&cx()), || Ok(Zeroizing::new(KEY)));
    let error = plain(answer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(error.message().contains("secrets.strongroom-wal"));
    assert!(!place.path.exists());
}

#[test]
fn what_a_killed_creator_left_is_swept_away() {
    let place = Place::new();
    std::fs::remove_file(&place.path).unwrap();
    for suffix in [".new", ".new-journal", ".new-wal"] {
        std::fs::write(super::super::shared::beside(&place.path, suffix), b"half a store").unwrap();
    }
    plain(create::create(&place.path, &mut Wait::patient(&cx()), || {
        Ok(Zeroizing::new(KEY))
    }))
    .unwrap();
    place.open();
    let names = std::fs::read_dir(place.path.parent().unwrap()).unwrap();
    let left = names
        .filter(|name| name.as_ref().unwrap().file_name().to_string_lossy().contains(".new"))
        .count();
    assert_eq!(left, 0);
}

#[test]
fn creating_leaves_only_the_store() {
    let place = Place::new();
    let mut names: Vec<String> = std::fs::read_dir(place.path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["secrets.strongroom", "secrets.strongroom.lock"]);
    let session = place.open();
    assert!(session.probe(&mut Wait::patient(&cx())).unwrap(), "WAL");
    #[cfg(unix)]
    for name in ["secrets.strongroom", "secrets.strongroom-wal", "secrets.strongroom-shm"] {
        let mode = std::fs::metadata(place.path.with_file_name(name)).unwrap();
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777,
            0o600,
            "{name}"
        );
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_writer_does_not_wait_for_a_stopped_head_of_the_queue() {
    let place = Place::new();
    let session = place.open();
    let write = |times: u32| {
        let begun = std::time::Instant::now();
        (0..times).for_each(|n| drop(set(&session, "global/A", &n.to_string())));
        begun.elapsed()
    };
    let alone = write(300);
    let stopped = crate::sys::sqlite::turn(&place.path.canonicalize().unwrap()).expect("a queue");
    let head = stopped.try_take().expect("nobody else waits");
    // 20 ms a write would be six seconds more; what is allowed is half of that, and twice what the disk takes.
    let behind = write(300);
    assert!(
        behind < 2 * alone + Duration::from_secs(3),
        "{behind:?} behind the head, {alone:?} alone"
    );
    drop(head);
    let other = crate::sys::sqlite::turn(&place.path.canonicalize().unwrap()).expect("a queue");
    assert!(!other.is_taken());
    let _head = stopped.try_take().unwrap();
    assert!(other.is_taken() && other.try_take().is_none());
}
