//! Every verb that asks a server, called once, as the tables of the guide name them.

use std::sync::atomic::{AtomicUsize, Ordering};

use strongroom::backend::MetadataUpdate;
use strongroom::blocking::SecretManager;
use strongroom::{
    Builder, DeleteOptions, Error, GenerateSpec, ListOptions, Result, Secret, SecretKey, SecretScope, SetOptions,
    Version,
};

use crate::Service;

/// What a verb finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present {
    /// Nothing.
    Nothing,
    /// Two versions of the secret.
    Two,
    /// A secret that was removed and can be brought back.
    Removed,
    /// So many secrets, in one scope.
    Many(usize),
}

/// A corner of a service that one call has for itself, with what it finds.
#[derive(Debug)]
pub struct Corner {
    service: Service,
    prefix: String,
}

impl Corner {
    /// A corner of its own, prepared for a call.
    pub fn of(service: Service, scenario: &Scenario) -> (Self, Target) {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let corner = Self {
            service,
            prefix: format!("corner{}", COUNT.fetch_add(1, Ordering::Relaxed)),
        };
        let target = corner.prepare(scenario);
        (corner, target)
    }

    /// What all names of it begin with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A manager that makes every request once and remembers nothing.
    pub fn builder(&self, scenario: &Scenario) -> Builder {
        let address = format!("http://{}", self.service.host());
        let mut builder = self.service.builder_without_token(&address, &self.prefix);
        for (setting, text) in scenario.options {
            builder = builder.option(setting, *text);
        }
        let patient = builder.option("deadline", "120s");
        patient.option("cache", "off").option("retries", "0")
    }

    /// One that may do everything.
    pub fn open(&self, scenario: &Scenario) -> SecretManager {
        let builder = self.builder(scenario);
        let builder = match self.service {
            Service::Vault => builder.secret_option("vault.token", Service::bao().root_token()),
            Service::Aws => builder,
        };
        builder.open_blocking().unwrap()
    }

    fn prepare(&self, scenario: &Scenario) -> Target {
        let key = SecretKey::parse("org/acme/API_KEY").unwrap();
        let mut target = Target {
            name: format!("{}/{}", self.prefix, key.as_str()),
            key,
            former: None,
            current: None,
        };
        let manager = self.open(scenario);
        match scenario.present {
            Present::Nothing => {}
            Present::Two | Present::Removed => {
                target.former = manager.set(&target.key, &Secret::new("before")).unwrap().version;
                target.current = manager.set(&target.key, &Secret::new("now")).unwrap().version;
            }
            Present::Many(count) => {
                let entries = target.siblings(count).into_iter().map(|key| (key, Secret::new("now")));
                let outcomes = manager.set_many(&entries.collect::<Vec<_>>()).unwrap().outcomes;
                assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
            }
        }
        if scenario.present == Present::Removed {
            manager.delete_with(&target.key, DeleteOptions::new().soft()).unwrap();
        }
        manager.close().unwrap();
        target
    }
}

/// What a verb is called with.
#[derive(Debug)]
pub struct Target {
    /// The secret.
    pub key: SecretKey,
    /// What the service calls it.
    pub name: String,
    /// Its version but one, where there are two.
    pub former: Option<Version>,
    /// Its version.
    pub current: Option<Version>,
}

impl Target {
    /// Others of its scope.
    pub fn siblings(&self, count: usize) -> Vec<SecretKey> {
        let name = |at| format!("{}_{at}", self.key.as_str());
        (0..count).map(|at| SecretKey::parse(&name(at)).unwrap()).collect()
    }
}

/// A call.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// The first cell of its row.
    pub row: &'static str,
    /// What is there.
    pub present: Present,
    /// How the manager is opened.
    pub options: &'static [(&'static str, &'static str)],
    /// The call.
    pub call: fn(&SecretManager, &Target) -> Result<()>,
}

impl std::fmt::Debug for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.row)
    }
}

const fn of(row: &'static str, present: Present, call: fn(&SecretManager, &Target) -> Result<()>) -> Scenario {
    Scenario {
        row,
        present,
        options: &[],
        call,
    }
}

const fn with(options: &'static [(&'static str, &'static str)], scenario: Scenario) -> Scenario {
    Scenario { options, ..scenario }
}

fn there<T>(found: Option<T>) -> Result<()> {
    assert!(found.is_some(), "the secret is there");
    Ok(())
}

fn get_many(manager: &SecretManager, target: &Target, count: usize) -> Result<()> {
    let read = manager.get_many(&target.siblings(count))?;
    match read.failures.into_iter().next() {
        Some(failure) => Err(failure.error),
        None => {
            assert_eq!(read.secrets.len(), count);
            Ok(())
        }
    }
}

fn set_many(manager: &SecretManager, target: &Target, count: usize) -> Result<()> {
    let entries: Vec<_> = target.siblings(count).into_iter().map(|key| (key, value())).collect();
    let outcomes = manager.set_many(&entries)?.outcomes;
    outcomes.into_iter().try_for_each(|outcome| outcome.map(drop))
}

fn list(manager: &SecretManager, options: ListOptions) -> Result<()> {
    let page = manager.list(options)?;
    assert!(!page.entries.is_empty());
    Ok(())
}

fn remove(manager: &SecretManager, target: &Target, options: DeleteOptions) -> Result<()> {
    manager.delete_with(&target.key, options)
}

fn value() -> Secret {
    Secret::new("after")
}

fn labelled() -> MetadataUpdate {
    MetadataUpdate::new().provider("openai")
}

fn current(target: &Target) -> &Version {
    target.current.as_ref().unwrap()
}

fn former(target: &Target) -> &Version {
    target.former.as_ref().unwrap()
}

