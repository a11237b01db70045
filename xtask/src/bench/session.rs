//! A session of D-Bus of its own with a keyring that is unlocked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::run::{in_home, pass};
use crate::tools;

/// Starts a command in the session. Unlocking must be the first that the session's daemon hears.
const UNLOCKED: &str =
    r#"printf %s bench | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 && exec "$@" 2>&1"#;

/// Installs what a session needs where it is missing and may be installed.
pub(super) fn tools() -> Outcome {
    tools::system("dbus-run-session", "dbus-daemon")?;
    tools::system("gnome-keyring-daemon", "gnome-keyring")
}

/// Runs a program in a session and in a temporary home, with these arguments.
pub(super) fn run(program: &Path, arguments: &[&Path]) -> Outcome {
    let home = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let runtime = home.path().join("runtime");
    fs::create_dir(&runtime)
        .and_then(|()| fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)))
        .map_err(|error| format!("cannot make {}: {error}", runtime.display()))?;
    let mut command = Command::new("dbus-run-session");
    // Where cargo runs us, it names the folder of the debug builds.
    command.env_remove("LD_LIBRARY_PATH");
    command
        .args(["--", "sh", "-c", UNLOCKED, "sh"])
        .arg(program)
        .args(arguments);
    in_home(&mut command, home.path());
    command.env("XDG_RUNTIME_DIR", &runtime);
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"] {
        command.env_remove(name);
    }
    // Of the daemons; the program's own goes where its output goes.
    pass(command.stderr(Stdio::null()))
}
