//! `chain`: several backends, asked in their order. The first one that has a secret answers; one named member takes the
//! writes.
//!
//! Reads: absent goes on to the next member and every error stops, except that one that is out of reach
//! (`unavailable timeout rate_limited`) may be passed over where `chain.allow_unavailable` is on. If then nobody has the
//! secret, the answer is that error: nobody knows whether the secret exists. A key that a member cannot hold is absent
//! from it; that a value, or the document with all of them, is too large is an error like any other.
//!
//! Every member must open. `chain.allow_unavailable` is about reads of an opened chain: one of which a member's folder or
//! store is missing at the start does not open, or a slip in a path would silently be a shorter chain.
//!
//! Writes go to the writer alone, and never where they would not be seen: what another member has decides, and a member
//! that cannot tell stops a write, whatever the settings allow to reads. The other members are looked at right before
//! the write, not together with it: a program that writes to one of them at that very moment is not noticed.

mod backend;
mod capabilities;
mod config;
mod listing;
mod members;
mod read;
#[cfg(test)]
mod tests;
mod token;
mod write;

use std::sync::Arc;

use crate::backend::{Backend, OpenRequest};
use crate::error::Result;
use crate::layers;

pub(crate) use members::Chain;

/// Opens every member that `chain.members` names.
///
/// # Errors
/// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) naming the setting; those of the members.
pub(crate) fn open(request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let config = config::Config::read(request.settings)?;
    let mut members = Vec::with_capacity(config.members.len());
    for word in &config.members {
        let member = (request.other)(word, request)?;
        members.push(layers::wrap_member(member, request.settings, request.counters)?);
    }
    if let Some(writer) = config.writer
        && members[writer].capabilities().read_only
    {
        return Err(request
            .settings
            .error(config::WRITER, "names a member that cannot write"));
    }
    Ok(Arc::new(Chain::new(members, config.writer, config.allow_unavailable)))
}
