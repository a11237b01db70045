//! Keys, scopes and the fallback chain.

use strongroom::{ErrorKind, ListOptions, Secret, SecretKey, SecretScope, VariableMapping};

use crate::{Place, json, run, sideseat};

/// The example of the section "Environment Variables Backend", by the names alone.
#[test]
fn seed_000_environment_variable_names() {
    for (key, variable) in [
        ("global/jwt_signing_key", "SIDESEAT_SECRET_GLOBAL_JWT_SIGNING_KEY"),
        ("org/acme/api_key", "SIDESEAT_SECRET_ORG_ACME_API_KEY"),
        ("project/p1/token", "SIDESEAT_SECRET_PROJECT_P1_TOKEN"),
        ("user/u1/personal_token", "SIDESEAT_SECRET_USER_U1_PERSONAL_TOKEN"),
        ("global/api_key_secret", "SIDESEAT_SECRET_GLOBAL_API_KEY_SECRET"),
    ] {
        let key = SecretKey::parse(key).unwrap();
        assert_eq!(VariableMapping::Plain.variable("SIDESEAT_SECRET_", &key), variable);
    }
}

/// The table "Secret Scoping": scope, format of the key, example.
#[test]
fn seed_000_secret_scoping_key_format() {
    let place = Place::new();
    let secrets = place.file().open_blocking().unwrap();
    for (scope, name, example) in [
        (SecretScope::global(), "jwt_signing_key", "global/jwt_signing_key"),
        (SecretScope::org("acme"), "openai_api_key", "org/acme/openai_api_key"),
        (
            SecretScope::project("p1"),
            "webhook_secret",
            "project/p1/webhook_secret",
        ),
        (SecretScope::user("u1"), "personal_token", "user/u1/personal_token"),
    ] {
        let key = SecretKey::in_scope(scope.clone(), name);
        assert_eq!(key.as_str(), example);
        let parsed = SecretKey::parse(example).unwrap();
        assert_eq!(
            (parsed.scope(), parsed.name(), parsed.target()),
            (scope.clone(), name, None)
        );
        secrets.set(&key, &Secret::new(example)).unwrap();
        assert_eq!(secrets.get_value(example).unwrap().as_deref(), Some(example));
        assert_eq!(
            json(&place.vault())["secrets"][example]["value"],
            example,
            "so it is called in the file too"
        );
        let page = secrets.list(ListOptions::new().scope(scope)).unwrap();
        assert_eq!(page.entries.len(), 1, "{example}");
    }
}

/// The table "Scope Assignments": what belongs to one organisation, project or user is not another's.
#[test]
fn seed_000_scope_assignments() {
    let place = Place::new();
    for builder in [place.file(), place.encrypted(), sideseat().backend("memory")] {
        let secrets = builder.open_blocking().unwrap();
        for key in ["jwt_signing_key", "api_key_secret"] {
            secrets.set(key, &Secret::new(format!("global {key}"))).unwrap();
            let bare = secrets.get_value(format!("global/{key}")).unwrap();
            assert_eq!(bare, Some(format!("global {key}")), "a bare name is global");
        }
        for (kind, name) in [
            ("org", "openai_api_key"),
            ("project", "webhook_secret"),
            ("user", "personal_token"),
        ] {
            for id in ["one", "two"] {
                secrets
                    .set(format!("{kind}/{id}/{name}"), &Secret::new(format!("{kind} {id}")))
                    .unwrap();
            }
            for id in ["one", "two"] {
                let found = secrets
                    .scoped(&format!("{kind}/{id}"))
                    .unwrap()
                    .get_value(name)
                    .unwrap();
                assert_eq!(found, Some(format!("{kind} {id}")));
            }
            assert!(secrets.get(format!("{kind}/three/{name}")).unwrap().is_none());
            assert!(secrets.get(name).unwrap().is_none(), "{name} is not global");
        }
    }
}

/// The example "Fallback Chain".
#[test]
fn seed_000_fallback_chain() {
    run(async {
        let secrets = strongroom::SecretManager::builder()
            .app("sideseat")
            .without_environment()
            .backend("memory")
            .open()
            .await?;
        let scopes = [SecretScope::org("acme"), SecretScope::global()];
        assert!(secrets.get_with_fallback("openai_api_key", &scopes).await?.is_none());

        secrets
            .set_api_key("openai_api_key", "everyone's", Some("openai"))
            .await?;
        // Try org-scoped first, fall back to global
        let found = secrets
            .get_with_fallback("openai_api_key", &[SecretScope::org("acme"), SecretScope::global()])
            .await?
            .unwrap();
        assert_eq!(found.value.expose_str()?, "everyone's");
        assert!(
            !secrets.exists("org/acme/openai_api_key").await?,
            "a fallback writes nothing"
        );

        secrets
            .set_api_key("org/acme/openai_api_key", "acme's", Some("openai"))
            .await?;
        let found = secrets.get_with_fallback("openai_api_key", &scopes).await?.unwrap();
        assert_eq!(found.value.expose_str()?, "acme's");
        let other = [SecretScope::org("other"), SecretScope::global()];
        let found = secrets.get_with_fallback("openai_api_key", &other).await?.unwrap();
        assert_eq!(found.value.expose_str()?, "everyone's");

        // Only what is absent is passed over: a key that has run out is not replaced by another one unasked.
        let ended = Secret::new("ended").with_expiry(std::time::SystemTime::UNIX_EPOCH);
        secrets.set("org/acme/openai_api_key", &ended).await?;
        let error = secrets.get_with_fallback("openai_api_key", &scopes).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.key()),
            (ErrorKind::Expired, Some("org/acme/openai_api_key"))
        );
        Ok(())
    });
}
