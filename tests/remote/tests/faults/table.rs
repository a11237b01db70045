//! Every verb over connections that break in every way, each call made once.

use std::time::Duration;

use libtest_mimic::Trial;
use strongroom::{ErrorKind, SecretKey};
use strongroom_fakes::Fault;
use strongroom_fakes::http::{Reply, Request};
use strongroom_remote::{Place, Service, ends_by, fails};

use crate::verbs::{BEFORE, VERBS, Verb, prepared};

/// Long enough for a machine with other things to do.
const DEADLINE: Duration = Duration::from_secs(10);
/// Where the call is to come to its end by it.
const SHORT: Duration = Duration::from_secs(1);

/// What happens to the requests.
enum Break {
    /// Nothing: the control.
    Nothing,
    /// Nobody listens.
    Refused,
    /// The server gets nothing, the client gets this.
    Answered(fn(Service) -> Reply),
    /// The server gets all of it.
    Delivered(Fault),
}

/// A row of the table, and what the call must answer.
struct Row {
    name: &'static str,
    what: Break,
    read: &'static [ErrorKind],
    write: &'static [ErrorKind],
}

const DOWN: &[ErrorKind] = &[ErrorKind::Unavailable];
const LATE: &[ErrorKind] = &[ErrorKind::Timeout];
const BUSY: &[ErrorKind] = &[ErrorKind::RateLimited];
const LOST: &[ErrorKind] = &[ErrorKind::OutcomeUnknown];

const ROWS: &[Row] = &[
    Row {
        name: "all_is_well",
        what: Break::Nothing,
        read: &[],
        write: &[],
    },
    Row {
        name: "connection_refused",
        what: Break::Refused,
        read: DOWN,
        write: DOWN,
    },
    Row {
        name: "too_many_requests",
        what: Break::Answered(Service::too_many),
        read: BUSY,
        write: BUSY,
    },
    Row {
        name: "too_many_requests_for_an_hour",
        what: Break::Answered(|service| service.too_many().header("Retry-After", "3600")),
        read: BUSY,
        write: BUSY,
    },
    Row {
        name: "service_unavailable",
        what: Break::Answered(Service::down),
        read: DOWN,
        write: DOWN,
    },
    Row {
        name: "what_is_no_reply_of_the_service",
        what: Break::Answered(|_| Reply::new(200).body("<html>please log in</html>")),
        read: DOWN,
        // Whoever answered it, the request was delivered.
        write: LOST,
    },
    Row {
        name: "reset_before_the_reply",
        what: Break::Delivered(Fault::ResetAfter(0)),
        read: DOWN,
        write: LOST,
    },
    Row {
        name: "reset_in_the_head",
        what: Break::Delivered(Fault::ResetAfter(20)),
        read: DOWN,
        write: LOST,
    },
    Row {
        name: "reset_in_the_body",
        what: Break::Delivered(Fault::ResetMidBody),
        read: DOWN,
        write: LOST,
    },
    Row {
        name: "closed_instead_of_the_reply",
        what: Break::Delivered(Fault::Swallow),
        read: DOWN,
        write: LOST,
    },
    Row {
        name: "half_of_the_json",
        what: Break::Delivered(Fault::Truncate),
        read: DOWN,
        write: LOST,
    },
    Row {
        name: "no_reply_ever",
        what: Break::Delivered(Fault::Hang),
        read: LATE,
        write: LOST,
    },
    Row {
        name: "slower_than_the_deadline",
        what: Break::Delivered(Fault::Slow(Duration::from_millis(100))),
        read: LATE,
        write: LOST,
    },
];

/// The trials of this table.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for service in Service::ALL {
        for row in ROWS {
            for &verb in VERBS {
                let name = format!("{}::{}::{}", service.word(), row.name, verb.name);
                trials.push(Trial::test(name, move || {
                    check(service, row, verb);
                    Ok(())
                }));
            }
        }
    }
    trials
}

fn check(service: Service, row: &Row, verb: Verb) {
    let (place, key) = prepared(service);
    let manager = place.once();
    if !matches!(row.what, Break::Refused) {
        // The connection is there already, as in a program that runs.
        manager.get(&key).unwrap();
    }
    let before = place.versions(&verb.written(&key));
    // Of a write that reads before, only the requests that write are broken.
    let breaks = move |request: &Request| !verb.is_write || request.is_write();
    match &row.what {
        Break::Nothing => {}
        Break::Refused => place.proxy.refuse(),
        Break::Answered(reply) => place.proxy.on(usize::MAX, breaks, Fault::Answer(reply(service))),
        Break::Delivered(fault) => place.proxy.on(usize::MAX, breaks, fault.clone()),
    }
    let deadline = if row.read == LATE { SHORT } else { DEADLINE };
    let outcome = ends_by(deadline, || (verb.call)(&manager.with_timeout(deadline), &key));
    match row.what {
        Break::Nothing => outcome.unwrap(),
        // A reply without a body has no half.
        Break::Delivered(Fault::ResetMidBody | Fault::Truncate) if verb.is_bare(service) => outcome.unwrap(),
        _ => drop(fails(outcome, if verb.is_write { row.write } else { row.read })),
    }
    place.proxy.heal();
    if verb.is_write {
        let is_delivered = matches!(row.what, Break::Nothing | Break::Delivered(_));
        check_written(&place, &key, verb, before, is_delivered);
    }
    assert!(manager.get(&key).is_ok(), "and all is well again");
}

/// Nothing was written that was not delivered, and nothing twice that was.
fn check_written(place: &Place, key: &SecretKey, verb: Verb, before: usize, is_delivered: bool) {
    let now = place.versions(&verb.written(key));
    match (verb.adds, is_delivered) {
        (0, true) => assert_eq!(place.read(key), None, "it was removed"),
        (0, false) => assert_eq!(place.read(key).as_deref(), Some(BEFORE), "it is still there"),
        (adds, true) => assert_eq!(now, before + adds, "one call, delivered once"),
        (_, false) => assert_eq!(now, before, "nothing was delivered"),
    }
}
