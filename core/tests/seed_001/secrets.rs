//! Secrets: what they are made of, and what is done with them.

use std::time::SystemTime;

use crate::{each, now, run};
use chrono::{DateTime, Utc};
use strongroom::{ListOptions, Origin, Secret, SecretKey, SecretMetadata, SecretValue};

/// "Secret Structure". Changed on purpose: the value is wiped memory and no `String`, its metadata is built and not
/// written as a literal, `scope` is called `scope_of_use` (a scope is where a secret belongs), and the times that the
/// backend sets are absent until it did.
#[test]
fn seed_001_secret_structure() {
    let before = now();
    let expires = before + chrono::Duration::hours(1);
    let metadata = SecretMetadata::new()
        .with_provider("openai")
        .with_scope_of_use("api")
        .with_expiry(expires);
    assert_eq!((&metadata.created_at, &metadata.updated_at), (&None, &None));
    let secret = Secret::new("sk-xxx").with_metadata(metadata);
    let value: &SecretValue = &secret.value;
    assert_eq!(value.expose(), b"sk-xxx");
    run(each(async |secrets| {
        secrets.set("K", &secret).await?;
        let first = secrets.get("K").await?.unwrap().metadata;
        assert_eq!(first.provider.as_deref(), Some("openai"));
        assert_eq!(first.scope_of_use.as_deref(), Some("api"));
        // Times come back as chrono's to whom it is at home with them, to the microsecond.
        let chronos = |at: Option<time::OffsetDateTime>| DateTime::<Utc>::from(SystemTime::from(at.unwrap()));
        assert_eq!(chronos(first.expires_at).timestamp_micros(), expires.timestamp_micros());
        let created = chronos(first.created_at);
        assert!(created >= before - chrono::Duration::milliseconds(1) && created <= now());
        assert_eq!(first.created_at, first.updated_at);
        secrets.set("K", &secret).await?;
        let second = secrets.get("K").await?.unwrap().metadata;
        assert_eq!(second.created_at, first.created_at);
        assert!(second.updated_at > first.updated_at);
        Ok(())
    }));
}

/// The example "Storing Secrets".
#[test]
fn seed_001_storing_secrets() {
    run(each(async |secrets| {
        // Simple API key storage
        secrets
            .set_api_key("OPENAI_API_KEY", "sk-xxx...", Some("openai"))
            .await?;

        // Full secret with metadata
        let secret = Secret::new("github_pat_xxx...".to_string()).with_metadata(
            SecretMetadata::new()
                .with_provider("github")
                .with_scope_of_use("repo,read:user")
                .with_expiry(now() + chrono::Duration::days(90)),
        );
        let key = SecretKey::new("GITHUB_TOKEN");
        secrets.set(&key, &secret).await?;

        let found = secrets.get("OPENAI_API_KEY").await?.unwrap();
        assert_eq!(found.value.expose(), b"sk-xxx...");
        assert_eq!(found.metadata.provider.as_deref(), Some("openai"));
        let found = secrets.get("GITHUB_TOKEN").await?.unwrap();
        assert_eq!(found.value.expose(), b"github_pat_xxx...");
        assert_eq!(found.metadata.scope_of_use.as_deref(), Some("repo,read:user"));
        assert_eq!(found.metadata.expires_at, secret.metadata.expires_at);
        Ok(())
    }));
}

/// The example "Retrieving Secrets".
#[test]
fn seed_001_retrieving_secrets() {
    run(each(async |secrets| {
        assert_eq!(secrets.get_value("OPENAI_API_KEY").await?, None);
        assert!(secrets.get(&SecretKey::new("GITHUB_TOKEN")).await?.is_none());
        secrets
            .set_api_key("OPENAI_API_KEY", "sk-xxx...", Some("openai"))
            .await?;
        secrets
            .set("GITHUB_TOKEN", &Secret::with_provider("github_pat_xxx...", "github"))
            .await?;

        // Get just the value
        let Some(api_key) = secrets.get_value("OPENAI_API_KEY").await? else {
            panic!("it was set");
        };
        assert_eq!(api_key, "sk-xxx...");

        // Get full secret with metadata
        let key = SecretKey::new("GITHUB_TOKEN");
        let Some(secret) = secrets.get(&key).await? else {
            panic!("it was set");
        };
        assert_eq!(secret.metadata.provider.as_deref(), Some("github"));
        assert!(secret.metadata.created_at.is_some());
        Ok(())
    }));
}

