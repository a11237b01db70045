//! Files below a folder, whose links do not lead out of it.

use std::fs::File;
use std::io;
use std::path::Path;

use super::system;

/// How often a file that a link names is looked for while the links are being swapped.
const ATTEMPTS: usize = 4;

/// What a name in a folder leads to.
#[derive(Debug)]
pub(crate) enum Found {
    /// Something that could be opened; not yet known to be a file.
    Opened(File),
    Absent,
    /// A link leads out of the folder.
    Leaves,
}

/// Opens `relative` below `folder` for reading. Links are followed as long as they stay in the folder. Neither a pipe nor
/// a device holds the caller up. Where the links are swapped meanwhile, it is the old or the new file.
pub(crate) fn open_beneath(folder: &Path, relative: &Path) -> io::Result<Found> {
    #[cfg(target_os = "linux")]
    if let Some(outcome) = linux::open_beneath(folder, relative) {
        return outcome;
    }
    open_by_name(folder, relative)
}

/// The same by names, for systems whose kernel does not do it: the path is resolved, compared and opened. Whoever could
/// change it in between may write in the folder, which is refused elsewhere.
fn open_by_name(folder: &Path, relative: &Path) -> io::Result<Found> {
    let folder = std::fs::canonicalize(folder)?;
    let path = folder.join(relative);
    for _ in 0..ATTEMPTS {
        let opened = std::fs::canonicalize(&path).and_then(|resolved| match resolved.starts_with(&folder) {
            true => system::open(&resolved, false).map(Found::Opened),
            false => Ok(Found::Leaves),
        });
        match opened {
            Err(error) if is_absent(&error) && !is_named(&path) => return Ok(Found::Absent),
            Err(error) if is_absent(&error) => {}
            outcome => return outcome,
        }
    }
    Ok(Found::Absent)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Whether there is a link or a file of this name: then what it led to went away while it was looked for, or is not
/// there at all.
fn is_named(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::path::Path;

    use rustix::fs::{Mode, OFlags, ResolveFlags};
    use rustix::io::Errno;

    use super::super::system;
    use super::{ATTEMPTS, Found, is_named};

    /// `None` where the kernel (or the sandbox that we run in) does not know how.
    pub(super) fn open_beneath(folder: &Path, relative: &Path) -> Option<io::Result<Found>> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = match rustix::fs::open(folder, flags, Mode::empty()) {
            Ok(root) => root,
            Err(error) => return Some(Err(error.into())),
        };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        for _ in 0..ATTEMPTS {
            match rustix::fs::openat2(&root, relative, system::READING, Mode::empty(), resolve) {
                Ok(fd) => return Some(Ok(Found::Opened(fd.into()))),
                Err(Errno::NOENT | Errno::NOTDIR) if !is_named(&folder.join(relative)) => {
                    return Some(Ok(Found::Absent));
                }
                Err(Errno::NOENT | Errno::NOTDIR | Errno::AGAIN) => {}
                Err(Errno::XDEV) => return Some(Ok(Found::Leaves)),
                Err(Errno::NOSYS | Errno::PERM) => return None,
                Err(error) => return Some(Err(error.into())),
            }
        }
        Some(Ok(Found::Absent))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn content(found: Found) -> io::Result<String> {
        match found {
            Found::Opened(mut file) => {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                Ok(text)
            }
            other => Ok(format!("{other:?}")),
        }
    }

    #[test]
    fn by_kernel_and_by_name_links_are_followed_inside_the_folder_and_not_out_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("secrets");
        std::fs::create_dir_all(folder.join("..one")).unwrap();
        std::fs::write(dir.path().join("outside"), "outside").unwrap();
        std::fs::write(folder.join("..one/a"), "inside").unwrap();
        symlink("..one", folder.join("..data")).unwrap();
        symlink("..data/a", folder.join("a")).unwrap();
        symlink("../outside", folder.join("up")).unwrap();
        symlink(dir.path().join("outside"), folder.join("absolute")).unwrap();
        symlink("..", folder.join("parent")).unwrap();
        symlink("nowhere", folder.join("dangling")).unwrap();
        symlink("loop", folder.join("loop")).unwrap();
        for open in [open_beneath, open_by_name] {
            let read = |name: &str| open(&folder, Path::new(name)).and_then(content).unwrap();
            assert_eq!(read("a"), "inside");
            for out in ["up", "absolute", "parent/outside", "../outside"] {
                assert_eq!(read(out), "Leaves", "{out}");
            }
            for absent in ["dangling", "none", "a/below"] {
                assert_eq!(read(absent), "Absent", "{absent}");
            }
            assert!(open(&folder, Path::new("loop")).is_err());
            assert!(open(&dir.path().join("gone"), Path::new("a")).is_err());
        }
    }

    /// A swap as Kubernetes does it: a new folder, `..data` renamed onto the old link, the old folder removed.
    #[test]
    fn a_file_is_found_while_its_links_are_swapped() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path();
        symlink("..data/a", folder.join("a")).unwrap();
        let swap = |round: usize| {
            let (new, link) = (folder.join(format!("..{round}")), folder.join("..tmp"));
            std::fs::create_dir(&new).unwrap();
            std::fs::write(new.join("a"), "inside").unwrap();
            symlink(format!("..{round}"), &link).unwrap();
            std::fs::rename(&link, folder.join("..data")).unwrap();
            if round > 0 {
                let old = folder.join(format!("..{}", round - 1));
                std::fs::remove_file(old.join("a")).unwrap();
                std::fs::remove_dir(old).unwrap();
            }
        };
        swap(0);
        let mut round = 0;
        for open in [open_beneath, open_by_name] {
            // No swap before a reading has ended since the last one, so that no reading meets more than two.
            let readings = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                let (readings, swap, round) = (&readings, &swap, &mut round);
                let swapping = scope.spawn(move || {
                    for _ in 0..300 {
                        let before = readings.load(Ordering::SeqCst);
                        *round += 1;
                        swap(*round);
                        while readings.load(Ordering::SeqCst) == before {
                            std::thread::yield_now();
                        }
                    }
                });
                let mut wrong = Vec::new();
                while !swapping.is_finished() {
                    let found = open(folder, Path::new("a")).and_then(content).unwrap_or_default();
                    wrong.extend((found != "inside").then_some(found));
                    readings.fetch_add(1, Ordering::SeqCst);
                }
                assert!(wrong.is_empty(), "{wrong:?}");
            });
        }
    }
}
