//! What opens a manager.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::health::HealthTask;
use super::{SecretManager, Shared, caching, check};
use crate::backend::{Backend, OpenRequest, Operation};
use crate::changes::{Changes, Telling};
use crate::config::{Collected, ConfigFormat, ConfigRole, Inspection, Origin, SecretProvider, Settings};
use crate::context::{CallContext, CallOptions, Face, MAX_DEADLINE, PromptPolicy};
use crate::error::{ErrorKind, Result};
use crate::layers::cache::{Gate, LastKnown};
use crate::layers::{self, AuditSink, Counters, LayerOptions, Remote};
use crate::resolve::{ReferenceScheme, Sources};
use crate::value::SecretValue;
use crate::worker::Worker;
use crate::{park, registry, resolve};

/// The target of all our events.
const TARGET: &str = "strongroom";

/// The application whose names are used where none is stated.
const DEFAULT_APP: &str = "strongroom";

/// Collects settings and opens a manager. What the program states here wins over flags, flags over the environment,
/// the environment over documents that are named, those over the project's and the user's own, and these over the
/// defaults of [`SETTINGS`](crate::SETTINGS); [`Origin`] is the whole order. The first wrong setting is answered by
/// `open`.
///
/// ```
/// use strongroom::SecretManager;
/// let secrets = SecretManager::builder().app("sideseat").backend("memory").open_blocking().unwrap();
/// assert_eq!(secrets.backend().name(), "memory");
/// let error = SecretManager::builder().option("cache_entrys", "5").open_blocking().unwrap_err();
/// assert!(error.to_string().contains("did you mean `cache_entries`"));
/// ```
#[derive(Debug)]
#[must_use]
pub struct Builder {
    app: String,
    collected: Collected,
    environment: bool,
    instance: Option<Arc<dyn Backend>>,
    audit: Option<Arc<dyn AuditSink>>,
    options: CallOptions,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            app: DEFAULT_APP.to_owned(),
            collected: Collected::default(),
            environment: true,
            instance: None,
            audit: None,
            options: CallOptions::default(),
        }
    }

    /// Names the application, which sets every default: variables (`<APP>_SECRETS_…`), folders, names in keystores.
    /// One segment of at most 64 letters, digits, `.`, `_`, `-`.
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = app.into();
        self
    }

    /// Chooses the backend by its word.
    pub fn backend(self, word: impl Into<String>) -> Self {
        self.option("backend", word)
    }

    /// Sets a setting of the table.
    pub fn option(self, key: &str, value: impl Into<String>) -> Self {
        self.set(key, value.into(), Origin::Builder)
    }

    /// Sets a setting of the table from a flag of a command line.
    pub fn flag(self, key: &str, value: impl Into<String>) -> Self {
        self.set(key, value.into(), Origin::Flag)
    }

    /// Sets a secret setting of the table.
    pub fn secret_option(mut self, key: &str, value: impl Into<SecretValue>) -> Self {
        let outcome = self.collected.settings.set_secret(key, value.into(), Origin::Builder);
        self.note(outcome);
        self
    }

    /// States a secret setting of the table by someone who is asked when it is needed: when the manager is opened, and
    /// whenever the backend must be unlocked again, as after [`lock`](SecretManager::lock). In between the core keeps
    /// no copy of what was answered. An error is the answer of the call that needs it. The provider is dropped with the
    /// builder, or with the last manager that was opened by it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use strongroom::{Error, ErrorKind, SecretManager, SecretValue};
    /// let ask = |setting: &str| -> strongroom::Result<SecretValue> {
    ///     Err(Error::new(ErrorKind::Locked, format!("nobody is there to give `{setting}`")))
    /// };
    /// let builder = SecretManager::builder().without_environment().secret_provider("encrypted.key", Arc::new(ask));
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("s.strongroom");
    /// # let builder = builder.option("encrypted.path", path.to_str().unwrap());
    /// let error = builder.backend("encrypted").open_blocking().unwrap_err();
    /// assert_eq!((error.kind(), error.setting()), (ErrorKind::Locked, Some("encrypted.key")));
    /// ```
    pub fn secret_provider(mut self, key: &str, provider: Arc<dyn SecretProvider>) -> Self {
        let outcome = self.collected.settings.set_provider(key, provider, Origin::Builder);
        self.note(outcome);
        self
    }

    /// Takes the settings of a document, which is read now: JSON or TOML by the name's ending, else by its text. They
    /// stand in its table `secrets`; all else in it belongs to the application. A relative path in it starts from the
    /// document's folder. Of two documents that are named the later wins.
    ///
    /// `open` answers what is wrong with it: [`ErrorKind::InvalidConfig`] naming the line and the setting, or
    /// [`ErrorKind::InsecurePath`] where everybody could write it, or where it states a secret and others can read it.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// let path = dir.path().join("application.toml");
    /// std::fs::write(&path, "[secrets]\nbackend = \"memory\"\ncache = false\n").unwrap();
    /// let secrets = strongroom::SecretManager::builder().config_file(&path).open_blocking().unwrap();
    /// assert_eq!(secrets.backend().name(), "memory");
    /// assert_eq!(secrets.settings().text("cache"), Some("off"));
    /// ```
    pub fn config_file(mut self, path: impl AsRef<Path>) -> Self {
        self.collected.file(path.as_ref());
        self
    }

    /// Takes the settings of a document that the program has at hand, as [`config_file`](Self::config_file) does. A
    /// relative path in it starts from the working directory.
    ///
    /// ```
    /// use strongroom::{ConfigFormat, SecretManager};
    /// let text = r#"{ "secrets": { "backend": "memory", "cache_entries": 5, "cache_entrys": 6 } }"#;
    /// let error = SecretManager::builder().config_text(ConfigFormat::Json, text).open_blocking().unwrap_err();
    /// assert!(error.to_string().contains("line 1") && error.to_string().contains("`cache_entries`"));
    /// ```
    pub fn config_text(mut self, format: ConfigFormat, text: &str) -> Self {
        self.collected.text(format, text);
        self
    }

    /// Takes the settings of a document that came with a project, as [`config_file`](Self::config_file) does, one step
    /// below. It may be a stranger's: where it states what [needs trust](crate::Setting::needs_trust), `trusted` is
    /// asked about its bytes ([`ConfigRole::Project`]), and where that is trusted and names a `dotenv` file about the
    /// bytes of that one ([`ConfigRole::Dotenv`]), `None` where it is not there. What was asked about is what is used.
    /// "No" makes `open` answer [`ErrorKind::PolicyDenied`]. A symbolic link is refused. The library looks for no such
    /// file; the command does.
    pub fn project_file(
        mut self,
        path: impl AsRef<Path>,
        trusted: impl FnMut(ConfigRole, Option<&[u8]>) -> bool,
    ) -> Self {
        self.collected.project(path.as_ref(), trusted);
        self
    }

    /// Leaves the environment alone: its variables, and the user's own file.
    pub fn without_environment(mut self) -> Self {
        self.environment = false;
        self
    }

    /// Uses an opened backend of the caller's own. Settings of other backends are then without effect.
    pub fn backend_instance(mut self, backend: Arc<dyn Backend>) -> Self {
        self.instance = Some(backend);
        self
    }

    /// Refuses every call of which this sink does not take a record: reads before the value is released, writes before
    /// they are sent. The cache goes on working behind it; its fast path is closed.
    pub fn required_audit_sink(mut self, sink: Arc<dyn AuditSink>) -> Self {
        self.audit = Some(sink);
        self
    }

    /// States how the opening itself is called, as [`with_options`](SecretManager::with_options) does for the calls of an
    /// opened manager, which takes nothing over from here. The timeout holds in place of the setting `deadline`. A token
    /// ends the opening with [`ErrorKind::Cancelled`] before its first step, between two of its steps and while it waits
    /// for other openings of the store, not within a step: whoever is asked for a key is asked to the end, and so is
    /// the descriptor that gives one. An opening that a thread of its own does (the async one, and that of a backend
    /// whose files may lie on a mount that hangs) is left at the deadline, whatever step it is in.
    ///
    /// ```
    /// use strongroom::{CallOptions, CancellationToken, ErrorKind, SecretManager};
    /// let token = CancellationToken::new();
    /// token.cancel();
    /// let builder = SecretManager::builder().backend("memory").call_options(CallOptions::new().cancel(token));
    /// assert_eq!(builder.open_blocking().unwrap_err().kind(), ErrorKind::Cancelled);
    /// ```
    pub fn call_options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    fn set(mut self, key: &str, value: String, origin: Origin) -> Self {
        let outcome = self.collected.settings.set(key, value, origin);
        self.note(outcome);
        self
    }

    fn note(&mut self, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.collected.problems.push(error);
        }
    }

    /// Opens the manager. Local files are read and, where they are missing and may be, made; a remote backend connects
    /// at its first call. The environment and the user's own file are read now, on this thread.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] naming the setting; what the backend answers at opening, for instance
    /// [`ErrorKind::KeyMissing`], [`ErrorKind::WrongKey`], [`ErrorKind::InsecurePath`], [`ErrorKind::Integrity`],
    /// [`ErrorKind::UnsupportedFormat`]; [`ErrorKind::Timeout`], [`ErrorKind::Cancelled`].
    pub async fn open(self) -> Result<SecretManager> {
        self.open_elsewhere(Face::Async).await
    }

    /// Opens the manager on a thread of its own, for callers whose thread must not be held up by it.
    pub(crate) async fn open_elsewhere(self, face: Face) -> Result<SecretManager> {
        let mut plan = self.plan(face)?;
        let cx = plan.begin()?;
        if plan.instance.is_none() || !plan.schemes.is_empty() || plan.keeps_last_known() {
            // Files are locked, read and synced: not on a thread of someone's executor.
            plan = plan.opened_by_worker(&cx).await?;
        }
        plan.finish()
    }

    /// Opens the manager while this thread waits. What may lie on a mount that hangs is opened by a worker, so that the
    /// deadline is kept; the others on this thread, where their provider is asked.
    pub(crate) fn open_here(self) -> Result<SecretManager> {
        let mut plan = self.plan(Face::Blocking)?;
        let cx = plan.begin()?;
        let may_hang = plan.instance.is_none() && registry::may_hang(plan.word());
        if may_hang || Sources::may_hang(&plan.schemes) {
            plan = park::block_on(plan.opened_by_worker(&cx))?;
        } else {
            plan.open_all(&cx)?;
        }
        plan.finish()
    }

    /// What a manager would be opened with, without opening one: each setting and where it comes from, all that is
    /// wrong, the files that were looked for. It explains a configuration that `open` refuses.
    ///
    /// ```
    /// use strongroom::{Origin, SecretManager};
    /// let builder = SecretManager::builder().without_environment().option("cache", "of").option("deadline", "5s");
    /// let found = builder.backend("memory").inspect();
    /// assert_eq!(found.settings.origin("deadline"), Origin::Builder);
    /// assert!(found.problems[0].to_string().contains("`cache` must be one of on, off"));
    /// ```
    pub fn inspect(mut self) -> Inspection {
        match check::app(&self.app) {
            Ok(()) => {
                let is_ours = self.instance.is_none();
                self.collected.finish(&self.app, self.environment, is_ours);
                let settings = &self.collected.settings;
                if let Err(error) = resolve::allowed(settings) {
                    self.collected.problems.push(error);
                }
                if is_ours
                    && let Some(word) = settings.text("backend")
                    && let Err(error) = registry::check(word, settings)
                {
                    self.collected.problems.push(error);
                }
            }
            Err(error) => self.collected.problems.push(error),
        }
        self.collected.into_inspection()
    }

    /// What is to be opened: settings complete and checked, nothing opened yet.
    fn plan(mut self, face: Face) -> Result<Plan> {
        let wrong = |collected: &mut Collected| match collected.problems.is_empty() {
            true => Ok(()),
            false => Err(collected.problems.swap_remove(0)),
        };
        wrong(&mut self.collected)?;
        check::app(&self.app)?;
        self.collected
            .finish(&self.app, self.environment, self.instance.is_none());
        wrong(&mut self.collected)?;
        let schemes = resolve::allowed(&self.collected.settings)?;
        #[cfg(feature = "env")]
        self.collected.take_variables(&self.app)?;
        let chosen_by = match self.instance {
            Some(_) => Origin::Builder,
            None => self.collected.settings.origin("backend"),
        };
        let plan = Plan {
            app: self.app,
            settings: self.collected.settings,
            instance: self.instance,
            schemes,
            sources: Sources::default(),
            audit: self.audit,
            options: self.options,
            counters: Arc::default(),
            face,
            chosen_by,
            last_known: None,
        };
        tracing::info!(target: TARGET, app = %plan.app, backend = plan.name(), chosen_by = %plan.chosen_by, "chosen");
        Ok(plan)
    }
}

