//! Leases, and tokens that may be used so many times only.

use std::time::Duration;

use super::{Stub, age, approle, auth, cx, dead, renewed, run, text, told};
use crate::backends::vault::auth::Login;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_lease_is_renewed_once_in_the_background_while_its_token_stays_in_use() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&auth("s.one", 90)]);
        assert_eq!(text(&login, &stub).await, "s.one");
        stub.answer(|_| (200, format!(r#"{{"auth":{}}}"#, auth("s.one", 90))));
        age(&login, 50 * SECOND);
        text(&login, &stub).await;
        assert_eq!(stub.count("auth.renew"), 0, "too early");
        age(&login, 15 * SECOND);
        for _ in 0..10 {
            assert_eq!(text(&login, &stub).await, "s.one");
        }
        stub.until("auth.renew", 1).await;
        let renewal = stub.seen().pop().unwrap();
        assert_eq!(
            (renewal.path.as_str(), renewal.token.as_deref()),
            ("auth/token/renew-self", Some("s.one"))
        );
        renewed(&login).await;
        // The lease counts anew.
        age(&login, 50 * SECOND);
        text(&login, &stub).await;
        assert_eq!((stub.count("auth.renew"), stub.count("auth.login")), (1, 1));
    });
}

#[test]
fn whoever_tends_the_backend_renews_too() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&auth("s.one", 90)]);
        login.tend(&stub);
        assert!(stub.seen().is_empty(), "there is nothing to look after yet");
        text(&login, &stub).await;
        stub.answer(|_| (200, format!(r#"{{"auth":{}}}"#, auth("s.one", 90))));
        login.tend(&stub);
        age(&login, 65 * SECOND);
        login.tend(&stub);
        stub.until("auth.renew", 1).await;
        renewed(&login).await;
        assert_eq!(stub.seen().len(), 2);
    });
}

#[test]
fn a_token_near_its_longest_life_is_replaced_before_its_end() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&auth("s.one", 90)]);
        text(&login, &stub).await;
        stub.answer(|seen| match seen.name {
            // The server gives less than before.
            "auth.renew" => (200, format!(r#"{{"auth":{}}}"#, auth("s.one", 30))),
            _ => (200, format!(r#"{{"auth":{}}}"#, auth("s.two", 90))),
        });
        age(&login, 65 * SECOND);
        assert_eq!(text(&login, &stub).await, "s.one");
        stub.until("auth.renew", 1).await;
        renewed(&login).await;
        age(&login, 22 * SECOND);
        assert_eq!(
            text(&login, &stub).await,
            "s.one",
            "it is good until the next one is there"
        );
        replaced(&login, &stub, "s.two").await;
        assert_eq!((stub.count("auth.renew"), stub.count("auth.login")), (1, 2));
        // The first one, which nobody uses any more, does not live on at the server.
        stub.until("auth.revoke", 1).await;
        let given_up = stub.seen().into_iter().find(|seen| seen.name == "auth.revoke").unwrap();
        assert_eq!(given_up.token.as_deref(), Some("s.one"));
        assert_eq!(text(&login, &stub).await, "s.two");
    });
}

async fn replaced(login: &Login, stub: &std::sync::Arc<Stub>, token: &str) {
    while text(login, stub).await != token {
        tokio::task::yield_now().await;
    }
}

#[test]
fn what_the_server_does_not_renew_is_replaced() {
    run(async {
        for (status, body) in [
            (400, r#"{"errors":["batch tokens cannot be renewed"]}"#.to_owned()),
            dead(),
        ] {
            let login = approle();
            let stub = Stub::giving(&[&auth("s.one", 90)]);
            text(&login, &stub).await;
            stub.answer(move |seen| match seen.name {
                "auth.renew" => (status, body.clone()),
                _ => (200, format!(r#"{{"auth":{}}}"#, auth("s.two", 90))),
            });
            age(&login, 65 * SECOND);
            text(&login, &stub).await;
            replaced(&login, &stub, "s.two").await;
        }
    });
}

#[test]
fn a_batch_token_is_never_renewed_and_never_revoked() {
    run(async {
        let login = approle();
        let batch = |token| {
            format!(r#"{{"client_token":"{token}","lease_duration":90,"renewable":false,"token_type":"batch"}}"#)
        };
        let stub = Stub::giving(&[&batch("b.one"), &batch("b.two")]);
        assert_eq!(text(&login, &stub).await, "b.one");
        age(&login, 65 * SECOND);
        text(&login, &stub).await;
        replaced(&login, &stub, "b.two").await;
        login.close(&cx(), &stub).await;
        assert_eq!(stub.seen().len(), stub.count("auth.login"));
    });
}

#[test]
fn an_expired_token_is_not_sent_any_more() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&auth("s.one", 90), &auth("s.two", 90)]);
        assert_eq!(text(&login, &stub).await, "s.one");
        age(&login, 89 * SECOND);
        assert_eq!(text(&login, &stub).await, "s.two");
        assert_eq!(stub.count("auth.renew"), 0);
    });
}

