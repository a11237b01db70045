//! The verbs that the tables go through.

use strongroom::backend::MetadataUpdate;
use strongroom::blocking::SecretManager;
use strongroom::{DeleteOptions, GetOptions, ListOptions, Result, RollbackTo, Secret, SecretKey};
use strongroom_remote::{Place, Service};

/// What the server has before a verb is called.
pub(crate) const BEFORE: &str = "before";
/// What writes write.
pub(crate) const AFTER: &str = "after";

/// A verb, called with a key that is there.
#[derive(Clone, Copy)]
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    pub(crate) is_write: bool,
    /// How many versions a call adds that is done.
    pub(crate) adds: usize,
    pub(crate) call: fn(&SecretManager, &SecretKey) -> Result<()>,
}

impl Verb {
    /// Whether the service's last reply to it has no body.
    pub(crate) fn is_bare(&self, service: Service) -> bool {
        service == Service::Vault && self.name.starts_with("delete")
    }

    /// The key that it writes, called with `key`.
    pub(crate) fn written(&self, key: &SecretKey) -> SecretKey {
        match self.name {
            NEW => fresh(key),
            _ => key.clone(),
        }
    }
}

/// The one that writes another key, which is not there.
const NEW: &str = "set, new";

fn fresh(key: &SecretKey) -> SecretKey {
    SecretKey::parse(&format!("{}_new", key.as_str())).unwrap()
}

const fn read(name: &'static str, call: fn(&SecretManager, &SecretKey) -> Result<()>) -> Verb {
    Verb {
        name,
        is_write: false,
        adds: 0,
        call,
    }
}

const fn write(name: &'static str, adds: usize, call: fn(&SecretManager, &SecretKey) -> Result<()>) -> Verb {
    Verb {
        name,
        is_write: true,
        adds,
        call,
    }
}

/// Every verb that asks the server.
pub(crate) const VERBS: &[Verb] = &[
    read("get", |manager, key| manager.get(key).map(drop)),
    read("get_many", |manager, key| {
        let failed = manager.get_many(&[key])?.failures.into_iter().next();
        failed.map_or(Ok(()), |failure| Err(failure.error))
    }),
    read("describe", |manager, key| manager.describe(key).map(drop)),
    read("exists", |manager, key| manager.exists(key).map(drop)),
    read("list", |manager, _| manager.list(ListOptions::new()).map(drop)),
    read("versions", |manager, key| manager.versions(key).map(drop)),
    read("get_with(version)", |manager, key| {
        let version = manager.get(key)?.and_then(|secret| secret.metadata.version);
        let mut options = GetOptions::new();
        options.version = version;
        manager.get_with(key, options).map(drop)
    }),
    write("set", 1, |manager, key| manager.set(key, &Secret::new(AFTER)).map(drop)),
    write(NEW, 1, |manager, key| {
        manager.set(fresh(key), &Secret::new(AFTER)).map(drop)
    }),
    write("set_api_key", 1, |manager, key| {
        manager.set_api_key(key, AFTER, None).map(drop)
    }),
    write("set_many", 1, |manager, key| {
        let outcome = manager.set_many(&[(key.clone(), Secret::new(AFTER))])?;
        outcome.outcomes.into_iter().try_for_each(|outcome| outcome.map(drop))
    }),
    write("update_value", 1, |manager, key| {
        manager.update_value(key, AFTER).map(drop)
    }),
    write("update_metadata", 1, |manager, key| {
        manager
            .update_metadata(key, &MetadataUpdate::new().provider("openai"))
            .map(drop)
    }),
    write("rotate", 1, |manager, key| manager.rotate(key, AFTER).map(drop)),
    write("rollback", 1, |manager, key| {
        manager.rollback(key, RollbackTo::back(1)).map(drop)
    }),
    write("delete", 0, |manager, key| manager.delete(key)),
    write("delete, soft", 0, |manager, key| {
        manager.delete_with(key, DeleteOptions::new().soft())
    }),
    write("delete, force", 0, |manager, key| {
        manager.delete_with(key, DeleteOptions::new().force())
    }),
];

/// Prepares a place for a call: a key with two versions.
pub(crate) fn prepared(service: Service) -> (Place, SecretKey) {
    let place = Place::of(service);
    let key = place.key("API_KEY");
    place.put(&key, "older");
    place.put(&key, BEFORE);
    (place, key)
}
