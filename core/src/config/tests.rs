//! Configuration as people write it, good and bad. What stands in real variables is tested through the command, which
//! gets an environment of its own.

use std::fs;
use std::path::{Path, PathBuf};

use super::{ConfigFormat, Inspection, Origin, SETTINGS, Setting, SettingKind, config_schema};
use crate::value::SecretValue;
use crate::{Builder, Error, ErrorKind, SecretManager};

/// What must never be shown.
const CANARY: &str = "c4nary-value";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A private file.
    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        mode(&path, 0o600);
        path
    }
}

fn mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    #[cfg(not(unix))]
    let _ = (path, mode);
}

fn builder() -> Builder {
    SecretManager::builder().without_environment().app("sideseat")
}

fn inspect(format: ConfigFormat, text: &str) -> Inspection {
    builder().config_text(format, text).inspect()
}

fn toml(text: &str) -> Inspection {
    inspect(ConfigFormat::Toml, text)
}

fn json(text: &str) -> Inspection {
    inspect(ConfigFormat::Json, text)
}

/// The one problem, which shows nothing of a value.
#[track_caller]
fn problem(found: Inspection) -> Error {
    assert_eq!(found.problems.len(), 1, "{:?}", found.problems);
    let error = found.problems.into_iter().next().unwrap();
    for text in [error.to_string(), format!("{error:?}"), error.help().to_owned()] {
        assert!(!text.contains(CANARY), "{text}");
    }
    error
}

#[track_caller]
fn refused(found: Inspection, says: &[&str]) {
    let error = problem(found);
    assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
    for word in says {
        assert!(error.to_string().contains(word), "{error}: {word}");
    }
}

/// A document that states one setting, in each format; the value as both formats write it.
fn documents(key: &str, value: &str) -> [(ConfigFormat, String); 2] {
    match key.split_once('.') {
        None => [
            (ConfigFormat::Toml, format!("[secrets]\n{key} = {value}\n")),
            (ConfigFormat::Json, format!("{{\"secrets\":{{\n\"{key}\": {value}}}}}")),
        ],
        Some((group, name)) => [
            (ConfigFormat::Toml, format!("[secrets.{group}]\n{name} = {value}\n")),
            (
                ConfigFormat::Json,
                format!("{{\"secrets\":{{\"{group}\":{{\n\"{name}\": {value}}}}}}}"),
            ),
        ],
    }
}

/// A value of a setting's kind, as a document writes it.
fn good(setting: &Setting) -> &'static str {
    match setting.kind {
        SettingKind::Text => "\"memory\"",
        SettingKind::Path => "\"/there/is/a/file\"",
        SettingKind::List => "[\"memory\", \"env\"]",
        SettingKind::Choice(words) if words.contains(&"on") => "true",
        SettingKind::Choice(words) => match words[0] {
            "auto" => "\"auto\"",
            "never" => "\"never\"",
            "plain" => "\"plain\"",
            "fresh" => "\"fresh\"",
            "strip" => "\"strip\"",
            word => panic!("no good value for {word}"),
        },
        SettingKind::Integer { .. } => "1000",
        SettingKind::Size { .. } => "4096",
        SettingKind::Duration => "\"5s\"",
    }
}

#[test]
fn every_setting_is_taken_from_a_document() {
    for setting in SETTINGS.iter().filter(|setting| setting.key != "dotenv") {
        for (format, text) in documents(setting.key, good(setting)) {
            let found = inspect(format, &text);
            assert_eq!(found.problems.len(), 0, "{text}: {:?}", found.problems);
            let origin = Origin::File("the configuration text".to_owned());
            assert_eq!(found.settings.origin(setting.key), origin, "{text}");
        }
    }
}

#[test]
fn every_setting_misspelt_is_an_error_that_names_the_line_and_what_was_meant() {
    for setting in SETTINGS {
        let slip = format!("{}q", setting.key);
        for (format, text) in documents(&slip, &format!("\"{CANARY}\"")) {
            let meant = format!("did you mean `{}`", setting.key);
            refused(inspect(format, &text), &[&meant, "line 2"]);
        }
        let error = builder().option(&slip, CANARY).open_blocking().unwrap_err();
        assert!(error.to_string().contains(&format!("did you mean `{}`", setting.key)));
    }
}

