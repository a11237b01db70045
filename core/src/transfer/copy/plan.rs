//! What a copy would do, secret by secret.

use super::compare;
use std::collections::BTreeSet;

use super::options::CopyOptions;
use super::report::{CopyPhase, CopyProgress};
use crate::backend::{EntryName, GetRequest, Operation, VersionsRequest};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::manager::{ListOptions, SecretManager, check};
use crate::secret::Secret;
use crate::transfer::IfExists;

/// How many names are asked for at once.
const PAGE: usize = 1000;

/// What a copy does with one secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CopyAction {
    /// The target has no such key: it is written.
    Create,
    /// The target has another secret of that key, which is replaced.
    Replace,
    /// The target has it already.
    Same,
    /// It is passed over.
    Skip,
    /// It stands in the way: the copy does not begin.
    Refuse,
}

impl CopyAction {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Same => "same",
            Self::Skip => "skip",
            Self::Refuse => "refuse",
        }
    }
}

/// What a target cannot hold of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CopyLoss {
    /// The provider.
    Provider,
    /// The scope of use.
    ScopeOfUse,
    /// The labels.
    Labels,
    /// The expiry: the secret would live on.
    Expiry,
    /// Former versions. A copy has the current one; the others are lost when the source's secret is removed.
    History,
}

impl CopyLoss {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::ScopeOfUse => "scope_of_use",
            Self::Labels => "labels",
            Self::Expiry => "expires_at",
            Self::History => "history",
        }
    }
}

/// One secret of a plan.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlannedCopy {
    /// The key.
    pub key: SecretKey,
    /// What the copy does with it.
    pub action: CopyAction,
    /// What the target cannot hold of it.
    pub losses: Vec<CopyLoss>,
    /// Why it is refused or skipped.
    pub error: Option<Error>,
}

/// What a copy would do.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CopyPlan {
    /// Every secret, sorted by key.
    pub secrets: Vec<PlannedCopy>,
    /// Names in the source that are no keys; they are not copied.
    pub references: Vec<String>,
}

impl CopyPlan {
    /// How many secrets have this action.
    pub fn count(&self, action: CopyAction) -> usize {
        self.secrets.iter().filter(|secret| secret.action == action).count()
    }

    /// The error that the copy would answer: what stands in the way of the first secret that is refused, and how many
    /// others there are.
    pub fn refusal(&self) -> Option<Error> {
        let mut errors = self
            .secrets
            .iter()
            .filter(|secret| secret.action == CopyAction::Refuse)
            .filter_map(|secret| secret.error.as_ref());
        let first = errors.next()?;
        match errors.count() {
            0 => Some(first.clone()),
            more => {
                let message = format!("{}; {more} more stand in the way", first.message());
                let error = Error::new(first.kind(), message).with_help(first.help());
                Some(match (first.key(), first.operation()) {
                    (Some(key), Some(operation)) => error.with_key(key).with_operation(operation),
                    _ => error,
                })
            }
        }
    }
}

/// Reads both places and compares. `deleting` are the keys that an interrupted copy was about to remove at the source.
pub(super) async fn make(
    source: &SecretManager,
    target: &SecretManager,
    options: &CopyOptions,
    deleting: &BTreeSet<SecretKey>,
) -> Result<CopyPlan> {
    let (mut keys, references) = keys(source, options).await?;
    source
        .layered()
        .check_together(&keys)
        .map_err(|error| error.with_operation(Operation::GetMany))?;
    for key in deleting {
        // A key that is named and was moved is done, not missing.
        if keys.contains(key) && read(source, key).await?.is_none() && read(target, key).await?.is_some() {
            keys.retain(|other| other != key);
        }
    }
    let mut plan = CopyPlan {
        secrets: Vec::with_capacity(keys.len()),
        references,
    };
    let total = keys.len();
    for (index, key) in keys.into_iter().enumerate() {
        let planned = plan_one(source, target, options, key).await?;
        options.tell(&CopyProgress {
            phase: CopyPhase::Planning,
            done: index + 1,
            total,
            key: &planned.key,
        });
        plan.secrets.push(planned);
    }
    Ok(plan)
}

