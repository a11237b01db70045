//! Where the file lies, and who else could touch it.

use std::io::Write;
use std::os::unix::fs::{chown, symlink};
use std::process::Command;

use super::*;
use crate::config::{Settings, locations};
use crate::{ErrorKind, Secret};

#[test]
fn folder_and_file_are_made_for_their_owner_alone_at_the_first_write() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data/app/secrets.json");
    let manager = open_at(&path, &[]).unwrap();
    assert!(manager.get("A").unwrap().is_none());
    assert!(manager.list(crate::ListOptions::new()).unwrap().entries.is_empty());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "reading makes nothing");
    manager.set("A", &Secret::new("v")).unwrap();
    for (path, wanted) in [
        ("data", 0o700),
        ("data/app", 0o700),
        ("data/app/secrets.json", 0o600),
        ("data/app/secrets.json.lock", 0o600),
    ] {
        assert_eq!(mode(&dir.path().join(path)), wanted, "{path}");
    }
    assert_eq!(
        fs::read_dir(dir.path().join("data/app")).unwrap().count(),
        2,
        "nothing is left over"
    );
}

#[test]
fn a_file_that_others_can_read_is_made_private_and_told() {
    for open_mode in [0o644, 0o666, 0o640, 0o4755] {
        let vault = Vault::with(V2);
        fs::set_permissions(vault.path(), fs::Permissions::from_mode(open_mode)).unwrap();
        let (manager, events) = events(|| vault.open());
        assert_eq!(mode(&vault.path()), 0o600);
        let told = events.iter().find(|(_, text)| text.contains("private now")).unwrap();
        assert_eq!(told.0, tracing::Level::WARN);
        assert!(told.1.contains(&format!("{open_mode:04o}")), "{told:?}");
        // SideSeat replaces it with one of its own mode.
        vault.plant(V2);
        fs::set_permissions(vault.path(), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(manager.get("jwt_signing_key").unwrap().is_some());
        assert_eq!(mode(&vault.path()), 0o600);
    }
}

#[test]
fn what_others_could_have_planted_is_refused_and_left() {
    let refused = |vault: &Vault, word: &str| {
        let error = vault.refused();
        assert_eq!(error.kind(), ErrorKind::InsecurePath, "{error}");
        assert!(error.message().contains(word), "{word} in {error}");
    };
    let vault = Vault::new();
    let elsewhere = vault.dir.path().join("elsewhere");
    plant(&elsewhere, V2.as_bytes());
    symlink(&elsewhere, vault.path()).unwrap();
    refused(&vault, "symbolic link");
    fs::remove_file(vault.path()).unwrap();
    fs::hard_link(&elsewhere, vault.path()).unwrap();
    refused(&vault, "hard links");
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), V2);
    fs::remove_file(vault.path()).unwrap();
    fs::create_dir(vault.path()).unwrap();
    refused(&vault, "folder");
    fs::remove_dir(vault.path()).unwrap();
    assert!(Command::new("mkfifo").arg(vault.path()).status().unwrap().success());
    refused(&vault, "regular file");

    let vault = Vault::with(V2);
    fs::set_permissions(vault.dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    refused(&vault, "others can write");
    fs::set_permissions(vault.dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    if rustix::process::geteuid().is_root() {
        chown(vault.path(), Some(65534), None).unwrap();
        refused(&vault, "user 65534");
    }
}

#[test]
fn a_link_in_the_place_of_the_lock_or_of_the_new_file_leads_nowhere() {
    let vault = Vault::new();
    let victim = vault.dir.path().join("victim");
    fs::write(&victim, "untouched").unwrap();
    symlink(&victim, vault.dir.path().join(".secrets.json.new")).unwrap();
    let manager = vault.open();
    manager.set("A", &Secret::new("v")).unwrap();
    let lock = vault.dir.path().join("secrets.json.lock");
    fs::remove_file(&lock).unwrap();
    symlink(&victim, &lock).unwrap();
    assert_eq!(
        manager.set("A", &Secret::new("w")).unwrap_err().kind(),
        ErrorKind::InsecurePath
    );
    assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
    assert_eq!(manager.get_value("A").unwrap().as_deref(), Some("v"));
}

#[test]
fn a_folder_that_is_gone_is_no_answer_about_a_secret() {
    let dir = tempfile::tempdir().unwrap();
    // A file where a folder is expected.
    fs::write(dir.path().join("data"), "").unwrap();
    let error = open_at(&dir.path().join("data/secrets.json"), &[]).unwrap_err();
    assert!(
        ![ErrorKind::NotFound, ErrorKind::Conflict].contains(&error.kind()),
        "{error}"
    );
    let error = open_at(Path::new("/"), &[]).unwrap_err();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InvalidConfig, Some("file.path"))
    );
}

