//! What an installed library must be. `readelf` and `nm` come with every C compiler.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{ABI_VERSION, Profile};
use crate::Outcome;
use crate::run::shown;

/// What the shared library may need: the C library, its parts in older versions, and what unwinds.
const NEEDED: [&str; 6] = [
    "libc.so",
    "libm.so",
    "libgcc_s.so",
    "libpthread.so",
    "libdl.so",
    "ld-linux",
];
/// The largest that the shipped shared library may be, in bytes; why so large, tells docs/adr/0024.
const BUDGET: u64 = 15_000_000;

/// The latest version of glibc that the addon may need: what the packages for Python and Node.js say.
const GLIBC: (u32, u32) = (2, 34);

/// The shared library shows exactly these symbols.
pub(super) fn check_exports(library: &Path, symbols: &[&str]) -> Outcome {
    same(library, &defined(library, &["--dynamic"])?, symbols)
}

/// The static library shows exactly these symbols.
pub(super) fn check_static(library: &Path, symbols: &[&str]) -> Outcome {
    same(library, &defined(library, &["--extern-only"])?, symbols)
}

/// All that the shared library must be.
pub(super) fn check_shared(library: &Path, symbols: &[&str], profile: Profile) -> Outcome {
    check_exports(library, symbols)?;
    judge(&dynamic(library)?).map_err(|what| format!("{}: {what}", library.display()))?;
    let size = size(library)?;
    if profile == Profile::Release && size > BUDGET {
        return Err(format!("{} has {size} bytes, more than {BUDGET}", library.display()));
    }
    Ok(())
}

/// All that the native module of the Python package must be.
pub(crate) fn check_module(module: &Path) -> Outcome {
    check_exports(module, &["PyInit__native"])?;
    judge_needs(&dynamic(module)?).map_err(|what| format!("{}: {what}", module.display()))
}

/// All that the addon of the Node.js package must be; gives the version of glibc that it needs.
pub(crate) fn check_addon(addon: &Path) -> Outcome<String> {
    check_exports(addon, &["napi_register_module_v1"])?;
    judge_needs(&dynamic(addon)?).map_err(|what| format!("{}: {what}", addon.display()))?;
    if defined(addon, &["--debug-syms"])?.len() > 1 {
        return Err(format!("{} is not stripped", addon.display()));
    }
    let versions = output(Command::new("readelf").args(["--version-info", "--wide"]).arg(addon))?;
    let (major, minor) = glibc(&versions);
    if (major, minor) > GLIBC {
        return Err(format!(
            "{} needs glibc {major}.{minor}, later than {}.{}, which its package names",
            addon.display(),
            GLIBC.0,
            GLIBC.1
        ));
    }
    Ok(format!("{major}.{minor}"))
}

/// The latest version of glibc that a library names.
fn glibc(versions: &str) -> (u32, u32) {
    let named = versions
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("GLIBC_"));
    let numbers = named.filter_map(|version| {
        let (major, minor) = version.split_once('.')?;
        Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
    });
    numbers.max().unwrap_or_default()
}

fn dynamic(library: &Path) -> Outcome<String> {
    output(Command::new("readelf").args(["--dynamic", "--wide"]).arg(library))
}

fn same(library: &Path, shown: &[String], wanted: &[&str]) -> Outcome {
    let more: Vec<_> = shown.iter().filter(|name| !wanted.contains(&name.as_str())).collect();
    let less: Vec<_> = wanted
        .iter()
        .filter(|name| !shown.iter().any(|shown| shown == **name))
        .collect();
    if more.is_empty() && less.is_empty() {
        return Ok(());
    }
    let testing = if more.iter().any(|name| name.starts_with("strongroom_testing_")) {
        "; it was built with the feature `testing`, which is not for users"
    } else {
        ""
    };
    Err(format!(
        "{} does not show what it should: too many {more:?}, too few {less:?}{testing}",
        library.display()
    ))
}

