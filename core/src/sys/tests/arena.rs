use std::os::unix::fs::FileExt;

use super::super::arena::{GuardedKey, hardening};
use super::{alone, ended_well, fork};

fn key(seed: u32) -> [u8; 32] {
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = (seed.wrapping_mul(2_654_435_761).rotate_left(at as u32 % 32) as u8) | 1;
    }
    key
}

/// What another reader of this process's memory sees at an address.
fn seen_from_outside(at: *const u8) -> Option<[u8; 32]> {
    let memory = std::fs::File::open("/proc/self/mem").unwrap();
    let mut bytes = [0; 32];
    memory.read_exact_at(&mut bytes, at as u64).ok().map(|()| bytes)
}

/// The kernel's flags of the mapping at an address.
fn flags_at(at: *const u8) -> String {
    let mut inside = false;
    for line in std::fs::read_to_string("/proc/self/smaps").unwrap().lines() {
        let range = line.split(' ').next().unwrap().split_once('-');
        if let Some((Ok(from), Ok(to))) =
            range.map(|(from, to)| (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16)))
        {
            inside = (from..to).contains(&(at as usize));
        }
        if inside && line.starts_with("VmFlags") {
            return line.to_owned();
        }
    }
    panic!("no mapping at this address");
}

#[test]
fn a_key_is_kept_and_its_source_wiped() {
    let mut source = key(1);
    let guarded = GuardedKey::take(&mut source);
    assert_eq!(source, [0; 32]);
    assert_eq!(*guarded.expose(), key(1));
    assert_eq!(format!("{guarded:?}"), "GuardedKey([redacted])");
}

#[test]
fn secret_memory_cannot_be_read_from_outside() {
    let guarded = GuardedKey::take(&mut key(2));
    let plain = Box::new(key(2));
    assert_eq!(
        seen_from_outside(plain.as_ptr()),
        Some(key(2)),
        "the control can be read"
    );
    if hardening().secret_memory {
        assert_eq!(seen_from_outside(guarded.expose().as_ptr()), None);
    } else {
        println!("skipped: this kernel gives no secret memory ({:?})", hardening());
    }
}

#[test]
fn a_cell_is_wiped_when_its_key_is_dropped() {
    alone("sys::tests::arena::a_cell_is_wiped_when_its_key_is_dropped", || {
        let first = GuardedKey::take(&mut key(3));
        let second = GuardedKey::take(&mut key(4));
        let at = second.expose().as_ptr();
        assert!(
            hardening().unprotected_keys == 0,
            "in pages, which stay mapped: {:?}",
            hardening()
        );
        drop(second);
        // SAFETY: the page stays mapped, and this process has one thread that uses the arena.
        assert_eq!(unsafe { at.cast::<[u8; 32]>().read_volatile() }, [0; 32]);
        assert_eq!(*first.expose(), key(3), "its neighbour is untouched");
        let third = GuardedKey::take(&mut key(5));
        assert_eq!(third.expose().as_ptr(), at, "the cell is used again");
    });
}

#[test]
fn ten_thousand_keys() {
    let keys: Vec<_> = (0..10_000).map(|seed| GuardedKey::take(&mut key(seed))).collect();
    for (seed, guarded) in keys.iter().enumerate() {
        assert_eq!(*guarded.expose(), key(seed as u32));
    }
    let mut places: Vec<_> = keys.iter().map(|guarded| guarded.expose().as_ptr()).collect();
    places.sort_unstable();
    assert!(
        places.windows(2).all(|pair| pair[1] as usize - pair[0] as usize >= 32),
        "no two overlap"
    );
}

#[test]
fn threads_share_the_arena() {
    std::thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                let mut kept = std::collections::VecDeque::new();
                for round in 0..2000 {
                    let seed = thread * 100_000 + round;
                    kept.push_back((seed, GuardedKey::take(&mut key(seed))));
                    if kept.len() > 50 {
                        let (seed, guarded) = kept.pop_front().unwrap();
                        assert_eq!(*guarded.expose(), key(seed));
                    }
                }
                assert!(kept.iter().all(|(seed, guarded)| *guarded.expose() == key(*seed)));
            });
        }
    });
}

#[test]
fn guard_pages_stand_on_both_sides() {
    alone("sys::tests::arena::guard_pages_stand_on_both_sides", || {
        let guarded = GuardedKey::take(&mut key(6));
        let start = guarded.expose().as_ptr() as usize & !(rustix::param::page_size() - 1);
        for at in [start - 1, start + rustix::param::page_size()] {
            let child = fork(|| {
                // SAFETY: meant to kill this child.
                unsafe { (at as *const u8).read_volatile() };
                true
            });
            let mut status = 0;
            // SAFETY: a child of ours.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert!(libc::WIFSIGNALED(status), "touching the page beside the keys must kill");
        }
    });
}

