//! The built command, run as people and scripts run it, each test in a home of its own.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails its test")]

mod concurrency;
mod explain;
mod files;
mod help;
mod home;
mod keys;
mod output;
mod prompt;
mod values;
mod verbs;
