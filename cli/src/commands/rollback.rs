//! `strongroom rollback`

use strongroom::RollbackTo;

use crate::args::{Global, RollbackArgs};
use crate::commands::version;
use crate::failure::Failure;
use crate::session::{self, Create};
use crate::{input, output};

/// Writes a former version again, as a new one.
pub(crate) fn run(global: &Global, args: &RollbackArgs) -> Result<(), Failure> {
    let key = session::key(&args.key)?;
    let to = match (&args.version, args.back) {
        (_, Some(steps)) => RollbackTo::back(steps as usize),
        (Some(version), None) => input::version(version).into(),
        (None, None) => return Err(Failure::usage("no version is named", "give a version, or `--back 1`")),
    };
    let manager = session::open(global, Create::Never)?;
    let outcome = manager.rollback(&key, to)?;
    output::notice(global, &format!("rolled back {key}{}", version(&outcome)));
    Ok(())
}
