//! The files and folders of the backend that is chosen; of a chain, those of its members.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use strongroom::{ErrorKind, locations};

use super::finding::Finding;
use super::setup::{Setup, is_store};
use crate::session::PLAIN;

/// The endings of files beside a store that something left there.
const LEFT_BEHIND: &[&str] = &[".corrupt.", ".tmp"];

pub(super) fn findings(setup: &Setup) -> Vec<Finding> {
    let of = |word: &str| match word {
        word if is_store(word) => encrypted(setup, word),
        PLAIN => plain(setup),
        "directory" => mounted(setup),
        _ => Vec::new(),
    };
    setup.backends().into_iter().flat_map(of).collect()
}

fn encrypted(setup: &Setup, word: &str) -> Vec<Finding> {
    let (app, settings) = (&setup.app, setup.settings());
    let store = match locations::store_file(app, settings) {
        Ok(store) => store,
        Err(error) => return vec![Finding::error("store", &error)],
    };
    let mut findings = vec![file(
        "store",
        &store,
        "`strongroom init`, or setting a secret, makes it",
    )];
    // Each reads its own: the variable of Fernet opens nothing of the other.
    let stated = match word {
        "encrypted" => "encrypted.key",
        _ => "local_encrypted.key",
    };
    if settings.is_set(stated) {
        findings.push(Finding::ok("key", format!("from {}", settings.origin(stated))));
    } else if word != "encrypted" {
        findings.push(Finding::fail(
            "key",
            ErrorKind::KeyMissing,
            "nobody states the key: neither `local_encrypted.key` nor the variable FERNET_SECRET_KEY is set",
            "set FERNET_SECRET_KEY; `strongroom fernet generate` makes a new key",
        ));
    } else if let Some(descriptor) = settings.text("encrypted.key_fd") {
        findings.push(Finding::ok("key", format!("from the file descriptor {descriptor}")));
    } else {
        match locations::key_file(app, settings) {
            Ok(key) => {
                findings.push(key_file(&key, store.exists()));
                findings.extend(folder("key folder", &key));
            }
            Err(error) => findings.push(Finding::error("key", &error)),
        }
    }
    findings.extend(folder("store folder", &store));
    findings.extend(left_behind(&store));
    findings
}

fn plain(setup: &Setup) -> Vec<Finding> {
    let path = match locations::plain_file(&setup.app, setup.settings()) {
        Ok(path) => path,
        Err(error) => return vec![Finding::error("store", &error)],
    };
    let mut findings = vec![file("store", &path, "setting a secret makes it")];
    findings.extend(folder("store folder", &path));
    findings.extend(left_behind(&path));
    findings
}

/// The folder that something else fills. Everyone may read it, as far as this command knows; who can write it decides
/// what the secrets are.
fn mounted(setup: &Setup) -> Vec<Finding> {
    let folder = match locations::secrets_folder(setup.settings()) {
        Ok(folder) => folder,
        Err(error) => return vec![Finding::error("folder", &error)],
    };
    let shown = folder.display();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let help = "mount the secrets there, or state `directory.path`";
            return vec![Finding::warn("folder", format!("{shown} is not there"), help)];
        }
        Err(error) => return vec![unreadable("folder", &folder, &error)],
    };
    let mut open: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .chain([folder.clone()])
        .filter(|path| others_can_write(path))
        .collect();
    open.sort();
    vec![match open.first() {
        None => Finding::ok("folder", format!("{shown}; nobody else can write it")),
        Some(first) => Finding::warn(
            "folder",
            format!(
                "others can write {} of its files or itself, such as {}",
                open.len(),
                first.display()
            ),
            format!("chmod -R go-w '{shown}': whoever can write them decides what the secrets are"),
        ),
    }]
}

