use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{INDEX_MASK, MARK, Object, hand_out, pin, pin_optional, take_back};
use strongroom::ErrorKind;

/// Counts how often it is dropped.
struct Counted(Arc<AtomicUsize>, usize);

object!(Counted, "counted", 100, stripes 1);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

struct Spread(usize);

object!(Spread, "spread", 101, stripes 16);

fn kind_of<T: Object>(handle: *const T) -> Option<ErrorKind> {
    pin(handle).err().map(|error| error.kind())
}

#[test]
fn a_handle_is_good_until_it_is_freed_and_never_again() {
    let drops = Arc::new(AtomicUsize::new(0));
    let first = hand_out(Counted(drops.clone(), 1)).unwrap();
    assert_eq!(pin(first).unwrap().1, 1);
    take_back(first).unwrap();
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    assert_eq!(kind_of(first), Some(ErrorKind::InvalidHandle));
    assert_eq!(take_back(first).unwrap_err().kind(), ErrorKind::InvalidHandle);
    // The slot is used again, and the old handle does not name what is in it now.
    for round in 0..100 {
        let next = hand_out(Counted(drops.clone(), round)).unwrap();
        assert_ne!(next, first);
        assert_eq!(kind_of(first), Some(ErrorKind::InvalidHandle));
        assert_eq!(pin(next).unwrap().1, round);
        take_back(next).unwrap();
    }
    assert_eq!(drops.load(Ordering::SeqCst), 101);
}

#[test]
fn what_is_no_handle_is_none() {
    let word = |word: usize| std::ptr::without_provenance::<Spread>(word);
    let real = hand_out(Spread(7)).unwrap();
    let local = 5_u64;
    let pointers = [
        std::ptr::from_ref(&local).addr(),
        1,
        usize::MAX,
        MARK,
        INDEX_MASK,
        real.addr() ^ 1 << 30,
        real.addr() + 1,
        real.addr() | INDEX_MASK,
        real.addr() & !MARK,
    ];
    for pointer in pointers {
        assert_eq!(kind_of(word(pointer)), Some(ErrorKind::InvalidHandle), "{pointer:#x}");
    }
    assert_eq!(kind_of::<Spread>(std::ptr::null()), Some(ErrorKind::InvalidHandle));
    assert!(pin_optional::<Spread>(std::ptr::null()).unwrap().is_none());
    take_back::<Spread>(std::ptr::null_mut()).unwrap();
    // Another kind of object.
    assert_eq!(kind_of(real.cast::<Counted>()), Some(ErrorKind::InvalidHandle));
    assert_eq!(pin(real).unwrap().0, 7);
    take_back(real).unwrap();
}

#[test]
fn an_object_lives_while_it_is_used() {
    let drops = Arc::new(AtomicUsize::new(0));
    let handle = hand_out(Counted(drops.clone(), 3)).unwrap();
    let users = [pin(handle).unwrap(), pin(handle).unwrap()];
    take_back(handle).unwrap();
    assert_eq!(
        kind_of(handle),
        Some(ErrorKind::InvalidHandle),
        "nobody enters any more"
    );
    for user in users {
        assert_eq!((user.1, drops.load(Ordering::SeqCst)), (3, 0));
    }
    assert_eq!(drops.load(Ordering::SeqCst), 1, "the last to leave dropped it");
}

#[test]
fn all_that_is_alive_is_found() {
    struct Listed(usize);
    object!(Listed, "listed", 102, stripes 16);
    // More than a page of slots.
    let handles: Vec<_> = (0..100).map(|number| hand_out(Listed(number)).unwrap()).collect();
    for handle in handles.iter().step_by(2) {
        take_back(*handle).unwrap();
    }
    let found: Vec<_> = Listed::table().all().map(|listed| listed.0).collect();
    assert_eq!(found, (1..100).step_by(2).collect::<Vec<_>>());
}

#[test]
fn threads_that_use_and_free_the_same_handles_drop_each_once() {
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 20_000 };
    let drops = Arc::new(AtomicUsize::new(0));
    for round in 0..ROUNDS {
        let handle = hand_out(Counted(drops.clone(), round)).unwrap().addr();
        let freed: usize = if round % 100 == 0 {
            let begin = std::sync::Barrier::new(4);
            std::thread::scope(|scope| {
                let user = || {
                    begin.wait();
                    let handle = std::ptr::without_provenance_mut::<Counted>(handle);
                    for _ in 0..10 {
                        if let Ok(object) = pin(handle) {
                            assert_eq!(object.1, round);
                        }
                    }
                    usize::from(take_back(handle).is_ok())
                };
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(user)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            })
        } else {
            usize::from(take_back(std::ptr::without_provenance_mut::<Counted>(handle)).is_ok())
        };
        assert_eq!(freed, 1, "one of them was first");
    }
    assert_eq!(drops.load(Ordering::SeqCst), ROUNDS);
}

#[test]
fn spread_counters_drop_once_too() {
    struct Busy(Arc<AtomicUsize>);
    object!(Busy, "busy", 103, stripes 16);
    impl Drop for Busy {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let rounds = if cfg!(miri) { 5 } else { 500 };
    let drops = Arc::new(AtomicUsize::new(0));
    for _ in 0..rounds {
        let handle = hand_out(Busy(drops.clone())).unwrap().addr();
        let begin = std::sync::Barrier::new(5);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    begin.wait();
                    while pin(std::ptr::without_provenance::<Busy>(handle)).is_ok() {}
                });
            }
            begin.wait();
            take_back(std::ptr::without_provenance_mut::<Busy>(handle)).unwrap();
        });
    }
    assert_eq!(drops.load(Ordering::SeqCst), rounds);
}
