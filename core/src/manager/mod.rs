//! The manager: what users hold. A backend in its layers, and the verbs.

mod admin;
mod builder;
mod caching;
pub(crate) mod check;
mod explain;
mod generate;
mod health;
mod options;
mod read;
mod resolve;
mod transfer;
mod watch;
mod write;

use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use builder::Builder;
pub use generate::{GenerateSpec, NewValue};
pub use options::{DeleteOptions, FallbackOptions, GetOptions, ListOptions, RollbackTo, SetOptions, UpdateOptions};
pub use read::TooSmall;
pub use watch::{SubscribeOptions, Subscription};

/// The target of events that say what a backend is like, whatever is done with it.
pub(crate) const NATURE: &str = "strongroom::nature";

use health::HealthTask;

use crate::backend::{Backend, Capabilities, Persistence};
use crate::changes::Changes;
use crate::config::{Origin, Settings};
use crate::context::{CallContext, CallOptions, CancellationToken, Face, PromptPolicy};
use crate::error::{Error, ErrorKind, Result};
use crate::key::{AsKey, SecretKey};
use crate::layers::Counters;
use crate::layers::cache::{Cache, CachedSecret, Lookup, cache_key, cache_text};
use crate::resolve::Sources;
use crate::scope::SecretScope;
use crate::secret::Secret;
use crate::sys::files;

/// A store of secrets, whatever backend holds them. Open one, share it: it is a cheap handle, `Clone`, `Send` and
/// `Sync`.
///
/// Verbs take a key as text (`"org/acme/api_key"`; a bare name is global) or as a [`SecretKey`]. Every verb may answer,
/// besides what it names itself: [`ErrorKind::InvalidKey`], [`ErrorKind::Timeout`] (a write that was sent:
/// [`ErrorKind::OutcomeUnknown`]), [`ErrorKind::Cancelled`], [`ErrorKind::Closed`], [`ErrorKind::Unavailable`],
/// [`ErrorKind::Locked`], [`ErrorKind::PermissionDenied`], [`ErrorKind::Integrity`] and what else the backend reports.
///
/// The futures work on any executor. A caller who is not async uses [`crate::blocking::SecretManager`].
///
/// ```
/// # fn main() -> strongroom::Result<()> {
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use strongroom::{Secret, SecretManager};
///
/// let secrets = SecretManager::builder().backend("memory").open().await?;
/// secrets.set("org/acme/api_key", &Secret::with_provider("sk-123", "openai")).await?;
/// let secret = secrets.get("org/acme/api_key").await?.expect("just set");
/// assert_eq!(secret.value.expose(), b"sk-123");
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone)]
pub struct SecretManager {
    shared: Arc<Shared>,
    face: Face,
    options: CallOptions,
    /// The scope of bare names, where this is a [`scoped`](Self::scoped) view.
    scope: Option<Arc<SecretScope>>,
}

struct Shared {
    app: String,
    settings: Settings,
    /// The opened backend, without layers.
    backend: Arc<dyn Backend>,
    /// The same in its layers.
    layered: Arc<dyn Backend>,
    /// What follows references of other schemes than `secret`.
    sources: Sources,
    cache: Option<Arc<Cache>>,
    counters: Arc<Counters>,
    changes: Arc<Changes>,
    /// What asks a remote backend how it is.
    health: Option<HealthTask>,
    closed: AtomicBool,
    timeout: Duration,
    prompt: PromptPolicy,
    max_value: usize,
    /// What made this backend the one.
    chosen_by: Origin,
}

/// What is known about an opened backend.
#[derive(Clone, Copy, Debug)]
pub struct BackendInfo<'a> {
    backend: &'a dyn Backend,
    max_value: usize,
    chosen_by: &'a Origin,
}

impl<'a> BackendInfo<'a> {
    /// The one word that this kind of backend is known by.
    pub fn name(&self) -> &'static str {
        self.backend.name()
    }

    /// Who or what chose it: whoever stated the setting `backend`, [`Origin::Builder`] for an instance of the program's
    /// own, else [`Origin::Detected`] with the reason.
    pub fn chosen_by(&self) -> &'a Origin {
        self.chosen_by
    }

    /// What it can do.
    pub fn capabilities(&self) -> &'a Capabilities {
        self.backend.capabilities()
    }

    /// The longest value in bytes that this manager takes: the setting, or the backend's limit where that is lower.
    pub fn max_value(&self) -> usize {
        self.max_value
    }

    /// How long what is stored lasts.
    pub fn persistence(&self) -> Persistence {
        self.backend.capabilities().persistence
    }
}

