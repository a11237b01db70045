//! What SQLite needs beyond its safe wrapper.
//!
//! STAND-IN of part/store: replaced at the merge by the real one.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

pub(crate) fn install(_path: &Path) -> Result<()> {
    Ok(())
}

pub(crate) fn persist_wal(connection: &rusqlite::Connection) -> Result<()> {
    let mut on: libc::c_int = 1;
    // SAFETY: the handle is open for as long as the borrow, and the argument is the int that this opcode takes.
    let code = unsafe {
        rusqlite::ffi::sqlite3_file_control(
            connection.handle(),
            c"main".as_ptr(),
            rusqlite::ffi::SQLITE_FCNTL_PERSIST_WAL,
            std::ptr::from_mut(&mut on).cast(),
        )
    };
    if code == 0 { Ok(()) } else { Err(Error::new(ErrorKind::Unavailable, "the WAL cannot be kept").with_foreign_code(code)) }
}
