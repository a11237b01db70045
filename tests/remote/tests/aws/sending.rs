//! Connections that break, and what is certain then.

use std::time::Duration;

use strongroom::backend::MetadataUpdate;
use strongroom::{ErrorKind, RollbackTo, Secret, SetOptions};
use strongroom_fakes::Fault;
use strongroom_fakes::http::Reply;
use strongroom_remote::ends_by;

use crate::place::{asked, calls, fails, place, refusal};

crate::trials_of!(
    an_answer_that_does_not_come_is_asked_for_once_more_under_the_same_token,
    a_write_whose_answer_never_comes_is_unknown_and_one_version,
    a_swap_whose_answer_never_comes_is_looked_for,
    a_secret_that_was_brought_back_without_its_new_value_is_told,
    what_is_no_answer_of_the_service_is_no_success,
    what_was_not_sent_is_known_not_to_be_done,
    a_creation_whose_answer_is_lost_is_found_to_be_ours,
);

fn an_answer_that_does_not_come_is_asked_for_once_more_under_the_same_token() {
    let place = place();
    let key = place.key("k");
    place.put(&key, "1");
    let manager = place.once();
    place
        .proxy
        .on(1, |request| request.action() == Some("PutSecretValue"), Fault::Swallow);
    let written = manager.set(&key, &Secret::new("2")).unwrap();
    assert!(!written.created);
    assert_eq!(place.versions(&key), 2);
    let requests = place.proxy.requests();
    let puts = requests
        .iter()
        .filter(|request| request.action() == Some("PutSecretValue"));
    let tokens: Vec<String> = puts
        .map(|request| asked(request)["ClientRequestToken"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1]);
    assert_eq!(manager.get(&key).unwrap().unwrap().metadata.version, written.version);
}

fn a_write_whose_answer_never_comes_is_unknown_and_one_version() {
    let place = place();
    let key = place.key("k");
    place.put(&key, "1");
    place.put(&key, "2");
    type Write = fn(&strongroom::blocking::SecretManager, &strongroom::SecretKey) -> strongroom::Result<()>;
    let writes: [(&str, usize, Write); 2] = [
        ("PutSecretValue", 1, |manager, key| {
            manager.set(key, &Secret::new("3")).map(drop)
        }),
        ("PutSecretValue", 1, |manager, key| {
            manager.rollback(key, RollbackTo::back(1)).map(drop)
        }),
    ];
    for (action, adds, write) in writes {
        let before = place.versions(&key);
        place.proxy.on(
            usize::MAX,
            move |request| request.action() == Some(action),
            Fault::Swallow,
        );
        fails(write(&place.once(), &key), ErrorKind::OutcomeUnknown);
        assert_eq!(place.versions(&key), before + adds, "{action}");
        place.proxy.heal();
    }
    place.proxy.always(Fault::Hang);
    let manager = place.once().with_timeout(Duration::from_secs(1));
    let outcome = ends_by(Duration::from_secs(1), || manager.set(&key, &Secret::new("x")));
    fails(outcome, ErrorKind::OutcomeUnknown);
    let outcome = ends_by(Duration::from_secs(1), || manager.get(&key));
    fails(outcome, ErrorKind::Timeout);
}

fn a_swap_whose_answer_never_comes_is_looked_for() {
    let place = place();
    let key = place.key("k");
    place.put(&key, "1");
    let is_move = |request: &strongroom_fakes::http::Request| request.action() == Some("UpdateSecretVersionStage");
    place.proxy.on(usize::MAX, is_move, Fault::Swallow);
    let manager = place.once();
    let update = MetadataUpdate::new().provider("p");
    manager.update_metadata(&key, &update).unwrap();
    assert_eq!(calls(&place.proxy, "UpdateSecretVersionStage"), 1);
    assert_eq!(place.versions(&key), 2);
    // One that did not arrive is not taken for one that did.
    place.proxy.heal();
    place.proxy.on(usize::MAX, is_move, Fault::ResetBefore);
    let outcome = manager.update_metadata(&key, &MetadataUpdate::new().provider("q"));
    fails(outcome, ErrorKind::OutcomeUnknown);
    place.proxy.heal();
    let found = manager.get(&key).unwrap().unwrap();
    assert_eq!(found.metadata.provider.as_deref(), Some("p"));
}

fn a_secret_that_was_brought_back_without_its_new_value_is_told() {
    for word in ["ThrottlingException", "ServiceUnavailable", "AccessDeniedException"] {
        let place = place();
        let key = place.key("k");
        place.put(&key, "old");
        let manager = place.open();
        manager.delete(&key).unwrap();
        let is_put = |request: &strongroom_fakes::http::Request| request.action() == Some("PutSecretValue");
        place.proxy.on(usize::MAX, is_put, Fault::Answer(refusal(word)));
        let options = SetOptions::new().if_absent();
        let error = fails(
            manager.set_with(&key, &Secret::new("new"), options),
            ErrorKind::OutcomeUnknown,
        );
        assert!(error.message().contains("brought back"), "{error}");
        assert_eq!(calls(&place.proxy, "RestoreSecret"), 1, "{word}: nothing is repeated");
        assert_eq!(place.read(&key).as_deref(), Some("old"));
    }
}

fn what_is_no_answer_of_the_service_is_no_success() {
    for body in ["{}", "<html>please log in</html>", "", "[]", "{\"error\": \"log in\"}"] {
        let place = place();
        let key = place.key("k");
        place.put(&key, "1");
        let manager = place.once();
        place.proxy.always(Fault::Answer(Reply::new(200).body(body)));
        fails(manager.get(&key), ErrorKind::Unavailable);
        fails(manager.get_many(&[&key, &place.key("other")]), ErrorKind::Unavailable);
        fails(manager.list(strongroom::ListOptions::new()), ErrorKind::Unavailable);
        fails(manager.delete(&key), ErrorKind::OutcomeUnknown);
        place.proxy.heal();
        place.proxy.on(
            usize::MAX,
            |request| request.is_write(),
            Fault::Answer(Reply::new(200).body(body)),
        );
        fails(manager.set(&key, &Secret::new("2")), ErrorKind::OutcomeUnknown);
        fails(
            manager.set(place.key("new"), &Secret::new("2")),
            ErrorKind::OutcomeUnknown,
        );
        assert_eq!(place.read(&key).as_deref(), Some("1"));
    }
}

fn what_was_not_sent_is_known_not_to_be_done() {
    let place = place();
    let key = place.key("k");
    let manager = place.once();
    place.proxy.refuse();
    fails(manager.set(&key, &Secret::new("x")), ErrorKind::Unavailable);
    fails(manager.delete(&key), ErrorKind::Unavailable);
    fails(manager.get(&key), ErrorKind::Unavailable);
}

fn a_creation_whose_answer_is_lost_is_found_to_be_ours() {
    let place = place();
    let key = place.key("k");
    let manager = place.once();
    place
        .proxy
        .on(1, |request| request.action() == Some("CreateSecret"), Fault::Swallow);
    assert!(manager.set(&key, &Secret::new("1")).unwrap().created);
    assert_eq!((place.versions(&key), calls(&place.proxy, "CreateSecret")), (1, 2));
    assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some("1"));
}
