//! What a copy is told.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::report::CopyProgress;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::scope::SecretScope;
use crate::transfer::IfExists;

/// Who is told how far a copy is.
type Listener = Arc<dyn Fn(&CopyProgress<'_>) + Send + Sync>;

/// Options of a copy from one manager to another.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct CopyOptions {
    /// Only these keys; every key of the source where there are none.
    pub keys: Vec<SecretKey>,
    /// Only secrets of this scope; a scoped view without a scope here copies its own.
    pub scope: Option<SecretScope>,
    /// Only keys whose text begins so, as for `list`.
    pub prefix: Option<String>,
    /// What becomes of a secret that the target has already, and otherwise.
    pub if_exists: IfExists,
    /// Whether fields that the target cannot hold may be left behind.
    pub allow_loss: bool,
    /// Whether secrets that the target cannot hold at all are passed over.
    pub skip_unfit: bool,
    /// Whether the source's secrets are removed once all are copied.
    pub delete_source: bool,
    /// The file of keys and steps that shows where an interrupted copy was, and keeps a second one out.
    pub journal: Option<PathBuf>,
    progress: Option<Listener>,
}

impl CopyOptions {
    /// Every secret; nothing is replaced, lost or removed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies this key; may be called again.
    #[must_use]
    pub fn key(mut self, key: SecretKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Copies only secrets of this scope.
    #[must_use]
    pub fn scope(mut self, scope: SecretScope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Copies only keys whose text begins so.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Says what becomes of a secret that the target has already, and otherwise.
    #[must_use]
    pub fn if_exists(mut self, what: IfExists) -> Self {
        self.if_exists = what;
        self
    }

    /// Leaves behind what the target cannot hold of a secret.
    #[must_use]
    pub fn allow_loss(mut self) -> Self {
        self.allow_loss = true;
        self
    }

    /// Passes over secrets that the target cannot hold at all: too long ones, empty ones, bytes that are no text.
    #[must_use]
    pub fn skip_unfit(mut self) -> Self {
        self.skip_unfit = true;
        self
    }

    /// Removes the source's secrets, once all are copied and each is still what was copied.
    #[must_use]
    pub fn delete_source(mut self) -> Self {
        self.delete_source = true;
        self
    }

    /// Keeps a journal in this file.
    #[must_use]
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.journal = Some(path.into());
        self
    }

    /// Tells how far the copy is, after each secret. Called by the thread that drives the copy; must not wait.
    #[must_use]
    pub fn progress(mut self, listener: impl Fn(&CopyProgress<'_>) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(listener));
        self
    }

    pub(super) fn tell(&self, progress: &CopyProgress<'_>) {
        if let Some(listener) = &self.progress {
            listener(progress);
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |message: &'static str, help: &'static str| {
            Err(Error::new(ErrorKind::InvalidArgument, message).with_help(help))
        };
        if self.delete_source && (self.if_exists == IfExists::Skip || self.skip_unfit) {
            return refuse(
                "the source's secrets are removed only when all were copied, and some are to be skipped",
                "copy first, then remove what was copied; or do not skip",
            );
        }
        if !self.keys.is_empty() && (self.scope.is_some() || self.prefix.is_some()) {
            return refuse(
                "keys are named, and a scope or prefix too",
                "name the keys, or say which scope and prefix they have",
            );
        }
        Ok(())
    }
}

impl fmt::Debug for CopyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyOptions")
            .field("keys", &self.keys)
            .field("scope", &self.scope)
            .field("prefix", &self.prefix)
            .field("if_exists", &self.if_exists)
            .field("allow_loss", &self.allow_loss)
            .field("skip_unfit", &self.skip_unfit)
            .field("delete_source", &self.delete_source)
            .field("journal", &self.journal)
            .finish_non_exhaustive()
    }
}
