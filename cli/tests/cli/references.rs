//! `resolve`, over the store and what lies on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::home::Home;

#[test]
fn a_reference_leads_to_a_secret_or_a_part_of_it() {
    let home = Home::with_store();
    home.set("org/acme/db", br#"{"user":"app","password":"s3cret","port":5432}"#);
    for (reference, value) in [
        ("secret://org/acme/db#/password", "s3cret"),
        ("secret://org/acme/db#/port", "5432"),
        (
            "secret://org/acme/db",
            r#"{"user":"app","password":"s3cret","port":5432}"#,
        ),
    ] {
        assert_eq!(home.run(&["resolve", reference]).ok().text(), value);
    }
    home.run(&["resolve", "secret://org/acme/db#/none"])
        .fails("not_found", 10);
    home.run(&["resolve", "secret://org/acme/none"]).fails("not_found", 10);
    home.run(&["resolve", "s3cret"]).fails("invalid_argument", 52);
}

#[test]
fn other_schemes_are_followed_where_they_are_allowed() {
    let home = Home::with_store().variable("OF_THE_SHELL", "from the variable");
    let file = home.path().join("token");
    fs::write(&file, "from the file").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let of_file = format!("file:{}", file.display());
    for reference in ["env:OF_THE_SHELL", &of_file, "vault:a/b#c", "aws:a/b"] {
        let run = home.run(&["resolve", reference]).fails("policy_denied", 23);
        assert!(run.stderr.contains("`references`"), "{}", run.stderr);
    }
    let home = home.variable("STRONGROOM_SECRETS_REFERENCES", "env,file");
    let read = |reference: &str| home.run(&["resolve", reference]).ok().text().to_owned();
    assert_eq!(read("env:OF_THE_SHELL"), "from the variable");
    assert_eq!(read(&of_file), "from the file");
    home.run(&["resolve", "env:NOBODY_SET_IT"]).fails("not_found", 10);
}

#[test]
fn a_stored_reference_is_followed_and_get_shows_it() {
    let home = Home::with_store().variable("STRONGROOM_SECRETS_REFERENCES", "env");
    let home = home.variable("OF_THE_SHELL", "s3cret");
    let set = ["set", "A", "--label", "strongroom.reference=env"];
    home.run_with(&set, b"env:OF_THE_SHELL").ok();
    assert_eq!(home.run(&["resolve", "secret://A"]).ok().text(), "s3cret");
    assert_eq!(home.get("A"), b"env:OF_THE_SHELL");
}

#[test]
fn the_value_goes_to_a_file_of_its_owner_alone() {
    let home = Home::with_store();
    home.set("A", b"\x00\xff");
    let run = home.run(&["resolve", "secret://A", "--out", "value"]).ok();
    assert!(run.stdout.is_empty());
    let file = home.path().join("value");
    assert_eq!(fs::read(&file).unwrap(), b"\x00\xff");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}
