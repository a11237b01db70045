//! What is wrong with settings, server and values is said by name, and nothing is written.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use serde_json::json;
use strongroom::blocking::SecretManager;
use strongroom::{Error, ErrorKind, Secret, SecretKey};
use strongroom_fakes::http::Reply;
use strongroom_fakes::{OpenBao, Stub};

fn open(address: &str, token: &str, options: &[(&str, &str)]) -> Result<SecretManager, Error> {
    let mut builder = SecretManager::builder()
        .app("app")
        .without_environment()
        .backend("vault");
    for (key, value) in [("cache", "off"), ("retries", "0"), ("vault.address", address)]
        .iter()
        .chain(options)
    {
        builder = builder.option(key, *value);
    }
    builder.secret_option("vault.token", token).open_blocking()
}

fn at(bao: &OpenBao, options: &[(&str, &str)]) -> SecretManager {
    open(&bao.address(), bao.root_token(), options).unwrap()
}

#[track_caller]
fn names<T>(outcome: Result<T, Error>, setting: &str) {
    let error = outcome.err().unwrap();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InvalidConfig, Some(setting)),
        "{error}"
    );
}

#[track_caller]
fn all_verbs_name(manager: &SecretManager, setting: &str) {
    names(manager.get("x"), setting);
    names(manager.set("x", &Secret::new("v")), setting);
    names(manager.delete("x"), setting);
    names(manager.list(strongroom::ListOptions::new()), setting);
}

#[test]
fn settings_that_cannot_be_are_refused_when_opening() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (junk, missing) = (path("junk.pem", "no certificate"), folder.path().join("missing"));
    let missing = missing.to_str().unwrap();
    let address = "https://vault.example.com";
    for (setting, value) in [
        ("vault.mount", "a//b"),
        ("vault.mount", "../sys"),
        ("vault.prefix", "a/./b"),
        ("vault.namespace", "a\nb"),
        ("vault.ca_file", missing),
        ("vault.ca_file", &junk),
        ("vault.ca_pem", "junk"),
        ("vault.ca_folder", missing),
        ("vault.client_cert", &junk),
        ("vault.client_key", &junk),
        ("vault.server_name", "no name"),
        ("vault.proxy", "socks5://localhost"),
        ("vault.timeout", "soon"),
        ("vault.timeout", "0"),
    ] {
        names(open(address, "t", &[(setting, value)]), setting);
    }
    names(open("http://vault.example.com", "t", &[]), "vault.address");
    assert!(open("http://vault.example.com", "t", &[("vault.allow_http", "on")]).is_ok());
}

#[test]
fn a_wrong_mount_and_a_namespace_that_is_not_there_are_told_from_a_missing_secret() {
    let bao = OpenBao::dev();
    all_verbs_name(&at(&bao, &[("vault.mount", "nowhere")]), "vault.mount");
    all_verbs_name(&at(&bao, &[("vault.namespace", "nowhere")]), "vault.namespace");
    assert!(at(&bao, &[]).get("x").unwrap().is_none());
}

#[test]
fn a_mount_of_version_1_is_refused_and_nothing_is_written_to_it() {
    let bao = OpenBao::dev();
    bao.mount_kv("old", 1);
    all_verbs_name(&at(&bao, &[("vault.mount", "old")]), "vault.mount");
    let listed = bao.request("GET", "old/?list=true", Some(bao.root_token()), None);
    assert_eq!(listed.status, 404, "something was written");
    // Also where it seems to work.
    bao.write("old/data/app/global/x", &json!({"data": {"value": "v"}}));
    names(at(&bao, &[("vault.mount", "old")]).get("x"), "vault.mount");
}

#[test]
fn a_namespace_is_another_place() {
    let bao = OpenBao::dev();
    bao.write("sys/namespaces/team", &json!({}));
    let body = json!({"type": "kv", "options": {"version": "2"}});
    let mounted = bao.request("POST", "team/sys/mounts/secret", Some(bao.root_token()), Some(&body));
    assert!(mounted.status < 300);
    let (root, team) = (at(&bao, &[]), at(&bao, &[("vault.namespace", "team/")]));
    team.set("x", &Secret::new("in the team")).unwrap();
    assert!(root.get("x").unwrap().is_none());
    assert_eq!(team.get_value("x").unwrap().as_deref(), Some("in the team"));
}

