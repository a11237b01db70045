//! The merged list: sorted by key, and of every key the entry of the first member that has it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
            let error = self.about(at, ErrorKind::Unsupported, Operation::List, message);
            return Err(match name {
                "env" => error.with_help("set `env.known` to the keys, or `env.mapping` to `escaped`"),
                _ => error,
            });
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
        let mut entries: Vec<(usize, ListEntry)> = Vec::new();
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
            for (at, cursor) in cursors.iter_mut().enumerate() {
                if cursor.keys.front().is_some_and(|(key, _)| *key == least) {
                    let taken = cursor.keys.pop_front();
                    first = first.or(taken.map(|(key, entry)| (key, at, entry)));
                }
            }
            let Some((key, at, entry)) = first else { break };
            if provider.is_some_and(|wanted| entry.metadata.provider.as_deref() != Some(wanted)) {
                continue;
            }
            if req.limit.is_some_and(|limit| entries.len() >= limit) {
                return Ok(ListPage::new(readable(entries, &cursors), last));
            }
            last = Some(key);
            entries.push((at, entry));
        }
        let mut entries = readable(entries, &cursors);
        entries.extend(merged_references(cursors, &entries));
        Ok(ListPage::new(entries, None))
    }
}

/// The keys without those that an earlier member has too, and cannot read: a read of one ends there, with an error. Such
/// a name is a reference, which comes after the member's last key; in the pages before that one it is not known yet.
fn readable(entries: Vec<(usize, ListEntry)>, cursors: &[Cursor]) -> Vec<ListEntry> {
    let mut holders: BTreeMap<String, usize> = BTreeMap::new();
    for (at, cursor) in cursors.iter().enumerate() {
        for entry in &cursor.references {
            holders.entry(entry.name.to_string()).or_insert(at);
        }
    }
    let is_readable = |(at, entry): &(usize, ListEntry)| match holders.is_empty() {
        true => true,
        false => holders.get(&entry.name.to_string()).is_none_or(|holder| holder > at),
    };
    let entries = entries.into_iter().filter(is_readable);
    entries.map(|(_, entry)| entry).collect()
}

/// What is no key of ours, each name once, and none that an earlier member has as a key.
fn merged_references(cursors: Vec<Cursor>, keys: &[ListEntry]) -> Vec<ListEntry> {
    let mut names: BTreeSet<String> = match cursors.iter().all(|cursor| cursor.references.is_empty()) {
        true => BTreeSet::new(),
        false => keys.iter().map(|entry| entry.name.to_string()).collect(),
    };
    let mut references: Vec<ListEntry> = cursors
        .into_iter()
        .flat_map(|cursor| cursor.references)
        .filter(|entry| names.insert(entry.name.to_string()))
        .collect();
    references.sort_by_key(|entry| entry.name.to_string());
    references
}
