//! `strongroom generate`

use strongroom::{Error, ErrorKind, GenerateSpec};

use crate::args::{GenerateArgs, Global};
use crate::failure::Failure;
use crate::session::{self, Create};
use crate::{input, output};

/// The length of a password where none is given.
const PASSWORD: u32 = 32;

/// Sets a secret to a new random value. Shows nothing of it unless asked to.
pub(crate) fn run(global: &Global, args: &GenerateArgs) -> Result<(), Failure> {
    let key = session::key(&args.key)?;
    let metadata = input::metadata(&args.metadata)?;
    metadata.check()?;
    let manager = session::open(global, Create::IfAbsent)?;
    let exists = manager.exists(&key)?;
    if exists && !args.force {
        return Err(
            Error::new(ErrorKind::Conflict, "there is a secret of this name already")
                .with_key(&key)
                .with_help("give `--force` to replace it; the former version stays readable")
                .into(),
        );
    }
    let spec = spec(args).with_metadata(metadata);
    let value = if exists {
        manager.rotate(&key, spec)?;
        None
    } else {
        Some(manager.get_or_generate(&key, &spec)?)
    };
    if args.print {
        let secret = match value {
            Some(secret) => secret,
            None => manager.get(&key)?.ok_or_else(|| session::missing(&key, None))?,
        };
        output::value(secret.value.expose())?;
    }
    manager.close()?;
    output::notice(
        global,
        &format!("{} {key}", if exists { "replaced" } else { "created" }),
    );
    Ok(())
}

fn spec(args: &GenerateArgs) -> GenerateSpec {
    match (args.bytes, args.hex, args.base64) {
        (Some(length), _, _) => GenerateSpec::bytes(length as usize),
        (_, Some(length), _) => GenerateSpec::hex(length as usize),
        (_, _, Some(length)) => GenerateSpec::base64(length as usize),
        _ => {
            let spec = GenerateSpec::password(args.password.unwrap_or(PASSWORD) as usize);
            if args.no_symbols { spec.without_symbols() } else { spec }
        }
    }
}