fn healthy(manager: &SecretManager) -> Result<()> {
    let health = manager.health()?;
    match health.reason {
        Some(reason) => Err(Error::new(strongroom::ErrorKind::Internal, reason)),
        None => Ok(()),
    }
}

const READS: &[Scenario] = &[
    of("`get`", Present::Two, |m, t| m.get(&t.key).and_then(there)),
    of("`get_version`", Present::Two, |m, t| {
        m.get_version(&t.key, former(t)).and_then(there)
    }),
    of("`exists`, `describe`", Present::Two, |m, t| {
        m.describe(&t.key).and_then(there)
    }),
    of("`list`, one scope", Present::Many(3), |m, _| {
        list(m, ListOptions::new().scope(SecretScope::org("acme")))
    }),
    of("`versions`", Present::Two, |m, t| m.versions(&t.key).map(drop)),
    of("`health`", Present::Nothing, |m, _| healthy(m)),
    of("`refresh`, `lock`", Present::Nothing, |m, _| m.refresh().and(m.lock())),
];

const WRITES: &[Scenario] = &[
    of("`set`, new", Present::Nothing, |m, t| m.set(&t.key, &value()).map(drop)),
    of("`set`, there", Present::Two, |m, t| m.set(&t.key, &value()).map(drop)),
    of("`set` with `if_absent`", Present::Nothing, |m, t| {
        m.set_with(&t.key, &value(), SetOptions::new().if_absent()).map(drop)
    }),
    of("`set` with `if_version`", Present::Two, |m, t| {
        let options = SetOptions::new().if_version(current(t).clone());
        m.set_with(&t.key, &value(), options).map(drop)
    }),
    of("`set_many` of 10, new", Present::Nothing, |m, t| set_many(m, t, 10)),
    of("`set_api_key`, `update_value`, `rotate`", Present::Two, |m, t| {
        m.update_value(&t.key, "after").map(drop)
    }),
    of("`update_metadata`", Present::Two, |m, t| {
        m.update_metadata(&t.key, &labelled()).map(drop)
    }),
    of("`get_or_generate`, new", Present::Nothing, |m, t| {
        m.get_or_generate(&t.key, &GenerateSpec::hex(8)).map(drop)
    }),
    of("`rollback` to a version", Present::Two, |m, t| {
        m.rollback(&t.key, former(t)).map(drop)
    }),
    of("`delete`", Present::Two, |m, t| m.delete(&t.key)),
    of("`delete` with `missing_ok`", Present::Two, |m, t| {
        remove(m, t, DeleteOptions::new().missing_ok())
    }),
    of("`delete` with `force`", Present::Two, |m, t| {
        remove(m, t, DeleteOptions::new().force())
    }),
    of("`restore`", Present::Removed, |m, t| m.restore(&t.key).map(drop)),
];

const VAULT: &[Scenario] = &[
    of("`get_many` of 10", Present::Many(10), |m, t| get_many(m, t, 10)),
    of("`list`, three folders", Present::Many(3), |m, _| {
        list(m, ListOptions::new())
    }),
    of("`list` of three with all metadata", Present::Many(3), |m, _| {
        let options = ListOptions::new().scope(SecretScope::org("acme"));
        list(m, options.full_metadata())
    }),
    with(
        &[("vault.custom_metadata", "on")],
        of("`set` with `vault.custom_metadata`, new", Present::Nothing, |m, t| {
            m.set(&t.key, &value()).map(drop)
        }),
    ),
    of("`delete` with `soft`", Present::Two, |m, t| {
        remove(m, t, DeleteOptions::new().soft())
    }),
    of("`delete` with `soft` and `missing_ok`", Present::Two, |m, t| {
        remove(m, t, DeleteOptions::new().soft().missing_ok())
    }),
    of("`delete` of a version", Present::Two, |m, t| {
        remove(m, t, DeleteOptions::new().version(former(t).clone()))
    }),
    with(
        &[("references", "vault")],
        of("`resolve` of `vault:path`", Present::Two, |m, t| {
            m.resolve(&format!("vault:{}", t.name)).and_then(there)
        }),
    ),
];

const RAW: &[(&str, &str)] = &[("aws.format", "raw")];

const AWS: &[Scenario] = &[
    with(
        RAW,
        of("`get`, raw", Present::Two, |m, t| m.get(&t.key).and_then(there)),
    ),
    of("`get_many` of 20", Present::Many(20), |m, t| get_many(m, t, 20)),
    of("`get_many` of 500", Present::Many(500), |m, t| get_many(m, t, 500)),
    of("`list` of 250", Present::Many(250), |m, _| list(m, ListOptions::new())),
    of("`list` of 20 with all metadata", Present::Many(20), |m, _| {
        list(m, ListOptions::new().full_metadata())
    }),
    of("`set`, removed before", Present::Removed, |m, t| {
        m.set(&t.key, &value()).map(drop)
    }),
    with(
        RAW,
        of("`set`, raw, new", Present::Nothing, |m, t| {
            m.set(&t.key, &value()).map(drop)
        }),
    ),
    with(
        RAW,
        of("`set`, raw, with a new provider", Present::Two, |m, t| {
            m.set(&t.key, &Secret::with_provider("after", "openai")).map(drop)
        }),
    ),
    with(
        &[("references", "aws")],
        of("`resolve` of `aws:name`", Present::Two, |m, t| {
            m.resolve(&format!("aws:{}", t.name)).and_then(there)
        }),
    ),
];

/// The rows of the table of Vault.
pub fn of_vault() -> impl Iterator<Item = &'static Scenario> {
    READS.iter().chain(WRITES).chain(VAULT)
}

/// The rows of the table of AWS.
pub fn of_aws() -> impl Iterator<Item = &'static Scenario> {
    READS.iter().chain(WRITES).chain(AWS)
}
