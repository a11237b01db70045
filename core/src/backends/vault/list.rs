//! Listing: the server answers one folder at a time. All names are gathered by many folders at once; a page is gathered in
//! the order of the names, and no further than it goes.
//!
//! Soft-deleted names are listed too: the server does not tell them apart without one more request each.

use super::engine::Engine;
use super::names::key_of;
use crate::backend::{BoxFuture, EntryName, ListEntry, ListFilter, ListPage, ListRequest};
use crate::backends::remote::together::together;
use crate::context::CallContext;
use crate::error::{ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::SecretMetadata;

/// How many names are asked for at once, where the server knows pages.
const PAGE: usize = 1000;

/// A name below the folder of the secrets.
enum Name {
    Key(SecretKey),
    Other(String),
}

/// What a filter needs to see: everything below a folder, and what begins so.
struct Wanted<'a> {
    filter: &'a ListFilter,
    /// The folder of the scope, with `/` at its end.
    scope: Option<String>,
}

impl<'a> Wanted<'a> {
    fn new(filter: &'a ListFilter) -> Self {
        let scope = filter.scope.as_ref().map(|scope| format!("{scope}/"));
        Self { filter, scope }
    }

    /// The folder in which all that is wanted lies; empty or with `/` at its end.
    fn start(&self) -> &str {
        let prefix = self.filter.prefix.as_deref().unwrap_or_default();
        let of_prefix = prefix.rfind('/').map_or("", |at| &prefix[..=at]);
        self.scope.as_deref().unwrap_or(of_prefix)
    }

    /// Whether a folder may hold something that is wanted.
    fn is_in(&self, folder: &str) -> bool {
        let leads = |to: &str| to.starts_with(folder) || folder.starts_with(to);
        let prefix = self.filter.prefix.as_deref().unwrap_or_default();
        // A global key may be written without its scope.
        let is_short = folder == "global/" && !prefix.contains('/');
        self.scope.as_deref().is_none_or(leads) && (leads(prefix) || is_short)
    }

    fn is_reference(&self, name: &str) -> bool {
        let prefix = self.filter.prefix.as_deref().unwrap_or_default();
        self.filter.scope.is_none() && self.filter.provider.is_none() && name.starts_with(prefix)
    }
}

impl Engine {
    /// Lists names, with all metadata where that is asked for or filtered by: one read a name.
    pub(super) async fn list(&self, cx: &CallContext, req: ListRequest<'_>, concurrency: usize) -> Result<ListPage> {
        let wanted = Wanted::new(req.filter);
        let by_provider = req.filter.provider.is_some();
        let is_full = req.full_metadata || by_provider;
        let limit = req.limit.unwrap_or(usize::MAX);
        let names = match (req.limit, by_provider) {
            (Some(limit), false) => self.some(cx, &wanted, req.after, limit.saturating_add(1)).await?,
            _ => self.all(cx, &wanted, req.after, concurrency).await?,
        };
        let mut described = match is_full {
            true => self.describe_all(cx, &names, limit, by_provider, concurrency).await?,
            false => Vec::new(),
        }
        .into_iter();
        let mut page = ListPage::default();
        let mut references = Vec::new();
        let mut keys = 0;
        let mut last = None;
        for name in names {
            let key = match name {
                Name::Key(key) => key,
                Name::Other(name) => {
                    references.push(name);
                    continue;
                }
            };
            let known = if is_full {
                described.next().flatten()
            } else {
                Some(SecretMetadata::new())
            };
            let known = known.filter(|known| req.filter.matches(&key, known.provider.as_deref()));
            keys += 1;
            match known {
                Some(_) if page.entries.len() == limit => {
                    page.next = last;
                    break;
                }
                Some(metadata) => page.entries.push(ListEntry::new(EntryName::Key(key.clone()), metadata)),
                None => {}
            }
            last = Some(key);
            // As many as were gathered, of which some are gone meanwhile: more may follow.
            if !by_provider && keys > limit {
                page.next.clone_from(&last);
            }
        }
        // What comes after the page's end is the next one's to tell.
        references.retain(|name| page.next.as_ref().is_none_or(|next| name.as_str() < next.as_str()));
        let references = references.into_iter().map(EntryName::Reference);
        page.entries
            .extend(references.map(|name| ListEntry::new(name, SecretMetadata::new())));
        Ok(page)
    }

    /// What is known about each key, in their order; `None` for one that is gone. One that may not be read is known by
    /// its name only.
    async fn describe_all(
        &self,
        cx: &CallContext,
        names: &[Name],
        limit: usize,
        by_provider: bool,
        concurrency: usize,
    ) -> Result<Vec<Option<SecretMetadata>>> {
        let most = if by_provider {
            usize::MAX
        } else {
            limit.saturating_add(1)
        };
        let mut reads = Vec::new();
        for name in names {
            match name {
                Name::Key(key) if reads.len() < most => reads.push(self.described(cx, key)),
                _ => {}
            }
        }
        together(cx, concurrency, reads).await.into_iter().collect()
    }

