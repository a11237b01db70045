//! Folders as Docker, systemd, Kubernetes and mistakes make them.

#[cfg(unix)]
mod unix;

use std::path::Path;
use std::sync::Arc;

use super::backend::Directory;
use super::config::Config;
use crate::backend::{Backend, EntryName, HealthState};
use crate::config::{Origin, Settings};
use crate::error::{Error, ErrorKind, Result};
use crate::{ListOptions, Secret, SecretKey, SecretManager, blocking};

/// Opens the folder with further settings.
fn open_with(folder: &Path, settings: &[(&str, &str)]) -> Result<blocking::SecretManager> {
    let mut stated = Settings::new();
    stated.set("directory.path", folder.to_str().unwrap(), Origin::Builder)?;
    for (key, value) in settings {
        stated.set(key, *value, Origin::Builder)?;
    }
    let backend = Arc::new(Directory::open(Config::read(&stated)?)?);
    let builder = SecretManager::builder().without_environment();
    builder.backend_instance(backend).open_blocking()
}

fn open(folder: &Path) -> blocking::SecretManager {
    open_with(folder, &[]).unwrap()
}

fn fails<T>(outcome: Result<T>, kind: ErrorKind) -> Error {
    match outcome {
        Ok(_) => panic!("worked, and should have answered {kind}"),
        Err(error) => {
            assert_eq!(error.kind(), kind, "{error}");
            error
        }
    }
}

fn read(secrets: &blocking::SecretManager, key: &str) -> Option<Vec<u8>> {
    let found = secrets.get(key).unwrap();
    found.map(|secret| secret.value.expose().to_vec())
}

fn names(secrets: &blocking::SecretManager, options: ListOptions) -> Vec<String> {
    let page = secrets.list(options).unwrap();
    let name = |entry: &crate::backend::ListEntry| match &entry.name {
        EntryName::Key(key) => key.to_string(),
        EntryName::Reference(name) => format!("~{name}"),
    };
    page.entries.iter().map(name).collect()
}

#[test]
fn a_docker_secret_is_the_global_secret_of_its_files_name() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("db_password"), "s3cret\n").unwrap();
    let secrets = open(dir.path());
    assert_eq!(secrets.get_value("db_password").unwrap().as_deref(), Some("s3cret"));
    assert_eq!(
        secrets.get_value("global/db_password").unwrap().as_deref(),
        Some("s3cret")
    );
    assert!(secrets.get("other").unwrap().is_none());
    let described = secrets.describe("db_password").unwrap().unwrap();
    assert!(described.metadata.updated_at.is_some());
    assert!(secrets.describe("other").unwrap().is_none());
    fails(secrets.set("db_password", &Secret::new("v")), ErrorKind::ReadOnly);
    fails(secrets.delete("db_password"), ErrorKind::ReadOnly);
}

#[test]
fn scopes_are_folders_and_targets_are_part_of_the_name() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("org/acme")).unwrap();
    std::fs::write(dir.path().join("org/acme/api_key"), "scoped").unwrap();
    std::fs::write(dir.path().join("API_KEY@production"), "targeted").unwrap();
    let secrets = open(dir.path());
    assert_eq!(read(&secrets, "org/acme/api_key").unwrap(), b"scoped");
    assert_eq!(read(&secrets, "API_KEY@production").unwrap(), b"targeted");
    for absent in [
        "API_KEY",
        "api_key",
        "org/other/api_key",
        "team/acme/api_key",
        "org/acme/api_key@x",
    ] {
        assert_eq!(read(&secrets, absent), None, "{absent}");
    }
    // A file where a folder would be: absent, too.
    assert_eq!(read(&open(&dir.path().join("org")), "org/acme/api_key"), None);
}

