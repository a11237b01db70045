//! The journal: what it tells, that it may be cut off anywhere, and who is kept out.

use super::*;

/// A journal that a migration left when removing the second secret failed, with the two ends of it.
fn interrupted(path: &Path) -> (SecretManager, SecretManager) {
    let fault = FaultBackend::new(memory());
    fault.on(Operation::Delete).times(1).then(Fault::Pass);
    fault.on(Operation::Delete).times(1).then(Fault::Unavailable);
    let (source, target) = (over(fault), in_memory());
    fill(&source);
    let error = source.copy_to(&target, options(path)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(names(&source).len(), 2);
    (source, target)
}

fn options(path: &Path) -> CopyOptions {
    CopyOptions::new().delete_source().journal(path)
}

#[test]
fn it_tells_where_a_copy_was_holds_no_value_and_goes_when_all_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/journal.jsonl");
    let (source, target) = interrupted(&path);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("org/acme/full") && text.contains("deleted"), "{text}");
    assert!(!text.contains(CANARY));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
    let report = source.copy_to(&target, options(&path)).unwrap();
    assert!(report.resumed);
    assert_eq!(report.deleted_before, [SecretKey::parse("empty@production").unwrap()]);
    assert_eq!(
        (report.deleted(), names(&target).len(), names(&source).len()),
        (2, 3, 0)
    );
    let left = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(left, 0, "neither journal nor lock is left");
}

#[test]
fn named_keys_that_were_moved_before_the_interruption_are_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let named = KEYS.iter().fold(options(&path), |options, key| {
        options.key(SecretKey::parse(key).unwrap())
    });
    // The answer to the first removal is lost, and so is the look at it: the journal has no record of its success.
    let fault = FaultBackend::new(memory());
    fault.on(Operation::Delete).times(1).then(Fault::OutcomeUnknown);
    let (source, target) = (over(Arc::clone(&fault) as Arc<dyn Backend>), in_memory());
    fill(&source);
    let (listened, seen) = (Arc::clone(&fault), Mutex::new(false));
    let failing = named.clone().progress(move |progress| {
        let is_last = progress.phase == CopyPhase::Copying && progress.done == progress.total;
        if is_last && !std::mem::replace(&mut *seen.lock().unwrap(), true) {
            listened.on(Operation::Get).times(1).then(Fault::Pass);
            listened.on(Operation::Get).times(1).then(Fault::Unavailable);
        }
    });
    let error = source.copy_to(&target, failing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!((names(&source).len(), names(&target).len()), (2, 3));
    assert!(!std::fs::read_to_string(&path).unwrap().contains("\"deleted\""));
    let report = source.copy_to(&target, named).unwrap();
    assert_eq!((report.deleted(), report.deleted_before.len()), (2, 1));
    assert_eq!((names(&source).len(), names(&target).len()), (0, 3));
}

#[test]
fn one_that_was_cut_off_anywhere_is_read_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let (_, target) = interrupted(&path);
    let whole = std::fs::read(&path).unwrap();
    for length in 0..=whole.len() {
        let source = over(FaultBackend::new(memory()));
        fill(&source);
        source.delete("empty@production").unwrap();
        std::fs::write(&path, &whole[..length]).unwrap();
        private(&path);
        let report = source.copy_to(&target, options(&path)).unwrap();
        assert_eq!(
            (report.deleted(), names(&target).len()),
            (2, 3),
            "cut after {length} bytes"
        );
        assert_eq!(
            report.resumed,
            whole[..length].contains(&b'\n'),
            "cut after {length} bytes"
        );
    }
}

fn private(path: &Path) {
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let _ = path;
}

#[test]
fn what_no_copy_wrote_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let (source, target) = interrupted(&path);
    let whole = std::fs::read_to_string(&path).unwrap();
    let attempt = |text: &str| {
        std::fs::write(&path, text).unwrap();
        source.copy_to(&target, options(&path)).unwrap_err()
    };
    let error = attempt(&whole.replacen("{\"copied\"", "{\"copeid\"", 1));
    assert_eq!(error.kind(), ErrorKind::Integrity);
    // The head and what was about to be written, three at once, come before it.
    assert!(error.message().contains("line 5"), "{error}");
    assert_eq!(attempt("nonsense\n").kind(), ErrorKind::Integrity);
    let newer = whole.replacen("\"format\":1", "\"format\":2", 1);
    assert_eq!(attempt(&newer).kind(), ErrorKind::UnsupportedFormat);
    let other = whole.replacen("\"to\":\"memory\"", "\"to\":\"elsewhere\"", 1);
    assert_ne!(other, whole);
    assert_eq!(attempt(&other).kind(), ErrorKind::Conflict);
    assert_eq!(names(&source).len(), 2, "nothing was done");
}

#[cfg(unix)]
#[test]
fn one_that_others_can_read_or_planted_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let (source, target) = interrupted(&path);
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let error = source.copy_to(&target, options(&path)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InsecurePath);
    let link = folder.path().join("link.jsonl");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let error = source.copy_to(&target, options(&link)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InsecurePath);
}

#[test]
fn two_copies_at_once_are_a_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let source = in_memory();
    fill(&source);
    let target = in_memory();
    let (second, to, at) = (source.clone(), target.clone(), path.clone());
    let kinds = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&kinds);
    let options = CopyOptions::new().journal(&path).progress(move |_| {
        let outcome = second.copy_to(&to, CopyOptions::new().journal(&at));
        seen.lock().unwrap().push(outcome.unwrap_err().kind());
    });
    source.copy_to(&target, options).unwrap();
    assert_eq!(*kinds.lock().unwrap(), [ErrorKind::Conflict; 6]);
    source.copy_to(&target, CopyOptions::new().journal(&path)).unwrap();
}

#[test]
fn the_default_one_is_the_same_for_the_same_two_places() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (encrypted(folder.path(), "a"), encrypted(folder.path(), "b"));
    let path = a.copy_journal(&b).unwrap();
    assert_eq!(path, encrypted(folder.path(), "a").copy_journal(&b).unwrap());
    assert_ne!(path, b.copy_journal(&a).unwrap());
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("encrypted-encrypted-") && name.ends_with(".jsonl"),
        "{name}"
    );
    assert!(path.parent().unwrap().ends_with("strongroom/migrations"));
}

#[test]
fn a_file_that_is_no_journal_stays_as_it_is() {
    for content in [&[0x41_u8; 32][..], b"no line end", b"{\"secrets\": {}}\n"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("precious");
        std::fs::write(&path, content).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let (source, target) = (in_memory(), in_memory());
        fill(&source);
        let error = source.copy_to(&target, CopyOptions::new().journal(&path)).unwrap_err();
        assert_eq!(error.kind(), strongroom::ErrorKind::Integrity, "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), content);
        assert!(names(&target).is_empty());
    }
}
