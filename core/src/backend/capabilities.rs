//! What an opened backend can do, as data.

use std::fmt;

/// How long what is stored lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Persistence {
    /// As long as this process.
    Process,
    /// As long as the login session.
    Session,
    /// Until the machine starts again.
    Boot,
    /// On this machine's disk.
    Disk,
    /// On another machine.
    Remote,
}

impl Persistence {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Session => "session",
            Self::Boot => "boot",
            Self::Disk => "disk",
            Self::Remote => "remote",
        }
    }

    /// Whether secrets are still there after the machine has started again.
    pub const fn survives_reboot(self) -> bool {
        matches!(self, Self::Disk | Self::Remote)
    }
}

impl fmt::Display for Persistence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Where a backend's calls go, and so what they need around them: calls that go to another machine are shared, limited,
/// made again, and stopped for a while where it does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reach {
    /// Nowhere: this machine answers.
    Local,
    /// To another machine.
    Remote,
    /// To other backends, some of them on another machine, which have around them what they need.
    Through,
}

/// What an opened backend can do. Belongs to the instance, not to the type: one and the same kind of backend may be
/// opened read-only, or on a file system with fewer guarantees.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Nothing can be written.
    pub read_only: bool,
    /// Names can be listed.
    pub list: bool,
    /// Former versions are kept and can be read and rolled back to.
    pub versions: bool,
    /// Provider, scope of use and labels can be kept.
    pub metadata: bool,
    /// An expiry can be kept.
    pub expiry: bool,
    /// A write may depend on the current version (`if_version`, `if_absent`).
    pub cas: bool,
    /// `set_many` is all or nothing.
    pub atomic_batch: bool,
    /// Values may be any bytes, not only UTF-8 text.
    pub binary: bool,
    /// A value may be empty.
    pub empty_value: bool,
    /// Everything that is stored can be checked.
    pub verify: bool,
    /// What was removed is kept for a while and can be brought back.
    pub restore: bool,
    /// How long what is stored lasts.
    pub persistence: Persistence,
    /// The longest value in bytes.
    pub max_value: usize,
    /// The longest key text in bytes.
    pub max_key: usize,
}

impl Capabilities {
    /// A backend that can only read text by name.
    pub const fn minimal(persistence: Persistence, max_value: usize) -> Self {
        Self {
            read_only: true,
            list: false,
            versions: false,
            metadata: false,
            expiry: false,
            cas: false,
            atomic_batch: false,
            binary: false,
            empty_value: true,
            verify: false,
            restore: false,
            persistence,
            max_value,
            max_key: usize::MAX,
        }
    }

    /// A backend that can do everything but bring back what was removed.
    pub const fn complete(persistence: Persistence, max_value: usize) -> Self {
        Self {
            read_only: false,
            list: true,
            versions: true,
            metadata: true,
            expiry: true,
            cas: true,
            atomic_batch: true,
            binary: true,
            empty_value: true,
            verify: true,
            restore: false,
            persistence,
            max_value,
            max_key: usize::MAX,
        }
    }
}
