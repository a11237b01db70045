//! `strongroom fernet`: keys and tokens, without any backend. Values and tokens come from stdin and go to stdout.

use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use strongroom::fernet::{FernetKey, FernetKeys, KEYS_VARIABLE, MAX_TOKEN};
use strongroom::{Error, ErrorKind};
use zeroize::Zeroizing;

use crate::args::Global;
use crate::failure::{Failure, local};
use crate::input::{self, Source};
use crate::output;

/// What can be done with keys and tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum FernetCommand {
    /// Make a key
    Generate(GenerateArgs),
    /// Make a token of the value on stdin
    Encrypt(EncryptArgs),
    /// Write the exact bytes that the token on stdin holds
    Decrypt(DecryptArgs),
    /// Make the tokens on stdin, one a line, anew with the first key; their times stay
    Rotate(KeyArgs),
}

#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    /// Write to this new file, readable by you alone, instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Where the keys come from.
#[derive(Args, Debug)]
pub(crate) struct KeyArgs {
    /// Read the keys, `new,old`, from this file of yours alone; else they are in FERNET_SECRET_KEY
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct EncryptArgs {
    #[command(flatten)]
    keys: KeyArgs,
    /// Keep a newline at the end of stdin (one is dropped otherwise)
    #[arg(long)]
    raw: bool,
    /// Accept an empty value
    #[arg(long)]
    allow_empty: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DecryptArgs {
    #[command(flatten)]
    keys: KeyArgs,
    /// Refuse a token that is older: a number of seconds, or `90d`, `12h`, `30m`, `45s`, `2w`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    ttl: Option<String>,
}

/// Runs the verb. Everything that can be wrong with arguments and keys is told before stdin is read.
pub(crate) fn run(global: &Global, command: &FernetCommand) -> Result<(), Failure> {
    match command {
        FernetCommand::Generate(args) => generate(global, args.out.as_deref()),
        FernetCommand::Encrypt(args) => encrypt(args),
        FernetCommand::Decrypt(args) => decrypt(args),
        FernetCommand::Rotate(args) => rotate(&keys(args)?),
    }
}

fn generate(global: &Global, out: Option<&Path>) -> Result<(), Failure> {
    let text = FernetKey::generate()?.to_text();
    let mut line = Zeroizing::new(Vec::with_capacity(text.len() + 1));
    line.extend_from_slice(text.expose());
    line.push(b'\n');
    let Some(path) = out else {
        return output::bytes(&line);
    };
    if path.symlink_metadata().is_ok() {
        // What is in the way may be the only key of many tokens.
        return Err(
            Error::new(ErrorKind::Conflict, format!("`{}` exists already", path.display()))
                .with_help("choose another path, or move the existing file away")
                .into(),
        );
    }
    output::value_to_file(path, &line)?;
    output::notice(global, &format!("wrote a new key to {}", path.display()));
    Ok(())
}

fn encrypt(args: &EncryptArgs) -> Result<(), Failure> {
    let keys = keys(&args.keys)?;
    let (file, raw) = (None, args.raw);
    let value = input::value("the token", &Source { file, raw })?;
    input::check_empty(&value, args.allow_empty)?;
    output::bytes(format!("{}\n", keys.encrypt(value.expose())?).as_bytes())
}

fn decrypt(args: &DecryptArgs) -> Result<(), Failure> {
    let ttl = args.ttl.as_deref().map(ttl).transpose()?;
    let keys = keys(&args.keys)?;
    let mut token = Vec::new();
    let mut stdin = io::stdin().lock().take(LONGEST_FOLDED);
    stdin.read_to_end(&mut token).map_err(|error| unreadable(&error))?;
    // Mail and terminals break it into lines; no token has a blank, and Python's reader passes over them.
    token.retain(|byte| !byte.is_ascii_whitespace());
    output::value(keys.decrypt(token, ttl)?.expose())
}

/// All tokens or none: half a file must not be taken for a whole one.
fn rotate(keys: &FernetKeys) -> Result<(), Failure> {
    let mut stdin = io::stdin().lock();
    let mut rotated = String::new();
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let mut limited = stdin.by_ref().take(LONGEST_LINE);
        if limited
            .read_until(b'\n', &mut line)
            .map_err(|error| unreadable(&error))?
            == 0
        {
            break;
        }
        if !line.trim_ascii().is_empty() {
            let token = keys.rotate(&line).map_err(|error| {
                let message = format!("line {number}: {}", error.message());
                Error::new(error.kind(), message).with_help(error.help())
            })?;
            rotated.push_str(&token);
        }
        rotated.push('\n');
    }
    if rotated.trim().is_empty() {
        return Err(Error::new(ErrorKind::InvalidValue, "there is no token on stdin")
            .with_help("pipe the tokens in, one a line")
            .into());
    }
    output::bytes(rotated.as_bytes())
}

/// A token of the longest value with its line end, and one more to find that it is longer.
const LONGEST_LINE: u64 = MAX_TOKEN as u64 + 3;

/// The same in lines of 16 characters or more.
const LONGEST_FOLDED: u64 = LONGEST_LINE + LONGEST_LINE / 8;

fn keys(args: &KeyArgs) -> Result<FernetKeys, Error> {
    if let Some(path) = &args.key_file {
        return FernetKeys::from_file(path);
    }
    FernetKeys::from_environment()?.ok_or_else(|| {
        Error::new(
            ErrorKind::KeyMissing,
            format!("there is no Fernet key: {KEYS_VARIABLE} is not set"),
        )
        .with_help("set it or give `--key-file`; `strongroom fernet generate` makes a key")
    })
}

fn ttl(text: &str) -> Result<Duration, Failure> {
    let seconds = || {
        text.parse()
            .ok()
            .filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    input::span(text)
        .or_else(|| seconds().map(Duration::from_secs))
        .ok_or_else(|| {
            Failure::usage(
                "`--ttl` is no time span",
                "write it as a number of seconds, or as `90d`, `12h`, `30m`, `45s` or `2w`",
            )
        })
}

fn unreadable(error: &io::Error) -> Error {
    local(error, "cannot read stdin")
}
