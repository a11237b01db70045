//! `cargo xtask npm`: the packages that are shipped, as tarballs in `target/npm`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{NATIVE, PACKAGE, sources, tools};
use crate::Outcome;
use crate::dist::{self, elf, notices};
use crate::run::{cargo, copy, empty, files, in_home, pass, quiet, read, root, target, without_package};

/// The platform that this makes a package for, as its folder and the package are named.
const PLATFORM: &str = "linux-x64-gnu";
/// What must be the case of a native half that users get.
const RELEASED: &str = "bindings/node/tests/packages/released.js";
const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];
const NOTICES: &str = "THIRD-PARTY";
/// The folders of the main package, besides the sources of the native half.
const FOLDERS: [&str; 2] = ["lib", "bin"];
/// What builds the native half, for users as for us.
const BUILD: &str = "bin/strongroom-build.js";

/// The packages that were made.
pub(crate) struct Packages {
    pub(crate) main: PathBuf,
    pub(crate) platform: PathBuf,
}

impl Packages {
    /// Where they are, once made.
    pub(crate) fn made() -> Self {
        let file = |name: &str| {
            target()
                .join("npm")
                .join(format!("{name}-{}.tgz", env!("CARGO_PKG_VERSION")))
        };
        Self {
            main: file("strongroom"),
            platform: file(&format!("strongroom-{PLATFORM}")),
        }
    }
}

/// The command. There is no choice of features: what only tests have is not for users.
pub(crate) fn npm(words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err("usage: cargo xtask npm; it is always a release with every backend".to_owned());
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        return Err("`npm` makes packages for Linux on x64 with glibc only, so far".to_owned());
    }
    super::node()?;
    check_manifests()?;
    let folder = target().join("node/packages");
    let (main, platform) = (folder.join("strongroom"), folder.join(format!("strongroom-{PLATFORM}")));
    lay_out_main(&main)?;
    build(&main)?;
    lay_out_platform(&platform, &main.join(NATIVE))?;
    fs::remove_file(main.join(NATIVE)).map_err(|error| format!("cannot remove {NATIVE}: {error}"))?;
    let glibc = judge(&platform.join(NATIVE))?;
    let out = target().join("npm");
    empty(&out)?;
    let packages = Packages::made();
    for (folder, tarball) in [(&main, &packages.main), (&platform, &packages.platform)] {
        pack(folder, &out, tarball)?;
        println!("{}: {} bytes", tarball.display(), elf::size(tarball)?);
    }
    println!(
        "native half: {} bytes, needs glibc {glibc}",
        elf::size(&platform.join(NATIVE))?
    );
    Ok(())
}

/// Lays out the main package: what the suites run, and what builds the native half.
fn lay_out_main(folder: &Path) -> Outcome {
    let package = root().join(PACKAGE);
    let native = folder.join("native");
    let mut content = vec![of(&package, "package.json")?, of(&package, "README.md")?];
    for part in FOLDERS {
        for file in files(&package.join(part))? {
            let name = file.strip_prefix(&package).unwrap_or(&file);
            content.push(of(&package, &name.to_string_lossy())?);
        }
    }
    for licence in LICENCES {
        content.push(of(&root(), licence)?);
    }
    let inside = sources::all()?.into_iter();
    content.extend(inside.map(|(name, bytes)| (Path::new("native").join(name), bytes)));
    let lock = Path::new("native/Cargo.lock");
    let fresh = sync(folder, &content, &[lock])?;
    if fresh || !folder.join(lock).exists() {
        copy(&root().join("Cargo.lock"), &folder.join(lock))?;
        sources::prune_lock(&native)?;
    }
    Ok(())
}

fn of(folder: &Path, name: &str) -> Outcome<sources::File> {
    let path = folder.join(name);
    let bytes = fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok((name.into(), bytes))
}

/// Makes a folder hold these files, and those besides that are there. What is as it should be is not touched: cargo
/// builds again what is younger than what was built.
fn sync(folder: &Path, content: &[sources::File], besides: &[&Path]) -> Outcome<bool> {
    let cannot = |path: &Path, error: std::io::Error| format!("cannot write {}: {error}", path.display());
    fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
    let mut changed = false;
    for path in files(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path);
        if !besides.contains(&name) && !content.iter().any(|(wanted, _)| wanted == name) {
            fs::remove_file(&path).map_err(|error| cannot(&path, error))?;
            changed = true;
        }
    }
    for (name, bytes) in content {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|found| found == *bytes) {
            continue;
        }
        changed = true;
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&path, bytes))
            .map_err(|error| cannot(&path, error))?;
    }
    Ok(changed)
}

