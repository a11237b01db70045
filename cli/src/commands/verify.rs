//! `strongroom verify`

use crate::args::Global;
use crate::failure::Failure;
use crate::output;
use crate::session::{self, Access};

/// Checks everything that is stored. Damage is an error of its own kind.
pub(crate) fn run(global: &Global) -> Result<(), Failure> {
    let manager = session::open(global, Access::Look)?;
    let report = manager.verify()?;
    output::text(&format!(
        "ok: {} secrets, {} versions, {} journal records, sequence number {}\n",
        report.secrets, report.versions, report.journal, report.sequence
    ))
}
