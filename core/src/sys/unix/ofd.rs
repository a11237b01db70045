//! The hook in SQLite's "unix" VFS that turns the locks of our files into locks that belong to the open file, and that
//! lets a forked child give those files up.
//!
//! SQLite calls the system through a table that [`sqlite3_vfs::xSetSystemCall`](ffi::sqlite3_vfs) can change. The
//! functions here stand in that table for the whole process, so they hand on everything that is not about a file of
//! ours, to whatever stood there before.
//!
//! What a child inherits of SQLite stays where it is and is never used again: its descriptors lead to `/dev/null`, its
//! mappings to memory of the child's own. But SQLite keeps a list of open files by device and inode, and a new
//! connection of the child would join the dead entry of the parent's. So `stat` and `fstat` show the child another
//! device number for our files, and it finds no such entry.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

use rusqlite::ffi;

use super::{descriptors, mappings, stores};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::files::shown;
use crate::sys::fork;

type Open = unsafe extern "C" fn(*const c_char, c_int, c_int) -> c_int;
type Close = unsafe extern "C" fn(c_int) -> c_int;
type Fcntl = unsafe extern "C" fn(c_int, c_int, ...) -> c_int;
type Stat = unsafe extern "C" fn(*const c_char, *mut libc::stat) -> c_int;
type Fstat = unsafe extern "C" fn(c_int, *mut libc::stat) -> c_int;
type Mmap = unsafe extern "C" fn(*mut c_void, usize, c_int, c_int, c_int, libc::off_t) -> *mut c_void;
type Munmap = unsafe extern "C" fn(*mut c_void, usize) -> c_int;
type Any = unsafe extern "C" fn();

/// The functions that stood in the table before, in the order of [`HOOKS`].
static BEFORE: [AtomicPtr<c_void>; HOOKS] = [const { AtomicPtr::new(ptr::null_mut()) }; HOOKS];
const HOOKS: usize = 7;
const OPEN: usize = 0;
const CLOSE: usize = 1;
const FCNTL: usize = 2;
const STAT: usize = 3;
const FSTAT: usize = 4;
const MMAP: usize = 5;
const MUNMAP: usize = 6;

static HOOKED: AtomicBool = AtomicBool::new(false);
/// The generation whose thread is hooking, or 0.
static HOOKING: AtomicU64 = AtomicU64::new(0);

/// Whether the store is known, and if so whether its locks are turned.
pub(crate) fn is_hooked(store: &Path) -> Option<bool> {
    stores::find(store.as_os_str().as_bytes()).map(|store| store.turns_locks)
}

/// Makes a store known; turns its locks where `locks` says so.
pub(crate) fn install(path: &Path, locks: bool) -> Result<()> {
    let owned = CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::new(ErrorKind::InvalidArgument, format!("`{}` holds a zero byte", shown(path))))?;
    hook()?;
    stores::add(owned, locks);
    Ok(())
}

/// Puts our functions into SQLite's table, once.
fn hook() -> Result<()> {
    let me = fork::generation();
    loop {
        if HOOKED.load(Ordering::Acquire) {
            return Ok(());
        }
        match HOOKING.compare_exchange(0, me, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => break,
            // The thread that was hooking is not in this child; going over its work does no harm.
            Err(other) if other != me => {
                if HOOKING.compare_exchange(other, me, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                    break;
                }
            }
            Err(_) => std::thread::sleep(std::time::Duration::from_micros(50)),
        }
    }
    let outcome = put_in_place();
    if outcome.is_ok() {
        HOOKED.store(true, Ordering::Release);
    }
    HOOKING.store(0, Ordering::Release);
    outcome
}

fn put_in_place() -> Result<()> {
    let fail = |what: &'static str| Error::new(ErrorKind::Internal, what);
    // SAFETY: a constant name with its zero; the answer is null or lives as long as the library.
    let vfs = unsafe { ffi::sqlite3_vfs_find(c"unix".as_ptr()).as_mut() }
        .ok_or_else(|| fail("SQLite has no file layer named `unix`"))?;
    let (Some(get), Some(set)) = (vfs.xGetSystemCall, vfs.xSetSystemCall) else {
        return Err(fail("SQLite's file layer lets nobody change its system calls"));
    };
    let ours: [(&CStr, *const c_void); HOOKS] = [
        (c"open", open as *const c_void),
        (c"close", close as *const c_void),
        (c"fcntl", fcntl as *const c_void),
        (c"stat", stat as *const c_void),
        (c"fstat", fstat as *const c_void),
        (c"mmap", mmap as *const c_void),
        (c"munmap", munmap as *const c_void),
    ];
    for (index, (name, function)) in ours.into_iter().enumerate() {
        // SAFETY: the VFS is SQLite's own and takes any name.
        let before = unsafe { get(vfs, name.as_ptr()) }
            .ok_or_else(|| fail("SQLite's file layer lacks a system call that must be watched"))?;
        if before as *const c_void == function {
            continue;
        }
        // Before ours is in the table, because another thread may be called there at once.
        BEFORE[index].store(before as *mut c_void, Ordering::Release);
        // SAFETY: a function pointer either way. SQLite casts it to the type that it calls, which on these targets is
        // the type of our function: the same fixed arguments, and `fcntl` as described there.
        let code = unsafe { set(vfs, name.as_ptr(), Some(std::mem::transmute::<*const c_void, Any>(function))) };
        if code != ffi::SQLITE_OK {
            return Err(fail("SQLite refused to have a system call watched").with_foreign_code(code));
        }
    }
    Ok(())
}

