//! What the settings and variables of one moment give.

use std::path::Path;
use std::sync::Arc;

use super::backend::Environment;
use super::config::Config;
use crate::backend::{EntryName, HealthState};
use crate::config::variables::{Variable, Variables};
use crate::config::{Origin, Settings};
use crate::error::{Error, ErrorKind, Result};
use crate::value::SecretValue;
use crate::{ListOptions, SecretKey, SecretManager, blocking};

/// Opens the backend of the application `sideseat` with these settings, over these variables. `\u{fffd}` stands for a
/// value that is no Unicode.
fn open(settings: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<blocking::SecretManager> {
    let mut stated = Settings::new();
    for (key, value) in settings {
        stated.set(key, *value, Origin::Builder)?;
    }
    let config = Config::read("sideseat", &stated)?;
    let variables: Variables = variables
        .iter()
        .map(|(name, value)| match *value {
            "\u{fffd}" => (*name, Variable::NotUnicode),
            text => (*name, Variable::Text(SecretValue::from(text))),
        })
        .collect();
    let backend = Arc::new(Environment::open(config, Arc::new(variables))?);
    let builder = SecretManager::builder().without_environment();
    builder.backend_instance(backend).open_blocking()
}

/// What a look tells where a read fails: the same.
fn explains(secrets: &blocking::SecretManager, error: &Error) {
    let explanation = secrets.explain("A", &[]).unwrap();
    assert_eq!(explanation.answer, None);
    let told = explanation.error.unwrap();
    assert_eq!((told.kind(), told.message()), (error.kind(), error.message()));
}

fn fails<T>(outcome: Result<T>, kind: ErrorKind) -> Error {
    match outcome {
        Ok(_) => panic!("worked, and should have answered {kind}"),
        Err(error) => {
            assert_eq!(error.kind(), kind, "{error}");
            let text = format!("{error} {error:?}");
            assert!(!text.contains("canary"), "{text}");
            error
        }
    }
}

fn names(manager: &blocking::SecretManager, options: ListOptions) -> Vec<String> {
    let page = manager.list(options).unwrap();
    assert!(page.next.is_none());
    let name = |entry: &crate::backend::ListEntry| match &entry.name {
        EntryName::Key(key) => key.to_string(),
        EntryName::Reference(name) => format!("~{name}"),
    };
    page.entries.iter().map(name).collect()
}

/// The table "Secret Key | Environment Variable" of the environment backend.
#[test]
fn seed_000_environment_variable_names_are_derived_from_the_secret_key_path() {
    let table = [
        ("global/jwt_signing_key", "SIDESEAT_SECRET_GLOBAL_JWT_SIGNING_KEY"),
        ("org/acme/api_key", "SIDESEAT_SECRET_ORG_ACME_API_KEY"),
        ("project/p1/token", "SIDESEAT_SECRET_PROJECT_P1_TOKEN"),
        ("user/u1/personal_token", "SIDESEAT_SECRET_USER_U1_PERSONAL_TOKEN"),
    ];
    for (key, variable) in table {
        let secrets = open(&[], &[(variable, "v")]).unwrap();
        assert_eq!(secrets.get_value(key).unwrap().as_deref(), Some("v"), "{key}");
        for (other, _) in table.iter().filter(|(other, _)| *other != key) {
            assert!(secrets.get(other).unwrap().is_none());
        }
    }
}

/// The table "Required secrets must be pre-configured as environment variables before starting".
#[test]
fn seed_000_required_secrets_must_be_set_before_starting() {
    let required = [("env.required", "global/jwt_signing_key, global/api_key_secret")];
    let error = fails(open(&required, &[]), ErrorKind::InvalidConfig);
    for named in [
        "SIDESEAT_SECRET_GLOBAL_JWT_SIGNING_KEY (global/jwt_signing_key)",
        "SIDESEAT_SECRET_GLOBAL_API_KEY_SECRET (global/api_key_secret)",
    ] {
        assert!(error.message().contains(named), "{error}");
    }
    assert_eq!(error.setting(), Some("env.required"));
    assert_eq!(error.help(), "set them before starting");
    let both = [
        ("SIDESEAT_SECRET_GLOBAL_JWT_SIGNING_KEY", "a"),
        ("SIDESEAT_SECRET_GLOBAL_API_KEY_SECRET", "b"),
    ];
    let secrets = open(&required, &both).unwrap();
    assert_eq!(secrets.get_value("jwt_signing_key").unwrap().as_deref(), Some("a"));
    assert_eq!(secrets.get_value("api_key_secret").unwrap().as_deref(), Some("b"));
    let error = fails(open(&required, &both[..1]), ErrorKind::InvalidConfig);
    assert!(!error.message().contains("JWT"), "what is set is not named: {error}");
}

#[test]
fn seed_000_the_prefix_can_be_overridden() {
    let secrets = open(&[("env.prefix", "MINE_")], &[("MINE_GLOBAL_A", "v")]).unwrap();
    assert_eq!(secrets.get_value("A").unwrap().as_deref(), Some("v"));
    let secrets = open(&[("env.prefix", "")], &[("GLOBAL_A", "v")]).unwrap();
    assert_eq!(secrets.get_value("A").unwrap().as_deref(), Some("v"));
    for bad in ["1_", "A-", "A=", "Ä_", "A B"] {
        let error = fails(open(&[("env.prefix", bad)], &[]), ErrorKind::InvalidConfig);
        assert_eq!(error.setting(), Some("env.prefix"), "{bad}");
    }
}

#[test]
fn seed_000_the_environment_backend_is_read_only() {
    let secrets = open(&[], &[("SIDESEAT_SECRET_GLOBAL_A", "v")]).unwrap();
    fails(secrets.set("A", &crate::Secret::new("canary")), ErrorKind::ReadOnly);
    fails(secrets.delete("A"), ErrorKind::ReadOnly);
    assert_eq!(secrets.get_value("A").unwrap().as_deref(), Some("v"));
}

#[test]
fn unset_empty_and_not_unicode_are_three_answers() {
    let variables = [
        ("SIDESEAT_SECRET_GLOBAL_EMPTY", ""),
        ("SIDESEAT_SECRET_GLOBAL_BAD", "\u{fffd}"),
    ];
    let secrets = open(&[], &variables).unwrap();
    assert!(secrets.get("UNSET").unwrap().is_none());
    assert!(!secrets.exists("UNSET").unwrap());
    assert!(secrets.get("EMPTY").unwrap().unwrap().value.is_empty());
    let error = fails(secrets.get("BAD"), ErrorKind::InvalidValue);
    assert!(error.message().contains("SIDESEAT_SECRET_GLOBAL_BAD"), "{error}");
    assert!(secrets.exists("BAD").unwrap(), "it is there all the same");
}

#[test]
fn a_required_variable_may_be_empty_and_health_says_so_and_must_be_unicode() {
    let required = [("env.required", "A,B")];
    let a = ("SIDESEAT_SECRET_GLOBAL_A", "");
    let secrets = open(&required, &[a, ("SIDESEAT_SECRET_GLOBAL_B", "v")]).unwrap();
    let health = secrets.health().unwrap();
    assert_eq!(health.state, HealthState::Degraded);
    let reason = health.reason.unwrap();
    assert!(
        reason.contains("SIDESEAT_SECRET_GLOBAL_A (global/A)") && !reason.contains("_B"),
        "{reason}"
    );

    let bad = ("SIDESEAT_SECRET_GLOBAL_B", "\u{fffd}");
    let error = fails(open(&required, &[a, bad]), ErrorKind::InvalidValue);
    assert!(error.message().contains(bad.0), "{error}");
    let error = fails(open(&required, &[bad]), ErrorKind::InvalidConfig);
    assert!(
        error.message().contains(a.0) && error.message().contains(bad.0),
        "{error}"
    );
}

#[test]
fn keys_that_are_none_are_refused_in_lists() {
    for setting in ["env.required", "env.known"] {
        let error = fails(open(&[(setting, "A, not a key")], &[]), ErrorKind::InvalidConfig);
        assert_eq!((error.setting(), error.key()), (Some(setting), Some("not a key")));
    }
}

#[test]
fn declared_keys_that_share_a_variable_are_ambiguous_when_it_is_opened() {
    for settings in [
        [("env.required", "org/a_b/c"), ("env.known", "org/a/b_c")],
        [("env.known", "global/a-b, global/a_b"), ("env.required", "")],
        [("env.known", "user/u/K"), ("env.required", "user/u/k")],
    ] {
        let error = fails(
            open(&settings, &[("SIDESEAT_SECRET_ORG_A_B_C", "canary")]),
            ErrorKind::Ambiguous,
        );
        let keys = settings.iter().flat_map(|(_, list)| list.split(',')).map(str::trim);
        for key in keys.filter(|key| !key.is_empty()) {
            assert!(error.message().contains(&format!("`{key}`")), "{error}");
        }
        assert!(error.message().contains("SIDESEAT_SECRET_"), "{error}");
        let escaped = [settings[0], settings[1], ("env.mapping", "escaped")];
        assert!(!matches!(open(&escaped, &[]), Err(error) if error.kind() == ErrorKind::Ambiguous));
    }
    assert!(
        open(&[("env.required", ""), ("env.known", "A, A, global/A")], &[]).is_ok(),
        "one key is one key"
    );
}

#[test]
fn keys_of_one_batch_that_share_a_variable_are_ambiguous_also_where_one_is_cached() {
    let secrets = open(&[], &[("SIDESEAT_SECRET_ORG_A_B_C", "canary")]).unwrap();
    assert!(secrets.get("org/a_b/c").unwrap().is_some());
    let error = fails(secrets.get_many(&["org/a_b/c", "org/a/b_c", "A"]), ErrorKind::Ambiguous);
    for named in ["`org/a_b/c`", "`org/a/b_c`", "SIDESEAT_SECRET_ORG_A_B_C"] {
        assert!(error.message().contains(named), "{error}");
    }
    assert_eq!(error.backend(), Some("env"));
    let read = secrets.get_many(&["org/a_b/c", "A"]).unwrap();
    assert_eq!(read.secrets.len(), 1);
}

#[test]
fn a_key_that_shares_the_variable_of_a_declared_one_is_ambiguous() {
    let secrets = open(
        &[("env.known", "org/a_b/c")],
        &[("SIDESEAT_SECRET_ORG_A_B_C", "canary")],
    )
    .unwrap();
    assert!(secrets.get("org/a_b/c").unwrap().is_some());
    let error = fails(secrets.get("org/a/b_c"), ErrorKind::Ambiguous);
    assert_eq!(error.key(), Some("org/a/b_c"));
    fails(secrets.exists("org/a/b_c"), ErrorKind::Ambiguous);
}

#[test]
fn the_escaped_mapping_tells_all_keys_apart_and_lists_them() {
    let variables = [
        ("SIDESEAT_SECRET_ORG__A_1B__C", "1"),
        ("SIDESEAT_SECRET_ORG__A__B_1C", "2"),
        ("SIDESEAT_SECRET_GLOBAL__KEY__FILE", "/nowhere"),
        ("SIDESEAT_SECRET_BACKEND", "env"),
    ];
    let secrets = open(&[("env.mapping", "escaped")], &variables).unwrap();
    assert_eq!(secrets.get_value("org/a_b/c").unwrap().as_deref(), Some("1"));
    assert_eq!(secrets.get_value("org/a/b_c").unwrap().as_deref(), Some("2"));
    assert_eq!(secrets.get_many(&["org/a_b/c", "org/a/b_c"]).unwrap().secrets.len(), 2);
    assert_eq!(
        names(&secrets, ListOptions::new()),
        ["global/key", "org/a/b_c", "org/a_b/c", "~SIDESEAT_SECRET_BACKEND"]
    );
    assert_eq!(names(&secrets, ListOptions::new().prefix("org/a_")), ["org/a_b/c"]);
    let off = [("env.mapping", "escaped"), ("env.files", "off")];
    let listed = names(&open(&off, &variables).unwrap(), ListOptions::new());
    assert!(
        listed.contains(&"~SIDESEAT_SECRET_GLOBAL__KEY__FILE".to_owned()),
        "{listed:?}"
    );
}

#[test]
fn declared_keys_that_are_set_are_listed_and_other_variables_are_references() {
    let variables = [
        ("SIDESEAT_SECRET_GLOBAL_B", ""),
        ("SIDESEAT_SECRET_GLOBAL_A_FILE", "/nowhere"),
        ("SIDESEAT_SECRET_GLOBAL_OTHER", "canary"),
    ];
    let secrets = open(&[("env.known", "B, A, UNSET")], &variables).unwrap();
    assert!(secrets.backend().capabilities().list);
    assert_eq!(
        names(&secrets, ListOptions::new()),
        ["global/A", "global/B", "~SIDESEAT_SECRET_GLOBAL_OTHER"]
    );
    let page = secrets.list(ListOptions::new().limit(1)).unwrap();
    assert_eq!((page.entries.len(), page.next), (1, Some(SecretKey::new("A"))));
    let undeclared = open(&[], &variables).unwrap();
    let error = fails(undeclared.list(ListOptions::new()), ErrorKind::Unsupported);
    assert!(error.help().contains("env.known"), "{}", error.help());
}

fn file(dir: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = dir.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

const FILE: &str = "SIDESEAT_SECRET_GLOBAL_A_FILE";

#[test]
fn a_file_variable_names_a_file_with_the_value_and_one_line_end_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    for (at, (content, value)) in [("v\n", "v"), ("v\r\n", "v"), ("v\n\n", "v\n"), ("", ""), ("v", "v")]
        .into_iter()
        .enumerate()
    {
        let path = file(dir.path(), &at.to_string(), content);
        let secrets = open(&[], &[(FILE, &path)]).unwrap();
        assert_eq!(secrets.get_value("A").unwrap().as_deref(), Some(value));
        assert!(secrets.describe("A").unwrap().unwrap().metadata.updated_at.is_some());
        let off = open(&[("env.files", "off")], &[(FILE, &path)]).unwrap();
        assert!(off.get("A").unwrap().is_none());
        let escaped = ("SIDESEAT_SECRET_GLOBAL___A__FILE", &*path);
        let secrets = open(&[("env.mapping", "escaped")], &[escaped]).unwrap();
        assert_eq!(secrets.get_value("A").unwrap().as_deref(), Some(value));
    }
    let path = file(dir.path(), "required", "v");
    assert!(open(&[("env.required", "A")], &[(FILE, &path)]).is_ok());
}

#[test]
fn a_file_that_changes_is_read_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "a", "1");
    let secrets = open(&[], &[(FILE, &path)]).unwrap();
    assert_eq!(secrets.get_value("A").unwrap().as_deref(), Some("1"));
    file(dir.path(), "a", "2");
    crate::backends::mounted::until(|| secrets.get_value("A").unwrap().as_deref() == Some("2"));
}

