//! What the settings may say.

use super::{Source, stated};
use crate::config::{Origin, Settings};
use crate::error::ErrorKind;
use crate::value::SecretValue;

/// The setting that is named, and the message.
fn wrong(settings: &Settings) -> (String, String) {
    let error = Source::read(settings).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
    (error.setting().unwrap().to_owned(), error.message().to_owned())
}

#[test]
fn what_a_method_needs_is_named_where_it_is_missing() {
    for (pairs, setting) in [
        (&[("vault.auth", "approle")][..], "vault.role_id"),
        (&[("vault.auth", "approle"), ("vault.role_id", " ")], "vault.role_id"),
        (
            &[
                ("vault.auth", "approle"),
                ("vault.role_id", "r"),
                ("vault.secret_id_wrapped", "on"),
            ],
            "vault.secret_id_wrapped",
        ),
        (
            &[
                ("vault.auth", "approle"),
                ("vault.role_id", "r"),
                ("vault.secret_id", ""),
            ],
            "vault.secret_id",
        ),
        (
            &[
                ("vault.auth", "approle"),
                ("vault.role_id", "r"),
                ("vault.secret_id", "s"),
                ("vault.secret_id_file", "/f"),
            ],
            "vault.secret_id",
        ),
        (&[("vault.auth", "kubernetes")], "vault.role"),
        (
            &[
                ("vault.auth", "kubernetes"),
                ("vault.role", "r"),
                ("vault.jwt", "e.e.e"),
            ],
            "vault.jwt",
        ),
        (&[("vault.auth", "jwt"), ("vault.role", "r")], "vault.jwt_file"),
        (&[("vault.auth", "userpass"), ("vault.password", "p")], "vault.username"),
        (&[("vault.auth", "userpass"), ("vault.username", "u")], "vault.password"),
        (
            &[
                ("vault.auth", "userpass"),
                ("vault.username", "a/b"),
                ("vault.password", "p"),
            ],
            "vault.username",
        ),
        (
            &[
                ("vault.auth", "approle"),
                ("vault.role_id", "r"),
                ("vault.auth_mount", "a/../b"),
            ],
            "vault.auth_mount",
        ),
    ] {
        assert_eq!(wrong(&stated(pairs)).0, setting, "{pairs:?}");
    }
}

#[test]
fn a_method_whose_name_was_forgotten_is_asked_for() {
    let (setting, message) = wrong(&stated(&[("vault.role_id", "r"), ("vault.secret_id", "s")]));
    assert_eq!(setting, "vault.role_id");
    assert!(
        message.contains("`vault.auth`") && message.contains("approle"),
        "{message}"
    );
    // Who says `token` means it.
    assert!(
        Source::read(&stated(&[
            ("vault.auth", "token"),
            ("vault.role_id", "r"),
            ("vault.token", "t")
        ]))
        .is_ok()
    );
}

#[test]
fn a_token_beside_a_method_is_a_contradiction_where_both_are_stated_together() {
    let pairs = [("vault.auth", "approle"), ("vault.role_id", "r")];
    let (setting, message) = wrong(&stated(&[pairs[0], pairs[1], ("vault.token", "t")]));
    assert!(
        setting == "vault.auth" && message.contains("`vault.token`"),
        "{message}"
    );
    assert!(
        wrong(&stated(&[pairs[0], pairs[1], ("vault.token_file", "/f")]))
            .1
            .contains("`vault.token_file`")
    );

    let token = |settings: &mut Settings, origin| settings.set_secret("vault.token", SecretValue::from("t"), origin);
    // Somewhere else it is only not used.
    let mut settings = stated(&pairs);
    token(&mut settings, Origin::File("app.toml".to_owned())).unwrap();
    assert!(matches!(Source::read(&settings), Ok(Source::Login(_))));

    // A shell in which somebody is logged in says nothing about the application.
    for (variable, is_ok) in [
        ("VAULT_TOKEN", true),
        ("BAO_TOKEN", true),
        ("APP_SECRETS_VAULT_TOKEN", false),
    ] {
        let mut settings = Settings::new();
        let origin = Origin::Environment(variable.to_owned());
        for (key, value) in pairs {
            settings.set(key, value, Origin::Environment("X".to_owned())).unwrap();
        }
        token(&mut settings, origin).unwrap();
        assert_eq!(Source::read(&settings).is_ok(), is_ok, "{variable}");
    }
}

#[test]
fn what_is_no_token_is_refused_without_showing_it() {
    for bad in ["hunter2 hunter2", "hunter2\nx", "hunter2\u{e9}"] {
        let (setting, message) = wrong(&stated(&[("vault.token", bad)]));
        assert_eq!(setting, "vault.token");
        assert!(!message.contains("hunter2"), "{message}");
    }
    // A line end after it comes from a file or a shell.
    assert!(Source::read(&stated(&[("vault.token", "s.abc\r\n")])).is_ok());
}

#[test]
fn nothing_shows_what_is_secret() {
    for pairs in [
        &[("vault.token", "hunter2")][..],
        &[
            ("vault.auth", "approle"),
            ("vault.role_id", "r"),
            ("vault.secret_id", "hunter2"),
        ],
        &[
            ("vault.auth", "userpass"),
            ("vault.username", "u"),
            ("vault.password", "hunter2"),
        ],
        &[("vault.auth", "jwt"), ("vault.jwt", "hunter2")],
    ] {
        let shown = format!("{:?}", super::login(pairs));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
