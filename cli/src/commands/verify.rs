//! `strongroom verify`

use strongroom::Error;

use crate::args::Global;
use crate::failure::Failure;
use crate::output;
use crate::session::{self, Access};

/// Checks everything that is stored. Damage is an error of its own kind.
pub(crate) fn run(global: &Global) -> Result<(), Failure> {
    let report = session::open(global, Access::Look).and_then(|manager| manager.verify());
    let report = report.map_err(advised)?;
    let text = format!(
        "ok: {} secrets, {} versions, {} journal records, sequence number {}\n",
        report.secrets, report.versions, report.journal, report.sequence
    );
    output::bytes(text.as_bytes())
}

/// This is the verb that the library's advice names.
fn advised(error: Error) -> Error {
    if !error.help().starts_with("run `verify`") {
        return error;
    }
    error.with_help(
        "restore a backup: close everything, remove `-wal`, `-shm` and `-journal` beside the store, then put the file in place",
    )
}