impl SecretManager {
    /// Opens the default manager: application `strongroom`, settings from the environment, the store made where there
    /// is none.
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub async fn init() -> Result<Self> {
        Self::builder().open().await
    }

    /// What opens a manager in any other way.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The backend.
    pub fn backend(&self) -> BackendInfo<'_> {
        let backend = &*self.shared.backend;
        BackendInfo {
            backend,
            max_value: self.shared.max_value.min(backend.capabilities().max_value),
            chosen_by: &self.shared.chosen_by,
        }
    }

    /// Whether secrets are still there after the machine has started again.
    pub fn is_persistent(&self) -> bool {
        self.backend().persistence().survives_reboot()
    }

    /// The name of the application.
    pub fn app(&self) -> &str {
        &self.shared.app
    }

    /// The settings, each with its origin. Secret ones are not shown.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// A view in which bare names are names of `scope` (text form, such as `org/acme`). Texts that name a scope and
    /// [`SecretKey`]s mean what they say. `list` without a scope lists this one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`] where the text is no scope.
    pub fn scoped(&self, scope: &str) -> Result<Self> {
        let scope = SecretScope::parse(scope)?;
        let mut view = self.clone();
        view.scope = Some(Arc::new(scope));
        Ok(view)
    }

    /// The scope of this view; `None` where bare names are global.
    pub fn scope(&self) -> Option<&SecretScope> {
        self.scope.as_deref()
    }

    /// A view whose calls carry these options.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        let mut view = self.clone();
        view.options = options;
        view
    }

    /// What this view's calls carry.
    pub fn call_options(&self) -> &CallOptions {
        &self.options
    }

    /// A view whose calls take at most so long.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        let mut view = self.clone();
        view.options.timeout = Some(timeout);
        view
    }

    /// A view whose calls end when the token fires.
    #[must_use]
    pub fn with_cancel(&self, token: CancellationToken) -> Self {
        let mut view = self.clone();
        view.options.cancel = Some(token);
        view
    }

    /// The same manager for callers whose thread may wait.
    pub(crate) fn with_face(&self, face: Face) -> Self {
        let mut view = self.clone();
        view.face = face;
        view
    }

    /// Looks into the cache, and only there: synchronous, without allocation, runtime or lock held while `visitor`
    /// sees the value. The bytes are a copy that is wiped when the visitor returns. For bindings, which copy straight
    /// into their own language's memory; [`Lookup::Miss`] and [`Lookup::Slow`] mean: call [`get`](Self::get).
    #[inline]
    pub fn try_cached<R>(&self, key: impl AsKey, visitor: impl FnOnce(&[u8]) -> R) -> Lookup<R> {
        match &self.shared.cache {
            None => Lookup::Miss,
            Some(cache) => self.with_cache_text(&key, |text| cache.visit(&*self.shared.backend, text, visitor)),
        }
    }

    /// Like [`Self::try_cached`], for a caller who has the key's text as bytes (of another language's memory): they are
    /// looked up as they are and need no check. What is no key, bytes that are no UTF-8 among them, is a
    /// [`Lookup::Miss`]. May be called from any thread.
    ///
    /// ```
    /// use strongroom::{Lookup, Secret, blocking::SecretManager};
    /// let secrets = SecretManager::builder().backend("memory").open_blocking()?;
    /// secrets.set("k", &Secret::new("value"))?;
    /// assert_eq!(secrets.try_cached_bytes(b"k", <[u8]>::len), Lookup::Miss);
    /// secrets.get("k")?;
    /// assert_eq!(secrets.try_cached_bytes(b"k", <[u8]>::len), Lookup::Hit(5));
    /// # Ok::<(), strongroom::Error>(())
    /// ```
    #[inline]
    pub fn try_cached_bytes<R>(&self, key: &[u8], visitor: impl FnOnce(&[u8]) -> R) -> Lookup<R> {
        match &self.shared.cache {
            None => Lookup::Miss,
            Some(cache) => self.with_cache_bytes(key, |text| cache.visit(&*self.shared.backend, text, visitor)),
        }
    }

    /// Copies a cached value into the caller's buffer and answers its length, with a key as in
    /// [`try_cached_bytes`](Self::try_cached_bytes): what [`get_into`](Self::get_into) begins with. The value is copied
    /// once, straight from the cache; what lies beyond its length is left as it was. No allocation on a hit. May be
    /// called from any thread.
    ///
    /// # Errors
    /// A hit may be [`TooSmall`], which tells the size that is needed; then nothing is copied.
    ///
    /// ```
    /// use strongroom::{Lookup, Secret, TooSmall, blocking::SecretManager};
    /// let secrets = SecretManager::builder().backend("memory").open_blocking()?;
    /// secrets.set("k", &Secret::new("value"))?;
    /// secrets.get("k")?;
    /// let mut buffer = [0; 8];
    /// assert_eq!(secrets.cached_into_bytes(b"k", &mut buffer), Lookup::Hit(Ok(5)));
    /// assert_eq!(&buffer, b"value\0\0\0");
    /// assert_eq!(secrets.cached_into_bytes(b"k", &mut buffer[..4]), Lookup::Hit(Err(TooSmall { needed: 5 })));
    /// # Ok::<(), strongroom::Error>(())
    /// ```
    #[inline]
    pub fn cached_into_bytes(&self, key: &[u8], buffer: &mut [u8]) -> Lookup<std::result::Result<usize, TooSmall>> {
        let copy = |bytes: &[u8]| read::copy_bytes(bytes, buffer);
        match &self.shared.cache {
            None => Lookup::Miss,
            Some(cache) => self.with_cache_bytes(key, |text| cache.copy(&*self.shared.backend, text, copy)),
        }
    }

    /// Like [`Self::try_cached`] for a visitor of our own that only copies: it may be called under the cache's lock.
    #[inline]
    fn copy_cached<R>(&self, key: &impl AsKey, copy: impl FnOnce(&[u8]) -> R) -> Lookup<R> {
        match &self.shared.cache {
            None => Lookup::Miss,
            Some(cache) => self.with_cache_text(key, |text| cache.copy(&*self.shared.backend, text, copy)),
        }
    }

    /// The cached secret, as a copy of the caller's own.
    pub(crate) fn try_cached_secret(&self, key: &impl AsKey) -> Option<Secret> {
        let cache = self.shared.cache.as_ref()?;
        match self.with_cache_text(key, |text| cache.secret(&*self.shared.backend, text)) {
            Lookup::Hit(secret) => Some(secret),
            _ => None,
        }
    }

    /// The cached secret as a copy of the caller's own, for a caller who has the key's text as bytes, as for
    /// [`try_cached_bytes`](Self::try_cached_bytes). `None` means: call [`get`](Self::get).
    pub fn cached_secret_bytes(&self, key: &[u8]) -> Option<Secret> {
        let cache = self.shared.cache.as_ref()?;
        match self.with_cache_bytes(key, |text| cache.secret(&*self.shared.backend, text)) {
            Lookup::Hit(secret) => Some(secret),
            _ => None,
        }
    }

    /// The cached secret, shared with the cache: for a caller who hands it out without looking, and so needs no copy. The
    /// key is as for [`try_cached_bytes`](Self::try_cached_bytes). `None` means: call [`get`](Self::get). May be called
    /// from any thread.
    pub fn share_cached_bytes(&self, key: &[u8]) -> Option<CachedSecret> {
        let cache = self.shared.cache.as_ref()?;
        match self.with_cache_bytes(key, |text| cache.share(&*self.shared.backend, text)) {
            Lookup::Hit(shared) => Some(shared),
            _ => None,
        }
    }

    /// Calls `look` with the bytes that a key is cached under, before anything is parsed. A text that is no valid key
    /// is found by nobody, because only valid ones are ever cached.
    #[inline]
    fn with_cache_text<R>(&self, key: &impl AsKey, look: impl FnOnce(&[u8]) -> Lookup<R>) -> Lookup<R> {
        match key.lookup_text() {
            None => Lookup::Miss,
            Some(text) => in_scope(self.scope_of(key), text.as_bytes(), look),
        }
    }

    /// The same for a key's text as bytes.
    #[inline]
    fn with_cache_bytes<R>(&self, text: &[u8], look: impl FnOnce(&[u8]) -> Lookup<R>) -> Lookup<R> {
        let scope = self.scope.as_deref();
        let scope = scope.filter(|scope| scope.id().is_some() && !text.contains(&b'/'));
        in_scope(scope, text, look)
    }

    /// The scope that this view adds to a key; `None` where that is `global`, or the key names its own.
    #[inline]
    fn scope_of(&self, key: &impl AsKey) -> Option<&SecretScope> {
        let scope = self.scope.as_deref()?;
        (scope.id().is_some() && !key.is_absolute()).then_some(scope)
    }

    /// The key that a verb was given, in this view; short enough for the backend.
    fn key<'k>(&self, key: &'k impl AsKey) -> Result<Cow<'k, SecretKey>> {
        let key = match self.scope_of(key) {
            None => key.to_key()?,
            Some(scope) => Cow::Owned(SecretKey::parse(&format!("{scope}/{}", key.text()))?),
        };
        check::fits(self.backend().capabilities(), &key)
            .map_err(|error| error.with_backend(self.shared.backend.name()).with_key(&*key))?;
        Ok(key)
    }

    /// The key that a text means in this view: a bare name is one of the view's scope. For
    /// [`set_many`](Self::set_many), whose keys say their scope.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`]; [`ErrorKind::TooLarge`] where it is longer than the backend takes.
    pub fn key_of(&self, key: impl AsKey) -> Result<SecretKey> {
        self.key(&key).map(Cow::into_owned)
    }

    pub(crate) fn context(&self) -> Result<CallContext> {
        if self.shared.closed.load(Ordering::Acquire) {
            return Err(
                Error::new(ErrorKind::Closed, "the manager was closed").with_backend(self.shared.backend.name())
            );
        }
        if let Some(task) = &self.shared.health {
            task.ensure(&self.shared);
        }
        Ok(CallContext::with_options(
            self.face,
            self.shared.timeout,
            self.shared.prompt,
            self.options.clone(),
        ))
    }

    pub(crate) fn layered(&self) -> &dyn Backend {
        &*self.shared.layered
    }

    /// The backend's word and where it has its secrets.
    pub(crate) fn place(&self) -> String {
        let backend = &*self.shared.backend;
        match backend.location() {
            Some(location) => format!("{} {location}", backend.name()),
            None => backend.name().to_owned(),
        }
    }

    /// The first place where both have secrets, as ours and as theirs: one location, or two names of one file.
    pub(crate) fn shared_place(&self, other: &Self) -> Option<(&'static str, &'static str)> {
        let (ours, theirs) = (&self.shared.backend, &other.shared.backend);
        if Arc::ptr_eq(ours, theirs) {
            return Some((ours.name(), theirs.name()));
        }
        let theirs = theirs.locations();
        ours.locations().iter().find_map(|our| {
            let found = theirs.iter().find(|their| is_same_place(&our.place, &their.place))?;
            Some((our.backend, found.backend))
        })
    }

    #[cfg(feature = "testing")]
    pub(crate) fn age_cache(&self, by: Duration) {
        if let Some(cache) = &self.shared.cache {
            cache.age(by);
        }
    }

    /// Makes the next read ask the backend.
    pub(crate) fn forget_cached(&self, key: &SecretKey) {
        if let Some(cache) = &self.shared.cache {
            cache.remove(cache_key(key));
        }
    }
}

