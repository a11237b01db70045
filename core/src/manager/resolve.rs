//! The verb that follows references.

use super::{SecretManager, check};
use crate::backend::{GetRequest, Operation, ResolveRequest};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::resolve::{Follower, REFERENCE_LABEL, Reference, ReferenceScheme, pointer};
use crate::scope::ScopeKind;
use crate::secret::{Secret, Version};
use crate::timestamp;

impl SecretManager {
    /// Reads the secret that a reference leads to; `None` where there is none, or not this part of it. The only verb that
    /// follows references: `secret://[scope/]name[?version=V][#/json/pointer]`, a bare name being one of this view's
    /// scope, and what the setting `references` allows of `vault:path[?version=N][#field]`,
    /// `aws:name-or-ARN[?version=V][#/json/pointer]`, `env:NAME` and `file:/absolute/path[#/json/pointer]`.
    ///
    /// A pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)) leads into a value that is JSON: to the text of a
    /// string, to the JSON text of everything else. A stored secret with the label [`REFERENCE_LABEL`] is a
    /// [reference itself](Secret::reference): it is followed once, a bare name in it being one of its own scope. What lies
    /// elsewhere is asked for each time; it is not cached.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] where the text is no reference; [`ErrorKind::PolicyDenied`] for a scheme that the
    /// setting `references` does not allow; [`ErrorKind::InvalidValue`] where a pointer leads into what is no JSON, and
    /// where a stored reference is none or leads to another one; else as [`get`](Self::get).
    pub async fn resolve(&self, reference: &str) -> Result<Option<Secret>> {
        let cx = self.context()?;
        let name = |error: Error| error.with_operation(Operation::Resolve);
        let reference = Reference::parse(reference).map_err(name)?;
        if reference.scheme() != ReferenceScheme::Secret {
            return self.elsewhere(&cx, &reference).await.map_err(name);
        }
        let path = reference.path();
        let key = self.key(&path).map_err(name)?;
        let Some(secret) = self.stored(&cx, &key, &reference).await.map_err(name)? else {
            return Ok(None);
        };
        let secret = match secret.metadata.labels.contains_key(REFERENCE_LABEL) {
            true => self.followed(&cx, &key, &secret).await,
            false => Ok(Some(secret)),
        };
        secret
            .and_then(|secret| part_of(secret, &reference))
            .map_err(|error| self.name(error, Operation::Resolve, &key))
    }

    /// The manager's own secret that a reference names, whole.
    async fn stored(&self, cx: &CallContext, key: &SecretKey, reference: &Reference) -> Result<Option<Secret>> {
        let Some(version) = reference.version() else {
            return self.get_within(cx, key).await;
        };
        check::versions(self.backend().capabilities()).map_err(|error| self.name(error, Operation::Resolve, key))?;
        let version = Version::from_word(version);
        match self.layered().get(cx, GetRequest::version(key, &version)).await? {
            Some(secret) if secret.metadata.is_expired_at(timestamp::now()) => Err(self.expired(key)),
            secret => Ok(secret),
        }
    }

    /// What a stored reference leads to.
    async fn followed(&self, cx: &CallContext, key: &SecretKey, stored: &Secret) -> Result<Option<Secret>> {
        let wrong = |message| Error::new(ErrorKind::InvalidValue, message);
        let text = stored.value.expose_str();
        let reference = text.and_then(Reference::parse);
        let reference = reference.map_err(|_| wrong("the secret is labelled as a reference, and its value is none"))?;
        if stored.metadata.labels.get(REFERENCE_LABEL).map(String::as_str) != Some(reference.scheme().word()) {
            return Err(wrong("the stored reference is of another scheme than its label says"));
        }
        if reference.scheme() != ReferenceScheme::Secret {
            return self.elsewhere(cx, &reference).await;
        }
        let target = beside(key, reference.path())?;
        check::fits(self.backend().capabilities(), &target)?;
        match self.stored(cx, &target, &reference).await? {
            Some(secret) if secret.metadata.labels.contains_key(REFERENCE_LABEL) => {
                Err(wrong("the stored reference leads to another one; only one is followed"))
            }
            secret => part_of(secret, &reference),
        }
    }

    /// What a reference of another scheme leads to.
    async fn elsewhere(&self, cx: &CallContext, reference: &Reference) -> Result<Option<Secret>> {
        let request = ResolveRequest::new(reference.path())
            .version(reference.version())
            .part(reference.part());
        match self.shared.sources.follower(reference.scheme())? {
            Follower::Own => self.layered().resolve(cx, request).await,
            Follower::Other(source) => source.resolve(cx, request).await,
        }
    }
}

/// The key that a stored reference means: a bare name is one of the scope of the secret that holds it.
fn beside(holder: &SecretKey, path: &str) -> Result<SecretKey> {
    match holder.id() {
        Some(id) if holder.kind() != ScopeKind::Global && !path.contains('/') => {
            SecretKey::parse(&format!("{}/{id}/{path}", holder.kind()))
        }
        _ => SecretKey::parse(path),
    }
}

/// The part of a secret that a reference names; its metadata is the whole's.
fn part_of(secret: Option<Secret>, reference: &Reference) -> Result<Option<Secret>> {
    let (Some(secret), Some(part)) = (&secret, reference.part()) else {
        return Ok(secret);
    };
    let found = pointer::find(&secret.value, part)?;
    Ok(found.map(|value| Secret::new(value).with_metadata(secret.metadata.clone())))
}