/// A manager that is about to be opened.
struct Plan {
    app: String,
    settings: Settings,
    instance: Option<Arc<dyn Backend>>,
    /// The schemes of references that are allowed, and what follows them.
    schemes: Vec<ReferenceScheme>,
    sources: Sources,
    audit: Option<Arc<dyn AuditSink>>,
    options: CallOptions,
    counters: Arc<Counters>,
    face: Face,
    chosen_by: Origin,
    /// The store of the backend's last known values, where one is wanted.
    last_known: Option<Arc<LastKnown>>,
}

impl Plan {
    /// The table has a default, so there is always a deadline; the other bound is never reached.
    fn timeout(&self) -> Duration {
        self.settings.duration("deadline").unwrap_or(MAX_DEADLINE)
    }

    fn prompt(&self) -> PromptPolicy {
        if self.settings.text("prompt") == Some("allow") {
            PromptPolicy::Allow
        } else {
            PromptPolicy::Never
        }
    }

    /// The backend's word, for an error.
    fn word(&self) -> &'static str {
        registry::known(self.settings.text("backend").unwrap_or_default()).unwrap_or("none")
    }

    /// The word of the backend that is or will be used.
    fn name(&self) -> &'static str {
        self.instance.as_deref().map_or_else(|| self.word(), Backend::name)
    }

    /// The context of the opening, which begins now. One that has been cancelled leaves nothing behind.
    fn begin(&mut self) -> Result<CallContext> {
        let options = std::mem::take(&mut self.options);
        let cx = CallContext::with_options(self.face, self.timeout(), self.prompt(), options);
        cx.check()
            .map_err(|error| error.with_operation(Operation::Open).with_backend(self.name()))?;
        Ok(cx)
    }

    /// Whether what the backend answers is kept on this machine's disk, too; that shows once the backend is there.
    fn keeps_last_known(&self) -> bool {
        let backend = self.instance.as_deref();
        backend.is_some_and(|backend| caching::keeps_last_known(&self.settings, backend))
    }

    /// Opens whatever is not open yet: the backend, what follows references, the store of last known values.
    fn open_all(&mut self, cx: &CallContext) -> Result<()> {
        let request = OpenRequest {
            app: &self.app,
            settings: &self.settings,
            cx,
            counters: &self.counters,
            other: registry::open,
        };
        let backend = match self.instance.take() {
            Some(instance) => instance,
            None => registry::open(self.settings.text("backend").unwrap_or_default(), &request)?,
        };
        self.sources = Sources::open(&self.schemes, backend.name(), &request)?;
        if caching::keeps_last_known(&self.settings, &*backend) {
            self.last_known = caching::open_last_known(&self.app, &self.settings, &*backend, cx)?;
        }
        self.instance = Some(backend);
        Ok(())
    }

    /// Opens the backend on a thread of its own, and waits no longer than the deadline. What opening tells goes where
    /// the caller's own events go.
    async fn opened_by_worker(self, cx: &CallContext) -> Result<Self> {
        let worker = Worker::new("open");
        let events = tracing::dispatcher::get_default(Clone::clone);
        let (backend, mut plan) = (self.name(), self);
        let opening = worker.run(cx, Operation::Open, move |cx| {
            tracing::dispatcher::with_default(&events, || plan.open_all(cx))?;
            Ok(plan)
        });
        let opened = layers::bounded(cx, Operation::Open, backend, Box::pin(opening)).await;
        // The worker knows no backend: it may refuse before it has begun.
        opened.map_err(|error| error.with_operation(Operation::Open).with_backend(backend))
    }

    fn finish(self) -> Result<SecretManager> {
        let (timeout, prompt) = (self.timeout(), self.prompt());
        let Self {
            app,
            mut settings,
            instance,
            schemes: _,
            sources,
            audit,
            options: _,
            counters,
            face,
            chosen_by,
            last_known,
        } = self;
        let Some(backend) = instance else {
            return Err(ErrorKind::Internal.into());
        };
        // What the backend needs of them it has taken into memory of its own.
        settings.forget_secrets();
        let changes = Arc::new(Changes::new());
        let cache = caching::cache(&settings, &*backend, last_known, timeout, &changes)?.map(Arc::new);
        if let (Some(cache), Some(_)) = (&cache, &audit) {
            cache.shut(Gate::Audited);
        }
        let capabilities = backend.capabilities();
        if !capabilities.read_only && !capabilities.persistence.survives_reboot() {
            let (backend, persistence) = (backend.name(), capabilities.persistence);
            tracing::warn!(target: super::NATURE, backend, %persistence, "secrets that are set do not outlive a restart of the machine");
        }
        let remote = Remote::of(&*backend, &settings, &counters)?;
        let max_value = check::to_usize(settings.integer("max_value"));
        // What references lead to is never cached.
        let tells_names = settings.is_on("telemetry_names");
        let sources = sources.wrapped(|source| {
            let around = LayerOptions {
                cache: None,
                audit: audit.clone(),
                remote: Remote::of(&*source, &settings, &counters)?,
                counters: Arc::clone(&counters),
                tells_names,
            };
            Ok(layers::wrap(source, &around))
        })?;
        let layered = layers::wrap(
            Arc::clone(&backend),
            &LayerOptions {
                cache: cache.clone(),
                audit,
                remote,
                counters: Arc::clone(&counters),
                tells_names,
            },
        );
        let layered: Arc<dyn Backend> = Arc::new(Telling::new(layered, Arc::clone(&changes)));
        let health = HealthTask::of(&settings, &*backend);
        let shared = Shared {
            app,
            settings,
            backend,
            layered,
            sources,
            cache,
            changes,
            health,
            counters,
            closed: AtomicBool::new(false),
            timeout,
            prompt,
            max_value,
            chosen_by,
        };
        Ok(SecretManager {
            shared: Arc::new(shared),
            face,
            options: CallOptions::default(),
            scope: None,
        })
    }
}
