//! Names that AWS could take for something else.

use serde_json::{Value, json};
use strongroom::{ErrorKind, Secret, SecretKey};
use strongroom_fakes::Stub;
use strongroom_fakes::http::Request;
use strongroom_remote::Service;

use crate::place::{answer, asked, calls, fails, over, place, with};

crate::trials_of!(
    a_name_that_ends_as_an_arn_does_is_written_by_its_arn,
    another_secrets_answer_is_nobodys,
    names_have_the_services_limit,
    wrong_settings_are_named,
);

fn a_name_that_ends_as_an_arn_does_is_written_by_its_arn() {
    let place = place();
    let manager = place.open();
    let key = place.key("my-secret");
    assert!(manager.set(&key, &Secret::new("1")).unwrap().created);
    manager.set(&key, &Secret::new("2")).unwrap();
    let puts: Vec<Value> = place
        .proxy
        .requests()
        .iter()
        .filter(|request| request.action() == Some("PutSecretValue"))
        .map(asked)
        .collect();
    let id = puts[0]["SecretId"].as_str().unwrap();
    assert!(id.starts_with("arn:") && id.contains("/my-secret-"), "{id}");
    assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some("2"));
    manager.delete(&key).unwrap();
    manager.restore(&key).unwrap();
    assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some("2"));
    assert_eq!(place.versions(&key), 2);
}

fn another_secrets_answer_is_nobodys() {
    // AWS takes `…/my-secret` for the ARN of `…/my`.
    let stub = Stub::with(|request: &Request| match request.action() {
        Some("GetSecretValue") => crate::place::value("app/global/my", "not mine"),
        Some("DescribeSecret") => answer(&json!({"Name": "app/global/my", "ARN": "arn:of:another"})),
        Some("CreateSecret") => answer(&json!({"Name": "app/global/my-secret"})),
        other => panic!("{other:?}"),
    });
    let manager = over(&stub);
    let key = SecretKey::new("my-secret");
    assert!(manager.get(&key).unwrap().is_none());
    fails(manager.delete(&key), ErrorKind::NotFound);
    fails(manager.versions(&key), ErrorKind::NotFound);
    assert!(manager.set(&key, &Secret::new("mine")).unwrap().created);
    assert_eq!(calls(&stub, "PutSecretValue") + calls(&stub, "DeleteSecret"), 0);
}

fn names_have_the_services_limit() {
    let stub = Stub::start([]);
    let manager = over(&stub);
    let longest = SecretKey::new("k".repeat(512 - "app/global/".len() + 1));
    fails(manager.get(&longest), ErrorKind::TooLarge);
    fails(manager.set(&longest, &Secret::new("v")), ErrorKind::TooLarge);
    assert_eq!(stub.requests().len(), 0);
}

fn wrong_settings_are_named() {
    let open = |settings: &[(&str, &str)]| {
        let mut builder = Service::Aws.builder("http://127.0.0.1:1", "app");
        for (name, value) in settings {
            builder = builder.option(name, *value);
        }
        builder.open_blocking()
    };
    for (setting, value) in [
        ("aws.endpoint", "http://secretsmanager.example.com"),
        ("aws.endpoint", "ftp://127.0.0.1"),
        ("aws.endpoint", "127.0.0.1:4566"),
        ("aws.endpoint", "https://user@example.com"),
        ("aws.endpoint", "https://example.com?x=1"),
        ("aws.endpoint", "http://127.0.0.1.example.com"),
        ("aws.region", "Frankfurt"),
        ("aws.prefix", "white space"),
        ("aws.recovery_days", "31"),
        ("aws.recovery_days", "6"),
        ("aws.format", "yaml"),
    ] {
        let error = fails(open(&[(setting, value)]).map(drop), ErrorKind::InvalidConfig);
        assert_eq!(error.setting(), Some(setting), "{error}");
    }
    open(&[
        ("aws.endpoint", "http://secretsmanager.example.com"),
        ("aws.allow_http", "on"),
    ])
    .unwrap();
    open(&[("aws.endpoint", "http://[::1]:4566")]).unwrap();
    open(&[("aws.endpoint", "http://localhost:4566")]).unwrap();
    // What the SDK finds by itself is looked at too, when a call is about to go there.
    let stub = Stub::start([]);
    drop(with(&stub, &[]));
}
