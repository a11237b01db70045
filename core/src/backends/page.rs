//! A page of a list whose names are all known.

use crate::backend::{EntryName, ListEntry, ListPage, ListRequest};
use crate::key::SecretKey;
use crate::secret::SecretMetadata;

/// The page that the request asks for, of all `keys`, in whatever order they come. `references` stand at the end of the
/// last page, whatever its limit: they have no place among the keys at which a next page could begin. A filter leaves
/// only keys, except for one that is a prefix and nothing else.
pub(crate) fn page(
    mut keys: Vec<(SecretKey, SecretMetadata)>,
    mut references: Vec<String>,
    request: &ListRequest<'_>,
) -> ListPage {
    let filter = request.filter;
    keys.retain(|(key, metadata)| {
        filter.matches(key, metadata.provider.as_deref()) && request.after.is_none_or(|after| key > after)
    });
    keys.sort_by(|(a, _), (b, _)| a.cmp(b));
    let limit = request.limit.unwrap_or(usize::MAX);
    let more = keys.len() > limit;
    keys.truncate(limit);
    let next = keys.last().filter(|_| more).map(|(key, _)| key.clone());
    let mut entries: Vec<_> = keys
        .into_iter()
        .map(|(key, metadata)| ListEntry::new(EntryName::Key(key), metadata))
        .collect();
    if !more && filter.scope.is_none() && filter.provider.is_none() {
        let prefix = filter.prefix.as_deref().unwrap_or_default();
        references.retain(|name| name.starts_with(prefix));
        references.sort();
        let references = references.into_iter().map(EntryName::Reference);
        entries.extend(references.map(|name| ListEntry::new(name, SecretMetadata::new())));
    }
    ListPage::new(entries, next)
}
