//! The contract over the folder.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::config::{Config, PATH};
use super::names;
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeToken, Description, GetRequest, Health, ListPage, ListRequest, Operation,
    Persistence, lacks,
};
use crate::backends::mounted::{self, Watch};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::Secret;
use crate::sys::files::{self, insecure, io_error, shown};
use crate::sys::mounted::{Found, check_folder, open_beneath};
use crate::worker::Worker;

const NAME: &str = "directory";

/// Secrets in a folder of files.
pub(crate) struct Directory {
    opened: Arc<Opened>,
    capabilities: Capabilities,
    /// Where files are read that lie on another machine, which may not answer.
    worker: Option<Worker>,
    closed: AtomicBool,
}

struct Opened {
    config: Config,
    watch: Watch,
}

impl Directory {
    pub(super) fn open(config: Config) -> Result<Self> {
        let opened = Opened {
            config,
            watch: Watch::new(),
        };
        opened.check()?;
        // The files are gone with the container, the service or the pod at the latest.
        let mut capabilities = Capabilities::minimal(Persistence::Boot, opened.config.limit);
        capabilities.list = true;
        capabilities.binary = true;
        let is_remote = files::fs_is_network(&opened.config.folder);
        Ok(Self {
            opened: Arc::new(opened),
            capabilities,
            worker: is_remote.then(|| Worker::new(NAME)),
            closed: AtomicBool::new(false),
        })
    }

    /// Runs a read on this thread, or on the worker where the folder may keep it waiting.
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
    /// Whether the folder is there and nobody else may write to it.
    fn check(&self) -> Result<()> {
        check_folder(&self.config.folder).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::Unavailable => {
                let text = format!("there is no folder `{}`", shown(&self.config.folder));
                let missing = Error::new(ErrorKind::Unavailable, text)
                    .with_setting(PATH)
                    .with_help("mount the secrets, or set `directory.path` to the folder that holds them");
                match error.foreign_code() {
                    Some(code) => missing.with_foreign_code(code),
                    None => missing,
                }
            }
            _ => error.with_setting(PATH),
        })
    }

    /// The key's file, opened, and its path; `None` where there is none.
    fn find(&self, key: &SecretKey) -> Result<Option<(File, PathBuf)>> {
        let folder = &self.config.folder;
        let name = names::file(key)?;
        let path = folder.join(&name);
        self.check()?;
        match open_beneath(folder, &name) {
            Ok(Found::Opened(file)) => {
                for scope in name.ancestors().skip(1).filter(|scope| *scope != Path::new("")) {
                    check_folder(&folder.join(scope))?;
                }
                Ok(Some((file, path)))
            }
            Ok(Found::Absent) => Ok(None),
            Ok(Found::Leaves) => Err(insecure(
                &path,
                "is a link that leads out of the folder; put the file into the folder, or link by a relative path inside it",
            )),
            Err(error) => Err(unopened(&error, &path)),
        }
    }

    fn get(&self, key: &SecretKey) -> Result<Option<Secret>> {
        let Some((file, path)) = self.find(key)? else {
            return Ok(None);
        };
        let read = mounted::read(&file, &path, self.config.limit, self.config.strip)?;
        self.watch.saw(&path, read.stamp);
        Ok(Some(Secret::new(read.value).with_metadata(read.metadata)))
    }

    fn describe(&self, key: &SecretKey) -> Result<Option<Description>> {
        match self.find(key)? {
            Some((file, path)) => Ok(Some(Description::new(mounted::describe(&file, &path)?))),
            None => Ok(None),
        }
    }

    /// Every file in the folder and in folders of scopes: keys, and what is none.
    fn list(&self, request: &ListRequest<'_>) -> Result<ListPage> {
        self.check()?;
        let (mut keys, mut references) = (Vec::new(), Vec::new());
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let path = self.config.folder.join(&folder);
            // Links are swapped and files go away while we look; what is gone is not listed.
            let failed = |error: std::io::Error| io_error(&error, "list", &path);
            let entries = match std::fs::read_dir(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && !folder.as_os_str().is_empty() => {
                    continue;
                }
                entries => entries.map_err(failed)?,
            };
            for entry in entries {
                let name = entry.map_err(failed)?.file_name();
                if name.as_encoded_bytes().starts_with(b"..") {
                    continue;
                }
                let below = folder.join(name);
                let Ok(found) = std::fs::metadata(self.config.folder.join(&below)) else {
                    continue;
                };
                if found.is_dir() && names::is_scope(&below) {
                    folders.push(below);
                } else if found.is_file() {
                    match names::key(&below) {
                        Some(key) => keys.push((key, mounted::metadata(&found))),
                        None => references.push(shown(&below)),
                    }
                }
            }
        }
        Ok(mounted::page(keys, references, request))
    }
}

/// The error of a file that cannot be opened: a socket cannot be, nor a link that leads to itself.
fn unopened(error: &std::io::Error, path: &Path) -> Error {
    let built = match std::fs::metadata(path) {
        Ok(found) if found.is_file() => return io_error(error, "open", path),
        Err(other) if other.raw_os_error() != error.raw_os_error() => return io_error(error, "open", path),
        Err(_) if error.kind() == std::io::ErrorKind::PermissionDenied => return io_error(error, "open", path),
        _ => insecure(path, "cannot be opened as a regular file"),
    };
    match error.raw_os_error() {
        Some(code) => built.with_foreign_code(code),
        None => built,
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory")
            .field("config", &self.opened.config)
            .finish_non_exhaustive()
    }
}

impl Backend for Directory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn needs_runtime(&self) -> bool {
        false
    }

    fn location(&self) -> Option<String> {
        let folder = &self.opened.config.folder;
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
        Some(folder.to_string_lossy().into_owned())
    }

    fn check_key(&self, key: &SecretKey) -> Result<()> {
        names::file(key).map(drop).map_err(|error| error.with_backend(NAME))
    }

    /// One look at each file that was read. A folder on another machine is not looked at: then time decides.
    fn change_token(&self) -> Option<ChangeToken> {
        self.worker.is_none().then(|| self.opened.watch.token())
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
        let (filter, after, limit) = (req.filter.clone(), req.after.cloned(), req.limit);
        self.run(cx, Operation::List, move |opened| {
            let mut request = ListRequest::new(&filter);
            (request.after, request.limit) = (after.as_ref(), limit);
            opened.list(&request)
        })
    }

    /// Well as long as the folder is there and safe.
    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.run(cx, Operation::Health, |opened| {
            Ok(match opened.check() {
                Ok(()) => Health::ok(),
                Err(error) => Health::unavailable(error.with_backend(NAME)),
            })
        })
    }

    /// There is no key to forget.
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
