//! The merged list: sorted by key, and of every key the entry of the first member that has it.

use std::collections::{BTreeSet, VecDeque};

use super::Chain;
use crate::backend::{EntryName, ListEntry, ListFilter, ListPage, ListRequest, Operation};
use crate::context::CallContext;
use crate::error::{ErrorKind, Result};
use crate::key::SecretKey;

/// The fewest names that are asked for at once where the merged ones are filtered afterwards.
const FILTERED_PAGE: usize = 256;

/// Where the merge stands in the list of one member.
#[derive(Default)]
struct Cursor {
    /// Keys that were read and not merged yet.
    keys: VecDeque<(SecretKey, ListEntry)>,
    references: Vec<ListEntry>,
    /// Where the member's next page begins.
    next: Option<SecretKey>,
    is_begun: bool,
}

impl Cursor {
    fn take(&mut self, page: ListPage) {
        self.is_begun = true;
        self.next = page.next;
        for entry in page.entries {
            match &entry.name {
                EntryName::Key(key) => self.keys.push_back((key.clone(), entry)),
                EntryName::Reference(_) => self.references.push(entry),
            }
        }
    }
}

impl Chain {
    pub(super) async fn list_all(&self, cx: &CallContext, req: ListRequest<'_>) -> Result<ListPage> {
        if let Some(at) = self.members.iter().position(|member| !member.capabilities().list) {
            let name = self.members[at].name();
            let message = format!("the member `{name}` of the chain cannot list its names");
            return Err(self.about(at, ErrorKind::Unsupported, Operation::List, message));
        }
        // Whose provider counts is known only after the merge: a shadowed entry is none, whatever its provider.
        let provider = req.filter.provider.as_deref();
        let filter = ListFilter {
            provider: None,
            ..req.filter.clone()
        };
        let (limit, full_metadata) = match provider {
            Some(_) => (req.limit.map(|limit| limit.max(FILTERED_PAGE)), true),
            None => (req.limit, req.full_metadata),
        };
        let mut cursors: Vec<Cursor> = self.members.iter().map(|_| Cursor::default()).collect();
        let mut entries: Vec<ListEntry> = Vec::new();
        let mut last: Option<SecretKey> = None;
        loop {
            for (at, cursor) in cursors.iter_mut().enumerate() {
                while cursor.keys.is_empty() && (!cursor.is_begun || cursor.next.is_some()) {
                    let request = ListRequest {
                        filter: &filter,
                        after: cursor.next.as_ref().or(req.after),
                        limit,
                        full_metadata,
                    };
                    let page = self
                        .ask(cx, at, Operation::List, self.members[at].list(cx, request))
                        .await?;
                    cursor.take(page);
                }
            }
            let least = cursors
                .iter()
                .filter_map(|cursor| cursor.keys.front())
                .map(|(key, _)| key)
                .min();
            let Some(least) = least.cloned() else { break };
            let mut first = None;
            for cursor in &mut cursors {
                if cursor.keys.front().is_some_and(|(key, _)| *key == least) {
                    let taken = cursor.keys.pop_front();
                    first = first.or(taken);
                }
            }
            let Some((key, entry)) = first else { break };
            if provider.is_some_and(|wanted| entry.metadata.provider.as_deref() != Some(wanted)) {
                continue;
            }
            if req.limit.is_some_and(|limit| entries.len() >= limit) {
                return Ok(ListPage::new(entries, last));
            }
            last = Some(key);
            entries.push(entry);
        }
        entries.extend(merged_references(cursors));
        Ok(ListPage::new(entries, None))
    }
}

/// What is no key of ours, each name once.
fn merged_references(cursors: Vec<Cursor>) -> Vec<ListEntry> {
    let mut names = BTreeSet::new();
    let mut references: Vec<ListEntry> = cursors
        .into_iter()
        .flat_map(|cursor| cursor.references)
        .filter(|entry| names.insert(entry.name.to_string()))
        .collect();
    references.sort_by_key(|entry| entry.name.to_string());
    references
}
