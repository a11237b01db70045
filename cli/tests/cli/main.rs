//! The built command, run as people and scripts run it, each test in a home of its own.

mod concurrency;
mod files;
mod help;
mod home;
mod keys;
mod output;
mod prompt;
mod values;
mod verbs;
