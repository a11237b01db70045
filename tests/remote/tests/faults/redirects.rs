//! Redirects: credentials go to the server that was named, and nowhere else.

use libtest_mimic::Trial;
use strongroom::{ErrorKind, Secret};
use strongroom_fakes::http::Reply;
use strongroom_fakes::{Fault, Stub};
use strongroom_remote::{Service, fails, trials};

use crate::verbs::{AFTER, prepared};

pub(crate) fn trials() -> Vec<Trial> {
    trials! {
        no_credential_and_no_value_follow_a_redirect_elsewhere,
        a_redirect_in_a_circle_ends,
    }
}

const ANY: &[ErrorKind] = &[
    ErrorKind::Unavailable,
    ErrorKind::InvalidConfig,
    ErrorKind::PermissionDenied,
    ErrorKind::OutcomeUnknown,
];

fn no_credential_and_no_value_follow_a_redirect_elsewhere(service: Service) {
    let (place, key) = prepared(service);
    let other = Stub::with(|_| Reply::new(200).body("{}"));
    let manager = place.once();
    for status in [301, 302, 303, 307, 308] {
        for target in [
            format!("{}/v1/secret/data/elsewhere", other.address()),
            format!("{}/", other.address()),
            format!("//{}/v1/secret/data/elsewhere", other.host()),
            format!("https://{}/v1/secret/data/elsewhere", other.host()),
        ] {
            let before = place.versions(&key);
            let redirect = Reply::new(status).header("Location", &target);
            place.proxy.always(Fault::Answer(redirect));
            fails(manager.get(&key), ANY);
            fails(manager.set(&key, &Secret::new(AFTER)), ANY);
            place.proxy.heal();
            assert_eq!(place.versions(&key), before);
        }
    }
    assert_eq!(other.connections(), 0, "{:?}", other.requests());
}

fn a_redirect_in_a_circle_ends(service: Service) {
    let (place, key) = prepared(service);
    let manager = place.once();
    let stub = Stub::with(|request| {
        let host = request.value("host").unwrap_or_default();
        Reply::new(307).header("Location", &format!("http://{host}{}", request.path))
    });
    let circle = service
        .builder(&stub.address(), "circle")
        .option("retries", "0")
        .open_blocking()
        .unwrap();
    fails(circle.get(&key), ANY);
    fails(circle.set(&key, &Secret::new(AFTER)), ANY);
    assert!(stub.requests().len() <= 4, "{:?}", stub.requests().len());
    assert!(manager.get(&key).unwrap().is_some());
}
