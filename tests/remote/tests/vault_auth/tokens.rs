//! Tokens that are given, and tokens that die.

use std::path::Path;

use serde_json::json;
use strongroom::ErrorKind;
use strongroom_remote::Service;
use strongroom_remote::fork::fork;

use crate::{Corner, DENIED, POLICY, looked_up, unauthenticated, works};

crate::tests![
    a_revoked_token_is_replaced_by_one_login_for_fifty_callers,
    a_token_for_three_uses_is_replaced_and_never_looked_up,
    a_given_token_is_not_revoked_and_its_death_is_told,
    a_used_up_given_token_is_told,
    a_token_file_is_read_again_when_its_token_died,
    a_denied_call_is_no_dead_token,
    a_denied_call_with_a_token_that_may_not_look_at_itself_is_none_either,
    a_child_logs_in_for_itself,
];

fn revoke(token: &str) {
    Service::bao().write("auth/token/revoke", &json!({ "token": token }));
}

fn a_revoked_token_is_replaced_by_one_login_for_fifty_callers() {
    let corner = Corner::new();
    for at in 0..50 {
        corner.put(&format!("ALLOWED{at}"));
    }
    let builder = corner.approle(&json!({"token_policies": [POLICY]}));
    let manager = builder.option("concurrency", "50").open_blocking().unwrap();
    works(&manager);
    revoke(&corner.last_token());
    std::thread::scope(|scope| {
        for at in 0..50 {
            let manager = &manager;
            scope.spawn(move || {
                let name = format!("ALLOWED{at}");
                assert_eq!(manager.get_value(name.as_str()).unwrap(), Some(name));
            });
        }
    });
    assert_eq!(corner.count("/login"), 2);
    assert_eq!(corner.count("/lookup-self"), 1);
}

fn a_token_for_three_uses_is_replaced_and_never_looked_up() {
    let corner = Corner::new();
    let builder = corner.approle(&json!({"token_policies": [POLICY], "token_num_uses": 3}));
    let manager = builder.open_blocking().unwrap();
    let read = || corner.proxy.count(|request| request.path.contains("/data/"));
    for _ in 0..10 {
        works(&manager);
    }
    assert_eq!(corner.count("/lookup-self") + corner.count("/renew-self"), 0);
    let wasted = read() - 10;
    assert!(wasted == 0, "{wasted} requests were made with a token that was used up");
    assert!((4..=5).contains(&corner.count("/login")), "{}", corner.count("/login"));
}

fn a_given_token_is_not_revoked_and_its_death_is_told() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let token = bao.token(&json!({"policies": [POLICY]}));
    let open = || {
        corner
            .builder()
            .secret_option("vault.token", token.clone())
            .open_blocking()
            .unwrap()
    };
    let manager = open();
    works(&manager);
    manager.close().unwrap();
    assert_eq!(looked_up(bao, &token).status, 200);

    let manager = open();
    revoke(&token);
    for _ in 0..20 {
        let error = unauthenticated(manager.get("ALLOWED"), "vault.token");
        assert!(error.help().contains("`vault.auth`"), "{error:?}");
    }
    assert_eq!(corner.count("/lookup-self"), 1);
}

fn a_used_up_given_token_is_told() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let token = bao.token(&json!({"policies": [POLICY], "num_uses": 2}));
    let manager = corner
        .builder()
        .secret_option("vault.token", token)
        .open_blocking()
        .unwrap();
    // One of the two may look at the mount.
    let outcomes: Vec<_> = (0..3).map(|_| manager.get("ALLOWED")).collect();
    assert!(outcomes[0].is_ok());
    unauthenticated(manager.get("ALLOWED"), "vault.token");
}

fn a_token_file_is_read_again_when_its_token_died() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let first = bao.token(&json!({"policies": [POLICY]}));
    write(&file, &first);
    let builder = corner.builder().option("vault.token_file", file.to_str().unwrap());
    let manager = builder.open_blocking().unwrap();
    works(&manager);
    write(&file, &bao.token(&json!({"policies": [POLICY]})));
    revoke(&first);
    works(&manager);
    revoke(&corner.last_token());
    let error = unauthenticated(manager.get("ALLOWED"), "vault.token_file");
    assert!(error.help().contains("bao login"), "{error:?}");
    write(&file, &bao.token(&json!({"policies": [POLICY]})));
    manager.refresh().unwrap();
    works(&manager);
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn a_denied_call_is_no_dead_token() {
    let corner = Corner::new();
    let builder = corner.approle(&json!({"token_policies": [POLICY]}));
    let manager = builder.open_blocking().unwrap();
    for _ in 0..20 {
        assert_eq!(manager.get(DENIED).unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
    works(&manager);
    assert_eq!((corner.count("/login"), corner.count("/lookup-self")), (1, 1));
    assert_eq!(corner.proxy.count(|request| request.path.ends_with(DENIED)), 20);
}

fn a_denied_call_with_a_token_that_may_not_look_at_itself_is_none_either() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let token = bao.token(&json!({"policies": [POLICY], "no_default_policy": true}));
    let manager = corner
        .builder()
        .secret_option("vault.token", token)
        .open_blocking()
        .unwrap();
    assert_eq!(manager.get(DENIED).unwrap_err().kind(), ErrorKind::PermissionDenied);
    works(&manager);
}

fn a_child_logs_in_for_itself() {
    let corner = Corner::new();
    let builder = corner.approle(&json!({"token_policies": [POLICY]}));
    let manager = builder.open_blocking().unwrap();
    works(&manager);
    let token = corner.last_token();
    fork(|| {
        works(&manager);
        // Ends the child's own token.
        manager.close().map_err(|error| format!("{error:?}"))
    })
    .worked();
    assert_eq!(corner.count("/login"), 2);
    assert_eq!(looked_up(Service::bao(), &token).status, 200);
    works(&manager);
    assert_eq!(corner.last_token(), token, "the parent's goes on");
}