#[test]
fn a_file_variable_that_leads_nowhere_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing-canary").to_str().unwrap().to_owned();
    for (path, part) in [(&*missing, "not there"), ("\u{fffd}", "not Unicode")] {
        let secrets = open(&[], &[(FILE, path)]).unwrap();
        let error = fails(secrets.get("A"), ErrorKind::InvalidConfig);
        assert_eq!(error.setting(), Some(FILE));
        assert!(
            error.message().contains(FILE) && error.message().contains(part),
            "{error}"
        );
        fails(
            open(&[("env.required", "A")], &[(FILE, path)]),
            ErrorKind::InvalidConfig,
        );
    }
    assert!(
        open(&[], &[(FILE, "")]).unwrap().get("A").unwrap().is_none(),
        "empty counts as unset"
    );
    fails(open(&[("env.required", "A")], &[(FILE, "")]), ErrorKind::InvalidConfig);
    let folder = dir.path().join("folder-canary");
    std::fs::create_dir(&folder).unwrap();
    let folder = folder.to_str().unwrap();
    let below = format!("{folder}/none/file");
    std::fs::write(dir.path().join("folder-canary/none"), "").unwrap();
    let bytes = file(dir.path(), "bytes-canary", b"canary\xff");
    let long = file(dir.path(), "long-canary", "123456789");
    for (path, kind) in [
        (folder, ErrorKind::InsecurePath),
        (&below, ErrorKind::Unavailable),
        (&bytes, ErrorKind::InvalidValue),
        (&long, ErrorKind::TooLarge),
    ] {
        let secrets = open(&[("max_value", "8")], &[(FILE, path)]).unwrap();
        let error = fails(secrets.get("A"), kind);
        assert!(error.message().contains(FILE), "{error}");
        explains(&secrets, &error);
    }
}

