//! What is kept, under which condition, in which version, and how it is removed.

use strongroom::backend::MetadataUpdate;
use strongroom::{DeleteOptions, ErrorKind, Secret, SecretKey, SecretMetadata, SetOptions, Version};
use strongroom_fakes::OpenBao;

use crate::{number, open, requests, text};

#[test]
fn a_secret_is_kept_with_all_that_is_known_about_it() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    assert!(manager.get("org/acme/api_key@production").unwrap().is_none());
    let metadata = SecretMetadata::new()
        .with_provider("openai")
        .with_scope_of_use("models:read")
        .with_label("team", "é <&> \"quoted\"");
    let set = manager.set(
        "org/acme/api_key@production",
        &Secret::new("s3cret <&>").with_metadata(metadata.clone()),
    );
    let set = set.unwrap();
    assert!(set.created);
    assert_eq!(number(&set.version), 1);
    let again = manager
        .set("org/acme/api_key@production", &Secret::new("other"))
        .unwrap();
    assert!(!again.created);
    assert_eq!(number(&again.version), 2);

    let first = manager.get_version("org/acme/api_key@production", &Version::from_number(1));
    let first = first.unwrap().unwrap();
    assert_eq!(first.value.expose(), "s3cret <&>".as_bytes());
    assert_eq!(first.metadata.provider, metadata.provider);
    assert_eq!(first.metadata.labels, metadata.labels);
    let second = manager.get("org/acme/api_key@production").unwrap().unwrap();
    assert_eq!(second.value.expose(), b"other");
    assert_eq!(second.metadata.created_at, first.metadata.created_at);
    assert!(second.metadata.updated_at >= first.metadata.updated_at);
    assert_eq!(number(&second.metadata.version), 2);
    let described = manager.describe("org/acme/api_key@production").unwrap().unwrap();
    assert_eq!(described.metadata, second.metadata);
    assert!(
        manager
            .get_version("org/acme/api_key@production", &Version::from_number(9))
            .unwrap()
            .is_none()
    );
    assert!(
        manager
            .get_version("org/acme/api_key@production", &Version::from_word("AWSCURRENT"))
            .unwrap()
            .is_none()
    );
}

#[test]
fn any_bytes_and_nothing_at_all_are_values() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    for (name, value) in [
        ("empty", &b""[..]),
        ("bytes", b"\xff\x00\xfe"),
        ("control", b"\0\x01\n\r\t\x7f"),
        ("number", b"12345678901234567890"),
        ("null", b"null"),
        ("json", b"{\"value\":\"x\"}"),
        ("space", b" x "),
    ] {
        manager.set(name, &Secret::new(value)).unwrap();
        assert_eq!(manager.get(name).unwrap().unwrap().value.expose(), value, "{name}");
    }
}

#[test]
fn a_write_under_a_condition_has_one_winner() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    let absent = || SetOptions::new().if_absent();
    manager.set_with("x", &Secret::new("one"), absent()).unwrap();
    let error = manager.set_with("x", &Secret::new("two"), absent()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let stale = SetOptions::new().if_version(Version::from_number(7));
    let error = manager.set_with("x", &Secret::new("two"), stale).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let current = SetOptions::new().if_version(Version::from_number(1));
    manager.set_with("x", &Secret::new("two"), current).unwrap();
    assert_eq!(text(manager.get("x").unwrap()), "two");
    assert_eq!(bao.versions("secret", "app/global/x"), 2);

    // What was removed softly is absent, though the server counts on.
    manager.delete_with("x", DeleteOptions::new().soft()).unwrap();
    let set = manager.set_with("x", &Secret::new("three"), absent()).unwrap();
    assert!(set.created);
    assert_eq!(number(&set.version), 3);
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let manager = &manager;
            scope.spawn(move || manager.set("x", &Secret::new(format!("{writer}").as_str())).unwrap());
        }
    });
    assert_eq!(bao.versions("secret", "app/global/x"), 4);
}

