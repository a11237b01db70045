//! What this backend has of its own: its keys and its name. All else is the encrypted store's.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::config::KEY;
use crate::blocking::SecretManager;
use crate::crypto::fernet::FernetKey;
use crate::error::{Error, ErrorKind, Result};
use crate::{Builder, Origin, Secret, SecretProvider, SecretValue, SetOptions, Settings};

/// One key in its own text, and as the same 32 bytes in hexadecimal.
const OLD: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const OLD_HEX: &str = "730ff4c7af3d46923e8ed451ee813c87f790b0a226bc96a92de49b5e9c05e1ee";
const NEW: &str = "VGhpcyBpcyBhbm90aGVyIGtleSBvZiAzMiBieXRlcyE=";

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> PathBuf {
        self.0.path().join("data/secrets.strongroom")
    }

    fn builder(&self) -> Builder {
        crate::SecretManager::builder()
            .without_environment()
            .backend("local_encrypted")
            .option("encrypted.path", self.store().to_str().unwrap())
    }

    fn open(&self, keys: &str) -> Result<SecretManager> {
        self.builder().secret_option(KEY, keys).open_blocking()
    }

    fn refusal(&self, keys: &str) -> Error {
        self.open(keys).map(drop).unwrap_err()
    }
}

fn text(manager: &SecretManager, key: &str) -> Option<String> {
    manager.get_value(key).unwrap()
}

#[test]
fn the_store_is_made_with_the_first_key_and_opened_with_any() {
    let place = Place::new();
    place.open(OLD).unwrap().set("A", &Secret::new("1")).unwrap();
    for keys in [OLD, &format!("{NEW},{OLD}"), &format!(" {NEW} ,\n{NEW}, {OLD}\n")] {
        assert_eq!(text(&place.open(keys).unwrap(), "A").as_deref(), Some("1"), "{keys}");
    }
    let error = place.refusal(NEW);
    assert_eq!((error.kind(), error.setting()), (ErrorKind::WrongKey, Some(KEY)));
    assert!(error.help().contains("new,old"));

    let other = Place::new();
    other.open(&format!("{NEW},{OLD}")).unwrap();
    assert!(other.open(NEW).is_ok());
    assert_eq!(other.refusal(OLD).kind(), ErrorKind::WrongKey);
}

/// How many warnings `run` gives on this thread.
fn warnings(run: impl FnOnce()) -> usize {
    struct Counter(Arc<AtomicUsize>);
    impl tracing::Subscriber for Counter {
        fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
            *metadata.level() == tracing::Level::WARN
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, _: &tracing::Event<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }
    let count = Arc::new(AtomicUsize::new(0));
    tracing::subscriber::with_default(Counter(Arc::clone(&count)), run);
    count.load(Ordering::Relaxed)
}

#[test]
fn a_key_that_is_not_the_first_is_told_to_be_kept() {
    let place = Place::new();
    let open = |keys: &str| warnings(|| drop(place.open(keys).unwrap()));
    assert_eq!(open(OLD), 0);
    assert_eq!(open(&format!("{OLD},{NEW}")), 0);
    assert_eq!(open(&format!("{NEW},{OLD}")), 1);
    assert_eq!(warnings(|| drop(place.refusal(NEW))), 0);
}

#[test]
fn whoever_opens_the_store_as_encrypted_is_told_of_this_backend() {
    let place = Place::new();
    place.open(OLD).unwrap();
    let keys = place.0.path().join("none.key");
    let builder = place.builder().backend("encrypted");
    let error = builder
        .option("encrypted.key_file", keys.to_str().unwrap())
        .open_blocking()
        .map(drop)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyMissing);
    let help = error.help();
    assert!(
        help.contains("local_encrypted") && help.contains("FERNET_SECRET_KEY"),
        "{help}"
    );
}

#[test]
fn a_fernet_key_is_the_raw_key_of_the_same_bytes() {
    let place = Place::new();
    place.open(OLD).unwrap().set("A", &Secret::new("1")).unwrap();
    let builder = place
        .builder()
        .backend("encrypted")
        .secret_option("encrypted.key", OLD_HEX);
    assert_eq!(text(&builder.open_blocking().unwrap(), "A").as_deref(), Some("1"));
}

