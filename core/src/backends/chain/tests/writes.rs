//! Writing: to the writer alone, and never where it would not be seen or would leave something behind.

use std::time::Duration;

use super::{OUT_OF_REACH, STOPS, Three, fails, text};
use crate::backend::{MetadataUpdate, Operation};
use crate::backends::fault::{Fault, LimitedBackend, Script};
use crate::backends::memory::MemoryBackend;
use crate::context::{CallOptions, CancellationToken};
use crate::error::ErrorKind;
use crate::key::SecretKey;
use crate::secret::{Secret, Version};
use crate::{DeleteOptions, RollbackTo, SecretManager, SetOptions};

#[test]
fn only_the_writer_is_written_to() {
    let three = Three::new(Some(1), false);
    let manager = three.manager();
    assert!(manager.set("K", &Secret::new("v")).unwrap().created);
    let memory = |at: usize| {
        let member = three.members[at].clone();
        SecretManager::builder()
            .without_environment()
            .backend_instance(member)
            .open_blocking()
            .unwrap()
    };
    assert!(!memory(0).exists("K").unwrap() && memory(1).exists("K").unwrap() && !memory(2).exists("K").unwrap());
    assert!(!manager.set("K", &Secret::new("w")).unwrap().created);
    manager.rollback("K", RollbackTo::back(1)).unwrap();
    assert_eq!(text(manager.get("K").unwrap()).as_deref(), Some("v"));
    manager
        .update_metadata("K", &MetadataUpdate::new().provider("p"))
        .unwrap();
    manager.delete("K").unwrap();
    assert!(!memory(1).exists("K").unwrap());
    fails(manager.delete("K"), ErrorKind::NotFound);
    manager.delete_with("K", DeleteOptions::new().missing_ok()).unwrap();
}

#[test]
fn what_an_earlier_member_would_shadow_is_a_conflict_that_names_it() {
    let three = Three::new(Some(1), false);
    three.put(0, "K", &Secret::new("first"));
    three.put(1, "K", &Secret::new("hidden"));
    let manager = three.manager();
    let key = SecretKey::new("K");
    let batch = [(SecretKey::new("A"), Secret::new("a")), (key, Secret::new("k"))];
    for error in [
        fails(manager.set("K", &Secret::new("v")), ErrorKind::Conflict),
        fails(manager.set_many(&batch), ErrorKind::Conflict),
        fails(
            manager.update_metadata("K", &MetadataUpdate::new().provider("p")),
            ErrorKind::Conflict,
        ),
        fails(manager.rollback("K", Version::from_number(1)), ErrorKind::Conflict),
        fails(manager.update_value("K", "v"), ErrorKind::Conflict),
        fails(manager.rotate("K", "v"), ErrorKind::Conflict),
        fails(manager.set_api_key("K", "v", Some("p")), ErrorKind::Conflict),
        fails(manager.delete("K"), ErrorKind::Conflict),
    ] {
        assert_eq!(
            (error.backend(), error.key()),
            (Some("fault"), Some("global/K")),
            "{error}"
        );
        assert!(
            error.message().contains("member `fault` of the chain has this secret"),
            "{error}"
        );
    }
    assert!(!manager.exists("A").unwrap(), "nothing of the batch was written");
    let hidden = SecretManager::builder()
        .without_environment()
        .backend_instance(three.members[1].clone());
    let hidden = hidden.open_blocking().unwrap();
    assert_eq!(text(hidden.get("K").unwrap()).as_deref(), Some("hidden"));
    assert_eq!(hidden.versions("K").unwrap().len(), 1);
}

#[test]
fn a_later_member_is_covered_by_a_write_and_keeps_a_delete_from_lying() {
    let three = Three::new(Some(0), false);
    three.put(2, "K", &Secret::new("behind"));
    let manager = three.manager();
    fails(manager.delete("K"), ErrorKind::Conflict);
    fails(
        manager.delete_with("K", DeleteOptions::new().missing_ok()),
        ErrorKind::Conflict,
    );
    manager.set("K", &Secret::new("before")).unwrap();
    assert_eq!(text(manager.get("K").unwrap()).as_deref(), Some("before"));
    fails(manager.delete("K"), ErrorKind::Conflict);
    assert_eq!(
        text(manager.get("K").unwrap()).as_deref(),
        Some("before"),
        "nothing was deleted"
    );
}

