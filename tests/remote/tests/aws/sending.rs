//! Connections that break, and what is certain then.

use std::time::Duration;

use strongroom::backend::MetadataUpdate;
use strongroom::{ErrorKind, RollbackTo, Secret};
use strongroom_fakes::Fault;
use strongroom_remote::ends_by;

use crate::place::{asked, calls, fails, place};

crate::trials_of!(
    an_answer_that_does_not_come_is_asked_for_once_more_under_the_same_token,
    a_write_whose_answer_never_comes_is_unknown_and_one_version,
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
    let writes: [(&str, usize, Write); 3] = [
        ("PutSecretValue", 1, |manager, key| {
            manager.set(key, &Secret::new("3")).map(drop)
        }),
        ("UpdateSecretVersionStage", 1, |manager, key| {
            manager
                .update_metadata(key, &MetadataUpdate::new().provider("p"))
                .map(drop)
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
