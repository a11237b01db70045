//! `cargo xtask header`: include/strongroom.h and include/strongroom.symbols, written from ffi/src.

use std::fs;
use std::path::{Path, PathBuf};

use cbindgen::{Builder, Config};

use crate::Outcome;
use crate::exports::{self, Sources};
use crate::run::{read, root};

/// Where headers are.
pub(crate) const INCLUDE: &str = "include";
/// What C programs include.
const HEADER: &str = "include/strongroom.h";
/// What the libraries export, one name a line.
pub(crate) const SYMBOLS: &str = "include/strongroom.symbols";
const CONFIG: &str = "ffi/cbindgen.toml";
/// The order for a reader: what a program needs first.
const ORDER: [&str; 32] = [
    "library",
    "options",
    "manager",
    "manager/read",
    "manager/resolve",
    "manager/write",
    "manager/remove",
    "manager/batch",
    "manager/explain",
    "manager/transfer",
    "manager/copy",
    "manager/admin",
    "manager/watch",
    "call",
    "transfer",
    "cancel",
    "secret",
    "metadata",
    "written",
    "batch",
    "list",
    "explanation",
    "transferred",
    "report",
    "subscription",
    "change",
    "generate",
    "fernet",
    "keys",
    "error",
    "status",
    "log",
];
/// The header's first comment.
const CONVENTIONS: &str = "ffi/header.txt";

/// Writes both files.
pub(crate) fn write() -> Outcome {
    for (path, text) in files()? {
        fs::write(root().join(path), text).map_err(|error| format!("cannot write {path}: {error}"))?;
    }
    Ok(())
}

/// Whether both files are what the sources say.
pub(crate) fn compare() -> Outcome {
    for (path, text) in files()? {
        if read(&root().join(path)).ok().as_deref() != Some(text.as_str()) {
            return Err(format!("{path} is not what ffi/src says; run `cargo xtask header`"));
        }
    }
    Ok(())
}

fn files() -> Outcome<[(&'static str, String); 2]> {
    let sources = exports::sources()?;
    let mut symbols = sources.symbols().join("\n");
    symbols.push('\n');
    Ok([(HEADER, header(&sources)?), (SYMBOLS, symbols)])
}

fn header(sources: &Sources) -> Outcome<String> {
    let mut config =
        Config::from_file(root().join(CONFIG)).map_err(|error| format!("cannot read {CONFIG}: {error}"))?;
    config.header = Some(read(&root().join(CONVENTIONS))?.trim_end().to_owned());
    config.export.exclude.extend(sources.testing_items.iter().cloned());
    let types = sources.types.iter().map(|name| (name, type_name(name)));
    let constants = sources.constants.iter().map(|name| (name, constant_name(name)));
    for (name, name_in_c) in types.chain(constants) {
        // Exceptions from the rule stand in the configuration.
        config.export.rename.entry(name.clone()).or_insert(name_in_c);
    }
    let renamed = config.export.rename.clone();
    let mut files = sources.files.clone();
    files.sort_by_key(|file| place(file));
    let flat = flat(&files)?;
    let mut builder = Builder::new().with_config(config);
    for at in 0..files.len() {
        builder = builder.with_src(flat.path().join(format!("{at}.rs")));
    }
    let bindings = builder
        .generate()
        .map_err(|error| format!("cannot write {HEADER}: {error}"))?;
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    let mut text = String::from_utf8(bytes).map_err(|error| format!("{HEADER} is no text: {error}"))?;
    for name in sources.enums.iter().filter_map(|name| renamed.get(name)) {
        // cbindgen makes the names of the values from the C name of their type; the `_t` of that is no part of them.
        let prefix = name.to_uppercase();
        text = text.replace(&format!("{prefix}_"), &format!("{}_", prefix.trim_end_matches("_T")));
    }
    // Some compilers on Windows read a header in the code page of the machine.
    text = text.replace('…', "...");
    for file in &files {
        let mut exports = sources.exports.iter();
        let first = exports.find(|export| export.file == *file && !export.is_testing);
        let found = first.and_then(|first| {
            text.find(&format!(" {}(", first.name))
                .or(text.find(&format!("*{}(", first.name)))
        });
        // Above the comment of the file's first function.
        if let Some(at) = found.and_then(|at| text[..at].rfind("\n/*\n")) {
            text.insert_str(at, &format!("\n/* ---- {} ---- */\n", name(file).replace('/', ": ")));
        }
    }
    Ok(text)
}

/// Copies of the files in one folder, where none is found as a module of another: cbindgen follows modules in their own
/// order, which rustfmt makes that of the alphabet, and into those that only tests have.
fn flat(files: &[PathBuf]) -> Outcome<tempfile::TempDir> {
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    for (at, file) in files.iter().enumerate() {
        let copied = fs::copy(file, folder.path().join(format!("{at}.rs")));
        copied.map_err(|error| format!("cannot copy {}: {error}", file.display()))?;
    }
    Ok(folder)
}

/// Where a file's functions stand in the header; files that are not named come last, in the order of their modules.
fn place(file: &Path) -> usize {
    let name = name(file);
    ORDER.iter().position(|&file| file == name).unwrap_or(ORDER.len())
}

/// `manager/read` for ffi/src/manager/read.rs, `manager` for ffi/src/manager/mod.rs.
fn name(file: &Path) -> String {
    let inside = file
        .strip_prefix(root().join("ffi/src"))
        .unwrap_or(file)
        .with_extension("");
    let module = if inside.ends_with("mod") {
        inside.parent().unwrap_or(&inside)
    } else {
        &inside
    };
    module.to_string_lossy().into_owned()
}

/// `SecretCallback` is `strongroom_secret_callback_t` in C.
fn type_name(name: &str) -> String {
    let mut text = String::from("strongroom");
    for letter in name.chars() {
        if letter.is_uppercase() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text.push_str("_t");
    text
}

/// `ITEM_EXPIRED` is `STRONGROOM_ITEM_EXPIRED` in C.
fn constant_name(name: &str) -> String {
    format!("STRONGROOM_{}", name.trim_start_matches("STRONGROOM_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_have_names_of_c() {
        assert_eq!(type_name("SecretCallback"), "strongroom_secret_callback_t");
        assert_eq!(type_name("Manager"), "strongroom_manager_t");
        assert_eq!(constant_name("ITEM_EXPIRED"), "STRONGROOM_ITEM_EXPIRED");
    }
}
