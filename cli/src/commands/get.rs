//! `strongroom get`

use strongroom::GetOptions;

use crate::args::{GetArgs, Global};
use crate::failure::Failure;
use crate::session::{self, Create};
use crate::{input, output};

/// Writes a value's exact bytes.
pub(crate) fn run(global: &Global, args: &GetArgs) -> Result<(), Failure> {
    let key = session::key(&args.key)?;
    let mut options = GetOptions::new();
    if let Some(version) = &args.version {
        options = options.version(input::version(version));
    }
    if args.include_expired {
        options = options.include_expired();
    }
    let manager = session::open(global, Create::Never)?;
    let secret = manager
        .get_with(&key, options)?
        .ok_or_else(|| session::missing(&key, args.version.as_deref()))?;
    match &args.out {
        Some(path) => output::value_to_file(path, secret.value.expose()),
        None => output::value(secret.value.expose()),
    }
}