#[test]
fn metadata_and_rollback_of_a_secret_of_a_later_member_are_conflicts() {
    let three = Three::new(Some(0), false);
    three.put(2, "K", &Secret::new("behind"));
    let manager = three.manager();
    let update = MetadataUpdate::new().provider("p");
    fails(manager.update_metadata("K", &update), ErrorKind::Conflict);
    fails(manager.rollback("K", Version::from_number(1)), ErrorKind::Conflict);
    fails(manager.update_metadata("MISSING", &update), ErrorKind::NotFound);
    fails(
        manager.rollback("MISSING", Version::from_number(1)),
        ErrorKind::NotFound,
    );
    // The writer's own secret, and a version that it has not.
    manager.set("K", &Secret::new("before")).unwrap();
    fails(manager.rollback("K", Version::from_number(77)), ErrorKind::NotFound);
}

#[test]
fn conditions_are_about_what_a_read_comes_to() {
    let three = Three::new(Some(0), false);
    three.put(1, "K", &Secret::with_provider("behind", "p"));
    let manager = three.manager();
    let absent = SetOptions::new().if_absent();
    fails(
        manager.set_with("K", &Secret::new("v"), absent.clone()),
        ErrorKind::Conflict,
    );
    let seen = manager.get("K").unwrap().unwrap().metadata.version.unwrap();
    let other = SetOptions::new().if_version(Version::from_number(77));
    fails(manager.set_with("K", &Secret::new("v"), other), ErrorKind::Conflict);
    let same = SetOptions::new().if_version(seen.clone());
    manager.set_with("K", &Secret::new("before"), same.clone()).unwrap();
    assert_eq!(text(manager.get("K").unwrap()).as_deref(), Some("before"));
    // From now on the writer's version counts, even where it is the same word by chance.
    let now = manager.get("K").unwrap().unwrap().metadata.version.unwrap();
    if now != seen {
        fails(manager.set_with("K", &Secret::new("x"), same), ErrorKind::Conflict);
    }
    manager.set_with("NEW", &Secret::new("v"), absent).unwrap();
}

#[test]
fn a_new_value_for_a_secret_of_a_later_member_goes_to_the_writer_with_its_metadata() {
    let three = Three::new(Some(0), false);
    three.put(1, "K", &Secret::with_provider("behind", "p"));
    three.put(1, "L", &Secret::with_provider("behind", "p"));
    let manager = three.manager();
    manager.update_value("K", "new").unwrap();
    let found = manager.get("K").unwrap().unwrap();
    assert_eq!(found.metadata.provider.as_deref(), Some("p"));
    assert_eq!(text(Some(found)).as_deref(), Some("new"));
    manager.set_api_key("L", "new", None).unwrap();
    assert_eq!(text(manager.get("L").unwrap()).as_deref(), Some("new"));
}

#[test]
fn a_member_that_cannot_tell_stops_a_write_whatever_reads_are_allowed() {
    let three = Three::new(Some(1), true);
    let manager = three.manager();
    for kind in STOPS.into_iter().chain(OUT_OF_REACH) {
        three.fail(0, Operation::Describe, kind);
        fails(manager.set("K", &Secret::new("v")), kind);
        fails(manager.delete("K"), kind);
        three.fail(0, Operation::Describe, ErrorKind::InvalidKey);
        three.fail(2, Operation::Describe, kind);
        fails(manager.delete("K"), kind);
        fails(
            manager.set_with("K", &Secret::new("v"), SetOptions::new().if_absent()),
            kind,
        );
        three.members[0].set_script(Script::new());
        three.members[2].set_script(Script::new());
        assert!(!manager.exists("K").unwrap(), "{kind}: nothing was written");
    }
}

