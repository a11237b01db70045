//! What a command writes: values, notices, tables.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use strongroom::SecretMetadata;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::args::{Format, Global};
use crate::failure::{Failure, local};
use crate::terminal::printable;

/// Writes a value's exact bytes to stdout, and a newline where a person looks at it.
pub(crate) fn value(value: &[u8]) -> Result<(), Failure> {
    bytes(value)?;
    if io::stdout().is_terminal() {
        bytes(b"\n")?;
    }
    Ok(())
}

/// Writes to stdout: past the standard library's buffer, which would keep a copy of values and never wipe it, and which
/// takes a stdout that cannot be written to for one that swallows everything.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        #[cfg(unix)]
        let stdout = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?;
        #[cfg(windows)]
        let stdout = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?;
        File::from(stdout).write_all(bytes)
    };
    write().map_err(Failure::Stdout)
}

/// Writes a value's exact bytes to a file of the caller's alone: all of them or none, in place of what was there.
pub(crate) fn value_to_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let what = format!("cannot write `{}`", path.display());
    let write = || {
        // Not a link either: `/dev/stdout` is one, and root could replace it.
        if fs::symlink_metadata(path).is_ok_and(|present| !present.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let temporary = beside(path);
        let outcome = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
        if outcome.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        outcome?;
        sync_folder(path)
    };
    write().map_err(|error| local(&error, &what).into())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    let _ = path;
    Ok(())
}

/// Tells on stderr what was done.
pub(crate) fn notice(global: &Global, text: &str) {
    if !global.quiet {
        let _ = io::stderr().write_all(format!("{}\n", printable(text)).as_bytes());
    }
}

/// The format, where none was asked for: for people on a terminal, else for programs.
pub(crate) fn format_or_default(format: Option<Format>) -> Format {
    match format {
        Some(format) => format,
        None if io::stdout().is_terminal() => Format::Table,
        None => Format::Plain,
    }
}

/// Writes rows, as a table with its heading (where it has one) or plain. They may hold values.
pub(crate) fn rows(format: Format, heading: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
    let shown = |row: &mut dyn Iterator<Item = &str>| row.map(printable).collect::<Vec<_>>();
    let mut cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| shown(&mut row.iter().map(String::as_str)))
        .collect();
    let mut page = String::new();
    if format == Format::Table && !rows.is_empty() {
        if !heading.is_empty() {
            cells.insert(0, shown(&mut heading.iter().copied()));
        }
        let columns = cells.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            cells
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
        };
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for row in &cells {
            let padded: Vec<_> = row
                .iter()
                .zip(&widths)
                .map(|(cell, &width)| format!("{cell:width$}"))
                .collect();
            page.push_str(padded.join("  ").trim_end());
            page.push('\n');
        }
    } else {
        for row in &cells {
            page.push_str(&row.join("\t"));
            page.push('\n');
        }
    }
    bytes(page.as_bytes())
}

/// The metadata as JSON; what is not known is left out.
pub(crate) fn metadata_json(metadata: &SecretMetadata) -> serde_json::Map<String, Value> {
    let mut map = serde_json::Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            map.insert(name.to_owned(), value);
        }
    };
    put(
        "version",
        metadata.version.as_ref().map(|version| json!(version.as_str())),
    );
    put("provider", metadata.provider.as_ref().map(|provider| json!(provider)));
    put("scope_of_use", metadata.scope_of_use.as_ref().map(|scope| json!(scope)));
    put("labels", (!metadata.labels.is_empty()).then(|| json!(metadata.labels)));
    put("created_at", metadata.created_at.map(|at| json!(exact_time(at))));
    put("updated_at", metadata.updated_at.map(|at| json!(exact_time(at))));
    put("expires_at", metadata.expires_at.map(|at| json!(exact_time(at))));
    map
}

/// A point in time for programs.
pub(crate) fn exact_time(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_else(|_| "-".to_owned())
}

/// A point in time for people, to the second.
pub(crate) fn short_time(at: Option<OffsetDateTime>) -> String {
    at.and_then(|at| at.replace_nanosecond(0).ok())
        .map_or_else(|| "-".to_owned(), exact_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_belongs_to_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value");
        fs::write(&path, "something longer that was there").unwrap();
        value_to_file(&path, b"new\0").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new\0");
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(value_to_file(folder.path(), b"new").is_err());
        assert!(value_to_file(&folder.path().join("no/such/folder"), b"new").is_err());
    }
}
