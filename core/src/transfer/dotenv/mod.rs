//! `.env` files, in the dialects of those who read them.
//!
//! There is no standard. python-dotenv expands `${…}` inside single quotes too and halves backslashes there; Node's
//! `dotenv` knows no escaped quotes and cuts at any `#`; Docker Compose reads escapes as a shell would not; a shell
//! stops at the first line that it does not understand.

mod read;
mod write;

pub(crate) use read::parse;
#[allow(unused_imports, reason = "the configuration reads `.env` files with it")]
pub(crate) use read::read;
pub(crate) use write::{fits, write};

#[cfg(test)]
mod tests;
