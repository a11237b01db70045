//! Version 1 to version 2.

use super::*;
use crate::{ErrorKind, Secret};

#[test]
fn a_file_of_version_1_is_migrated_at_opening_and_kept_beside() {
    for text in [V1.to_owned(), V1.replacen('{', "{\"version\": 1,", 1)] {
        let vault = Vault::with(&text);
        let manager = vault.open();
        let json = vault.json();
        assert_eq!(json["version"], 2);
        let names: Vec<_> = json["secrets"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(
            names,
            ["global/api_key_secret", "global/jwt_signing_key", "org/acme/token"]
        );
        assert_eq!(manager.get_value("jwt_signing_key").unwrap().as_deref(), Some("one"));
        assert_eq!(manager.get_value("org/acme/token").unwrap().as_deref(), Some("three"));
        let found = manager.get("jwt_signing_key").unwrap().unwrap().metadata;
        assert_eq!(
            found.provider.as_deref(),
            Some("sideseat"),
            "fields of version 1 are kept"
        );
        let kept = vault.kept("v1");
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(fs::read_to_string(&kept[0]).unwrap(), text);
        assert_eq!((mode(&kept[0]), mode(&vault.path())), (0o600, 0o600));
        // The next opening has nothing to do.
        let before = vault.text();
        drop(vault.open());
        assert_eq!((vault.text(), vault.kept("v1").len()), (before, 1));
    }
}

#[test]
fn no_file_that_was_kept_is_written_over() {
    let vault = Vault::new();
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    for second in now..now + 60 {
        fs::write(vault.dir.path().join(format!("secrets.json.v1.{second}")), "mine").unwrap();
    }
    vault.plant(V1);
    drop(vault.open());
    let kept = vault.kept("v1");
    assert_eq!(kept.len(), 61);
    let texts: Vec<_> = kept.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    assert_eq!(texts.iter().filter(|text| *text == "mine").count(), 60);
    assert_eq!(texts.iter().filter(|text| *text == V1).count(), 1);
}

#[test]
fn a_name_that_is_there_with_and_without_its_scope_is_ambiguous() {
    let text = r#"{"secrets":{"A":{"value":"1"},"global/A":{"value":"2"}}}"#;
    let vault = Vault::with(text);
    let error = vault.refused();
    assert_eq!((error.kind(), error.key()), (ErrorKind::Ambiguous, Some("A")));
    assert_eq!(vault.text(), text);
    assert!(vault.kept("v1").is_empty());
}

#[test]
fn version_1_that_comes_while_the_file_is_open_is_migrated_too() {
    let vault = Vault::new();
    let manager = vault.open();
    manager.set("OLD", &Secret::new("v")).unwrap();
    vault.plant(V1);
    assert_eq!(manager.get_value("api_key_secret").unwrap().as_deref(), Some("two"));
    assert_eq!(vault.json()["version"], 2);
    vault.plant(V1);
    manager.set("NEW", &Secret::new("v")).unwrap();
    assert_eq!(manager.get_value("jwt_signing_key").unwrap().as_deref(), Some("one"));
    assert_eq!(vault.kept("v1").len(), 2);
}

#[test]
fn entries_of_version_1_that_cannot_be_read_keep_their_text() {
    let vault = Vault::with(r#"{"top": [1,  2], "secrets":{"A":{"value":  7},"my key":{"value":"v"}}}"#);
    let manager = vault.open();
    assert_eq!(manager.get("A").unwrap_err().kind(), ErrorKind::Integrity);
    for kept in [
        "\"global/A\": {\"value\":  7}",
        "\"global/my key\": {\"value\":\"v\"}",
        "\"top\": [1,  2]",
    ] {
        assert!(vault.text().contains(kept), "{}", vault.text());
    }
}
