//! Which files of projects this user trusts: their paths, each with a hash of what stood in it then, and of the variables
//! that it names. Any change of either voids it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Once;

use serde_json::{Map, Value, json};

use strongroom::{ConfigRole, Error, ErrorKind};

use crate::events;
use crate::failure::{Failure, local};
use crate::output;

/// The application of the record: it is the command's own, whatever application it works for.
const APP: &str = "strongroom";
/// The shape of the record.
const SCHEMA: u64 = 1;
/// The longest record that is read.
const LONGEST: u64 = 8 << 20;
/// What to do about a record that is not as it should be.
const AMENDS: &str = "run `chmod 600` on it, or remove it and run `strongroom config trust` in each project again";

/// What is trusted: for the project's file and the variables that it names their hashes, by the words of their roles.
pub(crate) type Entry = Map<String, Value>;

/// Takes what was read into an entry; nothing where the file is not there.
pub(crate) fn note(entry: &mut Entry, role: ConfigRole, bytes: Option<&[u8]>) {
    entry.insert(role.word().to_owned(), json!(bytes.map(hash)));
}

/// Whether a person trusts what was read for this project's file.
pub(crate) fn is_trusted(path: &Path, role: ConfigRole, bytes: Option<&[u8]>) -> bool {
    let trusted = record().and_then(|record| read(&record)).unwrap_or_else(|error| {
        // It trusts nothing, and whoever has trusted the project wonders why. A command may ask more than once.
        static TOLD: Once = Once::new();
        TOLD.call_once(|| events::warn(error.message()));
        Map::new()
    });
    let entry = name(path).and_then(|name| trusted.get(&name)?.get(role.word()).cloned());
    entry == Some(json!(bytes.map(hash)))
}

/// From now on this is trusted in this file.
///
/// # Errors
/// Where the file is not there, or as [`read`] and what writing says.
pub(crate) fn trust(path: &Path, entry: Entry) -> Result<(), Failure> {
    let name = name(path).ok_or_else(|| {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        local(&missing, &format!("cannot find `{}`", path.display()))
    })?;
    change(|trusted| trusted.insert(name, Value::Object(entry)).is_none()).map(drop)
}

/// From now on this file is not trusted. Whether it was. It need not be there any more.
///
/// # Errors
/// As [`read`] and what writing says.
pub(crate) fn revoke(path: &Path) -> Result<bool, Failure> {
    change(|trusted| {
        former_names(path)
            .iter()
            .filter(|name| trusted.remove(name.as_str()).is_some())
            .count()
            > 0
    })
}

/// Reads the record, changes it and writes it, while nobody else does.
fn change(change: impl FnOnce(&mut Map<String, Value>) -> bool) -> Result<bool, Failure> {
    let record = record()?;
    let failed = |error: io::Error| local(&error, &format!("cannot change `{}`", record.display()));
    if let Some(folder) = record.parent() {
        make(folder).map_err(failed)?;
    }
    // Beside the record, which is replaced. The lock ends with the file's handle.
    let lock = private()
        .create(true)
        .truncate(false)
        .open(record.with_extension("lock"))
        .map_err(failed)?;
    lock.lock().map_err(failed)?;
    let mut trusted = read(&record)?;
    let outcome = change(&mut trusted);
    let text = format!("{:#}\n", json!({ "schema": SCHEMA, "trusted": trusted }));
    output::value_to_file(&record, text.as_bytes())?;
    drop(lock);
    Ok(outcome)
}

fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn record() -> strongroom::Result<PathBuf> {
    Ok(strongroom::locations::state_folder(APP)?.join("trusted.json"))
}

/// The file's own name: every link on the way resolved.
fn name(path: &Path) -> Option<String> {
    path.canonicalize().ok()?.into_os_string().into_string().ok()
}

/// What the file may be called in the record: its own name, the one that it had in its folder, and the text as given.
fn former_names(path: &Path) -> Vec<String> {
    let whole = std::path::absolute(path).ok();
    let in_folder = whole
        .as_deref()
        .and_then(|whole| Some(whole.parent()?.canonicalize().ok()?.join(whole.file_name()?)));
    let paths = [in_folder, whole.clone(), Some(path.to_owned())];
    let texts = paths.into_iter().flatten();
    let texts = texts.filter_map(|path| path.into_os_string().into_string().ok());
    name(path).into_iter().chain(texts).collect()
}

/// What a text is recognised by: its SHA-256.
fn hash(text: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is trusted; nothing where there is no record.
///
/// # Errors
/// [`ErrorKind::InsecurePath`] where others can touch the record, [`ErrorKind::InvalidConfig`] where it is none, else
/// what the system says.
fn read(record: &Path) -> strongroom::Result<Map<String, Value>> {
    let shown = record.display();
    let failed = |error: io::Error| local(&error, &format!("cannot read `{shown}`"));
    let found = match fs::symlink_metadata(record) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(error) => return Err(failed(error)),
    };
    if !found.is_file() || !is_private(&found) {
        let message = format!(
            "the record of trusted projects must be a file of yours that nobody else can touch; where you know what \
             is in it, run `chmod 600 {shown}`, else remove it and trust your projects anew"
        );
        return Err(Error::new(ErrorKind::InsecurePath, message).with_help(AMENDS));
    }
    let broken = || {
        let message = format!(
            "`{shown}` is no record of trusted projects of this version; remove it and trust your projects anew"
        );
        Error::new(ErrorKind::InvalidConfig, message).with_help(AMENDS)
    };
    if found.len() > LONGEST {
        return Err(broken());
    }
    let text = fs::read(record).map_err(failed)?;
    match serde_json::from_slice(&text) {
        Ok(Value::Object(mut document)) if document.get("schema") == Some(&json!(SCHEMA)) => {
            match document.remove("trusted") {
                Some(Value::Object(trusted)) => Ok(trusted),
                _ => Err(broken()),
            }
        }
        _ => Err(broken()),
    }
}

#[cfg(unix)]
fn is_private(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_found: &fs::Metadata) -> bool {
    true
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