#[test]
fn every_setting_of_a_wrong_type_is_an_error_that_names_the_line() {
    for setting in SETTINGS {
        let mut wrong = vec!["{ }", "-5", "1.5"];
        if !matches!(setting.kind, SettingKind::Integer { .. } | SettingKind::Size { .. }) {
            wrong.push("12");
        }
        match setting.kind {
            SettingKind::Choice(words) if words.contains(&"on") => {}
            _ => wrong.push("true"),
        }
        if setting.kind == SettingKind::List {
            wrong.extend(["[1]", "[[\"a\"]]", "[\"a,b\"]"]);
        } else {
            wrong.push("[\"a\"]");
        }
        if !matches!(setting.kind, SettingKind::Text | SettingKind::List | SettingKind::Path) {
            wrong.push("\"c4nary-value\"");
        }
        for value in wrong {
            for (format, text) in documents(setting.key, value) {
                let error = problem(inspect(format, &text));
                assert_eq!(error.setting(), Some(setting.key), "{text}: {error}");
                assert!(error.to_string().contains("line 2"), "{text}: {error}");
            }
        }
        let null = &documents(setting.key, "null")[1];
        refused(inspect(null.0, &null.1), &["not null"]);
        let date = &documents(setting.key, "2030-01-31")[0];
        refused(inspect(date.0, &date.1), &["not a date"]);
    }
}

#[test]
fn texts_that_are_no_document_are_refused_by_line_and_never_shown() {
    for (text, says) in [
        ("", &["ends before"][..]),
        ("[]", &["no JSON object"]),
        ("{\"secrets\": {}} x", &["line 1", "column"]),
        ("{\"secrets\": {\n\"backend\": c4nary-value}}", &["line 2", "column"]),
        (
            "{\"secrets\": {\n\"backend\": \"c4nary-value",
            &["line 2", "ends before"],
        ),
        (
            "{\"secrets\": {\"cache\": \"on\",\n\"cache\": \"off\"}}",
            &["line 2", "twice"],
        ),
        ("{\"secrets\": {},\n\"secrets\": {}}", &["line 2", "twice"]),
        ("{\"secret\": {}}", &["no table `secrets`", "`secret`"]),
        ("{\"other\": 1}", &["no table `secrets`"]),
        ("{\"secrets\": \"c4nary-value\"}", &["must be a table, not a text"]),
        (
            "{\"secrets\": {\"encrypted.path\": \"c4nary-value\"}}",
            &["in a table `encrypted`"],
        ),
        (
            "{\"secrets\": {\"encrypted\": \"c4nary-value\"}}",
            &["must be a table of settings"],
        ),
        ("{\"secrets\": {\"encryptd\": {}}}", &["did you mean `encrypted`"]),
        ("{\"secrets\": {\"somewhere\": {}}}", &["no setting `somewhere`"]),
        (
            "{\"secrets\": {\"vault\": {\"token\": \"c4nary-value\"}}}",
            &["does not have"],
        ),
    ] {
        refused(json(text), says);
    }
    for (text, says) in [
        ("", &["no table `secrets`"][..]),
        ("[secrets]\nbackend = c4nary-value", &["line 2", "no TOML"]),
        ("[secrets]\nbackend = \"c4nary-value", &["line 2", "no TOML"]),
        ("[secrets]\ncache = true\ncache = false", &["line 3", "twice"]),
        ("[secret]\n", &["`secret`"]),
        ("secrets = 5", &["must be a table, not a number"]),
        ("[[secrets]]\n", &["must be a table, not a list"]),
        (
            "[secrets]\n\"encrypted.path\" = \"c4nary-value\"",
            &["in a table `encrypted`"],
        ),
        (
            "[secrets.encrypted.path]\nx = \"c4nary-value\"",
            &["`encrypted.path` must be a path, not a table"],
        ),
    ] {
        refused(toml(text), says);
    }
}

#[test]
fn nesting_without_end_is_refused_and_hurts_nobody() {
    let many = 100_000;
    refused(
        json(&format!(
            "{{\"secrets\": {{\"backend\": {}1{}}}}}",
            "[".repeat(many),
            "]".repeat(many)
        )),
        &[],
    );
    refused(
        toml(&format!(
            "[secrets]\nbackend = {}1{}",
            "[".repeat(many),
            "]".repeat(many)
        )),
        &[],
    );
    let deep = format!("{{\"other\": {}{}, \"secrets\": {{}}}}", "[".repeat(50), "]".repeat(50));
    assert_eq!(json(&deep).problems.len(), 0);
}

