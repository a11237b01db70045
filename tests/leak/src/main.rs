//! The subject of the leak scan, with the allocator that our own programs and libraries have.

#[global_allocator]
static ALLOCATOR: strongroom::WipingAllocator = strongroom::WipingAllocator;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    strongroom_leak::subject::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}
