//! What AWS answers, and moto does not: told apart by the error's type, whatever the status.

use serde_json::json;
use strongroom::backend::HealthState;
use strongroom::blocking::SecretManager;
use strongroom::{ErrorKind, Secret, SetOptions};
use strongroom_fakes::Stub;
use strongroom_fakes::http::{Reply, Request};

use crate::place::{answer, asked, calls, fails, over, refusal, value, with};

crate::trials_of!(
    every_type_of_error_is_a_kind_of_ours,
    a_wrong_clock_is_called_so,
    a_deleted_secret_is_restored_and_written,
    a_secret_that_another_one_brings_back_first_is_written,
    a_secret_that_is_deleted_for_good_right_now_is_said_to_be,
    a_state_that_forbids_a_call_is_no_absence,
    errors_say_nothing_of_what_was_answered,
    health_asks_for_nothing_that_is_there,
    credentials_are_asked_for_again_after_refresh,
);

fn every_type_of_error_is_a_kind_of_ours() {
    use ErrorKind as Kind;
    for (word, read, write) in [
        ("AccessDeniedException", Kind::PermissionDenied, Kind::PermissionDenied),
        ("ThrottlingException", Kind::RateLimited, Kind::RateLimited),
        ("TooManyRequestsException", Kind::RateLimited, Kind::RateLimited),
        ("LimitExceededException", Kind::StorageFull, Kind::StorageFull),
        ("DecryptionFailure", Kind::KeyMissing, Kind::KeyMissing),
        ("EncryptionFailure", Kind::KeyMissing, Kind::KeyMissing),
        ("InternalServiceError", Kind::Unavailable, Kind::OutcomeUnknown),
        ("InternalFailure", Kind::Unavailable, Kind::OutcomeUnknown),
        ("ServiceUnavailable", Kind::Unavailable, Kind::Unavailable),
        (
            "InvalidParameterException",
            Kind::InvalidArgument,
            Kind::InvalidArgument,
        ),
        ("ExpiredTokenException", Kind::Unauthenticated, Kind::Unauthenticated),
        (
            "UnrecognizedClientException",
            Kind::Unauthenticated,
            Kind::Unauthenticated,
        ),
        (
            "InvalidSignatureException",
            Kind::Unauthenticated,
            Kind::Unauthenticated,
        ),
        ("NobodyKnowsThisException", Kind::Unavailable, Kind::OutcomeUnknown),
    ] {
        for status in [400, 403, 404, 500, 503] {
            let stub = Stub::with(move |_: &Request| Reply::aws_error(status, word, "text"));
            fails_as(&over(&stub), read, "get", |manager| manager.get("k").map(drop));
            fails_as(&over(&stub), read, "versions", |manager| {
                manager.versions("k").map(drop)
            });
            let create = SetOptions::new().if_absent();
            fails_as(&over(&stub), write, "set", |manager| {
                manager.set_with("k", &Secret::new("v"), create.clone()).map(drop)
            });
            fails_as(&over(&stub), write, "delete", |manager| manager.delete("k"));
        }
    }
    let missing = Stub::with(|_: &Request| refusal("ResourceNotFoundException"));
    assert!(over(&missing).get("k").unwrap().is_none());
}

#[track_caller]
fn fails_as(
    manager: &SecretManager,
    kind: ErrorKind,
    verb: &str,
    call: impl Fn(&SecretManager) -> strongroom::Result<()>,
) {
    let error = fails(call(manager), kind);
    assert_eq!(error.backend(), Some("aws"), "{verb}: {error:?}");
}

fn a_wrong_clock_is_called_so() {
    for (word, date) in [
        ("InvalidSignatureException", "Wed, 01 Jan 2020 00:00:00 GMT"),
        ("RequestExpired", ""),
    ] {
        let stub = Stub::with(move |_: &Request| refusal(word).header("Date", date));
        let error = fails(over(&stub).get("k"), ErrorKind::Unauthenticated);
        assert!(error.message().contains("clock is wrong"), "{error}");
        assert!(error.help().contains("clock"));
    }
    let stub = Stub::with(|_: &Request| refusal("InvalidSignatureException"));
    let error = fails(over(&stub).get("k"), ErrorKind::Unauthenticated);
    assert!(error.message().contains("secret access key"), "{error}");
}

/// AWS while a secret waits for its deletion: what moto lets through is refused.
fn waiting(request: &Request, is_restored: bool) -> Reply {
    match request.action() {
        Some("GetSecretValue" | "PutSecretValue") if !is_restored => refusal("InvalidRequestException"),
        Some("CreateSecret") => refusal(if is_restored {
            "ResourceExistsException"
        } else {
            "InvalidRequestException"
        }),
        Some("DescribeSecret") if !is_restored => answer(&json!({
            "Name": "app/global/k",
            "DeletedDate": 1_795_000_000.0,
            "VersionIdsToStages": {"old": ["AWSCURRENT"]},
        })),
        Some("DescribeSecret") => answer(&json!({"Name": "app/global/k"})),
        Some("RestoreSecret" | "PutSecretValue" | "UpdateSecretVersionStage") => answer(&json!({})),
        other => panic!("{other:?}"),
    }
}

