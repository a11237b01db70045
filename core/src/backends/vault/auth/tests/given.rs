//! Tokens that somebody gives.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Login, Source, Stub, cx, dead, login, run, text, told};
use crate::config::{Origin, Settings};
use crate::error::{Error, ErrorKind};
use crate::value::SecretValue;

pub(super) fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    mode(path, 0o600);
}

#[cfg(unix)]
fn mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn mode(_: &Path, _: u32) {}

#[test]
fn a_given_token_is_used_without_a_request_and_never_revoked() {
    run(async {
        let login = login(&[("vault.token", "s.given\n")]);
        let stub = Stub::new(|_| dead());
        assert_eq!(text(&login, &stub).await, "s.given");
        login.lock(&cx(), &stub).await;
        assert_eq!(text(&login, &stub).await, "s.given", "a lock can be undone");
        login.close(&cx(), &stub).await;
        assert!(stub.seen().is_empty());
        assert_eq!(login.token(&cx(), &stub).await.unwrap_err().kind(), ErrorKind::Closed);
    });
}

#[test]
fn a_given_token_that_died_is_unauthenticated_and_asked_about_once() {
    run(async {
        let login = login(&[("vault.token", "s.given")]);
        let stub = Stub::new(|_| dead());
        let token = login.token(&cx(), &stub).await.unwrap();
        for _ in 0..10 {
            let error = told(&login, &stub, &token).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            assert_eq!(error.setting(), Some("vault.token"));
            assert!(error.help().contains("`vault.auth`"), "{}", error.help());
            assert_eq!(
                login.token(&cx(), &stub).await.unwrap_err().kind(),
                ErrorKind::Unauthenticated
            );
        }
        assert_eq!(stub.seen().len(), 1);
    });
}

#[test]
fn the_token_file_is_read_again_when_its_token_died_and_after_a_refresh() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    write(&path, "s.one\n");
    run(async move {
        let login = login(&[("vault.token_file", path.to_str().unwrap())]);
        let stub = Stub::new(|_| dead());
        let token = login.token(&cx(), &stub).await.unwrap();
        write(&path, "s.two\n");
        assert_eq!(text(&login, &stub).await, "s.one", "not read at every use");
        assert_eq!(told(&login, &stub, &token).await.unwrap().as_deref(), Some("s.two"));

        let token = login.token(&cx(), &stub).await.unwrap();
        let error = told(&login, &stub, &token).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.setting()),
            (ErrorKind::Unauthenticated, Some("vault.token_file"))
        );
        assert!(error.help().contains("bao login"), "{}", error.help());

        write(&path, "s.three");
        login.refresh();
        assert_eq!(text(&login, &stub).await, "s.three");
        write(&path, "s.four");
        login.refresh();
        assert_eq!(text(&login, &stub).await, "s.four");
    });
}

#[test]
fn a_missing_an_open_and_an_empty_token_file_are_three_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    run(async move {
        let login = login(&[("vault.token_file", path.to_str().unwrap())]);
        let stub = Stub::new(|_| dead());
        let wrong = async |login: &Login| {
            login.refresh();
            let error = login.token(&cx(), &stub).await.unwrap_err();
            assert_eq!(error.setting(), Some("vault.token_file"), "{error}");
            error
        };
        let error = wrong(&login).await;
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(
            error.message().contains("token`") && error.help().contains("VAULT_TOKEN"),
            "{error}"
        );
        write(&path, " \n");
        assert_eq!(wrong(&login).await.kind(), ErrorKind::InvalidConfig);
        write(&path, "two words");
        assert_eq!(wrong(&login).await.kind(), ErrorKind::InvalidConfig);
        assert!(stub.seen().is_empty());
    });
}

#[cfg(unix)]
#[test]
fn a_file_may_be_an_agents_and_lie_behind_links_but_not_be_open_to_others() {
    let folder = tempfile::tempdir().unwrap();
    // As Kubernetes mounts secrets.
    let (data, link) = (folder.path().join("..data"), folder.path().join("token"));
    std::fs::create_dir(folder.path().join("..2026")).unwrap();
    std::os::unix::fs::symlink("..2026", &data).unwrap();
    std::os::unix::fs::symlink("..data/token", &link).unwrap();
    let file = folder.path().join("..2026/token");
    write(&file, "s.one");
    run(async move {
        let settings = [
            ("vault.auth", "approle"),
            ("vault.role_id", "r"),
            ("vault.secret_id_file", link.to_str().unwrap()),
        ];
        for (bits, is_fine) in [
            (0o400, true),
            (0o600, true),
            (0o440, true),
            (0o640, true),
            (0o644, false),
            (0o604, false),
            (0o660, false),
            (0o620, false),
            (0o602, false),
        ] {
            mode(&file, bits);
            let stub = Stub::giving(&[r#"{"client_token":"s.two"}"#]);
            let given = login(&[("vault.token_file", link.to_str().unwrap())]);
            for (login, setting, expected) in [
                (given, "vault.token_file", "s.one"),
                (login(&settings), "vault.secret_id_file", "s.two"),
            ] {
                let token = login.token(&cx(), &stub).await;
                match is_fine {
                    true => assert_eq!(token.unwrap().expose(), expected, "{bits:o}"),
                    false => {
                        let error = token.unwrap_err();
                        assert_eq!(
                            (error.kind(), error.setting()),
                            (ErrorKind::InsecurePath, Some(setting)),
                            "{bits:o}"
                        );
                    }
                }
            }
        }
    });
}

#[test]
fn a_provider_is_asked_once_and_again_when_its_token_died() {
    run(async {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let provider = move |setting: &str| -> Result<SecretValue, Error> {
            assert_eq!(setting, "vault.token");
            Ok(format!("s.{}", counted.fetch_add(1, Ordering::Relaxed)).into())
        };
        let mut settings = Settings::new();
        settings
            .set_provider("vault.token", Arc::new(provider), Origin::Builder)
            .unwrap();
        let login = Login::of(Source::read(&settings).unwrap());
        let stub = Stub::new(|_| dead());
        let token = login.token(&cx(), &stub).await.unwrap();
        assert_eq!(text(&login, &stub).await, "s.0");
        assert_eq!(told(&login, &stub, &token).await.unwrap().as_deref(), Some("s.1"));
        login.lock(&cx(), &stub).await;
        assert_eq!(text(&login, &stub).await, "s.2");
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    });
}