fn defined(library: &Path, which: &[&str]) -> Outcome<Vec<String>> {
    let mut command = Command::new("nm");
    command
        .args(["--defined-only", "--format=posix"])
        .args(which)
        .arg(library);
    let output = output(&mut command)?;
    // The line of a member of an archive has one word.
    let names = output.lines().filter(|line| line.contains(' '));
    Ok(names
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect())
}

/// The entries of a kind in a dynamic section.
fn entries<'d>(dynamic: &'d str, kind: &str) -> impl Iterator<Item = &'d str> {
    let mark = format!("({kind})");
    let lines = dynamic.lines().filter(move |line| line.contains(&mark));
    lines.map(|line| {
        line.split_once('[')
            .map_or(line, |(_, rest)| rest.trim_end_matches(']'))
    })
}

fn judge(dynamic: &str) -> Outcome {
    let name = format!("libstrongroom.so.{ABI_VERSION}");
    if entries(dynamic, "SONAME").next() != Some(&name) {
        return Err(format!("its SONAME is not {name}"));
    }
    if !entries(dynamic, "FLAGS_1").any(|flags| flags.contains("NODELETE")) {
        return Err("it may be unloaded: NODELETE is not set".to_owned());
    }
    judge_needs(dynamic)
}

/// Whether it runs on a machine that has nothing but the C library.
fn judge_needs(dynamic: &str) -> Outcome {
    if let Some(path) = entries(dynamic, "RPATH").chain(entries(dynamic, "RUNPATH")).next() {
        return Err(format!(
            "it looks for libraries in a folder of the machine that built it: {path}"
        ));
    }
    let mut needed = entries(dynamic, "NEEDED");
    match needed.find(|name| !NEEDED.iter().any(|may| name.starts_with(may))) {
        Some(name) => Err(format!("it needs {name}")),
        None => Ok(()),
    }
}

/// The size of a file, in bytes.
pub(crate) fn size(library: &Path) -> Outcome<u64> {
    let data = fs::metadata(library).map_err(|error| format!("cannot read {}: {error}", library.display()))?;
    Ok(data.len())
}

fn output(command: &mut Command) -> Outcome<String> {
    let output = command.env("LC_ALL", "C").output();
    let output = output.map_err(|error| format!("cannot run {}: {error}", shown(command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} failed: {}", shown(command), reason.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = " 0x1 (NEEDED)             Shared library: [libgcc_s.so.1]\n \
        0x1 (NEEDED)             Shared library: [libc.so.6]\n \
        0xe (SONAME)             Library soname: [libstrongroom.so.1]\n \
        0x6ffffffb (FLAGS_1)            Flags: NOW NODELETE\n";

    #[test]
    fn a_library_is_judged() {
        assert_eq!(judge(GOOD), Ok(()));
        for (was, is, complaint) in [
            ("libstrongroom.so.1", "libstrongroom.so.2", "SONAME"),
            ("NODELETE", "", "NODELETE"),
            ("libgcc_s.so.1", "libsqlite3.so.0", "libsqlite3.so.0"),
            ("0xe ", "0xf (RUNPATH) Library runpath: [/x]\n 0xe ", "/x"),
        ] {
            assert!(
                judge(&GOOD.replace(was, is)).unwrap_err().contains(complaint),
                "{complaint}"
            );
        }
    }

    #[test]
    fn the_latest_glibc_counts() {
        let versions =
            "0x0010: Name: GLIBC_2.4  Flags: none\n 0x20: Name: GLIBC_2.34 Flags: none\n Name: GLIBC_2.2.5\n";
        assert_eq!(glibc(versions), (2, 34));
    }

    #[test]
    fn other_symbols_are_named() {
        let library = Path::new("x.so");
        let shown = ["a".to_owned(), "strongroom_testing_b".to_owned()];
        assert_eq!(same(library, &shown, &["a", "strongroom_testing_b"]), Ok(()));
        assert!(same(library, &shown, &["a"]).unwrap_err().contains("`testing`"));
        assert!(
            same(library, &shown[..1], &["a", "c"])
                .unwrap_err()
                .contains("too few [\"c\"]")
        );
    }
}
