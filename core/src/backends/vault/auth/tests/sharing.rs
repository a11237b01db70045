//! One login for all callers.

use std::sync::Arc;
use std::time::Duration;

use super::{Stub, WATCHDOG, approle, auth, cx, dead, refused, run, text, told};
use crate::context::{CallContext, CallOptions, CancellationToken, Face, PromptPolicy};
use crate::error::ErrorKind;

#[test]
fn fifty_callers_share_one_login() {
    run(async {
        let login = Arc::new(approle());
        let stub = Stub::held(|_| (200, format!(r#"{{"auth":{}}}"#, auth("s.one", 60))));
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let (login, stub) = (Arc::clone(&login), Arc::clone(&stub));
                tokio::spawn(async move { text(&login, &stub).await })
            })
            .collect();
        stub.until("auth.login", 1).await;
        stub.release(1);
        for caller in callers {
            assert_eq!(caller.await.unwrap(), "s.one");
        }
        assert_eq!(stub.seen().len(), 1);
        assert_eq!(
            stub.seen()[0].body,
            r#"{"role_id":"the-role","secret_id":"the-secret-id"}"#
        );
        assert_eq!(stub.seen()[0].path, "auth/approle/login");
    });
}

#[test]
fn fifty_callers_with_a_dead_token_share_one_look_and_one_login() {
    run(async {
        let login = Arc::new(approle());
        let stub = Stub::giving(&[&auth("s.one", 60), &auth("s.two", 60)]);
        let token = login.token(&cx(), &stub).await.unwrap();
        stub.answer(|seen| match seen.name {
            "auth.lookup" => dead(),
            _ => (200, format!(r#"{{"auth":{}}}"#, auth("s.two", 60))),
        });
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let (login, stub, token) = (Arc::clone(&login), Arc::clone(&stub), token.clone());
                tokio::spawn(async move { told(&login, &stub, &token).await })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap().unwrap().as_deref(), Some("s.two"));
        }
        assert_eq!((stub.count("auth.lookup"), stub.count("auth.login")), (1, 2));
        // Who comes late with the old one gets the new one without any request.
        assert_eq!(told(&login, &stub, &token).await.unwrap().as_deref(), Some("s.two"));
        assert_eq!(stub.seen().len(), 3);
    });
}

#[test]
fn a_refused_login_is_not_tried_by_each_caller() {
    run(async {
        let login = approle();
        let stub = Stub::new(|_| refused());
        for _ in 0..100 {
            let error = login.token(&cx(), &stub).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            assert_eq!(error.setting(), Some("vault.secret_id"));
            assert_eq!(error.foreign_code(), Some(400));
        }
        assert_eq!(stub.count("auth.login"), 1);
        // Who has corrected something says so.
        stub.answer(|_| (200, format!(r#"{{"auth":{}}}"#, auth("s.one", 60))));
        login.refresh();
        assert_eq!(text(&login, &stub).await, "s.one");
    });
}

#[test]
fn a_server_that_is_away_is_asked_again_by_the_next_call() {
    run(async {
        let login = approle();
        for (answer, kind) in [
            ((0, ""), ErrorKind::Unavailable),
            ((503, r#"{"errors":["Vault is sealed"]}"#), ErrorKind::Unavailable),
            (
                (429, r#"{"errors":["rate limit quota exceeded"]}"#),
                ErrorKind::RateLimited,
            ),
            ((200, "<html>"), ErrorKind::Unavailable),
            ((200, r#"{"auth":null}"#), ErrorKind::Unavailable),
        ] {
            let stub = Stub::new(move |_| (answer.0, answer.1.to_owned()));
            for count in 1..3 {
                assert_eq!(login.token(&cx(), &stub).await.unwrap_err().kind(), kind, "{answer:?}");
                assert_eq!(stub.count("auth.login"), count, "{answer:?}");
            }
        }
    });
}

#[test]
fn a_waiter_leaves_at_its_own_deadline_or_cancellation_and_the_login_goes_on() {
    run(async {
        let login = Arc::new(approle());
        let stub = Stub::held(|_| (200, format!(r#"{{"auth":{}}}"#, auth("s.one", 60))));
        let patient = {
            let (login, stub) = (Arc::clone(&login), Arc::clone(&stub));
            tokio::spawn(async move { text(&login, &stub).await })
        };
        stub.until("auth.login", 1).await;

        // Whoever bounds a call polls it once more at its end, as the timeout does here.
        let hasty = CallContext::new(Face::Async, Duration::from_millis(5));
        let waits = tokio::time::timeout(Duration::from_millis(10), login.token(&hasty, &stub));
        assert_eq!(waits.await.unwrap().unwrap_err().kind(), ErrorKind::Timeout);

        let cancel = CancellationToken::new();
        let options = CallOptions::new().cancel(cancel.clone());
        let cancelled = CallContext::with_options(Face::Async, WATCHDOG, PromptPolicy::Never, options);
        let mut waits = Box::pin(login.token(&cancelled, &stub));
        assert!(
            tokio::time::timeout(Duration::from_millis(1), &mut waits)
                .await
                .is_err()
        );
        cancel.cancel();
        assert_eq!(waits.await.unwrap_err().kind(), ErrorKind::Cancelled);

        stub.release(1);
        assert_eq!(patient.await.unwrap(), "s.one");
        assert_eq!(stub.seen().len(), 1);
    });
}

#[test]
fn a_login_that_all_its_callers_left_is_there_for_the_next_one() {
    run(async {
        let login = approle();
        let stub = Stub::held(|_| (200, format!(r#"{{"auth":{}}}"#, auth("s.one", 60))));
        let cx = cx();
        let mut waits = Box::pin(login.token(&cx, &stub));
        assert!(
            tokio::time::timeout(Duration::from_millis(1), &mut waits)
                .await
                .is_err()
        );
        drop(waits);
        stub.until("auth.login", 1).await;
        stub.release(1);
        assert_eq!(text(&login, &stub).await, "s.one");
        assert_eq!(stub.seen().len(), 1);
    });
}

#[test]
fn a_call_that_a_lock_took_the_token_from_is_made_again_with_the_next_one() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&auth("s.one", 60), &auth("s.two", 60)]);
        let token = login.token(&cx(), &stub).await.unwrap();
        login.lock(&cx(), &stub).await;
        // The server has refused it, as it was revoked meanwhile.
        assert_eq!(told(&login, &stub, &token).await.unwrap().as_deref(), Some("s.two"));
        assert_eq!(stub.count("auth.lookup"), 0);
    });
}

#[test]
fn a_new_token_that_is_refused_is_looked_at_and_not_replaced_again() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&auth("s.one", 60), &auth("s.two", 60)]);
        let token = login.token(&cx(), &stub).await.unwrap();
        login.check_alive(&cx(), &stub, &token).await.unwrap();
        login.lock(&cx(), &stub).await;
        let token = login.token(&cx(), &stub).await.unwrap();
        stub.answer(|_| dead());
        let error = login.check_alive(&cx(), &stub, &token).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.setting()),
            (ErrorKind::Unauthenticated, Some("vault.auth"))
        );
        assert_eq!((stub.count("auth.login"), stub.count("auth.lookup")), (2, 2));
    });
}

#[test]
fn what_something_on_the_way_refuses_says_nothing_about_credentials() {
    run(async {
        for status in [400, 401, 403] {
            let login = approle();
            let stub = Stub::new(move |_| (status, "<html>blocked</html>".to_owned()));
            let error = login.token(&cx(), &stub).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{status}");

            let stub = Stub::giving(&[&auth("s.one", 60)]);
            let token = login.token(&cx(), &stub).await.unwrap();
            stub.answer(move |_| (status, "<html>blocked</html>".to_owned()));
            let error = told(&login, &stub, &token).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{status}");
            assert_eq!(text(&login, &stub).await, "s.one", "it is not forgotten");
        }
    });
}

#[test]
fn a_loop_of_denied_calls_looks_at_the_token_once() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&auth("s.one", 60)]);
        let token = login.token(&cx(), &stub).await.unwrap();
        for _ in 0..20 {
            assert_eq!(told(&login, &stub, &token).await.unwrap(), None);
        }
        assert_eq!(stub.count("auth.lookup"), 1);
    });
}

