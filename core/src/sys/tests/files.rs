use std::io::{Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use super::super::files::*;
use super::{again, place, role};
use crate::error::ErrorKind;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn private(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    set_mode(path, 0o600);
}

#[test]
fn a_file_that_was_handed_over_may_be_anothers_but_not_where_everybody_makes_files() {
    let dir = folder();
    let path = dir.path().join("token");
    assert!(read_handed_file(&path, 100).unwrap().is_none());
    private(&path, b"secret");
    assert!(read_handed_file(dir.path(), 100).is_err(), "a folder");
    let error = read_handed_file(&path, 5).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    if let Err(error) = std::os::unix::fs::chown(&path, Some(65534), None) {
        println!("skipped: giving a file away takes root ({error})");
        return;
    }
    set_mode(&path, 0o640);
    for (folder_mode, is_fine) in [(0o755, true), (0o777, true), (0o1777, false)] {
        set_mode(dir.path(), folder_mode);
        match read_handed_file(&path, 100) {
            Ok(bytes) => assert!(is_fine && bytes.unwrap().as_slice() == b"secret", "{folder_mode:o}"),
            Err(error) => assert!(!is_fine && error.kind() == ErrorKind::InsecurePath, "{folder_mode:o}"),
        }
    }
    // Ours there, and theirs behind a link.
    let (ours, link) = (folder(), dir.path().join("link"));
    std::os::unix::fs::chown(&path, Some(0), None).unwrap();
    assert!(read_handed_file(&path, 100).unwrap().is_some());
    std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
    let link_to_theirs = ours.path().join("link");
    symlink(&path, &link_to_theirs).unwrap();
    assert_eq!(
        read_handed_file(&link_to_theirs, 100).unwrap_err().kind(),
        ErrorKind::InsecurePath
    );
    symlink(dir.path().join("nowhere"), &link).unwrap();
    assert!(read_handed_file(&link, 100).unwrap().is_none());
}

#[test]
fn every_mode_for_others_is_refused() {
    let dir = folder();
    let path = dir.path().join("key");
    private(&path, b"x");
    for bits in 0..0o1000 {
        set_mode(&path, bits);
        let found = check_private_file(&path);
        if bits & 0o077 == 0 {
            found.unwrap();
        } else {
            let error = found.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InsecurePath, "{bits:04o}");
            assert!(error.message().contains("chmod 600"), "{error}");
            assert!(error.message().contains(&format!("{bits:04o}")), "{error}");
            assert_eq!(
                read_private_file(&path, 10).unwrap_err().kind(),
                ErrorKind::InsecurePath
            );
        }
    }
}

#[test]
fn links_folders_pipes_and_second_names_are_refused() {
    let dir = folder();
    let path = dir.path().join("key");
    private(&path, b"secret");
    let id = check_private_file(&path).unwrap();
    assert_eq!(file_id(&path).unwrap(), Some(id));

    let link = dir.path().join("link");
    symlink(&path, &link).unwrap();
    let cases: [(&Path, &str); 2] = [
        (&link, "symbolic link"),
        (dir.path(), "is a folder where a file is expected"),
    ];
    for (wrong, text) in cases {
        for error in [
            check_private_file(wrong).unwrap_err(),
            read_private_file(wrong, 10).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InsecurePath);
            assert!(error.message().contains(text), "{error}");
            assert!(error.message().contains(&*shown(wrong)), "{error}");
        }
    }
    assert_ne!(file_id(&link).unwrap(), Some(id), "the identity is the link's own");

    let pipe = dir.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .args(["-m", "600"])
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    assert!(std::fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    // Would hang for ever if the opening waited for a writer.
    assert_eq!(
        read_private_file(&pipe, 10).unwrap_err().kind(),
        ErrorKind::InsecurePath
    );
    assert_eq!(check_private_file(&pipe).unwrap_err().kind(), ErrorKind::InsecurePath);

    std::fs::hard_link(&path, dir.path().join("second")).unwrap();
    let error = check_private_file(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InsecurePath);
    assert!(error.message().contains("2 names"), "{error}");
}

