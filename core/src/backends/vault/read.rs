//! Reads: of keys, of versions, of what references lead to.

use super::engine::Engine;
use super::names::checked;
use super::stored::{self, Found};
use super::write::{LAST_VERSION, missing, number};
use crate::backend::{Description, ResolveRequest, VersionEntry, VersionsRequest};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::resolve::pointer;
use crate::secret::{Secret, Version};
use crate::value::SecretValue;

impl Engine {
    /// Reads a secret.
    pub(super) async fn get(
        &self,
        cx: &CallContext,
        key: &SecretKey,
        version: Option<&Version>,
    ) -> Result<Option<Secret>> {
        let version = match version.map(number) {
            None => None,
            Some(Ok(number)) => Some(number),
            // A version that has no number is none of this secret's.
            Some(Err(_)) => return Ok(None),
        };
        let path = self.names.path(key);
        let found = self.read(cx, self.names.mount(), &path, version).await?;
        Ok(match found {
            Found::There(item) => Some(item.secret()),
            Found::Nothing | Found::Gone { .. } => None,
        })
    }

    /// Reads what is known about a secret. Provider, labels and expiry stand beside the value, which is read and dropped;
    /// for what does not say when it was first set, the history is asked, where it may be.
    pub(super) async fn describe(
        &self,
        cx: &CallContext,
        key: &SecretKey,
        version: Option<&Version>,
    ) -> Result<Option<Description>> {
        let Some(secret) = self.get(cx, key, version).await? else {
            return Ok(None);
        };
        let mut metadata = secret.metadata;
        if metadata.created_at.is_none() {
            metadata.created_at = match self.history(cx, &self.names.path(key)).await {
                Ok(known) => known.and_then(|(history, _)| history.first()),
                Err(error) if error.kind() == ErrorKind::PermissionDenied => None,
                Err(error) => return Err(error),
            };
        }
        Ok(Some(Description::new(metadata)))
    }

    /// Lists the versions whose values can be read.
    pub(super) async fn list_versions(&self, cx: &CallContext, req: VersionsRequest<'_>) -> Result<Vec<VersionEntry>> {
        let path = self.names.path(req.key);
        let (history, reply) = self.history(cx, &path).await?.ok_or_else(missing)?;
        let entries: Vec<_> = history
            .alive(stored::now(&reply))
            .map(|(version, written_at)| {
                let is_current = version == history.current_version;
                let mut entry = VersionEntry::new(Version::from_number(version), is_current);
                entry.created_at = written_at;
                entry
            })
            .collect();
        match entries.is_empty() {
            true => Err(missing()),
            false => Ok(entries),
        }
    }

    /// Reads what a reference leads to: `path` below our mount, or `//mount/path`; the whole, one of its fields, or what a
    /// JSON pointer leads to in it.
    pub(super) async fn resolve(&self, cx: &CallContext, req: ResolveRequest<'_>) -> Result<Option<Secret>> {
        let version = req.version.map(|word| {
            let number = word.parse::<u64>().ok().filter(|number| *number > 0);
            number.ok_or_else(|| wrong("a version of Vault is a number, as in `?version=2`"))
        });
        let version = version.transpose()?;
        if version.is_some_and(|version| version > LAST_VERSION) {
            return Ok(None);
        }
        let pointer = req.part.map(|part| match part.starts_with('/') {
            true => part.to_owned(),
            false => format!("/{}", part.replace('~', "~0").replace('/', "~1")),
        });
        if let Some(pointer) = &pointer {
            pointer::check(pointer)?;
        }
        let found = match req.path.strip_prefix("//") {
            Some(whole) => {
                let (mount, path) = self.split(cx, checked(whole)?).await?;
                self.read(cx, &mount, &path, version).await?
            }
            None => self.read(cx, self.names.mount(), checked(req.path)?, version).await?,
        };
        let Found::There(item) = found else {
            return Ok(None);
        };
        let mut secret = item.secret();
        if let Some(pointer) = pointer {
            let Some(value) = pointer::find(&SecretValue::from(item.text()), &pointer)? else {
                return Ok(None);
            };
            secret.value = value;
        }
        Ok(Some(secret))
    }
}

fn wrong(text: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}
