//! Copies from one manager to another: what is copied, what is refused, and that an interrupted one goes on.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod backends;
mod batch;
mod chains;
mod journal;
mod removal;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom::backend::{Backend, Capabilities, Operation};
use strongroom::blocking::SecretManager;
use strongroom::testing::{Fault, FaultBackend, LimitedBackend, memory};
use strongroom::transfer::{CopyAction, CopyLoss, CopyOptions, CopyOutcome, CopyPhase, IfExists};
use strongroom::{ErrorKind, GetOptions, ListOptions, Secret, SecretKey, SecretScope, SetOptions};
use time::OffsetDateTime;

const CANARY: &str = "canary-5f1d";

fn over(backend: Arc<dyn Backend>) -> SecretManager {
    SecretManager::builder()
        .without_environment()
        .backend_instance(backend)
        .open_blocking()
        .unwrap()
}

fn in_memory() -> SecretManager {
    over(memory())
}

/// A target that takes one secret at a time.
fn one_by_one() -> Arc<dyn Backend> {
    LimitedBackend::without(memory(), |can| can.atomic_batch = false)
}

fn limited(change: impl FnOnce(&mut Capabilities)) -> SecretManager {
    over(LimitedBackend::without(memory(), change))
}

fn encrypted(folder: &Path, name: &str) -> SecretManager {
    let path = folder.join(format!("{name}.strongroom"));
    SecretManager::builder()
        .without_environment()
        .backend("encrypted")
        .option("encrypted.path", path.to_str().unwrap())
        .secret_option("encrypted.key", "07".repeat(32))
        .open_blocking()
        .unwrap()
}

/// Three secrets, one of them with everything, one expired, one empty.
fn fill(source: &SecretManager) {
    let past = OffsetDateTime::from_unix_timestamp(1_000_000_000).unwrap();
    let full = Secret::with_provider(format!("{CANARY}-full"), "openai")
        .with_scope_of_use("models:read")
        .with_label("team", "core");
    let first_set = SetOptions::new().created_at(past);
    source.set_with("org/acme/full", &full, first_set).unwrap();
    let expired = Secret::new(format!("{CANARY}-expired").into_bytes()).with_expiry(past);
    source.set("expired", &expired).unwrap();
    source.set("empty@production", &Secret::new("")).unwrap();
}

const KEYS: [&str; 3] = ["empty@production", "expired", "org/acme/full"];

fn raw(manager: &SecretManager, key: &str) -> Option<Secret> {
    manager.get_with(key, GetOptions::new().include_expired()).unwrap()
}

#[track_caller]
fn assert_same(source: &SecretManager, target: &SecretManager) {
    for key in KEYS {
        let (left, right) = (raw(source, key).unwrap(), raw(target, key).unwrap());
        assert_eq!(left.value.expose(), right.value.expose(), "{key}");
        let comparable = |secret: &Secret| {
            let metadata = &secret.metadata;
            (
                metadata.provider.clone(),
                metadata.scope_of_use.clone(),
                metadata.labels.clone(),
                metadata.expires_at,
                metadata.created_at,
            )
        };
        assert_eq!(comparable(&left), comparable(&right), "{key}");
    }
}

fn names(manager: &SecretManager) -> Vec<String> {
    let page = manager.list(ListOptions::new()).unwrap();
    page.entries.iter().map(|entry| entry.name.to_string()).collect()
}

#[test]
fn everything_is_copied_with_its_metadata_and_creation_time_and_the_source_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (encrypted(folder.path(), "a"), encrypted(folder.path(), "b"));
    fill(&source);
    let plan = source.copy_plan(&target, &CopyOptions::new()).unwrap();
    assert_eq!((plan.count(CopyAction::Create), plan.secrets.len()), (3, 3));
    assert_eq!(names(&target), Vec::<String>::new(), "a plan writes nothing");
    let report = source.copy_to(&target, CopyOptions::new()).unwrap();
    assert_eq!(report.count(CopyOutcome::Copied), 3);
    assert_same(&source, &target);
    let again = source.copy_to(&target, CopyOptions::new()).unwrap();
    assert_eq!(again.count(CopyOutcome::Same), 3);
    for key in KEYS {
        assert_eq!(target.versions(key).unwrap().len(), 1, "{key} is there once");
    }
}

