//! Reading: the order, what stops, what may be passed over, and how long anyone is waited for.

use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::{OUT_OF_REACH, STOPS, Three, fails, text};
use crate::backend::{Capabilities, Operation, Persistence};
use crate::backends::fault::{Fault, LimitedBackend, Script};
use crate::backends::memory::MemoryBackend;
use crate::context::{CallOptions, CancellationToken};
use crate::error::ErrorKind;
use crate::secret::{Secret, Version};
use crate::{Builder, SecretManager, blocking};

#[test]
fn the_first_member_that_has_the_secret_answers_and_no_later_one_is_asked() {
    let three = Three::new(None, false);
    three.put(2, "K", &Secret::new("third"));
    assert_eq!(text(three.manager().get("K").unwrap()).as_deref(), Some("third"));
    three.put(1, "K", &Secret::new("second"));
    let before = three.calls();
    assert_eq!(text(three.manager().get("K").unwrap()).as_deref(), Some("second"));
    let after = three.calls();
    assert_eq!(
        (after[0], after[1], after[2]),
        (before[0] + 1, before[1] + 1, before[2])
    );
    assert!(three.manager().get("MISSING").unwrap().is_none());
    assert!(!three.manager().exists("MISSING").unwrap());
}

#[test]
fn every_error_stops_and_names_its_member_and_the_chain() {
    let three = Three::new(None, false);
    three.put(2, "K", &Secret::new("third"));
    for kind in STOPS.into_iter().chain(OUT_OF_REACH) {
        three.fail(1, Operation::Get, kind);
        let before = three.calls()[2];
        let error = fails(three.manager().get("K"), kind);
        assert_eq!(error.backend(), Some("fault"));
        assert!(error.message().contains("through the chain"), "{error}");
        assert_eq!(three.calls()[2], before, "{kind}: the third was not asked");
        three.fail(1, Operation::Describe, kind);
        fails(three.manager().describe("K"), kind);
        fails(three.manager().exists("K"), kind);
    }
}

#[test]
fn what_is_out_of_reach_is_passed_over_only_where_that_is_allowed() {
    let three = Three::new(None, true);
    three.put(2, "K", &Secret::new("third"));
    for kind in OUT_OF_REACH {
        three.fail(0, Operation::Get, kind);
        assert_eq!(
            text(three.manager().get("K").unwrap()).as_deref(),
            Some("third"),
            "{kind}"
        );
        // Nobody knows whether it exists: that is no `None`.
        let error = fails(three.manager().get("MISSING"), kind);
        assert!(error.message().contains("no other member has the secret"), "{error}");
        three.fail(0, Operation::Describe, kind);
        assert!(three.manager().exists("K").unwrap());
        fails(three.manager().exists("MISSING"), kind);
    }
    for kind in STOPS {
        three.fail(0, Operation::Get, kind);
        fails(three.manager().get("K"), kind);
    }
}

#[test]
fn the_first_of_several_that_are_out_of_reach_is_told() {
    let three = Three::new(None, true);
    three.fail(0, Operation::Get, ErrorKind::RateLimited);
    three.fail(1, Operation::Get, ErrorKind::Unavailable);
    fails(three.manager().get("K"), ErrorKind::RateLimited);
    // What stops behind it stops all the same.
    three.fail(2, Operation::Get, ErrorKind::Locked);
    fails(three.manager().get("K"), ErrorKind::Locked);
}

#[test]
fn an_expired_secret_stops() {
    let three = Three::new(None, true);
    three.put(0, "K", &Secret::new("old").with_expiry(OffsetDateTime::UNIX_EPOCH));
    three.put(1, "K", &Secret::new("new"));
    three.put(1, "L", &Secret::new("new"));
    fails(three.manager().get("K"), ErrorKind::Expired);
    let batch = three.manager().get_many(&["K", "L"]).unwrap();
    assert_eq!(batch.secrets.len(), 1);
    assert_eq!(batch.failures[0].error.kind(), ErrorKind::Expired);
    assert!(three.manager().describe("K").unwrap().unwrap().expired);
}

#[test]
fn a_key_that_a_member_cannot_hold_is_absent_from_it() {
    let mut can = Capabilities::minimal(Persistence::Process, 100);
    can.max_key = 10;
    let short = LimitedBackend::new(std::sync::Arc::new(MemoryBackend::new()), can);
    let odd = Three::new(None, false);
    odd.put(2, "org/acme/A_LONG_NAME", &Secret::new("v"));
    odd.fail(0, Operation::Get, ErrorKind::InvalidKey);
    let chain = super::Chain::new(vec![short, odd.chain.clone()], None, false);
    let manager = over(chain);
    assert_eq!(text(manager.get("org/acme/A_LONG_NAME").unwrap()).as_deref(), Some("v"));
    assert_eq!(manager.get_many(&["org/acme/A_LONG_NAME"]).unwrap().secrets.len(), 1);
}

