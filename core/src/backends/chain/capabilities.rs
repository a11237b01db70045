//! What a chain can do, from what its members can.

use std::sync::Arc;

use crate::backend::{Backend, Capabilities};

/// What is written is the writer's to hold. A chain without one tells what all members have, and the weakest promises.
pub(super) fn combined(members: &[Arc<dyn Backend>], writer: Option<usize>) -> Capabilities {
    let all = || members.iter().map(|member| member.capabilities());
    let mut can = match (writer, all().next()) {
        (Some(writer), _) => members[writer].capabilities().clone(),
        (None, Some(first)) => all().skip(1).fold(first.clone(), common),
        (None, None) => Capabilities::minimal(crate::backend::Persistence::Process, 0),
    };
    can.read_only = writer.is_none_or(|writer| members[writer].capabilities().read_only);
    // The list of a chain is that of all members.
    can.list = all().all(|member| member.list);
    // Whatever can be checked is.
    can.verify = all().any(|member| member.verify);
    // A key that is too long for one member may be in another; the writer's limit is looked at when it is written to.
    can.max_key = all().map(|member| member.max_key).max().unwrap_or_default();
    can
}

fn common(mut left: Capabilities, right: &Capabilities) -> Capabilities {
    left.versions &= right.versions;
    left.restore &= right.restore;
    left.metadata &= right.metadata;
    left.expiry &= right.expiry;
    left.cas &= right.cas;
    left.atomic_batch &= right.atomic_batch;
    left.binary &= right.binary;
    left.empty_value &= right.empty_value;
    left.persistence = left.persistence.min(right.persistence);
    left.max_value = left.max_value.min(right.max_value);
    left
}