#[test]
fn a_future_of_a_copy_may_be_sent_and_works_for_async_callers() {
    fn sent<T>(future: impl Future<Output = T> + Send) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (in_memory(), in_memory());
    fill(&source);
    let options = CopyOptions::new()
        .journal(folder.path().join("j.jsonl"))
        .delete_source();
    let (from, to) = (source.to_async(), target.to_async());
    let report = sent(from.copy_to(&to, options)).unwrap();
    assert_eq!((report.count(CopyOutcome::Copied), report.deleted()), (3, 3));
    assert_eq!((names(&source).len(), names(&target).len()), (0, 3));
}

#[test]
fn only_what_was_asked_for_is_copied() {
    let source = in_memory();
    fill(&source);
    let copied = |options| {
        let target = in_memory();
        source.copy_to(&target, options).unwrap();
        names(&target)
    };
    let acme = SecretScope::parse("org/acme").unwrap();
    assert_eq!(copied(CopyOptions::new().scope(acme)), ["org/acme/full"]);
    assert_eq!(copied(CopyOptions::new().prefix("exp")), ["global/expired"]);
    let key = SecretKey::new("expired");
    assert_eq!(copied(CopyOptions::new().key(key.clone()).key(key)), ["global/expired"]);
    let view = source.scoped("org/acme").unwrap();
    let target = in_memory();
    view.copy_to(&target, CopyOptions::new()).unwrap();
    assert_eq!(names(&target), ["org/acme/full"]);
    let missing = CopyOptions::new().key(SecretKey::new("MISSING"));
    let error = source.copy_to(&in_memory(), missing).unwrap_err();
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::NotFound, Some("global/MISSING"))
    );
}

#[test]
fn a_source_that_cannot_list_is_copied_key_by_key() {
    let inner = memory();
    fill(&over(Arc::clone(&inner)));
    let source = over(LimitedBackend::without(inner, |can| can.list = false));
    let target = in_memory();
    let error = source.copy_to(&target, CopyOptions::new()).unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Unsupported, Some(Operation::List))
    );
    assert!(error.help().contains("name the keys"));
    let one = CopyOptions::new().key(SecretKey::new("expired"));
    assert_eq!(source.copy_to(&target, one).unwrap().count(CopyOutcome::Copied), 1);
}

#[test]
fn one_place_is_not_copied_onto_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (one, again) = (encrypted(folder.path(), "a"), encrypted(folder.path(), "a"));
    let error = one.copy_to(&again, CopyOptions::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path(), folder.path().join("link")).unwrap();
        let linked = encrypted(&folder.path().join("link"), "a");
        let error = one.copy_plan(&linked, &CopyOptions::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
    let shared = memory();
    let error = over(Arc::clone(&shared))
        .copy_to(&over(shared), CopyOptions::new())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn another_secret_of_the_same_key_stops_the_copy_unless_it_may_be_replaced_or_skipped() {
    let (source, target) = (in_memory(), in_memory());
    fill(&source);
    target.set("expired", &Secret::new("theirs")).unwrap();
    let error = source.copy_to(&target, CopyOptions::new()).unwrap_err();
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::Conflict, Some("global/expired"))
    );
    assert!(!error.to_string().contains("theirs") && !error.to_string().contains(CANARY));
    assert_eq!(names(&target), ["global/expired"], "nothing was written");

    let skip = CopyOptions::new().if_exists(IfExists::Skip);
    let report = source.copy_to(&target, skip.clone()).unwrap();
    assert_eq!(
        (report.count(CopyOutcome::Copied), report.count(CopyOutcome::Skipped)),
        (2, 1)
    );
    assert_eq!(target.get_value("expired").unwrap().as_deref(), Some("theirs"));
    let error = source.copy_to(&target, skip.delete_source()).unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::InvalidArgument,
        "what is skipped cannot be removed"
    );

    let replace = CopyOptions::new().if_exists(IfExists::Replace);
    assert_eq!(source.copy_to(&target, replace).unwrap().count(CopyOutcome::Copied), 1);
    assert_eq!(
        target.versions("expired").unwrap().len(),
        2,
        "the former version stays readable"
    );
    // The same value with other metadata is another secret, too.
    target
        .set("expired", &Secret::new(format!("{CANARY}-expired")))
        .unwrap();
    assert_eq!(
        source.copy_to(&target, CopyOptions::new()).unwrap_err().kind(),
        ErrorKind::Conflict
    );
}

