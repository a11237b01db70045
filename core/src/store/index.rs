//! The decrypted names: made by the first list, kept for as long as nothing changes.

use std::sync::Arc;

use super::error::{Damage, Step, damaged};
use super::listing::HeadListing;
use super::scan;
use super::session::{Session, read_root, snapshot};
use super::shared::unpoisoned;
use super::wait::Wait;
use super::write::Mutated;
use crate::backend::{ChangeToken, EntryName, ListEntry, ListFilter, ListPage};
use crate::crypto::SealedBox;
use crate::key::SecretKey;
use crate::secret::{SecretMetadata, Version};
use crate::timestamp::{from_micros, to_micros};

/// All names of a store at one state of it.
pub(crate) struct Index {
    token: ChangeToken,
    /// Sorted by key.
    rows: Vec<Row>,
    /// Names that are no keys, sorted.
    references: Vec<String>,
}

/// What is known about one secret.
struct Row {
    key: SecretKey,
    created: i64,
    updated: i64,
    version: u64,
    expires: Option<i64>,
    provider: Option<Box<str>>,
    /// Most secrets have none of it.
    more: Option<Box<More>>,
}

struct More {
    scope_of_use: Option<String>,
    labels: std::collections::BTreeMap<String, String>,
}

impl Row {
    fn new(key: SecretKey, metadata: SecretMetadata) -> Self {
        let more = (metadata.scope_of_use.is_some() || !metadata.labels.is_empty()).then(|| {
            Box::new(More {
                scope_of_use: metadata.scope_of_use,
                labels: metadata.labels,
            })
        });
        Self {
            key,
            created: metadata.created_at.map_or(0, to_micros),
            updated: metadata.updated_at.map_or(0, to_micros),
            version: metadata.version.and_then(|version| version.number()).unwrap_or(0),
            expires: metadata.expires_at.map(to_micros),
            provider: metadata.provider.map(String::into_boxed_str),
            more,
        }
    }

    fn of_head(key: SecretKey, head: HeadListing<'_>) -> Self {
        let more = (head.scope_of_use.is_some() || !head.labels.is_empty()).then(|| {
            Box::new(More {
                scope_of_use: head.scope_of_use.map(str::to_owned),
                labels: head.labels,
            })
        });
        Self {
            key,
            created: head.created,
            updated: head.updated,
            version: head.current,
            expires: head.expires,
            provider: head.provider.map(Box::from),
            more,
        }
    }

    fn entry(&self, full: bool) -> ListEntry {
        let mut metadata = SecretMetadata::new();
        metadata.created_at = Some(from_micros(self.created));
        metadata.updated_at = Some(from_micros(self.updated));
        metadata.version = Some(Version::from_number(self.version));
        metadata.expires_at = self.expires.map(from_micros);
        metadata.provider = self.provider.as_deref().map(str::to_owned);
        if let Some(more) = self.more.as_ref().filter(|_| full) {
            metadata.scope_of_use.clone_from(&more.scope_of_use);
            metadata.labels.clone_from(&more.labels);
        }
        ListEntry::new(EntryName::Key(self.key.clone()), metadata)
    }
}

/// Which page is asked for; owned, so that it can go to the worker.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) filter: ListFilter,
    pub(crate) after: Option<SecretKey>,
    pub(crate) limit: Option<usize>,
    pub(crate) full: bool,
}

/// Lists names, sorted by key.
pub(crate) fn list(session: &Session, page: &Page, wait: &mut Wait<'_>) -> Step<ListPage> {
    let index = current(session, wait)?;
    Ok(index.page(page))
}

/// Whether the next list needs no scan.
pub(crate) fn is_warm(session: &Session) -> bool {
    let held = unpoisoned(session.index.get().lock()).clone();
    held.is_some_and(|index| index.token == session.change_token())
}

/// Keeps the index in step with a write of our own, or lets it go.
pub(crate) fn follow(session: &Session, mutated: &Mutated) {
    let mut held = unpoisoned(session.index.get().lock());
    // Only where nobody else looks at it: copying ten thousand names costs as much as reading them.
    let index = held
        .take()
        .and_then(Arc::into_inner)
        .filter(|index| Some(index.token) == mutated.step.before);
    let (Some(mut index), Some(after)) = (index, mutated.step.after) else {
        return;
    };
    for (key, left) in &mutated.left {
        let found = index.rows.binary_search_by(|row| row.key.cmp(key));
        match (found, left) {
            (Ok(at), Some(metadata)) => index.rows[at] = Row::new(key.clone(), metadata.clone()),
            (Err(at), Some(metadata)) => index.rows.insert(at, Row::new(key.clone(), metadata.clone())),
            (Ok(at), None) => drop(index.rows.remove(at)),
            (Err(_), None) => return,
        }
    }
    index.token = after;
    *held = Some(Arc::new(index));
}

