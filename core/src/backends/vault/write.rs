//! Writes. Each reads first, because a new version keeps when the secret was first set, and because a write that states
//! the version that it replaces is done once at most: two requests. One request would do where nothing is to be kept, but
//! whether that is so only the read tells; only a write of what must not be there yet needs no read.

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use reqwest::Method;

use super::engine::Engine;
use super::names::Part;
use super::stored::{Found, Item};
use crate::backend::{ChangeStep, IfVersion, RollbackRequest, SetOutcome, SetRequest, UpdateMetadataRequest};
use crate::backends::remote::document;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::{SecretMetadata, Version};
use crate::timestamp;

/// How often a write without a condition is made again where another writer was faster each time.
const ATTEMPTS: usize = 8;
/// Beyond what a secret is ever written.
pub(super) const LAST_VERSION: u64 = u32::MAX as u64;
/// The longest value of custom metadata.
const MAX_CUSTOM: usize = 512;

/// The names of custom metadata that are not labels.
const PROVIDER: &str = "strongroom.provider";
const EXPIRES_AT: &str = "strongroom.expires_at";

/// Who writes, and what besides the data.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) engine: &'a Engine,
    /// Whether metadata also goes where whoever may list can read it.
    pub(super) custom_metadata: bool,
}

/// What a write finds.
enum Present {
    /// It may not be read; whoever writes all the same replaces it.
    Hidden,
    Seen(Found),
}

impl Present {
    /// The version that a write states to replace.
    fn cas(&self) -> Option<u64> {
        match self {
            Self::Hidden => None,
            Self::Seen(Found::Nothing) => Some(0),
            Self::Seen(Found::Gone { version }) => Some(*version),
            Self::Seen(Found::There(item)) => Some(item.version),
        }
    }

    fn item(&self) -> Option<&Item> {
        match self {
            Self::Seen(Found::There(item)) => Some(item),
            _ => None,
        }
    }

    /// When the secret was first set, as far as it is known.
    fn created_at(&self) -> Option<OffsetDateTime> {
        let item = self.item()?;
        item.secret().metadata.created_at.or(item.written_at)
    }
}

impl Writer<'_> {
    /// Writes a secret.
    pub(super) async fn set(self, cx: &CallContext, req: SetRequest<'_>) -> Result<SetOutcome> {
        self.check_custom(&req.secret.metadata)?;
        let path = self.engine.names.path(req.key);
        // Where there must be none, nothing has to be read unless there is one.
        let mut present = match req.condition {
            IfVersion::Absent => Present::Seen(Found::Nothing),
            _ => self.present(cx, &path).await?,
        };
        for attempt in 1.. {
            meets(req.condition, &present)?;
            let now = timestamp::now();
            let created_at = present.created_at().or(req.created_at).unwrap_or(now);
            let data = document::write(req.secret, created_at, now)?;
            let cas = match (&present, req.condition) {
                (Present::Hidden, IfVersion::Is(version)) => Some(number(version).map_err(|_| another())?),
                _ => present.cas(),
            };
            match self.engine.put(cx, &path, &data, cas).await {
                Ok(version) => {
                    self.write_custom(cx, &path, &req.secret.metadata).await?;
                    let created = match &present {
                        Present::Hidden => version == 1,
                        Present::Seen(_) => present.item().is_none(),
                    };
                    return Ok(outcome(version, created));
                }
                Err(error) if error.kind() == ErrorKind::Conflict && attempt < ATTEMPTS => {
                    if matches!(req.condition, IfVersion::Is(_)) {
                        return Err(error);
                    }
                    present = match (self.present(cx, &path).await?, req.condition) {
                        // Something is there, and nobody may see what.
                        (Present::Hidden, IfVersion::Absent) => return Err(error),
                        (present, _) => present,
                    };
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(ErrorKind::Internal, "a write came to no end"))
    }

    /// Writes the same value with other metadata, as a new version.
    pub(super) async fn update_metadata(self, cx: &CallContext, req: UpdateMetadataRequest<'_>) -> Result<SetOutcome> {
        let path = self.engine.names.path(req.key);
        for attempt in 1.. {
            let Found::There(item) = self.engine.current(cx, &path).await? else {
                return Err(missing());
            };
            let version = item.version;
            if !item.is_document() {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "the secret was written by another program, in a form that has no place for the metadata",
                )
                .with_help("set the secret anew with its metadata, if that program can read our form"));
            }
            let mut secret = item.secret();
            let present = Present::Seen(Found::There(item));
            meets(req.condition, &present)?;
            req.update.apply(&mut secret.metadata);
            self.check_custom(&secret.metadata)?;
            let now = timestamp::now();
            let data = document::write(&secret, present.created_at().unwrap_or(now), now)?;
            match self.engine.put(cx, &path, &data, Some(version)).await {
                Ok(version) => {
                    self.write_custom(cx, &path, &secret.metadata).await?;
                    return Ok(outcome(version, false));
                }
                Err(error) if error.kind() == ErrorKind::Conflict && attempt < ATTEMPTS => {}
                Err(error) => return Err(error),
            }
        }
        Err(missing())
    }

    /// Writes a former version again, without its expiry. What another program wrote is written as it was.
    pub(super) async fn rollback(self, cx: &CallContext, req: RollbackRequest<'_>) -> Result<SetOutcome> {
        let path = self.engine.names.path(req.key);
        let names = &self.engine.names;
        let wanted = number(req.version)?;
        let Found::There(former) = self.engine.read(cx, names.mount(), &path, Some(wanted)).await? else {
            return Err(Error::new(
                ErrorKind::NotFound,
                "there is no such version of the secret",
            ));
        };
        for attempt in 1.. {
            let present = Present::Seen(self.engine.current(cx, &path).await?);
            let mut secret = former.secret();
            secret.metadata.expires_at = None;
            let written = match former.is_document() {
                true => {
                    let now = timestamp::now();
                    let created_at = present.created_at().or(secret.metadata.created_at).unwrap_or(now);
                    let data = document::write(&secret, created_at, now)?;
                    self.engine.put(cx, &path, &data, present.cas()).await
                }
                false => self.engine.put(cx, &path, former.text(), present.cas()).await,
            };
            match written {
                Ok(version) => {
                    self.write_custom(cx, &path, &secret.metadata).await?;
                    return Ok(outcome(version, false));
                }
                Err(error) if error.kind() == ErrorKind::Conflict && attempt < ATTEMPTS => {}
                Err(error) => return Err(error),
            }
        }
        Err(missing())
    }

    async fn present(&self, cx: &CallContext, path: &str) -> Result<Present> {
        match self.engine.current(cx, path).await {
            Ok(found) => Ok(Present::Seen(found)),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(Present::Hidden),
            Err(error) => Err(error),
        }
    }

    /// Refuses what custom metadata cannot hold, before anything is written.
    fn check_custom(&self, metadata: &SecretMetadata) -> Result<()> {
        if !self.custom_metadata {
            return Ok(());
        }
        for (name, value) in custom(metadata)? {
            let fault = match value.len() {
                0 => "is empty, which custom metadata cannot hold",
                1..=MAX_CUSTOM => continue,
                _ => "is longer than 512 bytes, the limit of custom metadata",
            };
            let what = match name.as_str() {
                PROVIDER => "`provider`",
                _ => "a label's value",
            };
            let error = Error::new(ErrorKind::InvalidValue, format!("{what} {fault}"));
            return Err(error.with_setting("vault.custom_metadata"));
        }
        Ok(())
    }

    /// Writes the metadata beside the secret that was just written.
    async fn write_custom(&self, cx: &CallContext, path: &str, metadata: &SecretMetadata) -> Result<()> {
        if !self.custom_metadata {
            return Ok(());
        }
        let pairs: serde_json::Map<_, _> = custom(metadata)?
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect();
        let asked = self.engine.names.of(Part::Metadata, path);
        let text = json!({ "custom_metadata": pairs }).to_string();
        let written = self
            .engine
            .change(cx, "kv.metadata_write", Method::POST, &asked, Some(text))
            .await;
        written.map_err(|error| {
            let text = "the secret was written, and its custom metadata was not";
            // Made again, the write would leave one more version.
            let kind = match error.kind() {
                kind if kind.is_retryable() => ErrorKind::OutcomeUnknown,
                kind => kind,
            };
            Error::new(kind, text).with_source(error)
        })
    }
}

