//! The contract over the variables.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::config::Config;
use super::names::{Names, both_set};
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeToken, Description, GetRequest, Health, ListPage, ListRequest, Operation,
    Persistence, lacks,
};
use crate::backends::mounted::{self, Watch};
use crate::config::variables::{Variable, Variables};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::{SecretKey, VariableMapping};
use crate::secret::{Secret, SecretMetadata};
use crate::sys::files::{self, io_error, shown};
use crate::value::SecretValue;
use crate::worker::Worker;

const NAME: &str = "env";

/// Secrets in environment variables.
pub(crate) struct Environment {
    opened: Arc<Opened>,
    capabilities: Capabilities,
    /// Where files are read that lie on another machine, which may not answer.
    worker: Option<Worker>,
    closed: AtomicBool,
}

struct Opened {
    variables: Arc<Variables>,
    names: Names,
    limit: usize,
    watch: Watch,
    /// The required variables that hold nothing, for `health`.
    empty: Vec<String>,
}

/// Where a key's value is.
enum Source<'a> {
    Value(&'a SecretValue),
    NotUnicode(String),
    File { variable: String, path: PathBuf },
}

impl Environment {
    pub(super) fn open(config: Config, variables: Arc<Variables>) -> Result<Self> {
        let names = Names::new(&config)?;
        let is_listed = names.declared().next().is_some() || config.mapping == VariableMapping::Escaped;
        let mut opened = Opened {
            variables,
            names,
            limit: config.limit,
            watch: Watch::new(),
            empty: Vec::new(),
        };
        opened.empty = opened.check_required(&config.required)?;
        let mut capabilities = Capabilities::minimal(Persistence::Process, config.limit);
        capabilities.list = is_listed;
        let is_remote = opened.files().any(|path| files::fs_is_network(&path));
        Ok(Self {
            opened: Arc::new(opened),
            capabilities,
            worker: is_remote.then(|| Worker::new(NAME)),
            closed: AtomicBool::new(false),
        })
    }

    /// Runs a read on this thread, or on the worker where a file may keep it waiting.
    fn run<'a, T: Send + 'static>(
        &'a self,
        cx: &'a CallContext,
        operation: Operation,
        job: impl FnOnce(&Opened) -> Result<T> + Send + 'static,
    ) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move {
            let outcome = if self.closed.load(Ordering::Acquire) {
                Err(Error::new(ErrorKind::Closed, "the backend was closed"))
            } else if let Some(worker) = &self.worker {
                let opened = Arc::clone(&self.opened);
                worker.run(cx, operation, move |_| job(&opened)).await
            } else {
                job(&self.opened)
            };
            outcome.map_err(|error| error.with_operation(operation).with_backend(NAME))
        })
    }
}