fn a_deleted_secret_is_restored_and_written() {
    for (settings, options) in [
        (&[][..], SetOptions::new()),
        (&[("aws.format", "raw")][..], SetOptions::new()),
        (&[][..], SetOptions::new().if_absent()),
    ] {
        let restored = std::sync::atomic::AtomicBool::new(false);
        let stub = Stub::with(move |request: &Request| {
            if request.action() == Some("RestoreSecret") {
                restored.store(true, std::sync::atomic::Ordering::SeqCst);
            }
            waiting(request, restored.load(std::sync::atomic::Ordering::SeqCst))
        });
        let manager = with(&stub, settings);
        assert!(manager.get("k").unwrap().is_none());
        fails(manager.versions("k"), ErrorKind::NotFound);
        assert!(manager.set_with("k", &Secret::new("v"), options).unwrap().created);
        assert_eq!(calls(&stub, "RestoreSecret"), 1);
        let requests = stub.requests();
        let puts = requests
            .iter()
            .filter(|request| request.action() == Some("PutSecretValue"));
        let tokens: std::collections::BTreeSet<String> = puts
            .map(|request| asked(request)["ClientRequestToken"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(tokens.len(), 1, "one call has one token");
    }
}

fn a_secret_that_another_one_brings_back_first_is_written() {
    for (options, lost) in [(SetOptions::new(), false), (SetOptions::new().if_absent(), true)] {
        let restored = std::sync::atomic::AtomicBool::new(false);
        let stub = Stub::with(move |request: &Request| match request.action() {
            Some("RestoreSecret") => {
                restored.store(true, std::sync::atomic::Ordering::SeqCst);
                refusal("InvalidRequestException")
            }
            _ => waiting(request, restored.load(std::sync::atomic::Ordering::SeqCst)),
        });
        let manager = with(&stub, &[]);
        let written = manager.set_with("k", &Secret::new("v"), options);
        match lost {
            true => drop(fails(written, ErrorKind::Conflict)),
            false => assert!(!written.unwrap().created),
        }
        assert_eq!(calls(&stub, "RestoreSecret"), 1);
        assert_eq!(calls(&stub, "PutSecretValue"), usize::from(!lost));
    }
}

fn a_secret_that_is_deleted_for_good_right_now_is_said_to_be() {
    let stub = Stub::with(|request: &Request| match request.action() {
        Some("GetSecretValue" | "DescribeSecret") => refusal("ResourceNotFoundException"),
        _ => refusal("InvalidRequestException"),
    });
    let error = fails(over(&stub).set("k", &Secret::new("v")), ErrorKind::Unavailable);
    assert!(error.message().contains("deleted for good"), "{error}");
}

fn a_state_that_forbids_a_call_is_no_absence() {
    let stub = Stub::with(|request: &Request| match request.action() {
        Some("DescribeSecret") => answer(&json!({"Name": "app/global/k"})),
        _ => refusal("InvalidRequestException"),
    });
    let manager = over(&stub);
    fails(manager.get("k"), ErrorKind::Conflict);
    fails(manager.delete("k"), ErrorKind::Conflict);
    fails(manager.set("k", &Secret::new("v")), ErrorKind::Conflict);
}

fn errors_say_nothing_of_what_was_answered() {
    let secret = "canary-51c2";
    for reply in [
        Reply::aws_error(400, "AccessDeniedException", secret),
        Reply::aws_error(500, secret, secret),
        Reply::new(200).body(format!("{{\"SecretString\": \"{secret}")),
        Reply::new(200).body(secret),
        Reply::new(502).body(secret),
    ] {
        let stub = Stub::with(move |_: &Request| reply.clone());
        let error = over(&stub).get("k").unwrap_err();
        let shown = format!("{error} {error:?} {}", error.help());
        assert!(!shown.contains(secret), "{shown}");
    }
}

fn health_asks_for_nothing_that_is_there() {
    let ok = Stub::with(|_: &Request| refusal("ResourceNotFoundException"));
    assert_eq!(over(&ok).health().unwrap().state, HealthState::Ok);
    let requests = ok.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].action(), Some("DescribeSecret"));
    assert_eq!(asked(&requests[0])["SecretId"], "app/strongroom.health");
    for (word, state) in [
        ("AccessDeniedException", HealthState::Ok),
        ("ThrottlingException", HealthState::Degraded),
        ("ExpiredTokenException", HealthState::Unavailable),
        ("InternalServiceError", HealthState::Unavailable),
    ] {
        let stub = Stub::with(move |_: &Request| refusal(word));
        assert_eq!(over(&stub).health().unwrap().state, state, "{word}");
    }
    let gone = Stub::start([]);
    gone.refuse();
    assert_eq!(over(&gone).health().unwrap().state, HealthState::Unavailable);
}

fn credentials_are_asked_for_again_after_refresh() {
    let stub = Stub::with(|_: &Request| value("app/global/k", "{\"value\":\"v\"}"));
    let manager = over(&stub);
    for _ in 0..2 {
        manager.get("k").unwrap();
        manager.refresh().unwrap();
        manager.get("k").unwrap();
        manager.lock().unwrap();
    }
    assert!(stub.connections() >= 4, "each time anew: {}", stub.connections());
}
