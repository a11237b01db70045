//! `file:` references.

use std::path::{Path, PathBuf};

use super::limit;
use crate::backend::{
    Backend, BoxFuture, Capabilities, GetRequest, Health, Operation, Persistence, ResolveRequest, lacks,
};
use crate::config::Settings;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::resolve::pointer;
use crate::secret::Secret;
use crate::sys::files;
use crate::value::SecretValue;
use crate::worker::Worker;

const NAME: &str = "file";

/// Reads files on a thread of its own: they may lie on a mount that hangs.
#[derive(Debug)]
pub(super) struct Files {
    worker: Worker,
    limit: usize,
    capabilities: Capabilities,
}

impl Files {
    pub(super) fn new(settings: &Settings) -> Self {
        let limit = limit(settings);
        Self {
            worker: Worker::new("references"),
            limit,
            capabilities: Capabilities::minimal(Persistence::Disk, limit),
        }
    }
}

/// The file's content without the one line end that editors add; `None` where there is no file.
fn read(path: &Path, limit: usize) -> Result<Option<SecretValue>> {
    let too_large = || {
        let message = format!("`{}` is longer than {limit} bytes", files::shown(path));
        Error::new(ErrorKind::TooLarge, message).with_setting("max_value")
    };
    // Room for that line end.
    let mut document = match files::read_document(path, limit.saturating_add(2), true) {
        Ok(Some(document)) => document,
        Ok(None) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::TooLarge => return Err(too_large()),
        Err(error) => return Err(error),
    };
    let bytes = &mut *document.bytes;
    if bytes.ends_with(b"\n") {
        let end = if bytes.ends_with(b"\r\n") { 2 } else { 1 };
        bytes.truncate(bytes.len() - end);
    }
    if bytes.len() > limit {
        return Err(too_large());
    }
    Ok(Some(SecretValue::from(std::mem::take(bytes))))
}

impl Backend for Files {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn needs_runtime(&self) -> bool {
        false
    }

    fn get<'a>(&'a self, _cx: &'a CallContext, _req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        lacks(NAME, Operation::Get)
    }

    fn resolve<'a>(&'a self, cx: &'a CallContext, req: ResolveRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        let (path, part, limit) = (PathBuf::from(req.path), req.part.map(str::to_owned), self.limit);
        Box::pin(self.worker.run(cx, Operation::Resolve, move |_| {
            let Some(value) = read(&path, limit)? else {
                return Ok(None);
            };
            let found = match part {
                Some(part) => pointer::find(&value, &part)?,
                None => Some(value),
            };
            Ok(found.map(Secret::new))
        }))
    }

    fn health<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        Box::pin(std::future::ready(Ok(Health::ok())))
    }

    fn lock<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn close<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        self.worker.retire();
        Box::pin(std::future::ready(Ok(())))
    }
}
