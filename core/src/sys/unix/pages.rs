//! Pages with a guard on both sides.

use std::ptr;

/// Mapped, readable and writable, between two pages that nothing may touch. Stays mapped unless unmapped.
pub(crate) struct Pages {
    start: *mut u8,
    bytes: usize,
}

/// What could be had for some pages.
#[derive(Clone, Copy)]
pub(crate) struct Guard {
    /// No other process can read them.
    pub(crate) secret: bool,
    /// They are not swapped out.
    pub(crate) locked: bool,
    /// They are left out of core dumps.
    pub(crate) undumped: bool,
}

/// The size of a page.
pub(crate) fn size() -> usize {
    rustix::param::page_size()
}

/// Some pages full of zeroes, as well guarded as possible; `None` where there is no memory at all.
pub(crate) fn map(count: usize) -> Option<(Pages, Guard)> {
    let bytes = count * size();
    // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
    let whole = unsafe {
        libc::mmap(
            ptr::null_mut(),
            bytes + 2 * size(),
            libc::PROT_NONE,
            libc::MAP_PRIVATE | libc::MAP_ANON,
            -1,
            0,
        )
    };
    if whole == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the mapping is two pages longer than `bytes`.
    let start = unsafe { whole.cast::<u8>().add(size()) };
    let pages = Pages { start, bytes };
    if pages.make_secret() {
        return Some((
            pages,
            Guard {
                secret: true,
                locked: true,
                undumped: true,
            },
        ));
    }
    // SAFETY: replaces pages of ours: the empty ones from above, or secret ones that cannot be used.
    let plain = unsafe {
        libc::mmap(
            pages.start.cast(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_FIXED,
            -1,
            0,
        )
    };
    if plain == libc::MAP_FAILED {
        pages.unmap();
        return None;
    }
    let undumped = pages.leave_out_of_dumps();
    let locked = pages.lock();
    Some((
        pages,
        Guard {
            secret: false,
            locked,
            undumped,
        },
    ))
}

impl Pages {
    /// The first byte.
    pub(crate) fn start(&self) -> *mut u8 {
        self.start
    }

    /// How many bytes there are, guards left out.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives pages and guards back.
    pub(crate) fn unmap(&self) {
        // SAFETY: exactly what `map` mapped; whoever calls this has no use for the pages any more.
        unsafe { libc::munmap(self.start.sub(size()).cast(), self.bytes + 2 * size()) };
    }

    /// Keeps the pages in memory. Async-signal-safe.
    pub(crate) fn lock(&self) -> bool {
        // SAFETY: mapped pages of ours; the call changes no content.
        unsafe { libc::mlock(self.start.cast(), self.bytes) == 0 }
    }

    #[cfg(target_os = "linux")]
    fn leave_out_of_dumps(&self) -> bool {
        // SAFETY: mapped pages of ours; this advice changes no content.
        unsafe { libc::madvise(self.start.cast(), self.bytes, libc::MADV_DONTDUMP) == 0 }
    }

    #[cfg(not(target_os = "linux"))]
    fn leave_out_of_dumps(&self) -> bool {
        false
    }

    /// Puts secret memory in the place of the pages. The C library has no function for it.
    #[cfg(target_os = "linux")]
    fn make_secret(&self) -> bool {
        // SAFETY: the only argument is a flag; the answer is a descriptor or -1.
        let fd = unsafe { libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC) } as i32;
        if fd == -1 {
            return false;
        }
        // SAFETY: the descriptor is ours; the mapping replaces pages of ours, and nothing else.
        let mapped = unsafe {
            let mapped = libc::ftruncate(fd, self.bytes as libc::off_t) == 0
                && libc::mmap(
                    self.start.cast(),
                    self.bytes,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_SHARED | libc::MAP_FIXED,
                    fd,
                    0,
                ) != libc::MAP_FAILED;
            // The mapping keeps the memory.
            libc::close(fd);
            mapped
        };
        mapped && self.can_be_touched()
    }

    /// A kernel may give the mapping and refuse the page when it is touched, which kills the process. Asking for the
    /// pages beforehand turns that into an answer.
    #[cfg(target_os = "linux")]
    fn can_be_touched(&self) -> bool {
        const MADV_POPULATE_WRITE: i32 = 23;
        // SAFETY: mapped pages of ours; populating changes no content.
        let done = unsafe { libc::madvise(self.start.cast(), self.bytes, MADV_POPULATE_WRITE) };
        // Kernels before 5.14 have neither this advice nor secret memory.
        done == 0 || std::io::Error::last_os_error().raw_os_error() == Some(libc::EINVAL)
    }

    #[cfg(not(target_os = "linux"))]
    fn make_secret(&self) -> bool {
        false
    }

    /// Moves these pages to where `target` lies; where that fails, copies them to private memory there. Whether it was
    /// done, and whether the memory there is secret now. Async-signal-safe.
    ///
    /// # Safety
    /// Nobody may read or write either during the call. `target` is of the same size. `self` is not to be used after.
    pub(crate) unsafe fn replace(&self, target: &Self, secret: bool) -> (bool, bool) {
        #[cfg(target_os = "linux")]
        {
            // SAFETY: both are whole mappings of the same size and ours; the target's old pages are given up.
            let moved = unsafe {
                libc::mremap(
                    self.start.cast(),
                    self.bytes,
                    self.bytes,
                    libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED,
                    target.start.cast::<libc::c_void>(),
                )
            };
            if moved != libc::MAP_FAILED {
                return (true, secret);
            }
        }
        let _ = secret;
        // SAFETY: replaces pages of ours by pages of ours, then copies between two mappings of the same size.
        unsafe {
            let fresh = libc::mmap(
                target.start.cast(),
                target.bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_FIXED,
                -1,
                0,
            );
            if fresh == libc::MAP_FAILED {
                return (false, false);
            }
            target.leave_out_of_dumps();
            ptr::copy_nonoverlapping(self.start, target.start, self.bytes);
            self.unmap();
        }
        (true, false)
    }
}
