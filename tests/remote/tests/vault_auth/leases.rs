//! Leases, on the server's own clock.

use serde_json::{Value, json};
use strongroom::blocking::SecretManager;
use strongroom_fakes::OpenBao;
use strongroom_remote::Service;

use crate::{Corner, POLICY, looked_up, until, works};

crate::tests![
    a_lease_is_renewed_while_the_manager_is_used,
    a_token_at_its_longest_life_is_replaced_without_a_failed_call,
    a_batch_token_is_replaced_and_never_renewed,
    an_expired_token_of_an_idle_manager_is_replaced,
    a_given_token_is_kept_alive_while_the_manager_is_used,
    a_given_token_that_may_not_look_at_itself_is_used_as_it_is,
];

/// What the server knows of the token by its accessor, as an operator would ask.
fn by_accessor(bao: &OpenBao, accessor: &str) -> Option<Value> {
    let body = json!({ "accessor": accessor });
    let reply = bao.request(
        "POST",
        "auth/token/lookup-accessor",
        Some(bao.root_token()),
        Some(&body),
    );
    (reply.status == 200).then(|| reply.parsed()["data"].take())
}

fn accessor(token: &str) -> String {
    let data = looked_up(Service::bao(), token).parsed();
    data["data"]["accessor"].as_str().unwrap().to_owned()
}

fn open(corner: &Corner, options: &Value) -> SecretManager {
    let manager = corner.approle(options).open_blocking().unwrap();
    works(&manager);
    manager
}

fn a_lease_is_renewed_while_the_manager_is_used() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let manager = open(&corner, &json!({"token_policies": [POLICY], "token_ttl": "3s"}));
    let accessor = accessor(&corner.last_token());
    let ends = |data: Option<Value>| data.unwrap()["expire_time"].as_str().unwrap().to_owned();
    let first = ends(by_accessor(bao, &accessor));
    until("the lease is renewed", || {
        works(&manager);
        // Fails where the token has ended instead.
        ends(by_accessor(bao, &accessor)) > first
    });
    assert_eq!(corner.count("/login"), 1);
    assert_eq!(corner.count("/renew-self"), 1);
}

fn a_token_at_its_longest_life_is_replaced_without_a_failed_call() {
    let corner = Corner::new();
    let options = json!({"token_policies": [POLICY], "token_ttl": "5s", "token_max_ttl": "7s"});
    let manager = open(&corner, &options);
    until("there is a second login", || {
        works(&manager);
        corner.count("/login") >= 2
    });
    assert_eq!(corner.count("/lookup-self"), 0, "no call met a dead token");
}

fn a_batch_token_is_replaced_and_never_renewed() {
    let corner = Corner::new();
    let options = json!({"token_policies": [POLICY], "token_type": "batch", "token_ttl": "3s"});
    let manager = open(&corner, &options);
    until("there is a second login", || {
        works(&manager);
        corner.count("/login") >= 2
    });
    manager.close().unwrap();
    assert_eq!(
        corner.count("/renew-self") + corner.count("/revoke-self") + corner.count("/lookup-self"),
        0
    );
}

fn an_expired_token_of_an_idle_manager_is_replaced() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let manager = open(&corner, &json!({"token_policies": [POLICY], "token_ttl": "1s"}));
    let accessor = accessor(&corner.last_token());
    until("the token has ended", || by_accessor(bao, &accessor).is_none());
    works(&manager);
    assert_eq!((corner.count("/login"), corner.count("/lookup-self")), (2, 0));
}

fn a_given_token_is_kept_alive_while_the_manager_is_used() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let token = bao.token(&json!({"policies": [POLICY], "ttl": "9s"}));
    let accessor = accessor(&token);
    let manager = corner.builder().secret_option("vault.token", token);
    let manager = manager.open_blocking().unwrap();
    let ends = || {
        by_accessor(bao, &accessor).unwrap()["expire_time"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = ends();
    until("the lease is renewed", || {
        works(&manager);
        ends() > first
    });
    assert_eq!((corner.count("/lookup-self"), corner.count("/renew-self")), (1, 1));
    manager.close().unwrap();
    assert!(by_accessor(bao, &accessor).is_some(), "it stays its giver's");
}

fn a_given_token_that_may_not_look_at_itself_is_used_as_it_is() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let token = bao.token(&json!({"policies": [POLICY], "no_default_policy": true, "ttl": "1h"}));
    let manager = corner.builder().secret_option("vault.token", token);
    let manager = manager.open_blocking().unwrap();
    until("the lease is asked for", || {
        works(&manager);
        corner.count("/lookup-self") == 1
    });
    for _ in 0..20 {
        works(&manager);
    }
    assert_eq!((corner.count("/lookup-self"), corner.count("/renew-self")), (1, 0));
}
