//! Removal at the source: last, on request, and only of what was copied.

use super::*;

#[test]
fn the_source_is_emptied_only_on_request_and_after_all_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (encrypted(folder.path(), "a"), encrypted(folder.path(), "b"));
    fill(&source);
    source.rotate("empty@production", "").unwrap();
    let delete = CopyOptions::new().delete_source();
    let error = source.copy_to(&target, delete.clone()).unwrap_err();
    assert!(
        error.message().contains("history"),
        "the former version would be lost: {error}"
    );
    let report = source.copy_to(&target, delete.allow_loss()).unwrap();
    assert_eq!((report.deleted(), report.kept().is_none()), (3, true));
    assert_eq!((names(&source).len(), names(&target).len()), (0, 3));
}

#[test]
fn an_error_on_the_way_removes_nothing() {
    let source = in_memory();
    fill(&source);
    let fault = FaultBackend::new(one_by_one());
    fault.on(Operation::Set).times(2).then(Fault::Pass);
    fault.on(Operation::Set).times(1).then(Fault::Unavailable);
    let target = over(fault);
    let delete = CopyOptions::new().delete_source();
    let error = source.copy_to(&target, delete.clone()).unwrap_err();
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::Unavailable, Some("org/acme/full"))
    );
    assert_eq!((names(&source).len(), names(&target).len()), (3, 2));
    let report = source.copy_to(&target, delete).unwrap();
    assert_eq!(
        (report.count(CopyOutcome::Same), report.count(CopyOutcome::Copied)),
        (2, 1)
    );
    assert_eq!((names(&source).len(), names(&target).len()), (0, 3));
}

#[test]
fn a_secret_that_changes_between_copy_and_removal_is_kept() {
    for has_cas in [true, false] {
        let source = over(LimitedBackend::without(memory(), |can| can.cas &= has_cas));
        fill(&source);
        let (changed, at) = (source.clone(), Mutex::new(false));
        let options = CopyOptions::new().delete_source().progress(move |progress| {
            let mut done = at.lock().unwrap();
            let last = progress.done == progress.total;
            if progress.phase == CopyPhase::Copying && last && !*done {
                *done = true;
                changed.set("expired", &Secret::new("newer")).unwrap();
            }
        });
        let target = in_memory();
        let report = source.copy_to(&target, options).unwrap();
        assert_eq!(report.deleted(), 2);
        assert_eq!(report.kept().unwrap().kind(), ErrorKind::Conflict);
        assert_eq!(source.get_value("expired").unwrap().as_deref(), Some("newer"));
    }
}

#[test]
fn a_removal_depends_on_its_condition_in_every_place_that_knows_conditions() {
    use strongroom::backend::{DeleteRequest, GetRequest, IfVersion, SetRequest};
    use strongroom::testing::open_backend;
    use strongroom::{CallContext, Face, Origin, SecretValue, Settings};

    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut settings = Settings::new();
    settings
        .set("encrypted.path", at("a.strongroom"), Origin::Builder)
        .unwrap();
    settings.set("file.path", at("a.json"), Origin::Builder).unwrap();
    let key = SecretValue::from("07".repeat(32));
    settings.set_secret("encrypted.key", key, Origin::Builder).unwrap();
    let cx = CallContext::new(Face::Blocking, Duration::from_secs(30));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for word in ["memory", "encrypted", "file", "fault"] {
        let place = open_backend(word, "strongroom", &settings, &cx).unwrap();
        assert!(place.capabilities().cas, "{word}");
        let key = SecretKey::new("A");
        let mut versions = Vec::new();
        for value in ["one", "two"] {
            let secret = Secret::new(value);
            let written = runtime
                .block_on(place.set(&cx, SetRequest::new(&key, &secret)))
                .unwrap();
            versions.extend(written.version);
        }
        let delete = |condition| {
            let request = DeleteRequest::new(&key).when(condition);
            runtime.block_on(place.delete(&cx, request)).map(drop)
        };
        let kind = |outcome: strongroom::Result<()>| outcome.unwrap_err().kind();
        assert_eq!(kind(delete(IfVersion::Is(&versions[0]))), ErrorKind::Conflict, "{word}");
        assert_eq!(kind(delete(IfVersion::Absent)), ErrorKind::Conflict, "{word}");
        assert!(
            runtime
                .block_on(place.get(&cx, GetRequest::new(&key)))
                .unwrap()
                .is_some(),
            "{word}"
        );
        delete(IfVersion::Is(&versions[1])).unwrap();
        assert_eq!(kind(delete(IfVersion::Is(&versions[1]))), ErrorKind::NotFound, "{word}");
    }
}

#[test]
fn nothing_is_removed_that_the_target_keeps_less_long() {
    let folder = tempfile::tempdir().unwrap();
    let source = encrypted(folder.path(), "a");
    fill(&source);
    let delete = || CopyOptions::new().delete_source();
    let short = [
        in_memory(),
        limited(|can| can.persistence = strongroom::backend::Persistence::Boot),
    ];
    for target in short {
        let error = source.copy_to(&target, delete()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains("`disk`"), "{error}");
        assert_eq!((names(&source).len(), names(&target).len()), (3, 0));
        assert_eq!(source.copy_to(&target, CopyOptions::new()).unwrap().deleted(), 0);
    }
    let lasting = limited(|can| can.persistence = strongroom::backend::Persistence::Remote);
    assert_eq!(source.copy_to(&lasting, delete()).unwrap().deleted(), 3);
}
