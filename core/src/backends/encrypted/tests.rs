//! The backend by its contract: keys, paths, faces, lock and close. What the store does with what it is asked is
//! tested beside the store.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tempfile::TempDir;

use super::backend::Encrypted;
use super::config::Config;
use super::key_source::KeySource;
use crate::backend::*;
use crate::config::{Origin, Settings};
use crate::context::{CallContext, Face};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, SecretMetadata, Version};
use crate::store::Limits;
use crate::value::SecretValue;

const TEXT: &str = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI";

/// Waits for a future without any runtime, as a caller on a foreign executor does.
fn wait<T>(mut future: BoxFuture<'_, T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => std::thread::park_timeout(Duration::from_millis(50)),
        }
    }
}

fn cx() -> CallContext {
    CallContext::new(Face::Blocking, Duration::from_secs(60))
}

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn settings(&self, more: &[(&str, &str)]) -> Settings {
        let mut settings = Settings::new();
        let path = self.path("data/secrets.strongroom");
        settings
            .set("encrypted.path", path.to_str().unwrap(), Origin::Builder)
            .unwrap();
        for (key, value) in more {
            settings.set(key, *value, Origin::Builder).unwrap();
        }
        settings
    }

    fn open(&self) -> Arc<dyn Backend> {
        self.try_open(&with_key(self.settings(&[]))).unwrap()
    }

    fn try_open(&self, settings: &Settings) -> Result<Arc<dyn Backend>> {
        super::open(&OpenRequest {
            app: "test",
            settings,
            cx: &cx(),
            counters: &Arc::default(),
            other: crate::registry::open,
        })
    }

    /// A backend whose default key file lies in this place.
    fn by_default(&self, create: bool) -> Result<Encrypted> {
        let config = Config {
            name: super::NAME,
            path: self.path("data/app/secrets.strongroom"),
            create,
            source: KeySource::default_file(self.path("state/app/secrets.key")),
            limits: Limits {
                versions: 10,
                journal: 1000,
            },
        };
        Encrypted::open(config, &cx())
    }
}

fn with_key(mut settings: Settings) -> Settings {
    settings
        .set_secret("encrypted.key", SecretValue::from(TEXT), Origin::Builder)
        .unwrap();
    settings
}

fn set(backend: &dyn Backend, name: &str, value: &str) -> Result<SetOutcome> {
    wait(backend.set(&cx(), SetRequest::new(&SecretKey::new(name), &Secret::new(value))))
}

fn get(backend: &dyn Backend, name: &str) -> Result<Option<String>> {
    let key = SecretKey::new(name);
    Ok(wait(backend.get(&cx(), GetRequest::new(&key)))?.map(|secret| secret.value.expose_str().unwrap().to_owned()))
}

fn refusal<T>(answer: Result<T>) -> Error {
    match answer {
        Ok(_) => panic!("no refusal"),
        Err(error) => error,
    }
}

