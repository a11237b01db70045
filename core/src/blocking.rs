//! The manager for callers whose thread may wait. Works in any thread, also inside someone's async runtime (where it
//! holds that runtime's thread up), and starts no runtime for a local backend.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use crate::backend::{
    BatchResult, Description, Explanation, Health, ListPage, MetadataUpdate, SetManyOutcome, SetOutcome, VerifyReport,
    VersionEntry,
};
use crate::config::Settings;
use crate::context::{CallOptions, CancellationToken, Face};
use crate::error::Result;
use crate::key::{AsKey, SecretKey};
use crate::layers::cache::Lookup;
use crate::manager::{
    BackendInfo, Builder, DeleteOptions, FallbackOptions, GenerateSpec, GetOptions, ListOptions, NewValue, RollbackTo,
    SetOptions, SubscribeOptions, Subscription, TooSmall, UpdateOptions,
};
use crate::metrics::Metrics;
use crate::park;
use crate::scope::SecretScope;
use crate::secret::{Secret, Version};
use crate::transfer::{CopyOptions, CopyPlan, CopyReport, Export, ExportOptions, ImportOptions, ImportReport};
use crate::value::SecretValue;

/// [`crate::SecretManager`] with verbs that wait: the same names, arguments, answers and errors.
///
/// ```
/// use strongroom::{Secret, blocking::SecretManager};
/// let secrets = SecretManager::builder().backend("memory").open_blocking()?;
/// secrets.set("org/acme/api_key", &Secret::new("sk-123"))?;
/// assert_eq!(secrets.get_value("org/acme/api_key")?.as_deref(), Some("sk-123"));
/// # Ok::<(), strongroom::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SecretManager {
    inner: crate::SecretManager,
}

impl From<crate::SecretManager> for SecretManager {
    /// The same manager; both may be used side by side.
    fn from(manager: crate::SecretManager) -> Self {
        Self {
            inner: manager.with_face(Face::Blocking),
        }
    }
}

impl Builder {
    /// Opens the manager for callers whose thread may wait.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_blocking(self) -> Result<SecretManager> {
        self.open_here().map(SecretManager::from)
    }
}

/// The verbs that only wait for their async twin.
macro_rules! waiting {
    ($($name:ident $(<$generic:ident: $bound:ident>)? ($($argument:ident: $type:ty),*) -> $output:ty;)+) => {$(
        #[doc = concat!("Waits for [`crate::SecretManager::", stringify!($name), "`].")]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = "Those of the async verb."]
        pub fn $name $(<$generic: $bound>)? (&self $(, $argument: $type)*) -> $output {
            park::block_on(self.inner.$name($($argument),*))
        }
    )+};
}

impl SecretManager {
    /// Opens the default manager; see [`crate::SecretManager::init`].
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub fn init() -> Result<Self> {
        Self::builder().open_blocking()
    }

    /// What opens a manager in any other way.
    pub fn builder() -> Builder {
        crate::SecretManager::builder()
    }

    /// The same manager with async verbs.
    pub fn to_async(&self) -> crate::SecretManager {
        self.inner.with_face(Face::Async)
    }

