//! Who owns a path, and who else could touch it.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::Result;
use crate::sys::files::{FileId, insecure, io_error, shown};

/// The identity that a look at a file gave.
pub(crate) fn id_of(found: &Metadata) -> FileId {
    FileId {
        device: found.dev(),
        inode: found.ino(),
    }
}

/// See [`files::file_id`](crate::sys::files::file_id).
pub(crate) fn file_id(path: &Path) -> io::Result<Option<FileId>> {
    match std::fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(id_of(&found))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// See [`files::check_private_file`](crate::sys::files::check_private_file).
pub(crate) fn check_private_file(path: &Path) -> Result<FileId> {
    let found = std::fs::symlink_metadata(path).map_err(|error| io_error(&error, "look at", path))?;
    check_private(path, &found)?;
    check_single_name(path, &found)?;
    Ok(id_of(&found))
}

/// Refuses a second name. None at all is one that was replaced a moment ago.
pub(crate) fn check_single_name(path: &Path, found: &Metadata) -> Result<()> {
    if found.nlink() > 1 {
        // A second name may lie where others can write, or be the victim of someone who planted this one.
        return Err(insecure(
            path,
            format_args!(
                "has {} names (hard links); remove the other names, or copy the file",
                found.nlink()
            ),
        ));
    }
    Ok(())
}

/// A regular file of ours or of root without any permission for group and others.
pub(crate) fn check_private(path: &Path, found: &Metadata) -> Result<()> {
    check_regular(path, found)?;
    check_owner(path, found)?;
    let mode = found.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(insecure(
            path,
            format_args!("is open to others (mode {mode:04o}); run `chmod 600 {}`", shown(path)),
        ));
    }
    Ok(())
}

/// A regular file of ours or of root that not everybody can write to. Answers whether it is private as well.
pub(crate) fn check_document(path: &Path, found: &Metadata) -> Result<bool> {
    check_regular(path, found)?;
    check_owner(path, found)?;
    let mode = found.mode() & 0o7777;
    if mode & 0o002 != 0 {
        return Err(insecure(
            path,
            format_args!(
                "can be written by everybody (mode {mode:04o}); run `chmod o-w {}`",
                shown(path)
            ),
        ));
    }
    Ok(mode & 0o077 == 0)
}

/// A regular file that not everybody can read and nobody but its owner can write; of ours or of root where everybody can
/// make files.
pub(crate) fn check_handed(path: &Path, found: &Metadata) -> Result<()> {
    check_regular(path, found)?;
    let mode = found.mode() & 0o7777;
    if mode & 0o026 != 0 {
        return Err(insecure(
            path,
            format_args!(
                "can be read by everybody or written by others (mode {mode:04o}); run `chmod g-w,o-rw {}`",
                shown(path)
            ),
        ));
    }
    let target = std::fs::canonicalize(path).map_err(|error| io_error(&error, "find", path))?;
    let folder = target.parent().unwrap_or(&target);
    let folder = std::fs::metadata(folder).map_err(|error| io_error(&error, "look at the folder of", path))?;
    match folder.mode() & 0o1002 {
        0o1002 => check_owner(path, found),
        _ => Ok(()),
    }
}

/// A regular file, no link.
pub(crate) fn check_regular(path: &Path, found: &Metadata) -> Result<()> {
    let kind = found.file_type();
    if kind.is_symlink() {
        return Err(insecure(path, "is a symbolic link; name the file that it points to"));
    }
    if kind.is_dir() {
        return Err(insecure(
            path,
            "is a folder where a file is expected; name a file in it",
        ));
    }
    if !kind.is_file() {
        return Err(insecure(path, "is not a regular file; name a regular file"));
    }
    Ok(())
}

/// A folder in which nobody but its owner (ours or root) can replace or remove what belongs to us.
pub(crate) fn check_folder(path: &Path) -> Result<()> {
    let found = std::fs::metadata(path).map_err(|error| io_error(&error, "look at the folder", path))?;
    if !found.is_dir() {
        return Err(insecure(
            path,
            "is a file where a folder is expected; name another folder",
        ));
    }
    check_owner(path, &found)?;
    let mode = found.mode() & 0o7777;
    if mode & 0o022 != 0 && mode & 0o1000 == 0 {
        return Err(insecure(
            path,
            format_args!(
                "is a folder that others can write to (mode {mode:04o}); run `chmod go-w {}`",
                shown(path)
            ),
        ));
    }
    Ok(())
}

pub(crate) fn check_owner(path: &Path, found: &Metadata) -> Result<()> {
    let us = rustix::process::geteuid().as_raw();
    if found.uid() != us && found.uid() != 0 {
        return Err(insecure(
            path,
            format_args!(
                "belongs to user {}; run `chown {us} {}`, or name another path",
                found.uid(),
                shown(path)
            ),
        ));
    }
    Ok(())
}

/// See [`files::fs_is_network`](crate::sys::files::fs_is_network).
#[cfg(target_os = "linux")]
pub(crate) fn fs_is_network(path: &Path) -> bool {
    // The numbers of linux/magic.h and of file systems outside the kernel. FUSE counts: sshfs, s3fs and their like are
    // networks, and none of them promises shared memory.
    const REMOTE: [u32; 18] = [
        0x6969,      // nfs
        0x517b,      // smb
        0xff53_4d42, // cifs
        0xfe53_4d42, // smb2
        0x6573_5546, // fuse
        0x0102_1997, // 9p
        0x5346_414f, // afs (OpenAFS)
        0x6b41_4653, // afs (kernel)
        0x00c3_6400, // ceph
        0x7375_7245, // coda
        0x0000_564c, // ncp
        0x7461_636f, // ocfs2
        0x0116_1970, // gfs2
        0x0bd0_0bd0, // lustre
        0x1983_0326, // beegfs
        0x786f_4256, // vboxsf
        0xbacb_acbc, // vmhgfs
        0x4750_4653, // gpfs
    ];
    path.ancestors()
        .map(|at| if at.as_os_str().is_empty() { Path::new(".") } else { at })
        .find_map(|at| rustix::fs::statfs(at).ok())
        .is_some_and(|found| REMOTE.contains(&(found.f_type as u32)))
}

/// See [`files::fs_is_network`](crate::sys::files::fs_is_network). Told by a flag on macOS, which is asked where the
/// port needs it; until then the answer is no.
#[cfg(not(target_os = "linux"))]
pub(crate) fn fs_is_network(_path: &Path) -> bool {
    false
}