/// Metadata as custom metadata.
fn custom(metadata: &SecretMetadata) -> Result<Vec<(String, String)>> {
    let mut pairs: Vec<_> = metadata.labels.clone().into_iter().collect();
    if let Some(provider) = &metadata.provider {
        pairs.push((PROVIDER.to_owned(), provider.clone()));
    }
    if let Some(at) = metadata.expires_at {
        let text = at.format(&Rfc3339).map_err(|_| {
            Error::new(
                ErrorKind::Unsupported,
                "`expires_at` lies outside of the years that can be written",
            )
        })?;
        pairs.push((EXPIRES_AT.to_owned(), text));
    }
    Ok(pairs)
}

/// Whether a write may happen. What may not be read the server decides.
pub(super) fn check(condition: IfVersion<'_>, current: Option<u64>) -> Result<()> {
    let reason = match (condition, current) {
        (IfVersion::Any, _) | (IfVersion::Absent, None) => return Ok(()),
        (IfVersion::Is(version), Some(current)) if version.number() == Some(current) => return Ok(()),
        (IfVersion::Absent, Some(_)) => "the secret exists already",
        (IfVersion::Is(_), Some(_)) => return Err(another()),
        (IfVersion::Is(_), None) => "the secret does not exist",
    };
    Err(Error::new(ErrorKind::Conflict, reason))
}

fn another() -> Error {
    Error::new(ErrorKind::Conflict, "the current version of the secret is another one")
}

fn meets(condition: IfVersion<'_>, present: &Present) -> Result<()> {
    match present {
        Present::Hidden => Ok(()),
        Present::Seen(_) => check(condition, present.item().map(|item| item.version)),
    }
}

/// The number of a version. One that has none is no version of this backend, nor is one so large that the server takes
/// it for a fault of the request.
pub(super) fn number(version: &Version) -> Result<u64> {
    let number = version.number().filter(|number| (1..=LAST_VERSION).contains(number));
    number.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such version of the secret"))
}

pub(super) fn missing() -> Error {
    Error::new(ErrorKind::NotFound, "there is no such secret")
}

pub(super) fn outcome(version: u64, created: bool) -> SetOutcome {
    SetOutcome::new(Some(Version::from_number(version)), created, ChangeStep::default())
}
