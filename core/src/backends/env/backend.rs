//! The contract over the variables.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::Config;
use super::names::{Names, both_set};
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeToken, Description, ExplainStep, GetRequest, Health, ListPage, ListRequest,
    Operation, Persistence, lacks,
};
use crate::backends::mounted::{self, Reader, Watch};
use crate::backends::page;
use crate::config::variables::{Variable, Variables};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::{SecretKey, VariableMapping};
use crate::secret::{Secret, SecretMetadata};
use crate::sys::files::{self, io_error};
use crate::value::SecretValue;

const NAME: &str = "env";

/// Secrets in environment variables.
pub(crate) struct Environment {
    config: Arc<Config>,
    reader: Reader<Opened>,
    capabilities: Capabilities,
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
    /// The file variable and what it holds, which may be another key's value that only looks like a path: it is never
    /// shown, nor copied.
    File {
        variable: String,
        path: &'a SecretValue,
    },
}

impl Environment {
    pub(super) fn open(config: Config, variables: Arc<Variables>) -> Result<Self> {
        let opened = Opened::new(&config, variables)?;
        let is_listed = opened.names.declared().next().is_some() || config.mapping == VariableMapping::Escaped;
        let mut capabilities = Capabilities::minimal(Persistence::Process, config.limit);
        capabilities.list = is_listed;
        let is_remote = opened.files().any(|path| files::fs_is_network(&path));
        Ok(Self {
            config: Arc::new(config),
            reader: Reader::new(NAME, opened, is_remote),
            capabilities,
        })
    }
}

impl Opened {
    fn new(config: &Config, variables: Arc<Variables>) -> Result<Self> {
        let mut opened = Self {
            variables,
            names: Names::new(config)?,
            limit: config.limit,
            watch: Watch::new(),
            empty: Vec::new(),
        };
        opened.empty = opened.check_required(&config.required)?;
        Ok(opened)
    }

    /// The paths that variables name.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let is_file = |name: &&str| name.ends_with("_FILE");
        self.variables
            .names()
            .filter(is_file)
            .filter_map(|name| match self.variables.get(name) {
                Some(Variable::Text(path)) if is_path(path) => path.expose_str().ok().map(PathBuf::from),
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
                Ok(None) => missing.push(match self.misses_path(&variable) {
                    Some(file) => format!("{variable} ({key}; {file} is set and holds no absolute path)"),
                    None => format!("{variable} ({key})"),
                }),
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

    /// The file variable beside `variable`, where it is set to something that is no path.
    fn misses_path(&self, variable: &str) -> Option<String> {
        let file = self.names.file_variable(variable)?;
        matches!(self.variables.get(&file), Some(Variable::Text(text)) if !text.is_empty()).then_some(file)
    }

    /// Whether a file variable is set and may lead to a file.
    fn leads(&self, name: &str) -> bool {
        match self.variables.get(name) {
            Some(Variable::Text(text)) => is_path(text),
            Some(Variable::NotUnicode) => true,
            None => false,
        }
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
                    // What is no absolute path is another key's value and says nothing about this one.
                    self.leads(&name).then_some((name, found))
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
            (None, Some((variable, Variable::Text(path)))) => Ok(Some(Source::File { variable, path })),
        }
    }

    /// The name of the variable that a read looks at.
    fn variable_of(&self, key: &SecretKey) -> String {
        let variable = self.names.variable(key);
        let is_set = |name: &String| self.variables.get(name).is_some();
        match self.names.file_variable(&variable).filter(is_set) {
            Some(file) if !is_set(&variable) => file,
            _ => variable,
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
                let (file, shown) = self.open_file(&variable, path)?;
                let read = mounted::read(&file, &shown, self.limit, true)?;
                if read.value.expose_str().is_err() {
                    let text = format!("the file that {variable} names is not UTF-8 text");
                    return Err(Error::new(ErrorKind::InvalidValue, text));
                }
                self.watch.saw(Path::new(path.expose_str()?), read.stamp);
                Ok(Some(Secret::new(read.value).with_metadata(read.metadata)))
            }
        }
    }

