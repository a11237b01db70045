//! Tells the crate which interpreter it is built for.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    pyo3_build_config::use_pyo3_cfgs();
    // On macOS the interpreter that loads us has the symbols of Python.
    pyo3_build_config::add_extension_module_link_args();
}