/// Forgets the names.
pub(crate) fn forget(session: &Session) {
    *unpoisoned(session.index.get().lock()) = None;
}

fn current(session: &Session, wait: &mut Wait<'_>) -> Step<Arc<Index>> {
    let held = unpoisoned(session.index.get().lock()).clone();
    if let Some(index) = held.filter(|index| index.token == session.change_token()) {
        return Ok(index);
    }
    let index = Arc::new(read_all(session, wait)?);
    *unpoisoned(session.index.get().lock()) = Some(Arc::clone(&index));
    Ok(index)
}

/// Reads and opens all heads of one snapshot.
fn read_all(session: &Session, wait: &mut Wait<'_>) -> Step<Index> {
    let cx = wait.cx();
    session.shared.read(wait, |link| {
        snapshot(link, |link| {
            let sealed = link.inside(read_root)?;
            let root = session.keys.open_root(&sealed)?;
            let token = session
                .shared
                .token_of(SealedBox::parse(&sealed).damage("root")?.commitment());
            let expected = usize::try_from(root.heads).unwrap_or(0).min(1 << 20);
            let mut index = Index {
                token,
                rows: Vec::with_capacity(expected),
                references: Vec::new(),
            };
            let mut opener = session.keys.opener();
            scan::walk(link, cx, &scan::HEADS, |row| {
                let opened = opener.open(&session.keys.head_address(row.sid), row.sealed, "head")?;
                index.add(HeadListing::decode(&opened).damage("head")?);
                Ok(())
            })?;
            if (index.rows.len() + index.references.len()) as u64 != root.heads {
                return Err(damaged("the table `head` does not have as many rows as the root says").into());
            }
            index.sort();
            index.references.sort_unstable();
            Ok(index)
        })
    })
}

impl Index {
    fn add(&mut self, head: HeadListing<'_>) {
        match SecretKey::parse(head.name) {
            Ok(key) if key.as_str() == head.name => self.rows.push(Row::of_head(key, head)),
            _ => self.references.push(head.name.to_owned()),
        }
    }

    /// Sorts the rows, which come in the order of their sids. What is compared first is the sixteen bytes after what
    /// all texts begin with: comparing the texts themselves would fetch two of them from memory each time.
    fn sort(&mut self) {
        let Some(first) = self.rows.first().map(|row| row.key.as_str().as_bytes()) else {
            return;
        };
        let common = self.rows.iter().fold(first.len(), |common, row| {
            let pairs = first[..common].iter().zip(row.key.as_str().as_bytes());
            pairs.take_while(|(left, right)| left == right).count()
        });
        let mut order: Vec<(u128, u32)> = (0..)
            .zip(&self.rows)
            .map(|(at, row)| {
                let rest = &row.key.as_str().as_bytes()[common..];
                // No key holds a zero byte, so what ends early comes first.
                let mut begins = [0; 16];
                let length = rest.len().min(16);
                begins[..length].copy_from_slice(&rest[..length]);
                (u128::from_be_bytes(begins), at)
            })
            .collect();
        let key = |at: u32| &self.rows[at as usize].key;
        order.sort_unstable_by(|(left, l), (right, r)| left.cmp(right).then_with(|| key(*l).cmp(key(*r))));
        // Each row goes to its place; what stood there has gone on to where it was swapped.
        for at in 0..order.len() {
            let mut from = order[at].1 as usize;
            while from < at {
                from = order[from].1 as usize;
            }
            self.rows.swap(at, from);
        }
    }

    fn page(&self, page: &Page) -> ListPage {
        let start = page
            .after
            .as_ref()
            .map_or(0, |after| self.rows.partition_point(|row| row.key <= *after));
        let limit = page.limit.unwrap_or(usize::MAX);
        let mut matching = self.rows[start..]
            .iter()
            .filter(|row| page.filter.matches(&row.key, row.provider.as_deref()));
        let mut entries: Vec<ListEntry> = Vec::new();
        if page.filter.scope.is_none() && page.filter.provider.is_none() && page.filter.prefix.is_none() {
            // Every row will be there; else nobody knows how many.
            entries.reserve_exact(limit.min(self.rows.len() - start) + self.references.len());
        }
        entries.extend(matching.by_ref().take(limit).map(|row| row.entry(page.full)));
        let next = match matching.next() {
            Some(_) => entries.last().and_then(|entry| entry.name.key().cloned()),
            None => {
                // What is no key has neither scope nor provider; it is listed after the last key where nothing of the
                // kind is asked for.
                if page.filter.scope.is_none() && page.filter.provider.is_none() {
                    let prefix = page.filter.prefix.as_deref().unwrap_or_default();
                    let references = self.references.iter().filter(|name| name.starts_with(prefix));
                    entries.extend(
                        references
                            .map(|name| ListEntry::new(EntryName::Reference(name.clone()), SecretMetadata::new())),
                    );
                }
                None
            }
        };
        ListPage::new(entries, next)
    }
}
