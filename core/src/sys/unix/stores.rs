//! The stores whose files SQLite's calls are watched for, and the descriptor that holds each one's locks.
//!
//! SQLite believes that locks belong to the process: it takes those of all its connections to one file through
//! whichever connection asks first and gives them up through whichever comes last. With locks that belong to an open
//! file this leaves locks behind. So the locks of a store's main file all go through one descriptor of our own, which
//! is open for as long as any connection of this copy is. (The shared memory has one descriptor a copy anyway.)

use std::ffi::CString;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, Ordering};

use super::descriptors;

/// What may follow a store's path.
const SUFFIXES: [&[u8]; 4] = [b"", b"-wal", b"-shm", b"-journal"];

/// A store of ours. Never freed.
pub(crate) struct Store {
    path: CString,
    /// Whether its locks are turned into locks of the open file.
    pub(crate) turns_locks: bool,
    /// Guards the three below while a connection opens or closes. Held for one system call or two.
    busy: AtomicBool,
    lock: AtomicI32,
    inode: AtomicU64,
    users: AtomicU64,
    next: *mut Store,
}

static STORES: AtomicPtr<Store> = AtomicPtr::new(ptr::null_mut());
/// The store whose locks a descriptor's go to. Half a mebibyte of zeroes that is never touched.
static MAIN: [AtomicPtr<Store>; descriptors::LIMIT] =
    [const { AtomicPtr::new(ptr::null_mut()) }; descriptors::LIMIT];

fn all() -> impl Iterator<Item = &'static Store> {
    let mut at = STORES.load(Ordering::Acquire);
    std::iter::from_fn(move || {
        // SAFETY: stores are published whole and never freed.
        let store = unsafe { at.as_ref() }?;
        at = store.next;
        Some(store)
    })
}

/// The store that a path belongs to: its own or that of a side file.
pub(crate) fn find(path: &[u8]) -> Option<&'static Store> {
    all().find(|store| path.strip_prefix(store.path.as_bytes()).is_some_and(|rest| SUFFIXES.contains(&rest)))
}

/// Makes a store known, unless it is.
pub(crate) fn add(path: CString, turns_locks: bool) {
    let new = Box::into_raw(Box::new(Store {
        path,
        turns_locks,
        busy: AtomicBool::new(false),
        lock: AtomicI32::new(-1),
        inode: AtomicU64::new(0),
        users: AtomicU64::new(0),
        next: ptr::null_mut(),
    }));
    let mut head = STORES.load(Ordering::Acquire);
    loop {
        // Another thread may have been faster, and the first entry found must not change.
        // SAFETY: `new` is not published yet, so this thread has it alone.
        if find(unsafe { (*new).path.as_bytes() }).is_some() {
            // SAFETY: as above.
            drop(unsafe { Box::from_raw(new) });
            return;
        }
        // SAFETY: as above.
        unsafe { (*new).next = head };
        match STORES.compare_exchange(head, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return,
            Err(now) => head = now,
        }
    }
}

impl Store {
    /// Remembers a descriptor of one of the store's files; `false` where that cannot be done.
    pub(crate) fn opened(&'static self, fd: i32, inode: u64, path: &[u8]) -> bool {
        if !descriptors::insert_with(fd, inode, self.turns_locks) {
            return false;
        }
        let slot = &MAIN[fd as usize];
        slot.store(ptr::null_mut(), Ordering::Release);
        if self.turns_locks && path == self.path.as_bytes() {
            return self.alone(|| {
                if self.users.load(Ordering::Relaxed) == 0 {
                    let Some(lock) = self.open_lock(inode) else {
                        descriptors::remove(fd);
                        return false;
                    };
                    self.inode.store(inode, Ordering::Relaxed);
                    self.lock.store(lock, Ordering::Release);
                }
                // Where the file was replaced while others have the old one open, the new one locks for itself.
                if self.inode.load(Ordering::Relaxed) == inode {
                    self.users.fetch_add(1, Ordering::Relaxed);
                    slot.store(ptr::from_ref(self).cast_mut(), Ordering::Release);
                }
                true
            });
        }
        true
    }

    /// A further descriptor of the main file. `None` where the path leads to another file by now, or no descriptor is
    /// to be had.
    fn open_lock(&self, inode: u64) -> Option<i32> {
        let flags = libc::O_CLOEXEC | libc::O_NOFOLLOW | libc::O_NONBLOCK;
        // Closing a descriptor of the file drops no lock: there are no POSIX locks of ours on it.
        // SAFETY: a path with its zero, and flags that need no mode.
        let fd = unsafe {
            match libc::open(self.path.as_ptr(), flags | libc::O_RDWR) {
                // A store that may only be read takes no writing locks.
                -1 => libc::open(self.path.as_ptr(), flags | libc::O_RDONLY),
                fd => fd,
            }
        };
        if fd == -1 {
            return None;
        }
        if descriptors::leads_to(fd, inode) && descriptors::insert(fd, inode) {
            MAIN[fd as usize].store(ptr::null_mut(), Ordering::Release);
            return Some(fd);
        }
        // SAFETY: opened above and not handed out.
        unsafe { libc::close(fd) };
        None
    }

    /// Runs `work` while no other thread opens or closes this store. A lock of its own, because it must be free again
    /// in a forked child, and because nothing here may call what SQLite might hook.
    fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        while self.busy.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            std::thread::yield_now();
        }
        let result = work();
        self.busy.store(false, Ordering::Release);
        result
    }
}

/// Forgets a descriptor, before it is closed.
pub(crate) fn closing(fd: i32) {
    if !descriptors::contains(fd) {
        return;
    }
    descriptors::remove(fd);
    // SAFETY: stores are never freed.
    let Some(store) = (unsafe { MAIN[fd as usize].swap(ptr::null_mut(), Ordering::AcqRel).as_ref() }) else { return };
    store.alone(|| {
        if store.users.fetch_sub(1, Ordering::Relaxed) == 1 {
            let lock = store.lock.swap(-1, Ordering::AcqRel);
            descriptors::remove(lock);
            // SAFETY: opened in `open_lock`; SQLite holds no lock when it closes its last descriptor.
            unsafe { libc::close(lock) };
        }
    });
}

/// The descriptor through which the locks of `fd` go; `None` where they stay as SQLite asks for them.
pub(crate) fn lock_of(fd: i32) -> Option<i32> {
    if !descriptors::has_open_file_locks(fd) {
        return None;
    }
    // SAFETY: stores are never freed.
    match unsafe { MAIN[fd as usize].load(Ordering::Acquire).as_ref() } {
        // Open for as long as `fd` is, and `fd` is while SQLite locks through it.
        Some(store) => Some(store.lock.load(Ordering::Acquire)),
        None => Some(fd),
    }
}

/// In a forked child: nothing is open. Async-signal-safe.
pub(crate) fn in_child() {
    for store in all() {
        store.busy.store(false, Ordering::Relaxed);
        store.lock.store(-1, Ordering::Relaxed);
        store.users.store(0, Ordering::Relaxed);
    }
}