/// The example "Updating Secrets".
#[test]
fn seed_001_updating_secrets() {
    run(each(async |secrets| {
        let first = Secret::with_provider("sk-old", "openai").with_scope_of_use("api");
        secrets.set("OPENAI_API_KEY", &first).await?;
        secrets
            .set(
                "GITHUB_TOKEN",
                &Secret::with_provider("old", "before").with_scope_of_use("repo"),
            )
            .await?;
        let before = secrets.get("OPENAI_API_KEY").await?.unwrap().metadata;

        // Update value, preserving metadata
        secrets.update_value("OPENAI_API_KEY", "sk-new-key...").await?;
        let found = secrets.get("OPENAI_API_KEY").await?.unwrap();
        assert_eq!(found.value.expose(), b"sk-new-key...");
        assert_eq!(found.metadata.provider.as_deref(), Some("openai"));
        assert_eq!(found.metadata.scope_of_use.as_deref(), Some("api"));
        assert_eq!(found.metadata.created_at, before.created_at);
        assert!(found.metadata.updated_at > before.updated_at);

        // Or replace entirely
        let new_secret = Secret::with_provider("new-token", "github");
        secrets.set(&SecretKey::new("GITHUB_TOKEN"), &new_secret).await?;
        let found = secrets.get("GITHUB_TOKEN").await?.unwrap();
        assert_eq!(found.value.expose(), b"new-token");
        assert_eq!(found.metadata.provider.as_deref(), Some("github"));
        assert_eq!(found.metadata.scope_of_use, None, "entirely");
        Ok(())
    }));
}

/// The example "Deleting Secrets".
#[test]
fn seed_001_deleting_secrets() {
    run(each(async |secrets| {
        secrets.set("OLD_API_KEY", &Secret::new("v")).await?;
        secrets.set("KEPT", &Secret::new("v")).await?;
        secrets.delete(&SecretKey::new("OLD_API_KEY")).await?;
        assert!(secrets.get("OLD_API_KEY").await?.is_none());
        assert!(secrets.exists("KEPT").await?);
        Ok(())
    }));
}

/// The example "Checking Existence".
#[test]
fn seed_001_checking_existence() {
    run(each(async |secrets| {
        assert!(!secrets.exists(&SecretKey::new("OPENAI_API_KEY")).await?);
        secrets.set_api_key("OPENAI_API_KEY", "sk-xxx...", None).await?;
        assert!(secrets.exists(&SecretKey::new("OPENAI_API_KEY")).await?);
        secrets.delete("OPENAI_API_KEY").await?;
        assert!(!secrets.exists(&SecretKey::new("OPENAI_API_KEY")).await?);
        Ok(())
    }));
}

/// The example "Secret Keys": one name, several targets.
#[test]
fn seed_001_secret_keys() {
    // Simple key
    let key = SecretKey::new("MY_API_KEY");
    assert_eq!((key.name(), key.target()), ("MY_API_KEY", None));
    // Key with target (for disambiguation)
    let key = SecretKey::with_target("API_KEY", "production");
    assert_eq!((key.name(), key.target()), ("API_KEY", Some("production")));
    assert_eq!(key.as_str(), "global/API_KEY@production");
    run(each(async |secrets| {
        secrets.set(&SecretKey::new("API_KEY"), &Secret::new("plain")).await?;
        for target in ["production", "staging"] {
            secrets
                .set(&SecretKey::with_target("API_KEY", target), &Secret::new(target))
                .await?;
        }
        assert_eq!(secrets.get_value("API_KEY").await?.as_deref(), Some("plain"));
        assert_eq!(
            secrets.get_value("API_KEY@production").await?.as_deref(),
            Some("production")
        );
        secrets.delete(&SecretKey::with_target("API_KEY", "production")).await?;
        assert!(secrets.get("API_KEY@production").await?.is_none());
        assert_eq!(secrets.get_value("API_KEY@staging").await?.as_deref(), Some("staging"));
        assert_eq!(secrets.get_value("API_KEY").await?.as_deref(), Some("plain"));
        Ok(())
    }));
}

/// "Best Practices": one manager for all, tagged by provider, and who chose the backend is known.
#[test]
fn seed_001_best_practices() {
    run(each(async |secrets| {
        // Initialize once - create one `SecretManager` and share it
        let other = secrets.clone();
        let task = std::thread::spawn(move || run(async move { other.set_api_key("A", "v", Some("openai")).await }));
        task.join().unwrap();
        assert_eq!(secrets.get_value("A").await?.as_deref(), Some("v"));
        // Use providers - tag secrets with provider names for organization
        secrets.set("B", &Secret::with_provider("v", "github")).await?;
        let page = secrets.list(ListOptions::new().provider("github")).await?;
        let names: Vec<_> = page.entries.iter().filter_map(|entry| entry.name.key()).collect();
        assert_eq!(names, [&SecretKey::new("B")]);
        assert_eq!(secrets.backend().chosen_by(), &Origin::Builder);
        Ok(())
    }));
}
