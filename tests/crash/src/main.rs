//! The crash rig: kill -9 against acknowledged writes.

fn main() {}
