//! `strongroom set`

use strongroom::SetOptions;

use crate::args::{Global, SetArgs};
use crate::commands::{tell_made, written};
use crate::failure::Failure;
use crate::session;
use crate::{input, output};

/// Sets a secret. Everything that can be wrong with the arguments is told before a person is asked for a value.
pub(crate) fn run(global: &Global, args: &SetArgs) -> Result<(), Failure> {
    let key = session::key(&args.key)?;
    let metadata = input::metadata(&args.metadata)?;
    metadata.check()?;
    let secret = strongroom::Secret::new(input::value(args)?).with_metadata(metadata);
    let mut options = SetOptions::new();
    if args.if_absent {
        options = options.if_absent();
    }
    if let Some(version) = &args.if_version {
        options = options.if_version(input::version(version));
    }
    let (manager, made) = session::open_or_make(global)?;
    tell_made(global, &manager, made)?;
    let outcome = manager.set_with(&key, &secret, options)?;
    output::notice(global, &written(&key, &outcome));
    Ok(())
}
