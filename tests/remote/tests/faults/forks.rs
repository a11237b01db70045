//! Forks with clients that are connected.

use std::sync::atomic::{AtomicBool, Ordering};

use libtest_mimic::Trial;
use strongroom::blocking::SecretManager;
use strongroom::{Secret, SecretKey};
use strongroom_remote::fork::fork;
use strongroom_remote::{Service, trials};

use crate::verbs::prepared;

pub(crate) fn trials() -> Vec<Trial> {
    trials! {
        parent_and_child_go_on_with_connections_of_their_own,
        a_childs_child_works_as_well,
        forks_beside_calls_work_in_both,
    }
}

fn round(manager: &SecretManager, key: &SecretKey, value: &str) -> Result<(), String> {
    let told = |what: &str, error: &strongroom::Error| format!("{what}: {error:?}");
    manager
        .set(key, &Secret::new(value))
        .map_err(|error| told("set", &error))?;
    let read = manager.get_value(key).map_err(|error| told("get", &error))?;
    if read.as_deref() == Some(value) {
        Ok(())
    } else {
        Err("another value".to_owned())
    }
}

fn parent_and_child_go_on_with_connections_of_their_own(service: Service) {
    let (place, key) = prepared(service);
    let manager = place.open();
    round(&manager, &key, "first").unwrap();
    for at in 0..3 {
        let own = place.key(&format!("CHILD{at}"));
        let child = fork(|| (0..3).try_for_each(|count| round(&manager, &own, &format!("child {count}"))));
        (0..3)
            .try_for_each(|count| round(&manager, &key, &format!("parent {count}")))
            .unwrap();
        child.worked();
        round(&manager, &key, "after").unwrap();
        assert_eq!(place.read(&own).as_deref(), Some("child 2"));
    }
}

fn a_childs_child_works_as_well(service: Service) {
    let (place, key) = prepared(service);
    let manager = place.open();
    round(&manager, &key, "first").unwrap();
    let (own, inner) = (place.key("CHILD"), place.key("GRANDCHILD"));
    let child = fork(|| {
        round(&manager, &own, "child")?;
        fork(|| round(&manager, &inner, "grandchild")).worked();
        round(&manager, &own, "child again")
    });
    child.worked();
    assert_eq!(place.read(&inner).as_deref(), Some("grandchild"));
}

fn forks_beside_calls_work_in_both(service: Service) {
    let (place, key) = prepared(service);
    let manager = place.open();
    round(&manager, &key, "first").unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let calls = scope.spawn(|| {
            let mut count = 0;
            while !is_over.load(Ordering::Acquire) {
                round(&manager, &key, &format!("beside {count}")).unwrap();
                count += 1;
            }
            count
        });
        for at in 0..5 {
            let own = place.key(&format!("BESIDE{at}"));
            fork(|| round(&manager, &own, "child")).worked();
        }
        is_over.store(true, Ordering::Release);
        assert!(calls.join().unwrap() > 0);
    });
}
