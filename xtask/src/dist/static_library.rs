//! A static library that shows our symbols only, so that a program with a SQLite, an AWS-LC or a Rust library of its
//! own can link it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::run::pass;

/// Makes the library in a folder out of cargo's.
pub(super) fn make(archive: &Path, symbols: &[&str], strip: bool, folder: &Path) -> Outcome<PathBuf> {
    let object = folder.join("strongroom.o");
    let mut link = Command::new("ld");
    // From cargo's archive only the members that our exports need, whole: with `--gc-sections` GNU ld loses weak
    // references. Groups are dissolved: a symbol of a group that became local would be missing in a program where
    // another Rust library brings the same group.
    link.args(["--relocatable", "--force-group-allocation", "-o"]);
    link.arg(&object);
    link.args(symbols.iter().map(|name| format!("--undefined={name}")));
    pass(link.arg(archive))?;

    let list = folder.join("symbols");
    fs::write(&list, symbols.join("\n")).map_err(|error| format!("cannot write {}: {error}", list.display()))?;
    let mut hide = Command::new("objcopy");
    hide.arg(format!("--keep-global-symbols={}", list.display()));
    // Bitcode of Rust's own library: strung together it is none, and tools that read it end with an error.
    hide.args(["--remove-section=.llvmbc", "--remove-section=.llvmcmd"]);
    if strip {
        hide.arg("--strip-unneeded");
    }
    pass(hide.arg(&object))?;

    let made = folder.join("libstrongroom.a");
    pass(Command::new("ar").arg("crsD").args([&made, &object]))?;
    Ok(made)
}