#[test]
fn every_verb_answers() {
    let place = Place::new();
    let backend = &*place.open();
    let key = SecretKey::parse("org/acme/A").unwrap();
    assert_eq!((backend.name(), backend.needs_runtime()), ("encrypted", false));
    assert_eq!(
        *backend.capabilities(),
        Capabilities::complete(Persistence::Disk, 8 << 20)
    );
    let secret = Secret::new("v1").with_metadata(SecretMetadata::new().with_provider("p"));
    let first = wait(backend.set(&cx(), SetRequest::new(&key, &secret).when(IfVersion::Absent))).unwrap();
    assert!(first.created);
    assert_eq!(first.step.after, backend.change_token());
    let again = refusal(wait(
        backend.set(&cx(), SetRequest::new(&key, &secret).when(IfVersion::Absent)),
    ));
    assert_eq!(
        (again.kind(), again.operation(), again.backend()),
        (ErrorKind::Conflict, Some(Operation::Set), Some("encrypted"))
    );
    assert_eq!(again.key(), Some("org/acme/A"));
    let entries = [
        (key.clone(), Secret::new("v2")),
        (SecretKey::new("B"), Secret::new("b")),
    ];
    let many = wait(backend.set_many(&cx(), SetManyRequest::new(&entries))).unwrap();
    let created: Vec<bool> = many
        .outcomes
        .iter()
        .map(|outcome| outcome.as_ref().unwrap().created)
        .collect();
    assert_eq!(created, [false, true]);
    let twice = [(key.clone(), Secret::new("x")), (key.clone(), Secret::new("y"))];
    assert_eq!(
        refusal(wait(backend.set_many(&cx(), SetManyRequest::new(&twice)))).kind(),
        ErrorKind::InvalidArgument
    );
    assert!(
        wait(backend.set_many(&cx(), SetManyRequest::new(&[])))
            .unwrap()
            .outcomes
            .is_empty()
    );
    let keys = [SecretKey::new("B"), SecretKey::new("NONE"), key.clone()];
    let found = wait(backend.get_many(&cx(), GetManyRequest::new(&keys))).unwrap();
    let found: Vec<bool> = found.into_iter().map(|outcome| outcome.unwrap().is_some()).collect();
    assert_eq!(found, [true, false, true]);
    let old = first.version.unwrap();
    let old_secret = wait(backend.get(&cx(), GetRequest::version(&key, &old)))
        .unwrap()
        .unwrap();
    assert_eq!(old_secret.value.expose(), b"v1");
    let described = wait(backend.describe(&cx(), GetRequest::version(&key, &old)))
        .unwrap()
        .unwrap();
    assert_eq!(described.metadata, old_secret.metadata);
    let update = MetadataUpdate::new().provider("q");
    wait(backend.update_metadata(&cx(), UpdateMetadataRequest::new(&key, &update))).unwrap();
    let described = wait(backend.describe(&cx(), GetRequest::new(&key))).unwrap().unwrap();
    assert_eq!(described.metadata.provider.as_deref(), Some("q"));
    assert_eq!(
        wait(backend.versions(&cx(), VersionsRequest::new(&key))).unwrap().len(),
        2
    );
    wait(backend.rollback(&cx(), RollbackRequest::new(&key, &old))).unwrap();
    let back = wait(backend.get(&cx(), GetRequest::new(&key))).unwrap().unwrap();
    assert_eq!(back.value.expose(), b"v1");
    let filter = ListFilter::new();
    let listed = wait(backend.list(&cx(), ListRequest::new(&filter))).unwrap();
    assert_eq!(listed.entries.len(), 2);
    assert_eq!(wait(backend.health(&cx())).unwrap().state, HealthState::Ok);
    assert_eq!(wait(backend.verify(&cx())).unwrap().secrets, 2);
    let step = wait(backend.delete(&cx(), DeleteRequest::new(&key))).unwrap();
    assert_eq!(step.after, backend.change_token());
    assert_eq!(
        wait(backend.list(&cx(), ListRequest::new(&filter)))
            .unwrap()
            .entries
            .len(),
        1
    );
    assert_eq!(
        refusal(wait(backend.delete(&cx(), DeleteRequest::new(&key)))).kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        refusal(wait(backend.versions(&cx(), VersionsRequest::new(&key)))).kind(),
        ErrorKind::NotFound
    );
    let missing = RollbackRequest::new(&key, &old);
    assert_eq!(
        refusal(wait(backend.rollback(&cx(), missing))).kind(),
        ErrorKind::NotFound
    );
    assert!(
        wait(backend.get(&cx(), GetRequest::version(&key, &Version::from_word("no number"))))
            .unwrap()
            .is_none()
    );
    assert!(format!("{backend:?}").contains("secrets.strongroom") && !format!("{backend:?}").contains(TEXT));
}

#[test]
fn the_default_key_file_is_made_with_the_store_and_only_then() {
    let place = Place::new();
    assert_eq!(refusal(place.by_default(false)).kind(), ErrorKind::Unavailable);
    assert!(!place.path("state").exists() && !place.path("data").exists());
    let backend = place.by_default(true).unwrap();
    set(&backend, "A", "1").unwrap();
    for file in ["state/app/secrets.key", "data/app/secrets.strongroom"] {
        assert_eq!(
            std::fs::metadata(place.path(file)).unwrap().permissions().mode() & 0o777,
            0o600,
            "{file}"
        );
    }
    assert_eq!(
        std::fs::metadata(place.path("state/app")).unwrap().permissions().mode() & 0o777,
        0o700
    );
    drop(backend);
    // The store is lost, the key is there: a new store with the old key.
    let moved = place.path("moved.key");
    std::fs::remove_dir_all(place.path("data")).unwrap();
    let key_text = std::fs::read(place.path("state/app/secrets.key")).unwrap();
    let backend = place.by_default(true).unwrap();
    assert_eq!(get(&backend, "A").unwrap(), None);
    assert_eq!(std::fs::read(place.path("state/app/secrets.key")).unwrap(), key_text);
    drop(backend);
    // The key is lost, the store is there: never a new key.
    std::fs::rename(place.path("state/app/secrets.key"), &moved).unwrap();
    let error = refusal(place.by_default(true));
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::KeyMissing, Some("encrypted.key_file"))
    );
    assert!(error.message().contains("secrets.key"));
    assert!(!place.path("state/app/secrets.key").exists());
}

