//! Which files of projects this user trusts: their paths, each with a hash of what stood in it then, and of the variables
//! that it names. Any change of either voids it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use strongroom::ConfigRole;

use crate::failure::{Failure, local};

/// The application of the record: it is the command's own, whatever application it works for.
const APP: &str = "strongroom";
/// The shape of the record.
const SCHEMA: u64 = 1;
/// The longest record that is read.
const LONGEST: u64 = 8 << 20;

/// What is trusted: for the project's file and the variables that it names their hashes, by the words of their roles.
pub(crate) type Entry = Map<String, Value>;

/// Takes what was read into an entry; nothing where the file is not there.
pub(crate) fn note(entry: &mut Entry, role: ConfigRole, bytes: Option<&[u8]>) {
    entry.insert(role.word().to_owned(), json!(bytes.map(hash)));
}

/// Whether a person trusts what was read for this project's file.
pub(crate) fn is_trusted(path: &Path, role: ConfigRole, bytes: Option<&[u8]>) -> bool {
    // A record that cannot be read trusts nothing.
    let known = || {
        let trusted = read(&record().ok()?).ok()?;
        Some(*trusted.get(&name(path)?)?.get(role.word())? == json!(bytes.map(hash)))
    };
    known().unwrap_or(false)
}

/// From now on this is trusted in this file.
pub(crate) fn trust(path: &Path, entry: Entry) -> Result<(), Failure> {
    change(path, |trusted, name| {
        trusted.insert(name, Value::Object(entry)).is_none()
    })
    .map(drop)
}

/// From now on this file is not trusted. Whether it was.
pub(crate) fn revoke(path: &Path) -> Result<bool, Failure> {
    change(path, |trusted, name| trusted.remove(&name).is_some())
}

fn change(path: &Path, change: impl FnOnce(&mut Map<String, Value>, String) -> bool) -> Result<bool, Failure> {
    let record = record()?;
    let shown = |what: &str| format!("cannot {what} `{}`", record.display());
    let name = name(path).ok_or_else(|| {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        local(&missing, &format!("cannot find `{}`", path.display()))
    })?;
    let mut trusted = read(&record).map_err(|error| local(&error, &shown("read")))?;
    let outcome = change(&mut trusted, name);
    let text = format!("{:#}\n", json!({ "schema": SCHEMA, "trusted": trusted }));
    if let Some(folder) = record.parent() {
        make(folder).map_err(|error| local(&error, &shown("make the folder of")))?;
    }
    crate::output::value_to_file(&record, text.as_bytes())?;
    Ok(outcome)
}

fn record() -> strongroom::Result<PathBuf> {
    Ok(strongroom::locations::state_folder(APP)?.join("trusted.json"))
}

/// The file's own name: every link on the way resolved.
fn name(path: &Path) -> Option<String> {
    path.canonicalize().ok()?.into_os_string().into_string().ok()
}

/// What a text is recognised by: its SHA-256.
fn hash(text: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is trusted; nothing where there is no record.
fn read(record: &Path) -> io::Result<Map<String, Value>> {
    let found = match fs::symlink_metadata(record) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(error) => return Err(error),
    };
    if !found.is_file() || found.len() > LONGEST || !is_private(&found) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let document: Value = serde_json::from_slice(&fs::read(record)?)?;
    match document {
        Value::Object(mut document) if document.get("schema") == Some(&json!(SCHEMA)) => {
            match document.remove("trusted") {
                Some(Value::Object(trusted)) => Ok(trusted),
                _ => Err(io::ErrorKind::InvalidData.into()),
            }
        }
        _ => Err(io::ErrorKind::InvalidData.into()),
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
