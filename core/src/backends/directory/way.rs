//! The way to a key's file: every folder that a name is looked up in, through whatever links.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::error::Result;
use crate::sys::files::{insecure, io_error};
use crate::sys::mounted::{Stamp, check_folder, stamp};

/// As many links as a path may lead through; Linux allows no more.
const LINKS: usize = 40;

/// Where a way ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// At something that is there.
    Whole,
    /// In a folder, by this path, that did not hold the next part; its state before that was looked up, where that can be
    /// relied on.
    Missing(PathBuf, Option<Stamp>),
    /// At a link to what is not there.
    Dangling(PathBuf),
    /// Outside the folder.
    Leaves,
}

/// Goes from `folder` to `relative` below it, link by link.
///
/// # Errors
/// [`ErrorKind::InsecurePath`](crate::ErrorKind::InsecurePath) naming a folder on the way that anyone may write to: who
/// can, decides what the name leads to. What looking at the folders answers.
pub(super) fn walk(folder: &Path, relative: &Path) -> Result<Way> {
    // What is still to be looked up, and whether it stands in the key's path or in a link.
    let mut ahead: VecDeque<(OsString, bool)> = VecDeque::new();
    // The folders from `folder` to where we are, without links.
    let mut at: Vec<OsString> = Vec::new();
    let (mut links, mut link) = (0, PathBuf::new());
    // The part of the key's path that was gone through.
    let mut named = folder.to_owned();
    for part in relative {
        ahead.push_back((part.to_owned(), true));
    }
    while let Some((part, is_own)) = ahead.pop_front() {
        if part == ".." {
            if at.pop().is_none() {
                return Ok(Way::Leaves);
            }
            continue;
        }
        let here = folder.join(at.iter().collect::<PathBuf>());
        let missing = |state: Option<Stamp>| {
            Ok(match is_own {
                true => Way::Missing(named.clone(), state),
                false => Way::Dangling(link.clone()),
            })
        };
        let (state, is_settled) = match check_folder(&here) {
            Ok(found) => stamp(&found),
            Err(error) => match std::fs::metadata(&here) {
                Ok(found) if !found.is_dir() => return missing(None),
                Err(gone) if gone.kind() == ErrorKind::NotFound => return missing(None),
                _ => return Err(error),
            },
        };
        let path = here.join(&part);
        let found = match std::fs::symlink_metadata(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return missing(is_settled.then_some(state)),
            Err(error) if error.kind() == ErrorKind::NotADirectory => return missing(None),
            Err(error) => return Err(io_error(&error, "look at", &path)),
        };
        if is_own {
            named.push(&part);
        }
        if !found.is_symlink() {
            at.push(part);
            continue;
        }
        links += 1;
        if links > LINKS {
            return Err(insecure(&path, "leads through too many links"));
        }
        let target = std::fs::read_link(&path).map_err(|error| io_error(&error, "read the link", &path))?;
        if is_own {
            link.clone_from(&named);
        }
        for component in target.components().rev() {
            match component {
                Component::Normal(part) => ahead.push_front((part.to_owned(), false)),
                Component::ParentDir => ahead.push_front(("..".into(), false)),
                Component::CurDir => {}
                Component::RootDir | Component::Prefix(_) => return Ok(Way::Leaves),
            }
        }
    }
    Ok(Way::Whole)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_way_ends_where_the_next_part_is_looked_up() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path();
        std::fs::create_dir_all(folder.join("real/acme")).unwrap();
        std::fs::write(folder.join("real/acme/k"), "v").unwrap();
        std::fs::write(folder.join("file"), "v").unwrap();
        symlink("real", folder.join("org")).unwrap();
        symlink("../org/acme/k", folder.join("real/k")).unwrap();
        symlink("nothing", folder.join("real/dangling")).unwrap();
        symlink("round", folder.join("round")).unwrap();
        let walk = |path: &str| walk(folder, Path::new(path));
        for whole in ["file", "real/acme/k", "org/acme/k", "org/k", "org/acme/../k"] {
            assert_eq!(walk(whole).unwrap(), Way::Whole, "{whole}");
        }
        for (path, parent) in [
            ("none", ""),
            ("none/below/k", ""),
            ("real/none/k", "real"),
            // By the name that may lead elsewhere later.
            ("org/none", "org"),
            ("org/acme/none", "org/acme"),
        ] {
            match walk(path).unwrap() {
                Way::Missing(found, _) => assert_eq!(found, folder.join(parent), "{path}"),
                other => panic!("{path}: {other:?}"),
            }
        }
        assert!(matches!(walk("file/below").unwrap(), Way::Missing(_, None)));
        for dangling in ["org/dangling", "org/dangling/below"] {
            assert_eq!(walk(dangling).unwrap(), Way::Dangling(folder.join("org/dangling")));
        }
        assert_eq!(walk("org/../..").unwrap(), Way::Leaves);
        assert!(walk("round").is_err());
    }
}
