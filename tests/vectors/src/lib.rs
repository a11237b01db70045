//! The JSON vectors that every language runs, and their Rust runner.
