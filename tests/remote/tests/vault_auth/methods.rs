//! The methods.

use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::{Value, json};
use strongroom_fakes::http::Reply;
use strongroom_fakes::{Script, Stub};
use strongroom_remote::Service;

use crate::{Corner, POLICY, looked_up, unauthenticated, works, wrapped};

crate::tests![
    an_approle_logs_in_once_and_its_token_ends_with_the_manager,
    a_wrong_secret_id_is_sent_once_for_many_calls,
    a_wrapped_secret_id_serves_all_logins_and_nobody_else,
    a_token_that_wraps_something_else_stays_wrapped,
    a_user_logs_in_with_a_password,
    a_signed_token_logs_in_until_it_expires,
    a_pods_token_is_read_again_at_each_login,
    a_mount_that_is_not_there_is_told,
];

fn an_approle_logs_in_once_and_its_token_ends_with_the_manager() {
    let corner = Corner::new();
    let builder = corner.approle(&json!({"token_policies": [POLICY], "token_ttl": "5m"}));
    let manager = builder.open_blocking().unwrap();
    assert_eq!(corner.proxy.requests().len(), 0, "opening asks nobody");
    for _ in 0..3 {
        works(&manager);
    }
    assert_eq!(corner.count("/login"), 1);
    let token = corner.last_token();
    assert_eq!(looked_up(Service::bao(), &token).status, 200);
    manager.close().unwrap();
    assert_eq!(looked_up(Service::bao(), &token).status, 403);
}

fn a_wrong_secret_id_is_sent_once_for_many_calls() {
    let corner = Corner::new();
    let builder = corner.approle(&json!({"token_policies": [POLICY]}));
    let manager = builder
        .secret_option("vault.secret_id", "wrong")
        .open_blocking()
        .unwrap();
    std::thread::scope(|scope| {
        for at in 0..50 {
            let manager = &manager;
            scope.spawn(move || {
                let error = unauthenticated(manager.get(format!("ALLOWED{at}").as_str()), "vault.secret_id");
                assert!(error.help().contains("`vault.role_id`"));
            });
        }
    });
    assert_eq!(corner.count("/login"), 1);
}

fn a_wrapped_secret_id_serves_all_logins_and_nobody_else() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let role = corner.name("role");
    let builder = corner.approle(&json!({"token_policies": [POLICY]}));
    let wrapping = wrapped(bao, &format!("auth/approle/role/{role}/secret-id"), &json!({}));
    let builder = builder.option("vault.secret_id_wrapped", "on");
    let manager = builder
        .secret_option("vault.secret_id", wrapping.clone())
        .open_blocking()
        .unwrap();
    works(&manager);
    manager.lock().unwrap();
    works(&manager);
    assert_eq!((corner.count("/unwrap"), corner.count("/login")), (1, 2));

    let role_id = bao.read(&format!("auth/approle/role/{role}/role-id"))["data"]["role_id"].clone();
    let second = corner
        .builder()
        .option("vault.auth", "approle")
        .option("vault.role_id", role_id.as_str().unwrap())
        .option("vault.secret_id_wrapped", "on")
        .secret_option("vault.secret_id", wrapping)
        .open_blocking()
        .unwrap();
    let error = unauthenticated(second.get("ALLOWED"), "vault.secret_id");
    assert!(error.help().contains("somebody else"), "{error:?}");
}

fn a_token_that_wraps_something_else_stays_wrapped() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let swapped = wrapped(bao, "sys/wrapping/wrap", &json!({"secret_id": "mine"}));
    let builder = corner.approle(&json!({"token_policies": [POLICY]}));
    let builder = builder.option("vault.secret_id_wrapped", "on");
    let manager = builder
        .secret_option("vault.secret_id", swapped.clone())
        .open_blocking()
        .unwrap();
    let error = unauthenticated(manager.get("ALLOWED"), "vault.secret_id");
    assert!(error.help().contains("swapped"), "{error:?}");
    let still = bao.request("POST", "sys/wrapping/lookup", None, Some(&json!({ "token": swapped })));
    assert_eq!(
        still.status, 200,
        "it can be looked into by whoever looks for the reason"
    );
}

fn a_user_logs_in_with_a_password() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let user = corner.name("first.last");
    bao.userpass(&user, "p\"w d\\", &[POLICY]);
    let builder = || {
        corner
            .builder()
            .option("vault.auth", "userpass")
            .option("vault.username", &user)
    };
    works(
        &builder()
            .secret_option("vault.password", "p\"w d\\")
            .open_blocking()
            .unwrap(),
    );
    let wrong = builder()
        .secret_option("vault.password", "wrong")
        .open_blocking()
        .unwrap();
    unauthenticated(wrong.get("ALLOWED"), "vault.password");
}

/// A key, its public part, and who signs with it.
static KEYS: LazyLock<(String, String)> = LazyLock::new(|| {
    let made = Script::new(
        "
import json
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import rsa
key = rsa.generate_private_key(65537, 2048)
private = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
public = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
print(json.dumps([private.decode(), public.decode()]))
",
    );
    serde_json::from_str(&made.output()).unwrap()
});

