//! `strongroom generate`

use clap::Args;
use strongroom::backend::SetOutcome;
use strongroom::blocking::SecretManager;
use strongroom::{Error, ErrorKind, GenerateSpec, Secret, SecretKey, SecretMetadata, SecretValue, SetOptions};

use crate::args::{Global, MetadataArgs};
use crate::commands::{tell_made, written};
use crate::failure::Failure;
use crate::session;
use crate::{input, output};

const EXAMPLES: &str = "\
Examples:
  strongroom generate DB_PASSWORD                a password of 32 characters
  strongroom generate SESSION_KEY --base64 32    32 random bytes as text
  strongroom generate DB_PASSWORD --force        a new one; the former stays readable";

/// What the verb takes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct GenerateArgs {
    /// The key, `[kind/id/]name[@target]`
    #[arg(add = crate::completion::keys())]
    pub(crate) key: String,
    /// N random bytes as they are
    #[arg(long, value_name = "N", group = "form")]
    pub(crate) bytes: Option<usize>,
    /// N random bytes as hexadecimal text
    #[arg(long, value_name = "N", group = "form")]
    pub(crate) hex: Option<usize>,
    /// N random bytes as url-safe base64 text
    #[arg(long, value_name = "N", group = "form")]
    pub(crate) base64: Option<usize>,
    /// A password of N characters; without any of these, one of 32
    #[arg(long, value_name = "N", group = "form")]
    pub(crate) password: Option<usize>,
    /// Only letters and digits in the password
    #[arg(long, conflicts_with_all = ["bytes", "hex", "base64"])]
    pub(crate) no_symbols: bool,
    #[command(flatten)]
    pub(crate) metadata: MetadataArgs,
    /// Replace the secret where there is one; its former version stays readable
    #[arg(long)]
    pub(crate) force: bool,
    /// Write the new value to stdout
    #[arg(long)]
    pub(crate) print: bool,
}

/// The length of a password where none is given.
const PASSWORD: usize = 32;

/// Sets a secret to a new random value. Shows nothing of it unless asked to.
pub(crate) fn run(global: &Global, args: &GenerateArgs) -> Result<(), Failure> {
    let key = session::key(&args.key)?;
    let metadata = input::metadata(&args.metadata)?;
    metadata.check()?;
    let secret = Secret::new(spec(args).generate()?).with_metadata(metadata);
    let (manager, made) = session::open_or_make(global)?;
    tell_made(global, &manager, made)?;
    // Told apart by the write itself, so that of several processes one creates and no value is lost unnoticed.
    let created = match manager.set_with(&key, &secret, SetOptions::new().if_absent()) {
        Ok(outcome) => outcome,
        Err(error) if error.kind() == ErrorKind::Conflict && args.force => replace(&manager, &key, &secret)?,
        Err(error) if error.kind() == ErrorKind::Conflict => {
            return Err(error
                .with_help("give `--force` to replace it; the former version stays readable")
                .into());
        }
        Err(error) => return Err(error.into()),
    };
    if args.print {
        output::value(secret.value.expose())?;
    }
    output::notice(global, &written(&key, &created));
    Ok(())
}

/// Rotates: what is known about the secret stays, unless the arguments say it anew.
fn replace(manager: &SecretManager, key: &SecretKey, secret: &Secret) -> Result<SetOutcome, Error> {
    if secret.metadata == SecretMetadata::new() {
        manager.rotate(key, SecretValue::copy_of(secret.value.expose()))
    } else {
        manager.set(key, secret)
    }
}

fn spec(args: &GenerateArgs) -> GenerateSpec {
    match (args.bytes, args.hex, args.base64) {
        (Some(length), _, _) => GenerateSpec::bytes(length),
        (_, Some(length), _) => GenerateSpec::hex(length),
        (_, _, Some(length)) => GenerateSpec::base64(length),
        _ => {
            let spec = GenerateSpec::password(args.password.unwrap_or(PASSWORD));
            if args.no_symbols { spec.without_symbols() } else { spec }
        }
    }
}
