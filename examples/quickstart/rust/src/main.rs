//! The quickstart in Rust.

fn main() {}
