//! Links, pipes and permissions.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use super::*;

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A secret as Kubernetes mounts it: the files of one moment in a folder, `..data` a link to it, each name a link into it.
fn publish(folder: &Path, moment: &str, files: &[(&str, &str)]) {
    let data = folder.join(moment);
    std::fs::create_dir(&data).unwrap();
    for (name, content) in files {
        std::fs::write(data.join(name), content).unwrap();
        let link = folder.join(name);
        if !link.exists() {
            symlink(Path::new("..data").join(name), link).unwrap();
        }
    }
    let former = std::fs::read_link(folder.join("..data")).ok();
    symlink(moment, folder.join("..data_tmp")).unwrap();
    std::fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    if let Some(former) = former {
        std::fs::remove_dir_all(folder.join(former)).unwrap();
    }
}

#[test]
fn a_kubernetes_mount_is_read_through_its_links_and_a_swap_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    publish(dir.path(), "..2024_1", &[("user", "u1"), ("password", "p1")]);
    let secrets = open(dir.path());
    assert_eq!(names(&secrets, ListOptions::new()), ["global/password", "global/user"]);
    assert_eq!(read(&secrets, "password").unwrap(), b"p1");
    publish(dir.path(), "..2024_2", &[("user", "u2"), ("password", "p2")]);
    crate::backends::mounted::until(|| read(&secrets, "password").as_deref() == Some(b"p2"));
    assert_eq!(read(&secrets, "user").unwrap(), b"u2");
}

#[test]
fn swaps_under_the_reading_give_the_old_or_the_new_value_and_never_none() {
    let dir = tempfile::tempdir().unwrap();
    let long = |word: &str| word.repeat(20_000);
    publish(dir.path(), "..0", &[("A", &long("x"))]);
    let secrets = open_with(dir.path(), &[]).unwrap();
    std::thread::scope(|scope| {
        let swapping = scope.spawn(|| {
            for round in 1..200 {
                let word = if round % 2 == 0 { "x" } else { "yz" };
                publish(dir.path(), &format!("..{round}"), &[("A", &long(word))]);
            }
        });
        while !swapping.is_finished() {
            secrets.lock().unwrap();
            let value = read(&secrets, "A").unwrap();
            assert!(value == long("x").as_bytes() || value == long("yz").as_bytes(), "a mix");
        }
    });
}

#[test]
fn a_link_that_leaves_the_folder_is_insecure() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("secrets");
    std::fs::create_dir_all(folder.join("org")).unwrap();
    std::fs::create_dir(dir.path().join("acme")).unwrap();
    for outside in ["outside", "acme/k"] {
        std::fs::write(dir.path().join(outside), "canary").unwrap();
    }
    symlink("../outside", folder.join("UP")).unwrap();
    symlink(dir.path().join("outside"), folder.join("ABSOLUTE")).unwrap();
    symlink("../../acme", folder.join("org/acme")).unwrap();
    symlink("/proc/self/environ", folder.join("PROC")).unwrap();
    let secrets = open(&folder);
    for key in ["UP", "ABSOLUTE", "org/acme/k", "PROC"] {
        for error in [secrets.get(key).err(), secrets.describe(key).err()] {
            let error = fails(error.map_or(Ok(()), Err), ErrorKind::InsecurePath);
            let shown = key.replace("global/", "");
            assert!(
                error.message().contains(&shown) && error.message().contains("out of the folder"),
                "{error}"
            );
        }
    }
    // What is not in the folder is not listed either, under whatever name.
    symlink("../acme", folder.join("org/up")).unwrap();
    symlink("..", folder.join("user")).unwrap();
    std::fs::create_dir(folder.join("org/own")).unwrap();
    std::fs::write(folder.join("org/own/k"), "v").unwrap();
    symlink("own", folder.join("org/linked")).unwrap();
    assert_eq!(names(&secrets, ListOptions::new()), ["org/linked/k", "org/own/k"]);
    // The folder itself may be a link: whoever names it has chosen it.
    symlink(&folder, dir.path().join("link")).unwrap();
    std::fs::write(folder.join("A"), "v").unwrap();
    assert_eq!(read(&open(&dir.path().join("link")), "A").unwrap(), b"v");
}