#[test]
fn keys_come_from_setting_file_or_descriptor() {
    let place = Place::new();
    set(&*place.open(), "A", "1").unwrap();
    let file = place.path("key");
    std::fs::write(&file, format!("{TEXT}\n")).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let by_file = place.settings(&[("encrypted.key_file", file.to_str().unwrap())]);
    assert_eq!(
        get(&*place.try_open(&by_file).unwrap(), "A").unwrap().as_deref(),
        Some("1")
    );
    let descriptor = std::os::fd::IntoRawFd::into_raw_fd(std::fs::File::open(&file).unwrap());
    let by_descriptor = place.settings(&[("encrypted.key_fd", &descriptor.to_string())]);
    let backend = place.try_open(&by_descriptor).unwrap();
    assert_eq!(get(&*backend, "A").unwrap().as_deref(), Some("1"));
    wait(backend.lock(&cx())).unwrap();
    let error = refusal(get(&*backend, "A"));
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::Locked, Some("encrypted.key_fd"))
    );
    let both = with_key(place.settings(&[("encrypted.key_file", "/nowhere")]));
    let error = refusal(place.try_open(&both));
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert!(error.message().contains("encrypted.key_file") && error.message().contains("`encrypted.key`"));
    let error = refusal(place.try_open(&place.settings(&[("encrypted.key_file", "/nowhere/key")])));
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::KeyMissing, Some("encrypted.key_file"))
    );
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    assert_eq!(refusal(place.try_open(&by_file)).kind(), ErrorKind::InsecurePath);
    let mut wrong = place.settings(&[]);
    wrong
        .set_secret(
            "encrypted.key",
            SecretValue::from("too short to be one"),
            Origin::Builder,
        )
        .unwrap();
    let error = refusal(place.try_open(&wrong));
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InvalidConfig, Some("encrypted.key"))
    );
    assert!(!error.to_string().contains("too short"));
    let mut wrong = place.settings(&[]);
    let variable = Origin::Environment("STRONGROOM_SECRETS_KEY".into());
    wrong
        .set_secret("encrypted.key", SecretValue::from("too short to be one"), variable)
        .unwrap();
    let error = refusal(place.try_open(&wrong));
    assert!(error.message().contains("STRONGROOM_SECRETS_KEY"), "{error}");
    assert!(!error.to_string().contains("too short"));
    let nonsense = place.path("nonsense");
    std::fs::write(&nonsense, "too short to be one").unwrap();
    std::fs::set_permissions(&nonsense, PermissionsExt::from_mode(0o600)).unwrap();
    let error = refusal(place.try_open(&place.settings(&[("encrypted.key_file", nonsense.to_str().unwrap())])));
    assert!(
        error.kind() == ErrorKind::InvalidConfig && error.message().contains("nonsense"),
        "{error}"
    );
    assert!(!error.to_string().contains("too short"));
    let descriptor = std::os::fd::IntoRawFd::into_raw_fd(std::fs::File::open(&nonsense).unwrap());
    let error = refusal(place.try_open(&place.settings(&[("encrypted.key_fd", &descriptor.to_string())])));
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InvalidConfig, Some("encrypted.key_fd"))
    );
    let mut wrong = place.settings(&[]);
    wrong
        .set_secret("encrypted.key", SecretValue::from([7; 32].as_slice()), Origin::Builder)
        .unwrap();
    assert_eq!(refusal(place.try_open(&wrong)).kind(), ErrorKind::WrongKey);
}

#[test]
fn unsafe_paths_are_refused() {
    let place = Place::new();
    let settings = with_key(place.settings(&[]));
    let path = place.path("data/secrets.strongroom");
    drop(place.try_open(&settings).unwrap());
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(
        refusal(place.try_open(&settings)).kind(),
        ErrorKind::InsecurePath,
        "open to others"
    );
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::hard_link(&path, place.path("second")).unwrap();
    assert_eq!(
        refusal(place.try_open(&settings)).kind(),
        ErrorKind::InsecurePath,
        "two names"
    );
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(place.path("second"), &path).unwrap();
    assert_eq!(
        refusal(place.try_open(&settings)).kind(),
        ErrorKind::InsecurePath,
        "a link"
    );
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert_eq!(
        refusal(place.try_open(&settings)).kind(),
        ErrorKind::InsecurePath,
        "a folder"
    );
    std::fs::create_dir_all(place.path("data/app/secrets.strongroom")).unwrap();
    let error = refusal(place.by_default(true));
    assert_eq!(error.kind(), ErrorKind::InsecurePath, "a folder, and no key");
    assert!(error.message().contains("data/app/secrets.strongroom"), "{error}");
}