    fn describe(&self, key: &SecretKey) -> Result<Option<Description>> {
        let metadata = match self.find(key)? {
            None => return Ok(None),
            Some(Source::File { variable, path }) => {
                let (file, shown) = self.open_file(&variable, path)?;
                mounted::describe(&file, &shown)?
            }
            Some(_) => SecretMetadata::new(),
        };
        Ok(Some(Description::new(metadata)))
    }

    /// The file, and what messages name instead of its path.
    fn open_file(&self, variable: &str, path: &SecretValue) -> Result<(File, PathBuf)> {
        let shown = PathBuf::from(format!("${variable}"));
        let opened = crate::sys::mounted::open(Path::new(path.expose_str()?));
        let file = opened.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => misleads(variable, "names a file that is not there")
                .with_foreign_code(error.raw_os_error().unwrap_or_default()),
            _ => io_error(&error, "open", &shown).with_setting(variable.to_owned()),
        })?;
        Ok((file, shown))
    }

    /// The names that are set: declared ones, with the escaped mapping all that can be read back; the others, which may
    /// be keys that nobody declared, as references.
    fn list(&self, request: &ListRequest<'_>) -> ListPage {
        let mut keys: Vec<SecretKey> = Vec::new();
        let mut known: Vec<String> = Vec::new();
        for key in self.names.declared() {
            let variable = self.names.variable(key);
            let file = self.names.file_variable(&variable).filter(|file| self.leads(file));
            if file.is_some() || self.variables.get(&variable).is_some() {
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
                Some(key) if self.names.variable(&key) == name || self.leads(name) => keys.push(key),
                _ => references.push(name.to_owned()),
            }
        }
        keys.sort();
        keys.dedup();
        let keys = keys.into_iter().map(|key| (key, SecretMetadata::new())).collect();
        page::page(keys, references, request)
    }
}

/// Whether what a file variable holds may name a file.
fn is_path(text: &SecretValue) -> bool {
    text.expose_str().is_ok_and(|text| Path::new(text).is_absolute())
}

/// The error of a variable that should name a file. What it holds is not shown: it may be a secret all the same.
fn misleads(variable: &str, what: &str) -> Error {
    Error::new(ErrorKind::InvalidConfig, format!("{variable} {what}"))
        .with_setting(variable.to_owned())
        .with_help("name an existing file by its absolute path, or set `env.files` to `off`")
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("names", &self.reader.opened().names)
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

    /// Variables change by a refresh only; files that they name may at any time. Those on another machine are not
    /// looked at: then time decides.
    fn change_token(&self) -> Option<ChangeToken> {
        (!self.reader.is_remote()).then(|| self.reader.opened().watch.token())
    }

    fn check_together(&self, keys: &[SecretKey]) -> Result<()> {
        self.reader
            .opened()
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
        self.reader.run(cx, Operation::Get, move |opened| opened.get(&key))
    }

    fn describe<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Description>>> {
        let key = req.key.clone();
        self.reader
            .run(cx, Operation::Describe, move |opened| opened.describe(&key))
    }

    /// The variable, or the one beside it that names a file where only that is set.
    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        mounted::explain(self, cx, req, Some(self.reader.opened().variable_of(req.key)))
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
        self.reader.run(cx, Operation::List, move |opened| {
            let mut request = ListRequest::new(&filter);
            (request.after, request.limit) = (after.as_ref(), limit);
            Ok(opened.list(&request))
        })
    }

    /// Well as long as no required variable is empty.
    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.reader.run(cx, Operation::Health, |opened| {
            Ok(match opened.empty.is_empty() {
                true => Health::ok(),
                false => Health::degraded(format!("set to nothing: {}", opened.empty.join(", "))),
            })
        })
    }

    /// Takes the variables of the process again, on the thread that polls it first: the caller's own. What is not fit to
    /// open with leaves everything as it was.
    fn refresh<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let variables = Arc::new(self.reader.opened().variables.again(&self.config.prefix)?);
            let config = Arc::clone(&self.config);
            let opened = self
                .reader
                .run(cx, Operation::Refresh, move |_| Opened::new(&config, variables));
            self.reader.replace(opened.await?);
            Ok(())
        })
    }

    /// There is no key to forget, and what was read stays until it is refreshed.
    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.reader.run(cx, Operation::Lock, |_| Ok(()))
    }

    fn close<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.reader.close();
        Box::pin(std::future::ready(Ok(())))
    }
}