#[test]
fn missing_files_have_their_own_kinds() {
    let dir = folder();
    let path = dir.path().join("no\u{1b}thing");
    assert_eq!(file_id(&path).unwrap(), None);
    assert_eq!(check_private_file(&path).unwrap_err().kind(), ErrorKind::NotFound);
    let error = read_private_file(&path, 10).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyMissing);
    assert!(
        error.message().contains("thing") && !error.message().contains('\u{1b}'),
        "{error}"
    );
    assert_eq!(
        check_parent(&path.join("deeper")).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        check_parent(Path::new("/")).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
}

#[test]
fn a_folder_that_others_can_write_to_is_refused() {
    let dir = folder();
    let below = dir.path().join("below");
    std::fs::create_dir(&below).unwrap();
    for bits in (0..0o10000).filter(|bits| bits & 0o700 == 0o700) {
        set_mode(&below, bits);
        let found = check_parent(&below.join("store"));
        if bits & 0o022 == 0 || bits & 0o1000 != 0 {
            found.unwrap();
        } else {
            assert_eq!(found.unwrap_err().kind(), ErrorKind::InsecurePath, "{bits:05o}");
        }
    }
    set_mode(&below, 0o700);
    // Links above are resolved, the last component is not.
    let link = dir.path().join("link");
    symlink(&below, &link).unwrap();
    let real = std::fs::canonicalize(&below).unwrap();
    symlink("/etc/passwd", below.join("store")).unwrap();
    assert_eq!(check_parent(&link.join("store")).unwrap(), real.join("store"));
}

#[test]
fn owners_other_than_us_and_root_are_refused() {
    let dir = folder();
    let path = dir.path().join("key");
    private(&path, b"secret");
    if let Err(error) = std::os::unix::fs::chown(&path, Some(65534), Some(65534)) {
        println!("skipped: giving a file away takes root ({error})");
        return;
    }
    for error in [
        check_private_file(&path).unwrap_err(),
        read_private_file(&path, 10).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InsecurePath);
        assert!(error.message().contains("belongs to user 65534"), "{error}");
    }
    let theirs = dir.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    set_mode(&theirs, 0o755);
    std::os::unix::fs::chown(&theirs, Some(65534), Some(65534)).unwrap();
    assert_eq!(
        check_parent(&theirs.join("store")).unwrap_err().kind(),
        ErrorKind::InsecurePath
    );
}