#[test]
fn what_belongs_to_the_application_is_left_alone() {
    let found = toml("title = \"x\"\nat = 2030-01-31\n[secrets]\ncache = false\n[server]\nbackend = 5\n");
    assert_eq!(found.problems.len(), 0, "{:?}", found.problems);
    assert_eq!(found.settings.text("cache"), Some("off"));
    let found = json("\u{feff}{\"server\": {\"a\": null}, \"secrets\": {\"chain\": null}}");
    assert_eq!(found.problems.len(), 1, "only what is in `secrets` is ours");
}

#[test]
fn all_problems_of_a_document_are_told() {
    let found = toml("[secrets]\nbackend = 5\ncache = 7\ndeadline = \"never\"\n");
    assert_eq!(found.problems.len(), 3);
    let crowd: String = (0..5000).map(|number| format!("unknown_{number} = 1\n")).collect();
    assert!(toml(&format!("[secrets]\n{crowd}")).problems.len() <= 50);
}

#[test]
fn a_relative_path_starts_from_the_folder_of_its_document() {
    let place = Place::new();
    let path = place.file("a.toml", "[secrets.encrypted]\npath = \"store.strongroom\"\n");
    let found = builder().config_file(&path).inspect();
    assert_eq!(
        found.settings.path("encrypted.path"),
        Some(place.path("store.strongroom"))
    );
    refused(toml("[secrets.encrypted]\npath = \"~/c4nary-value\"\n"), &["`~`"]);
}

#[test]
fn the_format_is_told_by_the_ending_or_else_by_the_text() {
    let place = Place::new();
    for (name, text) in [
        ("a.json", "{\"secrets\": {\"cache\": false}}"),
        ("a.toml", "[secrets]\ncache = false"),
        ("a", "  {\"secrets\": {\"cache\": false}}"),
        ("b", "secrets.cache = false"),
        ("a.JSON", "{\"secrets\": {\"cache\": false}}"),
    ] {
        let found = builder().config_file(place.file(name, text)).inspect();
        assert_eq!(found.problems.len(), 0, "{name}: {:?}", found.problems);
        assert_eq!(found.settings.text("cache"), Some("off"), "{name}");
    }
    let wrong = place.file("wrong.json", "[secrets]\ncache = false");
    assert_eq!(builder().config_file(wrong).inspect().problems.len(), 1);
}

#[test]
fn files_that_cannot_be_read_safely_are_refused() {
    let place = Place::new();
    refused(
        builder().config_file(place.path("nowhere.toml")).inspect(),
        &["no file", "nowhere.toml"],
    );
    let long = place.file("long.toml", vec![b'#'; 2 << 20]);
    refused(builder().config_file(long).inspect(), &["longer than"]);
    let binary = place.file("binary.toml", b"[secrets]\n# \xff\n");
    refused(builder().config_file(binary).inspect(), &["line 2", "UTF-8"]);
    let folder = problem(builder().config_file(place.0.path()).inspect());
    assert_eq!(folder.kind(), ErrorKind::InsecurePath);
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_write_or_that_shows_a_secret_is_refused() {
    let place = Place::new();
    let plain = place.file("plain.toml", "[secrets]\ncache = false\n");
    mode(&plain, 0o644);
    assert_eq!(builder().config_file(&plain).inspect().problems.len(), 0);
    mode(&plain, 0o646);
    let error = problem(builder().config_file(&plain).inspect());
    assert_eq!(error.kind(), ErrorKind::InsecurePath);
    assert!(error.to_string().contains("chmod o-w"), "{error}");
    let key = place.file("key.toml", format!("[secrets.encrypted]\nkey = \"{CANARY}\"\n"));
    let found = builder().config_file(&key).inspect();
    assert_eq!(found.problems.len(), 0);
    assert_eq!(
        found.settings.secret("encrypted.key").map(SecretValue::expose),
        Some(CANARY.as_bytes())
    );
    assert!(!format!("{found:?}").contains(CANARY));
    mode(&key, 0o640);
    let error = problem(builder().config_file(&key).inspect());
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InsecurePath, Some("encrypted.key"))
    );
    let pipe = place.path("pipe.toml");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert_eq!(
        problem(builder().config_file(&pipe).inspect()).kind(),
        ErrorKind::InsecurePath
    );
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_for_a_named_file_and_refused_for_the_projects() {
    let place = Place::new();
    let target = place.file("target.toml", "[secrets]\ncache = false\n");
    let link = place.path("link.toml");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    assert_eq!(builder().config_file(&link).inspect().problems.len(), 0);
    let error = problem(builder().project_file(&link, |_| true).inspect());
    assert_eq!(error.kind(), ErrorKind::InsecurePath);
    assert!(error.to_string().contains("symbolic link"), "{error}");
}

