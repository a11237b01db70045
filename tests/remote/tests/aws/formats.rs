//! Documents and raw values.

use serde_json::{Value, json};
use strongroom::backend::MetadataUpdate;
use strongroom::{ErrorKind, Secret, SecretMetadata};
use strongroom_fakes::Stub;
use strongroom_fakes::http::Request;
use strongroom_remote::Service;

use crate::place::{answer, boto3, calls, fails, of, over, place, refusal, value, with};

crate::trials_of!(
    a_raw_secret_is_its_value_with_tags_and_both_formats_read_it,
    raw_metadata_changes_without_a_version,
    what_a_raw_secret_cannot_hold_is_refused_before_anything_is_sent,
    a_value_that_is_no_text_is_kept_in_both_formats,
    reading_values_is_enough_for_foreign_secrets,
    the_limit_counts_all_that_is_stored,
);

fn raw() -> [(&'static str, &'static str); 1] {
    [("aws.format", "raw")]
}

fn tags(name: &str) -> Value {
    let known = Service::moto().ask("DescribeSecret", &json!({"SecretId": name}));
    let tags = known["Tags"].as_array().cloned().unwrap_or_default();
    tags.iter()
        .map(|tag| (tag["Key"].as_str().unwrap().to_owned(), tag["Value"].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn a_raw_secret_is_its_value_with_tags_and_both_formats_read_it() {
    let place = place();
    let manager = of(&place, &raw());
    let key = place.key("k");
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_000);
    let secret = Secret::with_provider("value", "openai")
        .with_scope_of_use("read")
        .with_label("team", "core")
        .with_expiry(at);
    manager.set(&key, &secret).unwrap();
    let told = boto3(
        "print(client.get_secret_value(SecretId=sys.argv[1])['SecretString'])",
        &[&place.name(&key)],
    );
    assert_eq!(told, "value");
    let expected = json!({
        "strongroom:provider": "openai",
        "strongroom:scope": "read",
        "strongroom:label:team": "core",
        "strongroom:expires_at": "2096-10-02T07:06:40Z",
    });
    assert_eq!(tags(&place.name(&key)), expected);
    for reader in [&manager, &place.open()] {
        let read = reader.get(&key).unwrap().unwrap();
        assert_eq!(read.value.expose(), b"value");
        assert_eq!(read.metadata.provider.as_deref(), Some("openai"));
        assert_eq!(read.metadata.scope_of_use.as_deref(), Some("read"));
        assert_eq!(read.metadata.labels, secret.metadata.labels);
        assert_eq!(read.metadata.expires_at, secret.metadata.expires_at);
        assert!(read.metadata.created_at.is_some());
    }
    // Another program's tags stay; ours are replaced.
    boto3(
        "client.tag_resource(SecretId=sys.argv[1], Tags=[{'Key': 'cost', 'Value': '7'}])",
        &[&place.name(&key)],
    );
    manager.set(&key, &Secret::with_provider("again", "other")).unwrap();
    assert_eq!(
        tags(&place.name(&key)),
        json!({"cost": "7", "strongroom:provider": "other"})
    );
    // A document in its place is one for both as well.
    place.open().set(&key, &Secret::with_provider("document", "p")).unwrap();
    let read = manager.get(&key).unwrap().unwrap();
    assert_eq!(
        (read.value.expose(), read.metadata.provider.as_deref()),
        (&b"document"[..], Some("p"))
    );
}

fn raw_metadata_changes_without_a_version() {
    let place = place();
    let manager = of(&place, &raw());
    let key = place.key("k");
    let written = manager.set(&key, &Secret::new("v").with_label("a", "1")).unwrap();
    let update = MetadataUpdate::new()
        .provider("p")
        .labels([("b".to_owned(), "2".to_owned())].into());
    let changed = manager.update_metadata(&key, &update).unwrap();
    assert_eq!(changed.version, written.version);
    assert_eq!(place.versions(&key), 1);
    let expected = json!({"strongroom:provider": "p", "strongroom:label:b": "2"});
    assert_eq!(tags(&place.name(&key)), expected);
}

fn what_a_raw_secret_cannot_hold_is_refused_before_anything_is_sent() {
    let place = place();
    let manager = of(&place, &raw());
    let key = place.key("k");
    let long = "p".repeat(300);
    for (secret, kind, word) in [
        (Secret::new(""), ErrorKind::Unsupported, "value"),
        (
            Secret::new("v").with_label("a", "quo\"te"),
            ErrorKind::Unsupported,
            "label",
        ),
        (
            Secret::with_provider("v", long.as_str()),
            ErrorKind::TooLarge,
            "provider",
        ),
        (Secret::new(r#"{"value":"x"}"#), ErrorKind::Unsupported, "value"),
        (Secret::new("v".repeat(65_537)), ErrorKind::TooLarge, "65536"),
    ] {
        let error = fails(manager.set(&key, &secret), kind);
        assert!(error.message().contains(word), "{error}");
    }
    assert_eq!(place.proxy.requests().len(), 0);
    manager.set(&key, &Secret::new("v".repeat(65_536))).unwrap();
    // The document holds an empty value.
    place.open().set(&key, &Secret::new("")).unwrap();
    assert!(place.open().get(&key).unwrap().unwrap().value.is_empty());
}

fn a_value_that_is_no_text_is_kept_in_both_formats() {
    let place = place();
    for (name, settings) in [("document", &[][..]), ("raw", &raw()[..])] {
        let manager = of(&place, settings);
        let key = place.key(name);
        manager.set(&key, &Secret::new(b"\xff\x00\x01")).unwrap();
        assert_eq!(place.open().get(&key).unwrap().unwrap().value.expose(), b"\xff\x00\x01");
    }
    let told = boto3(
        "print(client.get_secret_value(SecretId=sys.argv[1])['SecretBinary'].hex())",
        &[&place.name(&place.key("raw"))],
    );
    assert_eq!(told, "ff0001");
}

fn reading_values_is_enough_for_foreign_secrets() {
    let stub = Stub::with(|request: &Request| match request.action() {
        Some("GetSecretValue") => value("app/global/k", "foreign"),
        Some("DescribeSecret") => refusal("AccessDeniedException"),
        other => panic!("{other:?}"),
    });
    let read = over(&stub).get("k").unwrap().unwrap();
    assert_eq!(read.value.expose(), b"foreign");
    assert_eq!(read.metadata.provider, SecretMetadata::new().provider);
    // Who writes tags must be able to read them: the expiry is there.
    fails(with(&stub, &raw()).get("k"), ErrorKind::PermissionDenied);
}

fn the_limit_counts_all_that_is_stored() {
    let stub = Stub::with(|request: &Request| match request.action() {
        Some("GetSecretValue") => refusal("ResourceNotFoundException"),
        Some("CreateSecret") => answer(&json!({})),
        other => panic!("{other:?}"),
    });
    let manager = over(&stub);
    let error = fails(manager.set("k", &Secret::new("v".repeat(65_500))), ErrorKind::TooLarge);
    assert!(error.message().contains("65536"), "{error}");
    assert_eq!(calls(&stub, "CreateSecret"), 0);
    manager.set("k", &Secret::new("v".repeat(65_300))).unwrap();
    // Every control character is six bytes in the document.
    fails(
        manager.set("k", &Secret::new("\u{1}".repeat(20_000))),
        ErrorKind::TooLarge,
    );
}
