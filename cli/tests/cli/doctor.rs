//! `doctor`: one broken setup of each kind, explained in one screen.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::files::as_other;
use crate::home::{Home, Run, feed, skipped};

/// The lines of a doctor's answer that say this, each with its help.
fn lines(run: &Run, level: &str) -> Vec<String> {
    let text = run.text();
    let found = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.split(' ').next() == Some(level));
    found
        .map(|(place, line)| {
            let help = text.lines().nth(place + 1).map(str::trim_start).unwrap_or_default();
            assert!(
                level == "ok" || help.starts_with("help: "),
                "{line:?} without help: {text}"
            );
            format!("{line} {help}")
        })
        .collect()
}

/// The setup is broken so: the exit code, one screen, and a failing line with these words in it.
#[track_caller]
fn fails(run: Run, code: i32, words: &[&str]) {
    assert_eq!(run.code, code, "{} {}", run.text(), run.stderr);
    assert_eq!(run.stderr, "");
    assert!(run.text().lines().count() <= 24, "{}", run.text());
    let failed = lines(&run, "fail");
    let told = failed.iter().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(told, "{words:?} in {}", run.text());
}

#[test]
fn a_good_setup_is_good() {
    let home = Home::with_store();
    home.set("A", b"s3cret");
    for args in [&["doctor"][..], &["doctor", "--deep"]] {
        let run = home.run(args).ok();
        assert!(
            lines(&run, "fail").is_empty() && lines(&run, "warn").is_empty(),
            "{}",
            run.text()
        );
        assert!(run.text().contains("1 secrets, 0 of them expired"), "{}", run.text());
        assert!(!run.text().contains("s3cret"));
        assert!(run.text().lines().count() <= 24);
    }
    assert!(home.run(&["doctor", "--deep"]).text().contains("1 versions"));
    let json = home.run(&["doctor", "-o", "json"]).ok();
    assert!(json.text().contains("\"schema\": 1") && json.text().contains("\"ok\": true"));
}

#[test]
fn a_fresh_home_is_no_failure_and_stays_as_it_is() {
    let home = Home::new();
    let run = home.run(&["doctor"]).ok();
    assert!(lines(&run, "warn")[0].contains("strongroom init"), "{}", run.text());
    assert_eq!(home.files(), Vec::<std::path::PathBuf>::new());
    let home = home.variable("STRONGROOM_SECRETS_ENCRYPTED_CREATE", "never");
    fails(home.run(&["doctor"]), 30, &["opening", "there is no store"]);
}

#[test]
fn an_unknown_backend() {
    let home = Home::with_store();
    fails(
        home.run(&["doctor", "--secrets-backend", "cupboard"]),
        55,
        &["configuration", "invalid_config", "backend"],
    );
}

#[test]
fn wrong_settings_are_all_told() {
    let home = Home::with_store()
        .variable("STRONGROOM_SECRETS_DEADLINE", "soon")
        .variable("STRONGROOM_SECRETS_CACHE", "perhaps")
        .variable("STRONGROOM_SECRETS_KYE_FILE", "s3cret");
    let run = home.run(&["doctor"]);
    assert!(!run.text().contains("s3cret"));
    let failed = lines(&run, "fail");
    assert_eq!(failed.len(), 3, "{}", run.text());
    assert!(
        failed.iter().any(|line| line.contains("STRONGROOM_SECRETS_KEY_FILE?")),
        "{failed:?}"
    );
    fails(run, 55, &["configuration", "STRONGROOM_SECRETS_DEADLINE"]);
}

#[test]
fn settings_that_contradict_each_other() {
    let home = Home::with_store()
        .variable("STRONGROOM_SECRETS_KEY", &"5a".repeat(32))
        .variable("STRONGROOM_SECRETS_KEY_FILE", "elsewhere");
    let run = home.run(&["doctor"]);
    assert!(!run.text().contains("5a5a"));
    fails(run, 55, &["configuration", "`encrypted.key` and `encrypted.key_file`"]);
}