#[test]
fn someone_who_is_not_root() {
    const NAME: &str = "sys::tests::files::someone_who_is_not_root";
    if role().is_some() {
        let dir = place();
        assert_eq!(&**read_private_file(&dir.join("own"), 10).unwrap(), b"mine");
        check_private_file(&dir.join("own")).unwrap();
        check_parent(&dir.join("own")).unwrap();
        // Of root, and private to root: trusted, and not readable.
        check_private_file(&dir.join("roots")).unwrap();
        let error = read_private_file(&dir.join("roots"), 10).unwrap_err();
        assert_eq!(
            (error.kind(), error.foreign_code()),
            (ErrorKind::PermissionDenied, Some(libc::EACCES.into()))
        );
        assert_eq!(
            check_private_file(&dir.join("others")).unwrap_err().kind(),
            ErrorKind::InsecurePath
        );
        let sealed = dir.join("sealed");
        assert_eq!(
            write_private_file_new(&sealed.join("new"), b"x").unwrap_err().kind(),
            ErrorKind::PermissionDenied
        );
        assert_eq!(
            create_private_dir(&sealed.join("a/b")).unwrap_err().kind(),
            ErrorKind::PermissionDenied
        );
        return;
    }
    if !rustix::process::geteuid().is_root() {
        println!("skipped: changing the user takes root");
        return;
    }
    let dir = folder();
    set_mode(dir.path(), 0o755);
    for (name, owner) in [("own", 65534), ("roots", 0), ("others", 1)] {
        let path = dir.path().join(name);
        private(&path, b"mine");
        std::os::unix::fs::chown(&path, Some(owner), Some(owner)).unwrap();
    }
    std::fs::create_dir(dir.path().join("sealed")).unwrap();
    set_mode(&dir.path().join("sealed"), 0o755);
    // The test binary may lie where that user cannot reach it.
    let copy = dir.path().join("binary");
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    set_mode(&copy, 0o755);
    let inner = again(NAME, "nobody", dir.path());
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(&copy)
        .args(inner.get_args());
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap());
    }
    let output = command.current_dir(dir.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn reading_keeps_to_the_limit_and_gives_exact_bytes() {
    let dir = folder();
    let path = dir.path().join("key");
    for size in [0, 1, 31, 32, 33, 4096, 10_000] {
        let bytes: Vec<u8> = (0..size).map(|at| at as u8).collect();
        private(&path, &bytes);
        assert_eq!(**read_private_file(&path, size).unwrap(), bytes);
        assert_eq!(**read_private_file(&path, usize::MAX - 1).unwrap(), bytes);
        if size > 0 {
            assert_eq!(
                read_private_file(&path, size - 1).unwrap_err().kind(),
                ErrorKind::TooLarge
            );
        }
    }
}

#[test]
fn descriptors_are_read_to_their_end() {
    for size in [0_usize, 1, 32, 4095, 4096, 4097, 60_000] {
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        let bytes: Vec<u8> = (0..size).map(|at| (at * 7) as u8).collect();
        let sent = bytes.clone();
        let thread = std::thread::spawn(move || {
            for part in sent.chunks(1000) {
                writer.write_all(part).unwrap();
            }
        });
        assert_eq!(**read_fd(reader.as_raw_fd(), 60_000, soon()).unwrap(), bytes);
        thread.join().unwrap();
        // Still the caller's, still open.
        assert_eq!(std::io::Read::read(&mut reader, &mut [0]).unwrap(), 0);
    }
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&[7; 33]).unwrap();
    file.rewind().unwrap();
    assert_eq!(
        read_fd(file.as_raw_fd(), 32, soon()).unwrap_err().kind(),
        ErrorKind::TooLarge
    );
    for wrong in [-1, 1_000_000] {
        let error = read_fd(wrong, 10, soon()).unwrap_err();
        assert_eq!(
            (error.kind(), error.setting()),
            (ErrorKind::InvalidConfig, Some("encrypted.key_fd"))
        );
    }
    let writing = std::fs::OpenOptions::new().write(true).open("/dev/null").unwrap();
    assert_eq!(
        read_fd(writing.as_raw_fd(), 10, soon()).unwrap_err().kind(),
        ErrorKind::InvalidConfig
    );
}

#[test]
fn new_files_are_private_whole_and_never_replace() {
    let dir = folder();
    let path = dir.path().join("key");
    write_private_file_new(&path, b"first").unwrap();
    assert_eq!((mode(&path), std::fs::read(&path).unwrap()), (0o600, b"first".to_vec()));
    assert_eq!(
        write_private_file_new(&path, b"second").unwrap_err().kind(),
        ErrorKind::Conflict
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"first");
    let dangling = dir.path().join("dangling");
    symlink(dir.path().join("victim"), &dangling).unwrap();
    assert_eq!(
        write_private_file_new(&dangling, b"x").unwrap_err().kind(),
        ErrorKind::Conflict
    );
    assert!(!dir.path().join("victim").exists());
    let names: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "nothing temporary is left: {names:?}");

    let missing = write_private_file_new(&dir.path().join("no/key"), b"x").unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