#[test]
fn a_renewal_that_the_server_did_not_answer_is_put_off_and_the_token_stays() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&auth("s.one", 90)]);
        text(&login, &stub).await;
        stub.answer(|_| (0, String::new()));
        age(&login, 65 * SECOND);
        text(&login, &stub).await;
        stub.until("auth.renew", 1).await;
        renewed(&login).await;
        for _ in 0..10 {
            assert_eq!(text(&login, &stub).await, "s.one");
        }
        renewed(&login).await;
        assert_eq!(stub.count("auth.renew"), 1, "not at every use");
        age(&login, 4 * SECOND);
        text(&login, &stub).await;
        stub.until("auth.renew", 2).await;
    });
}

#[test]
fn a_replacement_that_is_refused_leaves_the_token_in_use() {
    run(async {
        let login = approle();
        let once = r#"{"client_token":"s.one","lease_duration":90,"renewable":false,"token_type":"service"}"#;
        let stub = Stub::giving(&[once]);
        text(&login, &stub).await;
        age(&login, 65 * SECOND);
        text(&login, &stub).await;
        stub.until("auth.login", 2).await;
        while login.inner.state().login.is_some() {
            tokio::task::yield_now().await;
        }
        for _ in 0..10 {
            assert_eq!(text(&login, &stub).await, "s.one");
        }
        assert_eq!(
            stub.count("auth.login"),
            2,
            "the refused login is not made at every use"
        );
    });
}

fn limited(token: &str, uses: u64) -> String {
    format!(
        r#"{{"client_token":"{token}","lease_duration":90,"renewable":true,"token_type":"service","num_uses":{uses}}}"#
    )
}

#[test]
fn a_token_for_so_many_uses_is_replaced_when_they_are_spent_and_spent_on_nothing_else() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&limited("s.one", 3), &limited("s.two", 3)]);
        for _ in 0..3 {
            assert_eq!(text(&login, &stub).await, "s.one");
        }
        assert_eq!(text(&login, &stub).await, "s.two");
        age(&login, 65 * SECOND);
        text(&login, &stub).await;
        assert_eq!((stub.count("auth.renew"), stub.count("auth.lookup")), (0, 0));
    });
}

#[test]
fn a_refused_token_for_so_many_uses_is_replaced_without_a_look_and_not_at_each_refusal() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&limited("s.one", 90), &limited("s.two", 90)]);
        let token = login.token(&cx(), &stub).await.unwrap();
        age(&login, 10 * SECOND);
        assert_eq!(told(&login, &stub, &token).await.unwrap().as_deref(), Some("s.two"));
        let token = login.token(&cx(), &stub).await.unwrap();
        for _ in 0..10 {
            assert_eq!(
                told(&login, &stub, &token).await.unwrap(),
                None,
                "a new token, so a policy denies"
            );
        }
        assert_eq!((stub.count("auth.login"), stub.count("auth.lookup")), (2, 0));
    });
}
