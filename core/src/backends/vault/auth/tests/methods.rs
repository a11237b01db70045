//! What each method sends, and what it makes of the answers.

use std::sync::Mutex;

use super::{Seen, Stub, auth, cx, login, refused, run, text};
use crate::error::ErrorKind;

fn logged_in(pairs: &[(&str, &str)]) -> Seen {
    let login = login(pairs);
    run(async move {
        let stub = Stub::giving(&[&auth("s.one", 60)]);
        text(&login, &stub).await;
        assert_eq!(stub.seen().len(), 1);
        stub.seen().remove(0)
    })
}

#[test]
fn every_method_sends_what_the_server_wants() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwt");
    std::fs::write(&file, "e.from.file\n").unwrap();
    let file = file.to_str().unwrap();
    for (pairs, path, body) in [
        (
            &[
                ("vault.auth", "approle"),
                ("vault.role_id", "r"),
                ("vault.auth_mount", "/team/a b/"),
            ][..],
            "auth/team/a%20b/login",
            r#"{"role_id":"r"}"#,
        ),
        (
            &[
                ("vault.auth", "userpass"),
                ("vault.username", "j@x"),
                ("vault.password", "p\"w\\"),
            ],
            "auth/userpass/login/j%40x",
            r#"{"password":"p\"w\\"}"#,
        ),
        (
            &[("vault.auth", "jwt"), ("vault.jwt", "e.e.e")],
            "auth/jwt/login",
            r#"{"jwt":"e.e.e"}"#,
        ),
        (
            &[("vault.auth", "jwt"), ("vault.role", "r"), ("vault.jwt_file", file)],
            "auth/jwt/login",
            r#"{"role":"r","jwt":"e.from.file"}"#,
        ),
        (
            &[
                ("vault.auth", "kubernetes"),
                ("vault.role", "r"),
                ("vault.jwt_file", file),
            ],
            "auth/kubernetes/login",
            r#"{"role":"r","jwt":"e.from.file"}"#,
        ),
    ] {
        let seen = logged_in(pairs);
        assert_eq!((seen.path.as_str(), seen.body.as_str(), seen.token), (path, body, None));
    }
}

#[test]
fn the_pods_token_is_read_at_every_login() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "e.one").unwrap();
    let login = login(&[
        ("vault.auth", "kubernetes"),
        ("vault.role", "r"),
        ("vault.jwt_file", path.to_str().unwrap()),
    ]);
    run(async move {
        let stub = Stub::giving(&[&auth("s.one", 60), &auth("s.two", 60)]);
        text(&login, &stub).await;
        std::fs::write(&path, "e.two").unwrap();
        login.lock(&cx(), &stub).await;
        text(&login, &stub).await;
        let last = stub.seen().pop().unwrap();
        assert_eq!(last.name, "auth.login");
        assert!(last.body.contains("e.two"));
        std::fs::remove_file(&path).unwrap();
        login.lock(&cx(), &stub).await;
        let error = login.token(&cx(), &stub).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.setting()),
            (ErrorKind::Unauthenticated, Some("vault.jwt_file"))
        );
    });
}

