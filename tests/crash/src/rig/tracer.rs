use std::os::unix::process::CommandExt;
use std::process::Command;

/// The calls that change files. A process that dies between two of them leaves what it leaves before the second.
const WRITES: &[libc::c_long] = &[
    libc::SYS_write,
    libc::SYS_pwrite64,
    libc::SYS_writev,
    libc::SYS_pwritev,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_unlinkat,
    libc::SYS_mkdirat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
];

/// How a traced process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code, after so many writing calls.
    Exited(i32, u64),
    /// Killed right before the writing call that was named.
    Killed,
}

/// Runs `command` and kills it with signal 9 right before its writing call number `fatal`, counted over all of its
/// threads from 1 on.
///
/// # Panics
/// Where it cannot be started or traced.
#[allow(unsafe_code, reason = "the system's tracing has no safe face")]
#[expect(clippy::zombie_processes, reason = "the tracer itself waits, for every thread of it")]
pub fn run_until_write(command: &mut Command, fatal: u64) -> End {
    // SAFETY: a system call and nothing else happens between fork and exec.
    unsafe {
        command.pre_exec(|| match libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
            -1 => Err(std::io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
    let child = command.spawn().expect("the subject starts");
    let leader = i32::try_from(child.id()).expect("a process id");
    let mut writes = 0;
    let mut is_set_up = false;
    let mut was_killed = false;
    loop {
        let mut status = 0;
        // Only what this thread traces: other tests of this process have children, too.
        // SAFETY: the status is a place of ours.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL | libc::__WNOTHREAD) };
        assert_ne!(pid, -1, "the traced process can be waited for");
        if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
            match pid == leader {
                true if was_killed => return End::Killed,
                true => return End::Exited(libc::WEXITSTATUS(status), writes),
                false => continue,
            }
        }
        if !is_set_up {
            is_set_up = true;
            let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_TRACECLONE | libc::PTRACE_O_EXITKILL;
            // SAFETY: the process is stopped, and the options are plain bits.
            let set = unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, pid, 0, options) };
            assert_ne!(set, -1, "the process can be traced");
        }
        let signal = libc::WSTOPSIG(status);
        if signal == libc::SIGTRAP | 0x80 && enters_a_write(pid) {
            writes += 1;
            if writes == fatal {
                was_killed = true;
                // SAFETY: a process of ours that has not been waited for yet.
                unsafe { libc::kill(leader, libc::SIGKILL) };
                continue;
            }
        }
        // Stops of the tracing itself are no signals that the process is to see.
        let passed = match signal & !0x80 {
            libc::SIGTRAP | libc::SIGSTOP => 0,
            other => other,
        };
        // SAFETY: the thread is stopped; one that was killed meanwhile answers an error, which is no matter.
        unsafe { libc::ptrace(libc::PTRACE_SYSCALL, pid, 0, passed) };
    }
}

/// Whether a stopped thread is about to make a call that writes.
#[allow(unsafe_code, reason = "the system's tracing has no safe face")]
fn enters_a_write(pid: libc::pid_t) -> bool {
    // SAFETY: plain data, for which zeroes are valid; the call fills at most the size that it is given, and the entry's
    // part is read only where the kernel says that it is one.
    unsafe {
        let mut info: libc::ptrace_syscall_info = std::mem::zeroed();
        let size = size_of::<libc::ptrace_syscall_info>();
        if libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, &raw mut info) <= 0 {
            return false;
        }
        info.op == libc::PTRACE_SYSCALL_INFO_ENTRY
            && libc::c_long::try_from(info.u.entry.nr).is_ok_and(|number| WRITES.contains(&number))
    }
}
