//! What stands in the file, and what becomes of what is not ours.

use std::process::{Command, Stdio};

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::*;
use crate::backend::{EntryName, MetadataUpdate};
use crate::manager::{ListOptions, SetOptions};
use crate::{ErrorKind, Secret, SecretMetadata, Version};

fn at(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

#[test]
fn a_vault_of_sideseat_is_read() {
    let vault = Vault::with(V2);
    let manager = vault.open();
    let key = manager.get("jwt_signing_key").unwrap().unwrap();
    assert_eq!(key.value.len(), 64);
    assert_eq!(key.metadata.created_at, Some(at("2024-01-01T00:00:00Z")));
    assert_eq!(key.metadata.updated_at, Some(at("2024-01-02T03:04:05.123456Z")));
    let other = manager.get("org/acme/openai_api_key").unwrap().unwrap();
    assert_eq!(other.value.expose_str().unwrap(), "sk-é\"\\\n\0😀");
    assert_eq!(other.metadata.updated_at, Some(at("2024-01-01T00:00:00Z")));
    assert!(manager.get("org/acme/jwt_signing_key").unwrap().is_none());
    assert_eq!(vault.text(), V2, "reading changes nothing");
    assert_eq!(manager.verify().unwrap().secrets, 2);
}

#[test]
fn a_vault_of_sideseat_is_written_back_with_the_same_fields() {
    let vault = Vault::with(V2);
    let manager = vault.open();
    manager.set("org/acme/new", &Secret::new("n")).unwrap();
    // What a write is not about keeps its text to the byte.
    for entry in [
        "\"note\": [1, 2,   3],",
        "\\u00e9\\\"\\\\\\n\\u0000\\ud83d\\ude00",
        "\"comment\": {\"kept\":  true}",
    ] {
        assert!(vault.text().contains(entry), "{entry} in {}", vault.text());
    }
    manager.set("org/acme/openai_api_key", &Secret::new("changed")).unwrap();
    let mut json = vault.json();
    let entry = json["secrets"]["org/acme/openai_api_key"].as_object_mut().unwrap();
    let updated = entry["metadata"].as_object_mut().unwrap().remove("updated_at").unwrap();
    assert!(at(updated.as_str().unwrap()) > OffsetDateTime::now_utc() - time::Duration::minutes(1));
    assert_eq!(
        *entry,
        *json!({
            "value": "changed",
            "note": [1, 2, 3],
            "metadata": {"created_at": "2024-01-01T00:00:00.000000001Z", "rotated_by": "someone"},
        })
        .as_object()
        .unwrap()
    );
    assert_eq!(json["comment"], json!({"kept": true}));
    assert_eq!(json["version"], 2);
}

#[test]
fn the_text_is_the_one_that_sideseat_writes() {
    let vault = Vault::new();
    let manager = vault.open();
    assert!(!vault.path().exists(), "reading makes no file");
    manager.set("jwt_signing_key", &Secret::new("v")).unwrap();
    let time = vault.json()["secrets"]["global/jwt_signing_key"]["metadata"]["updated_at"].clone();
    let time = time.as_str().unwrap().to_owned();
    assert!(time.ends_with('Z'), "{time}");
    let expected = [
        "{",
        "  \"version\": 2,",
        "  \"secrets\": {",
        "    \"global/jwt_signing_key\": {",
        "      \"value\": \"v\",",
        "      \"metadata\": {",
        &format!("        \"created_at\": \"{time}\","),
        &format!("        \"updated_at\": \"{time}\""),
        "      }",
        "    }",
        "  }",
        "}",
    ];
    assert_eq!(vault.text(), expected.join("\n"));
    manager.delete("jwt_signing_key").unwrap();
    assert_eq!(vault.text(), "{\n  \"version\": 2,\n  \"secrets\": {}\n}");
}

#[test]
fn another_reader_reads_what_we_wrote() {
    let vault = Vault::new();
    let manager = vault.open();
    let text = "a\"b\\c\n\t\r\u{8}\u{c}\u{0}\u{1f}\u{7f}é😀\u{2028}/";
    let labels = SecretMetadata::new()
        .with_provider("p\"")
        .with_scope_of_use("repo")
        .with_label("env", "prod")
        .with_label("team", "ü")
        .with_expiry(at("2030-01-02T03:04:05.5Z"));
    manager
        .set("org/acme/k", &Secret::new(text).with_metadata(labels.clone()))
        .unwrap();
    let script = "import json, sys; d = json.load(sys.stdin); assert list(d) == ['version', 'secrets'] and d['version'] == 2; \
                  json.dump(d['secrets']['org/acme/k'], sys.stdout)";
    let python = Command::new("python3")
        .args(["-c", script])
        .stdin(File::open(vault.path()).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(python.status.success());
    let read: serde_json::Value = serde_json::from_slice(&python.stdout).unwrap();
    assert_eq!(read["value"], text);
    let metadata = &read["metadata"];
    assert_eq!(
        (
            &metadata["provider"],
            &metadata["scope"],
            &metadata["expires_at"],
            &metadata["labels"]
        ),
        (
            &json!("p\""),
            &json!("repo"),
            &json!("2030-01-02T03:04:05.5Z"),
            &json!({"env": "prod", "team": "ü"})
        )
    );
    let back = manager.get("org/acme/k").unwrap().unwrap();
    assert_eq!(back.value.expose_str().unwrap(), text);
    assert_eq!(
        (back.metadata.provider, back.metadata.labels, back.metadata.expires_at),
        (labels.provider, labels.labels, labels.expires_at)
    );
    // The next set is without them, and so is the file.
    manager.set("org/acme/k", &Secret::new("v")).unwrap();
    let metadata = vault.json()["secrets"]["org/acme/k"]["metadata"].clone();
    assert_eq!(metadata.as_object().unwrap().len(), 2, "{metadata}");
}

/// A readable secret, then one of each kind that cannot be read, then names that are no keys.
const ODD: &str = r#"{"version":2,"secrets":{
    "global/GOOD": {"value": "v"},
    "global/NUMBER":   {"value":  7, "x" : "kept"},
    "global/LONE": {"value": "\ud800", "metadata": {}},
    "global/DATE": {"value": "v", "metadata": {"created_at": "yesterday"}},
    "global/LABELS": {"value": "v", "metadata": {"labels": {"a": 1}}},
    "global/LIST": ["value"],
    "global/TWICE": {"value": "v", "value": "w"},
    "org/acme/META": {"value": "v", "metadata": 3},
    "BARE": {"value": "v"},
    "global/my key": {"value": "v"},
    "": null
}}"#;

