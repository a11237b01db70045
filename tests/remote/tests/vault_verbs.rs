//! Every verb against a real OpenBao, and what other clients see of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strongroom::backend::{HealthState, MetadataUpdate};
use strongroom::blocking::SecretManager;
use strongroom::{
    DeleteOptions, ErrorKind, ListOptions, Secret, SecretKey, SecretMetadata, SecretScope, SetOptions, Version,
};
use strongroom_fakes::{OpenBao, Script};

fn open_with(bao: &OpenBao, options: &[(&str, &str)]) -> SecretManager {
    let mut builder = SecretManager::builder().app("app").without_environment();
    builder = builder.backend("vault").option("cache", "off");
    builder = builder.option("vault.address", bao.address());
    builder = builder.secret_option("vault.token", bao.root_token());
    for (key, value) in options {
        builder = builder.option(key, *value);
    }
    builder.open_blocking().unwrap()
}

fn open(bao: &OpenBao) -> SecretManager {
    open_with(bao, &[])
}

fn number(version: &Option<Version>) -> u64 {
    version.as_ref().unwrap().number().unwrap()
}

fn text(secret: Option<Secret>) -> String {
    secret.unwrap().value.expose_str().unwrap().to_owned()
}

fn listed(manager: &SecretManager, options: ListOptions) -> Vec<String> {
    let page = manager.list(options).unwrap();
    page.entries.iter().map(|entry| entry.name.to_string()).collect()
}

fn requests(manager: &SecretManager) -> BTreeMap<String, u64> {
    let metrics = manager.metrics();
    let named = metrics.iter().filter_map(|(name, count)| {
        let name = name.strip_prefix("requests.")?;
        Some((name.to_owned(), count))
    });
    named.collect()
}

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

#[test]
fn names_are_listed_by_folder_page_and_filter() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    assert!(listed(&manager, ListOptions::new()).is_empty());
    let keys = [
        "global/a",
        "global/a-b",
        "global/b",
        "global/tail",
        "org/acme/a@prod",
        "org/acme/b",
        "org/other/a",
        "user/u/a",
    ];
    for key in keys {
        manager
            .set(
                key,
                &Secret::with_provider("v", if key.ends_with('b') { "p" } else { "q" }),
            )
            .unwrap();
    }
    for name in ["stranger", "global/odd name", "global/tail/deep", "org/acme/x/y"] {
        bao.write(
            &format!("secret/data/app/{}", name.replace(' ', "%20")),
            &json!({"data": {"a": "b"}}),
        );
    }
    bao.write("secret/data/app2/global/elsewhere", &json!({"data": {"a": "b"}}));
    let mut all: Vec<_> = keys.map(str::to_owned).to_vec();
    all.extend(["global/odd name", "global/tail/deep", "org/acme/x/y", "stranger"].map(str::to_owned));
    assert_eq!(listed(&manager, ListOptions::new()), all);

    for (options, expected) in [
        (
            ListOptions::new().scope(SecretScope::org("acme")),
            vec!["org/acme/a@prod", "org/acme/b"],
        ),
        (
            ListOptions::new().scope(SecretScope::global()),
            vec!["global/a", "global/a-b", "global/b", "global/tail"],
        ),
        (ListOptions::new().scope(SecretScope::org("nobody")), vec![]),
        (ListOptions::new().prefix("org/acme/a"), vec!["org/acme/a@prod"]),
        (ListOptions::new().prefix("ta"), vec!["global/tail"]),
        (ListOptions::new().prefix("global/a"), vec!["global/a", "global/a-b"]),
        (ListOptions::new().prefix("str"), vec!["stranger"]),
        (
            ListOptions::new().provider("p"),
            vec!["global/a-b", "global/b", "org/acme/b"],
        ),
        (
            ListOptions::new().provider("p").scope(SecretScope::org("acme")),
            vec!["org/acme/b"],
        ),
    ] {
        assert_eq!(listed(&manager, options.clone()), expected, "{options:?}");
    }

    for limit in [1, 2, 3, 7, 8, 9] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let mut options = ListOptions::new().limit(limit);
            options.after = after;
            let page = manager.list(options).unwrap();
            let found = page.entries.iter().filter(|entry| entry.name.key().is_some()).count();
            assert!(found <= limit);
            seen.extend(page.entries.iter().map(|entry| entry.name.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        seen.sort();
        let mut expected = all.clone();
        expected.sort();
        assert_eq!(seen, expected, "by {limit}");
    }

    let full = manager
        .list(ListOptions::new().full_metadata().scope(SecretScope::org("acme")))
        .unwrap();
    let providers: Vec<_> = full
        .entries
        .iter()
        .map(|entry| entry.metadata.provider.as_deref())
        .collect();
    assert_eq!(providers, [Some("q"), Some("p")]);
}