#[test]
fn a_file_of_configuration_that_is_wrong() {
    let home = Home::with_store();
    let file = home.path().join(".config/strongroom/config.json");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    for (text, words) in [
        ("{\"secrets\": {\"backend\": ", &["config.json"][..]),
        ("{\"secrets\": {\"bakend\": \"env\"}}", &["bakend", "backend"]),
        ("{\"secret\": {}}", &["config.json", "secrets"]),
    ] {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        fails(
            home.run(&["doctor"]),
            55,
            &[&["configuration", "invalid_config"], words].concat(),
        );
    }
    fs::write(&file, "{\"secrets\": {\"deadline\": \"5s\"}}").unwrap();
    let run = home.run(&["doctor"]).ok();
    assert!(
        lines(&run, "ok")[0].contains("`deadline` from the user's file"),
        "{}",
        run.text()
    );
    fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
    fails(
        home.run(&["doctor"]),
        64,
        &["configuration", "insecure_path", "config.json"],
    );
}

#[test]
fn a_file_of_configuration_that_is_not_there() {
    let home = Home::with_store();
    fails(
        home.run(&["doctor", "--config", "nowhere.toml"]),
        55,
        &["configuration", "nowhere.toml"],
    );
}

#[test]
fn a_project_that_nobody_trusts() {
    let home = Home::with_store();
    fs::write(home.path().join("strongroom.toml"), "[secrets]\nbackend = \"memory\"\n").unwrap();
    let run = home.run(&["doctor"]);
    fails(run, 23, &["configuration", "strongroom.toml", "config trust"]);
}

