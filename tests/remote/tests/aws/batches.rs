//! Many secrets at once.

use serde_json::json;
use strongroom::{ErrorKind, Secret, SecretKey};
use strongroom_fakes::http::Request;
use strongroom_fakes::{Fault, Stub};

use crate::place::{answer, asked, calls, fails, over, place, refusal};

crate::trials_of!(
    five_hundred_secrets_are_twenty_five_calls,
    what_the_batch_may_not_is_asked_one_by_one_and_remembered,
    each_secret_of_a_batch_has_its_own_outcome,
    many_writes_each_tell_their_outcome,
);

fn five_hundred_secrets_are_twenty_five_calls() {
    let place = place();
    let keys: Vec<SecretKey> = (0..500).map(|number| place.key(&format!("k{number}"))).collect();
    for key in &keys {
        let document = json!({"value": key.name()}).to_string();
        place.service.store(&place.name(key), &document);
    }
    let manager = place.open();
    let read = manager.get_many(&keys).unwrap();
    assert!(read.failures.is_empty(), "{:?}", read.failures);
    assert_eq!(read.secrets.len(), 500);
    assert!(
        read.secrets
            .iter()
            .all(|(key, secret)| secret.value.expose_str().unwrap() == key.name())
    );
    assert_eq!(place.proxy.requests().len(), 25);
    assert_eq!(calls(&place.proxy, "BatchGetSecretValue"), 25);
    let told = manager.metrics();
    assert_eq!(told.get("requests.BatchGetSecretValue"), Some(25));
}

fn what_the_batch_may_not_is_asked_one_by_one_and_remembered() {
    let place = place();
    let keys: Vec<SecretKey> = (0..3).map(|number| place.key(&format!("k{number}"))).collect();
    for key in &keys {
        place.put(key, key.name());
    }
    let denied = Fault::Answer(refusal("AccessDeniedException"));
    place.proxy.on(
        usize::MAX,
        |request| request.action() == Some("BatchGetSecretValue"),
        denied,
    );
    let manager = place.once();
    for _ in 0..2 {
        let read = manager.get_many(&keys).unwrap();
        assert_eq!((read.secrets.len(), read.failures.len()), (3, 0));
    }
    assert_eq!(calls(&place.proxy, "BatchGetSecretValue"), 1);
    assert_eq!(calls(&place.proxy, "GetSecretValue"), 6);
    // Whoever was given the permission says so.
    manager.refresh().unwrap();
    manager.get_many(&keys).unwrap();
    assert_eq!(calls(&place.proxy, "BatchGetSecretValue"), 2);
}

fn each_secret_of_a_batch_has_its_own_outcome() {
    let stub = Stub::with(|request: &Request| match request.action() {
        Some("BatchGetSecretValue") => answer(&json!({
            "SecretValues": [{"Name": "app/global/there", "SecretString": "{\"value\":\"v\"}", "VersionId": "x"}],
            "Errors": [
                {"SecretId": "app/global/missing", "ErrorCode": "ResourceNotFoundException", "Message": "m"},
                {"SecretId": "app/global/denied", "ErrorCode": "AccessDeniedException", "Message": "m"},
                {"SecretId": "app/global/kms", "ErrorCode": "DecryptionFailure", "Message": "m"},
                {"SecretId": "app/global/deleted", "ErrorCode": "InvalidRequestException", "Message": "m"},
            ],
        })),
        Some("DescribeSecret") if asked(request)["SecretId"] == "app/global/deleted" => answer(&json!({
            "Name": "app/global/deleted", "DeletedDate": 1_795_000_000.0,
        })),
        // Neither among the values nor among the errors.
        Some("GetSecretValue") if asked(request)["SecretId"] == "app/global/left_out" => {
            crate::place::value("app/global/left_out", "{\"value\":\"late\"}")
        }
        other => panic!("{other:?}"),
    });
    let manager = over(&stub);
    let keys = ["there", "missing", "denied", "kms", "deleted", "left_out"];
    let read = manager.get_many(&keys).unwrap();
    let values: Vec<(&str, &str)> = read
        .secrets
        .iter()
        .map(|(key, secret)| (key.name(), secret.value.expose_str().unwrap()))
        .collect();
    assert_eq!(values, [("left_out", "late"), ("there", "v")]);
    let failures: Vec<(&str, ErrorKind)> = read
        .failures
        .iter()
        .map(|failure| (failure.key.name(), failure.error.kind()))
        .collect();
    assert!(
        failures.contains(&("denied", ErrorKind::PermissionDenied)),
        "{failures:?}"
    );
    assert!(failures.contains(&("kms", ErrorKind::KeyMissing)), "{failures:?}");
    assert_eq!(failures.len(), 2);
}

fn many_writes_each_tell_their_outcome() {
    let place = place();
    let manager = place.open();
    let entry = |name: &str, value: &str| (place.key(name), Secret::new(value));
    let entries: Vec<_> = (0..30).map(|number| entry(&format!("k{number}"), "v")).collect();
    let outcomes = manager.set_many(&entries).unwrap().outcomes;
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap().created));
    let read = manager
        .get_many(&entries.iter().map(|(key, _)| key).collect::<Vec<_>>())
        .unwrap();
    assert_eq!(read.secrets.len(), 30);
    let refused = |request: &Request| {
        request.action() == Some("PutSecretValue") && asked(request)["SecretId"].as_str().unwrap().ends_with("k7")
    };
    place
        .proxy
        .on(usize::MAX, refused, Fault::Answer(refusal("AccessDeniedException")));
    let manager = place.once();
    let mut outcomes = manager.set_many(&entries).unwrap().outcomes;
    fails(outcomes.remove(7), ErrorKind::PermissionDenied);
    assert!(outcomes.iter().all(Result::is_ok));
}
