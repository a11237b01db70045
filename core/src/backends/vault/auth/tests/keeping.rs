//! Given tokens with a lease are kept alive.

use std::sync::Arc;
use std::time::Duration;

use super::{Login, Stub, age, cx, dead, login, renewed, run, text};

const SECOND: Duration = Duration::from_secs(1);
/// Longer than a token is used before its lease is asked for.
const IN_USE: Duration = Duration::from_secs(6);

fn looked_up(left: u64, whole: u64, is_renewable: bool, uses: u64) -> (u16, String) {
    let known = format!(r#"{{"ttl":{left},"creation_ttl":{whole},"renewable":{is_renewable},"num_uses":{uses}}}"#);
    (200, format!(r#"{{"data":{known}}}"#))
}

fn granted(seconds: u64) -> (u16, String) {
    (200, format!(r#"{{"auth":{}}}"#, super::auth("s.given", seconds)))
}

fn given() -> Login {
    login(&[("vault.token", "s.given")])
}

/// Uses the token until its lease is known.
async fn known(login: &Login, stub: &Arc<Stub>) {
    text(login, stub).await;
    age(login, IN_USE);
    text(login, stub).await;
    stub.until("auth.lookup", 1).await;
    renewed(login).await;
}

#[test]
fn a_renewable_one_is_renewed_at_two_thirds_of_its_lease() {
    run(async {
        let login = given();
        let stub = Stub::new(|seen| match seen.name {
            "auth.lookup" => looked_up(80, 90, true, 0),
            _ => granted(90),
        });
        for _ in 0..10 {
            assert_eq!(text(&login, &stub).await, "s.given");
        }
        assert!(stub.seen().is_empty(), "a short program asks for nothing");
        known(&login, &stub).await;
        age(&login, 40 * SECOND);
        text(&login, &stub).await;
        assert_eq!(stub.count("auth.renew"), 0, "too early");
        age(&login, 15 * SECOND);
        text(&login, &stub).await;
        stub.until("auth.renew", 1).await;
        renewed(&login).await;
        // And so on, as long as it is used or tended.
        age(&login, 65 * SECOND);
        login.tend(&stub);
        stub.until("auth.renew", 2).await;
        renewed(&login).await;
        assert_eq!(text(&login, &stub).await, "s.given");
        assert_eq!(stub.count("auth.lookup"), 1);
        login.close(&cx(), &stub).await;
        assert_eq!(stub.count("auth.revoke"), 0, "it stays its giver's");
    });
}

#[test]
fn one_that_nobody_uses_is_looked_after_too() {
    run(async {
        let login = given();
        let stub = Stub::new(|seen| match seen.name {
            "auth.lookup" => looked_up(10, 90, true, 0),
            _ => granted(90),
        });
        text(&login, &stub).await;
        age(&login, IN_USE);
        login.tend(&stub);
        stub.until("auth.lookup", 1).await;
        renewed(&login).await;
        login.tend(&stub);
        stub.until("auth.renew", 1).await;
    });
}

#[test]
fn what_must_or_can_not_be_renewed_is_left_alone() {
    let policy = || {
        let text = r#"{"errors":["1 error occurred:\n\t* permission denied\n\n"]}"#;
        (403, text.to_owned())
    };
    for (what, answer) in [
        ("the look is denied", policy()),
        ("it has no end", looked_up(0, 0, true, 0)),
        ("it is not renewable", looked_up(90, 90, false, 0)),
        ("it is for so many requests", looked_up(90, 90, true, 3)),
        ("it is dead", dead()),
    ] {
        run(async move {
            let login = given();
            let stub = Stub::new(move |_| answer.clone());
            known(&login, &stub).await;
            for _ in 0..3 {
                age(&login, 28 * SECOND);
                assert_eq!(text(&login, &stub).await, "s.given", "{what}");
            }
            assert_eq!(stub.seen().len(), 1, "{what}");
        });
    }
}

#[test]
fn a_renewal_that_the_server_refuses_leaves_the_token_in_use() {
    run(async {
        let login = given();
        let stub = Stub::new(|seen| match seen.name {
            "auth.lookup" => looked_up(20, 90, true, 0),
            _ => dead(),
        });
        known(&login, &stub).await;
        text(&login, &stub).await;
        stub.until("auth.renew", 1).await;
        renewed(&login).await;
        for _ in 0..3 {
            age(&login, 10 * SECOND);
            assert_eq!(text(&login, &stub).await, "s.given");
        }
        assert_eq!(stub.seen().len(), 2);
    });
}

#[test]
fn a_look_that_got_no_answer_is_taken_again_later() {
    run(async {
        let login = given();
        let stub = Stub::new(|_| (0, String::new()));
        known(&login, &stub).await;
        for _ in 0..10 {
            text(&login, &stub).await;
        }
        assert_eq!(stub.seen().len(), 1);
        age(&login, 31 * SECOND);
        text(&login, &stub).await;
        stub.until("auth.lookup", 2).await;
    });
}

#[test]
fn a_file_is_read_again_before_a_token_ends_that_is_not_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    super::given::write(&path, "s.one");
    run(async move {
        let login = login(&[("vault.token_file", path.to_str().unwrap())]);
        let stub = Stub::new(|_| looked_up(90, 90, false, 0));
        known(&login, &stub).await;
        // The same one is still there: it is used on, and not asked about again.
        age(&login, 65 * SECOND);
        assert_eq!(text(&login, &stub).await, "s.one");
        while login.inner.state().login.is_some() {
            tokio::task::yield_now().await;
        }
        assert_eq!(text(&login, &stub).await, "s.one");
        super::given::write(&path, "s.two");
        age(&login, 10 * SECOND);
        while text(&login, &stub).await != "s.two" {
            tokio::task::yield_now().await;
        }
        assert_eq!(stub.seen().len(), 1);
    });
}
