//! The plain file, what becomes of damaged and old ones, and what never shows a value.

use std::fs;

use strongroom::backend::HealthState;
use strongroom::{ErrorKind, GetOptions, Secret, SecretKey, SecretScope, Setting};

use crate::events::{collect_events, events_with};
use crate::{CANARY, Place, json, sideseat, text};

/// "File: persistent, INSECURE - development only", and "File backend stores secrets in plain text".
#[test]
fn seed_000_backends_file_is_insecure_says_so_and_lasts() {
    collect_events();
    let place = Place::new();
    let secrets = place.file().open_blocking().unwrap();
    let told = events_with(text(&place.vault()));
    assert!(
        told.iter()
            .any(|(level, text)| *level == tracing::Level::WARN && text.contains("plain text")),
        "{told:?}"
    );
    assert!(Setting::find("file.path").unwrap().help.contains("INSECURE"));
    secrets.set("jwt_signing_key", &Secret::new(CANARY)).unwrap();
    drop(secrets);
    assert_eq!(
        json(&place.vault())["secrets"]["global/jwt_signing_key"]["value"],
        CANARY
    );
    let again = place.file().open_blocking().unwrap();
    assert_eq!(again.get_value("jwt_signing_key").unwrap().as_deref(), Some(CANARY));
}

/// "Vault Migration", step by step.
#[test]
fn seed_000_vault_migration() {
    let v1 = r#"{
  "secrets": {
    "jwt_signing_key": {
      "value": "one",
      "metadata": {"provider": "sideseat", "created_at": "2023-05-06T07:08:09Z", "updated_at": "2023-05-06T07:08:09Z"}
    },
    "api_key_secret": {
      "value": "two",
      "metadata": {"created_at": "2023-05-06T07:08:09Z", "updated_at": "2023-05-06T07:08:09Z"}
    }
  }
}"#;
    let place = Place::new();
    fs::write(place.vault(), v1).unwrap();
    let secrets = place.file().open_blocking().unwrap();
    // 1. No field `version`, so version 1. 2. The flat keys begin with `global/`. 3. Version 2 is saved immediately:
    // nothing was read or written yet.
    let saved = json(&place.vault());
    assert_eq!(saved["version"], 2);
    let keys: Vec<_> = saved["secrets"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["global/api_key_secret", "global/jwt_signing_key"]);
    // No manual intervention.
    let found = secrets.get(SecretKey::new("jwt_signing_key")).unwrap().unwrap();
    assert_eq!(found.value.expose(), b"one");
    assert_eq!(found.metadata.provider.as_deref(), Some("sideseat"));
    assert_eq!(found.metadata.created_at.unwrap().unix_timestamp(), 1_683_356_889);
    assert_eq!(
        secrets.get_value("global/api_key_secret").unwrap().as_deref(),
        Some("two")
    );
    // Version 2 stays as it is.
    let before = fs::read(place.vault()).unwrap();
    drop(place.file().open_blocking().unwrap());
    assert_eq!(fs::read(place.vault()).unwrap(), before);
}

/// "Local and env backends use a no-op health check": it answers at once, and asks nothing of anyone.
#[test]
fn seed_000_health_checks_of_local_backends() {
    let place = Place::new();
    for builder in [
        place.file(),
        place.encrypted(),
        sideseat().backend("env"),
        sideseat().backend("memory"),
    ] {
        let secrets = builder.open_blocking().unwrap();
        let health = secrets.health().unwrap();
        assert_eq!(
            health.state,
            HealthState::Ok,
            "{}: {:?}",
            secrets.backend().name(),
            health.reason
        );
        assert!(health.error.is_none());
    }
    assert!(!place.vault().exists(), "it makes nothing");
}

