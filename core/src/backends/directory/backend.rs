//! The contract over the folder.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::config::{Config, PATH};
use super::names;
use super::way::{self, Way};
use crate::backend::{
    Backend, BoxFuture, Capabilities, ChangeToken, Description, ExplainStep, GetRequest, Health, ListPage, ListRequest,
    Operation, Persistence, lacks,
};
use crate::backends::mounted::{self, Reader, Watch};
use crate::backends::page;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::Secret;
use crate::sys::files::{self, insecure, io_error, shown};
use crate::sys::mounted::{Found, check_folder, open_beneath};

const NAME: &str = "directory";
/// How often a file is looked for again whose links are swapped meanwhile.
const ATTEMPTS: usize = 16;

/// Secrets in a folder of files.
pub(crate) struct Directory {
    reader: Reader<Opened>,
    capabilities: Capabilities,
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
            reader: Reader::new(NAME, opened, is_remote),
            capabilities,
        })
    }
}

impl Opened {
    /// Whether the folder is there and nobody else may write to it.
    fn check(&self) -> Result<()> {
        check_folder(&self.config.folder)
            .map(drop)
            .map_err(|error| match error.kind() {
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

    /// The key's file, opened, and its path; `None` where there is none, which is watched.
    fn find(&self, name: &Path) -> Result<Option<(File, PathBuf)>> {
        let folder = &self.config.folder;
        let path = folder.join(name);
        self.check()?;
        let mut dangling = None;
        for _ in 0..ATTEMPTS {
            let found = open_beneath(folder, name).map_err(|error| unopened(&error, &path))?;
            // Not the other way round: then a folder could be opened to others, and links be put there, in between.
            match (found, way::walk(folder, name)?) {
                (Found::Leaves, _) | (_, Way::Leaves) => {
                    return Err(insecure(
                        &path,
                        "is a link that leads out of the folder; put the file into the folder, or link by a relative path inside it",
                    ));
                }
                (Found::Opened(file), Way::Whole) => {
                    let is_folder = file.metadata().is_ok_and(|found| found.is_dir());
                    if is_folder && names::is_scope(name) {
                        // The folder of a kind of scope, in a key's place: that key has no file.
                        self.watch.doubt();
                        return Ok(None);
                    }
                    return Ok(Some((file, path)));
                }
                (Found::Absent, Way::Missing(parent, state)) => {
                    self.watch.saw(&parent, state);
                    return Ok(None);
                }
                (Found::Absent, Way::Dangling(link)) => dangling = Some(link),
                // The links are being swapped.
                _ => {}
            }
        }
        let text = match dangling {
            Some(link) => format!("`{}` is a link to what is not there", shown(&link)),
            None => format!("what `{}` leads to changes while it is looked for", shown(&path)),
        };
        Err(Error::new(ErrorKind::Unavailable, text))
    }

    /// Whatever a failure left unseen counts as changed at the next look.
    fn watched<T>(&self, key: &SecretKey, read: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
        let name = names::file(key)?;
        read(&name).inspect_err(|_| self.watch.doubt())
    }

    fn get(&self, key: &SecretKey) -> Result<Option<Secret>> {
        self.watched(key, |name| {
            let Some((file, path)) = self.find(name)? else {
                return Ok(None);
            };
            let read = mounted::read(&file, &path, self.config.limit, self.config.strip)?;
            self.watch.saw(&path, read.stamp);
            Ok(Some(Secret::new(read.value).with_metadata(read.metadata)))
        })
    }

    fn describe(&self, key: &SecretKey) -> Result<Option<Description>> {
        self.watched(key, |name| match self.find(name)? {
            Some((file, path)) => Ok(Some(Description::new(mounted::describe(&file, &path)?))),
            None => Ok(None),
        })
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
                let entry = entry.map_err(failed)?;
                let name = entry.file_name();
                if name.as_encoded_bytes().starts_with(b"..") {
                    continue;
                }
                let below = folder.join(name);
                // What leads out of the folder is not in it, as for a reading.
                let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                if is_link && matches!(way::walk(&self.config.folder, &below), Ok(Way::Leaves)) {
                    continue;
                }
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
        Ok(page::page(keys, references, request))
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
            .field("config", &self.reader.opened().config)
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
        let opened = self.reader.opened();
        let folder = &opened.config.folder;
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
        Some(folder.to_string_lossy().into_owned())
    }

    fn check_key(&self, key: &SecretKey) -> Result<()> {
        names::file(key).map(drop).map_err(|error| error.with_backend(NAME))
    }

    /// One look at each file that was read, and each folder that had no file. A folder on another machine is not looked at: then time decides.
    fn change_token(&self) -> Option<ChangeToken> {
        (!self.reader.is_remote()).then(|| self.reader.opened().watch.token())
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

    fn explain<'a>(&'a self, cx: &'a CallContext, req: GetRequest<'a>) -> BoxFuture<'a, Result<Vec<ExplainStep>>> {
        let path = names::file(req.key).map(|name| self.reader.opened().config.folder.join(name));
        mounted::explain(self, cx, req, path.ok().map(|path| shown(&path)))
    }

    fn list<'a>(&'a self, cx: &'a CallContext, req: ListRequest<'a>) -> BoxFuture<'a, Result<ListPage>> {
        let (filter, after, limit) = (req.filter.clone(), req.after.cloned(), req.limit);
        self.reader.run(cx, Operation::List, move |opened| {
            let mut request = ListRequest::new(&filter);
            (request.after, request.limit) = (after.as_ref(), limit);
            opened.list(&request)
        })
    }

    /// Well as long as the folder is there and safe.
    fn health<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        self.reader.run(cx, Operation::Health, |opened| {
            Ok(match opened.check() {
                Ok(()) => Health::ok(),
                Err(error) => Health::unavailable(error.with_backend(NAME)),
            })
        })
    }

    /// There is no key to forget.
    fn lock<'a>(&'a self, cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.reader.run(cx, Operation::Lock, |_| Ok(()))
    }

    fn close<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.reader.close();
        Box::pin(std::future::ready(Ok(())))
    }
}
