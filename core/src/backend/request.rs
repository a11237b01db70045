//! What is asked of a backend. Requests borrow, are cheap to copy and open for new fields.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::key::SecretKey;
use crate::scope::SecretScope;
use crate::secret::{Secret, Version};
use crate::timestamp::IntoTimestamp;

/// What `get` and `describe` ask for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GetRequest<'a> {
    /// The key.
    pub key: &'a SecretKey,
    /// The version; the current one where none is given.
    pub version: Option<&'a Version>,
    /// Whether no cache may answer.
    pub fresh: bool,
}

impl<'a> GetRequest<'a> {
    /// The current version of `key`.
    pub fn new(key: &'a SecretKey) -> Self {
        Self {
            key,
            version: None,
            fresh: false,
        }
    }

    /// One version of `key`.
    pub fn version(key: &'a SecretKey, version: &'a Version) -> Self {
        Self {
            key,
            version: Some(version),
            fresh: false,
        }
    }
}

/// What `get_many` asks for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GetManyRequest<'a> {
    /// The keys, in the order of the answer.
    pub keys: &'a [SecretKey],
}

impl<'a> GetManyRequest<'a> {
    /// The current versions of `keys`.
    pub fn new(keys: &'a [SecretKey]) -> Self {
        Self { keys }
    }
}

/// On what a write depends.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub enum IfVersion<'a> {
    /// Nothing: the last writer wins.
    #[default]
    Any,
    /// There is no such secret yet.
    Absent,
    /// This is the current version.
    Is(&'a Version),
}

/// What `set` asks for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SetRequest<'a> {
    /// The key.
    pub key: &'a SecretKey,
    /// The value with its metadata. `created_at`, `updated_at` and `version` in it are ignored.
    pub secret: &'a Secret,
    /// On what the write depends.
    pub condition: IfVersion<'a>,
    /// When the secret was first set; only an import says so.
    pub created_at: Option<OffsetDateTime>,
}

impl<'a> SetRequest<'a> {
    /// An unconditional write.
    pub fn new(key: &'a SecretKey, secret: &'a Secret) -> Self {
        Self {
            key,
            secret,
            condition: IfVersion::Any,
            created_at: None,
        }
    }

    /// The same write under a condition.
    #[must_use]
    pub fn when(mut self, condition: IfVersion<'a>) -> Self {
        self.condition = condition;
        self
    }

    /// The same write with the creation time of an imported secret.
    #[must_use]
    pub fn created_at(mut self, at: OffsetDateTime) -> Self {
        self.created_at = Some(at);
        self
    }
}

/// What `set_many` asks for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SetManyRequest<'a> {
    /// The secrets.
    pub entries: &'a [(SecretKey, Secret)],
    /// What each of them asks for, in their order; none where all are unconditional.
    pub terms: &'a [Terms<'a>],
}

impl<'a> SetManyRequest<'a> {
    /// These secrets, unconditionally.
    pub fn new(entries: &'a [(SecretKey, Secret)]) -> Self {
        Self { entries, terms: &[] }
    }

    /// The same secrets, each under its terms.
    #[must_use]
    pub fn under(mut self, terms: &'a [Terms<'a>]) -> Self {
        self.terms = terms;
        self
    }

    /// Each of them as the request that it would be alone.
    pub fn requests(&self) -> impl Iterator<Item = SetRequest<'a>> + use<'a> {
        let terms = self.terms;
        self.entries.iter().enumerate().map(move |(index, (key, secret))| {
            let terms = terms.get(index).copied().unwrap_or_default();
            SetRequest {
                key,
                secret,
                condition: terms.condition,
                created_at: terms.created_at,
            }
        })
    }
}

/// What one secret of many asks for.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Terms<'a> {
    /// On what the write depends; it needs `cas`.
    pub condition: IfVersion<'a>,
    /// When the secret was first set; only an import says so.
    pub created_at: Option<OffsetDateTime>,
}

impl<'a> Terms<'a> {
    /// These terms.
    pub fn new(condition: IfVersion<'a>, created_at: Option<OffsetDateTime>) -> Self {
        Self { condition, created_at }
    }
}

