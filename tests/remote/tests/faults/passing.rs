//! What fails in passing is made again where that is safe, and only there.

use std::time::Duration;

use libtest_mimic::Trial;
use strongroom::{ErrorKind, Secret};
use strongroom_fakes::Fault;
use strongroom_remote::{Place, Service, fails, trials};

use crate::verbs::{AFTER, BEFORE, prepared};

pub(crate) fn trials() -> Vec<Trial> {
    trials! {
        a_read_is_made_again_after_what_passes,
        a_write_that_was_not_done_is_made_again_and_written_once,
        a_write_whose_reply_was_lost_is_there_once,
        an_hour_is_not_waited_for,
        a_login_that_is_refused_is_not_tried_again,
        a_connection_that_was_closed_while_idle_is_opened_again,
    }
}

fn a_read_is_made_again_after_what_passes(service: Service) {
    let (place, key) = prepared(service);
    let manager = place.open();
    let faults = [
        Fault::Answer(service.too_many()),
        Fault::Answer(service.too_many().header("Retry-After", "1")),
        Fault::Answer(service.down()),
        Fault::ResetBefore,
        Fault::ResetAfter(0),
        Fault::ResetMidBody,
        Fault::Swallow,
        Fault::Truncate,
    ];
    for fault in faults {
        place.proxy.forget();
        place.proxy.next(fault.clone());
        let value = manager.get_value(&key);
        assert_eq!(value.unwrap().as_deref(), Some(BEFORE), "{fault:?}");
        assert_eq!(place.proxy.requests().len(), 2, "{fault:?}");
    }
}

fn a_write_that_was_not_done_is_made_again_and_written_once(service: Service) {
    let (place, key) = prepared(service);
    let manager = place.open();
    for fault in [Fault::Answer(service.too_many()), Fault::Answer(service.down())] {
        let before = place.versions(&key);
        place.proxy.on(1, |request| request.is_write(), fault.clone());
        manager
            .set(&key, &Secret::new(AFTER))
            .unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
        assert_eq!(place.versions(&key), before + 1, "{fault:?}");
        assert_eq!(place.read(&key).as_deref(), Some(AFTER));
    }
}

fn a_write_whose_reply_was_lost_is_there_once(service: Service) {
    for fault in [
        Fault::Swallow,
        Fault::ResetAfter(0),
        Fault::ResetMidBody,
        Fault::Truncate,
    ] {
        let (place, key) = prepared(service);
        let manager = place.open();
        let before = place.versions(&key);
        place.proxy.on(1, |request| request.is_write(), fault.clone());
        if let Err(error) = manager.set(&key, &Secret::new(AFTER)) {
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{fault:?}: {error}");
        }
        assert_eq!(place.versions(&key), before + 1, "{fault:?}");
        assert_eq!(manager.get_value(&key).unwrap().as_deref(), Some(AFTER), "{fault:?}");
    }
}

fn an_hour_is_not_waited_for(service: Service) {
    let (place, key) = prepared(service);
    let manager = place.open();
    place
        .proxy
        .always(Fault::Answer(service.too_many().header("Retry-After", "3600")));
    let error = fails(manager.get(&key), &[ErrorKind::RateLimited]);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!(
        place.proxy.requests().len(),
        1,
        "whoever is asked to wait for so long is told"
    );
}

fn a_login_that_is_refused_is_not_tried_again(service: Service) {
    let place = Place::of(service);
    let builder = match service {
        Service::Vault => {
            Service::bao().enable_auth("userpass", "userpass");
            let builder = place
                .builder_without_token()
                .option("vault.auth", "userpass")
                .option("vault.username", "nobody");
            builder.secret_option("vault.password", "wrong")
        }
        Service::Aws => {
            let refusal = strongroom_fakes::http::Reply::aws_error(400, "UnrecognizedClientException", "no");
            place.proxy.always(Fault::Answer(refusal));
            place.builder()
        }
    };
    let manager = builder.open_blocking().unwrap();
    fails(manager.get("NAME"), &[ErrorKind::Unauthenticated]);
    assert_eq!(place.proxy.requests().len(), 1);
}

fn a_connection_that_was_closed_while_idle_is_opened_again(service: Service) {
    let (place, key) = prepared(service);
    let manager = place.open();
    for _ in 0..5 {
        manager.get(&key).unwrap();
        place.proxy.cut();
    }
}