#[test]
fn removing_has_four_ways_and_one_way_back() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    let missing = |error: strongroom::Error| assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    missing(manager.delete("x").unwrap_err());
    manager.delete_with("x", DeleteOptions::new().missing_ok()).unwrap();
    manager
        .delete_with("x", DeleteOptions::new().missing_ok().soft())
        .unwrap();
    missing(manager.restore("x").unwrap_err());

    manager.set("x", &Secret::new("one")).unwrap();
    manager.set("x", &Secret::new("two")).unwrap();
    assert_eq!(manager.restore("x").unwrap_err().kind(), ErrorKind::Conflict);
    manager.delete_with("x", DeleteOptions::new().soft()).unwrap();
    assert!(manager.get("x").unwrap().is_none());
    assert!(!manager.exists("x").unwrap());
    missing(manager.delete("x").unwrap_err());
    missing(manager.delete_with("x", DeleteOptions::new().soft()).unwrap_err());
    missing(
        manager
            .update_metadata("x", &MetadataUpdate::new().provider("p"))
            .unwrap_err(),
    );
    let restored = manager.restore("x").unwrap();
    assert_eq!(number(&restored.version), 2);
    assert_eq!(text(manager.get("x").unwrap()), "two");

    let first = || DeleteOptions::new().version(Version::from_number(1));
    manager.delete_with("x", first()).unwrap();
    missing(manager.delete_with("x", first()).unwrap_err());
    assert!(manager.get_version("x", &Version::from_number(1)).unwrap().is_none());
    assert_eq!(text(manager.get("x").unwrap()), "two");
    missing(manager.rollback("x", Version::from_number(1)).unwrap_err());

    manager.delete("x").unwrap();
    assert_eq!(bao.versions("secret", "app/global/x"), 0);
    manager.set("x", &Secret::new("three")).unwrap();
    manager.delete_with("x", DeleteOptions::new().soft()).unwrap();
    manager.delete_with("x", DeleteOptions::new().force()).unwrap();
    assert_eq!(bao.versions("secret", "app/global/x"), 0);
}

#[test]
fn versions_are_listed_and_written_again() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    assert_eq!(manager.versions("x").unwrap_err().kind(), ErrorKind::NotFound);
    let later = time::OffsetDateTime::now_utc() + time::Duration::hours(1);
    manager
        .set("x", &Secret::new("one").with_label("n", "1").with_expiry(later))
        .unwrap();
    manager.set("x", &Secret::new("two")).unwrap();
    manager.set("x", &Secret::new("three")).unwrap();
    manager
        .delete_with("x", DeleteOptions::new().version(Version::from_number(2)))
        .unwrap();
    let versions = manager.versions("x").unwrap();
    let seen: Vec<_> = versions
        .iter()
        .map(|entry| (entry.version.number().unwrap(), entry.current))
        .collect();
    assert_eq!(seen, [(3, true), (1, false)]);
    let first = manager.get("x").unwrap().unwrap().metadata.created_at;
    let back = manager.rollback("x", Version::from_number(1)).unwrap();
    assert_eq!(number(&back.version), 4);
    let now = manager.get("x").unwrap().unwrap();
    assert_eq!(now.value.expose(), b"one");
    assert_eq!(now.metadata.labels["n"], "1");
    assert_eq!(now.metadata.expires_at, None);
    assert_eq!(now.metadata.created_at, first);
}

#[test]
fn metadata_changes_by_a_new_version() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    manager.set("x", &Secret::with_provider("one", "openai")).unwrap();
    let changed = manager
        .update_metadata("x", &MetadataUpdate::new().provider("anthropic"))
        .unwrap();
    assert_eq!(number(&changed.version), 2);
    let now = manager.get("x").unwrap().unwrap();
    assert_eq!(
        (now.value.expose(), now.metadata.provider.as_deref()),
        (&b"one"[..], Some("anthropic"))
    );
    let stale = MetadataUpdate::new().provider("x").if_version(Version::from_number(1));
    assert_eq!(
        manager.update_metadata("x", &stale).unwrap_err().kind(),
        ErrorKind::Conflict
    );
}

#[test]
fn many_secrets_are_read_at_once_each_by_one_request() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    let keys: Vec<_> = (0..50).map(|at| SecretKey::new(format!("k{at:02}"))).collect();
    let entries: Vec<_> = keys.iter().map(|key| (key.clone(), Secret::new(key.name()))).collect();
    let written = manager.set_many(&entries).unwrap();
    assert!(written.first_error().is_none());
    let before = requests(&manager);
    // The mount is looked at once for all of them, and not at all where a read has shown what it is.
    assert_eq!(before["sys.mounts"], 1);
    let other = open(&bao);
    other.set(&keys[0], &Secret::new(keys[0].name())).unwrap();
    let made = requests(&other);
    assert_eq!((made["kv.read"], made["kv.write"], made.len()), (1, 1, 2), "{made:?}");
    let mut asked = keys.clone();
    asked.push(SecretKey::new("missing"));
    let found = manager.get_many(&asked).unwrap();
    assert_eq!(found.secrets.len(), 50);
    assert!(found.failures.is_empty());
    for (key, secret) in &found.secrets {
        assert_eq!(secret.value.expose(), key.name().as_bytes());
    }
    assert_eq!(requests(&manager)["kv.read"] - before["kv.read"], 51);
}