#[test]
fn a_policy_that_forbids_the_look_shows_that_the_token_lives() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&auth("s.one", 60)]);
        let token = login.token(&cx(), &stub).await.unwrap();
        stub.answer(|_| {
            (
                403,
                r#"{"errors":["1 error occurred:\n\t* permission denied\n\n"]}"#.to_owned(),
            )
        });
        assert_eq!(told(&login, &stub, &token).await.unwrap(), None);
        assert_eq!((stub.count("auth.lookup"), stub.count("auth.login")), (1, 1));
    });
}

#[test]
fn a_look_that_fails_is_the_calls_error_and_forgets_no_token() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&auth("s.one", 60)]);
        let token = login.token(&cx(), &stub).await.unwrap();
        stub.answer(|_| (0, String::new()));
        let error = told(&login, &stub, &token).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(text(&login, &stub).await, "s.one");
        assert_eq!(stub.count("auth.login"), 1);
    });
}

#[test]
fn a_lock_forgets_the_token_and_what_was_under_way_is_given_back() {
    run(async {
        let login = Arc::new(approle());
        let stub = Stub::giving(&[&auth("s.one", 60), &auth("s.two", 60)]);
        assert_eq!(text(&login, &stub).await, "s.one");
        login.lock(&cx(), &stub).await;
        let given_up = stub.seen().pop().unwrap();
        assert_eq!(
            (given_up.name, given_up.token.as_deref()),
            ("auth.revoke", Some("s.one"))
        );
        assert_eq!(text(&login, &stub).await, "s.two");

        login.lock(&cx(), &stub).await;
        let stub = Stub::held(|_| (200, format!(r#"{{"auth":{}}}"#, auth("s.late", 60))));
        let waiter = {
            let (login, stub) = (Arc::clone(&login), Arc::clone(&stub));
            tokio::spawn(async move { text(&login, &stub).await })
        };
        stub.until("auth.login", 1).await;
        login.lock(&cx(), &stub).await;
        stub.release(1);
        // Nobody uses the first token: it is revoked, and the one who waits gets another.
        stub.until("auth.revoke", 1).await;
        stub.until("auth.login", 2).await;
        stub.release(2);
        assert_eq!(waiter.await.unwrap(), "s.late");
    });
}

#[test]
fn closing_revokes_what_a_login_gave_and_ends_everything() {
    run(async {
        let login = approle();
        let stub = Stub::giving(&[&auth("s.one", 60)]);
        let token = login.token(&cx(), &stub).await.unwrap();
        login.close(&cx(), &stub).await;
        let last = stub.seen().pop().unwrap();
        assert_eq!((last.name, last.token.as_deref()), ("auth.revoke", Some("s.one")));
        assert_eq!(last.path, "auth/token/revoke-self");
        assert_eq!(login.token(&cx(), &stub).await.unwrap_err().kind(), ErrorKind::Closed);
        assert_eq!(told(&login, &stub, &token).await.unwrap_err().kind(), ErrorKind::Closed);
        assert_eq!(stub.seen().len(), 2);
    });
}

#[test]
fn a_login_that_ends_after_the_closing_is_revoked() {
    run(async {
        let login = Arc::new(approle());
        let stub = Stub::held(|_| (200, format!(r#"{{"auth":{}}}"#, auth("s.late", 60))));
        let waiter = {
            let (login, stub) = (Arc::clone(&login), Arc::clone(&stub));
            tokio::spawn(async move { login.token(&cx(), &stub).await })
        };
        stub.until("auth.login", 1).await;
        login.close(&cx(), &stub).await;
        stub.release(2);
        assert_eq!(waiter.await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
        stub.until("auth.revoke", 1).await;
    });
}
