//! Lets the linker leave the symbols of Node-API to the program that loads us.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    napi_build::setup();
}
