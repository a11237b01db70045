//! What is not there, has run out, is out of reach or broken.

use std::fs;

use crate::{CANARY, each, encrypted, now, run};
use strongroom::backend::{MetadataUpdate, Operation};
use strongroom::testing::{Fault, FaultBackend};
use strongroom::{ErrorKind, GetOptions, Result, Secret, SecretKey, SecretManager, SecretMetadata, UpdateOptions};

/// What the example "Expiration Handling" makes of an answer.
fn told(answer: Result<Option<Secret>>) -> String {
    match answer {
        Err(e) => format!("Token expired: {e}"),
        Ok(Some(_)) => "Token valid".to_owned(),
        Ok(None) => "Token not found".to_owned(),
    }
}

/// The example "Expiration Handling", from "not found" over "valid" to "expired".
#[test]
fn seed_001_expiration_handling() {
    run(each(async |secrets| {
        let key = SecretKey::new("TEMP_TOKEN");
        assert_eq!(told(secrets.get(&key).await), "Token not found");

        let metadata = SecretMetadata::new().with_expiry(now() + chrono::Duration::hours(1));
        let secret = Secret::new(CANARY).with_metadata(metadata);
        secrets.set(&key, &secret).await?;
        assert_eq!(told(secrets.get(&key).await), "Token valid");

        // The hour is over.
        let over = MetadataUpdate::new().expires_at(now() - chrono::Duration::seconds(1));
        secrets.update_metadata(&key, &over).await?;
        let text = told(secrets.get(&key).await);
        assert!(text.starts_with("Token expired: expired: "), "{text}");
        assert!(text.contains("TEMP_TOKEN") && !text.contains(CANARY), "{text}");
        assert_eq!(secrets.get_value(&key).await.unwrap_err().kind(), ErrorKind::Expired);
        assert!(secrets.exists(&key).await?, "it is there all the same");
        let found = secrets
            .get_with(&key, GetOptions::new().include_expired())
            .await?
            .unwrap();
        assert_eq!(found.value.expose_str()?, CANARY);

        // A new value alone does not make it valid again; one that comes with its expiry does.
        assert_eq!(
            secrets.update_value(&key, "new").await.unwrap_err().kind(),
            ErrorKind::Expired
        );
        let options = UpdateOptions::new().expires_at(now() + chrono::Duration::hours(1));
        secrets.update_value_with(&key, "new", options).await?;
        assert_eq!(told(secrets.get(&key).await), "Token valid");
        Ok(())
    }));
}

/// A value that was valid when it was read into memory is not served from there when its time is over.
#[test]
fn seed_001_expiration_is_checked_when_retrieved_from_memory_too() {
    run(async {
        let secrets = SecretManager::builder()
            .without_environment()
            .backend("memory")
            .open()
            .await?;
        let soon = now() + chrono::Duration::milliseconds(100);
        secrets.set("TEMP_TOKEN", &Secret::new("v").with_expiry(soon)).await?;
        let mut was_valid = false;
        loop {
            match secrets.get("TEMP_TOKEN").await {
                Ok(found) => {
                    assert!(found.is_some());
                    was_valid = true;
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Expired);
                    assert!(now() >= soon, "not before");
                    break;
                }
            }
            assert!(now() < soon + chrono::Duration::seconds(15), "it never expires");
            tokio::task::yield_now().await;
        }
        assert!(was_valid || now() >= soon);
        Ok(())
    });
}

