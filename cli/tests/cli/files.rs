//! The files: what they show, who may touch them, what happens when they are not as they should be.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use crate::home::{BINARY, Home, Run, feed, is_root, skipped};

/// Nobody, on every system.
const OTHER: u32 = 65534;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn no_file_shows_a_name_or_a_value() {
    let home = Home::with_store();
    let args = [
        "set",
        "org/acmecanary/api_keycanary",
        "--provider",
        "providercanary",
        "--label",
        "labelcanary=texts",
    ];
    home.run_with(&args, b"s3cretcanary").ok();
    home.run_with(&["set", "org/acmecanary/api_keycanary"], b"s3cretcanary2")
        .ok();
    home.run(&["get", "org/acmecanary/api_keycanary"]).ok();
    let files = home.files();
    assert!(
        files.contains(&home.store()) && files.contains(&home.key_file()),
        "{files:?}"
    );
    for file in files {
        let bytes = fs::read(&file).unwrap();
        assert!(!contains(&bytes, b"canary"), "{}", file.display());
        // The same words as UTF-16, hexadecimal or base64 (all three alignments have one of these in common).
        for disguise in [
            &b"c\0a\0n\0a\0r\0y"[..],
            b"63616e617279",
            b"Y2FuYXJ5",
            b"NhbmFye",
            b"jYW5hcn",
        ] {
            assert!(!contains(&bytes, disguise), "{}", file.display());
        }
    }
}

#[test]
fn everything_made_belongs_to_its_owner_alone() {
    let home = Home::with_store();
    home.set("A", b"v");
    for file in home.files() {
        assert_eq!(mode(&file) & 0o077, 0, "{}", file.display());
        assert_eq!(mode(file.parent().unwrap()) & 0o022, 0, "{}", file.display());
    }
    assert_eq!(mode(&home.key_file()), 0o600);
}

#[test]
fn a_key_of_another_store_is_refused() {
    let home = Home::with_store();
    home.set("A", b"v");
    let home = home.variable("STRONGROOM_SECRETS_KEY", &"5a".repeat(32));
    for args in [
        &["get", "A"][..],
        &["list"],
        &["init"],
        &["verify"],
        &["delete", "A"],
        &["generate", "B"],
    ] {
        home.run(args).fails("wrong_key", 60);
    }
    home.run_with(&["set", "A"], b"other").fails("wrong_key", 60);
}

#[test]
fn a_malformed_key_is_named_and_not_shown() {
    let home = Home::with_store().variable("STRONGROOM_SECRETS_KEY", "s3cret-but-too-short");
    let run = home.run(&["list"]).fails("invalid_config", 55);
    assert!(run.stderr.contains("encrypted.key"), "{}", run.stderr);
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
}

#[test]
fn a_store_made_with_a_key_from_the_environment_needs_it_again() {
    let home = Home::new().variable("STRONGROOM_SECRETS_KEY", &"5a".repeat(32));
    home.run(&["init"]).ok();
    home.set("A", b"v");
    assert_eq!(home.get("A"), b"v");
    assert!(!home.key_file().exists());
    let status = home.run(&["status"]).ok();
    assert!(
        status.text().contains("STRONGROOM_SECRETS_KEY") && !status.text().contains("5a5a"),
        "{}",
        status.text()
    );
    let mut without = home.command(&["get", "A"]);
    without.env_remove("STRONGROOM_SECRETS_KEY");
    feed(without, b"").fails("key_missing", 61);
    let mut without = home.command(&["init"]);
    without.env_remove("STRONGROOM_SECRETS_KEY");
    feed(without, b"").fails("key_missing", 61);
    assert!(!home.key_file().exists(), "no second key for a store that has one");
}