    fn described<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a SecretKey,
    ) -> BoxFuture<'a, Result<Option<SecretMetadata>>> {
        Box::pin(async move {
            match self.get(cx, key, None).await {
                Ok(found) => Ok(found.map(|secret| secret.metadata)),
                Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(Some(SecretMetadata::new())),
                Err(error) => Err(error.with_key(key)),
            }
        })
    }

    /// All names, sorted, those of many folders asked for at once.
    async fn all(
        &self,
        cx: &CallContext,
        wanted: &Wanted<'_>,
        after: Option<&SecretKey>,
        concurrency: usize,
    ) -> Result<Vec<Name>> {
        let mut found = Vec::new();
        let mut folders = vec![wanted.start().to_owned()];
        while !folders.is_empty() {
            let asked = std::mem::take(&mut folders);
            let mut lists: Vec<BoxFuture<'_, Result<Vec<String>>>> = Vec::new();
            for folder in &asked {
                lists.push(Box::pin(self.folder(cx, folder)));
            }
            let answers = together(cx, concurrency, lists).await;
            for (folder, names) in asked.iter().zip(answers) {
                for name in names? {
                    let name = format!("{folder}{name}");
                    match name.ends_with('/') {
                        true if wanted.is_in(&name) => folders.push(name),
                        true => {}
                        false => found.push(name),
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        let after = after.map(SecretKey::as_str).unwrap_or_default();
        let names = found.into_iter().filter(|name| name.as_str() > after);
        Ok(names.filter_map(|name| named(name, wanted)).collect())
    }

    /// All names of a folder.
    async fn folder(&self, cx: &CallContext, folder: &str) -> Result<Vec<String>> {
        let mut cursor = Cursor::new(folder.to_owned(), String::new());
        let mut names = Vec::new();
        while let Some(more) = cursor.fetch(self, cx).await? {
            names.extend(more);
        }
        Ok(names)
    }

    /// The first keys after one, in their order, and the other names between them.
    async fn some(
        &self,
        cx: &CallContext,
        wanted: &Wanted<'_>,
        after: Option<&SecretKey>,
        most: usize,
    ) -> Result<Vec<Name>> {
        let after = after.map(SecretKey::as_str).unwrap_or_default();
        let mut found = Vec::new();
        let mut keys = 0;
        let mut stack = vec![Cursor::below(wanted.start().to_owned(), after)];
        while let Some(cursor) = stack.last_mut() {
            let Some(name) = cursor.next(self, cx).await? else {
                stack.pop();
                continue;
            };
            let name = format!("{}{name}", cursor.folder);
            if name.ends_with('/') {
                // Wholly before what was listed already, or not wanted.
                if (name.as_str() > after || after.starts_with(&name)) && wanted.is_in(&name) {
                    stack.push(Cursor::below(name, after));
                }
                continue;
            }
            if name.as_str() <= after {
                continue;
            }
            let Some(name) = named(name, wanted) else { continue };
            keys += usize::from(matches!(name, Name::Key(_)));
            found.push(name);
            if keys == most {
                break;
            }
        }
        Ok(found)
    }
}

/// What a full name is, where it is wanted.
fn named(name: String, wanted: &Wanted<'_>) -> Option<Name> {
    match key_of(&name) {
        // The provider is looked at when it is known.
        Some(key) => {
            let filter = &wanted.filter;
            filter
                .matches(&key, filter.provider.as_deref())
                .then_some(Name::Key(key))
        }
        None => wanted.is_reference(&name).then_some(Name::Other(name)),
    }
}

/// A folder, and how far it was listed.
struct Cursor {
    folder: String,
    /// The names that were answered and not yet used, the last first.
    names: Vec<String>,
    last: String,
    is_done: bool,
}

impl Cursor {
    /// A folder from the name after `last` on.
    fn new(folder: String, last: String) -> Self {
        Self {
            folder,
            names: Vec::new(),
            last,
            is_done: false,
        }
    }

    /// A folder from where something after a full name may come.
    fn below(folder: String, after: &str) -> Self {
        let rest = after.strip_prefix(folder.as_str()).unwrap_or_default();
        let last = rest.split('/').next().unwrap_or_default().to_owned();
        Self::new(folder, last)
    }

    async fn next(&mut self, engine: &Engine, cx: &CallContext) -> Result<Option<String>> {
        while self.names.is_empty() {
            let Some(mut more) = self.fetch(engine, cx).await? else {
                return Ok(None);
            };
            more.reverse();
            self.names = more;
        }
        Ok(self.names.pop())
    }

    /// The next names; `None` after the last ones. A server that does not know pages answers all of them each time.
    async fn fetch(&mut self, engine: &Engine, cx: &CallContext) -> Result<Option<Vec<String>>> {
        if self.is_done {
            return Ok(None);
        }
        let folder = engine.names.within(&self.folder);
        let folder = folder.trim_end_matches('/');
        let mut names = engine.children(cx, folder, (&self.last, PAGE)).await?;
        let knows_pages = names.len() <= PAGE && names.iter().all(|name| *name > self.last);
        self.is_done = !knows_pages || names.len() < PAGE;
        names.retain(|name| *name > self.last);
        names.sort_unstable();
        if let Some(last) = names.last() {
            self.last.clone_from(last);
        }
        Ok(Some(names))
    }
}
