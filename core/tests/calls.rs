//! What holds for a call as a whole: one deadline, what comes first, and how closing and views behave.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::time::{Duration, Instant};

use strongroom::backend::Operation;
use strongroom::blocking::SecretManager;
use strongroom::testing::{Fault, FaultBackend};
use strongroom::{
    CancellationToken, ErrorKind, FallbackOptions, ListOptions, RollbackTo, Secret, SecretScope, SetOptions, Version,
};

fn faulty() -> (std::sync::Arc<FaultBackend>, SecretManager) {
    let fault = FaultBackend::new(strongroom::testing::memory());
    let builder = SecretManager::builder().without_environment().option("cache", "off");
    let manager = builder.backend_instance(fault.clone()).open_blocking().unwrap();
    (fault, manager)
}

#[test]
fn a_fallback_over_many_slow_scopes_keeps_one_deadline() {
    let (fault, manager) = faulty();
    fault.on(Operation::Get).then(Fault::Hang);
    let scopes: Vec<_> = (0..20).map(|n| SecretScope::org(format!("o{n}"))).collect();
    let begun = Instant::now();
    let manager = manager.with_timeout(Duration::from_millis(300));
    let options = FallbackOptions::new().allow_unavailable();
    let error = manager.get_with_fallback_options("k", &scopes, options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    // Twenty deadlines would be six seconds.
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "each scope had a deadline of its own"
    );
}

#[test]
fn after_close_every_verb_is_closed_whatever_else_is_wrong() {
    let (_, manager) = faulty();
    let token = CancellationToken::new();
    token.cancel();
    manager.with_cancel(token).close().unwrap();
    let version = Version::from_number(1);
    let twice = SetOptions::new().if_absent().if_version(version.clone());
    let answers = [
        manager.get("../x").err(),
        manager.get_many(&["../x"]).err(),
        manager.get_with_fallback("k", &[]).err(),
        manager.list(ListOptions::new().limit(0)).err(),
        manager.set_with("k", &Secret::new("v"), twice).err(),
        manager.set_many(&[]).err(),
        manager.rollback("k", RollbackTo::back(0)).err(),
        manager.rotate("k", "v").err(),
        manager.health().err(),
        manager.lock().err(),
    ];
    for (at, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.map(|error| error.kind()), Some(ErrorKind::Closed), "answer {at}");
    }
    manager.close().unwrap();
}

#[test]
fn a_global_view_lists_only_global_names_and_a_bare_prefix_is_a_names_beginning() {
    let (_, manager) = faulty();
    for key in ["api_a", "web_b", "org/acme/api_c", "org/acme/web_d"] {
        manager.set(key, &Secret::new("v")).unwrap();
    }
    let names = |manager: &SecretManager, options: ListOptions| -> Vec<String> {
        let page = manager.list(options).unwrap();
        page.entries.iter().map(|entry| entry.name.to_string()).collect()
    };
    let global = manager.scoped("global").unwrap();
    assert_eq!(names(&global, ListOptions::new()), ["global/api_a", "global/web_b"]);
    assert_eq!(names(&manager, ListOptions::new().prefix("api")), ["global/api_a"]);
    assert_eq!(
        names(&manager, ListOptions::new().prefix("global/web")),
        ["global/web_b"]
    );
    assert_eq!(
        names(&manager, ListOptions::new().prefix("org/acme/api")),
        ["org/acme/api_c"]
    );
    let acme = manager.scoped("org/acme").unwrap();
    assert_eq!(names(&acme, ListOptions::new().prefix("web")), ["org/acme/web_d"]);
    assert_eq!(acme.get_value("api_c").unwrap().as_deref(), Some("v"));
    assert_eq!(global.get_value("api_a").unwrap().as_deref(), Some("v"));
}

#[test]
fn a_change_of_metadata_may_depend_on_the_version() {
    let (_, manager) = faulty();
    let first = manager.set("k", &Secret::new("v")).unwrap().version.unwrap();
    let second = manager.set("k", &Secret::new("w")).unwrap().version.unwrap();
    let update = strongroom::backend::MetadataUpdate::new().provider("openai");
    let stale = manager
        .update_metadata("k", &update.clone().if_version(first))
        .unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::Conflict);
    manager.update_metadata("k", &update.if_version(second)).unwrap();
    assert_eq!(
        manager.describe("k").unwrap().unwrap().metadata.provider.as_deref(),
        Some("openai")
    );
}

#[test]
fn a_combination_that_is_waited_for_keeps_each_verbs_deadline_without_a_runtime() {
    let (fault, manager) = faulty();
    manager.set("k", &Secret::new("v")).unwrap();
    fault.on(Operation::Get).times(2).then(Fault::Hang);
    let begun = Instant::now();
    let (first, second, third) = manager.wait_for(|secrets| async move {
        // Shorter than the manager's own deadline of ten seconds, which is all that the waiting thread knows of.
        let hasty = secrets.with_timeout(Duration::from_millis(30));
        (hasty.get("k").await, hasty.get("k").await, secrets.get_value("k").await)
    });
    assert_eq!(first.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(second.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(third.unwrap().as_deref(), Some("v"));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_task_that_got_hold_of_a_waiting_manager_keeps_its_deadline_too() {
    let (fault, manager) = faulty();
    fault.on(Operation::Get).then(Fault::Hang);
    let hasty = manager.with_timeout(Duration::from_millis(30));
    let host = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let begun = Instant::now();
    let inner = hasty.wait_for(|secrets| std::future::ready(secrets.clone()));
    let error = host.block_on(async move { inner.get("k").await }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(begun.elapsed() < Duration::from_secs(5));
}