/// Whether others than the owner can change what stands there; of a link, where it leads to.
fn others_can_write(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).is_ok_and(|found| found.mode() & 0o022 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// A file that need not be there yet.
fn file(check: &'static str, path: &Path, absent: &str) -> Finding {
    match fs::symlink_metadata(path) {
        Ok(found) => of_its_owner_alone(check, path, &found)
            .unwrap_or_else(|| Finding::ok(check, format!("{}, {} bytes", path.display(), found.len()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Finding::warn(check, format!("{} is not there yet", path.display()), absent)
        }
        Err(error) => unreadable(check, path, &error),
    }
}

/// A key file may be missing only while there is no store that needs it.
fn key_file(path: &Path, store_is_there: bool) -> Finding {
    match fs::symlink_metadata(path) {
        Ok(found) => {
            of_its_owner_alone("key", path, &found).unwrap_or_else(|| Finding::ok("key", path.display().to_string()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && store_is_there => Finding::fail(
            "key",
            ErrorKind::KeyMissing,
            format!(
                "{} is not there, and the store cannot be read without it",
                path.display()
            ),
            "bring it back from a backup, or state the key by `encrypted.key`, `key_file` or `key_fd`; a new one opens nothing",
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Finding::ok("key", format!("{} will be made with the store", path.display()))
        }
        Err(error) => unreadable("key", path, &error),
    }
}

/// What is wrong with a file that should belong to this user alone.
fn of_its_owner_alone(check: &'static str, path: &Path, found: &fs::Metadata) -> Option<Finding> {
    let fail = |what: &str, help: String| {
        Some(Finding::fail(
            check,
            ErrorKind::InsecurePath,
            format!("{} {what}", path.display()),
            help,
        ))
    };
    if found.is_symlink() {
        return fail("is a link", "put the file itself there".to_owned());
    }
    if !found.is_file() {
        return fail("is no file", "move it away, or choose another path".to_owned());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if found.uid() != rustix::process::geteuid().as_raw() {
            return fail(
                "belongs to another user",
                format!("chown it, or run as user {}", found.uid()),
            );
        }
        if found.mode() & 0o077 != 0 {
            return fail(
                &format!("is open to others (mode {:03o})", found.mode() & 0o777),
                format!("chmod 600 '{}'", path.display()),
            );
        }
    }
    None
}

fn unreadable(check: &'static str, path: &Path, error: &io::Error) -> Finding {
    Finding::fail(
        check,
        ErrorKind::PermissionDenied,
        format!("{} cannot be looked at: {}", path.display(), error.kind()),
        "correct the permissions of its folders",
    )
}

/// The folder of a file, or the nearest one above it that is there: whether it can be written, and by whom else.
fn folder(check: &'static str, file: &Path) -> Option<Finding> {
    let found = file.ancestors().skip(1).find_map(|folder| {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        Some((folder, fs::metadata(folder).ok()?))
    });
    let (folder, metadata) = found?;
    let shown = folder.display();
    if !metadata.is_dir() {
        return Some(Finding::fail(
            check,
            ErrorKind::InsecurePath,
            format!("{shown} is no folder"),
            "move it away, or choose another path",
        ));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let (mode, owner) = (metadata.mode(), metadata.uid());
        // A sticky folder, such as `/tmp`, keeps others from replacing what is not theirs.
        if mode & 0o022 != 0 && mode & 0o1000 == 0 {
            return Some(Finding::warn(
                check,
                format!("others can write {shown} (mode {:03o})", mode & 0o777),
                format!("chmod go-w '{shown}'"),
            ));
        }
        if owner != rustix::process::geteuid().as_raw() && owner != 0 {
            return Some(Finding::warn(
                check,
                format!("{shown} belongs to user {owner}"),
                "use a folder of your own",
            ));
        }
        if let Err(error) = rustix::fs::accessat(
            rustix::fs::CWD,
            folder,
            rustix::fs::Access::WRITE_OK,
            rustix::fs::AtFlags::EACCESS,
        ) {
            let what = format!("{shown} cannot be written: {}", io::Error::from(error).kind());
            let help = "correct its permissions or its mount; nothing can be stored otherwise";
            // What is there already can perhaps be read all the same; opening it tells.
            return Some(match fs::symlink_metadata(file) {
                Ok(_) => Finding::warn(check, what, help),
                Err(_) => Finding::fail(check, ErrorKind::PermissionDenied, what, help),
            });
        }
    }
    Some(Finding::ok(check, format!("{shown} is writable")))
}

/// Files beside the store that a crash or damage left.
fn left_behind(store: &Path) -> Option<Finding> {
    let name = store.file_name()?.to_str()?;
    let mut left: Vec<PathBuf> = fs::read_dir(store.parent()?)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let found = path.file_name().and_then(|found| found.to_str()).unwrap_or_default();
            found.contains(name) && found != name && LEFT_BEHIND.iter().any(|mark| found.contains(mark))
        })
        .collect();
    left.sort();
    let first = left.first()?;
    Some(Finding::warn(
        "left behind",
        format!("{} file(s) beside the store, such as {}", left.len(), first.display()),
        "look whether something in them is still needed, then remove them: they may hold secrets",
    ))
}