#[test]
fn the_whole_answer_about_a_good_setup() {
    let home = Home::with_store();
    home.set("A", b"v");
    let run = home.run(&["doctor", "-o", "plain", "--deep"]).ok();
    let bytes = fs::metadata(home.store()).unwrap().len();
    let text = run.text().replace(home.path().to_str().unwrap(), "~");
    let lines: Vec<_> = text
        .lines()
        // What depends on the machine: how memory and process are guarded.
        .filter(|line| !line.contains("\tkey memory\t") && !line.contains("\tprocess\t"))
        .map(|line| line.replace('\t', " | "))
        .collect();
    let expected = [
        "ok | configuration | application `strongroom`; every setting has its default | ",
        "ok | backend | `encrypted`, from detection: this build has no keystore of the operating system; the store \
         `~/.local/share/strongroom/secrets.strongroom` is there, opened by the key file \
         `~/.local/state/strongroom/secrets.key` | ",
        &format!("ok | store | ~/.local/share/strongroom/secrets.strongroom, {bytes} bytes | "),
        "ok | key | ~/.local/state/strongroom/secrets.key | ",
        "ok | key folder | ~/.local/state/strongroom is writable | ",
        "ok | store folder | ~/.local/share/strongroom is writable | ",
        "ok | opening | `encrypted` opens; it keeps secrets on: disk | ",
        "ok | health | ok | ",
        "ok | contents | 1 secrets, 0 of them expired | ",
        "ok | contents | 1 versions and 1 journal records are whole | ",
        "ok | clock | it does not contradict the store | ",
        "ok | terminal | there is none; nothing is asked, and values come from stdin or files | ",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_wrong_key() {
    let home = Home::with_store().variable("STRONGROOM_SECRETS_KEY", &"5a".repeat(32));
    let run = home.run(&["doctor"]);
    assert!(run.text().contains("STRONGROOM_SECRETS_KEY") && !run.text().contains("5a5a"));
    fails(run, 60, &["opening", "wrong_key"]);
}

#[test]
fn a_missing_key() {
    let home = Home::with_store();
    fs::remove_file(home.key_file()).unwrap();
    fails(home.run(&["doctor"]), 61, &["key", "secrets.key", "bring it back"]);
    assert!(!home.key_file().exists());
}

#[test]
fn a_key_file_that_others_can_read() {
    let home = Home::with_store();
    fs::set_permissions(home.key_file(), Permissions::from_mode(0o644)).unwrap();
    fails(home.run(&["doctor"]), 64, &["key", "mode 644", "chmod 600"]);
}

#[test]
fn a_store_that_is_a_link_or_a_folder() {
    let home = Home::with_store();
    let real = home.path().join("real");
    fs::rename(home.store(), &real).unwrap();
    std::os::unix::fs::symlink(&real, home.store()).unwrap();
    fails(home.run(&["doctor"]), 64, &["store", "is a link"]);
    fs::remove_file(home.store()).unwrap();
    fs::create_dir(home.store()).unwrap();
    fails(home.run(&["doctor"]), 64, &["store", "is no file"]);
}

#[test]
fn a_corrupt_store() {
    let home = Home::with_store();
    for round in 0..20 {
        home.set(&format!("K{round}"), &[b'x'; 500]);
    }
    let whole = fs::read(home.store()).unwrap();
    fs::write(home.store(), &whole[..whole.len() / 2]).unwrap();
    let run = home.run(&["doctor", "--deep"]);
    assert!(matches!(run.code, 62 | 63), "{}", run.text());
    let code = run.code;
    fails(run, code, &["help: "]);
}

#[test]
fn what_was_left_behind_is_named() {
    let home = Home::with_store();
    let mut left = home.store().into_os_string();
    left.push(".corrupt.1700000000");
    fs::write(&left, b"").unwrap();
    let run = home.run(&["doctor"]).ok();
    assert!(
        lines(&run, "warn")[0].contains("secrets.strongroom.corrupt.1700000000"),
        "{}",
        run.text()
    );
}

#[test]
fn a_folder_that_cannot_be_written() {
    let home = Home::new();
    let Some(run) = as_other(&home, &["doctor"]) else {
        return;
    };
    fails(run, 21, &["store folder", "cannot be written"]);
}

#[test]
fn a_store_of_another_user() {
    let home = Home::with_store();
    let Some(run) = as_other(&home, &["doctor"]) else {
        return;
    };
    let code = run.code;
    assert!(matches!(code, 21 | 64), "{}", run.text());
    fails(run, code, &["help: "]);
}

#[test]
fn an_expired_secret_is_worth_a_look() {
    let home = Home::with_store();
    home.run_with(&["set", "A", "--expires-at", "2001-01-01T00:00:00Z"], b"old")
        .ok();
    let run = home.run(&["doctor"]).ok();
    assert!(lines(&run, "warn")[0].contains("1 of them expired"), "{}", run.text());
}

#[test]
fn a_backend_that_forgets() {
    let run = Home::new().run(&["doctor", "--secrets-backend", "memory"]).ok();
    assert!(lines(&run, "warn")[0].contains("forgets everything"), "{}", run.text());
}

#[test]
fn a_plain_file() {
    let home = Home::new();
    let doctor = ["doctor", "--secrets-backend", "file"];
    home.run_with(&["set", "--secrets-backend", "file", "A"], b"s3cret")
        .ok();
    let run = home.run(&doctor).ok();
    assert!(lines(&run, "warn")[0].contains("plain text"), "{}", run.text());
    let file = home.path().join(".local/share/strongroom/secrets.json");
    fs::write(&file, "{").unwrap();
    fails(home.run(&doctor), 62, &["opening", "integrity", "secrets.json"]);
    assert_eq!(fs::read(&file).unwrap(), b"{", "looking changes nothing");
    assert_eq!(
        fs::read_dir(file.parent().unwrap())
            .unwrap()
            .filter(is_set_aside)
            .count(),
        0
    );
    fs::write(&file, "{\"version\": 99, \"secrets\": {}}").unwrap();
    fails(home.run(&doctor), 63, &["opening", "unsupported_format"]);
}

fn is_set_aside(entry: &std::io::Result<fs::DirEntry>) -> bool {
    entry
        .as_ref()
        .is_ok_and(|entry| entry.file_name().to_string_lossy().contains("corrupt"))
}

#[test]
fn variables_that_are_required() {
    let home = Home::new().variable("STRONGROOM_SECRETS_ENV_REQUIRED", "A,B");
    let run = home.run(&["doctor", "--secrets-backend", "env"]);
    fails(run, 55, &["STRONGROOM_SECRET_GLOBAL_A", "STRONGROOM_SECRET_GLOBAL_B"]);
}

#[test]
fn a_folder_of_secrets_that_is_not_there() {
    let home = Home::new().variable("STRONGROOM_SECRETS_DIRECTORY_PATH", "/no/such/folder");
    let run = home.run(&["doctor", "--secrets-backend", "directory"]);
    fails(run, 30, &["opening", "/no/such/folder"]);
}

#[test]
fn a_key_that_nobody_states() {
    for word in ["local", "local_encrypted"] {
        let run = Home::new().run(&["doctor", "--secrets-backend", word]);
        fails(run, 61, &["key", "FERNET_SECRET_KEY"]);
    }
}

/// Another process that holds the whole store until its stdin ends.
const HOLDER: &str = r#"
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("PRAGMA locking_mode=EXCLUSIVE")
store.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"#;

#[test]
fn a_store_that_another_process_holds() {
    let home = Home::with_store();
    let mut holder = Command::new("python3");
    holder.args(["-c", HOLDER]).arg(home.store());
    let Ok(mut holder) = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        skipped("a store that another process holds: there is no python3");
        return;
    };
    let mut held = String::new();
    BufReader::new(holder.stdout.take().unwrap())
        .read_line(&mut held)
        .unwrap();
    assert_eq!(held, "held\n");
    let run = feed(home.command(&["doctor", "--timeout", "500ms"]), b"");
    let _ = holder.stdin.take().unwrap().flush();
    holder.wait().unwrap();
    let code = run.code;
    assert!(matches!(code, 30 | 31), "{code} {}", run.text());
    fails(run, code, &["help: "]);
    home.run(&["doctor"]).ok();
}

/// Each backend has a key of its own: what opens the one opens nothing of the other.
#[test]
fn a_key_for_another_backend_is_none() {
    let home = Home::with_store();
    home.set("A", b"v");
    fs::remove_file(home.key_file()).unwrap();
    let home = home.variable("FERNET_SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    let run = home.run(&["doctor"]);
    fails(run, 61, &["key", "secrets.key", "bring it back"]);
    assert!(!home.run(&["doctor", "-o", "plain"]).text().contains("ok\tkey\t"));
}

/// It looks at the file that the backend opens.
#[test]
fn the_plain_file_is_the_one_that_is_opened() {
    let home = Home::new();
    let folder = home.path().join("data");
    fs::create_dir(&folder).unwrap();
    let home = home.variable("SIDESEAT_DATA_DIR", folder.to_str().unwrap());
    let plain = ["--app", "sideseat", "--secrets-backend", "file"];
    home.run_with(&[&plain[..], &["set", "A"]].concat(), b"v").ok();
    let run = home.run(&[&plain[..], &["doctor", "-o", "plain"]].concat()).ok();
    let path = folder.join("secrets.json");
    let told = format!("ok\tstore\t{}, ", path.display());
    assert!(run.text().contains(&told), "{}", run.text());
}

#[test]
fn a_chain_is_looked_at_member_by_member() {
    let home = Home::with_store();
    let chain = [
        "--secrets-set",
        "chain.members=env,encrypted,file",
        "--secrets-backend",
        "chain",
        "doctor",
    ];
    fs::set_permissions(home.store(), fs::Permissions::from_mode(0o644)).unwrap();
    let run = home.run(&chain);
    assert!(run.text().contains("secrets.json"), "{}", run.text());
    fails(run, 64, &["store", "mode 644", "chmod 600"]);
    fs::remove_file(home.store()).unwrap();
    let run = home.run(&chain).ok();
    assert!(
        run.text().contains("secrets.strongroom is not there yet"),
        "{}",
        run.text()
    );
    assert!(!home.store().exists());
}

/// Who can write them decides what the secrets are.
#[test]
fn secrets_that_others_can_write() {
    let home = Home::new();
    let folder = home.path().join("run");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("A"), "v").unwrap();
    let setting = format!("directory.path={}", folder.display());
    let args = ["--secrets-backend", "directory", "--secrets-set", &setting, "doctor"];
    for (path, mode) in [(folder.join("A"), 0o644), (folder.clone(), 0o755)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let run = home.run(&args).ok();
    assert!(run.text().contains("nobody else can write it"), "{}", run.text());
    for path in [folder.join("A"), folder] {
        let before = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        let run = home.run(&args);
        let told = format!("others can write 1 of its files or itself, such as {}", path.display());
        assert!(run.text().contains(&told), "{}", run.text());
        fs::set_permissions(&path, before).unwrap();
    }
}
