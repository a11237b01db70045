//! References: texts that say where a secret is. One grammar; only the verb `resolve` follows them.

pub(crate) mod pointer;
mod reference;
mod sources;

pub use reference::{Reference, ReferenceScheme};
pub(crate) use sources::{Follower, Sources, allowed};

/// The label that makes of a stored secret a reference: its value is the text of one, and `resolve` follows it once. The
/// label's value is the reference's scheme.
pub const REFERENCE_LABEL: &str = "strongroom.reference";
