//! References, what other programs write and read, health, and the end.

use serde_json::{Value, json};
use strongroom::backend::{HealthState, MetadataUpdate};
use strongroom::blocking::SecretManager;
use strongroom::{ErrorKind, Secret, Version};
use strongroom_fakes::{OpenBao, Script};

use crate::{open, open_with, text};

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