#[test]
fn a_projects_file_needs_trust_for_what_says_where_secrets_lie() {
    let place = Place::new();
    for setting in SETTINGS.iter().filter(|setting| setting.key != "dotenv") {
        let [(_, text), _] = documents(setting.key, good(setting));
        let path = place.file("strongroom.toml", &text);
        let found = builder().project_file(&path, |_| false).inspect();
        assert_eq!(
            found.untrusted.contains(&setting.key),
            setting.needs_trust(),
            "{}",
            setting.key
        );
        if setting.needs_trust() {
            let error = problem(found);
            assert_eq!(
                (error.kind(), error.setting()),
                (ErrorKind::PolicyDenied, Some(setting.key))
            );
            assert!(error.help().contains("strongroom config trust"));
            assert!(error.to_string().contains("strongroom.toml"), "{error}");
        } else {
            assert_eq!(found.problems.len(), 0);
        }
        let asked = std::cell::Cell::new(false);
        let found = builder().project_file(&path, |bytes| {
            asked.set(true);
            bytes == text.as_bytes()
        });
        assert_eq!(found.inspect().problems.len(), 0);
        assert_eq!(asked.get(), setting.needs_trust());
    }
    for key in [
        "backend",
        "dotenv",
        "encrypted.path",
        "encrypted.key",
        "encrypted.key_file",
    ] {
        assert!(Setting::find(key).unwrap().needs_trust(), "{key}");
    }
    let path = place.file("strongroom.toml", "[secrets]\nbackend = \"memory\"\n");
    let error = builder().project_file(&path, |_| false).open_blocking().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PolicyDenied);
}

/// One setting from every origin that a process can state without a real environment; each must beat those below it.
#[test]
fn an_origin_that_comes_first_wins_whatever_the_order_of_the_calls() {
    let place = Place::new();
    let dotenv = place.file(".env", "SIDESEAT_SECRETS_CACHE_ENTRIES=3\n");
    let explicit = place.file("explicit.toml", "[secrets]\ncache_entries = 4\n");
    let project = place.file("project.toml", "[secrets]\ncache_entries = 5\n");
    let steps: [(&str, &dyn Fn(Builder) -> Builder); 5] = [
        ("1", &|builder| builder.option("cache_entries", "1")),
        ("2", &|builder| builder.flag("cache_entries", "2")),
        ("3", &|builder| builder.option("dotenv", dotenv.to_str().unwrap())),
        ("4", &|builder| builder.config_file(&explicit)),
        ("5", &|builder| builder.project_file(&project, |_| false)),
    ];
    for mask in 1..1_u32 << steps.len() {
        let chosen: Vec<_> = (0..steps.len()).filter(|step| mask & (1 << step) != 0).collect();
        for order in [chosen.clone(), chosen.iter().rev().copied().collect()] {
            let built = order.iter().fold(builder(), |builder, step| steps[*step].1(builder));
            let found = built.inspect();
            assert_eq!(found.problems.len(), 0, "{:?}", found.problems);
            assert_eq!(
                found.settings.text("cache_entries"),
                Some(steps[chosen[0]].0),
                "{chosen:?}"
            );
        }
    }
    let origins = [
        Origin::Builder,
        Origin::Flag,
        Origin::Environment("Z".into()),
        Origin::EnvironmentFile {
            path: "z".into(),
            variable: "Z".into(),
        },
        Origin::File("z".into()),
        Origin::ProjectFile("z".into()),
        Origin::UserFile("z".into()),
        Origin::SeedVariable(None),
        Origin::Detected("z".into()),
        Origin::Default,
    ];
    assert!(origins.is_sorted_by(|one, other| one < other && one.level() < other.level()));
}