#[test]
fn what_a_killed_writer_left_goes_with_the_next_write() {
    let vault = Vault::new();
    plant(&vault.dir.path().join(".secrets.json.new"), b"half of a docu");
    let manager = vault.open();
    manager.set("A", &Secret::new("v")).unwrap();
    assert!(!vault.dir.path().join(".secrets.json.new").exists());
}

/// What a read-only mount allows, for the test below, which mounts one for it.
#[test]
fn child_on_a_read_only_mount() {
    use crate::backend::HealthState;
    #[expect(clippy::disallowed_methods, reason = "the parent says where")]
    let Some(folder) = std::env::var_os("READ_ONLY") else {
        return;
    };
    let path = PathBuf::from(folder).join("secrets.json");
    let is_corrupt = fs::read(&path).unwrap().len() < 3;
    let (opened, told) = events(|| open_at(&path, &[]));
    if is_corrupt {
        assert_eq!(opened.unwrap_err().kind(), ErrorKind::Integrity);
        return;
    }
    let manager = opened.unwrap();
    assert_eq!(mode(&path), 0o644);
    let warned = told.iter().filter(|(_, text)| text.contains("read-only")).count();
    assert!(warned > 0, "{told:?}");
    for _ in 0..2 {
        assert!(manager.get("jwt_signing_key").unwrap().is_some());
    }
    assert!(manager.verify().unwrap().secrets >= 2);
    assert_eq!(manager.health().unwrap().state, HealthState::Ok);
    let error = manager.set("A", &Secret::new("v")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly, "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_read_only_mount_what_can_be_read_is_read_and_writes_are_refused() {
    let in_namespace = |script: &str| {
        let mut child = Command::new("unshare");
        child.args(["-rm", "sh", "-ec", script]);
        child
    };
    if !in_namespace("true").status().is_ok_and(|status| status.success()) {
        // Systems that give nobody a namespace of his own cannot make such a mount here. Written past the test harness,
        // which swallows what a passing test prints.
        let told = b"skipped: a plain file on a read-only mount: `unshare -rm` is refused\n";
        std::io::Write::write_all(&mut std::io::stderr(), told).unwrap();
        return;
    }
    for text in [V2, V1, "{"] {
        let vault = Vault::with(text);
        fs::set_permissions(vault.path(), fs::Permissions::from_mode(0o644)).unwrap();
        let name = "backends::file::tests::paths::child_on_a_read_only_mount";
        let script = format!(
            "mount --bind \"$READ_ONLY\" \"$READ_ONLY\"; mount -o remount,bind,ro \"$READ_ONLY\"; \
             \"$SELF\" {name} --exact --nocapture"
        );
        let child = in_namespace(&script)
            .env("READ_ONLY", vault.dir.path())
            .env("SELF", std::env::current_exe().unwrap())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success() && told.contains("1 passed"), "{told}");
        assert_eq!(vault.text(), text);
        assert_eq!(fs::read_dir(vault.dir.path()).unwrap().count(), 1);
    }
}

/// Set where this program was started by the test below.
const CHILD: &str = "STRONGROOM_TEST_CHILD";

/// Prints the default place, for the test below, which gives it an environment of its own.
#[test]
fn default_place_of_a_child() {
    #[expect(clippy::disallowed_methods, reason = "a word from the parent, no setting")]
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    for app in ["sideseat", "my-app"] {
        let shown = locations::plain_file(app, &Settings::new()).map(|path| path.display().to_string());
        let shown = shown.unwrap_or_else(|error| error.to_string());
        writeln!(std::io::stdout(), "{app}={shown}").unwrap();
    }
}

#[test]
fn the_default_place_is_that_of_sideseat() {
    let run = |environment: &[(&str, &str)]| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let name = "backends::file::tests::paths::default_place_of_a_child";
        child.args([name, "--exact", "--nocapture"]);
        child.env_clear().env(CHILD, "1").envs(environment.iter().copied());
        String::from_utf8(child.output().unwrap().stdout).unwrap()
    };
    let all = run(&[
        ("HOME", "/h"),
        ("XDG_DATA_HOME", "/x"),
        ("SIDESEAT_DATA_DIR", "/s"),
        ("MY_APP_DATA_DIR", "m"),
    ]);
    assert!(
        all.contains("sideseat=/s/secrets.json\n") && all.contains("my-app=m/secrets.json\n"),
        "{all}"
    );
    let xdg = run(&[("HOME", "/h"), ("XDG_DATA_HOME", "/x"), ("SIDESEAT_DATA_DIR", "")]);
    assert!(xdg.contains("sideseat=/x/sideseat/secrets.json\n"), "{xdg}");
    let home = run(&[("HOME", "/h")]);
    assert!(
        home.contains("sideseat=/h/.local/share/sideseat/secrets.json\n"),
        "{home}"
    );
    assert!(run(&[]).contains("setting: file.path"), "{}", run(&[]));
}