#[test]
fn what_the_target_cannot_hold_is_named_before_anything_is_written() {
    let source = in_memory();
    fill(&source);
    let target = limited(|can| (can.metadata, can.expiry) = (false, false));
    let plan = source.copy_plan(&target, &CopyOptions::new()).unwrap();
    let losses: Vec<_> = plan.secrets.iter().map(|secret| secret.losses.clone()).collect();
    let fields = vec![CopyLoss::Provider, CopyLoss::ScopeOfUse, CopyLoss::Labels];
    assert_eq!(losses, [vec![], vec![CopyLoss::Expiry], fields]);
    assert_eq!(plan.count(CopyAction::Refuse), 2);
    let error = source.copy_to(&target, CopyOptions::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error.message().contains("expires_at") && error.message().contains("1 more"),
        "{error}"
    );
    assert_eq!(names(&target), Vec::<String>::new());
    let allowed = CopyOptions::new().allow_loss();
    assert_eq!(
        source
            .copy_to(&target, allowed.clone())
            .unwrap()
            .count(CopyOutcome::Copied),
        3
    );
    assert_eq!(source.copy_to(&target, allowed).unwrap().count(CopyOutcome::Same), 3);
    assert_eq!(raw(&target, "org/acme/full").unwrap().metadata.provider, None);
}

#[test]
fn what_does_not_fit_at_all_is_refused_or_passed_over() {
    let source = in_memory();
    source.set("empty", &Secret::new("")).unwrap();
    source.set("bytes", &Secret::new(&[0xff_u8, 0xfe][..])).unwrap();
    source.set("long", &Secret::new("x".repeat(65))).unwrap();
    source
        .set(format!("k{}", "e".repeat(90)).as_str(), &Secret::new("v"))
        .unwrap();
    source.set("fits", &Secret::new("v")).unwrap();
    let target = limited(|can| {
        (can.empty_value, can.binary) = (false, false);
        (can.max_value, can.max_key) = (64, 64);
    });
    let plan = source.copy_plan(&target, &CopyOptions::new().allow_loss()).unwrap();
    let found: Vec<_> = plan
        .secrets
        .iter()
        .map(|secret| {
            (
                secret.key.name().chars().next().unwrap(),
                secret.error.as_ref().map(|error| error.kind()),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ('b', Some(ErrorKind::Unsupported)),
            ('e', Some(ErrorKind::Unsupported)),
            ('f', None),
            ('k', Some(ErrorKind::TooLarge)),
            ('l', Some(ErrorKind::TooLarge)),
        ]
    );
    assert!(source.copy_to(&target, CopyOptions::new().allow_loss()).is_err());
    let report = source.copy_to(&target, CopyOptions::new().skip_unfit()).unwrap();
    assert_eq!(
        (report.count(CopyOutcome::Copied), report.count(CopyOutcome::Skipped)),
        (1, 4)
    );
    assert_eq!(names(&target), ["global/fits"]);
}

#[test]
fn ends_that_cannot_be_written_are_told_first() {
    let read_only = || limited(|can| can.read_only = true);
    let error = in_memory().copy_plan(&read_only(), &CopyOptions::new()).unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::ReadOnly, Some(Operation::Set))
    );
    let error = read_only()
        .copy_to(&in_memory(), CopyOptions::new().delete_source())
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::ReadOnly, Some(Operation::Delete))
    );
}

