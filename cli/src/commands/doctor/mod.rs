//! `strongroom doctor`

use crate::args::{Format, Global};
use crate::failure::Failure;
use clap::Args;
/// What the verb takes.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// How to write it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}
pub(crate) fn run(_global: &Global, _args: &DoctorArgs) -> Result<(), Failure> {
    Ok(())
}
