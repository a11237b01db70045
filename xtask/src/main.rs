//! What a person or CI runs: demo, test, check, bench.

fn main() {}