#[test]
fn parent_and_child_do_not_touch_each_others_keys() {
    alone(
        "sys::tests::arena::parent_and_child_do_not_touch_each_others_keys",
        || {
            let kept = GuardedKey::take(&mut key(7));
            let dropped_by_child = GuardedKey::take(&mut key(8));
            let dropped_by_parent = GuardedKey::take(&mut key(9));
            let place = dropped_by_child.expose().as_ptr();
            let gone = dropped_by_parent.expose().as_ptr();
            let mut pipe = [0; 2];
            // SAFETY: room for two descriptors.
            assert_eq!(unsafe { libc::pipe(pipe.as_mut_ptr()) }, 0);
            let before = hardening();
            // The child gets its own copy of the variables: what it drops, the parent still has.
            let child_copy = std::mem::ManuallyDrop::new(dropped_by_child);
            let parent_copy = std::mem::ManuallyDrop::new(dropped_by_parent);
            let child = fork(|| {
                let mut byte = 0_u8;
                // SAFETY: waits until the parent has dropped its key and used the cell again.
                unsafe { libc::read(pipe[0], (&raw mut byte).cast(), 1) };
                let whole = *kept.expose() == key(7) && *parent_copy.expose() == key(9);
                drop(std::mem::ManuallyDrop::into_inner(child_copy));
                let own = GuardedKey::take(&mut key(10));
                // SAFETY: the page stays mapped; the child wiped and reused its own copy of the cell.
                let reused = own.expose().as_ptr() == place;
                let after = hardening();
                // A child of the child, whose pages are copies of copies.
                let grandchild = fork(|| *kept.expose() == key(7) && *own.expose() == key(10));
                whole
                    && reused
                    && after.secret_memory == before.secret_memory
                    && *own.expose() == key(10)
                    && ended_well(grandchild)
            });
            drop(std::mem::ManuallyDrop::into_inner(parent_copy));
            let again = GuardedKey::take(&mut key(11));
            assert_eq!(again.expose().as_ptr(), gone, "the parent has used the cell again");
            // SAFETY: one byte to our own pipe.
            unsafe { libc::write(pipe[1], b"x".as_ptr().cast(), 1) };
            assert!(ended_well(child));
            // SAFETY: the parent's key was never dropped here.
            let parents = unsafe { place.cast::<[u8; 32]>().read_volatile() };
            assert_eq!(parents, key(8), "the child wiped its own copy only");
            assert_eq!(*kept.expose(), key(7));
        },
    );
}

#[test]
fn a_child_made_without_handlers_wipes_nothing_of_the_parents() {
    alone(
        "sys::tests::arena::a_child_made_without_handlers_wipes_nothing_of_the_parents",
        || {
            let guarded = std::mem::ManuallyDrop::new(GuardedKey::take(&mut key(12)));
            let place = guarded.expose().as_ptr();
            // SAFETY: a plain clone; the child ends at once.
            let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) } as i32;
            if child == 0 {
                drop(std::mem::ManuallyDrop::into_inner(guarded));
                let own = GuardedKey::take(&mut key(13));
                let good = *own.expose() == key(13) && own.expose().as_ptr() != place;
                // SAFETY: ends the child.
                unsafe { libc::_exit(i32::from(!good)) };
            }
            assert!(ended_well(child));
            assert_eq!(*guarded.expose(), key(12));
        },
    );
}

#[test]
fn without_room_for_locked_pages_keys_are_kept_and_counted() {
    alone(
        "sys::tests::arena::without_room_for_locked_pages_keys_are_kept_and_counted",
        || {
            // Root has no limit, so become someone who has.
            if !rustix::process::geteuid().is_root() {
                println!("skipped: not root, so the limit cannot be lowered for sure");
                return;
            }
            let none = rustix::process::Rlimit {
                current: Some(0),
                maximum: Some(0),
            };
            rustix::process::setrlimit(rustix::process::Resource::Memlock, none).unwrap();
            // SAFETY: this process is the test's own.
            assert_eq!(unsafe { libc::setresuid(65534, 65534, 65534) }, 0);
            let keys: Vec<_> = (0..300).map(|seed| GuardedKey::take(&mut key(seed))).collect();
            assert!(
                keys.iter()
                    .enumerate()
                    .all(|(seed, guarded)| *guarded.expose() == key(seed as u32))
            );
            let found = hardening();
            assert!(
                !found.secret_memory && !found.locked && found.excluded_from_dumps,
                "{found:?}"
            );
            assert_eq!(found.unprotected_keys, 300);
            assert!(
                flags_at(keys[0].expose().as_ptr()).contains(" dd"),
                "the kernel leaves these pages out of dumps"
            );
            assert!(!flags_at(Box::new(0_u8).as_ref()).contains(" dd"));
            drop(keys);
            assert_eq!(hardening().unprotected_keys, 0);
        },
    );
}