/// The variable of the key `A_FILE` is the file variable of `A`, so what it holds may be a secret.
#[test]
fn the_value_of_a_key_that_ends_in_file_is_never_shown() {
    for value in ["canary", "../canary", "canary/relative"] {
        let variables = [(FILE, value)];
        let secrets = open(&[], &variables).unwrap();
        assert!(secrets.get("A").unwrap().is_none(), "no path, so nothing states `A`");
        assert!(!secrets.exists("A").unwrap());
        assert_eq!(secrets.get_value("A_FILE").unwrap().as_deref(), Some(value));
        let both = [(FILE, value), ("SIDESEAT_SECRET_GLOBAL_A", "own")];
        assert_eq!(
            open(&[], &both).unwrap().get_value("A").unwrap().as_deref(),
            Some("own")
        );
        let error = fails(open(&[("env.required", "A")], &variables), ErrorKind::InvalidConfig);
        assert!(error.message().contains(FILE), "{error}");
        let known = open(&[("env.known", "A")], &variables).unwrap();
        assert_eq!(names(&known, ListOptions::new()), [format!("~{FILE}")]);
    }
    #[cfg(unix)]
    {
        let secrets = open(&[], &[(FILE, "/9j/canary")]).unwrap();
        for error in [secrets.get("A").err(), secrets.describe("A").err()] {
            let error = fails(error.map_or(Ok(()), Err), ErrorKind::InvalidConfig);
            assert!(error.message().contains(FILE), "{error}");
        }
        fails(
            open(&[("env.required", "A")], &[(FILE, "/9j/canary")]),
            ErrorKind::InvalidConfig,
        );
        let explained = secrets.explain("A", &[]);
        let text = format!("{explained:?}");
        assert!(text.contains(FILE) && !text.contains("canary"), "{text}");
    }
}

