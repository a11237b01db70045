//! What the verbs take besides key and value.

use time::OffsetDateTime;

use crate::backend::{DeleteHow, ListFilter};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::scope::SecretScope;
use crate::secret::Version;
use crate::timestamp::IntoTimestamp;

/// Options of `get_with`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct GetOptions {
    /// A version other than the current one.
    pub version: Option<Version>,
    /// Whether an expired secret is read all the same.
    pub include_expired: bool,
    /// Whether the backend is asked in any case, and the cache only learns the answer.
    pub fresh: bool,
}

impl GetOptions {
    /// The current version, unless it has expired.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads this version.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }

    /// Reads an expired secret too.
    #[must_use]
    pub fn include_expired(mut self) -> Self {
        self.include_expired = true;
        self
    }

    /// Asks the backend in any case.
    #[must_use]
    pub fn fresh(mut self) -> Self {
        self.fresh = true;
        self
    }
}

/// Options of `get_with_fallback_options`.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct FallbackOptions {
    /// Whether a scope that cannot be asked now (`unavailable`, `timeout`, `rate_limited`) is passed over.
    pub allow_unavailable: bool,
}

impl FallbackOptions {
    /// Every error ends the search.
    pub fn new() -> Self {
        Self::default()
    }

    /// Passes over a scope that cannot be asked now.
    #[must_use]
    pub fn allow_unavailable(mut self) -> Self {
        self.allow_unavailable = true;
        self
    }
}

/// Options of `set_with`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SetOptions {
    /// Only if there is no such secret yet.
    pub if_absent: bool,
    /// Only if this is the current version.
    pub if_version: Option<Version>,
    /// When an imported secret was first set.
    pub created_at: Option<OffsetDateTime>,
}

impl SetOptions {
    /// An unconditional write.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes only if there is no such secret yet; else the answer is `conflict`.
    #[must_use]
    pub fn if_absent(mut self) -> Self {
        self.if_absent = true;
        self
    }

    /// Writes only if `version` is the current one; else the answer is `conflict`.
    #[must_use]
    pub fn if_version(mut self, version: Version) -> Self {
        self.if_version = Some(version);
        self
    }

    /// Sets the creation time of an imported secret. Without effect where the secret exists.
    #[must_use]
    pub fn created_at(mut self, at: impl IntoTimestamp) -> Self {
        self.created_at = Some(at.into_timestamp());
        self
    }
}

/// Options of `update_value_with`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct UpdateOptions {
    /// The new expiry; `Some(None)` removes it, `None` keeps it.
    pub expires_at: Option<Option<OffsetDateTime>>,
    /// Only if this is the current version.
    pub if_version: Option<Version>,
}

impl UpdateOptions {
    /// All metadata stays.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a new expiry.
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

    /// Writes only if `version` is the current one; else the answer is `conflict`.
    #[must_use]
    pub fn if_version(mut self, version: Version) -> Self {
        self.if_version = Some(version);
        self
    }
}

/// Options of `delete_with`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DeleteOptions {
    /// Whether a missing secret is no error.
    pub missing_ok: bool,
    /// Whether only the current version is removed, so that the history stays and
    /// [`restore`](crate::SecretManager::restore) brings the secret back.
    pub soft: bool,
    /// Whether everything is removed for good, also where the backend would keep it for a while.
    pub force: bool,
    /// Whether only the value of this version is removed, for good.
    pub version: Option<Version>,
}

impl DeleteOptions {
    /// A missing secret is `not_found`.
    pub fn new() -> Self {
        Self::default()
    }

    /// A missing secret is no error.
    #[must_use]
    pub fn missing_ok(mut self) -> Self {
        self.missing_ok = true;
        self
    }

    /// Removes the current version only.
    #[must_use]
    pub fn soft(mut self) -> Self {
        self.soft = true;
        self
    }

    /// Removes everything for good.
    #[must_use]
    pub fn force(mut self) -> Self {
        self.force = true;
        self
    }

    /// Removes the value of this version for good.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }

    /// The way of removal that they state.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for two ways.
    pub(super) fn how(&self) -> Result<DeleteHow<'_>> {
        match (self.soft, self.force, &self.version) {
            (false, false, None) => Ok(DeleteHow::Usual),
            (true, false, None) => Ok(DeleteHow::Soft),
            (false, true, None) => Ok(DeleteHow::Force),
            (false, false, Some(version)) => Ok(DeleteHow::Version(version)),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                "`soft`, `force` and `version` exclude each other",
            )),
        }
    }
}

/// What `list` gives.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ListOptions {
    /// Which names; a scoped view without a scope here lists its own.
    pub filter: ListFilter,
    /// Only keys after this one.
    pub after: Option<SecretKey>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Whether all metadata is wanted, even where it costs a read for each name.
    pub full_metadata: bool,
}

impl ListOptions {
    /// All names on one page.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only secrets of this scope.
    #[must_use]
    pub fn scope(mut self, scope: SecretScope) -> Self {
        self.filter.scope = Some(scope);
        self
    }

    /// Only keys whose text begins so: `org/acme/api`, or `api` for global names (in a scoped view: for its names).
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.filter.prefix = Some(prefix.into());
        self
    }

    /// Only secrets of this provider.
    #[must_use]
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.filter.provider = Some(provider.into());
        self
    }

    /// Only keys after this one: [`ListPage::next`](crate::backend::ListPage) of the page before.
    #[must_use]
    pub fn after(mut self, key: SecretKey) -> Self {
        self.after = Some(key);
        self
    }

    /// At most so many names on a page.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Gives all metadata.
    #[must_use]
    pub fn full_metadata(mut self) -> Self {
        self.full_metadata = true;
        self
    }
}

/// Where `rollback` goes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RollbackTo {
    /// To this version.
    Version(Version),
    /// So many versions before the current one; 1 is the one before.
    Back(usize),
}

impl RollbackTo {
    /// So many versions before the current one.
    pub fn back(versions: usize) -> Self {
        Self::Back(versions)
    }
}

impl From<Version> for RollbackTo {
    fn from(version: Version) -> Self {
        Self::Version(version)
    }
}

impl From<&Version> for RollbackTo {
    fn from(version: &Version) -> Self {
        Self::Version(version.clone())
    }
}
