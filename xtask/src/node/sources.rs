//! The Rust sources that the package carries, so that cargo builds the native half where there is no package of it: our
//! two crates, in a workspace of their own with our profiles and the versions of our lock file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::PACKAGE;
use crate::Outcome;
use crate::run::{cargo, files, quiet, read, root};

/// The crates: where they are, and where they go.
const CRATES: [(&str, &str); 2] = [("core", "strongroom"), (PACKAGE, "strongroom-node")];
const WORKSPACE: &str = "\
[workspace]
resolver = \"3\"
members = [\"strongroom\", \"strongroom-node\"]

";

/// A file of the package: where it goes, and what is in it.
pub(super) type File = (PathBuf, Vec<u8>);

/// All but the lock file.
pub(super) fn all() -> Outcome<Vec<File>> {
    let mut sources = vec![
        (PathBuf::from("Cargo.toml"), workspace()?.into_bytes()),
        (PathBuf::from(".cargo/config.toml"), settings()?.into_bytes()),
    ];
    for (from, to) in CRATES {
        let (from, to) = (root().join(from), Path::new(to));
        sources.push((to.join("Cargo.toml"), manifest(&from)?.into_bytes()));
        let build = from.join("build.rs");
        let mut code = files(&from.join("src"))?;
        code.extend(build.exists().then_some(build));
        for file in code.iter().filter(|file| !is_test(file)) {
            let name = to.join(file.strip_prefix(&from).unwrap_or(file));
            sources.push((name, read(file)?.into_bytes()));
        }
    }
    Ok(sources)
}

/// Leaves in a copy of our lock file only what the sources in the folder need.
pub(super) fn prune_lock(folder: &Path) -> Outcome {
    let lock = folder.join("Cargo.lock");
    // Cargo removes what nothing needs, and changes nothing else.
    let prune = |words: &[&str]| {
        let mut metadata = cargo(["metadata", "--format-version=1"]);
        quiet(metadata.args(words).current_dir(folder)).map(|_| ())
    };
    prune(&["--offline"]).or_else(|_| prune(&[]))?;
    let (ours, pruned) = (read(&root().join("Cargo.lock"))?, read(&lock)?);
    let ours: BTreeSet<_> = locked(&ours).collect();
    match locked(&pruned).find(|package| !ours.contains(package)) {
        Some((name, version, _)) => Err(format!("{} has {name} {version}, ours has not", lock.display())),
        None => Ok(()),
    }
}

/// Name, version and checksum of every package of a lock file.
fn locked(lock: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    lock.split("[[package]]\n").skip(1).map(|package| {
        let field = |name: &str| {
            let mut lines = package.lines();
            lines
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))
                .unwrap_or_default()
        };
        (field("name"), field("version"), field("checksum"))
    })
}

/// Our workspace with these crates alone.
fn workspace() -> Outcome<String> {
    let text = read(&root().join("Cargo.toml"))?;
    let kept = without_tables(&text, &["[workspace]", "[profile.bench]", "[profile.dev]"]);
    let path = |folder: &str| format!("{{ path = \"{folder}\",");
    let [(from, to), _] = CRATES;
    if !kept.contains(&path(from)) {
        return Err(format!("Cargo.toml does not say that the core is in the folder {from}"));
    }
    Ok(WORKSPACE.to_owned() + kept.replace(&path(from), &path(to)).trim_start())
}

/// A crate's manifest without what only its tests need.
fn manifest(folder: &Path) -> Outcome<String> {
    let text = read(&folder.join("Cargo.toml"))?;
    Ok(without_tables(&text, &["[dev-dependencies]", "[[bench]]", "[[test]]"]))
}

/// What cargo sets for builds here, but for what is another binding's.
fn settings() -> Outcome<String> {
    let text = read(&root().join(".cargo/config.toml"))?;
    Ok(without_entry(&without_tables(&text, &["[alias]"]), "PYO3_NO_PYTHON"))
}

/// A TOML text without the tables that begin with these lines, and the comments above them.
fn without_tables(text: &str, headers: &[&str]) -> String {
    let mut kept = String::new();
    let mut above = String::new();
    let mut is_kept = true;
    for line in text.split_inclusive('\n') {
        if line.starts_with('#') || line.trim().is_empty() {
            above.push_str(line);
            continue;
        }
        let was_kept = is_kept;
        if line.starts_with('[') {
            is_kept = !headers.contains(&line.trim_end());
            // Comments within a table that ends here are rare, and none of those that are left out has one.
            if is_kept {
                kept.push_str(&above);
            }
        } else if was_kept {
            kept.push_str(&above);
        }
        above.clear();
        if is_kept {
            kept.push_str(line);
        }
    }
    kept
}

/// A TOML text without an entry of one line, and the comments above it.
fn without_entry(text: &str, key: &str) -> String {
    let mut kept = String::new();
    let mut above = String::new();
    for line in text.split_inclusive('\n') {
        above.push_str(line);
        if !line.starts_with('#') {
            let is_it = line.split('=').next().is_some_and(|name| name.trim_end() == key);
            if !is_it {
                kept.push_str(&above);
            }
            above.clear();
        }
    }
    kept
}

/// Whether a file is compiled for tests only: `tests.rs`, and what lies in a folder `tests`.
fn is_test(file: &Path) -> bool {
    let in_folder = |path: &Path| path.components().any(|part| part.as_os_str() == "tests");
    file.file_name().is_some_and(|name| name == "tests.rs")
        || file
            .strip_prefix(root())
            .is_ok_and(|path| path.parent().is_some_and(in_folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_entries_are_left_out() {
        let text = "# one\n[a]\n# of b\nb = 1\n# of c\nc = 2\n\n# two\n[d]\ne = 3\n\n[f]\ng = 4\n";
        assert_eq!(
            without_tables(text, &["[d]"]),
            text.replace("\n# two\n[d]\ne = 3\n", "")
        );
        assert_eq!(without_tables(text, &["[a]", "[f]"]), "\n# two\n[d]\ne = 3\n");
        assert_eq!(without_entry(text, "b"), text.replace("# of b\nb = 1\n", ""));
    }

    #[test]
    fn sources_are_those_of_two_crates_without_tests() {
        let sources = all().unwrap();
        let has = |name: &str| sources.iter().any(|(path, _)| path == Path::new(name));
        assert!(has("strongroom/src/lib.rs") && has("strongroom-node/build.rs"));
        assert!(!has("strongroom/src/store/tests.rs"));
        let text = |name: &str| {
            let found = sources.iter().find(|(path, _)| path == Path::new(name));
            String::from_utf8(found.unwrap().1.clone()).unwrap()
        };
        let workspace = text("Cargo.toml");
        assert!(workspace.contains("[profile.release.package.\"*\"]") && !workspace.contains("xtask"));
        assert!(!text("strongroom/Cargo.toml").contains("proptest"));
        let settings = text(".cargo/config.toml");
        assert!(settings.contains("LIBSQLITE3_FLAGS") && !settings.contains("PYO3") && !settings.contains("alias"));
    }

    #[test]
    fn packages_of_a_lock_file_are_read() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1\"\nchecksum = \"c\"\n\n[[package]]\nname = \"b\"\nversion = \"2\"\n";
        let found: Vec<_> = locked(lock).collect();
        assert_eq!(found, [("\"a\"", "\"1\"", "\"c\""), ("\"b\"", "\"2\"", "")]);
    }
}