/// "Secret values are never logged — only key names appear in logs", over everything that a caller can do.
#[test]
fn seed_000_security_values_are_never_logged() {
    collect_events();
    let place = Place::new();
    for (at, builder) in [place.file(), place.encrypted(), sideseat().backend("memory")]
        .into_iter()
        .enumerate()
    {
        let name = format!("LOGGED_{at}");
        let secrets = builder.open_blocking().unwrap();
        let labelled = Secret::with_provider(CANARY, "openai").with_label("team", "x");
        secrets.set(&name, &labelled).unwrap();
        secrets.get(&name).unwrap();
        secrets.get_value(&name).unwrap();
        secrets.get_many(&[&name]).unwrap();
        secrets
            .get_with_fallback(&name, &[SecretScope::org("acme"), SecretScope::global()])
            .unwrap();
        secrets.update_value(&name, format!("{CANARY} again")).unwrap();
        if secrets.backend().capabilities().versions {
            secrets.rotate(&name, CANARY).unwrap();
        }
        secrets.set_api_key(&name, CANARY, None).unwrap();
        secrets
            .export(strongroom::transfer::ExportOptions::new(
                strongroom::transfer::Format::Json,
            ))
            .unwrap();
        let ended = Secret::new(CANARY).with_expiry(std::time::SystemTime::UNIX_EPOCH);
        secrets.set(&name, &ended).unwrap();
        let mut errors = vec![
            secrets.get(&name).unwrap_err(),
            secrets.update_value(&name, CANARY).unwrap_err(),
            secrets.update_value("NEVER_SET", CANARY).unwrap_err(),
            secrets.set("../x", &Secret::new(CANARY)).unwrap_err(),
            secrets.set(&name, &Secret::new(CANARY.repeat(1 << 20))).unwrap_err(),
        ];
        assert!(
            secrets
                .get_with(&name, GetOptions::new().include_expired())
                .unwrap()
                .is_some()
        );
        secrets.delete(&name).unwrap();
        errors.push(secrets.delete(&name).unwrap_err());
        for error in errors {
            assert!(!format!("{error} {error:?}").contains(CANARY), "{error:?}");
        }
        let named = events_with(&name);
        for operation in ["get", "set", "delete"] {
            let event = format!("operation=\"{operation}\"");
            assert!(
                named.iter().any(|(_, text)| text.contains(&event)),
                "{operation}: {named:?}"
            );
        }
    }
    assert_eq!(events_with(CANARY), []);
}

/// "The `Secret` type redacts values in debug output (`[REDACTED]`)".
#[test]
fn seed_000_security_debug_output_is_redacted() {
    let secret = Secret::with_provider(CANARY, "openai");
    for shown in [
        format!("{secret:?}"),
        format!("{secret:#?}"),
        format!("{:?}", Some(&secret.value)),
    ] {
        assert!(shown.contains("[REDACTED]") && !shown.contains(CANARY), "{shown}");
    }
    assert!(format!("{secret:?}").contains("openai"), "what is no value is shown");
    let place = Place::new();
    let secrets = place.file().open_blocking().unwrap();
    secrets.set("A", &secret).unwrap();
    for shown in [
        format!("{:?}", secrets.get("A").unwrap()),
        format!("{:?}", secrets.get_many(&["A"]).unwrap()),
    ] {
        assert!(shown.contains("[REDACTED]") && !shown.contains(CANARY), "{shown}");
    }
    assert!(!format!("{secrets:?}").contains(CANARY));
}

/// "Corrupted vault files are backed up and a fresh vault is created".
#[test]
fn seed_000_security_corrupted_vault_files_are_backed_up() {
    collect_events();
    for corrupt in ["{\"version\": 2, \"secrets\": {\"global/jwt", "", "no JSON at all"] {
        let place = Place::new();
        fs::write(place.vault(), corrupt).unwrap();
        let secrets = place.file().open_blocking().unwrap();
        assert_eq!(json(&place.vault()), serde_json::json!({"version": 2, "secrets": {}}));
        let backups: Vec<_> = place
            .files()
            .into_iter()
            .filter(|path| text(path).contains(".corrupt."))
            .collect();
        let [backup] = &backups[..] else {
            panic!("{backups:?}");
        };
        assert_eq!(fs::read_to_string(backup).unwrap(), corrupt, "to the byte");
        let seconds = text(backup).rsplit('.').next().unwrap();
        assert!(
            seconds.len() >= 10 && seconds.bytes().all(|byte| byte.is_ascii_digit()),
            "{seconds}"
        );
        // Loudly.
        let told = events_with(text(backup));
        assert!(
            told.iter().any(|(level, _)| *level == tracing::Level::ERROR),
            "{told:?}"
        );
        let health = secrets.health().unwrap();
        assert_eq!(health.state, HealthState::Degraded);
        assert!(health.reason.unwrap().contains(text(backup)));
        // And it works.
        assert!(secrets.get("jwt_signing_key").unwrap().is_none());
        secrets.set("jwt_signing_key", &Secret::new("new")).unwrap();
        assert_eq!(secrets.get_value("jwt_signing_key").unwrap().as_deref(), Some("new"));
    }
    // Beyond the example: who would rather stop than go on without the secrets can say so.
    let place = Place::new();
    fs::write(place.vault(), "no JSON").unwrap();
    let error = place
        .file()
        .option("file.on_corrupt", "stop")
        .open_blocking()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(fs::read(place.vault()).unwrap(), b"no JSON");
}