/// Builds the native half exactly as a user does where there is no package for the platform, so that it is known to work.
fn build(main: &Path) -> Outcome {
    let mut build = Command::new("node");
    build.arg(main.join(BUILD)).current_dir(main);
    without_package(&mut build);
    // The folder of `dist` and the wheel: what others wrote is built with the same flags, and once.
    build.env("CARGO", cargo([]).get_program());
    build.env("CARGO_TARGET_DIR", target().join("dist"));
    dist::without_paths(&mut build);
    quiet(&mut build).map(|_| ())
}

fn lay_out_platform(folder: &Path, native: &Path) -> Outcome {
    empty(folder)?;
    let manifests = root().join(PACKAGE).join("npm").join(PLATFORM);
    for name in ["package.json", "README.md"] {
        copy(&manifests.join(name), &folder.join(name))?;
    }
    for name in LICENCES {
        copy(&root().join(name), &folder.join(name))?;
    }
    copy(native, &folder.join(NATIVE))?;
    fs::write(folder.join(NOTICES), notices::page("strongroom-node")?)
        .map_err(|error| format!("cannot write {NOTICES}: {error}"))
}

/// Packs a folder, all of it.
fn pack(folder: &Path, out: &Path, tarball: &Path) -> Outcome {
    for file in files(folder)? {
        dist::check_paths(&file)?;
    }
    let mut pack = tools::npm();
    pack.args(["pack", "--silent", "--pack-destination"]).arg(out);
    quiet(pack.current_dir(folder))?;
    let listed = quiet(Command::new("tar").arg("-tzf").arg(tarball))?;
    let mut packed: Vec<_> = listed
        .lines()
        .filter_map(|line| line.strip_prefix("package/"))
        .collect();
    packed.sort_unstable();
    let laid_out = files(folder)?;
    let mut wanted: Vec<_> = laid_out
        .iter()
        .map(|file| file.strip_prefix(folder).unwrap_or(file).to_string_lossy())
        .collect();
    wanted.sort_unstable();
    if packed == wanted {
        Ok(())
    } else {
        Err(format!(
            "{} does not hold what was laid out in {}",
            tarball.display(),
            folder.display()
        ))
    }
}

/// Whether this is a native half for users; gives the glibc that it needs.
fn judge(native: &Path) -> Outcome<String> {
    let glibc = elf::check_addon(native)?;
    let home = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let mut released = Command::new("node");
    in_home(&mut released, home.path());
    pass(released.arg(root().join(RELEASED)).arg(native)).map_err(|_| {
        format!(
            "{} was built with the feature `testing`, which is not for users",
            native.display()
        )
    })?;
    Ok(glibc)
}

/// Whether the manifests have the workspace's version, and name each other, and no package that is not made here: a name
/// that nobody has registered invites others to.
pub(crate) fn check_manifests() -> Outcome {
    let manifest = |path: PathBuf| -> Outcome<Value> {
        let text = read(&path)?;
        serde_json::from_str(&text).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    let package = root().join(PACKAGE);
    let main = manifest(package.join("package.json"))?;
    let platform = manifest(package.join("npm").join(PLATFORM).join("package.json"))?;
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("strongroom-{PLATFORM}");
    let optional = serde_json::json!({ name.as_str(): version });
    for (what, is, should) in [
        ("the version", &main["version"], &version.into()),
        ("optionalDependencies", &main["optionalDependencies"], &optional),
        ("the platform's name", &platform["name"], &name.as_str().into()),
        ("the platform's version", &platform["version"], &version.into()),
        ("scripts", &main["scripts"], &Value::Null),
        ("the platform's scripts", &platform["scripts"], &Value::Null),
        ("dependencies", &main["dependencies"], &Value::Null),
    ] {
        if is != should {
            return Err(format!("{PACKAGE}: {what} must be {should} and is {is}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifests_fit() {
        assert_eq!(check_manifests(), Ok(()));
    }

    #[test]
    fn a_folder_is_made_to_hold_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let content = |text: &str| vec![(PathBuf::from("a/b"), text.as_bytes().to_vec())];
        fs::write(path("stray"), "").unwrap();
        fs::write(path("kept"), "").unwrap();
        let kept = [Path::new("kept")];
        assert_eq!(sync(folder.path(), &content("1"), &kept), Ok(true));
        assert!(!path("stray").exists() && path("kept").exists());
        let before = fs::metadata(path("a/b")).unwrap().modified().unwrap();
        assert_eq!(sync(folder.path(), &content("1"), &kept), Ok(false));
        assert_eq!(fs::metadata(path("a/b")).unwrap().modified().unwrap(), before);
        assert_eq!(sync(folder.path(), &content("2"), &kept), Ok(true));
        assert_eq!(fs::read(path("a/b")).unwrap(), b"2");
    }
}