/// A change of metadata: what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MetadataUpdate {
    /// The provider; `Some(None)` removes it.
    pub provider: Option<Option<String>>,
    /// The scope of use; `Some(None)` removes it.
    pub scope_of_use: Option<Option<String>>,
    /// All labels anew.
    pub labels: Option<BTreeMap<String, String>>,
    /// The expiry; `Some(None)` removes it.
    pub expires_at: Option<Option<OffsetDateTime>>,
    /// Only if this is the current version.
    pub if_version: Option<Version>,
}

impl MetadataUpdate {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the provider.
    #[must_use]
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.provider = Some(Some(provider.into()));
        self
    }

    /// Removes the provider.
    #[must_use]
    pub fn clear_provider(mut self) -> Self {
        self.provider = Some(None);
        self
    }

    /// Sets the scope of use.
    #[must_use]
    pub fn scope_of_use(mut self, scope: impl Into<String>) -> Self {
        self.scope_of_use = Some(Some(scope.into()));
        self
    }

    /// Removes the scope of use.
    #[must_use]
    pub fn clear_scope_of_use(mut self) -> Self {
        self.scope_of_use = Some(None);
        self
    }

    /// Changes only if `version` is the current one; else the answer is `conflict`.
    #[must_use]
    pub fn if_version(mut self, version: Version) -> Self {
        self.if_version = Some(version);
        self
    }

    /// Replaces all labels.
    #[must_use]
    pub fn labels(mut self, labels: BTreeMap<String, String>) -> Self {
        self.labels = Some(labels);
        self
    }

    /// Sets the expiry.
    #[must_use]
    pub fn expires_at(mut self, at: impl IntoTimestamp) -> Self {
        self.expires_at = Some(Some(at.into_timestamp()));
        self
    }

    /// Removes the expiry.
    #[must_use]
    pub fn clear_expiry(mut self) -> Self {
        self.expires_at = Some(None);
        self
    }

    /// Applies the change.
    pub fn apply(&self, metadata: &mut crate::secret::SecretMetadata) {
        if let Some(provider) = &self.provider {
            metadata.provider.clone_from(provider);
        }
        if let Some(scope) = &self.scope_of_use {
            metadata.scope_of_use.clone_from(scope);
        }
        if let Some(labels) = &self.labels {
            metadata.labels.clone_from(labels);
        }
        if let Some(expires_at) = self.expires_at {
            metadata.expires_at = expires_at;
        }
    }
}

/// What `update_metadata` asks for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct UpdateMetadataRequest<'a> {
    /// The key.
    pub key: &'a SecretKey,
    /// The change.
    pub update: &'a MetadataUpdate,
    /// On what the write depends.
    pub condition: IfVersion<'a>,
}

impl<'a> UpdateMetadataRequest<'a> {
    /// This change, under the condition that it states.
    pub fn new(key: &'a SecretKey, update: &'a MetadataUpdate) -> Self {
        let condition = update.if_version.as_ref().map_or(IfVersion::Any, IfVersion::Is);
        Self { key, update, condition }
    }
}

/// What `delete` asks for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DeleteRequest<'a> {
    /// The key.
    pub key: &'a SecretKey,
    /// On what the removal depends. A service that removes without conditions is asked for the version right before, and
    /// does not see a write that comes between.
    pub condition: IfVersion<'a>,
    /// What is removed, and for how long.
    pub how: DeleteHow<'a>,
    /// Whether nobody asks if the secret was there.
    pub missing_ok: bool,
}

/// What a removal takes away, and for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeleteHow<'a> {
    /// The secret with its history: for good, or as long as the backend keeps what was removed.
    #[default]
    Usual,
    /// The current version only, so that the history stays and the secret can be brought back.
    Soft,
    /// Everything, for good, also where the backend would keep it for a while.
    Force,
    /// The value of this version, for good; all else stays.
    Version(&'a Version),
}

impl<'a> DeleteRequest<'a> {
    /// This secret.
    pub fn new(key: &'a SecretKey) -> Self {
        Self {
            key,
            condition: IfVersion::Any,
            how: DeleteHow::Usual,
            missing_ok: false,
        }
    }

