//! The servers themselves: that they start, answer, break connections as told, and end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use serde_json::json;
use strongroom_fakes::http::{Reply, Request};
use strongroom_fakes::{Fault, Moto, OpenBao, Proxy, Script, Stub, missing};

/// Whether the packages are there; says so where they are not.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn has_packages() -> bool {
    if let Some(why) = missing() {
        println!("skipped: servers from Python packages: {why}");
    }
    missing().is_none()
}

#[test]
fn openbao_keeps_secrets_seals_and_limits() {
    if !has_packages() {
        return;
    }
    let bao = OpenBao::dev();
    bao.write("secret/data/a", &json!({"data": {"k": "v"}}));
    assert_eq!(bao.versions("secret", "a"), 1);
    let output = bao.command(&["kv", "get", "-field=k", "secret/a"]);
    assert_eq!(output.stdout, b"v", "{output:?}");
    bao.policy("none", r#"path "elsewhere" { capabilities = ["read"] }"#);
    let token = bao.token(&json!({"policies": ["none"], "no_default_policy": true}));
    assert_eq!(bao.request("GET", "secret/data/a", Some(&token), None).status, 403);
    bao.userpass("ann", "pass", &["none"]);
    let login = bao.request(
        "POST",
        "auth/userpass/login/ann",
        None,
        Some(&json!({"password": "pass"})),
    );
    assert_eq!(login.status, 200);
    let (role_id, secret_id) = bao.approle("web", &json!({"token_policies": ["none"]}));
    let login = json!({"role_id": role_id, "secret_id": secret_id});
    assert_eq!(
        bao.request("POST", "auth/approle/login", None, Some(&login)).status,
        200
    );
    bao.quota("few", "secret/", 1, "60s");
    let statuses: Vec<u16> = (0..3)
        .map(|_| bao.request("GET", "secret/data/a", Some(bao.root_token()), None).status)
        .collect();
    assert_eq!(statuses, [200, 429, 429]);
    bao.remove_quota("few");
    bao.seal();
    assert_eq!(
        bao.request("GET", "secret/data/a", Some(bao.root_token()), None).status,
        503
    );
    bao.unseal();
    assert_eq!(bao.versions("secret", "a"), 1);
}

#[test]
fn openbao_with_tls_asks_for_the_clients_certificate() {
    if !has_packages() {
        return;
    }
    let bao = OpenBao::tls();
    bao.write("secret/data/a", &json!({"data": {"k": "v"}}));
    let output = bao.command(&["kv", "get", "-field=k", "secret/a"]);
    assert_eq!(output.stdout, b"v", "{output:?}");
    assert!(
        Request::new("GET", "/v1/sys/health")
            .send(bao.host())
            .is_ok_and(|reply| reply.status == 400)
    );
}

#[test]
fn moto_answers_us_and_boto3() {
    if !has_packages() {
        return;
    }
    let moto = Moto::start();
    moto.ask("CreateSecret", &json!({"Name": "a", "SecretString": "v"}));
    let script = "import boto3; print(boto3.client('secretsmanager').get_secret_value(SecretId='a')['SecretString'])";
    assert_eq!(Script::new(script).environment(moto.environment()).output(), "v\n");
    moto.reset();
    assert_eq!(moto.call("GetSecretValue", &json!({"SecretId": "a"})).status, 404);
}

fn get(proxy: &Proxy) -> std::io::Result<Reply> {
    Request::new("GET", "/x").send(&proxy.host())
}

#[test]
fn a_proxy_breaks_what_it_is_told_to() {
    let stub = Stub::with(|request| Reply::new(200).body(request.path.clone()));
    let proxy = Proxy::before(&stub.host());
    assert_eq!(get(&proxy).unwrap().body, b"/x");
    let faults = [
        (Fault::ResetBefore, 0),
        (Fault::ResetAfter(0), 1),
        (Fault::ResetAfter(20), 1),
        (Fault::ResetMidBody, 1),
        (Fault::Swallow, 1),
    ];
    for (fault, delivered) in faults {
        stub.forget();
        proxy.next(fault.clone());
        assert!(get(&proxy).is_err(), "{fault:?}");
        assert_eq!(stub.requests().len(), delivered, "{fault:?}");
    }
    proxy.next(Fault::Truncate);
    assert_eq!(get(&proxy).unwrap().body, b"/");
    proxy.next(Fault::Answer(Reply::new(429).header("Retry-After", "2")));
    assert_eq!(get(&proxy).unwrap().value("retry-after"), Some("2"));
    proxy.next(Fault::Slow(Duration::from_millis(1)));
    let begun = Instant::now();
    assert_eq!(get(&proxy).unwrap().body, b"/x");
    assert!(begun.elapsed() >= Duration::from_millis(20), "a byte a millisecond");
    proxy.refuse();
    assert_eq!(get(&proxy).unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    proxy.heal();
    assert_eq!(get(&proxy).unwrap().body, b"/x");
    assert!(proxy.connections() >= 10 && proxy.bytes_sent() > 100 && proxy.bytes_received() > 100);
}

#[test]
fn a_proxy_holds_until_it_is_told_to_let_go() {
    let stub = Stub::start([Reply::new(200), Reply::new(201)]);
    let proxy = Proxy::before(&stub.host());
    proxy.next(Fault::Hold);
    std::thread::scope(|scope| {
        let held = scope.spawn(|| get(&proxy).unwrap().status);
        proxy.wait_held(1);
        assert_eq!(stub.requests().len(), 0);
        assert_eq!(get(&proxy).unwrap().status, 200, "the others go on");
        proxy.release();
        assert_eq!(held.join().unwrap(), 201);
    });
    assert_eq!(get(&proxy).unwrap().status, 599, "no reply is left");
}
