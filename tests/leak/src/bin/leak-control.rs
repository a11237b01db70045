//! The same subject under the default allocator, for the control and for what a Rust program that embeds us gets.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    strongroom_leak::subject::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}