#[test]
fn entries_that_cannot_be_read_are_listed_as_references_and_kept_to_the_byte() {
    let vault = Vault::with(ODD);
    let manager = vault.open();
    let names = |options: ListOptions| -> Vec<String> {
        let page = manager.list(options).unwrap();
        let is_reference = |entry: &&crate::backend::ListEntry| matches!(entry.name, EntryName::Reference(_));
        assert_eq!(
            page.entries.iter().filter(|entry| !is_reference(entry)).count(),
            usize::from(page.entries.iter().any(|entry| entry.name.to_string() == "global/GOOD"))
        );
        page.entries.iter().map(|entry| entry.name.to_string()).collect()
    };
    assert_eq!(
        names(ListOptions::new()),
        [
            "global/GOOD",
            "global/DATE",
            "global/LABELS",
            "global/LIST",
            "global/LONE",
            "global/NUMBER",
            "global/TWICE",
            "org/acme/META",
            "",
            "BARE",
            "global/my key"
        ]
    );
    assert_eq!(
        names(ListOptions::new().scope(crate::SecretScope::org("acme"))),
        ["org/acme/META"]
    );
    assert_eq!(names(ListOptions::new().prefix("BA")), ["BARE"]);
    for key in ["DATE", "LABELS", "LIST", "LONE", "NUMBER", "TWICE", "org/acme/META"] {
        let error = manager.get(key).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{key}: {error}");
        assert!(error.key().unwrap().ends_with(key), "{error}");
        assert_eq!(manager.describe(key).unwrap_err().kind(), ErrorKind::Integrity);
        let update = MetadataUpdate::new().provider("p");
        assert_eq!(
            manager.update_metadata(key, &update).unwrap_err().kind(),
            ErrorKind::Integrity
        );
        let options = SetOptions::new().if_absent();
        assert_eq!(
            manager.set_with(key, &Secret::new("v"), options).unwrap_err().kind(),
            ErrorKind::Conflict
        );
    }
    // Another spelling is not the key.
    assert!(manager.get("BARE").unwrap().is_none());
    assert_eq!(manager.verify().unwrap_err().kind(), ErrorKind::Integrity);
    let error = manager.verify().unwrap_err();
    assert_eq!(error.key(), Some("global/DATE"));

    manager.set("GOOD", &Secret::new("w")).unwrap();
    for line in ODD.lines().skip(2).filter(|line| line.trim() != "}}") {
        let entry = line.trim().trim_end_matches(',').split_once(':').unwrap().1.trim();
        assert!(vault.text().contains(entry), "{entry} in {}", vault.text());
    }
    manager.set("NUMBER", &Secret::new("eight")).unwrap();
    assert_eq!(manager.get_value("NUMBER").unwrap().as_deref(), Some("eight"));
    manager.delete("LIST").unwrap();
    assert!(!vault.text().contains("global/LIST") && !vault.text().contains("[\"value\"]"));
    assert!(vault.text().contains("\"global/my key\": {\"value\": \"v\"}"));
}

