//! How the shared library is linked.

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script by its environment what it builds for"
)]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // The name that programs look for: the C ABI's major version. Whoever installs the library makes the links.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libstrongroom.so.1");
        // The library has threads and at-fork handlers of its own, so it is never unloaded.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