#[test]
fn a_value_stated_twice_is_ambiguous() {
    let variables = [("SIDESEAT_SECRET_GLOBAL_A", "canary"), (FILE, "/run/secrets/a")];
    let secrets = open(&[], &variables).unwrap();
    let error = fails(secrets.get("A"), ErrorKind::Ambiguous);
    for (name, _) in variables {
        assert!(error.message().contains(name), "{error}");
    }
    let off = open(&[("env.files", "off")], &variables).unwrap();
    assert!(off.get("A").unwrap().is_some());
}

#[test]
fn a_key_whose_name_ends_in_file_is_itself_and_ambiguous_beside_the_one_that_it_would_lead_to() {
    let secrets = open(&[], &[(FILE, "/etc/hostname")]).unwrap();
    assert_eq!(secrets.get_value("A_FILE").unwrap().as_deref(), Some("/etc/hostname"));
    fails(secrets.get_many(&["A", "A_FILE"]), ErrorKind::Ambiguous);
    let error = fails(open(&[("env.known", "A, A_FILE")], &[]), ErrorKind::Ambiguous);
    assert!(error.message().contains(FILE), "{error}");
    assert!(open(&[("env.known", "A, A_FILE"), ("env.files", "off")], &[]).is_ok());
    let declared = open(&[("env.known", "A_FILE")], &[(FILE, "canary")]).unwrap();
    fails(declared.get("A"), ErrorKind::Ambiguous);
}

#[test]
fn a_value_beyond_the_limit_is_too_large() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "a", "12345\n");
    for (limit, fits) in [("5", true), ("4", false)] {
        let settings = [("max_value", limit)];
        for variable in [(FILE, &*path), ("SIDESEAT_SECRET_GLOBAL_A", "12345")] {
            let secrets = open(&settings, &[variable]).unwrap();
            let read = secrets.get("A");
            assert_eq!(read.is_ok(), fits);
            if !fits {
                let error = fails(read, ErrorKind::TooLarge);
                assert!(error.message().contains('4'), "{error}");
                explains(&secrets, &error);
            }
        }
    }
}

#[test]
fn lock_keeps_the_variables_and_close_ends_the_backend() {
    let secrets = open(&[], &[("SIDESEAT_SECRET_GLOBAL_A", "v")]).unwrap();
    secrets.lock().unwrap();
    assert_eq!(secrets.get_value("A").unwrap().as_deref(), Some("v"));
    secrets.close().unwrap();
    fails(secrets.get("A"), ErrorKind::Closed);
    secrets.close().unwrap();
}
