//! Whether stdout was open when the command was called.
//!
//! Rust's runtime opens `/dev/null` in the place of a standard stream that is closed, before `main`, so that no file of
//! ours gets its number. A value that is written there is lost, and nothing says so. Afterwards nobody can tell that
//! `/dev/null` from one that the caller chose, so the look is taken before, among what the loader runs first.

use std::sync::atomic::{AtomicBool, Ordering};

use strongroom::{Error, ErrorKind};

use crate::failure::Failure;

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Refuses to write to a stdout that the caller closed.
pub(crate) fn check_open() -> Result<(), Failure> {
    if !WAS_CLOSED.load(Ordering::Relaxed) {
        return Ok(());
    }
    let error = Error::new(ErrorKind::InvalidArgument, "cannot write to stdout: it is closed");
    Err(error.with_help("send it to a file or a pipe, or to `/dev/null`").into())
}

/// Windows has no such substitute: a write to a handle that is not there fails or is dropped by the system.
#[cfg(unix)]
#[expect(unsafe_code, reason = "nothing safe runs before Rust's runtime")]
mod before_main {
    use std::os::fd::BorrowedFd;
    use std::sync::atomic::Ordering;

    // SAFETY: the loader takes this section for pointers to functions of this form, which it calls once each.
    #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
    // SAFETY: as above.
    #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
    #[used]
    static LOOK: extern "C" fn() = look;

    extern "C" fn look() {
        // SAFETY: the number is only asked about, in a process that has one thread yet; where it is no open descriptor
        // the answer is an error.
        let stdout = unsafe { BorrowedFd::borrow_raw(1) };
        if rustix::io::fcntl_getfd(stdout).is_err() {
            super::WAS_CLOSED.store(true, Ordering::Relaxed);
        }
    }
}
