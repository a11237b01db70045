//! One suite of behaviour over every backend.
