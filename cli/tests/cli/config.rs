//! Where settings come from, and which of them win: flags, variables, files.

use std::fs;
use std::path::PathBuf;

use crate::home::{Home, Run};

/// What must never be shown.
pub(crate) const CANARY: &str = "c4nary-value";

pub(crate) fn file(home: &Home, name: &str, text: &str) -> PathBuf {
    let path = home.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    mode(&path, 0o600);
    path
}

pub(crate) fn mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

/// Value and origin of a setting.
#[track_caller]
pub(crate) fn shown(run: &Run, setting: &str) -> (String, String) {
    let line = run.text().lines().find(|line| line.split('\t').next() == Some(setting));
    let cells: Vec<_> = line.unwrap_or_else(|| panic!("{}", run.text())).split('\t').collect();
    (cells[1].to_owned(), cells[2].to_owned())
}

#[track_caller]
pub(crate) fn show(home: &Home, setting: &str) -> (String, String) {
    shown(&home.run(&["config", "show"]).ok(), setting)
}

#[test]
fn config_show_tells_value_and_origin_and_masks_secrets() {
    let home = Home::new().variable("STRONGROOM_SECRETS_KEY", CANARY);
    let run = home.run(&["config", "show", "--timeout", "7s"]).ok();
    assert_eq!(shown(&run, "deadline"), ("7s".into(), "a flag".into()));
    assert_eq!(shown(&run, "cache"), ("on".into(), "the default".into()));
    let (key, origin) = shown(&run, "encrypted.key");
    assert_eq!(key, "********");
    assert!(origin.contains("STRONGROOM_SECRETS_KEY"));
    let (word, reason) = shown(&run, "backend");
    assert_eq!(word, "encrypted");
    assert!(
        reason.starts_with("detection: ") && reason.contains("no keystore"),
        "{reason}"
    );
    for format in ["json", "yaml", "table", "plain"] {
        let run = home.run(&["config", "show", "-o", format]).ok();
        assert!(
            !run.text().contains(CANARY) && run.text().contains("********"),
            "{format}"
        );
    }
}

