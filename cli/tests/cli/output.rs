//! Where output goes, and what happens when nobody takes it.

use std::process::Stdio;

use crate::home::{BINARY, Home, Run, feed};

#[test]
fn get_can_write_to_a_file_of_its_owner_alone() {
    let home = Home::with_store();
    home.set("A", b"a\0b\n\n");
    let run = home.run(&["get", "A", "--out", "value"]).ok();
    assert!(run.stdout.is_empty());
    let path = home.path().join("value");
    assert_eq!(std::fs::read(&path).unwrap(), b"a\0b\n");
    let mode = |path| std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777;
    assert_eq!(mode(&path), 0o600);
    // What was there is replaced, its permissions too.
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    home.set("A", b"new");
    home.run(&["get", "A", "--out", "value"]).ok();
    assert_eq!((std::fs::read(&path).unwrap(), mode(&path)), (b"new".to_vec(), 0o600));
    // A failed read leaves the file alone.
    home.run(&["get", "B", "--out", "value"]).fails("not_found", 10);
    assert_eq!(std::fs::read(&path).unwrap(), b"new");
    home.run(&["get", "A", "--out", "no/such/folder"])
        .fails("invalid_argument", 52);
    std::os::unix::fs::symlink("value", home.path().join("link")).unwrap();
    home.run(&["get", "A", "--out", "link"]).fails("invalid_argument", 52);
    assert!(home.path().join("link").is_symlink());
    home.run(&["get", "A", "--out", "."]).fails("invalid_argument", 52);
}

#[test]
fn a_reader_that_went_away_is_no_panic() {
    let home = Home::with_store();
    home.set("A", &vec![b'x'; 1 << 20]);
    for args in [
        &["get", "A"][..],
        &["list"],
        &["status"],
        &["verify"],
        &["versions", "A"],
        &["explain", "A"],
        &["list", "--reveal", "--yes", "-o", "yaml"],
        &["component", "list", "c", "-o", "json"],
        &["doctor"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = home.command(args).stdin(Stdio::null()).stdout(writer).output().unwrap();
        let run = Run::from(output);
        assert!(matches!(run.code, 0 | 141), "{args:?}: {}", run.code);
        assert_eq!(run.stderr, "", "{args:?}");
    }
}

#[test]
fn a_closed_stderr_is_no_panic() {
    let home = Home::with_store();
    for args in [&["get", "missing"][..], &["generate", "A"], &["init"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status = home
            .command(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(writer)
            .status()
            .unwrap();
        assert!(matches!(status.code(), Some(0 | 10)), "{args:?}: {status}");
    }
}

#[test]
fn a_full_disk_is_told() {
    let home = Home::with_store();
    home.set("A", b"v");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = Run::from(
        home.command(&["get", "A"])
            .stdin(Stdio::null())
            .stdout(full)
            .output()
            .unwrap(),
    );
    run.fails("storage_full", 65);
}

/// A stdout that is open for reading only.
#[test]
fn a_stdout_that_cannot_be_written_is_told() {
    let home = Home::with_store();
    home.set("A", b"v");
    let through = |redirection: &str, args: &[&str]| {
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", &format!("exec \"$@\" {redirection}"), "sh", BINARY])
            .args(args);
        home.prepare(&mut shell);
        feed(shell, b"")
    };
    for args in [
        &["get", "A"][..],
        &["list"],
        &["list", "-o", "json"],
        &["export", "--format", "json", "--yes"],
        &["versions", "A"],
        &["status"],
        &["verify"],
        &["doctor"],
        &["explain", "A"],
        &["config", "schema"],
        &["completions", "bash"],
    ] {
        let run = through("1</dev/null", args);
        assert_eq!(run.code, 52, "{args:?}: {}", run.stderr);
        assert!(
            run.stderr.contains("cannot write to stdout"),
            "{args:?}: {}",
            run.stderr
        );
    }
    // Who throws a value away may.
    through(">/dev/null", &["get", "A"]).ok();
    through("1<>/dev/null", &["get", "A"]).ok();
}

#[test]
fn notices_go_to_stderr_and_quiet_stops_them() {
    let home = Home::with_store();
    let run = home.run_with(&["set", "A"], b"s3cret").ok();
    assert!(run.stdout.is_empty() && run.stderr.contains("created global/A") && !run.stderr.contains("s3cret"));
    assert_eq!(home.run_with(&["set", "-q", "A"], b"s3cret").ok().stderr, "");
    assert_eq!(home.run(&["get", "A"]).ok().stderr, "");
    home.run(&["-q", "get", "B"]).fails("not_found", 10);
}

/// A help text is written or it is not, as all else.
#[test]
fn a_full_disk_is_told_of_help_too() {
    let home = Home::new();
    for word in ["--help", "--version"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = home.command(&[word]);
        Run::from(command.stdin(Stdio::null()).stdout(full).output().unwrap()).fails("storage_full", 65);
    }
}

/// A document in the place of the store would be the end of every secret in it; one in the place of its lock would let two
/// writers in.
#[test]
fn the_files_of_the_store_are_never_written_over() {
    let home = Home::with_store();
    home.set("A", b"v");
    let link = home.path().join("link");
    std::os::unix::fs::symlink(home.store().parent().unwrap(), &link).unwrap();
    let wal = home.store().with_extension("strongroom-wal");
    let by_link = link.join("secrets.strongroom");
    let lock = home.store().with_extension("strongroom.lock");
    for path in [&home.store(), &home.key_file(), &wal, &lock, &by_link] {
        let path = path.to_str().unwrap();
        for args in [
            &["export", "--format", "json", "--force", "--to", path][..],
            &["get", "A", "--out", path],
        ] {
            home.run(args).fails("invalid_argument", 52);
        }
    }
    assert_eq!(home.get("A"), b"v");
    home.run(&["verify"]).ok();
}