#[test]
fn the_keys_open_again_after_a_lock() {
    let place = Place::new();
    place.open(OLD).unwrap();
    let manager = place.open(&format!("{NEW},{OLD}")).unwrap();
    manager.set("A", &Secret::new("1")).unwrap();
    manager.lock().unwrap();
    assert_eq!(text(&manager, "A").as_deref(), Some("1"));
}

#[test]
fn without_a_key_nothing_is_made_and_the_error_says_how_to_make_one() {
    let place = Place::new();
    let error = place.builder().open_blocking().map(drop).unwrap_err();
    assert_eq!(
        (error.kind(), error.setting(), error.backend()),
        (ErrorKind::KeyMissing, Some(KEY), Some("local_encrypted"))
    );
    assert!(error.message().contains("FERNET_SECRET_KEY"), "{error}");
    assert!(error.help().contains("strongroom fernet generate"), "{}", error.help());
    // The keys of `encrypted` are not this backend's.
    let builder = place.builder().secret_option("encrypted.key", OLD_HEX);
    assert_eq!(
        builder.open_blocking().map(drop).unwrap_err().kind(),
        ErrorKind::KeyMissing
    );
    assert!(!place.store().parent().unwrap().exists());
}

#[test]
fn what_holds_no_fernet_keys_is_refused_without_being_shown() {
    let place = Place::new();
    for keys in ["", "hunter2", OLD_HEX, &format!("{OLD},hunter2"), &format!("{OLD},")] {
        let error = place.refusal(keys);
        assert_eq!(
            (error.kind(), error.setting()),
            (ErrorKind::InvalidConfig, Some(KEY)),
            "{keys}"
        );
        let shown = format!("{error} {error:?}");
        assert!(
            keys.is_empty() || !shown.contains(keys) && !shown.contains("hunter2"),
            "{shown}"
        );
    }
    let mut settings = Settings::new();
    let origin = Origin::Environment("FERNET_SECRET_KEY".to_owned());
    settings.set_secret(KEY, SecretValue::from("hunter2"), origin).unwrap();
    let error = super::config::read("test", &settings).unwrap_err();
    assert!(error.message().contains("FERNET_SECRET_KEY"), "{error}");
    assert!(!place.store().parent().unwrap().exists());
}

#[test]
fn keys_may_be_given_when_they_are_needed() {
    let place = Place::new();
    place.open(OLD).unwrap().set("A", &Secret::new("1")).unwrap();
    let both = format!("{NEW},{OLD}");
    let answers = Mutex::new(VecDeque::from([both.clone(), "hunter2".to_owned(), both]));
    let provider: Arc<dyn SecretProvider> = Arc::new(move |setting: &str| {
        assert_eq!(setting, KEY);
        Ok(SecretValue::from(answers.lock().unwrap().pop_front().unwrap()))
    });
    let builder = place.builder().secret_provider(KEY, provider);
    let manager = builder.open_blocking().unwrap();
    assert_eq!(text(&manager, "A").as_deref(), Some("1"));
    manager.lock().unwrap();
    let error = manager.get("A").unwrap_err();
    assert_eq!((error.kind(), error.setting()), (ErrorKind::InvalidConfig, Some(KEY)));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert_eq!(text(&manager, "A").as_deref(), Some("1"));
}

#[test]
fn the_manager_and_its_errors_have_this_backends_name() {
    let place = Place::new();
    let manager = place.open(OLD).unwrap();
    assert_eq!(manager.backend().name(), "local_encrypted");
    manager.set("A", &Secret::new("1")).unwrap();
    let error = manager
        .set_with("A", &Secret::new("2"), SetOptions::new().if_absent())
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.backend()),
        (ErrorKind::Conflict, Some("local_encrypted"))
    );
    manager.close().unwrap();
    std::fs::write(place.store(), "no store").unwrap();
    assert_eq!(place.refusal(OLD).backend(), Some("local_encrypted"));
}

#[test]
fn the_hexadecimal_and_the_fernet_text_are_one_key() {
    let key = FernetKey::parse(OLD).unwrap();
    assert_eq!(data_encoding::HEXLOWER.encode(key.expose()), OLD_HEX);
}