#[test]
fn a_row_of_an_epoch_that_is_not_there_is_damage() {
    let place = Place::new();
    let backend = place.open();
    set(&*backend, "A", "1").unwrap();
    set(&*backend, "B", "1").unwrap();
    wait(backend.close(&cx())).unwrap();
    drop(backend);
    let connection = rusqlite::Connection::open(place.path("data/secrets.strongroom")).unwrap();
    connection
        .execute_batch("UPDATE ver SET box = CAST(substr(box, 1, 2) || x'09' || substr(box, 4) AS BLOB) WHERE v = 1")
        .unwrap();
    drop(connection);
    let backend = place.open();
    let error = refusal(get(&*backend, "A"));
    assert_eq!((error.kind(), error.key()), (ErrorKind::Integrity, Some("global/A")));
    assert_eq!(refusal(wait(backend.verify(&cx()))).kind(), ErrorKind::Integrity);
    assert_eq!(
        get(&*backend, "B").unwrap().as_deref(),
        Some("1"),
        "the backend goes on"
    );
}

#[test]
fn lock_forgets_and_close_ends() {
    let place = Place::new();
    let backend = &*place.open();
    set(backend, "A", "1").unwrap();
    wait(backend.lock(&cx())).unwrap();
    wait(backend.lock(&cx())).unwrap();
    assert_eq!(backend.change_token(), None);
    assert_eq!(get(backend, "A").unwrap().as_deref(), Some("1"), "unlocked again");
    wait(backend.lock(&cx())).unwrap();
    set(backend, "A", "2").unwrap();
    wait(backend.close(&cx())).unwrap();
    wait(backend.close(&cx())).unwrap();
    wait(backend.lock(&cx())).unwrap();
    assert_eq!(refusal(get(backend, "A")).kind(), ErrorKind::Closed);
    assert_eq!(refusal(set(backend, "A", "3")).kind(), ErrorKind::Closed);
    let (key, filter) = (SecretKey::new("A"), ListFilter::new());
    assert_eq!(
        refusal(wait(backend.list(&cx(), ListRequest::new(&filter)))).kind(),
        ErrorKind::Closed
    );
    assert_eq!(
        refusal(wait(backend.describe(&cx(), GetRequest::new(&key)))).kind(),
        ErrorKind::Closed
    );
    assert_eq!(
        refusal(wait(backend.versions(&cx(), VersionsRequest::new(&key)))).kind(),
        ErrorKind::Closed
    );
    assert_eq!(refusal(wait(backend.verify(&cx()))).kind(), ErrorKind::Closed);
    assert_eq!(refusal(wait(backend.health(&cx()))).kind(), ErrorKind::Closed);
    assert_eq!(
        refusal(wait(backend.delete(&cx(), DeleteRequest::new(&key)))).kind(),
        ErrorKind::Closed
    );
}

#[test]
fn async_callers_get_the_same_answers() {
    let place = Place::new();
    let backend = &*place.open();
    let cx = CallContext::new(Face::Async, Duration::from_secs(10));
    let (key, filter) = (SecretKey::new("A"), ListFilter::new());
    wait(backend.set(&cx, SetRequest::new(&key, &Secret::new("1")))).unwrap();
    assert!(wait(backend.get(&cx, GetRequest::new(&key))).unwrap().is_some());
    for _ in 0..2 {
        assert_eq!(
            wait(backend.list(&cx, ListRequest::new(&filter)))
                .unwrap()
                .entries
                .len(),
            1
        );
    }
    assert_eq!(wait(backend.verify(&cx)).unwrap().secrets, 1);
}

#[test]
fn a_file_put_in_the_stores_place_is_opened_anew() {
    let place = Place::new();
    let backend = &*place.open();
    let path = place.path("data/secrets.strongroom");
    set(backend, "A", "old").unwrap();
    let other = Place::new();
    set(&*other.open(), "A", "other").unwrap();
    drop(other.open());
    std::fs::rename(other.path("data/secrets.strongroom"), &path).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(place.path(&format!("data/secrets.strongroom{suffix}")));
    }
    std::thread::sleep(Duration::from_millis(40));
    assert_eq!(get(backend, "A").unwrap().as_deref(), Some("other"));
    set(backend, "A", "new").unwrap();
    assert_eq!(wait(backend.verify(&cx())).unwrap().versions, 2);
    std::fs::remove_file(&path).unwrap();
    std::thread::sleep(Duration::from_millis(40));
    assert_eq!(refusal(get(backend, "A")).kind(), ErrorKind::Unavailable);
    assert_eq!(refusal(set(backend, "A", "x")).kind(), ErrorKind::Unavailable);
    assert_eq!(wait(backend.health(&cx())).unwrap().state, HealthState::Unavailable);
}

#[test]
fn a_path_that_is_too_long_is_refused_before_anything_is_made() {
    let place = Place::new();
    let long = place.path(&format!("{}/{}/s.strongroom", "a".repeat(240), "b".repeat(240)));
    let settings = with_key(place.settings(&[("encrypted.path", long.to_str().unwrap())]));
    let error = place.try_open(&settings).unwrap_err();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InvalidConfig, Some("encrypted.path"))
    );
    assert_eq!(std::fs::read_dir(place.dir.path()).unwrap().count(), 0);
}
