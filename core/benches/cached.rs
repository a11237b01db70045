//! Reading what the cache holds, beside the least that could do it: a map behind an [`ArcSwap`], the same two coarse
//! clocks (revalidation and expiry), and the same output type. The floor checks neither fork, gate nor change token,
//! evicts nothing and is written by replacing the whole map.
//!
//! The output type is the same on both sides of a row: what a caller is handed costs what it costs.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

mod support;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use strongroom::blocking::SecretManager;
use strongroom::{Lookup, Secret, SecretMetadata, SecretValue};
use zeroize::Zeroize as _;

use support::stores::{VALUE, name};
use support::{Report, Target, clocks, in_turns, median};

const KEYS: usize = 1000;
const BATCHES: usize = 400;
const OPERATIONS: u32 = 4000;

struct Entry {
    value: SecretValue,
    metadata: SecretMetadata,
    expires_at: i64,
}

/// The floor.
struct Floor {
    map: ArcSwap<HashMap<Box<[u8]>, Entry, foldhash::fast::RandomState>>,
    checked: u64,
}

impl Floor {
    #[inline]
    fn visit<R>(&self, key: &str, visitor: impl FnOnce(&Entry) -> R) -> Option<R> {
        let map = self.map.load();
        let entry = map.get(key.as_bytes())?;
        // Both comparisons are made, neither ever holds.
        if clocks::monotonic_millis() < self.checked || clocks::realtime_micros() >= entry.expires_at {
            return None;
        }
        Some(visitor(entry))
    }
}

fn hit<R>(lookup: Lookup<R>) -> R {
    match lookup {
        Lookup::Hit(value) => value,
        _ => panic!("not in the cache"),
    }
}

/// A manager and a floor that hold the same secrets, all of which expire some day.
fn prepare() -> (SecretManager, Floor, Vec<String>, tempfile::TempDir) {
    let scratch = support::stores::folder();
    let manager = support::stores::open(scratch.path(), true);
    let expiry = SystemTime::now() + Duration::from_secs(86_400);
    let names: Vec<String> = (0..KEYS).map(name).collect();
    let metadata = SecretMetadata::new().with_provider("openai").with_expiry(expiry);
    let entries: Vec<_> = names
        .iter()
        .map(|name| {
            let key = strongroom::SecretKey::parse(name).unwrap();
            (key, Secret::new(VALUE).with_metadata(metadata.clone()))
        })
        .collect();
    manager.set_many(&entries).unwrap();
    let expires_at = expiry.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros() as i64;
    let mut map = HashMap::default();
    for name in &names {
        let secret = manager.get(name.as_str()).unwrap().unwrap();
        let entry = Entry {
            value: secret.value,
            metadata: secret.metadata,
            expires_at,
        };
        map.insert(Box::from(name.as_bytes()), entry);
    }
    let floor = Floor {
        map: ArcSwap::from_pointee(map),
        checked: clocks::monotonic_millis(),
    };
    (manager, floor, names, scratch)
}

fn repeat<R>(operations: u32, mut operation: impl FnMut() -> R) {
    for _ in 0..operations {
        black_box(operation());
    }
}

