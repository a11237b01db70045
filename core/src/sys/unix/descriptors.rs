//! The descriptors that a forked child must not keep.
//!
//! A lock that belongs to an open file lives until its last descriptor is closed, in whichever process. So a child
//! gives up its copies of ours at once; otherwise a parent that dies would stay the owner of its locks for as long as
//! any child of it lives. The set is made of atomics in static memory: the child's handler may touch nothing else.

use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers from here on cannot be kept in the set.
pub(crate) const LIMIT: usize = 1 << 16;
const WORDS: usize = LIMIT / 64;

static OURS: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];
/// Those among ours whose locks are turned into locks of the open file.
static TURNED: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];
/// The inode behind each of ours. A host that closes descriptors it does not own (daemons do) and opens its own under
/// the same number must not have them taken away in its children. Half a mebibyte of zeroes that is never touched.
static INODES: [AtomicU64; LIMIT] = [const { AtomicU64::new(0) }; LIMIT];

fn place(fd: i32) -> Option<(usize, u64)> {
    let fd = usize::try_from(fd).ok().filter(|fd| *fd < LIMIT)?;
    Some((fd / 64, 1 << (fd % 64)))
}

/// Remembers a descriptor; `false` where its number is too large for the set.
pub(crate) fn insert(fd: i32, inode: u64) -> bool {
    insert_with(fd, inode, false)
}

/// As [`insert`], and says whether SQLite's locks on it are turned into locks of the open file.
pub(crate) fn insert_with(fd: i32, inode: u64, turned: bool) -> bool {
    let Some((word, bit)) = place(fd) else { return false };
    if turned {
        TURNED[word].fetch_or(bit, Ordering::AcqRel);
    } else {
        TURNED[word].fetch_and(!bit, Ordering::AcqRel);
    }
    INODES[fd as usize].store(inode, Ordering::Release);
    OURS[word].fetch_or(bit, Ordering::AcqRel);
    true
}

/// Forgets a descriptor. To be called before it is closed: afterwards its number may be another thread's.
pub(crate) fn remove(fd: i32) {
    if let Some((word, bit)) = place(fd) {
        OURS[word].fetch_and(!bit, Ordering::AcqRel);
    }
}

/// Whether the descriptor is one of ours.
pub(crate) fn contains(fd: i32) -> bool {
    place(fd).is_some_and(|(word, bit)| OURS[word].load(Ordering::Acquire) & bit != 0)
}

/// Whether SQLite's locks on the descriptor are turned into locks of the open file.
#[cfg(feature = "encrypted")]
pub(crate) fn has_open_file_locks(fd: i32) -> bool {
    contains(fd) && place(fd).is_some_and(|(word, bit)| TURNED[word].load(Ordering::Acquire) & bit != 0)
}

/// In a forked child, before anything else: puts `/dev/null` in the place of every descriptor of ours. The numbers
/// stay taken, so that whatever still knows one of them (a leaked connection) can never reach a file of someone else.
///
/// Async-signal-safe: atomics and system calls only.
pub(crate) fn neutralise() {
    let mut null = -1;
    for (word, bits) in OURS.iter().enumerate() {
        let mut bits = bits.swap(0, Ordering::AcqRel);
        while bits != 0 {
            let fd = word * 64 + bits.trailing_zeros() as usize;
            bits &= bits - 1;
            if !leads_to(fd as i32, INODES[fd].load(Ordering::Acquire)) {
                continue;
            }
            if null == -1 {
                // SAFETY: a constant path with its zero, and flags that need no mode.
                null = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
            }
            // SAFETY: `fd` is our own copy in this process, which has one thread now; nothing uses it any more.
            unsafe {
                // Without /dev/null, or without a free number for it, closing still gives the lock up.
                if null == -1 || !replace(null, fd as i32) {
                    libc::close(fd as i32);
                }
            }
        }
    }
    if null != -1 {
        // SAFETY: opened above and not handed out.
        unsafe { libc::close(null) };
    }
}

/// The inode that a descriptor leads to. Async-signal-safe.
pub(crate) fn inode_of(fd: i32) -> Option<u64> {
    look(fd).map(|found| found.st_ino)
}

/// What `fstat` says. Async-signal-safe.
pub(crate) fn look(fd: i32) -> Option<libc::stat> {
    let mut found = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the structure is large enough, and is read only where the call filled it.
    unsafe { (libc::fstat(fd, found.as_mut_ptr()) == 0).then(|| found.assume_init()) }
}

/// Whether a descriptor leads to a file that has this inode. Async-signal-safe.
pub(crate) fn leads_to(fd: i32, inode: u64) -> bool {
    inode_of(fd) == Some(inode)
}

/// SAFETY: the caller owns both descriptors.
#[cfg(target_os = "linux")]
unsafe fn replace(with: i32, fd: i32) -> bool {
    // SAFETY: the caller's promise.
    unsafe { libc::dup3(with, fd, libc::O_CLOEXEC) != -1 }
}

/// SAFETY: the caller owns both descriptors.
#[cfg(not(target_os = "linux"))]
unsafe fn replace(with: i32, fd: i32) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let done = libc::dup2(with, fd) != -1;
        libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC);
        done
    }
}