#[test]
fn two_documents_that_are_named_the_later_wins() {
    let text = |entries: u32| format!("[secrets]\ncache_entries = {entries}\n");
    let built = builder()
        .config_text(ConfigFormat::Toml, &text(1))
        .config_text(ConfigFormat::Toml, &text(2));
    assert_eq!(built.inspect().settings.integer("cache_entries"), Some(2));
}

#[test]
fn a_file_of_variables_counts_like_the_environment() {
    let place = Place::new();
    let with = |text: &str| {
        let path = place.file(".env", text);
        builder().option("dotenv", path.to_str().unwrap()).inspect()
    };
    let found = with("OTHER='x\ny'\nexport SIDESEAT_SECRETS_BACKEND=memory\nSIDESEAT_SECRETS_CACHE=\"off\"\n");
    assert_eq!(found.problems.len(), 0, "{:?}", found.problems);
    assert_eq!(found.settings.text("backend"), Some("memory"));
    let named = "SIDESEAT_SECRETS_BACKEND of `";
    assert!(found.settings.origin("backend").to_string().contains(named));
    // Seed 001 says it in the singular.
    let found = with("SIDESEAT_SECRET_BACKEND=memory\n");
    assert_eq!(found.settings.text("backend"), Some("memory"));
    assert_eq!(
        with("SIDESEAT_SECRETS_BACKEND=memory\nSIDESEAT_SECRET_BACKEND=memory\n")
            .problems
            .len(),
        0
    );
    let found = with("SIDESEAT_SECRETS_BACKEND=memory\nSIDESEAT_SECRET_BACKEND=encrypted\n");
    refused(
        found,
        &["SIDESEAT_SECRETS_BACKEND", "SIDESEAT_SECRET_BACKEND", "differ"],
    );
    refused(
        with("SIDESEAT_SECRETS_CACHE=c4nary-value\n"),
        &["SIDESEAT_SECRETS_CACHE"],
    );
    refused(
        with("SIDESEAT_SECRETS_BACKND=memory\n"),
        &["did you mean SIDESEAT_SECRETS_BACKEND"],
    );
    assert_eq!(
        with("SIDESEAT_SECRETS_SERVICE_HOST=10.0.0.1\nSIDESEAT_SECRETS_PORT=x\n")
            .problems
            .len(),
        0
    );
    refused(with("A=1\nc4nary-value\n"), &["line 2", ".env"]);
    refused(
        builder()
            .option("dotenv", place.path("none").to_str().unwrap())
            .inspect(),
        &["no file"],
    );
    // An empty variable counts as unset.
    let found = with("SIDESEAT_SECRETS_CACHE=\n");
    assert_eq!((found.problems.len(), found.settings.is_set("cache")), (0, false));
}

#[test]
fn the_backend_of_seed_002_counts_only_where_nothing_else_states_one() {
    let place = Place::new();
    let with = |text: &str| {
        let path = place.file(".env", text);
        builder().option("dotenv", path.to_str().unwrap())
    };
    for word in ["local", "local_encrypted", "aws_sm", "vault"] {
        let found = with(&format!("SECRET_BACKEND={word}\n")).inspect();
        assert_eq!(found.settings.text("backend"), Some(word));
        assert!(matches!(
            found.settings.origin("backend"),
            Origin::SeedVariable(Some(_))
        ));
        let found = with(&format!("SECRET_BACKEND={word}\n"))
            .config_text(ConfigFormat::Toml, "[secrets]\nbackend = \"memory\"")
            .inspect();
        assert_eq!(found.settings.text("backend"), Some("memory"));
    }
    refused(with("SECRET_BACKEND=locl\n").inspect(), &["did you mean `local`"]);
    refused(
        with("SECRET_BACKEND=memory\n").inspect(),
        &["local, local_encrypted, aws_sm, vault"],
    );
    assert_eq!(
        with("SECRET_BACKEND=something\n")
            .backend("memory")
            .inspect()
            .problems
            .len(),
        0
    );
}

#[cfg(unix)]
#[test]
fn a_file_of_variables_that_states_a_secret_must_be_private() {
    let place = Place::new();
    let path = place.file(".env", format!("SIDESEAT_SECRETS_KEY={CANARY}\n"));
    let with = || builder().option("dotenv", path.to_str().unwrap());
    assert_eq!(with().inspect().problems.len(), 0);
    mode(&path, 0o644);
    let error = problem(with().inspect());
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InsecurePath, Some("encrypted.key"))
    );
}