#[test]
fn a_write_whose_answer_is_lost_is_looked_at_and_not_done_twice() {
    let source = in_memory();
    fill(&source);
    for (inner, operation) in [(one_by_one(), Operation::Set), (memory(), Operation::SetMany)] {
        let fault = FaultBackend::new(Arc::clone(&inner));
        fault.on(operation).then(Fault::OutcomeUnknown);
        let report = source.copy_to(&over(fault), CopyOptions::new()).unwrap();
        assert_eq!(report.count(CopyOutcome::Copied), 3);
        let target = over(inner);
        assert_same(&source, &target);
        for key in KEYS {
            assert_eq!(target.versions(key).unwrap().len(), 1);
        }
    }
}

/// Copies all until a call of `operation` hangs in `fault`, and cancels everything then.
fn cancelled_in(
    operation: Operation,
    fault: &FaultBackend,
    source: &SecretManager,
    target: &SecretManager,
    options: CopyOptions,
) -> strongroom::Error {
    fault.on(operation).times(1).then(Fault::Hang);
    let token = strongroom::CancellationToken::new();
    let (source, target) = (source.with_cancel(token.clone()), target.with_cancel(token.clone()));
    std::thread::scope(|scope| {
        let copied = scope.spawn(move || source.copy_to(&target, options).unwrap_err());
        let hanging = fault.wait_for(Duration::from_secs(30), |counters| counters.waiting == 1);
        token.cancel();
        assert!(hanging.is_some(), "nothing hangs");
        copied.join().unwrap()
    })
}

#[test]
fn a_write_that_was_cancelled_with_everything_may_have_happened() {
    let source = in_memory();
    fill(&source);
    for (inner, operation) in [(one_by_one(), Operation::Set), (memory(), Operation::SetMany)] {
        let fault = FaultBackend::new(inner);
        let target = over(Arc::clone(&fault) as Arc<dyn Backend>);
        let error = cancelled_in(operation, &fault, &source, &target, CopyOptions::new());
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::OutcomeUnknown, Some(operation))
        );
    }
}

#[test]
fn a_removal_that_was_cancelled_with_everything_may_have_happened() {
    let fault = FaultBackend::new(memory());
    let (source, target) = (over(Arc::clone(&fault) as Arc<dyn Backend>), in_memory());
    fill(&source);
    let options = CopyOptions::new().delete_source();
    let error = cancelled_in(Operation::Delete, &fault, &source, &target, options);
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::OutcomeUnknown, Some(Operation::Delete))
    );
}

#[test]
fn progress_is_told_phase_by_phase() {
    let source = in_memory();
    fill(&source);
    let told = Arc::new(Mutex::new(Vec::new()));
    let entered = Arc::clone(&told);
    let options = CopyOptions::new().delete_source().progress(move |progress| {
        let entry = (progress.phase.word(), progress.done, progress.total);
        entered.lock().unwrap().push(entry);
    });
    source.copy_to(&in_memory(), options).unwrap();
    let expected: Vec<_> = ["planning", "copying", "deleting"]
        .iter()
        .flat_map(|phase| (1..=3).map(|done| (*phase, done, 3)))
        .collect();
    assert_eq!(*told.lock().unwrap(), expected);
}

#[test]
fn a_cancelled_copy_ends_at_once_and_goes_on_later() {
    let (source, target) = (in_memory(), over(one_by_one()));
    fill(&source);
    let token = strongroom::CancellationToken::new();
    let fired = token.clone();
    let options = CopyOptions::new().progress(move |progress| {
        if progress.phase == CopyPhase::Copying {
            fired.cancel();
        }
    });
    let error = source.with_cancel(token).copy_to(&target, options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(names(&target).len(), 1);
    let report = source.copy_to(&target, CopyOptions::new()).unwrap();
    assert_eq!(
        (report.count(CopyOutcome::Same), report.count(CopyOutcome::Copied)),
        (1, 2)
    );
}

#[test]
fn a_slow_target_is_given_its_time_secret_by_secret() {
    let source = in_memory();
    fill(&source);
    let fault = FaultBackend::new(one_by_one());
    fault.on(Operation::Set).times(1).then(Fault::Hang);
    let target = over(fault).with_timeout(Duration::from_millis(50));
    let error = source.copy_to(&target, CopyOptions::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(
        source
            .copy_to(&target, CopyOptions::new())
            .unwrap()
            .count(CopyOutcome::Copied),
        3
    );
}
