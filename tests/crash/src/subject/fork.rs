use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use strongroom::blocking::SecretManager;
use strongroom::{Secret, SecretManager as Async};

use super::forked::{Tally, fork, word};
use super::{complain, key, open, say, value};

/// Threads that write and read while the process forks.
const THREADS: u32 = 4;
/// Children at a time.
const AT_ONCE: usize = 4;
/// Writers with these numbers and above are children.
const CHILDREN: u32 = 1000;
/// Writers with these numbers and above are grandchildren.
const GRANDCHILDREN: u32 = 5000;

/// How many values each thread has acknowledged.
static ACKNOWLEDGED: [AtomicU64; THREADS as usize] = [const { AtomicU64::new(0) }; THREADS as usize];
static DONE: AtomicBool = AtomicBool::new(false);

/// What every child does: reads what a thread of its parent wrote last, and writes.
pub(super) fn read_and_write(manager: &SecretManager, id: u32, seen: Option<(u32, u64)>) -> Result<(), String> {
    if let Some((writer, n)) = seen {
        read_back(manager, writer, n)?;
    }
    word("set", manager.set(key(id, 0), &Secret::new(value(id, 0))))?;
    read_back(manager, id, 0)
}

fn read_back(manager: &SecretManager, writer: u32, n: u64) -> Result<(), String> {
    match word("get", manager.get(key(writer, n)))? {
        Some(secret) if secret.value.expose() == value(writer, n).as_bytes() => Ok(()),
        Some(_) => Err(format!("{writer} {n} has another value")),
        None => Err(format!("{writer} {n} is not there")),
    }
}

fn work(manager: &SecretManager, writer: u32, acknowledged: &AtomicU64) {
    for n in 0.. {
        if DONE.load(Ordering::Relaxed) {
            break;
        }
        if let Err(error) = manager.set(key(writer, n), &Secret::new(value(writer, n))) {
            return complain(format_args!("thread {writer} set {n}"), &error);
        }
        acknowledged.store(n + 1, Ordering::SeqCst);
        if let Err(complaint) = read_back(manager, writer, n / 2) {
            return say(format_args!("error thread {writer}: {complaint}"));
        }
    }
}

/// What a thread wrote last.
fn last(index: u32) -> Option<(u32, u64)> {
    let count = ACKNOWLEDGED.get(index as usize)?.load(Ordering::SeqCst);
    Some((index, count.checked_sub(1)?))
}

fn with_threads(manager: &SecretManager, forks: impl FnOnce()) {
    std::thread::scope(|scope| {
        for (writer, acknowledged) in (0..).zip(&ACKNOWLEDGED) {
            scope.spawn(move || work(manager, writer, acknowledged));
        }
        forks();
        DONE.store(true, Ordering::Relaxed);
    });
    for index in 0..THREADS {
        if let Some((writer, n)) = last(index) {
            say(format_args!("acks {writer} {n}"));
        }
    }
}

/// Forks `count` times while four threads write and read.
pub(super) fn fork_many(count: u64) {
    let Some(manager) = open("on") else { return };
    let mut tally = Tally::default();
    with_threads(&manager, || {
        // Some children work at the same time as their parent forks again.
        let mut running = VecDeque::new();
        let mut count_oldest = |running: &mut VecDeque<_>| {
            if let Some((id, child)) = running.pop_front()
                && tally.count(child)
            {
                say(format_args!("ack {id} 0"));
            }
        };
        for id in (CHILDREN..).take(usize::try_from(count).unwrap_or_default()) {
            let seen = last(id % THREADS);
            running.push_back((id, fork(|| read_and_write(&manager, id, seen))));
            if running.len() == AT_ONCE {
                count_oldest(&mut running);
            }
        }
        while !running.is_empty() {
            count_oldest(&mut running);
        }
    });
    tally.say("forks");
    if let Err(error) = manager.close() {
        complain("close", &error);
    }
}

/// The same with children that fork in turn: every other one before it has used the library itself.
pub(super) fn grandchildren(count: u64) {
    let Some(manager) = open("on") else { return };
    let mut tally = Tally::default();
    with_threads(&manager, || {
        for index in 0..u32::try_from(count).unwrap_or_default() {
            let (id, below) = (CHILDREN + index, GRANDCHILDREN + index);
            let seen = last(index % THREADS);
            let both = || {
                if index % 2 == 0 {
                    read_and_write(&manager, id, seen)?;
                }
                match fork(|| read_and_write(&manager, below, seen)).map(super::forked::Child::fate) {
                    Ok(super::forked::Fate::Worked) => {}
                    Ok(super::forked::Fate::Unavailable) => return Err("unavailable".to_owned()),
                    other => return Err(format!("grandchild: {other:?}")),
                }
                read_and_write(&manager, id, Some((below, 0)))
            };
            if tally.count(fork(both)) {
                say(format_args!("ack {id} 0"));
                say(format_args!("ack {below} 0"));
            }
        }
    });
    tally.say("grandchildren");
}

/// Forks before anything was opened, then with a manager that was opened and never used.
pub(super) fn before_first_use() {
    let mut tally = Tally::default();
    let opening = fork(|| {
        let manager = word("open", SecretManager::builder().app("rig").open_blocking())?;
        read_and_write(&manager, CHILDREN, None)
    });
    // The parent opens (and makes the store) at the same time.
    let Some(manager) = open("on") else { return };
    let unused = fork(|| read_and_write(&manager, CHILDREN + 1, None));
    let both: Async = manager.to_async();
    drop(both);
    for (id, child) in (CHILDREN..).zip([opening, unused]) {
        if tally.count(child) {
            say(format_args!("ack {id} 0"));
        }
    }
    if let Err(complaint) = read_and_write(&manager, 0, Some((CHILDREN + 1, 0))) {
        return say(format_args!("error parent: {complaint}"));
    }
    say("ack 0 0");
    tally.say("before first use");
}