#[test]
fn one_of_many_writers_wins() {
    let dir = folder();
    let path = dir.path().join("key");
    let wins: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u8)
            .map(|me| {
                let path = &path;
                scope.spawn(move || usize::from(write_private_file_new(path, &[me; 64]).is_ok()))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(wins, 1);
    let found = std::fs::read(&path).unwrap();
    assert!(
        found.len() == 64 && found.iter().all(|byte| *byte == found[0]),
        "whole, of one writer"
    );
}

#[test]
fn publishing_gives_a_name_once() {
    let dir = folder();
    let (temporary, target) = (dir.path().join("temporary"), dir.path().join("target"));
    private(&temporary, b"one");
    assert!(publish(&temporary, &target).unwrap());
    assert!(!temporary.exists());
    private(&temporary, b"two");
    assert!(!publish(&temporary, &target).unwrap());
    assert_eq!(std::fs::read(&temporary).unwrap(), b"two", "left for its maker");
    assert_eq!(std::fs::read(&target).unwrap(), b"one");
    assert_eq!(std::fs::metadata(&target).unwrap().nlink(), 1);
}

#[test]
fn a_replacement_asks_when_all_but_the_renaming_is_done() {
    let dir = folder();
    let (temporary, target) = (dir.path().join("temporary"), dir.path().join("target"));
    private(&target, b"old");
    for answer in [Ok(false), Err(ErrorKind::Cancelled), Ok(true)] {
        let replaced = replace(&target, &temporary, b"new", || {
            assert_eq!(std::fs::read(&temporary).unwrap(), b"new");
            assert_eq!(std::fs::read(&target).unwrap(), b"old");
            answer.map_err(Into::into)
        });
        assert!(!temporary.exists(), "nothing is left over");
        let now = std::fs::read(&target).unwrap();
        match answer {
            Ok(true) => assert!(replaced.unwrap().is_some() && now == b"new"),
            Ok(false) => assert!(replaced.unwrap().is_none() && now == b"old"),
            Err(kind) => assert!(replaced.unwrap_err().kind() == kind && now == b"old"),
        }
    }
}

#[test]
fn folders_are_made_for_their_owner() {
    let dir = folder();
    set_mode(dir.path(), 0o750);
    let deep = dir.path().join("a/b/c");
    create_private_dir(&deep).unwrap();
    for made in [dir.path().join("a"), dir.path().join("a/b"), deep.clone()] {
        assert_eq!(mode(&made), 0o700, "{}", made.display());
    }
    assert_eq!(mode(dir.path()), 0o750, "what was there is left as it is");
    set_mode(&deep, 0o755);
    create_private_dir(&deep).unwrap();
    assert_eq!(mode(&deep), 0o755);
    let file = dir.path().join("file");
    private(&file, b"");
    assert_eq!(create_private_dir(&file).unwrap_err().kind(), ErrorKind::InsecurePath);
}

#[test]
fn errors_of_the_system_have_kinds() {
    let kind = |code| io_error(&std::io::Error::from_raw_os_error(code), "open", Path::new("/x")).kind();
    assert_eq!(kind(libc::EACCES), ErrorKind::PermissionDenied);
    assert_eq!(kind(libc::EPERM), ErrorKind::PermissionDenied);
    assert_eq!(kind(libc::ENOENT), ErrorKind::NotFound);
    assert_eq!(kind(libc::ENOSPC), ErrorKind::StorageFull);
    assert_eq!(kind(libc::EDQUOT), ErrorKind::StorageFull);
    assert_eq!(kind(libc::EROFS), ErrorKind::ReadOnly);
    assert_eq!(kind(libc::EIO), ErrorKind::Unavailable);
    let error = io_error(&std::io::Error::from_raw_os_error(libc::EIO), "open", Path::new("/x"));
    assert_eq!(
        (error.foreign_code(), error.message()),
        (Some(5), "cannot open `/x`: the system refused")
    );
}

#[test]
fn local_folders_are_no_network() {
    assert!(!fs_is_network(Path::new("/dev/shm/does/not/exist")));
    assert!(!fs_is_network(folder().path()));
}

fn soon() -> std::time::Instant {
    std::time::Instant::now() + std::time::Duration::from_secs(10)
}

#[test]
fn a_silent_descriptor_is_left_at_the_deadline() {
    let (reader, _writer) = std::io::pipe().unwrap();
    let begun = std::time::Instant::now();
    let error = read_fd(reader.as_raw_fd(), 10, begun + std::time::Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn a_file_longer_than_it_says_is_read_to_its_end() {
    let long = vec![b'x'; 10_000];
    assert_eq!(read_to_end(&long[..], 0, 10_000).unwrap().unwrap().len(), 10_000);
    assert!(read_to_end(&long[..], 0, 9_999).unwrap().is_none());
}
