//! Opening by settings, and what is wrong with them.

use crate::error::ErrorKind;
use crate::secret::Secret;
use crate::{Builder, SecretManager};

fn chain(members: &str) -> Builder {
    let builder = SecretManager::builder().without_environment().backend("chain");
    builder.option("chain.members", members)
}

#[test]
fn members_are_opened_with_the_same_settings() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("s.strongroom");
    let open = || {
        let builder = chain(" encrypted , memory ").option("chain.writer", "encrypted");
        let builder = builder.option("encrypted.path", store.to_str().unwrap());
        builder
            .secret_option("encrypted.key", "42".repeat(32))
            .open_blocking()
            .unwrap()
    };
    let manager = open();
    assert_eq!(manager.backend().name(), "chain");
    manager.set("K", &Secret::new("v")).unwrap();
    drop(manager);
    assert_eq!(open().get_value("K").unwrap().as_deref(), Some("v"));
}

#[test]
fn every_bad_setting_is_named() {
    for (members, writer, setting, text) in [
        ("", None, "chain.members", "at least one"),
        (" , ", None, "chain.members", "at least one"),
        ("memory,memory", None, "chain.members", "`memory` twice"),
        ("memory,chain", None, "chain.members", "cannot be a member"),
        ("memroy", None, "chain.members", "did you mean `memory`?"),
        ("memory,nothing", None, "chain.members", "there are memory"),
        ("memory,keychain", None, "chain.members", "this version does not have"),
        ("memory,keyutils", None, "chain.members", "names `keyutils`"),
        (
            "memory,encrypted",
            Some("encrypt"),
            "chain.writer",
            "did you mean `encrypted`?",
        ),
        (
            "memory,fault",
            Some("encrypted"),
            "chain.writer",
            "there are memory, fault",
        ),
        ("memory", Some("chain"), "chain.writer", "no member of the chain"),
    ] {
        let mut builder = chain(members);
        if let Some(writer) = writer {
            builder = builder.option("chain.writer", writer);
        }
        let error = builder.open_blocking().unwrap_err();
        assert_eq!(
            (error.kind(), error.setting()),
            (ErrorKind::InvalidConfig, Some(setting)),
            "{error}"
        );
        assert!(error.message().contains(text), "{error}");
        assert!(
            members.contains("fault") || !error.message().contains("fault"),
            "{error}"
        );
    }
    let builder = SecretManager::builder().without_environment().backend("chain");
    assert_eq!(builder.open_blocking().unwrap_err().setting(), Some("chain.members"));
}

#[test]
fn a_writer_that_cannot_write_is_no_writer() {
    let builder = chain("memory,fault")
        .option("chain.writer", "fault")
        .option("fault.lacks", "write");
    let error = builder.open_blocking().unwrap_err();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InvalidConfig, Some("chain.writer"))
    );
    assert!(error.message().contains("cannot write"), "{error}");
}

#[test]
fn a_chain_in_a_chain_by_way_of_a_fault_is_refused() {
    let error = chain("memory,fault")
        .option("fault.inner", "chain")
        .open_blocking()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InvalidConfig, Some("chain.members"))
    );
}

#[test]
fn a_member_that_does_not_open_names_itself() {
    let dir = tempfile::tempdir().unwrap();
    let builder = chain("memory,encrypted").option("encrypted.create", "never");
    let builder = builder.option("encrypted.path", dir.path().join("none").to_str().unwrap());
    let error = builder
        .secret_option("encrypted.key", "42".repeat(32))
        .open_blocking()
        .unwrap_err();
    assert_eq!(error.backend(), Some("encrypted"), "{error}");
}

#[test]
fn settings_of_a_chain_are_without_effect_elsewhere() {
    let builder = SecretManager::builder().without_environment().backend("memory");
    let manager = builder
        .option("chain.writer", "nobody")
        .option("chain.members", "chain")
        .open_blocking();
    assert_eq!(manager.unwrap().backend().name(), "memory");
}
