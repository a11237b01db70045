//! The leak scan: another process searches our memory for canaries.

fn main() {}