#[test]
fn what_is_too_large_in_a_member_is_there_and_stops() {
    let three = Three::new(Some(2), true);
    three.put(2, "K", &Secret::new("older"));
    for operation in [Operation::Get, Operation::GetMany, Operation::Describe] {
        three.fail(0, operation, ErrorKind::TooLarge);
        let manager = three.manager();
        match operation {
            Operation::Get => drop(fails(manager.get("K"), ErrorKind::TooLarge)),
            Operation::GetMany => drop(fails(manager.get_many(&["K"]), ErrorKind::TooLarge)),
            _ => {
                fails(manager.describe("K"), ErrorKind::TooLarge);
                fails(manager.set("K", &Secret::new("new")), ErrorKind::TooLarge);
                fails(manager.delete("K"), ErrorKind::TooLarge);
            }
        }
    }
    three.members[0].set_script(Script::new());
    assert_eq!(text(three.manager().get("K").unwrap()).as_deref(), Some("older"));
}

#[cfg(feature = "directory")]
#[test]
fn a_key_that_is_no_files_name_is_absent_from_a_folder_and_a_file_that_is_too_large_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let manager = |key: &str| {
        let builder = SecretManager::builder().without_environment().backend("chain");
        let manager = builder
            .option("chain.members", "directory,memory")
            .option("chain.writer", "memory")
            .option("max_value", "1024")
            .option("directory.path", folder.path().to_str().unwrap())
            .open_blocking()
            .unwrap();
        manager.set(key, &Secret::new("older")).unwrap();
        manager
    };
    let long = "k".repeat(256);
    for key in [long.as_str(), "..dots"] {
        assert_eq!(text(manager(key).get(key).unwrap()).as_deref(), Some("older"));
    }
    let with_k = manager("K");
    std::fs::write(folder.path().join("K"), "v".repeat(1025)).unwrap();
    fails(with_k.get("K"), ErrorKind::TooLarge);
}

#[cfg(feature = "env")]
#[test]
fn keys_that_share_a_variable_of_a_member_are_not_read_together() {
    let builder = SecretManager::builder().without_environment().backend("chain");
    let builder = builder
        .option("chain.members", "memory,env")
        .option("chain.writer", "memory");
    let manager = builder.open_blocking().unwrap();
    manager.set("org/a_b/c", &Secret::new("of one")).unwrap();
    let error = fails(manager.get_many(&["org/a_b/c", "org/a/b_c"]), ErrorKind::Ambiguous);
    assert_eq!(error.backend(), Some("env"), "{error}");
    assert_eq!(manager.get_many(&["org/a_b/c", "org/a/c"]).unwrap().secrets.len(), 1);
}

#[test]
fn a_batch_asks_each_member_once_for_what_is_missing() {
    let three = Three::new(None, false);
    three.put(0, "A", &Secret::new("a0"));
    three.put(1, "A", &Secret::new("a1"));
    three.put(1, "B", &Secret::new("b1"));
    let before = three.calls();
    let batch = three.manager().get_many(&["A", "B"]).unwrap();
    let values: Vec<_> = batch.secrets.values().map(|secret| secret.value.expose()).collect();
    assert_eq!(values, [b"a0", b"b1"]);
    assert_eq!(three.calls(), [before[0] + 1, before[1] + 1, before[2]]);
}

#[test]
fn a_batch_keeps_what_was_found_before_a_member_failed() {
    for (allowed, kind) in [(false, ErrorKind::Unavailable), (true, ErrorKind::Locked)] {
        let three = Three::new(None, allowed);
        three.put(0, "A", &Secret::new("a"));
        three.put(2, "B", &Secret::new("b"));
        three.fail(1, Operation::GetMany, kind);
        let batch = three.manager().get_many(&["A", "B"]).unwrap();
        assert_eq!(batch.secrets.len(), 1);
        let [failure] = &batch.failures[..] else {
            panic!("{:?}", batch.failures)
        };
        assert_eq!((failure.key.name(), failure.error.kind()), ("B", kind));
        assert!(
            failure.error.message().contains("through the chain"),
            "{}",
            failure.error
        );
        // With nothing found it is the whole batch's error.
        fails(three.manager().get_many(&["B", "C"]), kind);
    }
    let three = Three::new(None, true);
    three.put(2, "B", &Secret::new("b"));
    three.fail(1, Operation::GetMany, ErrorKind::Unavailable);
    let batch = three.manager().get_many(&["B", "C"]).unwrap();
    assert_eq!(batch.secrets.len(), 1, "passed over");
    assert_eq!(
        batch.failures[0].error.kind(),
        ErrorKind::Unavailable,
        "C may be in the second"
    );
}