fn main() {
    let (manager, floor, names, _scratch) = prepare();
    let key = names[KEYS / 2].as_str();
    let mut report = Report::new("cached");

    let copy = in_turns(
        BATCHES,
        OPERATIONS,
        |n| {
            repeat(n, || {
                floor.visit(black_box(key), |entry| SecretValue::copy_of(entry.value.expose()))
            })
        },
        |n| repeat(n, || hit(manager.try_cached(black_box(key), SecretValue::copy_of))),
    );
    // No target: the visitor's bytes are a copy already, so this makes two, one on the stack and one on the heap. The
    // verbs that hand out a copy of their own make one; their rows are below.
    report.pair(
        "a visitor that makes a wiped copy of its own: two copies",
        copy,
        Target::None,
    );

    let visitor = in_turns(
        BATCHES,
        OPERATIONS,
        |n| {
            repeat(n, || {
                floor.visit(black_box(key), |entry| SecretValue::copy_of(entry.value.expose()))
            })
        },
        |n| {
            repeat(n, || {
                hit(manager.try_cached(black_box(key), |bytes| black_box(bytes).len()))
            })
        },
    );
    report.pair(
        "cached get: visitor, beside the floor that copies",
        visitor,
        Target::Ratio(0.8),
    );

    let mut buffer = [0_u8; 64];
    let mut other = [0_u8; 64];
    let into = in_turns(
        BATCHES,
        OPERATIONS,
        |n| {
            repeat(n, || {
                floor.visit(black_box(key), |entry| {
                    let value = entry.value.expose();
                    buffer[..value.len()].copy_from_slice(value);
                    black_box(&buffer);
                    buffer.zeroize();
                })
            });
        },
        |n| {
            repeat(n, || {
                let _ = black_box(manager.get_into(black_box(key), &mut other));
                black_box(&other);
                other.zeroize();
            });
        },
    );
    report.pair(
        "get_into: the caller's buffer, wiped by the caller",
        into,
        Target::Ratio(1.15),
    );

    let text = in_turns(
        BATCHES,
        OPERATIONS,
        |n| {
            repeat(n, || {
                floor.visit(black_box(key), |entry| entry.value.expose_str().map(str::to_owned).ok())
            });
        },
        |n| repeat(n, || manager.get_value(black_box(key))),
    );
    report.pair("get_value: a String", text, Target::Ratio(1.15));

    let secret = in_turns(
        BATCHES,
        OPERATIONS / 2,
        |n| {
            repeat(n, || {
                floor.visit(black_box(key), |entry| {
                    Secret::new(SecretValue::copy_of(entry.value.expose())).with_metadata(entry.metadata.clone())
                })
            });
        },
        |n| repeat(n, || manager.get(black_box(key))),
    );
    report.pair("get: a Secret with its metadata", secret, Target::Ratio(1.15));

    let (mut at, mut ours_at) = (0_usize, 0_usize);
    let many = in_turns(
        BATCHES,
        OPERATIONS,
        |n| {
            repeat(n, || {
                at = (at + 617) % KEYS;
                floor.visit(&names[at], |entry| SecretValue::copy_of(entry.value.expose()))
            });
        },
        |n| {
            repeat(n, || {
                ours_at = (ours_at + 617) % KEYS;
                hit(manager.try_cached(names[ours_at].as_str(), SecretValue::copy_of))
            });
        },
    );
    report.pair("the first row over 1,000 keys in turn", many, Target::None);

    let (one, two) = threads(&|n| repeat(n, || hit(manager.try_cached(black_box(key), SecretValue::copy_of))));
    report.beside(
        "cached get: two threads, one key (floor: one thread)",
        "ns",
        one,
        two,
        Target::Ratio(1.15),
    );
    let (one, two) = threads(&|n| {
        repeat(n, || {
            floor.visit(black_box(key), |entry| SecretValue::copy_of(entry.value.expose()))
        });
    });
    report.beside(
        "the floor itself: two threads (floor: one thread)",
        "ns",
        one,
        two,
        Target::None,
    );
}

/// Nanoseconds an operation of one thread alone and of two at once, in turns. A second thread spins while the first
/// runs alone, so that in both cases two processors are busy and share their clock and power; batches in which one of
/// the two was interrupted, so that the other ran alone for a while, do not count.
fn threads(run: &(impl Fn(u32) + Sync)) -> (f64, f64) {
    const TWO: u32 = 1;
    const ALONE: u32 = 2;
    const END: u32 = 3;
    let order = AtomicU32::new(0);
    let ready = AtomicBool::new(false);
    let done = AtomicBool::new(false);
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            let mut spans = Vec::new();
            loop {
                match order.swap(0, Ordering::AcqRel) {
                    TWO => {
                        ready.store(true, Ordering::Release);
                        let begun = Instant::now();
                        run(OPERATIONS);
                        spans.push((begun, Instant::now()));
                        done.store(true, Ordering::Release);
                    }
                    ALONE => ready.store(true, Ordering::Release),
                    END => return spans,
                    _ => std::hint::spin_loop(),
                }
            }
        });
        let mut spans = Vec::new();
        for batch in 0..2 * BATCHES {
            let both = batch % 2 == 0;
            order.store(if both { TWO } else { ALONE }, Ordering::Release);
            while !ready.swap(false, Ordering::AcqRel) {
                std::hint::spin_loop();
            }
            let begun = Instant::now();
            run(OPERATIONS);
            let ended = Instant::now();
            if both {
                spans.push((begun, ended));
                while !done.swap(false, Ordering::AcqRel) {
                    std::hint::spin_loop();
                }
            } else {
                alone.push((ended - begun).as_nanos() as f64 / f64::from(OPERATIONS));
            }
        }
        order.store(END, Ordering::Release);
        let others = second.join().unwrap();
        for ((begun, ended), (other_begun, other_ended)) in spans.into_iter().zip(others) {
            let overlap = ended.min(other_ended).saturating_duration_since(begun.max(other_begun));
            let longest = (ended - begun).max(other_ended - other_begun);
            if overlap.as_nanos() * 10 >= longest.as_nanos() * 9 {
                for span in [ended - begun, other_ended - other_begun] {
                    together.push(span.as_nanos() as f64 / f64::from(OPERATIONS));
                }
            }
        }
    });
    (median(&mut alone), median(&mut together))
}