#[test]
fn a_member_that_hangs_before_the_write_is_a_timeout_and_in_the_write_an_unknown_outcome() {
    let three = Three::new(Some(1), false);
    let manager = three.manager().with_timeout(Duration::from_millis(300));
    three.members[0].on(Operation::Describe).then(Fault::Hang);
    // It is certain that nothing was written.
    fails(manager.set("K", &Secret::new("v")), ErrorKind::Timeout);
    assert_eq!(three.calls()[1], 0);
    three.members[0].set_script(Script::new());
    three.members[1].on(Operation::Set).then(Fault::Hang);
    let error = fails(manager.set("K", &Secret::new("v")), ErrorKind::OutcomeUnknown);
    assert_eq!(error.backend(), Some("fault"), "{error}");
}

#[test]
fn a_write_that_is_cancelled_before_it_is_sent_has_done_nothing() {
    let three = Three::new(Some(1), false);
    three.members[0].on(Operation::Describe).then(Fault::Hang);
    let token = CancellationToken::new();
    let manager = three.manager().with_options(CallOptions::new().cancel(token.clone()));
    let writing = std::thread::spawn(move || manager.set("K", &Secret::new("v")).map(drop));
    let patience = Duration::from_secs(15);
    assert!(three.members[0].wait_for(patience, |seen| seen.started > 0).is_some());
    token.cancel();
    fails(writing.join().unwrap(), ErrorKind::Cancelled);
    assert_eq!(three.calls()[1], 0);
}

#[test]
fn an_error_of_the_writer_keeps_its_kind() {
    let three = Three::new(Some(0), true);
    for kind in STOPS.into_iter().chain(OUT_OF_REACH).chain([ErrorKind::StorageFull]) {
        three.fail(0, Operation::Set, kind);
        let error = fails(three.manager().set("K", &Secret::new("v")), kind);
        assert!(error.message().contains("through the chain"), "{error}");
    }
}

#[test]
fn a_key_that_is_too_long_for_the_writer_is_refused_before_anything_is_sent() {
    let mut can = MemoryBackend::new();
    let writer = LimitedBackend::without(
        std::sync::Arc::new(std::mem::replace(&mut can, MemoryBackend::new())),
        |can| {
            can.max_key = 10;
        },
    );
    let chain = super::Chain::new(vec![writer, std::sync::Arc::new(can)], Some(0), false);
    let builder = SecretManager::builder().without_environment();
    let manager = builder
        .backend_instance(std::sync::Arc::new(chain))
        .open_blocking()
        .unwrap();
    let error = fails(
        manager.set("org/acme/LONG_NAME", &Secret::new("v")),
        ErrorKind::TooLarge,
    );
    assert!(error.message().contains("10 bytes"), "{error}");
    let batch = [
        (SecretKey::new("A"), Secret::new("a")),
        (SecretKey::new("LONG_NAME_TOO"), Secret::new("v")),
    ];
    fails(manager.set_many(&batch), ErrorKind::TooLarge);
    assert!(!manager.exists("A").unwrap());
}

#[test]
fn a_chain_without_a_writer_is_read_only() {
    let three = Three::new(None, false);
    three.put(0, "K", &Secret::new("v"));
    let manager = three.manager();
    assert!(manager.backend().capabilities().read_only);
    fails(manager.set("K", &Secret::new("v")), ErrorKind::ReadOnly);
    fails(
        manager.set_many(&[(SecretKey::new("K"), Secret::new("v"))]),
        ErrorKind::ReadOnly,
    );
    fails(manager.delete("K"), ErrorKind::ReadOnly);
    fails(
        manager.update_metadata("K", &MetadataUpdate::new().provider("p")),
        ErrorKind::ReadOnly,
    );
    fails(manager.rollback("K", RollbackTo::back(1)), ErrorKind::ReadOnly);
    assert_eq!(text(manager.get("K").unwrap()).as_deref(), Some("v"));
}
