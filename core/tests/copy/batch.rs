//! Many secrets in one write.

use super::*;

#[test]
fn many_secrets_go_in_few_writes_and_each_is_told() {
    let source = in_memory();
    for number in 0..300 {
        source.set(format!("N{number}"), &Secret::new("v")).unwrap();
    }
    let fault = FaultBackend::new(memory());
    // Alone none is written, so all went with others.
    fault.on(Operation::Set).then(Fault::Unavailable);
    let target = over(fault);
    let told = Arc::new(Mutex::new(Vec::new()));
    let entered = Arc::clone(&told);
    let options = CopyOptions::new().progress(move |progress| {
        if progress.phase == CopyPhase::Copying {
            entered.lock().unwrap().push((progress.done, progress.total));
        }
    });
    let report = source.copy_to(&target, options).unwrap();
    assert_eq!(report.count(CopyOutcome::Copied), 300);
    assert_eq!(names(&target), names(&source));
    assert_eq!(
        *told.lock().unwrap(),
        (1..=300).map(|done| (done, 300)).collect::<Vec<_>>()
    );
}

#[test]
fn where_many_are_refused_each_is_written_alone() {
    let source = in_memory();
    fill(&source);
    let fault = FaultBackend::new(memory());
    fault.on(Operation::SetMany).then(Fault::Unavailable);
    let target = over(fault);
    let report = source.copy_to(&target, CopyOptions::new()).unwrap();
    assert_eq!(report.count(CopyOutcome::Copied), 3);
    assert_same(&source, &target);
}

#[test]
fn the_journal_tells_of_many_before_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let source = in_memory();
    fill(&source);
    let fault = FaultBackend::new(memory());
    fault.on(Operation::SetMany).then(Fault::Unavailable);
    fault.on(Operation::Set).then(Fault::Unavailable);
    let error = source
        .copy_to(&over(fault), CopyOptions::new().journal(&path))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = std::fs::read_to_string(&path).unwrap();
    for key in ["org/acme/full", "global/expired", "global/empty@production"] {
        assert!(text.contains(&format!("{{\"write\":\"{key}\"}}")), "{text}");
    }
    assert!(!text.contains("copied"), "{text}");
}
