//! The project's file of configuration: on the way up from the working directory.

use std::path::{Path, PathBuf};

use strongroom::{Error, ErrorKind};

/// What it may be called.
pub(crate) const NAMES: [&str; 4] = [
    "strongroom.toml",
    ".strongroom.toml",
    "strongroom.json",
    ".strongroom.json",
];

/// Files of a project that are there and are not even looked into.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) error: Error,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        refused.error
    }
}

/// The nearest one, if any. The way ends at the root of a repository, at the home folder, and at a folder in which
/// others could put such a file: one of another user, or one that everybody can write to. The group may write: the file
/// must be the user's own or root's anyway.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] where a folder has two; [`ErrorKind::InsecurePath`] where one lies in a folder in which
/// others could have put it: passed over in silence it would leave a secret where its project does not look.
pub(crate) fn find() -> Result<Option<PathBuf>, Refused> {
    let Ok(start) = std::env::current_dir() else {
        return Ok(None);
    };
    find_from(&start, home().as_deref())
}

fn find_from(start: &Path, home: Option<&Path>) -> Result<Option<PathBuf>, Refused> {
    for folder in start.ancestors() {
        let is_ours = is_ours(folder);
        let mut there = NAMES
            .map(|name| folder.join(name))
            .into_iter()
            .filter(|path| is_there(path));
        match (there.next(), there.next()) {
            (Some(one), Some(other)) => {
                let message = format!(
                    "there are two configurations of the project, `{}` and `{}`; remove one of them",
                    one.display(),
                    other.display()
                );
                return Err(Refused {
                    paths: vec![one, other],
                    error: Error::new(ErrorKind::InvalidConfig, message),
                });
            }
            (Some(one), None) if is_ours => return Ok(Some(one)),
            (Some(one), None) => {
                let message = format!(
                    "`{}` lies in a folder that belongs to another user or that everybody can write to",
                    one.display()
                );
                return Err(Refused {
                    paths: vec![one],
                    error: Error::new(ErrorKind::InsecurePath, message).with_help(
                        "run `chmod o-w` on the folder if it is yours, or pass the file over with `--no-project`",
                    ),
                });
            }
            _ => {}
        }
        if !is_ours || is_there(&folder.join(".git")) || home == Some(folder) {
            break;
        }
    }
    Ok(None)
}

/// A link counts as there: it is refused, and not passed over.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn home() -> Option<PathBuf> {
    let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let home = PathBuf::from(crate::session::variable(name)?);
    home.canonicalize().ok()
}

#[cfg(unix)]
fn is_ours(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let us = rustix::process::geteuid().as_raw();
    folder
        .metadata()
        .is_ok_and(|found| (found.uid() == us || found.uid() == 0) && found.mode() & 0o002 == 0)
}

#[cfg(not(unix))]
fn is_ours(folder: &Path) -> bool {
    folder.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_found_up_to_the_root_of_the_repository() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        let deep = root.join("repository/a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(root.join("strongroom.toml"), "").unwrap();
        let found = || find_from(&deep, None).unwrap();
        assert_eq!(found(), Some(root.join("strongroom.toml")));
        assert_eq!(
            find_from(&deep, Some(&root.join("repository"))).unwrap(),
            None,
            "not above the home folder"
        );
        std::fs::create_dir(root.join("repository/.git")).unwrap();
        assert_eq!(found(), None, "not above the repository");
        std::fs::write(root.join("repository/.strongroom.json"), "").unwrap();
        assert_eq!(found(), Some(root.join("repository/.strongroom.json")));
        std::fs::write(deep.join("strongroom.json"), "").unwrap();
        assert_eq!(found(), Some(deep.join("strongroom.json")));
        std::fs::write(deep.join("strongroom.toml"), "").unwrap();
        let error = find_from(&deep, None).unwrap_err().error;
        assert!(error.to_string().contains("strongroom.json") && error.to_string().contains("strongroom.toml"));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_everybody_can_write_to_ends_the_way() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let open = place.path().join("open");
        let below = open.join("below");
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(open.join("strongroom.toml"), "").unwrap();
        assert!(find_from(&below, None).unwrap().is_some());
        std::fs::set_permissions(&open, PermissionsExt::from_mode(0o1777)).unwrap();
        // Passed over in silence, the secret would land elsewhere.
        let error = find_from(&below, None).unwrap_err().error;
        assert_eq!(error.kind(), ErrorKind::InsecurePath);
        assert!(error.to_string().contains("open/strongroom.toml"), "{error}");
        std::fs::remove_file(open.join("strongroom.toml")).unwrap();
        std::fs::write(place.path().join("strongroom.toml"), "").unwrap();
        assert_eq!(find_from(&below, None).unwrap(), None);
        // What only the group can write to does not.
        std::fs::set_permissions(&open, PermissionsExt::from_mode(0o775)).unwrap();
        assert!(find_from(&below, None).unwrap().is_some());
    }
}