#[test]
fn a_refusal_names_the_setting_of_the_credential_and_never_its_value() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwt");
    std::fs::write(&file, "hunter2").unwrap();
    let file = file.to_str().unwrap();
    for (pairs, setting) in [
        (
            &[("vault.auth", "approle"), ("vault.role_id", "r")][..],
            "vault.role_id",
        ),
        (
            &[
                ("vault.auth", "userpass"),
                ("vault.username", "u"),
                ("vault.password", "hunter2"),
            ],
            "vault.password",
        ),
        (&[("vault.auth", "jwt"), ("vault.jwt", "hunter2")], "vault.jwt"),
        (
            &[
                ("vault.auth", "kubernetes"),
                ("vault.role", "r"),
                ("vault.jwt_file", file),
            ],
            "vault.jwt_file",
        ),
    ] {
        for status in [400, 403] {
            let login = login(pairs);
            let error = run(async move {
                let stub = Stub::new(move |_| (status, r#"{"errors":["hunter2 is wrong"]}"#.to_owned()));
                login.token(&cx(), &stub).await.unwrap_err()
            });
            assert_eq!(
                (error.kind(), error.setting()),
                (ErrorKind::Unauthenticated, Some(setting))
            );
            assert!(error.help().contains("`vault.auth_mount`"), "{}", error.help());
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}

#[test]
fn an_unknown_namespace_and_a_second_factor_are_told() {
    run(async {
        let login = super::approle();
        let stub = Stub::new(|_| (404, r#"{"errors":["namespace not found"]}"#.to_owned()));
        let error = login.token(&cx(), &stub).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert!(error.help().contains("`vault.namespace`"), "{}", error.help());

        let login = super::approle();
        let stub = Stub::giving(&[r#"{"client_token":"","mfa_requirement":{"mfa_request_id":"x"}}"#]);
        let error = login.token(&cx(), &stub).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(error.message().contains("second factor"), "{error}");
    });
}

fn wrapped() -> super::Login {
    login(&[
        ("vault.auth", "approle"),
        ("vault.role_id", "r"),
        ("vault.secret_id", "s.wrapping"),
        ("vault.secret_id_wrapped", "on"),
    ])
}

fn creation(path: &str) -> (u16, String) {
    (
        200,
        format!(r#"{{"data":{{"creation_path":"{path}","creation_ttl":60}}}}"#),
    )
}

#[test]
fn a_wrapped_secret_id_is_unwrapped_once_for_all_logins() {
    run(async {
        let login = wrapped();
        let stub = Stub::new(|seen| match seen.path.as_str() {
            "sys/wrapping/lookup" => creation("auth/approle/role/web/secret-id"),
            "sys/wrapping/unwrap" => (200, r#"{"data":{"secret_id":"hunter2"}}"#.to_owned()),
            _ => (200, format!(r#"{{"auth":{}}}"#, auth("s.one", 60))),
        });
        text(&login, &stub).await;
        login.lock(&cx(), &stub).await;
        text(&login, &stub).await;
        let seen = stub.seen();
        let paths: Vec<_> = seen.iter().map(|seen| seen.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "sys/wrapping/lookup",
                "sys/wrapping/unwrap",
                "auth/approle/login",
                "auth/token/revoke-self",
                "auth/approle/login"
            ]
        );
        assert_eq!(seen[0].body, r#"{"token":"s.wrapping"}"#);
        assert_eq!(seen[1].token.as_deref(), Some("s.wrapping"));
        assert_eq!(seen[4].body, r#"{"role_id":"r","secret_id":"hunter2"}"#);
        assert!(!format!("{login:?}").contains("hunter2"));
    });
}

#[test]
fn a_wrapping_token_that_was_swapped_or_used_up_is_told_and_not_unwrapped() {
    run(async {
        let login = wrapped();
        let stub = Stub::new(|_| creation("cubbyhole/response"));
        let error = login.token(&cx(), &stub).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.setting()),
            (ErrorKind::Unauthenticated, Some("vault.secret_id"))
        );
        assert!(error.help().contains("swapped"), "{}", error.help());
        assert_eq!(stub.seen().len(), 1);

        let login = wrapped();
        let stub = Stub::new(|_| refused());
        let error = login.token(&cx(), &stub).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.setting()),
            (ErrorKind::Unauthenticated, Some("vault.secret_id"))
        );
        assert!(error.help().contains("somebody else"), "{}", error.help());
    });
}

#[test]
fn a_new_wrapping_token_in_the_file_is_unwrapped_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrapped");
    let write = |text: &str| {
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    };
    write("s.first");
    let login = login(&[
        ("vault.auth", "approle"),
        ("vault.role_id", "r"),
        ("vault.secret_id_file", path.to_str().unwrap()),
        ("vault.secret_id_wrapped", "on"),
    ]);
    let last = Mutex::new(String::new());
    let stub = Stub::new(move |seen| match seen.path.as_str() {
        "sys/wrapping/lookup" => creation("auth/approle/role/web/secret-id"),
        "sys/wrapping/unwrap" => {
            last.lock().unwrap().clone_from(seen.token.as_ref().unwrap());
            (
                200,
                format!(r#"{{"data":{{"secret_id":"in-{}"}}}}"#, last.lock().unwrap()),
            )
        }
        _ => (200, format!(r#"{{"auth":{}}}"#, auth("s.one", 60))),
    });
    let bodies = |login: super::Login, stub: std::sync::Arc<Stub>| {
        run(async move {
            login.lock(&cx(), &stub).await;
            text(&login, &stub).await;
            let body = stub.seen().pop().unwrap().body;
            (login, body)
        })
    };
    let (login, body) = bodies(login, stub.clone());
    assert!(body.contains("in-s.first"), "{body}");
    write("s.second");
    let (login, body) = bodies(login, stub.clone());
    assert!(body.contains("in-s.second"), "{body}");
    write("s.first");
    let (_, body) = bodies(login, stub.clone());
    assert!(body.contains("in-s.first"), "{body}");
    assert_eq!(stub.count("auth.unwrap"), 4);
}