#[test]
fn pipes_sockets_devices_and_loops_are_refused_without_hanging() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("PIPE");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let _listening = UnixListener::bind(dir.path().join("SOCKET")).unwrap();
    symlink("LOOP", dir.path().join("LOOP")).unwrap();
    symlink("gone", dir.path().join("DANGLING")).unwrap();
    let secrets = open(dir.path());
    for key in ["PIPE", "SOCKET", "LOOP"] {
        let error = fails(secrets.get(key), ErrorKind::InsecurePath);
        assert!(error.message().contains(key), "{error}");
    }
    let error = fails(secrets.get("DANGLING"), ErrorKind::Unavailable);
    assert!(error.message().contains("/DANGLING`"), "{error}");
    assert!(names(&secrets, ListOptions::new()).is_empty());
}

#[test]
fn what_everyone_may_read_is_read_and_what_everyone_may_write_is_insecure() {
    let dir = tempfile::tempdir().unwrap();
    let (file, scope) = (dir.path().join("A"), dir.path().join("org"));
    std::fs::write(&file, "v").unwrap();
    std::fs::create_dir_all(scope.join("acme")).unwrap();
    std::fs::write(scope.join("acme/k"), "v").unwrap();
    for open_to_others in [0o444, 0o400, 0o664] {
        mode(&file, open_to_others);
        assert_eq!(read(&open(dir.path()), "A").unwrap(), b"v", "{open_to_others:o}");
    }
    mode(&file, 0o646);
    let error = fails(open(dir.path()).get("A"), ErrorKind::InsecurePath);
    assert!(error.message().contains("chmod o-w"), "{error}");

    mode(&scope, 0o777);
    let secrets = open(dir.path());
    let error = fails(secrets.get("org/acme/k"), ErrorKind::InsecurePath);
    assert!(error.message().contains("/org`"), "{error}");
    mode(&scope, 0o755);
    assert_eq!(read(&secrets, "org/acme/k").unwrap(), b"v");

    for planted in [0o777, 0o1777] {
        mode(dir.path(), planted);
        let error = fails(open_with(dir.path(), &[]), ErrorKind::InsecurePath);
        assert_eq!(error.setting(), Some("directory.path"));
        assert_eq!(secrets.health().unwrap().state, HealthState::Unavailable);
        fails(secrets.get("A"), ErrorKind::InsecurePath);
    }
    mode(dir.path(), 0o555);
    assert!(open_with(dir.path(), &[]).is_ok());
    mode(dir.path(), 0o755);
}

/// Who may write to a folder on the way decides what a name leads to, wherever its link stands.
#[test]
fn a_folder_that_everyone_may_write_is_insecure_behind_links_too() {
    let dir = tempfile::tempdir().unwrap();
    let (behind, safe) = (dir.path().join("behind"), dir.path().join("safe"));
    for folder in [&behind, &safe] {
        std::fs::create_dir(folder).unwrap();
        std::fs::write(folder.join("file"), "v").unwrap();
    }
    symlink("behind/file", dir.path().join("FILE")).unwrap();
    symlink("../safe/file", behind.join("link")).unwrap();
    symlink("behind/link", dir.path().join("LINK")).unwrap();
    let secrets = open(dir.path());
    for key in ["FILE", "LINK"] {
        mode(&behind, 0o777);
        secrets.lock().unwrap();
        let error = fails(secrets.get(key), ErrorKind::InsecurePath);
        assert!(error.message().contains("/behind`"), "{error}");
        mode(&behind, 0o755);
        assert_eq!(read(&secrets, key).unwrap(), b"v");
    }
}

#[test]
fn a_link_to_nothing_on_the_way_is_unavailable_and_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("data/acme")).unwrap();
    symlink("gone", dir.path().join("user")).unwrap();
    symlink("data", dir.path().join("org")).unwrap();
    let secrets = open(dir.path());
    let error = fails(secrets.get("user/u/k"), ErrorKind::Unavailable);
    assert!(error.message().contains("/user`"), "{error}");
    for absent in ["org/acme/k", "org/other/k"] {
        assert_eq!(read(&secrets, absent), None, "{absent}: the link leads somewhere");
    }
}
