//! Files that hold secrets: made for their owner alone, refused where others could have touched them.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::error::Result;

/// What identifies a file while it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}