/// A signed token that has been valid since a minute ago and is for so many seconds more.
fn signed(seconds: i64) -> String {
    let script = "
import jwt, sys, time
now = int(time.time())
claims = {'iss': 'tests', 'sub': 'me', 'aud': 'bao', 'iat': now - 600, 'nbf': now - 600, 'exp': now + int(sys.argv[2])}
print(jwt.encode(claims, sys.argv[1], algorithm='RS256'))
";
    let output = Script::new(script).arg(&KEYS.0).arg(&seconds.to_string()).output();
    output.trim().to_owned()
}

fn a_signed_token_logs_in_until_it_expires() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let mount = corner.name("jwt");
    bao.enable_auth(&mount, "jwt");
    bao.write(
        &format!("auth/{mount}/config"),
        &json!({"jwt_validation_pubkeys": [KEYS.1], "bound_issuer": "tests"}),
    );
    bao.write(
        &format!("auth/{mount}/role/app"),
        &json!({"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["bao"], "token_policies": [POLICY]}),
    );
    let builder = || {
        corner
            .builder()
            .option("vault.auth", "jwt")
            .option("vault.auth_mount", &mount)
            .option("vault.role", "app")
    };
    works(
        &builder()
            .secret_option("vault.jwt", signed(300))
            .open_blocking()
            .unwrap(),
    );

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwt");
    std::fs::write(&file, signed(-300)).unwrap();
    let manager = builder().option("vault.jwt_file", text(&file)).open_blocking().unwrap();
    let error = unauthenticated(manager.get("ALLOWED"), "vault.jwt_file");
    assert!(error.help().contains("expired"), "{error:?}");
    std::fs::write(&file, signed(300)).unwrap();
    manager.refresh().unwrap();
    works(&manager);
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn a_pods_token_is_read_again_at_each_login() {
    let (corner, bao) = (Corner::new(), Service::bao());
    let reviewed = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&reviewed);
    // As much of Kubernetes as the server asks: whose token this is.
    let kubernetes = Stub::with(move |request| {
        let review: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        seen.lock()
            .unwrap()
            .push(review["spec"]["token"].as_str().unwrap_or_default().to_owned());
        let user = json!({"username": "system:serviceaccount:shop:web", "uid": "u", "groups": []});
        Reply::new(201).json(&json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "status": {"authenticated": true, "user": user, "audiences": ["https://kubernetes.default.svc"]},
        }))
    });
    let mount = corner.name("kubernetes");
    bao.enable_auth(&mount, "kubernetes");
    let config = json!({
        "kubernetes_host": kubernetes.address(),
        "disable_local_ca_jwt": true,
        "kubernetes_ca_cert": certificate(),
        "token_reviewer_jwt": signed(300),
    });
    bao.write(&format!("auth/{mount}/config"), &config);
    bao.write(
        &format!("auth/{mount}/role/web"),
        &json!({
            "bound_service_account_names": ["web"],
            "bound_service_account_namespaces": ["shop"],
            "token_policies": [POLICY],
        }),
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let first = pods_token("one");
    std::fs::write(&file, &first).unwrap();
    let manager = corner
        .builder()
        .option("vault.auth", "kubernetes")
        .option("vault.auth_mount", &mount)
        .option("vault.role", "web")
        .option("vault.jwt_file", text(&file))
        .open_blocking()
        .unwrap();
    works(&manager);
    let second = pods_token("two");
    std::fs::write(&file, &second).unwrap();
    manager.lock().unwrap();
    works(&manager);
    assert_eq!(*reviewed.lock().unwrap(), [first, second]);
}

/// What Kubernetes gives a pod; who signed it, only Kubernetes knows.
fn pods_token(id: &str) -> String {
    let script = "
import jwt, sys, time
now = int(time.time())
account = {'namespace': 'shop', 'serviceaccount': {'name': 'web', 'uid': 'u'}}
claims = {'iss': 'kubernetes/serviceaccount', 'sub': 'system:serviceaccount:shop:web', 'jti': sys.argv[2],
          'iat': now, 'nbf': now, 'exp': now + 600, 'kubernetes.io': account}
print(jwt.encode(claims, sys.argv[1], algorithm='RS256'))
";
    Script::new(script).arg(&KEYS.0).arg(id).output().trim().to_owned()
}

fn certificate() -> String {
    let folder = tempfile::tempdir().unwrap();
    let made = strongroom_fakes::certificates::Certificates::make(folder.path());
    std::fs::read_to_string(made.authority()).unwrap()
}

fn a_mount_that_is_not_there_is_told() {
    let corner = Corner::new();
    let builder = corner.approle(&json!({})).option("vault.auth_mount", "nowhere");
    let error = unauthenticated(builder.open_blocking().unwrap().get("ALLOWED"), "vault.secret_id");
    assert!(error.help().contains("`vault.auth_mount`"), "{error:?}");
}