#[test]
fn versions_are_those_of_the_member_that_a_read_comes_to() {
    let three = Three::new(Some(0), false);
    three.put(1, "K", &Secret::new("one"));
    three.put(1, "K", &Secret::new("two"));
    three.put(2, "K", &Secret::new("behind"));
    let manager = three.manager();
    let versions = manager.versions("K").unwrap();
    assert_eq!(versions.len(), 2);
    let former = manager.get_version("K", &versions[1].version).unwrap();
    assert_eq!(text(former).as_deref(), Some("one"));
    assert!(manager.get_version("K", &Version::from_number(77)).unwrap().is_none());
    assert!(
        manager
            .get_version("MISSING", &Version::from_number(1))
            .unwrap()
            .is_none()
    );
    fails(manager.versions("MISSING"), ErrorKind::NotFound);
}

#[test]
fn versions_of_a_member_that_keeps_none_are_unsupported_and_name_it() {
    let plain = LimitedBackend::without(std::sync::Arc::new(MemoryBackend::new()), |can| can.versions = false);
    super::put(&*plain, "K", &Secret::new("v"));
    let memory = std::sync::Arc::new(MemoryBackend::new());
    let manager = over(super::Chain::new(vec![plain, memory], Some(1), false));
    let error = fails(manager.versions("K"), ErrorKind::Unsupported);
    assert!(error.message().contains("`limited`"), "{error}");
    fails(
        manager.get_version("K", &Version::from_number(1)),
        ErrorKind::Unsupported,
    );
}

#[test]
fn a_member_that_hangs_ends_the_call_at_its_deadline_and_is_named() {
    let three = Three::new(None, false);
    three.put(2, "K", &Secret::new("third"));
    three.members[1].on(Operation::Get).then(Fault::Hang);
    for open in [blocking_view, async_view] {
        let begun = Instant::now();
        let error = fails(open(&three, Duration::from_millis(300))("K"), ErrorKind::Timeout);
        assert!(begun.elapsed() < Duration::from_millis(300) + Duration::from_secs(5));
        assert_eq!(error.backend(), Some("fault"), "{error}");
        assert!(error.message().contains("through the chain"), "{error}");
    }
}

#[test]
fn where_it_may_be_passed_over_one_that_hangs_leaves_time_to_the_others() {
    let three = Three::new(None, true);
    three.put(2, "K", &Secret::new("third"));
    three.members[1].on(Operation::Get).then(Fault::Hang);
    // It needs more than one poll, so it answers only while there is time.
    three.members[2].on(Operation::Get).then(Fault::Yield(2));
    for open in [blocking_view, async_view] {
        let get = open(&three, Duration::from_secs(1));
        assert_eq!(text(get("K").unwrap()).as_deref(), Some("third"));
        let begun = Instant::now();
        fails(get("MISSING"), ErrorKind::Timeout);
        assert!(begun.elapsed() < Duration::from_secs(1) + Duration::from_secs(5));
    }
}

#[test]
fn a_cancelled_read_ends_at_once_and_leaves_the_member_that_hung() {
    let three = Three::new(None, true);
    three.members[1].on(Operation::Get).then(Fault::Hang);
    let token = CancellationToken::new();
    let manager = three.manager().with_options(CallOptions::new().cancel(token.clone()));
    let reading = std::thread::spawn(move || manager.get("K").map(drop));
    let patience = Duration::from_secs(15);
    assert!(three.members[1].wait_for(patience, |seen| seen.started > 0).is_some());
    token.cancel();
    fails(reading.join().unwrap(), ErrorKind::Cancelled);
    assert_eq!(three.calls()[2], 0, "the third was not asked");
    three.members[1].set_script(Script::new());
    assert!(three.manager().get("K").unwrap().is_none());
}

fn over(chain: super::Chain) -> blocking::SecretManager {
    builder(std::sync::Arc::new(chain)).open_blocking().unwrap()
}

fn builder(backend: std::sync::Arc<dyn crate::backend::Backend>) -> Builder {
    SecretManager::builder().without_environment().backend_instance(backend)
}

type Get = Box<dyn Fn(&str) -> crate::Result<Option<Secret>>>;

fn blocking_view(three: &Three, timeout: Duration) -> Get {
    let manager = three.manager().with_timeout(timeout);
    Box::new(move |key| manager.get(key))
}

fn async_view(three: &Three, timeout: Duration) -> Get {
    let manager = three.manager().to_async().with_timeout(timeout);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    Box::new(move |key| runtime.block_on(manager.get(key)))
}