/// The example "Error Handling". Changed on purpose: one type of error with kinds, instead of a variant with a text.
#[test]
fn seed_001_error_handling() {
    fn told(answer: Result<Option<String>>) -> String {
        match answer {
            Ok(Some(value)) => format!("Value of {} bytes", value.len()),
            Ok(None) => "Secret not found".to_owned(),
            Err(e) if e.kind() == ErrorKind::Expired => format!("Secret error: {e}"),
            Err(e) => format!("Other error: {e}"),
        }
    }
    run(each(async |secrets| {
        assert_eq!(told(secrets.get_value("API_KEY").await), "Secret not found");
        secrets.set("API_KEY", &Secret::new("1234")).await?;
        assert_eq!(told(secrets.get_value("API_KEY").await), "Value of 4 bytes");
        let ended = Secret::new("1234").with_expiry(now() - chrono::Duration::days(1));
        secrets.set("API_KEY", &ended).await?;
        assert!(told(secrets.get_value("API_KEY").await).starts_with("Secret error: expired: "));
        assert!(told(secrets.get_value("no key").await).starts_with("Other error: invalid_key: "));
        let backend = secrets.backend().name();
        secrets.close().await?;
        let closed = told(secrets.get_value("API_KEY").await);
        assert!(
            closed.starts_with("Other error: closed: ") && closed.contains(backend),
            "{closed}"
        );
        Ok(())
    }));
}

/// "Secret not found (returns `Ok(None)` for get, error for delete/update)".
#[test]
fn seed_001_error_secret_not_found() {
    run(each(async |secrets| {
        assert!(secrets.get("MISSING").await?.is_none());
        assert!(secrets.get_value("MISSING").await?.is_none());
        let errors = [
            secrets.delete("MISSING").await.unwrap_err(),
            secrets.update_value("MISSING", CANARY).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(
                (error.kind(), error.key()),
                (ErrorKind::NotFound, Some("global/MISSING"))
            );
        }
        assert!(!secrets.exists("MISSING").await?, "an update makes nothing");
        Ok(())
    }));
}

/// "Backend unavailable (returns error during init or operations)".
#[test]
fn seed_001_error_backend_unavailable() {
    run(async {
        let builder = SecretManager::builder().without_environment().backend("directory");
        let error = builder
            .option("directory.path", "/nowhere/secrets")
            .open()
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.backend()),
            (ErrorKind::Unavailable, Some("directory"))
        );

        let fault = FaultBackend::new(strongroom::testing::memory());
        let builder = SecretManager::builder().without_environment();
        let secrets = builder.backend_instance(fault.clone()).open().await?;
        fault.on(Operation::Get).then(Fault::Unavailable);
        fault.on(Operation::Set).then(Fault::Unavailable);
        let errors = [
            secrets.get("A").await.unwrap_err(),
            secrets.set("A", &Secret::new(CANARY)).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(
                (error.kind(), error.key()),
                (ErrorKind::Unavailable, Some("global/A")),
                "and not an absence"
            );
            assert!(error.is_retryable());
        }
        Ok(())
    });
}

/// "Serialization failure (corrupted secret data)": of one entry, and of the store.
#[test]
fn seed_001_error_corrupted_secret_data() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.json");
        let text = format!(
            r#"{{"version": 2, "secrets": {{"global/BAD": {{"value": ["{CANARY}"]}}, "global/GOOD": {{"value": "v"}}}}}}"#
        );
        fs::write(&path, &text).unwrap();
        let builder = SecretManager::builder().without_environment().backend("file");
        let secrets = builder.option("file.path", path.to_str().unwrap()).open().await?;
        let error = secrets.get("BAD").await.unwrap_err();
        assert_eq!((error.kind(), error.key()), (ErrorKind::Integrity, Some("global/BAD")));
        assert!(!format!("{error} {error:?}").contains(CANARY));
        assert_eq!(
            secrets.get_value("GOOD").await?.as_deref(),
            Some("v"),
            "the others are read"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), text);

        let store = dir.path().join("data/secrets.strongroom");
        let secrets = encrypted(&dir).open().await?;
        secrets.set("A", &Secret::new("v")).await?;
        secrets.close().await?;
        drop(secrets);
        fs::write(
            &store,
            b"no store at all, but long enough to be looked at as if it were one",
        )
        .unwrap();
        let error = encrypted(&dir).open().await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Integrity | ErrorKind::UnsupportedFormat),
            "an error, and no empty store: {error}"
        );
        assert!(fs::read(&store).unwrap().starts_with(b"no store"));
        Ok(())
    });
}
