//! The built command, run as people and scripts run it, each test in a home of its own.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails its test")]

mod completions;
mod component;
mod concurrency;
mod config;
mod doctor;
mod explain;
mod fernet;
mod files;
mod help;
mod home;
mod keys;
mod migrate;
mod output;
mod prompt;
mod read_only;
mod references;
mod removal;
mod reveal;
mod seed_000;
mod seed_002;
mod seed_003;
mod servers;
mod several;
mod transfer;
mod trust;
mod values;
mod verbs;
mod watching;
