//! Forks with calls in flight, with both faces, and with cached values.

use std::sync::Arc;
use std::time::{Duration, Instant};

use strongroom::backend::{Operation, Persistence};
use strongroom::blocking::SecretManager;
use strongroom::testing::{Fault, FaultBackend, LimitedBackend, open_backend};
use strongroom::{CallContext, Face, Lookup, Result, Secret, Settings};

use super::fork::read_and_write;
use super::forked::{Tally, fork, word};
use super::{complain, key, open, say, value};
use crate::rig::block_on;

/// How long the parent's own waits may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The encrypted store behind faults.
fn faulty() -> Result<(SecretManager, Arc<FaultBackend>)> {
    let cx = CallContext::new(Face::Blocking, PATIENCE);
    let fault = FaultBackend::new(open_backend("encrypted", "rig", &Settings::new(), &cx)?);
    let manager = SecretManager::builder()
        .app("rig")
        .option("cache", "off")
        .backend_instance(Arc::clone(&fault) as _)
        .open_blocking()?;
    Ok((manager, fault))
}

/// Waits until the worker has its thread: before that the script's rule may still be there for a child to take.
fn worker_runs() -> bool {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let names = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let named = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
        if names.flat_map(named).any(|name| name.trim_end() == "sr-fault") {
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

/// Forks while a call hangs on a worker.
pub(super) fn hanging() {
    let (manager, fault) = match faulty() {
        Ok(both) => both,
        Err(error) => return complain("open", &error),
    };
    let mut tally = Tally::default();
    if let Err(complaint) = read_and_write(&manager, 0, None) {
        return say(format_args!("error parent: {complaint}"));
    }
    say("ack 0 0");
    fault.on(Operation::Get).times(1).then(Fault::Block);
    std::thread::scope(|scope| {
        let hanging = scope.spawn(|| manager.get(key(0, 0)).map(|secret| secret.is_some()));
        if fault.wait_for(PATIENCE, |counters| counters.in_flight == 1).is_none() || !worker_runs() {
            say("error the call did not begin");
        }
        for id in 1..=10 {
            if tally.count(fork(|| read_and_write(&manager, id, Some((0, 0))))) {
                say(format_args!("ack {id} 0"));
            }
        }
        fault.wake();
        match hanging.join() {
            Ok(Ok(true)) => {}
            other => say(format_args!("error the parent's hanging call: {other:?}")),
        }
    });
    tally.say("hanging call");
}

/// The encrypted store as if it were on another machine, where one call may be under way at once, behind faults.
fn far() -> Result<(SecretManager, Arc<FaultBackend>)> {
    let cx = CallContext::new(Face::Blocking, PATIENCE);
    let store = open_backend("encrypted", "rig", &Settings::new(), &cx)?;
    let store = LimitedBackend::without(store, |can| can.persistence = Persistence::Remote);
    let fault = FaultBackend::new(store);
    let builder = SecretManager::builder().app("rig").option("cache", "off");
    let builder = builder.option("concurrency", "1").option("breaker_failures", "1");
    let manager = builder
        .option("breaker_wait", "1h")
        .option("retries", "0")
        .backend_instance(Arc::clone(&fault) as _)
        .open_blocking()?;
    Ok((manager, fault))
}

/// Forks while one call hangs that others share, and further ones wait for its place; then with a breaker that is open.
pub(super) fn around() {
    let (manager, fault) = match far() {
        Ok(both) => both,
        Err(error) => return complain("open", &error),
    };
    let mut tally = Tally::default();
    if let Err(complaint) = read_and_write(&manager, 0, None) {
        return say(format_args!("error parent: {complaint}"));
    }
    say("ack 0 0");
    let number = |name: &str| manager.metrics().get(name).unwrap_or_default();
    let comes = |name: &str, wanted: u64| {
        let end = Instant::now() + PATIENCE;
        while number(name) != wanted && Instant::now() < end {
            std::thread::yield_now();
        }
        if number(name) != wanted {
            say(format_args!("error {name} is {}", number(name)));
        }
    };
    fault.on(Operation::Get).times(1).then(Fault::Hang);
    std::thread::scope(|scope| {
        let read = || manager.get(key(0, 0)).map(|secret| secret.is_some());
        let first = scope.spawn(read);
        if fault.wait_for(PATIENCE, |counters| counters.waiting == 1).is_none() {
            say("error the call did not begin");
        }
        let shares = scope.spawn(read);
        comes("single_flight.joined", 1);
        let waits = scope.spawn(|| manager.exists(key(0, 0)));
        comes("concurrency.waiting", 1);
        for id in 1..=10 {
            if tally.count(fork(|| read_and_write(&manager, id, Some((0, 0))))) {
                say(format_args!("ack {id} 0"));
            }
        }
        fault.wake();
        for call in [first, shares, waits] {
            match call.join() {
                Ok(Ok(true)) => {}
                other => say(format_args!("error the parent's call: {other:?}")),
            }
        }
    });
    fault.on(Operation::Get).times(1).then(Fault::Unavailable);
    if manager.get(key(0, 0)).is_ok() || number("breaker.state") != 2 {
        say("error the breaker is closed");
    }
    for id in 11..=15 {
        if tally.count(fork(|| read_and_write(&manager, id, Some((0, 0))))) {
            say(format_args!("ack {id} 0"));
        }
    }
    tally.say("layers");
}

async fn use_async(manager: &strongroom::SecretManager, id: u32) -> Result<(), String> {
    word("async set", manager.set(key(id, 1), &Secret::new(value(id, 1))).await)?;
    let found = word("async get", manager.get_value(key(id, 1)).await)?;
    if found.as_deref() == Some(value(id, 1).as_str()) {
        Ok(())
    } else {
        Err("async get: another value".to_owned())
    }
}

/// Uses both faces in parent and child, with a fault that needs the runtime's timer.
pub(super) fn faces() {
    let (manager, fault) = match faulty() {
        Ok(both) => both,
        Err(error) => return complain("open", &error),
    };
    let asynchronous = manager.to_async();
    fault.on_any().then(Fault::Latency(Duration::from_millis(2)));
    let all = |id: u32| {
        read_and_write(&manager, id, None)?;
        block_on(use_async(&asynchronous, id))?;
        // The other order in the next process: the runtime is made by whichever face comes first.
        read_and_write(&manager, id, None)
    };
    if let Err(complaint) = all(0) {
        return say(format_args!("error parent: {complaint}"));
    }
    say("acks 0 1");
    let mut tally = Tally::default();
    for id in 1..=20 {
        let child = fork(|| {
            if id % 2 == 0 {
                block_on(use_async(&asynchronous, id))?;
            }
            all(id)
        });
        if tally.count(child) {
            say(format_args!("acks {id} 1"));
        }
    }
    if let Err(complaint) = all(0) {
        say(format_args!("error parent afterwards: {complaint}"));
    }
    tally.say("both faces");
}

/// Reads a value that the parent has cached, and writes over it, in the child.
pub(super) fn cached() {
    let Some(manager) = open("on") else { return };
    let (id, mut tally) = (0, Tally::default());
    let set = |n: u64| manager.set(key(id, 0), &Secret::new(value(id, n)));
    for round in 0..20_u64 {
        // Each round its parent's value (2 · round + 2), which the child replaces by the next one.
        let (ours, theirs) = (2 * round + 2, 2 * round + 3);
        if let Err(error) = set(ours)
            .and_then(|_| manager.get(key(id, 0)))
            .and_then(|_| manager.get(key(id, 0)))
        {
            return complain("parent", &error);
        }
        if !matches!(
            manager.try_cached(key(id, 0), |bytes| bytes == value(id, ours).as_bytes()),
            Lookup::Hit(true)
        ) {
            say("error the parent has no cached value");
        }
        let worked = tally.count(fork(|| {
            expect(&manager, id, ours)?;
            expect(&manager, id, ours)?;
            word("set", set(theirs))?;
            expect(&manager, id, theirs)?;
            expect(&manager, id, theirs)
        }));
        let end = Instant::now() + PATIENCE;
        while worked && let Err(complaint) = expect(&manager, id, theirs) {
            if Instant::now() > end {
                say(format_args!(
                    "error the parent does not see its child's write: {complaint}"
                ));
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    tally.say("cached");
}

fn expect(manager: &SecretManager, id: u32, n: u64) -> Result<(), String> {
    match word("get", manager.get(key(id, 0)))? {
        Some(secret) if secret.value.expose() == value(id, n).as_bytes() => Ok(()),
        Some(secret) => Err(format!("another value: {:?}", secret.value.expose_str())),
        None => Err("no value".to_owned()),
    }
}
