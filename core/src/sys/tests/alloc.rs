use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::alloc::{ProcessHardening, Wiping, harden_process};
use super::alone;

/// Looks at every block as it comes back.
#[derive(Default)]
struct Recorder {
    freed: AtomicUsize,
    dirty: AtomicUsize,
}

// SAFETY: hands everything to the system's allocator.
unsafe impl GlobalAlloc for &Recorder {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is still whole here; handed on afterwards.
        unsafe {
            let bytes = std::slice::from_raw_parts(block, layout.size());
            self.dirty
                .fetch_add(bytes.iter().filter(|byte| **byte != 0).count(), Ordering::Relaxed);
            self.freed.fetch_add(layout.size(), Ordering::Relaxed);
            System.dealloc(block, layout);
        }
    }
}

#[test]
fn blocks_are_empty_when_they_go_back() {
    for size in [1, 7, 32, 4096, 1 << 20] {
        let recorder = Recorder::default();
        let allocator = Wiping(&recorder);
        let layout = Layout::from_size_align(size, 8).unwrap();
        // SAFETY: allocated, filled and freed with one layout.
        unsafe {
            let block = allocator.alloc(layout);
            block.write_bytes(0xa5, size);
            allocator.dealloc(block, layout);
        }
        assert_eq!((recorder.freed.into_inner(), recorder.dirty.into_inner()), (size, 0));
    }
}

#[test]
fn a_block_that_grows_leaves_an_empty_one_behind() {
    let recorder = Recorder::default();
    let allocator = Wiping(&recorder);
    let small = Layout::from_size_align(64, 8).unwrap();
    // SAFETY: as above; `realloc` gives a block of the new size.
    unsafe {
        let block = allocator.alloc(small);
        block.write_bytes(0xa5, 64);
        let block = allocator.realloc(block, small, 256);
        assert_eq!(recorder.freed.load(Ordering::Relaxed), 64, "the old block went back");
        assert_eq!(recorder.dirty.load(Ordering::Relaxed), 0);
        assert!(
            std::slice::from_raw_parts(block, 64).iter().all(|byte| *byte == 0xa5),
            "the content moved"
        );
        allocator.dealloc(block, Layout::from_size_align(256, 8).unwrap());
    }
    assert_eq!((recorder.freed.into_inner(), recorder.dirty.into_inner()), (320, 0));
}

#[test]
fn the_recorder_sees_a_block_that_is_not_wiped() {
    let recorder = Recorder::default();
    let layout = Layout::from_size_align(32, 8).unwrap();
    // SAFETY: as above.
    unsafe {
        let block = (&&recorder).alloc(layout);
        block.write_bytes(0xa5, 32);
        (&&recorder).dealloc(block, layout);
    }
    assert_eq!(recorder.dirty.into_inner(), 32);
}

#[test]
fn hardening_switches_dumps_off() {
    alone("sys::tests::alloc::hardening_switches_dumps_off", || {
        let before = rustix::process::getrlimit(rustix::process::Resource::Core);
        assert_eq!(
            harden_process(),
            ProcessHardening {
                not_dumpable: true,
                no_core_dumps: true
            }
        );
        let after = rustix::process::getrlimit(rustix::process::Resource::Core);
        assert_eq!((after.current, after.maximum), (Some(0), Some(0)), "was {before:?}");
        assert_eq!(
            rustix::process::dumpable_behavior().unwrap(),
            rustix::process::DumpableBehavior::NotDumpable
        );
    });
}