fn is_same_place(one: &str, other: &str) -> bool {
    let file = |place: &str| {
        let path = Path::new(place);
        path.is_absolute().then(|| files::file_id(path).ok().flatten())?
    };
    one == other || file(one).is_some_and(|one| file(other) == Some(one))
}

/// Calls `look` with the bytes that a text in a scope is cached under.
#[inline]
fn in_scope<R>(scope: Option<&SecretScope>, text: &[u8], look: impl FnOnce(&[u8]) -> Lookup<R>) -> Lookup<R> {
    let Some(scope) = scope else {
        return look(cache_text(text));
    };
    let words = [scope.kind().word(), "/", scope.id().unwrap_or_default(), "/"];
    let [kind, slash, id, end] = words.map(str::as_bytes);
    let parts = [kind, slash, id, end, text];
    let mut room = [0_u8; 192];
    let mut len = 0;
    for part in parts {
        match room.get_mut(len..len + part.len()) {
            Some(free) => free.copy_from_slice(part),
            None => return look(&parts.concat()),
        }
        len += part.len();
    }
    look(&room[..len])
}

impl fmt::Debug for SecretManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretManager")
            .field("app", &self.shared.app)
            .field("backend", &self.shared.backend.name())
            .field("scope", &self.scope.as_deref().map(ToString::to_string))
            .finish_non_exhaustive()
    }
}