#[cfg(feature = "encrypted")]
#[test]
fn settings_that_exclude_each_other_are_refused_at_one_place_and_ranked_across_places() {
    let both = toml("[secrets.encrypted]\nkey_file = \"/a\"\nkey_fd = 3\n");
    let error = both
        .settings
        .exclusive(&["encrypted.key", "encrypted.key_file", "encrypted.key_fd"])
        .unwrap_err();
    assert!(error.to_string().contains("encrypted.key_file") && error.to_string().contains("encrypted.key_fd"));
    let ranked = builder()
        .config_text(ConfigFormat::Toml, "[secrets.encrypted]\nkey_file = \"/a\"\n")
        .option("encrypted.key_fd", "3");
    let ranked = ranked.inspect();
    let keys = ["encrypted.key", "encrypted.key_file", "encrypted.key_fd"];
    assert_eq!(ranked.settings.exclusive(&keys).unwrap(), Some("encrypted.key_fd"));
    assert_eq!(ranked.settings.exclusive(&["encrypted.key"]).unwrap(), None);
}

#[cfg(feature = "encrypted")]
#[test]
fn detection_says_which_backend_and_why_and_never_one_in_the_clear() {
    let place = Place::new();
    let store = place.path("s.strongroom");
    let secrets = builder()
        .option("encrypted.path", store.to_str().unwrap())
        .secret_option("encrypted.key", SecretValue::copy_of(&[7; 32]))
        .open_blocking()
        .unwrap();
    assert_eq!(secrets.backend().name(), "encrypted");
    let Origin::Detected(reason) = secrets.backend().chosen_by() else {
        panic!("{:?}", secrets.backend().chosen_by());
    };
    assert!(reason.contains("no keystore") && reason.contains("is to be made") && reason.contains("encrypted.key"));
    assert_eq!(secrets.settings().origin("backend"), *secrets.backend().chosen_by());
    let found = builder().option("encrypted.path", store.to_str().unwrap()).inspect();
    assert!(
        found.settings.origin("backend").to_string().contains("is there"),
        "{found:?}"
    );
    let stated = builder().backend("memory").open_blocking().unwrap();
    assert_eq!(stated.backend().chosen_by(), &Origin::Builder);
}

#[test]
fn a_backend_that_is_none_one_to_come_and_one_left_out_are_told_apart() {
    let refusal = |word: &str| builder().backend(word).open_blocking().unwrap_err().to_string();
    assert!(refusal("memroy").contains("did you mean `memory`"));
    assert!(refusal("nothing-like-it").contains("names no backend"));
    for word in [
        "vault",
        "hashicorp",
        "aws",
        "aws_sm",
        "keychain",
        "secret-service",
        "keyutils",
    ] {
        assert!(refusal(word).contains("this version does not have"), "{word}");
    }
    #[cfg(not(feature = "encrypted"))]
    assert!(refusal("encrypted").contains("needs the cargo feature `encrypted`"));
}

/// The documents of seed 000.
#[test]
fn seed_000_config_file() {
    let vault = r#"{"secrets": {"backend": "vault", "vault": {"address": "https://vault.internal:8200",
        "mount": "secret", "prefix": "sideseat"}}}"#;
    let found = json(vault);
    assert!(
        problem(found)
            .to_string()
            .contains("`vault` is a backend that this version does not have")
    );
    let aws = r#"{"secrets": {"backend": "aws", "aws": {"region": "us-east-1", "prefix": "sideseat"}}}"#;
    assert!(
        problem(json(aws))
            .to_string()
            .contains("`aws` is a backend that this version does not have")
    );
}

#[test]
fn the_schema_describes_every_setting() {
    let schema: serde_json::Value = serde_json::from_str(&config_schema()).unwrap();
    let secrets = &schema["properties"]["secrets"];
    assert_eq!(secrets["additionalProperties"], false);
    for setting in SETTINGS.iter().filter(|setting| !setting.key.starts_with("fault.")) {
        let described = match setting.key.split_once('.') {
            None => &secrets["properties"][setting.key],
            Some((group, name)) => &secrets["properties"][group]["properties"][name],
        };
        assert_eq!(described["description"], setting.help, "{}", setting.key);
    }
    assert!(secrets["properties"].get("fault").is_none());
}
