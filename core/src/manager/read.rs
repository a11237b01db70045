//! The verbs that read.

use super::{FallbackOptions, GetOptions, ListOptions, SecretManager, check};
use crate::backend::{
    BatchFailure, BatchResult, Description, GetManyRequest, GetRequest, ListFilter, ListPage, ListRequest, Operation,
    VersionEntry, VersionsRequest,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::{AsKey, SecretKey};
use crate::layers::cache::Lookup;
use crate::scope::SecretScope;
use crate::secret::{Secret, Version};
use crate::timestamp;

impl SecretManager {
    /// Reads a secret; `None` where there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Expired`] where its expiry has passed.
    pub async fn get(&self, key: impl AsKey) -> Result<Option<Secret>> {
        if let Some(secret) = self.try_cached_secret(&key) {
            return Ok(Some(secret));
        }
        self.get_with(key, GetOptions::new()).await
    }

    /// Reads a secret with options.
    ///
    /// # Errors
    /// [`ErrorKind::Expired`] unless expired secrets are wanted; [`ErrorKind::Unsupported`] where a version is given
    /// and the backend keeps none.
    pub async fn get_with(&self, key: impl AsKey, options: GetOptions) -> Result<Option<Secret>> {
        let cx = self.context()?;
        let key = self.key(&key)?;
        if options.version.is_some() {
            check::versions(self.backend().capabilities()).map_err(|error| self.name(error, Operation::Get, &key))?;
        }
        let request = GetRequest {
            key: &key,
            version: options.version.as_ref(),
            fresh: options.fresh,
        };
        match self.layered().get(&cx, request).await? {
            Some(secret) if !options.include_expired && is_expired(&secret) => Err(self.expired(&key)),
            secret => Ok(secret),
        }
    }

    /// Reads a secret within a call that goes on: its deadline is the whole call's.
    pub(super) async fn get_within(&self, cx: &CallContext, key: &SecretKey) -> Result<Option<Secret>> {
        if let Some(secret) = self.try_cached_secret(key) {
            return Ok(Some(secret));
        }
        match self.layered().get(cx, GetRequest::new(key)).await? {
            Some(secret) if is_expired(&secret) => Err(self.expired(key)),
            secret => Ok(secret),
        }
    }

    /// Reads a secret's value as text. The `String` is the caller's and is not wiped; [`get`](Self::get) and
    /// [`get_into`](Self::get_into) give values that are or can be.
    ///
    /// # Errors
    /// As [`get`](Self::get); [`ErrorKind::InvalidValue`] where the value is not UTF-8.
    pub async fn get_value(&self, key: impl AsKey) -> Result<Option<String>> {
        match self.cached_text(&key) {
            Some(text) => Ok(Some(text)),
            None => self.get_value_uncached(key).await,
        }
    }

    /// Copies a secret's value into the caller's buffer and answers its length; `None` where there is no secret. What
    /// lies beyond the length is left as it was.
    ///
    /// # Errors
    /// As [`get`](Self::get); [`ErrorKind::BufferTooSmall`], naming the size that is needed, and nothing is copied.
    pub async fn get_into(&self, key: impl AsKey, buffer: &mut [u8]) -> Result<Option<usize>> {
        match self.cached_into(&key, buffer) {
            Some(outcome) => outcome.map(Some),
            None => self.get_into_uncached(key, buffer).await,
        }
    }

    /// Reads one version of a secret; `None` where there is no such secret or version.
    ///
    /// # Errors
    /// As [`get_with`](Self::get_with).
    pub async fn get_version(&self, key: impl AsKey, version: &Version) -> Result<Option<Secret>> {
        self.get_with(key, GetOptions::new().version(version.clone())).await
    }

    /// Reads several secrets with one batch call where the backend has one. What is absent is absent from the answer;
    /// what cannot be read, an expired secret too, is listed among its failures.
    ///
    /// # Errors
    /// Only what concerns the whole batch; an invalid key is one of those, and two keys that share one name in the
    /// backend ([`ErrorKind::Ambiguous`]).
    pub async fn get_many<K: AsKey>(&self, keys: &[K]) -> Result<BatchResult> {
        let cx = self.context()?;
        let mut wanted = Vec::with_capacity(keys.len());
        for key in keys {
            wanted.push(self.key(key)?.into_owned());
        }
        wanted.sort();
        wanted.dedup();
        self.layered()
            .check_together(&wanted)
            .map_err(|error| error.with_operation(Operation::GetMany))?;
        let outcomes = self.layered().get_many(&cx, GetManyRequest::new(&wanted)).await?;
        let mut result = BatchResult::default();
        for (key, outcome) in wanted.into_iter().zip(outcomes) {
            match outcome {
                Ok(Some(secret)) if is_expired(&secret) => {
                    let error = self.expired(&key);
                    result.failures.push(BatchFailure::new(key, error));
                }
                Ok(Some(secret)) => drop(result.secrets.insert(key, secret)),
                Ok(None) => {}
                Err(error) => {
                    let error = error.with_key(&key);
                    result.failures.push(BatchFailure::new(key, error));
                }
            }
        }
        Ok(result)
    }

    /// Reads `name` from the first scope that has it; `None` where none has. `name` may carry a target (`name@target`)
    /// and no scope. Nothing is ever written by it.
    ///
    /// # Errors
    /// The first error of any scope: an absent secret goes on to the next scope, everything else stops.
    pub async fn get_with_fallback(&self, name: &str, scopes: &[SecretScope]) -> Result<Option<Secret>> {
        self.get_with_fallback_options(name, scopes, FallbackOptions::new())
            .await
    }

    /// Reads `name` from the first scope that has it, with options.
    ///
    /// # Errors
    /// As [`get_with_fallback`](Self::get_with_fallback); what `allow_unavailable` passes over is answered at the end
    /// if no later scope has the secret, because then nobody knows whether it exists.
    pub async fn get_with_fallback_options(
        &self,
        name: &str,
        scopes: &[SecretScope],
        options: FallbackOptions,
    ) -> Result<Option<Secret>> {
        let cx = self.context()?;
        check_name(name)?;
        let mut passed_over = None;
        for scope in scopes {
            let key = key_in(scope, name)?;
            match self.get_within(&cx, &key).await {
                Ok(Some(secret)) => return Ok(Some(secret)),
                Ok(None) => {}
                Err(error) if options.allow_unavailable && error.is_out_of_reach() => {
                    passed_over.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        passed_over.map_or(Ok(None), Err)
    }

    /// Whether there is such a secret; an expired one counts.
    ///
    /// # Errors
    /// What every verb may answer.
    pub async fn exists(&self, key: impl AsKey) -> Result<bool> {
        Ok(self.describe(key).await?.is_some())
    }

    /// Reads what is known about a secret, without its value where the backend can; `None` where there is none.
    ///
    /// # Errors
    /// What every verb may answer.
    pub async fn describe(&self, key: impl AsKey) -> Result<Option<Description>> {
        let cx = self.context()?;
        let key = self.key(&key)?;
        let mut description = self.layered().describe(&cx, GetRequest::new(&key)).await?;
        if let Some(description) = &mut description {
            description.expired = description.metadata.is_expired_at(timestamp::now());
        }
        Ok(description)
    }

    /// Lists names with what is cheaply known about them, never values.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where the backend cannot list; [`ErrorKind::InvalidArgument`] for a limit of 0.
    pub async fn list(&self, options: ListOptions) -> Result<ListPage> {
        let cx = self.context()?;
        if options.limit == Some(0) {
            let error = Error::new(
                ErrorKind::InvalidArgument,
                "a page of 0 names never ends; `limit` is at least 1",
            );
            return Err(error.with_operation(Operation::List));
        }
        let mut filter = options.filter;
        self.complete(&mut filter)?;
        let request = ListRequest {
            filter: &filter,
            after: options.after.as_ref(),
            limit: options.limit,
            full_metadata: options.full_metadata,
        };
        let mut page = self.layered().list(&cx, request).await?;
        let now = timestamp::now();
        for entry in &mut page.entries {
            entry.expired = entry.metadata.is_expired_at(now);
        }
        Ok(page)
    }

    /// Gives a filter what this view adds to it: its scope, where there is none yet.
    pub(super) fn complete(&self, filter: &mut ListFilter) -> Result<()> {
        if filter.scope.is_none() {
            filter.scope = self.scope.as_deref().cloned();
        }
        if let Some(scope) = &filter.scope {
            scope.check()?;
            // A bare prefix is the beginning of a name, as a bare key is a name.
            filter.prefix = filter.prefix.take().map(|prefix| {
                if prefix.contains('/') {
                    prefix
                } else {
                    format!("{scope}/{prefix}")
                }
            });
        }
        Ok(())
    }

    /// Lists the versions that are kept, newest first.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no such secret; [`ErrorKind::Unsupported`] where the backend keeps none.
    pub async fn versions(&self, key: impl AsKey) -> Result<Vec<VersionEntry>> {
        let cx = self.context()?;
        let key = self.key(&key)?;
        self.layered().versions(&cx, VersionsRequest::new(&key)).await
    }

    pub(crate) fn cached_text(&self, key: &impl AsKey) -> Option<String> {
        match self.copy_cached(key, |bytes| std::str::from_utf8(bytes).map(str::to_owned)) {
            Lookup::Hit(Ok(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn cached_into(&self, key: &impl AsKey, buffer: &mut [u8]) -> Option<Result<usize>> {
        match self.copy_cached(key, |bytes| copy_into(bytes, buffer)) {
            Lookup::Hit(outcome) => Some(outcome),
            _ => None,
        }
    }

    pub(crate) async fn get_value_uncached(&self, key: impl AsKey) -> Result<Option<String>> {
        match self.get_with(key, GetOptions::new()).await? {
            Some(secret) => secret.value.expose_str().map(|text| Some(text.to_owned())),
            None => Ok(None),
        }
    }

    pub(crate) async fn get_into_uncached(&self, key: impl AsKey, buffer: &mut [u8]) -> Result<Option<usize>> {
        let secret = self.get_with(key, GetOptions::new()).await?;
        secret
            .map(|secret| copy_into(secret.value.expose(), buffer))
            .transpose()
    }

    pub(super) fn expired(&self, key: &SecretKey) -> Error {
        self.name(
            Error::new(ErrorKind::Expired, "the secret's expiry has passed"),
            Operation::Get,
            key,
        )
    }

    pub(crate) fn name(&self, error: Error, operation: Operation, key: &SecretKey) -> Error {
        error
            .with_operation(operation)
            .with_backend(self.shared.backend.name())
            .with_key(key)
    }
}

/// A buffer that does not hold a value; nothing was copied into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSmall {
    /// The length of the value.
    pub needed: usize,
}

pub(super) fn copy_bytes(bytes: &[u8], buffer: &mut [u8]) -> std::result::Result<usize, TooSmall> {
    let needed = bytes.len();
    let target = buffer.get_mut(..needed).ok_or(TooSmall { needed })?;
    target.copy_from_slice(bytes);
    Ok(needed)
}

fn copy_into(bytes: &[u8], buffer: &mut [u8]) -> Result<usize> {
    copy_bytes(bytes, buffer).map_err(|TooSmall { needed }| {
        let message = format!("the value has {needed} bytes; the buffer has {}", buffer.len());
        Error::new(ErrorKind::BufferTooSmall, message).with_operation(Operation::Get)
    })
}

/// Whether a name can be looked for in several scopes.
pub(super) fn check_name(name: &str) -> Result<()> {
    if name.contains('/') {
        let error = Error::new(ErrorKind::InvalidKey, "a name for a fallback takes no scope");
        return Err(error.with_key(name));
    }
    SecretKey::parse(name).map(drop)
}

/// The key of a name in a scope.
pub(super) fn key_in(scope: &SecretScope, name: &str) -> Result<SecretKey> {
    scope.check()?;
    SecretKey::parse(&format!("{scope}/{name}"))
}

fn is_expired(secret: &Secret) -> bool {
    secret.metadata.is_expired_at(timestamp::now())
}
