//! The subject of the crash rig; see `subject` in the library for its modes.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    strongroom_crash::subject::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}
