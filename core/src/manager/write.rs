//! The verbs that write.

use super::{DeleteOptions, NewValue, RollbackTo, SecretManager, SetOptions, UpdateOptions, check};
use crate::backend::{
    DeleteRequest, GetRequest, IfVersion, MetadataUpdate, Operation, RestoreRequest, RollbackRequest, SetManyOutcome,
    SetManyRequest, SetOutcome, SetRequest, UpdateMetadataRequest, VersionsRequest,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::{AsKey, SecretKey};
use crate::secret::{Secret, SecretMetadata, Version};
use crate::timestamp;
use crate::value::SecretValue;

/// How often a read-change-write begins again because another writer was faster.
const ATTEMPTS: usize = 16;

impl SecretManager {
    /// Writes a secret, creating or replacing it. Everything but the creation time is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`], [`ErrorKind::InvalidValue`], [`ErrorKind::Unsupported`] naming the field that the
    /// backend cannot hold, [`ErrorKind::ReadOnly`], [`ErrorKind::StorageFull`].
    pub async fn set(&self, key: impl AsKey, secret: &Secret) -> Result<SetOutcome> {
        self.set_with(key, secret, SetOptions::new()).await
    }

    /// Writes a secret with options.
    ///
    /// # Errors
    /// As [`set`](Self::set); [`ErrorKind::Conflict`] where the condition does not hold; [`ErrorKind::Unsupported`]
    /// where the backend knows no conditions; [`ErrorKind::InvalidArgument`] for two conditions.
    pub async fn set_with(&self, key: impl AsKey, secret: &Secret, options: SetOptions) -> Result<SetOutcome> {
        let cx = self.context()?;
        let key = self.key(&key)?;
        let condition = match (options.if_absent, &options.if_version) {
            (false, None) => IfVersion::Any,
            (true, None) => IfVersion::Absent,
            (false, Some(version)) => IfVersion::Is(version),
            (true, Some(_)) => {
                let error = Error::new(
                    ErrorKind::InvalidArgument,
                    "`if_absent` and `if_version` exclude each other",
                );
                return Err(self.name(error, Operation::Set, &key));
            }
        };
        let mut request = SetRequest::new(&key, secret).when(condition);
        request.created_at = options.created_at;
        self.send_set(&cx, request).await
    }

    /// Writes several secrets: all or nothing where the backend's capability `atomic_batch` says so, else each outcome
    /// is told.
    ///
    /// # Errors
    /// What concerns the whole batch, before anything is written: an invalid key, the same key twice
    /// ([`ErrorKind::InvalidArgument`]), a value that the backend cannot hold.
    pub async fn set_many(&self, entries: &[(SecretKey, Secret)]) -> Result<SetManyOutcome> {
        let cx = self.context()?;
        let capabilities = self.backend().capabilities();
        let mut keys = Vec::with_capacity(entries.len());
        for (key, secret) in entries {
            key.check().and_then(|()| check::fits(capabilities, key))?;
            check::secret(capabilities, self.shared.max_value, secret)
                .map_err(|error| self.name(error, Operation::SetMany, key))?;
            keys.push(key);
        }
        keys.sort();
        if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            let error = Error::new(ErrorKind::InvalidArgument, "the batch has the key twice");
            return Err(self.name(error, Operation::SetMany, twice[0]));
        }
        self.layered().set_many(&cx, SetManyRequest::new(entries)).await
    }

    /// Writes an API key issued by `provider`. Other metadata of an existing secret is kept, but for an expiry that has
    /// passed; without a provider that is kept too.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub async fn set_api_key(
        &self,
        name: impl AsKey,
        value: impl Into<SecretValue>,
        provider: Option<&str>,
    ) -> Result<SetOutcome> {
        let cx = self.context()?;
        let key = self.key(&name)?;
        let provider = provider.map(str::to_owned);
        let change = |current: Option<&SecretMetadata>| {
            let mut metadata = kept(current);
            metadata.provider = provider.clone().or(metadata.provider);
            Ok(metadata)
        };
        self.change(&cx, &key, Secret::new(value), None, change).await
    }

    /// Replaces the value of an existing secret; its metadata is kept.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Expired`]; as [`set`](Self::set).
    pub async fn update_value(&self, key: impl AsKey, value: impl Into<SecretValue>) -> Result<SetOutcome> {
        self.update_value_with(key, value, UpdateOptions::new()).await
    }

    /// Replaces the value of an existing secret, with options.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Expired`] unless the options say what becomes of the expiry;
    /// [`ErrorKind::Conflict`] where `if_version` does not hold; as [`set`](Self::set).
    pub async fn update_value_with(
        &self,
        key: impl AsKey,
        value: impl Into<SecretValue>,
        options: UpdateOptions,
    ) -> Result<SetOutcome> {
        let cx = self.context()?;
        let key = self.key(&key)?;
        let change = |current: Option<&SecretMetadata>| {
            let mut metadata = current.cloned().ok_or_else(|| self.missing(Operation::Set, &key))?;
            match options.expires_at {
                Some(expires_at) => metadata.expires_at = expires_at,
                None if metadata.is_expired_at(timestamp::now()) => return Err(self.expired(&key)),
                None => {}
            }
            Ok(metadata)
        };
        self.change(&cx, &key, Secret::new(value), options.if_version.as_ref(), change)
            .await
    }

    /// Changes the metadata of a secret, not its value. No new version, except where the backend cannot but write one.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Unsupported`] naming a field that the backend cannot hold.
    pub async fn update_metadata(&self, key: impl AsKey, update: &MetadataUpdate) -> Result<SetOutcome> {
        let cx = self.context()?;
        let key = self.key(&key)?;
        let mut changed = SecretMetadata::new();
        update.apply(&mut changed);
        let request = UpdateMetadataRequest::new(&key, update);
        let capabilities = self.backend().capabilities();
        check::writable(capabilities)
            .and_then(|()| check::metadata(capabilities, &changed))
            .and_then(|()| check::condition(capabilities, request.condition))
            .map_err(|error| self.name(error, Operation::UpdateMetadata, &key))?;
        self.layered().update_metadata(&cx, request).await
    }

    /// Gives an existing secret a new value, stated or generated; the former version stays readable. Metadata is kept,
    /// but for an expiry that has passed.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Unsupported`] where the backend keeps no versions; as [`set`](Self::set).
    pub async fn rotate(&self, key: impl AsKey, new: impl Into<NewValue>) -> Result<SetOutcome> {
        let cx = self.context()?;
        let key = self.key(&key)?;
        let capabilities = self.backend().capabilities();
        check::writable(capabilities)
            .and_then(|()| check::versions(capabilities))
            .map_err(|error| self.name(error, Operation::Set, &key))?;
        let value = new.into().into_value()?;
        let change = |current: Option<&SecretMetadata>| match current {
            Some(_) => Ok(kept(current)),
            None => Err(self.missing(Operation::Set, &key)),
        };
        self.change(&cx, &key, Secret::new(value), None, change).await
    }

    /// Removes a secret and its history.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn delete(&self, key: impl AsKey) -> Result<()> {
        self.delete_with(key, DeleteOptions::new()).await
    }

    /// Removes a secret and its history, with options.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] unless a missing secret is no error; [`ErrorKind::Unsupported`] for `soft` and `version`
    /// where the backend cannot [`restore`](Self::restore); [`ErrorKind::InvalidArgument`] for two ways of removal.
    pub async fn delete_with(&self, key: impl AsKey, options: DeleteOptions) -> Result<()> {
        let cx = self.context()?;
        let key = self.key(&key)?;
        let name = |error| self.name(error, Operation::Delete, &key);
        let how = options.how().map_err(name)?;
        check::removal(self.backend().capabilities(), how).map_err(name)?;
        let request = DeleteRequest::new(&key).how(how).missing_ok(options.missing_ok);
        match self.layered().delete(&cx, request).await {
            Err(error) if options.missing_ok && error.kind() == ErrorKind::NotFound => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// Brings back a secret that was removed, where the backend still keeps it: Vault a secret that was removed with
    /// `soft`, AWS any that was removed without `force`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where nothing removed is kept; [`ErrorKind::Conflict`] where the secret is there;
    /// [`ErrorKind::Unsupported`] where the backend keeps nothing that was removed.
    pub async fn restore(&self, key: impl AsKey) -> Result<SetOutcome> {
        let cx = self.context()?;
        let key = self.key(&key)?;
        self.layered().restore(&cx, RestoreRequest::new(&key)).await
    }

    /// Makes a former version the current one, by writing it again as a new version: its value and metadata, without
    /// its expiry.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where secret or version are missing; [`ErrorKind::Unsupported`] where the backend keeps
    /// no versions; [`ErrorKind::InvalidArgument`] for 0 versions back.
    pub async fn rollback(&self, key: impl AsKey, to: impl Into<RollbackTo>) -> Result<SetOutcome> {
        let cx = self.context()?;
        let key = self.key(&key)?;
        check::writable(self.backend().capabilities()).map_err(|error| self.name(error, Operation::Rollback, &key))?;
        let version = match to.into() {
            RollbackTo::Version(version) => version,
            RollbackTo::Back(0) => {
                let error = Error::new(ErrorKind::InvalidArgument, "a rollback goes back at least one version");
                return Err(self.name(error, Operation::Rollback, &key));
            }
            RollbackTo::Back(count) => self.version_before(&cx, &key, count).await?,
        };
        self.layered().rollback(&cx, RollbackRequest::new(&key, &version)).await
    }

    async fn version_before(&self, cx: &CallContext, key: &SecretKey, count: usize) -> Result<Version> {
        let versions = self.layered().versions(cx, VersionsRequest::new(key)).await?;
        let current = versions.iter().position(|entry| entry.current).unwrap_or(0);
        let before = current.checked_add(count).and_then(|at| versions.into_iter().nth(at));
        before.map(|entry| entry.version).ok_or_else(|| {
            let error = Error::new(
                ErrorKind::NotFound,
                format!("there is no version {count} before the current one"),
            );
            self.name(error, Operation::Rollback, key)
        })
    }

    /// Reads the metadata, lets `change` say what it becomes, and writes the secret with it. Where the backend knows
    /// conditions, another writer in between makes it begin again; without them the last writer wins.
    async fn change(
        &self,
        cx: &CallContext,
        key: &SecretKey,
        mut secret: Secret,
        if_version: Option<&Version>,
        change: impl Fn(Option<&SecretMetadata>) -> Result<SecretMetadata>,
    ) -> Result<SetOutcome> {
        let has_cas = self.backend().capabilities().cas;
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let found = self.layered().describe(cx, GetRequest::new(key)).await?;
            let current = found.map(|found| found.metadata);
            secret.metadata = change(current.as_ref())?;
            let condition = match (if_version, &current) {
                (Some(version), _) => IfVersion::Is(version),
                (None, None) if has_cas => IfVersion::Absent,
                (
                    None,
                    Some(SecretMetadata {
                        version: Some(version), ..
                    }),
                ) if has_cas => IfVersion::Is(version),
                (None, _) => IfVersion::Any,
            };
            match self.send_set(cx, SetRequest::new(key, &secret).when(condition)).await {
                Err(error) if error.kind() == ErrorKind::Conflict && if_version.is_none() => last = Some(error),
                outcome => return outcome,
            }
        }
        Err(last.unwrap_or_else(|| ErrorKind::Conflict.into()))
    }

    pub(crate) async fn send_set(&self, cx: &CallContext, request: SetRequest<'_>) -> Result<SetOutcome> {
        let capabilities = self.backend().capabilities();
        check::secret(capabilities, self.shared.max_value, request.secret)
            .and_then(|()| check::condition(capabilities, request.condition))
            .map_err(|error| self.name(error, Operation::Set, request.key))?;
        self.layered().set(cx, request).await
    }

    fn missing(&self, operation: Operation, key: &SecretKey) -> Error {
        self.name(
            Error::new(ErrorKind::NotFound, "there is no such secret"),
            operation,
            key,
        )
    }
}

/// What a new value keeps of the metadata: all but an expiry that has passed, with which it would be born dead.
fn kept(current: Option<&SecretMetadata>) -> SecretMetadata {
    let mut metadata = current.cloned().unwrap_or_default();
    if metadata.is_expired_at(timestamp::now()) {
        metadata.expires_at = None;
    }
    metadata
}