impl Opened {
    /// The paths that variables name.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let is_file = |name: &&str| name.ends_with("_FILE");
        self.variables
            .names()
            .filter(is_file)
            .filter_map(|name| match self.variables.get(name) {
                Some(Variable::Text(path)) => path.expose_str().ok().map(PathBuf::from),
                _ => None,
            })
    }

    /// Looks at every required key; the variables that are set and empty.
    fn check_required(&self, required: &[SecretKey]) -> Result<Vec<String>> {
        let (mut empty, mut missing, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        for key in required {
            let variable = self.names.variable(key);
            match self.get(key) {
                Ok(Some(secret)) if secret.value.is_empty() => empty.push(format!("{variable} ({key})")),
                Ok(Some(_)) => {}
                Ok(None) => missing.push(format!("{variable} ({key})")),
                Err(error) => wrong.push(error.with_key(key)),
            }
        }
        if !missing.is_empty() {
            let mut text = format!("required variables are not set: {}", missing.join(", "));
            for error in &wrong {
                text += &format!("; {}", error.message());
            }
            return Err(Error::new(ErrorKind::InvalidConfig, text)
                .with_setting("env.required")
                .with_help("set them before starting"));
        }
        if let Some(error) = wrong.into_iter().next() {
            return Err(error);
        }
        if !empty.is_empty() {
            tracing::warn!(variables = empty.join(", "), "required variables are set to nothing");
        }
        Ok(empty)
    }

    /// Where the value of `key` is; `None` where nothing states one.
    fn find(&self, key: &SecretKey) -> Result<Option<Source<'_>>> {
        let variable = self.names.variable(key);
        self.names.check(key, &variable)?;
        let own = self.variables.get(&variable);
        let file = match self.names.file_variable(&variable) {
            // An empty one counts as unset, as wherever a variable leads somewhere else.
            Some(name) => match self.variables.get(&name) {
                Some(Variable::Text(path)) if path.is_empty() => None,
                Some(found) => {
                    self.names.check(key, &name)?;
                    Some((name, found))
                }
                None => None,
            },
            None => None,
        };
        match (own, file) {
            (None, None) => Ok(None),
            (Some(_), Some((name, _))) => Err(both_set(&variable, &name)),
            (Some(Variable::Text(value)), None) => Ok(Some(Source::Value(value))),
            (Some(Variable::NotUnicode), None) => Ok(Some(Source::NotUnicode(variable))),
            (None, Some((name, Variable::NotUnicode))) => Err(misleads(&name, "is not Unicode")),
            (None, Some((name, Variable::Text(path)))) => {
                let path = PathBuf::from(path.expose_str()?);
                if !path.is_absolute() {
                    let text = format!("names the path `{}`, which is not absolute", shown(&path));
                    return Err(misleads(&name, &text));
                }
                Ok(Some(Source::File { variable: name, path }))
            }
        }
    }

    fn get(&self, key: &SecretKey) -> Result<Option<Secret>> {
        match self.find(key)? {
            None => Ok(None),
            Some(Source::Value(value)) if value.len() > self.limit => {
                let text = format!("the value is longer than {} bytes", self.limit);
                Err(Error::new(ErrorKind::TooLarge, text).with_setting("max_value"))
            }
            Some(Source::Value(value)) => Ok(Some(Secret::new(value.expose()))),
            Some(Source::NotUnicode(variable)) => Err(Error::new(
                ErrorKind::InvalidValue,
                format!("the environment variable {variable} is not Unicode"),
            )),
            Some(Source::File { variable, path }) => {
                let file = self.open_file(&variable, &path)?;
                let read = mounted::read(&file, &path, self.limit, true)?;
                if read.value.expose_str().is_err() {
                    let text = format!("`{}`, which {variable} names, is not UTF-8 text", shown(&path));
                    return Err(Error::new(ErrorKind::InvalidValue, text));
                }
                self.watch.saw(&path, read.stamp);
                Ok(Some(Secret::new(read.value).with_metadata(read.metadata)))
            }
        }
    }

    fn describe(&self, key: &SecretKey) -> Result<Option<Description>> {
        let metadata = match self.find(key)? {
            None => return Ok(None),
            Some(Source::File { variable, path }) => mounted::describe(&self.open_file(&variable, &path)?, &path)?,
            Some(_) => SecretMetadata::new(),
        };
        Ok(Some(Description::new(metadata)))
    }

    fn open_file(&self, variable: &str, path: &std::path::Path) -> Result<std::fs::File> {
        crate::sys::mounted::open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                let text = format!("names the file `{}`, which is not there", shown(path));
                misleads(variable, &text).with_foreign_code(error.raw_os_error().unwrap_or_default())
            }
            _ => io_error(&error, "open", path).with_setting(variable.to_owned()),
        })
    }

    /// The names that are set: declared ones, with the escaped mapping all that can be read back; the others, which may
    /// be keys that nobody declared, as references.
    fn list(&self, request: &ListRequest<'_>) -> ListPage {
        let mut keys: Vec<SecretKey> = Vec::new();
        let mut known: Vec<String> = Vec::new();
        for key in self.names.declared() {
            let variable = self.names.variable(key);
            let file = self.names.file_variable(&variable);
            if [Some(&variable), file.as_ref()]
                .into_iter()
                .flatten()
                .any(|name| self.variables.get(name).is_some())
            {
                keys.push(key.clone());
            }
            known.extend(file);
            known.push(variable);
        }
        let mut references = Vec::new();
        for name in self
            .variables
            .names()
            .filter(|name| !known.iter().any(|known| known == name))
        {
            match self.names.key(name) {
                Some(key) => keys.push(key),
                None => references.push(name.to_owned()),
            }
        }
        keys.sort();
        keys.dedup();
        let keys = keys.into_iter().map(|key| (key, SecretMetadata::new())).collect();
        mounted::page(keys, references, request)
    }
}

/// The error of a variable that should name a file.
fn misleads(variable: &str, what: &str) -> Error {
    Error::new(ErrorKind::InvalidConfig, format!("{variable} {what}"))
        .with_setting(variable.to_owned())
        .with_help("name an existing file by its absolute path, or set `env.files` to `off`")
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("names", &self.opened.names)
            .finish_non_exhaustive()
    }
}

impl Backend for Environment {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn needs_runtime(&self) -> bool {
        false
    }

    /// One place, whatever the prefix: a longer one picks from the variables of a shorter one.
    fn location(&self) -> Option<String> {
        Some("environment".to_owned())
    }

    /// Variables never change while the backend is open; files that they name may. Those on another machine are not
    /// looked at: then time decides.
    fn change_token(&self) -> Option<ChangeToken> {
        self.worker.is_none().then(|| self.opened.watch.token())
    }

    fn check_together(&self, keys: &[SecretKey]) -> Result<()> {
        self.opened
            .names
            .together(keys)
            .map(drop)
            .map_err(|error| error.with_backend(NAME))
    }

    fn get<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        if req.version.is_some() {
            return lacks(NAME, Operation::Get);
        }
        let key = req.key.clone();
        self.run(cx, Operation::Get, move |opened| opened.get(&key))
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        let key = req.key.clone();
        self.run(cx, Operation::Describe, move |opened| opened.describe(&key))
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        if !self.capabilities.list {
            return Box::pin(std::future::ready(Err(Error::new(
                ErrorKind::Unsupported,
                "variables are listed only where keys are declared or their names can be read back",
            )
            .with_operation(Operation::List)
            .with_backend(NAME)
            .with_help("set `env.known` to the keys, or `env.mapping` to `escaped`"))));
        }
        let (filter, after, limit) = (req.filter.clone(), req.after.cloned(), req.limit);
        self.run(cx, Operation::List, move |opened| {
            let mut request = ListRequest::new(&filter);
            (request.after, request.limit) = (after.as_ref(), limit);
            Ok(opened.list(&request))
        })
    }

    /// Well as long as no required variable is empty.
    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.run(cx, Operation::Health, |opened| {
            Ok(match opened.empty.is_empty() {
                true => Health::ok(),
                false => Health::degraded(format!("set to nothing: {}", opened.empty.join(", "))),
            })
        })
    }

    /// There is no key to forget, and what was read stays: nothing could be read again.
    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.run(cx, Operation::Lock, |_| Ok(()))
    }

    fn close<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.closed.store(true, Ordering::Release);
        if let Some(worker) = &self.worker {
            worker.retire();
        }
        Box::pin(std::future::ready(Ok(())))
    }
}
