//! Settings of the whole process, and a promise about writes.

use crate::sys::alloc::ProcessHardening;

/// Keeps the compiler from leaving out writes to memory that is not read again.
#[inline]
pub(crate) fn keep_writes(at: *mut u8) {
    crate::sys::alloc::keep_writes(at);
}

/// See [`alloc::harden_process`](crate::sys::alloc::harden_process).
pub(crate) fn harden() -> ProcessHardening {
    let none = rustix::process::Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let no_core_dumps = rustix::process::setrlimit(rustix::process::Resource::Core, none).is_ok();
    #[cfg(target_os = "linux")]
    let not_dumpable = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).is_ok();
    #[cfg(not(target_os = "linux"))]
    let not_dumpable = false;
    ProcessHardening {
        not_dumpable,
        no_core_dumps,
    }
}