/// The function that stood in the table before.
///
/// # Safety
/// `F` is the type of the function with this index.
unsafe fn before<F: Copy>(index: usize) -> F {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
    let function = BEFORE[index].load(Ordering::Acquire);
    // SAFETY: stored before our function could be called, and never null: `put_in_place` read it from the table.
    unsafe { std::mem::transmute_copy(&function) }
}

/// What a child adds to the device number of our files; nothing in the process that loaded the library. Real device
/// numbers have 32 bits.
fn disguise(found: &mut libc::stat) {
    found.st_dev ^= (fork::generation() - 1) << 32;
}

/// Whether a file is a regular one of ours or of root that nobody else can reach. Another connection may have unlinked
/// it since it was opened, so it may have no name left, but not two.
fn is_private(found: &libc::stat) -> bool {
    // SAFETY: the call has no conditions and cannot fail.
    let us = unsafe { libc::geteuid() };
    found.st_mode & libc::S_IFMT == libc::S_IFREG
        && found.st_mode & 0o077 == 0
        && (found.st_uid == us || found.st_uid == 0)
        && found.st_nlink <= 1
}

unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    // SAFETY: SQLite's arguments, handed on.
    let fd = unsafe { before::<Open>(OPEN)(path, flags, mode) };
    if fd < 0 || path.is_null() {
        return fd;
    }
    // SAFETY: SQLite passes a path with its zero, which the call before has read as well.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    let Some(store) = stores::find(path) else { return fd };
    let refusal = match descriptors::look(fd) {
        // Whoever can write to a journal or a log writes to the store, and in a sticky folder anyone can put one there
        // between our look at the path and this opening.
        Some(found) if !is_private(&found) => libc::EACCES,
        Some(found) if store.opened(fd, found.st_ino, path) => return fd,
        // A descriptor that cannot be watched would lock in the wrong way: better not to open the file.
        _ => libc::EMFILE,
    };
    // SAFETY: opened above; `errno` is this thread's.
    unsafe {
        before::<Close>(CLOSE)(fd);
        *libc::__errno_location() = refusal;
    }
    -1
}

unsafe extern "C" fn close(fd: c_int) -> c_int {
    // First, because afterwards the number may be another thread's.
    stores::closing(fd);
    // SAFETY: SQLite's argument, handed on.
    unsafe { before::<Close>(CLOSE)(fd) }
}

/// SAFETY: SQLite calls `int (*)(int, int, ...)`, and Rust can only define the fixed form. On x86-64 and AArch64 Linux
/// a variadic argument travels in the registers of a fixed one (System V ABI 3.5.7: the count of vector registers in
/// `al` is not looked at by us; AAPCS64 6.4: variadic arguments are passed like named ones), so the third argument is
/// where this form expects it. Calls with two arguments leave anything in that register, which is then handed on
/// unread: `fcntl` looks at it only for commands that have one. The module is compiled for these targets alone; Apple's
/// variant of AArch64, which puts variadic arguments on the stack, is not among them.
unsafe extern "C" fn fcntl(fd: c_int, command: c_int, argument: *mut c_void) -> c_int {
    // SAFETY: the type of SQLite's default and of whatever may stand there.
    let next = unsafe { before::<Fcntl>(FCNTL) };
    let turned = match command {
        libc::F_GETLK => libc::F_OFD_GETLK,
        libc::F_SETLK => libc::F_OFD_SETLK,
        libc::F_SETLKW => libc::F_OFD_SETLKW,
        // SAFETY: SQLite's arguments, handed on.
        _ => return unsafe { next(fd, command, argument) },
    };
    let Some(lock) = stores::lock_of(fd).filter(|_| !argument.is_null()) else {
        // SAFETY: as above.
        return unsafe { next(fd, command, argument) };
    };
    // SAFETY: these commands take a `struct flock`. The kernel wants 0 for the process there, and answers -1, which
    // SQLite does not look at.
    unsafe {
        (*argument.cast::<libc::flock>()).l_pid = 0;
        next(lock, turned, argument)
    }
}

unsafe extern "C" fn stat(path: *const c_char, found: *mut libc::stat) -> c_int {
    // SAFETY: SQLite's arguments, handed on; what follows reads the path and the result of a call that succeeded.
    unsafe {
        let code = before::<Stat>(STAT)(path, found);
        if code == 0 && stores::find(CStr::from_ptr(path).to_bytes()).is_some() {
            disguise(&mut *found);
        }
        code
    }
}

unsafe extern "C" fn fstat(fd: c_int, found: *mut libc::stat) -> c_int {
    // SAFETY: as above.
    unsafe {
        let code = before::<Fstat>(FSTAT)(fd, found);
        if code == 0 && descriptors::contains(fd) {
            disguise(&mut *found);
        }
        code
    }
}

unsafe extern "C" fn mmap(
    at: *mut c_void,
    bytes: usize,
    protection: c_int,
    flags: c_int,
    fd: c_int,
    offset: libc::off_t,
) -> *mut c_void {
    // SAFETY: SQLite's arguments, handed on.
    let mapped = unsafe { before::<Mmap>(MMAP)(at, bytes, protection, flags, fd, offset) };
    if mapped != libc::MAP_FAILED && descriptors::contains(fd) {
        mappings::insert(mapped as usize, bytes);
    }
    mapped
}

unsafe extern "C" fn munmap(at: *mut c_void, bytes: usize) -> c_int {
    // First, because afterwards the address may be another thread's.
    mappings::remove(at as usize);
    // SAFETY: SQLite's arguments, handed on.
    unsafe { before::<Munmap>(MUNMAP)(at, bytes) }
}

/// See [`sqlite::in_child`](crate::sys::sqlite). The descriptors are given up by [`descriptors::neutralise`].
pub(crate) fn in_child() {
    mappings::neutralise();
    stores::in_child();
}
