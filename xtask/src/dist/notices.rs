//! The licences of what is inside the libraries, as their texts ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::Outcome;
use crate::run::{cargo, files, read, shown};

/// Beginnings of the names of files that are licences.
const NAMES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];
const RULER: &str = "────────────────────────────────────────────────────────────────────────────────";

/// The page of the library that this package of ours is: every package with its licence, then every text with the packages that have it.
pub(crate) fn page(library: &str) -> Outcome<String> {
    let mut packages = Vec::new();
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let linked = linked(library)?;
    let answer = said(cargo(["metadata", "--format-version=1", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&answer).map_err(|error| format!("cargo metadata: {error}"))?;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let field = |name: &str| package[name].as_str().unwrap_or_default();
        let name = format!("{} {}", field("name"), field("version"));
        // What has no source is ours.
        if !linked.contains(&name) || package["source"].is_null() {
            continue;
        }
        packages.push(format!("{name}: {}", field("license")));
        let folder = Path::new(field("manifest_path")).parent().unwrap_or(Path::new(""));
        for file in files(folder)?.iter().filter(|file| is_licence(file)) {
            // A file with a name in another encoding or of another kind is no licence text.
            if let Ok(text) = read(file) {
                texts.entry(text.trim().to_owned()).or_default().insert(name.clone());
            }
        }
    }
    if packages.is_empty() {
        return Err("no package is in the library, which cannot be".to_owned());
    }
    packages.sort();
    let mut page = format!(
        "Strongroom's libraries contain the following. SQLite (in libsqlite3-sys) is in the public domain. Rust's own\n\
         library is MIT OR Apache-2.0, copyright The Rust Project contributors.\n\n{}\n",
        packages.join("\n")
    );
    for (text, owners) in texts {
        let owners: Vec<_> = owners.into_iter().collect();
        page.push_str(&format!("\n{RULER}\n{}\n{RULER}\n\n{text}\n", owners.join(", ")));
    }
    Ok(page)
}

/// Names and versions of what is linked into a library.
fn linked(library: &str) -> Outcome<BTreeSet<String>> {
    let mut tree = cargo([
        "tree",
        "--package",
        library,
        "--edges=normal,no-proc-macro",
        "--locked",
        "--offline",
    ]);
    tree.args([
        "--no-default-features",
        "--features=full",
        "--prefix=none",
        "--format={p}",
    ]);
    let lines = said(tree)?;
    let package = |line: &str| {
        let mut words = line.split(' ');
        Some(format!("{} {}", words.next()?, words.next()?.strip_prefix('v')?))
    };
    Ok(lines.lines().filter_map(package).collect())
}

fn is_licence(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
    // Not `license.rs`.
    NAMES.iter().any(|start| name.starts_with(start)) && !name.ends_with(".RS") && !name.ends_with(".PY")
}

fn said(mut command: Command) -> Outcome<String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot run {}: {error}", shown(&command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} failed: {}", shown(&command), reason.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_is_named_with_its_licence() {
        let page = page("strongroom-ffi").unwrap();
        for wanted in [
            "libsqlite3-sys ",
            "aws-lc-sys ",
            "Apache License",
            "THE SOFTWARE IS PROVIDED",
        ] {
            assert!(page.contains(wanted), "{wanted}");
        }
        // Tools of the build are not in the libraries.
        assert!(!page.contains("cbindgen"));
    }
}