#[test]
fn a_lost_key_file_is_never_replaced() {
    let home = Home::with_store();
    home.set("A", b"v");
    let away = home.path().join("away");
    fs::rename(home.key_file(), &away).unwrap();
    home.run(&["get", "A"]).fails("key_missing", 61);
    home.run_with(&["set", "A"], b"w").fails("key_missing", 61);
    home.run(&["init"]).fails("key_missing", 61);
    assert!(!home.key_file().exists());
    fs::rename(&away, home.key_file()).unwrap();
    assert_eq!(home.get("A"), b"v");
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    let home = Home::with_store();
    home.set("A", b"v");
    for open in [0o644, 0o640, 0o604, 0o666] {
        fs::set_permissions(home.key_file(), Permissions::from_mode(open)).unwrap();
        let run = home.run(&["get", "A"]).fails("insecure_path", 64);
        assert!(run.stderr.contains("secrets.key"), "{}", run.stderr);
    }
    fs::set_permissions(home.key_file(), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(home.get("A"), b"v");
}

#[test]
fn a_key_file_that_is_a_link_is_refused() {
    let home = Home::with_store();
    let real = home.path().join("real");
    fs::rename(home.key_file(), &real).unwrap();
    symlink(&real, home.key_file()).unwrap();
    home.run(&["list"]).fails("insecure_path", 64);
}

#[test]
fn a_store_that_others_can_read_is_refused() {
    let home = Home::with_store();
    home.set("A", b"v");
    fs::set_permissions(home.store(), Permissions::from_mode(0o644)).unwrap();
    home.run(&["get", "A"]).fails("insecure_path", 64);
    fs::set_permissions(home.store(), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(home.get("A"), b"v");
}

#[test]
fn a_folder_in_place_of_the_store() {
    let home = Home::with_store();
    fs::remove_dir_all(home.store().parent().unwrap()).unwrap();
    fs::create_dir_all(home.store()).unwrap();
    for args in [&["list"][..], &["init"], &["generate", "A"]] {
        home.run(args).fails("insecure_path", 64);
    }
    assert!(home.store().is_dir());
}

#[test]
fn what_is_no_store_is_left_alone() {
    for (content, name) in [
        (&b""[..], "empty"),
        (b"no database at all, but long enough to be read as one", "text"),
    ] {
        let home = Home::with_store();
        fs::write(home.store(), content).unwrap();
        for side in ["-wal", "-shm"] {
            let mut path = home.store().into_os_string();
            path.push(side);
            let _ = fs::remove_file(path);
        }
        for args in [&["list"][..], &["generate", "A"], &["init"], &["verify"]] {
            let run = home.run(args);
            assert!(
                matches!(run.code, 61..=63),
                "{name}, {args:?}: {} {}",
                run.code,
                run.stderr
            );
        }
        assert_eq!(fs::read(home.store()).unwrap(), content, "{name}");
    }
}

#[test]
fn damage_is_integrity() {
    let home = Home::with_store();
    for round in 0..20 {
        home.set(&format!("K{round}"), &[b'x'; 500]);
    }
    let whole = fs::read(home.store()).unwrap();
    fs::write(home.store(), &whole[..whole.len() / 2]).unwrap();
    let run = home.run(&["verify"]);
    assert!(matches!(run.code, 62 | 63), "{} {}", run.code, run.stderr);
}

/// The command as another user. The binary is copied, because the target folder may be closed to others.
pub(crate) fn as_other(home: &Home, args: &[&str]) -> Option<Run> {
    if !is_root() {
        skipped("files of another owner: needs root");
        return None;
    }
    let open = Permissions::from_mode(0o755);
    let binary = home.path().join("strongroom-copy");
    if !binary.exists() {
        fs::copy(BINARY, &binary).unwrap();
        fs::set_permissions(&binary, open.clone()).unwrap();
    }
    fs::set_permissions(home.path(), open).unwrap();
    let mut command = Command::new("setpriv");
    home.prepare(&mut command);
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(binary)
        .args(args);
    if Command::new("setpriv").arg("--version").output().is_err() {
        skipped("files of another owner: needs setpriv");
        return None;
    }
    Some(feed(command, b"value"))
}

#[test]
fn a_store_of_another_owner_is_refused() {
    let home = Home::with_store();
    home.set("A", b"v");
    let Some(run) = as_other(&home, &["get", "A"]) else {
        return;
    };
    assert!(matches!(run.code, 21 | 64), "{} {}", run.code, run.stderr);
    assert!(run.stdout.is_empty());
    // The other way round: root could read it, but a store that someone else can change is not to be trusted.
    chown(home.store(), Some(OTHER), Some(OTHER)).unwrap();
    home.run(&["get", "A"]).fails("insecure_path", 64);
    chown(home.store(), Some(0), Some(0)).unwrap();
    chown(home.key_file(), Some(OTHER), Some(OTHER)).unwrap();
    home.run(&["get", "A"]).fails("insecure_path", 64);
}

#[test]
fn another_user_has_a_store_of_its_own() {
    let home = Home::new();
    if is_root() {
        chown(home.path(), Some(OTHER), Some(OTHER)).unwrap();
    }
    let Some(run) = as_other(&home, &["set", "A"]) else {
        return;
    };
    run.ok();
    assert_eq!(as_other(&home, &["get", "A"]).unwrap().ok().stdout, b"value");
}

#[test]
fn a_home_that_cannot_be_written_is_told() {
    let home = Home::new();
    let Some(run) = as_other(&home, &["set", "A"]) else {
        return;
    };
    assert!(matches!(run.code, 21 | 64), "{} {}", run.code, run.stderr);
}
