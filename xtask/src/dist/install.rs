//! The files of a prefix.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ABI_VERSION, Artefacts, Profile, STATIC_LIBRARIES, notices, static_library};
use crate::Outcome;
use crate::header::INCLUDE;
use crate::run::{files, pass, root};

const DOC: &str = "share/doc/strongroom";
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];
/// Templates, and where what is made of them goes.
const TEMPLATES: [(&str, &str); 3] = [
    ("packaging/strongroom.pc.in", "lib/pkgconfig/strongroom.pc"),
    (
        "packaging/strongroom-config.cmake.in",
        "lib/cmake/strongroom/strongroom-config.cmake",
    ),
    (
        "packaging/strongroom-config-version.cmake.in",
        "lib/cmake/strongroom/strongroom-config-version.cmake",
    ),
];

/// The shared library in a prefix.
pub(crate) fn shared(prefix: &Path) -> PathBuf {
    prefix.join(format!("lib/libstrongroom.so.{ABI_VERSION}"))
}

/// The static library in a prefix.
pub(super) fn archive(prefix: &Path) -> PathBuf {
    prefix.join("lib/libstrongroom.a")
}

/// Writes everything. A file that is there is replaced in one step, so that a running program keeps what it has.
pub(super) fn install(prefix: &Path, artefacts: &Artefacts, symbols: &[&str]) -> Outcome {
    let work = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let is_release = artefacts.profile == Profile::Release;
    let mut library = artefacts.shared();
    if is_release {
        let stripped = work.path().join("libstrongroom.so");
        pass(
            Command::new("strip")
                .arg("--strip-unneeded")
                .arg("-o")
                .args([&stripped, &library]),
        )?;
        library = stripped;
    }
    let static_library = static_library::make(&artefacts.archive(), symbols, is_release, work.path())?;

    let copy = |from: &Path, to: &Path, mode| {
        let bytes = fs::read(from).map_err(|error| format!("cannot read {}: {error}", from.display()))?;
        put(to, &bytes, mode)
    };
    for header in headers(&root().join(INCLUDE))? {
        let name = header.strip_prefix(root()).unwrap_or(&header);
        copy(&header, &prefix.join(name), 0o644)?;
    }
    copy(&library, &shared(prefix), 0o755)?;
    let name = shared(prefix);
    link(
        Path::new(name.file_name().unwrap_or_default()),
        &prefix.join("lib/libstrongroom.so"),
    )?;
    copy(&static_library, &archive(prefix), 0o644)?;
    for (template, path) in TEMPLATES {
        let text = crate::run::read(&root().join(template))?;
        put(&prefix.join(path), filled(&text)?.as_bytes(), 0o644)?;
    }
    put(
        &prefix.join(DOC).join("THIRD-PARTY.txt"),
        notices::page("strongroom-ffi")?.as_bytes(),
        0o644,
    )?;
    for licence in LICENCES {
        copy(&root().join(licence), &prefix.join(DOC).join(licence), 0o644)?;
    }
    Ok(())
}

/// The headers for C and C++ in a folder and the folders in it.
fn headers(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let files = files(folder)?.into_iter();
    Ok(files
        .filter(|file| file.extension().is_some_and(|ending| ending == "h" || ending == "hpp"))
        .collect())
}

fn filled(template: &str) -> Outcome<String> {
    // CMake knows a library by its name, pkg-config by the compiler's flag.
    let flags = STATIC_LIBRARIES.map(|name| format!("-l{name}")).join(" ");
    let names = STATIC_LIBRARIES.join(";");
    let is_cmake = template.contains("IMPORTED_LOCATION");
    let values = [
        ("VERSION", env!("CARGO_PKG_VERSION").to_owned()),
        ("VERSION_MAJOR", env!("CARGO_PKG_VERSION_MAJOR").to_owned()),
        ("VERSION_MINOR", env!("CARGO_PKG_VERSION_MINOR").to_owned()),
        ("ABI_VERSION", ABI_VERSION.to_string()),
        ("POINTER_BYTES", size_of::<usize>().to_string()),
        (
            "DESCRIPTION",
            "Secrets in whatever place suits the machine, behind one contract".to_owned(),
        ),
        ("STATIC_LIBRARIES", if is_cmake { names } else { flags }),
    ];
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("@{name}@"), &value);
    }
    match text.split('@').nth(1) {
        Some(rest) => Err(format!("a template asks for @{rest}@, which nothing fills")),
        None => Ok(text),
    }
}

fn put(path: &Path, bytes: &[u8], mode: u32) -> Outcome {
    let cannot = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(cannot)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(cannot)?;
    file.write_all(bytes).map_err(cannot)?;
    allow(&file, mode).map_err(cannot)?;
    file.persist(path).map_err(|error| cannot(error.error))?;
    Ok(())
}

fn link(to: &Path, path: &Path) -> Outcome {
    let cannot = |error: std::io::Error| format!("cannot link {}: {error}", path.display());
    let folder = tempfile::tempdir_in(path.parent().unwrap_or(path)).map_err(cannot)?;
    let link = folder.path().join("link");
    symlink(to, &link).map_err(cannot)?;
    fs::rename(&link, path).map_err(cannot)
}

#[cfg(unix)]
fn allow(file: &tempfile::NamedTempFile, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(unix)]
use std::os::unix::fs::symlink;

// Nothing is installed where there are no modes and links; `dist` says so before.
#[cfg(not(unix))]
fn allow(_: &tempfile::NamedTempFile, _: u32) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn every_template_is_filled() {
        for (template, _) in TEMPLATES {
            let text = crate::run::read(&root().join(template)).unwrap();
            let filled = filled(&text).unwrap();
            assert!(filled.contains(env!("CARGO_PKG_VERSION")), "{template}");
        }
        assert!(filled("@NO_SUCH_THING@").unwrap_err().contains("NO_SUCH_THING"));
    }

    #[test]
    fn files_and_links_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link_path) = (folder.path().join("a/b"), folder.path().join("a/l"));
        for text in ["one", "two"] {
            put(&file, text.as_bytes(), 0o644).unwrap();
            link(Path::new("b"), &link_path).unwrap();
            assert_eq!(fs::read_to_string(&link_path).unwrap(), text);
        }
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 2);
    }

    #[test]
    fn a_prefix_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let refused = put(&file.join("lib/x"), b"", 0o644).unwrap_err();
        assert!(refused.contains("file/lib/x"), "{refused}");
    }
}
