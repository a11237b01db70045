//! Secrets that someone else put there: variables of the environment, and files that are mounted.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use crate::files::as_other;
use crate::home::{Home, feed, is_root};

/// A home of the application `sideseat` that keeps its secrets in the environment.
fn sideseat() -> Home {
    Home::new().variable("SIDESEAT_SECRETS_BACKEND", "env")
}

const KEY: &str = "SIDESEAT_SECRET_GLOBAL_JWT_SIGNING_KEY";

/// `SIDESEAT_SECRETS_BACKEND=env sideseat`, and the flag.
#[test]
fn seed_000_the_backend_env_is_chosen_by_variable_or_flag_and_read() {
    let home = sideseat().variable(KEY, "from the environment\n");
    let get = ["--app", "sideseat", "get", "jwt_signing_key"];
    assert_eq!(home.run(&get).ok().stdout, b"from the environment\n", "the raw value");
    let home = Home::new().variable(KEY, "v");
    let run = home.run(&[
        "--app",
        "sideseat",
        "--secrets-backend",
        "env",
        "get",
        "global/jwt_signing_key",
    ]);
    assert_eq!(run.ok().stdout, b"v");
    home.run(&["--app", "sideseat", "--secrets-backend", "env", "get", "api_key_secret"])
        .fails("not_found", 10);
    assert!(home.files().is_empty(), "nothing was made");
}

/// "Reads secrets from environment variables. Read-only — the server cannot create or update secrets."
#[test]
fn seed_000_the_backend_env_cannot_write() {
    let home = sideseat().variable(KEY, "v");
    home.run_with(&["--app", "sideseat", "set", "jwt_signing_key"], b"new")
        .fails("read_only", 42);
    home.run(&["--app", "sideseat", "delete", "jwt_signing_key"])
        .fails("read_only", 42);
}

/// `SIDESEAT_SECRETS_ENV_PREFIX`: override the prefix.
#[test]
fn seed_000_sideseat_secrets_env_prefix_overrides_the_prefix() {
    let home = sideseat()
        .variable("SIDESEAT_SECRETS_ENV_PREFIX", "MINE_")
        .variable(KEY, "default")
        .variable("MINE_GLOBAL_JWT_SIGNING_KEY", "mine");
    let run = home.run(&["--app", "sideseat", "get", "jwt_signing_key"]);
    assert_eq!(run.ok().stdout, b"mine");
}

/// The table of required secrets: all that are missing are named at once.
#[test]
fn seed_000_required_variables_that_are_missing_are_named_at_once() {
    let home = sideseat().variable(
        "SIDESEAT_SECRETS_ENV_REQUIRED",
        "global/jwt_signing_key,global/api_key_secret",
    );
    let run = home.run(&["--app", "sideseat", "get", "A"]).fails("invalid_config", 55);
    for named in [KEY, "SIDESEAT_SECRET_GLOBAL_API_KEY_SECRET", "env.required"] {
        assert!(run.stderr.contains(named), "{}", run.stderr);
    }
}

#[test]
fn a_variable_that_is_no_unicode_is_named_and_never_shown() {
    let home = sideseat();
    let mut command = home.command(&["--app", "sideseat", "get", "jwt_signing_key"]);
    command.env(KEY, OsStr::from_bytes(b"canary\xff"));
    let run = feed(command, b"").fails("invalid_value", 51);
    assert!(
        run.stderr.contains(KEY) && !run.stderr.contains("canary"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_file_that_a_variable_names_is_read() {
    let home = sideseat();
    let path = home.path().join("jwt");
    fs::write(&path, "from a file\n").unwrap();
    let home = home.variable(&format!("{KEY}_FILE"), path.to_str().unwrap());
    let get = ["--app", "sideseat", "get", "jwt_signing_key"];
    assert_eq!(home.run(&get).ok().stdout, b"from a file");
    let home = home.variable(KEY, "as well");
    home.run(&get).fails("ambiguous", 41);
}

#[test]
fn known_keys_are_listed() {
    let home = sideseat().variable(KEY, "v");
    home.run(&["--app", "sideseat", "list"]).fails("unsupported", 43);
    let home = home.variable("SIDESEAT_SECRETS_ENV_KNOWN", "jwt_signing_key, api_key_secret");
    let run = home.run(&["--app", "sideseat", "list"]).ok();
    assert!(run.text().contains("jwt_signing_key") && !run.text().contains("api_key_secret"));
}

#[test]
fn credentials_of_systemd_are_found_by_its_variable() {
    let home = Home::new();
    let folder = home.path().join("credentials");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("db_password"), "v\n").unwrap();
    let home = home
        .variable("STRONGROOM_SECRETS_BACKEND", "directory")
        .variable("CREDENTIALS_DIRECTORY", folder.to_str().unwrap());
    assert_eq!(home.get("db_password"), b"v");
    assert!(home.run(&["list"]).ok().text().contains("db_password"));
    home.run_with(&["set", "db_password"], b"new").fails("read_only", 42);
    let relative = Home::new()
        .variable("STRONGROOM_SECRETS_BACKEND", "directory")
        .variable("CREDENTIALS_DIRECTORY", "credentials");
    let run = relative.run(&["get", "A"]).fails("invalid_config", 55);
    assert!(run.stderr.contains("CREDENTIALS_DIRECTORY"), "{}", run.stderr);
}

#[test]
fn a_folder_that_is_not_there_is_named_with_its_setting() {
    let home = Home::new()
        .variable("STRONGROOM_SECRETS_BACKEND", "directory")
        .variable("STRONGROOM_SECRETS_DIRECTORY_PATH", "/nowhere/secrets");
    let run = home.run(&["get", "A"]).fails("unavailable", 30);
    for named in ["/nowhere/secrets", "directory.path"] {
        assert!(run.stderr.contains(named), "{}", run.stderr);
    }
}

#[test]
fn a_file_that_we_may_not_read_is_permission_denied() {
    let home = Home::new()
        .variable("STRONGROOM_SECRETS_BACKEND", "directory")
        .variable("STRONGROOM_SECRETS_DIRECTORY_PATH", "secrets");
    let folder = home.path().join("secrets");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.join("CLOSED"), "v").unwrap();
    fs::set_permissions(folder.join("CLOSED"), Permissions::from_mode(0o000)).unwrap();
    // Root reads everything, so another user asks.
    let run = match is_root() {
        true => as_other(&home, &["get", "CLOSED"]),
        false => Some(home.run(&["get", "CLOSED"])),
    };
    let Some(run) = run else { return };
    let run = run.fails("permission_denied", 21);
    assert!(run.stderr.contains("secrets/CLOSED"), "{}", run.stderr);
}

#[test]
fn keys_that_share_a_variable_are_not_exported_or_copied_together() {
    let home = Home::with_store().variable("STRONGROOM_SECRET_GLOBAL_A_B", "v");
    home.run(&["--secrets-backend", "env", "export", "--format", "json", "a-b", "A_B"])
        .fails("ambiguous", 41);
    home.run(&["copy", "--from", "env", "--to", "encrypted", "--yes", "a-b", "A_B"])
        .fails("ambiguous", 41);
}
