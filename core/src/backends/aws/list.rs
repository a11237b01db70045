//! Names. The service's list is up to five minutes behind; what it says of a single secret is not.

use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, SecretListEntry};

use super::client::Service;
use super::metadata::{at, read_tags};
use super::names;
use super::read::CURRENT;
use super::requests::Call;
use crate::backend::{ListFilter, ListPage, ListRequest};
use crate::backends::page::page;
use crate::context::CallContext;
use crate::error::{ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::{SecretMetadata, Version};

/// The most names of one page of the service.
const PAGE: i32 = 100;

impl Service {
    pub(super) async fn list(&self, cx: &CallContext, request: &ListRequest<'_>) -> Result<ListPage> {
        let start = names::start(&self.config.prefix);
        let mut keys = Vec::new();
        let mut references = Vec::new();
        for entry in self.entries(cx, &narrowed(&start, request.filter)).await? {
            // The service's match is by words and no promise, and a secret that waits for its deletion is absent.
            let Some(name) = entry.name().and_then(|name| name.strip_prefix(&start)) else {
                continue;
            };
            if entry.deleted_date().is_some() {
                continue;
            }
            match SecretKey::parse(name).ok().filter(|key| key.as_str() == name) {
                Some(key) => keys.push((key, known(&entry))),
                None => references.push(name.to_owned()),
            }
        }
        // The provider of a document is inside of it.
        if request.full_metadata || request.filter.provider.is_some() {
            keys = self.described(cx, keys, request).await?;
        }
        Ok(page(keys, references, request))
    }

    async fn entries(&self, cx: &CallContext, prefix: &str) -> Result<Vec<SecretListEntry>> {
        let filter = match prefix {
            "" => None,
            prefix => Some(vec![
                Filter::builder().key(FilterNameStringType::Name).values(prefix).build(),
            ]),
        };
        let mut entries = Vec::new();
        let mut next = None;
        loop {
            let answer = self.send(cx, Call::ListSecrets, "", |client| {
                let request = client.list_secrets().set_filters(filter.clone()).max_results(PAGE);
                request.set_next_token(next.take()).send()
            });
            let answer = answer.await?;
            entries.extend(answer.secret_list.unwrap_or_default());
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(entries);
            }
        }
    }

    /// The same keys with all their metadata; those that were removed meanwhile are left out.
    async fn described(
        &self,
        cx: &CallContext,
        keys: Vec<(SecretKey, SecretMetadata)>,
        request: &ListRequest<'_>,
    ) -> Result<Vec<(SecretKey, SecretMetadata)>> {
        // A page needs no more than its own, unless the filter is about what only reading tells.
        let mut keys = keys;
        keys.retain(|(key, _)| {
            let is_wanted = ListFilter {
                provider: None,
                ..request.filter.clone()
            };
            is_wanted.matches(key, None) && request.after.is_none_or(|after| key > after)
        });
        keys.sort_by(|(a, _), (b, _)| a.cmp(b));
        let read = match (request.limit, &request.filter.provider) {
            (Some(limit), None) => limit.min(keys.len()),
            _ => keys.len(),
        };
        let wanted: Vec<String> = keys[..read]
            .iter()
            .map(|(key, _)| names::name(&self.config.prefix, key))
            .collect::<Result<_>>()?;
        let mut outcomes = match wanted.is_empty() {
            true => Vec::new(),
            false => self.get_many(cx, &wanted).await?,
        };
        outcomes.reverse();
        let mut described = Vec::with_capacity(keys.len());
        for (key, listed) in keys {
            match outcomes.pop() {
                Some(Ok(Some(stored))) => {
                    let mut metadata = stored.secret.metadata;
                    metadata.created_at = metadata.created_at.or(listed.created_at);
                    described.push((key, metadata));
                }
                Some(Ok(None)) => {}
                Some(Err(error)) if error.kind() == ErrorKind::PermissionDenied => described.push((key, listed)),
                Some(Err(error)) => return Err(error.with_key(&key)),
                None => described.push((key, listed)),
            }
        }
        Ok(described)
    }
}

/// What the service is to look for: the scope's beginning, where one is asked for.
fn narrowed(start: &str, filter: &ListFilter) -> String {
    match &filter.scope {
        Some(scope) => match scope.id() {
            Some(id) => format!("{start}{}/{id}/", scope.kind().word()),
            None => format!("{start}{}/", scope.kind().word()),
        },
        None => start.to_owned(),
    }
}

/// What the list tells about a secret.
fn known(entry: &SecretListEntry) -> SecretMetadata {
    let mut metadata = SecretMetadata::new();
    metadata.created_at = entry.created_date().map(at);
    metadata.updated_at = entry.last_changed_date().map(at);
    read_tags(entry.tags(), &mut metadata);
    let versions = entry.secret_versions_to_stages();
    let current = versions.and_then(|versions| {
        let mut versions = versions.iter();
        versions.find(|(_, stages)| stages.iter().any(|stage| stage == CURRENT))
    });
    metadata.version = current.map(|(id, _)| Version::from_word(id.as_str()));
    metadata
}