#[test]
fn a_policy_is_told_from_a_dead_token() {
    let bao = OpenBao::dev();
    at(&bao, &[]).set("x", &Secret::new("v")).unwrap();
    bao.policy("read", r#"path "secret/data/app/*" { capabilities = ["read"] }"#);
    bao.policy(
        "write",
        r#"path "secret/data/app/*" { capabilities = ["create", "update"] }"#,
    );
    let reader = bao.token(&json!({"policies": ["read"]}));
    let reader = open(&bao.address(), &reader, &[]).unwrap();
    assert_eq!(reader.get_value("x").unwrap().as_deref(), Some("v"));
    for denied in [
        reader.set("x", &Secret::new("w")).err(),
        reader.delete("x").err(),
        reader.list(strongroom::ListOptions::new()).err(),
    ] {
        assert_eq!(denied.unwrap().kind(), ErrorKind::PermissionDenied);
    }
    let writer = bao.token(&json!({"policies": ["write"]}));
    let writer = open(&bao.address(), &writer, &[]).unwrap();
    assert_eq!(writer.get("x").unwrap_err().kind(), ErrorKind::PermissionDenied);
    writer.set("x", &Secret::new("written blind")).unwrap();
    let absent = strongroom::SetOptions::new().if_absent();
    let error = writer.set_with("x", &Secret::new("w"), absent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(reader.get_value("x").unwrap().as_deref(), Some("written blind"));
    let dead = open(&bao.address(), "dead", &[]).unwrap();
    assert_eq!(dead.get("x").unwrap_err().kind(), ErrorKind::Unauthenticated);
}

#[test]
fn certificates_are_checked_both_ways_and_a_value_has_a_limit() {
    let bao = OpenBao::tls();
    let made = bao.certificates();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (ca, (cert, key)) = (text(&made.authority()), made.client());
    let (cert, key) = (text(&cert), text(&key));
    let whole = [
        ("vault.ca_file", ca.as_str()),
        ("vault.client_cert", &cert),
        ("vault.client_key", &key),
    ];
    let manager = at(&bao, &whole);

    // As many bytes as the backend says it takes, in the storage that takes the least.
    let longest = vec![b'x'; manager.backend().capabilities().max_value];
    manager.set("long", &Secret::new(longest.as_slice())).unwrap();
    assert_eq!(manager.get("long").unwrap().unwrap().value.len(), longest.len());
    let longer = [longest.as_slice(), b"x"].concat();
    assert_eq!(
        manager.set("long", &Secret::new(longer.as_slice())).unwrap_err().kind(),
        ErrorKind::TooLarge
    );
    // What JSON writes longer is refused by the server, in its own words.
    let error = manager
        .set("long", &Secret::new(vec![b'\x01'; 400_000].as_slice()))
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.foreign_code()),
        (ErrorKind::TooLarge, Some(500)),
        "{error}"
    );
    assert_eq!(bao.versions("secret", "app/global/long"), 1);

    // The longest key.
    let room = manager.backend().capabilities().max_key;
    let key = SecretKey::parse(&format!("org/{}/{}", "a".repeat(1024), "b".repeat(1024))).unwrap();
    assert!(key.as_str().len() < room);
    manager.set(&key, &Secret::new("v")).unwrap();
    assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some("v"));

    names(at(&bao, &whole[1..]).get("x"), "vault.ca_file");
    names(at(&bao, &whole[..1]).get("x"), "vault.client_cert");
    let other = [whole[0], whole[1], whole[2], ("vault.server_name", "vault.example.com")];
    names(at(&bao, &other).get("x"), "vault.address");
    let named = [whole[0], whole[1], whole[2], ("vault.server_name", "localhost")];
    assert!(at(&bao, &named).get("x").unwrap().is_none());
    names(open(&bao.address(), "t", &whole[..2]), "vault.client_cert");
}

#[test]
fn a_standby_sends_on_to_a_host_that_was_named_and_to_no_other() {
    let active = OpenBao::dev();
    at(&active, &[]).set("x", &Secret::new("v")).unwrap();
    let address = active.address();
    let standby = Stub::with(move |request| Reply::new(307).header("Location", &format!("{address}{}", request.path)));
    let open_at = |options: &[(&str, &str)]| open(&standby.address(), active.root_token(), options).unwrap();
    names(open_at(&[]).get("x"), "vault.address");
    let known = open_at(&[("vault.redirect_hosts", active.host())]);
    assert_eq!(known.get_value("x").unwrap().as_deref(), Some("v"));
    known.set("x", &Secret::new("w")).unwrap();
    assert_eq!(active.versions("secret", "app/global/x"), 2);
}

#[test]
fn what_is_no_such_server_is_said_to_be_none() {
    let other = Stub::with(|_| Reply::new(404).body("<html>nothing here</html>"));
    all_verbs_name(&open(&other.address(), "t", &[]).unwrap(), "vault.address");
    let nobody = open("http://127.0.0.1:9", "t", &[]).unwrap();
    assert_eq!(nobody.get("x").unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(
        nobody.set("x", &Secret::new("v")).unwrap_err().kind(),
        ErrorKind::Unavailable
    );
}

#[test]
fn every_request_is_one_that_agents_and_namespaces_want() {
    let stub = Stub::with(|_| Reply::new(404).body(r#"{"errors":[]}"#));
    let manager = open(&stub.address(), "t0ken", &[("vault.namespace", "team/a")]).unwrap();
    assert!(manager.get("org/acme/x@y").unwrap().is_none());
    manager.health().unwrap();
    let requests = stub.requests();
    for request in &requests {
        assert_eq!(request.value("x-vault-request"), Some("true"));
        let is_health = request.path.ends_with("sys/health");
        assert_eq!(request.value("x-vault-namespace"), (!is_health).then_some("team/a"));
        assert_eq!(request.value("x-vault-token"), (!is_health).then_some("t0ken"));
    }
    assert_eq!(requests[0].path, "/v1/secret/data/app/org/acme/x%40y");
}