#[test]
fn every_write_has_a_version_of_its_own_also_where_the_clock_went_back() {
    let vault = Vault::with(V2.replace("2024-01-02", "2999-01-02"));
    let manager = vault.open();
    let key = "jwt_signing_key";
    let mut version = manager.describe(key).unwrap().unwrap().metadata.version.unwrap();
    for value in ["a", "b", "c"] {
        let options = SetOptions::new().if_version(version.clone());
        let next = manager
            .set_with(key, &Secret::new(value), options.clone())
            .unwrap()
            .version
            .unwrap();
        assert!(next.number() > version.number(), "{next} after {version}");
        assert_eq!(
            manager.set_with(key, &Secret::new("x"), options).unwrap_err().kind(),
            ErrorKind::Conflict
        );
        version = next;
    }
    let outcome = manager
        .update_metadata(key, &MetadataUpdate::new().provider("p"))
        .unwrap();
    assert_eq!(outcome.version, Some(version.clone()), "the version names the value");
    assert_eq!(manager.get(key).unwrap().unwrap().metadata.version, Some(version));
    // An entry without times is version 0.
    let manager = Vault::with(ODD);
    let manager = manager.open();
    let found = manager.get("GOOD").unwrap().unwrap().metadata;
    assert_eq!((found.version, found.created_at), (Some(Version::from_number(0)), None));
}

#[test]
fn a_version_that_we_do_not_know_is_left_alone() {
    for version in [
        "3",
        "0",
        "99999999999999999999",
        "\"2\"",
        "2.0",
        "-1",
        "null",
        "{}",
        "true",
    ] {
        for on_corrupt in ["fresh", "stop"] {
            let text = format!("{{\"version\": {version}, \"entries\": []}}");
            let vault = Vault::with(&text);
            let error = vault.try_open(&[("file.on_corrupt", on_corrupt)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnsupportedFormat, "{version}: {error}");
            assert!(error.message().contains("secrets.json"), "{error}");
            assert_eq!(vault.text(), text);
            assert_eq!(fs::read_dir(vault.dir.path()).unwrap().count(), 1);
        }
    }
    // Also where it comes while the file is open.
    let vault = Vault::with(V2);
    let manager = vault.open();
    vault.plant(V2.replace("\"version\": 2", "\"version\": 3"));
    assert_eq!(manager.get("A").unwrap_err().kind(), ErrorKind::UnsupportedFormat);
    assert_eq!(
        manager.set("A", &Secret::new("v")).unwrap_err().kind(),
        ErrorKind::UnsupportedFormat
    );
    assert_eq!(vault.text(), V2.replace("\"version\": 2", "\"version\": 3"));
}

#[test]
fn a_document_that_would_be_too_large_is_refused_and_left() {
    let filler = "x".repeat(63 << 20);
    let vault = Vault::with(V2.replace("{\"kept\":  true}", &format!("\"{filler}\"")));
    let manager = vault.open().with_timeout(Duration::from_secs(100));
    let before = fs::metadata(vault.path()).unwrap();
    let error = manager.set("A", &Secret::new("\0".repeat(1 << 18))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert_eq!(
        fs::metadata(vault.path()).unwrap().modified().unwrap(),
        before.modified().unwrap()
    );
    // One that is too large to read is no corrupt one.
    File::options()
        .write(true)
        .open(vault.path())
        .unwrap()
        .set_len((64 << 20) + 1)
        .unwrap();
    assert_eq!(vault.refused().kind(), ErrorKind::TooLarge);
    assert!(vault.path().exists() && vault.kept("corrupt").is_empty());
}

#[test]
fn a_version_that_could_come_twice_is_not_written() {
    let last = "9999-12-31T23:59:59.999999Z";
    let vault = Vault::with(V2.replace("2024-01-02T03:04:05.123456789Z", last));
    let manager = vault.open();
    let before = vault.text();
    let error = manager.set("jwt_signing_key", &Secret::new("v")).unwrap_err();
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::Unsupported, Some("global/jwt_signing_key"))
    );
    assert_eq!(vault.text(), before);
    manager.delete("jwt_signing_key").unwrap();
    manager.set("jwt_signing_key", &Secret::new("v")).unwrap();
}

#[test]
fn opening_says_that_the_secrets_lie_in_plain_text() {
    let vault = Vault::with(V2);
    let (_manager, events) = events(|| vault.open());
    let plain: Vec<_> = events.iter().filter(|(_, text)| text.contains("plain text")).collect();
    assert_eq!(plain.len(), 1, "{events:?}");
    assert_eq!(plain[0].0, tracing::Level::WARN);
    assert!(events.iter().all(|(_, text)| !text.contains("9f86d0")), "{events:?}");
}