    /// The backend.
    pub fn backend(&self) -> BackendInfo<'_> {
        self.inner.backend()
    }

    /// Whether secrets are still there after the machine has started again.
    pub fn is_persistent(&self) -> bool {
        self.inner.is_persistent()
    }

    /// The name of the application.
    pub fn app(&self) -> &str {
        self.inner.app()
    }

    /// The settings, each with its origin.
    pub fn settings(&self) -> &Settings {
        self.inner.settings()
    }

    /// A view in which bare names are names of `scope`; see [`crate::SecretManager::scoped`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`](crate::ErrorKind::InvalidKey).
    pub fn scoped(&self, scope: &str) -> Result<Self> {
        self.inner.scoped(scope).map(|inner| Self { inner })
    }

    /// The key that a text means in this view; see [`crate::SecretManager::key_of`].
    ///
    /// # Errors
    /// Those of the async manager.
    pub fn key_of(&self, key: impl AsKey) -> Result<SecretKey> {
        self.inner.key_of(key)
    }

    /// What this manager has counted; see [`crate::SecretManager::metrics`].
    pub fn metrics(&self) -> Metrics {
        self.inner.metrics()
    }

    /// A view whose calls carry these options.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self {
            inner: self.inner.with_options(options),
        }
    }

    /// A view whose calls take at most so long.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            inner: self.inner.with_timeout(timeout),
        }
    }

    /// A view whose calls end when the token fires.
    #[must_use]
    pub fn with_cancel(&self, token: CancellationToken) -> Self {
        Self {
            inner: self.inner.with_cancel(token),
        }
    }

    /// Looks into the cache, and only there; see [`crate::SecretManager::try_cached`].
    #[inline]
    pub fn try_cached<R>(&self, key: impl AsKey, visitor: impl FnOnce(&[u8]) -> R) -> Lookup<R> {
        self.inner.try_cached(key, visitor)
    }

    /// Looks into the cache by the bytes of a key's text; see [`crate::SecretManager::try_cached_bytes`].
    #[inline]
    pub fn try_cached_bytes<R>(&self, key: &[u8], visitor: impl FnOnce(&[u8]) -> R) -> Lookup<R> {
        self.inner.try_cached_bytes(key, visitor)
    }

    /// Copies a cached value into the caller's buffer; see [`crate::SecretManager::cached_into_bytes`].
    ///
    /// # Errors
    /// A hit may be [`TooSmall`].
    #[inline]
    pub fn cached_into_bytes(&self, key: &[u8], buffer: &mut [u8]) -> Lookup<std::result::Result<usize, TooSmall>> {
        self.inner.cached_into_bytes(key, buffer)
    }

    /// Runs any combination of the async verbs on this thread, and waits for it. `call` gets the manager in the form
    /// that may hold its thread up: a local backend works right here, without runtime or further thread. May be called
    /// from any thread, also inside someone's async runtime; each verb keeps its own deadline.
    ///
    /// ```
    /// use strongroom::{Secret, blocking::SecretManager};
    /// let secrets = SecretManager::builder().backend("memory").open_blocking()?;
    /// let moved = secrets.wait_for(|secrets| async move {
    ///     secrets.set("old", &Secret::new("value")).await?;
    ///     let Some(secret) = secrets.get("old").await? else { return Ok(false) };
    ///     secrets.set("new", &secret).await?;
    ///     secrets.delete("old").await?;
    ///     Ok::<_, strongroom::Error>(true)
    /// })?;
    /// assert!(moved);
    /// # Ok::<(), strongroom::Error>(())
    /// ```
    pub fn wait_for<'a, T, F: Future<Output = T>>(&'a self, call: impl FnOnce(&'a crate::SecretManager) -> F) -> T {
        park::block_on(call(&self.inner))
    }

    /// Waits for [`crate::SecretManager::copy_plan`].
    ///
    /// # Errors
    /// Those of the async verb.
    pub fn copy_plan(&self, target: &Self, options: &CopyOptions) -> Result<CopyPlan> {
        park::block_on(self.inner.copy_plan(&target.inner, options))
    }

    /// Waits for [`crate::SecretManager::copy_to`].
    ///
    /// # Errors
    /// Those of the async verb.
    pub fn copy_to(&self, target: &Self, options: CopyOptions) -> Result<CopyReport> {
        park::block_on(self.inner.copy_to(&target.inner, options))
    }

    /// The journal that a copy to `target` has by default; see [`crate::SecretManager::copy_journal`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig).
    pub fn copy_journal(&self, target: &Self) -> Result<PathBuf> {
        self.inner.copy_journal(&target.inner)
    }

    // A cached value is answered before a deadline is worked out or a future made.

    /// Waits for [`crate::SecretManager::get`].
    ///
    /// # Errors
    /// Those of the async verb.
    pub fn get(&self, key: impl AsKey) -> Result<Option<Secret>> {
        match self.inner.try_cached_secret(&key) {
            Some(secret) => Ok(Some(secret)),
            None => park::block_on(self.inner.get_with(key, GetOptions::new())),
        }
    }

    /// Waits for [`crate::SecretManager::get_value`].
    ///
    /// # Errors
    /// Those of the async verb.
    pub fn get_value(&self, key: impl AsKey) -> Result<Option<String>> {
        match self.inner.cached_text(&key) {
            Some(text) => Ok(Some(text)),
            None => park::block_on(self.inner.get_value_uncached(key)),
        }
    }

    /// Waits for [`crate::SecretManager::get_into`].
    ///
    /// # Errors
    /// Those of the async verb.
    pub fn get_into(&self, key: impl AsKey, buffer: &mut [u8]) -> Result<Option<usize>> {
        match self.inner.cached_into(&key, buffer) {
            Some(outcome) => outcome.map(Some),
            None => park::block_on(self.inner.get_into_uncached(key, buffer)),
        }
    }

    waiting! {
        get_with(key: impl AsKey, options: GetOptions) -> Result<Option<Secret>>;
        get_version(key: impl AsKey, version: &Version) -> Result<Option<Secret>>;
        get_many<K: AsKey>(keys: &[K]) -> Result<BatchResult>;
        get_with_fallback(name: &str, scopes: &[SecretScope]) -> Result<Option<Secret>>;
        get_with_fallback_options(name: &str, scopes: &[SecretScope], options: FallbackOptions) -> Result<Option<Secret>>;
        exists(key: impl AsKey) -> Result<bool>;
        describe(key: impl AsKey) -> Result<Option<Description>>;
        explain(name: impl AsKey, scopes: &[SecretScope]) -> Result<Explanation>;
        list(options: ListOptions) -> Result<ListPage>;
        versions(key: impl AsKey) -> Result<Vec<VersionEntry>>;
        set(key: impl AsKey, secret: &Secret) -> Result<SetOutcome>;
        set_with(key: impl AsKey, secret: &Secret, options: SetOptions) -> Result<SetOutcome>;
        set_many(entries: &[(SecretKey, Secret)]) -> Result<SetManyOutcome>;
        set_api_key(name: impl AsKey, value: impl Into<SecretValue>, provider: Option<&str>) -> Result<SetOutcome>;
        update_value(key: impl AsKey, value: impl Into<SecretValue>) -> Result<SetOutcome>;
        update_value_with(key: impl AsKey, value: impl Into<SecretValue>, options: UpdateOptions) -> Result<SetOutcome>;
        update_metadata(key: impl AsKey, update: &MetadataUpdate) -> Result<SetOutcome>;
        get_or_generate(key: impl AsKey, spec: &GenerateSpec) -> Result<Secret>;
        rotate(key: impl AsKey, new: impl Into<NewValue>) -> Result<SetOutcome>;
        delete(key: impl AsKey) -> Result<()>;
        delete_with(key: impl AsKey, options: DeleteOptions) -> Result<()>;
        restore(key: impl AsKey) -> Result<SetOutcome>;
        resolve(reference: &str) -> Result<Option<Secret>>;
        subscribe(options: SubscribeOptions) -> Result<Subscription>;
        refresh() -> Result<()>;
        rollback(key: impl AsKey, to: impl Into<RollbackTo>) -> Result<SetOutcome>;
        export(options: ExportOptions) -> Result<Export>;
        import(document: &[u8], options: ImportOptions) -> Result<ImportReport>;
        health() -> Result<Health>;
        verify() -> Result<VerifyReport>;
        lock() -> Result<()>;
        close() -> Result<()>;
    }
}