/// The keys that are to be copied, sorted, each once, and the names that are none.
async fn keys(source: &SecretManager, options: &CopyOptions) -> Result<(Vec<SecretKey>, Vec<String>)> {
    let mut references = Vec::new();
    let mut keys = options.keys.clone();
    if keys.is_empty() {
        let backend = source.backend();
        if !backend.capabilities().list {
            return Err(Error::new(ErrorKind::Unsupported, "the source cannot list its keys")
                .with_help("name the keys that are to be copied")
                .with_operation(Operation::List)
                .with_backend(backend.name()));
        }
        let mut request = ListOptions::new().limit(PAGE);
        request.filter.scope.clone_from(&options.scope);
        request.filter.prefix.clone_from(&options.prefix);
        loop {
            let page = source.list(request.clone()).await?;
            for entry in page.entries {
                match entry.name {
                    EntryName::Key(key) => keys.push(key),
                    EntryName::Reference(name) => references.push(name),
                }
            }
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
    }
    keys.sort();
    keys.dedup();
    Ok((keys, references))
}

async fn plan_one(
    source: &SecretManager,
    target: &SecretManager,
    options: &CopyOptions,
    key: SecretKey,
) -> Result<PlannedCopy> {
    key.check()?;
    let planned = |key, action, losses, error| PlannedCopy {
        key,
        action,
        losses,
        error,
    };
    let Some(secret) = read(source, &key).await? else {
        if options.keys.is_empty() {
            // It was listed a moment ago.
            return Ok(planned(key, CopyAction::Skip, Vec::new(), Some(gone())));
        }
        let error = source.name(
            Error::new(ErrorKind::NotFound, "the source has no such secret"),
            Operation::Get,
            &key,
        );
        return Ok(planned(key, CopyAction::Refuse, Vec::new(), Some(error)));
    };
    let mut losses = compare::losses(&secret.metadata, target.backend().capabilities());
    if options.delete_source && has_history(source, &key).await? {
        losses.push(CopyLoss::History);
    }
    let secret = match fit(target, &key, secret, &losses, options) {
        Ok(secret) => secret,
        Err(error) => {
            let action = if options.skip_unfit && !is_loss(&error) {
                CopyAction::Skip
            } else {
                CopyAction::Refuse
            };
            return Ok(planned(key, action, losses, Some(error.into_error())));
        }
    };
    let action = match read(target, &key).await? {
        None => CopyAction::Create,
        Some(present) if compare::same(&secret, &present, target.backend().capabilities()) => CopyAction::Same,
        Some(_) => match options.if_exists {
            IfExists::Replace => CopyAction::Replace,
            IfExists::Skip => CopyAction::Skip,
            IfExists::Refuse => CopyAction::Refuse,
        },
    };
    let in_the_way = matches!(action, CopyAction::Skip | CopyAction::Refuse);
    let error = in_the_way.then(|| in_the_way_of(target, &key));
    Ok(planned(key, action, losses, error))
}

/// Why a secret does not fit.
pub(super) enum Unfit {
    /// Not as it is: something would be lost.
    Loss(Error),
    /// Not at all.
    Whole(Error),
}

impl Unfit {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Loss(error) | Self::Whole(error) => error,
        }
    }
}

fn is_loss(unfit: &Unfit) -> bool {
    matches!(unfit, Unfit::Loss(_))
}

/// The secret as the target can hold it.
pub(super) fn fit(
    target: &SecretManager,
    key: &SecretKey,
    secret: Secret,
    losses: &[CopyLoss],
    options: &CopyOptions,
) -> Result<Secret, Unfit> {
    let backend = target.backend();
    let capabilities = backend.capabilities();
    let named = |error| target.name(error, Operation::Set, key);
    let secret = compare::reduced(secret, capabilities);
    check::fits(capabilities, key)
        .and_then(|()| check::secret(capabilities, backend.max_value(), &secret))
        .map_err(|error| Unfit::Whole(named(error)))?;
    if !losses.is_empty() && !options.allow_loss {
        let words: Vec<_> = losses.iter().map(|loss| loss.word()).collect();
        let error = Error::new(
            ErrorKind::Unsupported,
            format!("the target cannot hold {} of the secret", words.join(", ")),
        );
        let error = error.with_help("allow the loss, or choose another target");
        return Err(Unfit::Loss(named(error)));
    }
    Ok(secret)
}

/// The error about a secret of the target that is not the source's.
pub(super) fn in_the_way_of(target: &SecretManager, key: &SecretKey) -> Error {
    let error = Error::new(ErrorKind::Conflict, "the target has another secret of this key")
        .with_help("have it replaced or skipped, or remove one of the two");
    target.name(error, Operation::Set, key)
}

pub(super) fn gone() -> Error {
    Error::new(ErrorKind::NotFound, "the secret was removed at the source meanwhile")
}

/// Whether former versions would be lost with the source's secret.
async fn has_history(source: &SecretManager, key: &SecretKey) -> Result<bool> {
    if !source.backend().capabilities().versions {
        return Ok(false);
    }
    let cx = source.context()?;
    match source.layered().versions(&cx, VersionsRequest::new(key)).await {
        Ok(versions) => Ok(versions.len() > 1),
        // A chain whose writer keeps versions may have the secret in a member that keeps none.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unsupported) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads a secret as it is there now: no cache, and expired ones too.
pub(super) async fn read(manager: &SecretManager, key: &SecretKey) -> Result<Option<Secret>> {
    let cx = manager.context()?;
    manager.forget_cached(key);
    manager
        .layered()
        .get(&cx, GetRequest::new(key))
        .await
        .map_err(|error| error.with_key(key))
}