    /// The same removal, done so.
    #[must_use]
    pub fn how(mut self, how: DeleteHow<'a>) -> Self {
        self.how = how;
        self
    }

    /// The same removal, where nobody asks if the secret was there.
    #[must_use]
    pub fn missing_ok(mut self, missing_ok: bool) -> Self {
        self.missing_ok = missing_ok;
        self
    }

    /// The same removal under a condition.
    #[must_use]
    pub fn when(mut self, condition: IfVersion<'a>) -> Self {
        self.condition = condition;
        self
    }
}

/// What `versions` asks for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct VersionsRequest<'a> {
    /// The key.
    pub key: &'a SecretKey,
}

impl<'a> VersionsRequest<'a> {
    /// This secret.
    pub fn new(key: &'a SecretKey) -> Self {
        Self { key }
    }
}

/// What `rollback` asks for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RollbackRequest<'a> {
    /// The key.
    pub key: &'a SecretKey,
    /// The version to write again.
    pub version: &'a Version,
}

impl<'a> RollbackRequest<'a> {
    /// This version of this secret.
    pub fn new(key: &'a SecretKey, version: &'a Version) -> Self {
        Self { key, version }
    }
}

/// What `restore` asks for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RestoreRequest<'a> {
    /// The key.
    pub key: &'a SecretKey,
}

impl<'a> RestoreRequest<'a> {
    /// This secret.
    pub fn new(key: &'a SecretKey) -> Self {
        Self { key }
    }
}

/// What `resolve` asks a backend for: the parts of a reference after its scheme.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ResolveRequest<'a> {
    /// What the server calls it: a path, a name, an ARN.
    pub path: &'a str,
    /// The version; the current one where none is given.
    pub version: Option<&'a str>,
    /// The part of it, as it stands after `#`; the whole where there is none.
    pub part: Option<&'a str>,
}

impl<'a> ResolveRequest<'a> {
    /// The whole of the current version of what is at `path`.
    pub fn new(path: &'a str) -> Self {
        Self {
            path,
            version: None,
            part: None,
        }
    }

    /// The same at this version.
    #[must_use]
    pub fn version(mut self, version: Option<&'a str>) -> Self {
        self.version = version;
        self
    }

    /// This part of it.
    #[must_use]
    pub fn part(mut self, part: Option<&'a str>) -> Self {
        self.part = part;
        self
    }
}

/// Which names `list` gives: those that meet everything stated.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ListFilter {
    /// Only secrets of this scope.
    pub scope: Option<SecretScope>,
    /// Only keys whose text begins so; a global key's may be written with or without `global/`.
    pub prefix: Option<String>,
    /// Only secrets of this provider.
    pub provider: Option<String>,
}

impl ListFilter {
    /// Every name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a key and a provider meet the filter.
    pub fn matches(&self, key: &SecretKey, provider: Option<&str>) -> bool {
        self.scope
            .as_ref()
            .is_none_or(|scope| key.kind() == scope.kind() && key.id() == scope.id())
            && self.prefix.as_deref().is_none_or(|prefix| has_prefix(key, prefix))
            && self.provider.as_deref().is_none_or(|wanted| provider == Some(wanted))
    }
}

/// Whether a key's text begins so, in its canonical form or, for a global key, in the short one.
fn has_prefix(key: &SecretKey, prefix: &str) -> bool {
    let text = key.as_str();
    text.starts_with(prefix)
        || text
            .strip_prefix("global/")
            .is_some_and(|name| name.starts_with(prefix))
}

/// What `list` asks for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ListRequest<'a> {
    /// Which names.
    pub filter: &'a ListFilter,
    /// Only keys after this one: the last of the page before.
    pub after: Option<&'a SecretKey>,
    /// At most so many; all where there is no limit.
    pub limit: Option<usize>,
    /// Whether all metadata is wanted, even where it costs a read for each name.
    pub full_metadata: bool,
}

impl<'a> ListRequest<'a> {
    /// All names that meet `filter`.
    pub fn new(filter: &'a ListFilter) -> Self {
        Self {
            filter,
            after: None,
            limit: None,
            full_metadata: false,
        }
    }
}
