//! Signals on our own threads.

/// Blocks every signal in this thread but those that report a fault of it, so that the host's handlers never run on a
/// thread that the host does not know.
#[cfg(unix)]
pub(crate) fn block_in_this_thread() {
    // SAFETY: the set is initialised by `sigfillset` before it is read, and changing a thread's own mask has no other
    // precondition.
    unsafe {
        let mut set = std::mem::MaybeUninit::uninit();
        libc::sigfillset(set.as_mut_ptr());
        for fault in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT] {
            libc::sigdelset(set.as_mut_ptr(), fault);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut());
    }
}

/// Other systems deliver no signals to threads.
#[cfg(not(unix))]
pub(crate) fn block_in_this_thread() {}
