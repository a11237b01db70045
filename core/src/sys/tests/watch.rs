//! What a manager does on the side, in processes that change under it.

use std::sync::Arc;
use std::time::Duration;

use super::{alone, ended_well, fork};
use crate::blocking::SecretManager;
use crate::testing::memory;
use crate::{ChangeKind, Secret, SubscribeOptions};

/// How long an event may take before a test gives it up.
const PATIENCE: Duration = Duration::from_secs(5);

fn open(backend: &str) -> SecretManager {
    let builder = SecretManager::builder()
        .app("watch")
        .without_environment()
        .backend(backend);
    builder.option("references", "env").open_blocking().unwrap()
}

#[test]
fn a_child_subscribes_for_itself() {
    alone("sys::tests::watch::a_child_subscribes_for_itself", || {
        let server = memory();
        let builder = SecretManager::builder().without_environment();
        let secrets = builder.backend_instance(Arc::clone(&server)).open_blocking().unwrap();
        let often = || SubscribeOptions::new().every(Duration::from_millis(5));
        let mut ours = secrets.subscribe(often()).unwrap();
        secrets.set("BEFORE", &Secret::new("v")).unwrap();
        let child = fork(|| {
            // The parent's changes are told in the parent.
            let is_over = ours.next_within(PATIENCE).unwrap().is_none() && ours.next_waiting().is_none();
            let mut fresh = secrets.subscribe(often()).unwrap();
            secrets.set("CHILD", &Secret::new("v")).unwrap();
            let told = fresh.next_within(PATIENCE).unwrap().unwrap();
            // What someone else changes in the child's copy.
            let other = SecretManager::builder()
                .backend_instance(server)
                .open_blocking()
                .unwrap();
            other.set("OTHER", &Secret::new("v")).unwrap();
            let seen = fresh.next_within(PATIENCE).unwrap().unwrap();
            drop(ours);
            is_over && told.key.unwrap().name() == "CHILD" && seen.kind == ChangeKind::Unknown
        });
        assert!(ended_well(child));
        secrets.set("AFTER", &Secret::new("v")).unwrap();
        drop(secrets);
    });
}

/// Sets a variable of this process, which has one thread that knows of it.
fn set_variable(name: &str, value: &str) {
    // SAFETY: the process belongs to one test, and its only other thread waits for it.
    unsafe { std::env::set_var(name, value) };
}

#[test]
#[cfg(feature = "env")]
fn a_refresh_takes_the_variables_again() {
    alone("sys::tests::watch::a_refresh_takes_the_variables_again", || {
        set_variable("WATCH_OTHER", "old");
        let secrets = open("env");
        let value = |name: &str| secrets.get_value(name).unwrap();
        let other = || {
            let found = secrets.resolve("env:WATCH_OTHER").unwrap();
            found.map(|secret| secret.value.expose_str().unwrap().to_owned())
        };
        assert_eq!(value("KEPT"), None);
        let name = crate::VariableMapping::Plain.variable("WATCH_SECRET_", &crate::SecretKey::new("KEPT"));
        set_variable(&name, "old");
        secrets.refresh().unwrap();
        assert_eq!(value("KEPT").as_deref(), Some("old"));
        set_variable(&name, "new");
        set_variable("WATCH_OTHER", "new");
        assert_eq!(
            value("KEPT").as_deref(),
            Some("old"),
            "variables are taken when the manager is opened"
        );
        assert_eq!(other().as_deref(), Some("old"));
        secrets.refresh().unwrap();
        assert_eq!(
            value("KEPT").as_deref(),
            Some("new"),
            "the cache has forgotten the former one"
        );
        assert_eq!(other().as_deref(), Some("new"));
    });
}

#[test]
#[cfg(feature = "env")]
fn a_refresh_that_misses_a_required_variable_changes_nothing() {
    alone(
        "sys::tests::watch::a_refresh_that_misses_a_required_variable_changes_nothing",
        || {
            let name = crate::VariableMapping::Plain.variable("WATCH_SECRET_", &crate::SecretKey::new("NEEDED"));
            set_variable(&name, "value");
            let builder = SecretManager::builder()
                .app("watch")
                .without_environment()
                .backend("env");
            let secrets = builder.option("env.required", "NEEDED").open_blocking().unwrap();
            // SAFETY: as in `set_variable`.
            unsafe { std::env::remove_var(&name) };
            let error = secrets.refresh().unwrap_err();
            assert_eq!(
                (error.kind(), error.setting()),
                (crate::ErrorKind::InvalidConfig, Some("env.required"))
            );
            assert_eq!(secrets.get_value("NEEDED").unwrap().as_deref(), Some("value"));
        },
    );
}
