//! The secrets of one component, as `wassette secret` has them.

use std::process::Stdio;

use crate::home::{Home, Run};

fn with_secrets() -> Home {
    let home = Home::with_store();
    for args in [
        &[
            "component",
            "set",
            "time-component",
            "API_KEY=sk_live_abc123",
            "DATABASE_URL=postgresql://u:p@h/d",
        ][..],
        &["component", "set", "other", "API_KEY=other"],
        &["set", "API_KEY=global"],
    ] {
        Run::from(home.command(args).stdin(Stdio::null()).output().unwrap()).ok();
    }
    home
}

#[test]
fn set_and_list() {
    let home = with_secrets();
    assert_eq!(home.get("component/time-component/API_KEY"), b"sk_live_abc123");
    assert_eq!(home.get("component/other/API_KEY"), b"other");
    let list = |args: &[&str]| {
        let all = [&["component", "list", "time-component"], args].concat();
        home.run(&all).ok().text().to_owned()
    };
    assert_eq!(list(&[]), "API_KEY\nDATABASE_URL\n");
    assert_eq!(list(&["-o", "table"]), "NAME\nAPI_KEY\nDATABASE_URL\n");
    assert_eq!(
        list(&["-o", "json"]),
        r#"{
  "component_id": "time-component",
  "schema": 1,
  "secret_keys": [
    "API_KEY",
    "DATABASE_URL"
  ],
  "status": "success"
}
"#
    );
    assert_eq!(
        list(&["-o", "yaml"]),
        r#"component_id: "time-component"
schema: 1
secret_keys:
  - "API_KEY"
  - "DATABASE_URL"
status: "success"
"#
    );
    assert_eq!(
        list(&["--show-values", "--yes", "-o", "json"]),
        r#"{
  "component_id": "time-component",
  "schema": 1,
  "secrets": {
    "API_KEY": "sk_live_abc123",
    "DATABASE_URL": "postgresql://u:p@h/d"
  },
  "status": "success"
}
"#
    );
    assert_eq!(
        list(&["--show-values", "--yes", "-o", "yaml"]),
        r#"component_id: "time-component"
schema: 1
secrets:
  "API_KEY": "sk_live_abc123"
  "DATABASE_URL": "postgresql://u:p@h/d"
status: "success"
"#
    );
    assert_eq!(
        list(&["--reveal", "-y"]),
        "API_KEY\tsk_live_abc123\nDATABASE_URL\tpostgresql://u:p@h/d\n"
    );
    assert_eq!(home.run(&["component", "ls", "none"]).ok().text(), "");
}

#[test]
fn values_need_a_yes() {
    let home = with_secrets();
    let run = home.run(&["component", "list", "time-component", "--show-values"]);
    let run = run.fails("usage", 2);
    assert!(run.stderr.contains("--yes"), "{}", run.stderr);
}

#[test]
fn one_value_comes_from_stdin_as_elsewhere() {
    let home = Home::with_store();
    home.run_with(&["component", "set", "c", "TOKEN@prod"], b"v\n").ok();
    assert_eq!(home.get("component/c/TOKEN@prod"), b"v");
    assert_eq!(home.run(&["component", "list", "c"]).ok().text(), "TOKEN@prod\n");
    home.run_with(&["component", "set", "c", "TOKEN"], b"")
        .fails("invalid_value", 51);
}

#[test]
fn delete_ignores_what_is_missing() {
    let home = with_secrets();
    let run = home
        .run(&["component", "delete", "time-component", "API_KEY", "NEVER_THERE"])
        .ok();
    assert_eq!(
        run.stderr,
        "deleted component/time-component/API_KEY\nthere was no such secret: component/time-component/NEVER_THERE\n"
    );
    let run = home.run(&["component", "rm", "time-component", "API_KEY"]).ok();
    assert!(!run.stderr.contains("deleted"), "{}", run.stderr);
    assert_eq!(
        home.run(&["component", "list", "time-component"]).ok().text(),
        "DATABASE_URL\n"
    );
    assert_eq!(home.get("component/other/API_KEY"), b"other");
    assert_eq!(home.get("API_KEY"), b"global");
}

#[test]
fn a_name_cannot_leave_its_component() {
    let home = with_secrets();
    for name in ["../other/API_KEY", "global/API_KEY", "other/API_KEY", "..", ""] {
        home.run(&["component", "delete", "time-component", name])
            .fails("invalid_key", 50);
        home.run_with(&["component", "set", "time-component", name], b"v")
            .fails("invalid_key", 50);
    }
    for component in ["..", "", "a/b", "a b"] {
        home.run(&["component", "list", component]).fails("invalid_key", 50);
        home.run(&["component", "delete", component, "API_KEY"])
            .fails("invalid_key", 50);
        home.run_with(&["component", "set", component, "A"], b"v")
            .fails("invalid_key", 50);
    }
    let run = home.run(&["component", "delete", "time-component", "API_KEY=s3cret"]);
    assert!(!run.fails("invalid_key", 50).stderr.contains("s3cret"));
    assert_eq!(home.run(&["list"]).ok().text().lines().count(), 4);
}

#[test]
fn bytes_that_are_no_text_do_not_fit_the_document() {
    let home = Home::with_store();
    home.run_with(&["component", "set", "c", "A"], b"\xff").ok();
    let args = ["component", "list", "c", "--show-values", "--yes"];
    let run = home.run(&[&args[..], &["-o", "json"]].concat());
    assert!(run.fails("invalid_value", 51).stderr.contains("component/c/A"));
    assert_eq!(home.run(&args).ok().text(), "A\t(1 bytes that are no text)\n");
}