#[test]
fn a_folder_of_more_names_than_a_page_has_is_listed_whole() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    let entries: Vec<_> = (0..1003)
        .map(|at| (SecretKey::new(format!("k{at:04}")), Secret::new("v")))
        .collect();
    assert!(manager.set_many(&entries).unwrap().first_error().is_none());
    assert_eq!(listed(&manager, ListOptions::new()).len(), 1003);
    assert!(requests(&manager)["kv.list"] >= 2, "in pages");
}

#[test]
fn references_lead_to_fields_versions_and_other_mounts() {
    let bao = OpenBao::dev();
    bao.mount_kv("team/kv", 2);
    bao.write("secret/data/db/main", &json!({"data": {"password": "old"}}));
    bao.write(
        "secret/data/db/main",
        &json!({"data": {"password": "p<w", "a/b": "slash", "n": {"x": [1, "two"]}}}),
    );
    bao.write("team/kv/data/deep/one", &json!({"data": {"k": "other mount"}}));
    let manager = open_with(&bao, &[("references", "vault")]);
    let resolve = |reference: &str| {
        manager
            .resolve(reference)
            .unwrap()
            .map(|secret| secret.value.expose_str().unwrap().to_owned())
    };
    assert_eq!(resolve("vault:db/main#password").as_deref(), Some("p<w"));
    assert_eq!(resolve("vault:db/main?version=1#password").as_deref(), Some("old"));
    assert_eq!(resolve("vault:db/main#/n/x/1").as_deref(), Some("two"));
    assert_eq!(resolve("vault:db/main#n").as_deref(), Some(r#"{"x":[1,"two"]}"#));
    let whole: Value = serde_json::from_str(&resolve("vault:db/main?version=1").unwrap()).unwrap();
    assert_eq!(whole, json!({"password": "old"}));
    assert_eq!(resolve("vault://team/kv/deep/one#k").as_deref(), Some("other mount"));
    assert_eq!(resolve("vault:db/main#missing"), None);
    assert_eq!(resolve("vault:db/missing#x"), None);
    manager.set("mine", &Secret::new("ours")).unwrap();
    assert_eq!(resolve("vault:app/global/mine").as_deref(), Some("ours"));
    assert_eq!(resolve("vault:app/global/mine#value").as_deref(), Some("ours"));
    for wrong in [
        "vault:db/../main",
        "vault:db//main",
        "vault:db/main?version=x",
        "vault:/db/main",
    ] {
        let error = manager.resolve(wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{wrong}: {error}");
    }
}

#[test]
fn what_others_wrote_is_read_as_it_is_with_its_labels() {
    let bao = OpenBao::dev();
    bao.write(
        "secret/data/app/global/foreign",
        &json!({"data": {"user": "me", "password": "x"}}),
    );
    bao.write(
        "secret/metadata/app/global/foreign",
        &json!({"custom_metadata": {"owner": "team a"}}),
    );
    bao.write("secret/data/app/global/side", &json!({"data": {"value": "seat"}}));
    let manager = open(&bao);
    let foreign = manager.get("foreign").unwrap().unwrap();
    let value: Value = serde_json::from_slice(foreign.value.expose()).unwrap();
    assert_eq!(value, json!({"user": "me", "password": "x"}));
    assert_eq!(foreign.metadata.labels["owner"], "team a");
    assert_eq!(text(manager.get("side").unwrap()), "seat");
    let update = MetadataUpdate::new().provider("p");
    assert_eq!(
        manager.update_metadata("foreign", &update).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    bao.write("secret/data/app/global/foreign", &json!({"data": {"user": "you"}}));
    manager.rollback("foreign", Version::from_number(1)).unwrap();
    assert_eq!(bao.read("secret/data/app/global/foreign")["data"]["data"]["user"], "me");
}

#[test]
fn custom_metadata_is_written_where_it_is_wanted() {
    let bao = OpenBao::dev();
    let manager = open_with(&bao, &[("vault.custom_metadata", "on")]);
    manager
        .set("x", &Secret::with_provider("v", "openai").with_label("team", "a"))
        .unwrap();
    let read = bao.read("secret/metadata/app/global/x");
    assert_eq!(
        read["data"]["custom_metadata"],
        json!({"strongroom.provider": "openai", "team": "a"})
    );
    let error = manager.set("y", &Secret::new("v").with_label("empty", "")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidValue);
    assert_eq!(bao.versions("secret", "app/global/y"), 0);
}

#[test]
fn other_clients_read_what_we_write_and_we_what_they_write() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    manager.set("ours", &Secret::new("from us")).unwrap();
    let shown = bao.command(&["kv", "get", "-field=value", "-mount=secret", "app/global/ours"]);
    assert_eq!(String::from_utf8(shown.stdout).unwrap(), "from us");
    let put = bao.command(&["kv", "put", "-mount=secret", "app/global/theirs", "value=from them"]);
    assert!(put.status.success());
    assert_eq!(text(manager.get("theirs").unwrap()), "from them");
    let program = "import hvac, os\n\
        client = hvac.Client(os.environ['VAULT_ADDR'], os.environ['VAULT_TOKEN'])\n\
        kv = client.secrets.kv.v2\n\
        print(kv.read_secret_version('app/global/ours', raise_on_deleted_version=True)['data']['data']['value'])\n\
        kv.create_or_update_secret('app/global/hvac', {'value': 'from hvac'})\n";
    let said = Script::new(program)
        .environment(bao.environment(bao.root_token()))
        .output();
    assert_eq!(said.trim(), "from us");
    assert_eq!(text(manager.get("hvac").unwrap()), "from hvac");
}

#[test]
fn health_needs_no_token_and_sees_a_seal() {
    let bao = OpenBao::dev();
    let mut builder = SecretManager::builder()
        .app("app")
        .without_environment()
        .backend("vault");
    builder = builder.option("vault.address", bao.address());
    let manager = builder.secret_option("vault.token", "none").open_blocking().unwrap();
    assert_eq!(manager.health().unwrap().state, HealthState::Ok);
    bao.seal();
    let health = manager.health().unwrap();
    assert_eq!(health.state, HealthState::Unavailable);
    assert!(health.reason.unwrap().contains("sealed"));
    let reader = open_with(&bao, &[("retries", "0")]);
    let error = reader.get("x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.message().contains("sealed") && error.retry_after().is_none(),
        "{error}"
    );
}

#[test]
fn after_lock_it_goes_on_and_after_close_it_does_not() {
    let bao = OpenBao::dev();
    let manager = open(&bao);
    manager.set("x", &Secret::new("v")).unwrap();
    manager.lock().unwrap();
    assert_eq!(text(manager.get("x").unwrap()), "v");
    manager.close().unwrap();
    manager.close().unwrap();
    assert_eq!(manager.get("x").unwrap_err().kind(), ErrorKind::Closed);
}