#[test]
fn one_line_end_is_dropped_unless_it_is_to_be_kept() {
    let dir = tempfile::tempdir().unwrap();
    for (content, stripped) in [
        (&b"v\n"[..], &b"v"[..]),
        (b"v\r\n", b"v"),
        (b"v\n\n", b"v\n"),
        (b"", b""),
        (b"\n", b""),
        (b"\xff\x00\n", b"\xff\x00"),
    ] {
        std::fs::write(dir.path().join("A"), content).unwrap();
        assert_eq!(read(&open(dir.path()), "A").unwrap(), stripped);
        let keeping = open_with(dir.path(), &[("directory.newline", "keep")]).unwrap();
        assert_eq!(read(&keeping, "A").unwrap(), content);
    }
    let error = fails(
        open_with(dir.path(), &[("directory.newline", "yes")]),
        ErrorKind::InvalidConfig,
    );
    assert_eq!(error.setting(), Some("directory.newline"));
}

#[test]
fn names_are_listed_sorted_and_those_that_are_no_keys_are_references() {
    let dir = tempfile::tempdir().unwrap();
    for folder in [
        "org/acme",
        "user/..u",
        "nokind/x",
        "..2024",
        "org/bad id",
        "env/prod/deeper",
    ] {
        std::fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    for file in [
        "b",
        "a",
        "a@t",
        "not a key",
        "org/acme/k",
        "org/stray",
        "user/..u/k",
        "nokind/x/k",
        "..hidden",
        "..2024/k",
        "org/bad id/k",
        "env/prod/k",
        "env/prod/deeper/k",
    ] {
        std::fs::write(dir.path().join(file), "v").unwrap();
    }
    let secrets = open(dir.path());
    assert_eq!(
        names(&secrets, ListOptions::new()),
        [
            "env/prod/k",
            "global/a",
            "global/a@t",
            "global/b",
            "org/acme/k",
            "~not a key",
            "~org/stray"
        ]
    );
    assert_eq!(
        names(&secrets, ListOptions::new().prefix("a")),
        ["global/a", "global/a@t"]
    );
    let page = secrets.list(ListOptions::new().limit(2)).unwrap();
    assert_eq!(page.next, Some(SecretKey::new("a")));
    assert!(page.entries[0].metadata.updated_at.is_some());
    assert_eq!(
        names(&secrets, ListOptions::new().after(SecretKey::new("b"))),
        ["org/acme/k", "~not a key", "~org/stray"]
    );
}

#[test]
fn a_folder_that_is_not_there_is_unavailable_naming_path_and_setting() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("secrets");
    let error = fails(open_with(&folder, &[]), ErrorKind::Unavailable);
    assert_eq!(error.setting(), Some("directory.path"));
    assert!(error.message().contains("/secrets`"), "{error}");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("A"), "v").unwrap();
    let secrets = open_with(&folder, &[("max_value", "10")]).unwrap();
    assert_eq!(secrets.health().unwrap().state, HealthState::Ok);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(secrets.health().unwrap().state, HealthState::Unavailable);
    fails(secrets.get("A"), ErrorKind::Unavailable);
    fails(secrets.list(ListOptions::new()), ErrorKind::Unavailable);
    std::fs::write(&folder, "a file").unwrap();
    let error = fails(open_with(&folder, &[]), ErrorKind::InsecurePath);
    assert_eq!(error.setting(), Some("directory.path"));
}

#[test]
fn a_file_beyond_the_limit_is_too_large() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("A"), "12345\n").unwrap();
    assert_eq!(
        read(&open_with(dir.path(), &[("max_value", "5")]).unwrap(), "A").unwrap(),
        b"12345"
    );
    let limited = open_with(dir.path(), &[("max_value", "4")]).unwrap();
    let error = fails(limited.get("A"), ErrorKind::TooLarge);
    assert!(error.message().contains("4 bytes"), "{error}");
    let explanation = limited.explain("A", &[]).unwrap();
    assert_eq!(explanation.error.unwrap().message(), error.message());
    assert_eq!(explanation.answer, None);
    std::fs::File::create(dir.path().join("B"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    fails(open(dir.path()).get("B"), ErrorKind::TooLarge);
}

#[test]
fn a_key_that_can_have_no_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = open(dir.path());
    fails(secrets.get("..data"), ErrorKind::InvalidKey);
    let error = fails(secrets.get("k".repeat(256)), ErrorKind::TooLarge);
    assert!(error.message().contains("255"), "{error}");
}

