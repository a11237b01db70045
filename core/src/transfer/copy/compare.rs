//! What of a secret a backend can hold, and whether two are the same.

use std::hint::black_box;

use super::plan::CopyLoss;
use crate::backend::Capabilities;
use crate::secret::{Secret, SecretMetadata};
use crate::timestamp::to_micros;

/// Takes out of a secret what such a backend cannot hold, and what is the backend's own to say.
pub(super) fn reduced(mut secret: Secret, capabilities: &Capabilities) -> Secret {
    secret.metadata = held(&secret.metadata, capabilities);
    secret
}

/// What is lost of it in such a backend.
pub(crate) fn losses(metadata: &SecretMetadata, capabilities: &Capabilities) -> Vec<CopyLoss> {
    let mut losses = Vec::new();
    if !capabilities.metadata {
        losses.extend(metadata.provider.is_some().then_some(CopyLoss::Provider));
        losses.extend(metadata.scope_of_use.is_some().then_some(CopyLoss::ScopeOfUse));
        losses.extend((!metadata.labels.is_empty()).then_some(CopyLoss::Labels));
    }
    if !capabilities.expiry {
        losses.extend(metadata.expires_at.is_some().then_some(CopyLoss::Expiry));
    }
    losses
}

/// Whether the target has the source's secret, as far as it can hold it. When it was first set is not asked: only the
/// first write of a key can say so.
pub(super) fn same(source: &Secret, target: &Secret, capabilities: &Capabilities) -> bool {
    let (left, right) = (
        held(&source.metadata, capabilities),
        held(&target.metadata, capabilities),
    );
    let metadata = left.provider == right.provider
        && left.scope_of_use == right.scope_of_use
        && left.labels == right.labels
        && left.expires_at.map(to_micros) == right.expires_at.map(to_micros);
    equal(source.value.expose(), target.value.expose()) && metadata
}

fn held(metadata: &SecretMetadata, capabilities: &Capabilities) -> SecretMetadata {
    let mut held = SecretMetadata::new();
    if capabilities.metadata {
        held.provider.clone_from(&metadata.provider);
        held.scope_of_use.clone_from(&metadata.scope_of_use);
        held.labels.clone_from(&metadata.labels);
    }
    if capabilities.expiry {
        held.expires_at = metadata.expires_at;
    }
    held
}

/// Whether two values are the same, in a time that depends on their lengths only.
fn equal(left: &[u8], right: &[u8]) -> bool {
    let differing = left.iter().zip(right).fold(0, |seen, (l, r)| black_box(seen | (l ^ r)));
    left.len() == right.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Persistence;

    #[test]
    fn values_are_equal_byte_by_byte() {
        assert!(equal(b"", b""));
        assert!(equal(b"abc", b"abc"));
        for other in [&b"abd"[..], b"bbc", b"ab", b"abcd", b""] {
            assert!(!equal(b"abc", other), "{other:?}");
        }
    }

    #[test]
    fn only_what_the_target_holds_is_compared() {
        let all = Capabilities::complete(Persistence::Disk, 100);
        let text = Capabilities::minimal(Persistence::Disk, 100);
        let plain = Secret::new("v");
        let labelled = Secret::new("v").with_label("team", "a");
        assert!(!same(&labelled, &plain, &all));
        assert!(same(&labelled, &plain, &text));
        assert_eq!(losses(&labelled.metadata, &text), [CopyLoss::Labels]);
        assert_eq!(losses(&labelled.metadata, &all), []);
        assert!(reduced(labelled, &text).metadata.labels.is_empty());
    }
}