/// Every origin that there is, from the lowest to the highest: each new one wins.
#[test]
fn each_origin_wins_over_those_below_it() {
    let mut home = Home::new();
    // Most of the words name no backend, which is told besides.
    let show = |home: &Home, setting| shown(&home.run(&["config", "show"]), setting);
    assert_eq!(show(&home, "backend").0, "encrypted");
    home = home.variable("SECRET_BACKEND", "vault");
    assert_eq!(
        show(&home, "backend"),
        ("vault".into(), "the environment variable SECRET_BACKEND".into())
    );
    let user = file(
        &home,
        ".config/strongroom/config.toml",
        "[secrets]\nbackend = \"user\"\n",
    );
    let (word, origin) = show(&home, "backend");
    assert!(
        word == "user" && origin.contains(user.to_str().unwrap()),
        "{word} {origin}"
    );
    let project = file(&home, "strongroom.toml", "[secrets]\nbackend = \"project\"\n");
    home.run(&["config", "trust"]).ok();
    let (word, origin) = show(&home, "backend");
    assert!(
        word == "project" && origin.contains("strongroom.toml"),
        "{word} {origin}"
    );
    let named = file(&home, "named.json", r#"{"secrets": {"backend": "named"}}"#);
    let with = |home: &Home, more: &[&str]| {
        let mut args = vec!["config", "show", "--config", named.to_str().unwrap()];
        args.extend(more);
        let run = home.run(&args);
        assert!(
            run.code == 55 && run.stderr.contains("names no backend"),
            "{}",
            run.stderr
        );
        shown(&run, "backend").0
    };
    assert_eq!(with(&home, &[]), "named");
    let dotenv = file(&home, ".env", "STRONGROOM_SECRETS_BACKEND=dotenv\n");
    home = home.variable("STRONGROOM_SECRETS_DOTENV", dotenv.to_str().unwrap());
    assert_eq!(with(&home, &[]), "dotenv");
    home = home.variable("STRONGROOM_SECRET_BACKEND", "variable");
    assert_eq!(with(&home, &[]), "variable");
    assert_eq!(with(&home, &["--secrets-backend", "flag"]), "flag");
    assert_eq!(with(&home, &["--secrets-set", "backend=set"]), "set");
    fs::remove_file(project).unwrap();
}

/// The flag and the variables of seeds 000 and 001, for the application that they were written for.
#[test]
fn seed_000_cli_and_environment_variable() {
    let sideseat = |home: &Home| shown(&home.run(&["--app", "sideseat", "config", "show"]).ok(), "backend");
    let run = Home::new()
        .run(&["--app", "sideseat", "--secrets-backend", "memory", "status"])
        .ok();
    assert!(
        run.text().contains("memory") && run.text().contains("a flag"),
        "{}",
        run.text()
    );
    let (word, origin) = sideseat(&Home::new().variable("SIDESEAT_SECRETS_BACKEND", "env"));
    assert_eq!(
        (word.as_str(), origin.as_str()),
        ("env", "the environment variable SIDESEAT_SECRETS_BACKEND")
    );
    let vault = Home::new().run(&["--app", "sideseat", "--secrets-backend", "vault", "list"]);
    let vault = vault.fails("invalid_config", 55);
    assert!(vault.stderr.contains("vault.address"), "{}", vault.stderr);
}

#[test]
fn seed_000_environment_variables_backend() {
    let document = r#"{"secrets": {"backend": "env", "env": {"prefix": "SIDESEAT_SECRET_"}}}"#;
    let home = Home::new()
        .variable("SIDESEAT_SECRET_GLOBAL_JWT_SIGNING_KEY", "one")
        .variable("SIDESEAT_SECRET_ORG_ACME_API_KEY", "two")
        .variable("OTHER_GLOBAL_JWT_SIGNING_KEY", "three");
    file(&home, "sideseat.json", document);
    let get = |home: &Home, key: &str| {
        let run = home.run(&["--app", "sideseat", "--config", "sideseat.json", "get", key]);
        String::from_utf8(run.ok().stdout).unwrap()
    };
    assert_eq!(get(&home, "global/jwt_signing_key"), "one");
    assert_eq!(get(&home, "org/acme/api_key"), "two");
    let home = home.variable("SIDESEAT_SECRETS_ENV_PREFIX", "OTHER_");
    assert_eq!(get(&home, "global/jwt_signing_key"), "three");
}

#[test]
fn seed_002_backend_local_in_the_environment() {
    let home = Home::new()
        .variable("SECRET_BACKEND", "local")
        .variable("FERNET_SECRET_KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
    home.set("A", b"value");
    assert_eq!(home.get("A"), b"value");
    assert!(home.run(&["status"]).ok().text().contains("SECRET_BACKEND"));
}

#[test]
fn seed_001_environment_variables() {
    let home = Home::new().variable("SIDESEAT_SECRET_BACKEND", "memory");
    let run = home.run(&["--app", "sideseat", "status"]).ok();
    assert!(run.text().contains("SIDESEAT_SECRET_BACKEND"), "{}", run.text());
    // `--app` decides whose variables count.
    assert_eq!(show(&home, "backend").0, "encrypted");
    for word in ["keychain", "credential-manager", "secret-service", "keyutils"] {
        let home = Home::new().variable("SIDESEAT_SECRET_BACKEND", word);
        let run = home.run(&["--app", "sideseat", "list"]).fails("invalid_config", 55);
        assert!(
            run.stderr.contains(word) && run.stderr.contains("does not have"),
            "{}",
            run.stderr
        );
    }
    let both = Home::new()
        .variable("SIDESEAT_SECRET_BACKEND", "memory")
        .variable("SIDESEAT_SECRETS_BACKEND", "encrypted");
    let run = both.run(&["--app", "sideseat", "list"]).fails("invalid_config", 55);
    assert!(run.stderr.contains("SIDESEAT_SECRET_BACKEND and") || run.stderr.contains("and SIDESEAT_SECRET_BACKEND"));
}

#[test]
fn a_variable_that_is_a_slip_of_one_is_an_error() {
    let home = Home::new().variable("STRONGROOM_SECRETS_BACKND", "memory");
    let run = home.run(&["list"]).fails("invalid_config", 55);
    assert!(
        run.stderr.contains("did you mean STRONGROOM_SECRETS_BACKEND"),
        "{}",
        run.stderr
    );
    // What runs containers names variables after its services.
    let home = Home::new().variable("STRONGROOM_SECRETS_SERVICE_HOST", "10.0.0.1");
    home.run(&["config", "show"]).ok();
}

#[test]
fn a_broken_configuration_can_be_looked_at_and_stops_everything_else() {
    let home = Home::new();
    let text = format!("[secrets]\nbakcend = \"{CANARY}\"\ncache = 7\ndeadline = \"5s\"\n");
    let path = file(&home, ".config/strongroom/config.toml", &text);
    for args in [&["list"][..], &["get", "A"], &["status"], &["verify"]] {
        let run = home.run(args).fails("invalid_config", 55);
        assert!(
            run.stderr.contains(path.to_str().unwrap()) && run.stderr.contains("line 2"),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains(CANARY));
    }
    let run = home.run(&["config", "show"]);
    assert_eq!(run.code, 55);
    assert_eq!(shown(&run, "deadline").0, "5s");
    assert!(
        run.stderr.contains("did you mean `backend`") && run.stderr.contains("`cache`"),
        "{}",
        run.stderr
    );
    let told = home.run(&["config", "path"]).ok();
    assert!(
        told.text().contains("user\trefused\t") && told.text().contains("line 2"),
        "{}",
        told.text()
    );
    assert!(!told.text().contains(CANARY));
    let doctor = home.run(&["doctor"]);
    assert_eq!(doctor.code, 55);
    assert!(
        doctor.text().contains("line 2") && !doctor.text().contains(CANARY),
        "{}",
        doctor.text()
    );
    let twin = file(&home, ".config/strongroom/config.json", "{}");
    let run = home.run(&["list"]).fails("invalid_config", 55);
    assert!(
        run.stderr.contains("config.toml") && run.stderr.contains("config.json"),
        "{}",
        run.stderr
    );
    fs::remove_file(twin).unwrap();
    mode(&path, 0o602);
    home.run(&["list"]).fails("insecure_path", 64);
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", &path).unwrap();
    home.run(&["list"]).fails("invalid_config", 55);
    fs::remove_file(&path).unwrap();
    // A dotfile manager links the user's file to where it keeps it.
    let kept = file(&home, "dotfiles/config.toml", "[secrets]\ncache = false\n");
    std::os::unix::fs::symlink(kept, &path).unwrap();
    assert_eq!(show(&home, "cache").0, "off");
}

#[test]
fn two_files_of_a_project_are_one_too_many() {
    let home = Home::new();
    file(&home, "strongroom.toml", "[secrets]\n");
    file(&home, ".strongroom.json", "{}");
    let run = home.run(&["list"]).fails("invalid_config", 55);
    assert!(
        run.stderr.contains("strongroom.toml") && run.stderr.contains(".strongroom.json"),
        "{}",
        run.stderr
    );
    let run = home.run(&["config", "show"]);
    assert_eq!(run.code, 55);
    assert!(run.text().contains("deadline"));
}

#[test]
fn a_secret_never_stands_in_a_flag() {
    let home = Home::new();
    let run = home.run(&["--secrets-set", &format!("encrypted.key={CANARY}"), "list"]);
    let run = run.fails("invalid_config", 55);
    assert!(!run.stderr.contains(CANARY), "{}", run.stderr);
    let run = home.run(&["--secrets-set", CANARY, "list"]).fails("invalid_config", 55);
    assert!(!run.stderr.contains(CANARY), "{}", run.stderr);
    let run = home
        .run(&["--secrets-set", "cahce=off", "list"])
        .fails("invalid_config", 55);
    assert!(run.stderr.contains("did you mean `cache`"), "{}", run.stderr);
}

#[test]
fn a_store_that_a_document_names_is_the_one_that_is_used() {
    let home = Home::new();
    file(
        &home,
        "named.toml",
        "[secrets.encrypted]\npath = \"own/s.strongroom\"\n",
    );
    fs::create_dir(home.path().join("own")).unwrap();
    mode(&home.path().join("own"), 0o700);
    let run = home.run_with(&["--config", "named.toml", "set", "A"], b"value").ok();
    assert!(run.stderr.contains("made the store"), "{}", run.stderr);
    assert!(home.path().join("own/s.strongroom").is_file() && !home.store().exists());
    assert_eq!(
        home.run(&["--secrets-config", "named.toml", "get", "A"]).ok().stdout,
        b"value"
    );
}

#[test]
fn the_schema_is_json() {
    let run = Home::new().run(&["config", "schema"]).ok();
    assert!(run.text().starts_with('{') && run.text().contains("\"secrets\""));
}