#[test]
fn a_folder_in_a_secrets_place_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("A")).unwrap();
    let error = fails(open(dir.path()).get("A"), ErrorKind::InsecurePath);
    assert!(
        error.message().contains("folder") && error.key() == Some("global/A"),
        "{error}"
    );
}

/// `org` is where secrets of organisations lie, so a secret of that name has no file.
#[test]
fn a_key_named_like_a_kind_of_scope_is_absent_and_none_the_less_a_key() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("org/acme")).unwrap();
    std::fs::write(dir.path().join("user"), "v").unwrap();
    let secrets = open(dir.path());
    assert_eq!(read(&secrets, "org"), None);
    assert!(!secrets.exists("org").unwrap());
    assert_eq!(read(&secrets, "user").unwrap(), b"v");
}

/// What makes what was answered untrue, for keys that had no file: another member of a chain may have answered.
#[test]
fn the_token_changes_when_a_file_appears_that_was_looked_for() {
    let dir = tempfile::tempdir().unwrap();
    let mut stated = Settings::new();
    stated
        .set("directory.path", dir.path().to_str().unwrap(), Origin::Builder)
        .unwrap();
    let backend: Arc<dyn Backend> = Arc::new(Directory::open(Config::read(&stated).unwrap()).unwrap());
    let builder = SecretManager::builder().without_environment();
    let secrets = builder.backend_instance(Arc::clone(&backend)).open_blocking().unwrap();
    std::fs::create_dir(dir.path().join("env")).unwrap();
    for (key, steps) in [
        ("A", &["A"][..]),
        ("org/acme/k", &["org/", "org/acme/", "org/acme/k"]),
        ("env/prod/k", &["env/prod/", "env/prod/k"]),
    ] {
        for step in steps {
            let before = backend.change_token();
            assert_eq!(read(&secrets, key), None, "{step}");
            let path = dir.path().join(step);
            match step.ends_with('/') {
                true => std::fs::create_dir(path).unwrap(),
                false => std::fs::write(path, "v").unwrap(),
            }
            assert_ne!(backend.change_token(), before, "{step}");
        }
        assert_eq!(read(&secrets, key).unwrap(), b"v");
    }
    // A failure may be passed over.
    std::fs::create_dir(dir.path().join("B")).unwrap();
    let before = backend.change_token();
    fails(secrets.get("B"), ErrorKind::InsecurePath);
    assert_ne!(backend.change_token(), before);
}

#[cfg(feature = "chain")]
#[test]
fn a_new_file_is_seen_where_a_later_member_of_a_chain_answered() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = SecretManager::builder()
        .without_environment()
        .backend("chain")
        .option("chain.members", "directory,memory")
        .option("chain.writer", "memory")
        .option("directory.path", dir.path().to_str().unwrap())
        .open_blocking()
        .unwrap();
    for key in ["A", "org/acme/k"] {
        secrets.set(key, &Secret::new("memory")).unwrap();
        assert_eq!(read(&secrets, key).unwrap(), b"memory");
        let path = dir.path().join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "file").unwrap();
        crate::backends::mounted::until(|| read(&secrets, key).as_deref() == Some(b"file"));
    }
}

#[test]
fn an_edit_a_removal_and_a_new_file_are_seen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("A");
    std::fs::write(&path, "1").unwrap();
    let secrets = open(dir.path());
    assert_eq!(read(&secrets, "A").unwrap(), b"1");
    std::fs::write(&path, "2").unwrap();
    crate::backends::mounted::until(|| read(&secrets, "A").as_deref() == Some(b"2"));
    std::fs::remove_file(&path).unwrap();
    crate::backends::mounted::until(|| read(&secrets, "A").is_none());
    std::fs::write(&path, "3").unwrap();
    assert_eq!(
        read(&secrets, "A").unwrap(),
        b"3",
        "what was absent is looked for each time"
    );
}

#[test]
fn after_close_everything_answers_closed() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("A"), "v").unwrap();
    let secrets = open(dir.path());
    secrets.lock().unwrap();
    assert_eq!(read(&secrets, "A").unwrap(), b"v");
    secrets.close().unwrap();
    fails(secrets.get("A"), ErrorKind::Closed);
    secrets.close().unwrap();
}
