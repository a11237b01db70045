//! A store against a model of it: random steps through several handles, with locking and reopening in between, must
//! leave what a map would hold.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use strongroom::backend::{Backend, MetadataUpdate};
use strongroom::blocking::SecretManager;
use strongroom::{
    Builder, ErrorKind, GenerateSpec, ListOptions, RollbackTo, Secret, SecretKey, SetOptions, Version, testing,
};
use time::{Duration, OffsetDateTime};

const SEED: [u8; 32] = *b"strongroom behavior model seed 1";
const CASES: u32 = 64;
const STEPS: usize = 40;
const HANDLES: usize = 3;
const KEPT: usize = 10;

#[derive(Clone, Debug)]
enum Step {
    Get(usize),
    GetMany,
    Set(usize, Vec<u8>, Option<bool>, bool),
    SetIfAbsent(usize, Vec<u8>),
    /// On the current version, or on one of before.
    SetIfVersion(usize, Vec<u8>, bool),
    SetMany(BTreeSet<usize>, Vec<u8>),
    UpdateValue(usize, Vec<u8>),
    UpdateMetadata(usize, Option<bool>),
    Generate(usize),
    Rotate(usize, Vec<u8>),
    Delete(usize),
    Rollback(usize, usize),
    Versions(usize),
    ReadVersion(usize, usize),
    List,
    Lock,
    Reopen,
}

const NAMES: [&str; 6] = [
    "global/A",
    "global/A@t",
    "org/acme/A",
    "org/acme/AB",
    "user/=20/A",
    "app/x/==",
];

fn step() -> impl Strategy<Value = Step> {
    let key = 0..NAMES.len();
    let value = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..6),
        proptest::collection::vec(any::<u8>(), 5000..5001),
    ];
    prop_oneof![
        4 => key.clone().prop_map(Step::Get),
        1 => Just(Step::GetMany),
        5 => (key.clone(), value.clone(), any::<Option<bool>>(), proptest::bool::weighted(0.2))
            .prop_map(|(key, value, provider, expired)| Step::Set(key, value, provider, expired)),
        1 => (key.clone(), value.clone()).prop_map(|(key, value)| Step::SetIfAbsent(key, value)),
        2 => (key.clone(), value.clone(), any::<bool>()).prop_map(|(key, value, now)| Step::SetIfVersion(key, value, now)),
        1 => (proptest::collection::btree_set(key.clone(), 0..4), value.clone()).prop_map(|(keys, value)| Step::SetMany(keys, value)),
        1 => (key.clone(), value.clone()).prop_map(|(key, value)| Step::UpdateValue(key, value)),
        1 => (key.clone(), any::<Option<bool>>()).prop_map(|(key, provider)| Step::UpdateMetadata(key, provider)),
        1 => key.clone().prop_map(Step::Generate),
        1 => (key.clone(), value).prop_map(|(key, value)| Step::Rotate(key, value)),
        2 => key.clone().prop_map(Step::Delete),
        2 => (key.clone(), 1_usize..4).prop_map(|(key, back)| Step::Rollback(key, back)),
        1 => key.clone().prop_map(Step::Versions),
        2 => (key, 0_usize..12).prop_map(|(key, back)| Step::ReadVersion(key, back)),
        2 => Just(Step::List),
        1 => Just(Step::Lock),
        1 => Just(Step::Reopen),
    ]
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    version: Version,
    value: Vec<u8>,
    provider: Option<String>,
    expired: bool,
}

/// What a map would hold: versions, oldest first.
#[derive(Debug, Default)]
struct Model {
    secrets: BTreeMap<usize, Vec<Entry>>,
    created: BTreeMap<usize, OffsetDateTime>,
    highest: u64,
    gone: Vec<Version>,
}

impl Model {
    fn current(&self, key: usize) -> Option<&Entry> {
        self.secrets.get(&key).and_then(|versions| versions.last())
    }

    fn put(&mut self, key: usize, version: Option<Version>, value: &[u8], provider: Option<String>, expired: bool) {
        let version = version.expect("a store with versions tells them");
        let number = version.number().expect("as numbers");
        assert!(number > self.highest, "version {number} after {}", self.highest);
        self.highest = number;
        let versions = self.secrets.entry(key).or_default();
        versions.push(Entry {
            version,
            value: value.to_vec(),
            provider,
            expired,
        });
        if versions.len() > KEPT {
            self.gone.extend(versions.drain(..1).map(|entry| entry.version));
        }
    }
}

fn provider_of(choice: Option<bool>) -> Option<String> {
    choice.map(|choice| if choice { "openai" } else { "aws" }.to_owned())
}

fn secret(value: &[u8], provider: Option<bool>, expired: bool) -> Secret {
    let mut secret = Secret::new(value);
    secret.metadata.provider = provider_of(provider);
    if expired {
        secret.metadata.expires_at = Some(OffsetDateTime::now_utc() - Duration::hours(1));
    }
    secret
}

/// The managers over one store. A handle whose cache may be behind another's writes is locked before it reads: for so
/// long as 100 ms a cache need not know.
struct World<'a> {
    open: &'a dyn Fn(usize) -> SecretManager,
    handles: Vec<SecretManager>,
    behind: Vec<bool>,
    close_on_reopen: bool,
}

impl World<'_> {
    fn reader(&mut self, at: usize) -> SecretManager {
        if std::mem::take(&mut self.behind[at]) {
            self.handles[at].lock().unwrap();
        }
        self.handles[at].clone()
    }

    fn writer(&mut self, at: usize) -> SecretManager {
        for (other, behind) in self.behind.iter_mut().enumerate() {
            *behind |= other != at;
        }
        self.reader(at)
    }

    fn reopen(&mut self, at: usize) {
        if self.close_on_reopen {
            self.handles[at].close().unwrap();
        }
        self.handles[at] = (self.open)(at);
        self.behind[at] = false;
    }
}

#[track_caller]
fn kind<T: std::fmt::Debug>(outcome: strongroom::Result<T>) -> ErrorKind {
    outcome.unwrap_err().kind()
}

fn apply(world: &mut World<'_>, model: &mut Model, at: usize, step: &Step) {
    let key = |index: usize| SecretKey::parse(NAMES[index]).unwrap();
    match step {
        Step::Get(index) => {
            let client = world.reader(at);
            match model.current(*index) {
                None => assert!(client.get(key(*index)).unwrap().is_none()),
                Some(entry) if entry.expired => assert_eq!(kind(client.get(key(*index))), ErrorKind::Expired),
                Some(entry) => {
                    let read = client.get(key(*index)).unwrap().unwrap();
                    assert_eq!(read.value.expose(), entry.value);
                    assert_eq!(read.metadata.provider, entry.provider);
                    assert_eq!(read.metadata.version.as_ref(), Some(&entry.version));
                    let created = model.created.entry(*index).or_insert(read.metadata.created_at.unwrap());
                    assert_eq!(read.metadata.created_at.as_ref(), Some(&*created));
                }
            }
        }
        Step::GetMany => {
            let keys: Vec<_> = (0..NAMES.len()).map(key).collect();
            let read = world.reader(at).get_many(&keys).unwrap();
            for (index, key) in keys.iter().enumerate() {
                let entry = model.current(index).filter(|entry| !entry.expired);
                assert_eq!(
                    read.secrets.get(key).map(|secret| secret.value.expose()),
                    entry.map(|entry| &*entry.value)
                );
            }
            let expired = (0..NAMES.len()).filter(|index| model.current(*index).is_some_and(|entry| entry.expired));
            assert_eq!(read.failures.len(), expired.count());
        }
        Step::Set(index, value, provider, expired) => {
            let outcome = world
                .writer(at)
                .set(key(*index), &secret(value, *provider, *expired))
                .unwrap();
            assert_eq!(outcome.created, model.current(*index).is_none());
            model.put(*index, outcome.version, value, provider_of(*provider), *expired);
        }
        Step::SetIfAbsent(index, value) => {
            let client = world.writer(at);
            let outcome = client.set_with(key(*index), &Secret::new(&**value), SetOptions::new().if_absent());
            match model.current(*index) {
                Some(_) => assert_eq!(kind(outcome), ErrorKind::Conflict),
                None => model.put(*index, outcome.unwrap().version, value, None, false),
            }
        }
        Step::SetIfVersion(index, value, now) => {
            let current = model.current(*index).map(|entry| entry.version.clone());
            let version = match (now, &current) {
                (true, Some(version)) => version.clone(),
                _ => model.gone.last().cloned().unwrap_or_else(|| Version::from_number(0)),
            };
            let holds = current.as_ref() == Some(&version);
            let client = world.writer(at);
            let outcome = client.set_with(
                key(*index),
                &Secret::new(&**value),
                SetOptions::new().if_version(version),
            );
            if holds {
                model.put(*index, outcome.unwrap().version, value, None, false);
            } else {
                assert_eq!(kind(outcome), ErrorKind::Conflict);
            }
        }
        Step::SetMany(indices, value) => {
            let entries: Vec<_> = indices
                .iter()
                .map(|index| (key(*index), Secret::new(&**value)))
                .collect();
            let outcome = world.writer(at).set_many(&entries).unwrap();
            for (index, written) in indices.iter().zip(outcome.outcomes) {
                model.put(*index, written.unwrap().version, value, None, false);
            }
        }
        Step::UpdateValue(index, value) => {
            let outcome = world.writer(at).update_value(key(*index), &**value);
            match model.current(*index).cloned() {
                None => assert_eq!(kind(outcome), ErrorKind::NotFound),
                Some(entry) if entry.expired => assert_eq!(kind(outcome), ErrorKind::Expired),
                Some(entry) => model.put(*index, outcome.unwrap().version, value, entry.provider, false),
            }
        }
        Step::UpdateMetadata(index, provider) => {
            let update = MetadataUpdate::new();
            let update = match provider_of(*provider) {
                Some(provider) => update.provider(provider),
                None => update.clear_provider(),
            };
            let outcome = world.writer(at).update_metadata(key(*index), &update);
            match model.secrets.get_mut(index).and_then(|versions| versions.last_mut()) {
                None => assert_eq!(kind(outcome), ErrorKind::NotFound),
                Some(entry) => {
                    assert_eq!(outcome.unwrap().version.as_ref(), Some(&entry.version));
                    entry.provider = provider_of(*provider);
                }
            }
        }
        Step::Generate(index) => {
            let outcome = world.writer(at).get_or_generate(key(*index), &GenerateSpec::bytes(8));
            match model.current(*index) {
                Some(entry) if entry.expired => assert_eq!(kind(outcome), ErrorKind::Expired),
                Some(entry) => assert_eq!(outcome.unwrap().value.expose(), entry.value),
                None => {
                    let made = outcome.unwrap();
                    let value = made.value.expose().to_vec();
                    model.put(*index, made.metadata.version, &value, None, false);
                }
            }
        }
        Step::Rotate(index, value) => {
            let outcome = world
                .writer(at)
                .rotate(key(*index), strongroom::SecretValue::from(&**value));
            match model.current(*index).cloned() {
                None => assert_eq!(kind(outcome), ErrorKind::NotFound),
                Some(entry) => model.put(*index, outcome.unwrap().version, value, entry.provider, false),
            }
        }
        Step::Delete(index) => {
            let outcome = world.writer(at).delete(key(*index));
            model.created.remove(index);
            match model.secrets.remove(index) {
                None => assert_eq!(kind(outcome), ErrorKind::NotFound),
                Some(versions) => {
                    outcome.unwrap();
                    model.gone.extend(versions.into_iter().map(|entry| entry.version));
                }
            }
        }
        Step::Rollback(index, back) => {
            let outcome = world.writer(at).rollback(key(*index), RollbackTo::back(*back));
            let versions = model.secrets.get(index).map_or(&[][..], |versions| versions);
            match versions
                .len()
                .checked_sub(1 + back)
                .map(|place| versions[place].clone())
            {
                None => assert_eq!(kind(outcome), ErrorKind::NotFound),
                Some(entry) => model.put(*index, outcome.unwrap().version, &entry.value, entry.provider, false),
            }
        }
        Step::Versions(index) => {
            let outcome = world.reader(at).versions(key(*index));
            match model.secrets.get(index) {
                None => assert_eq!(kind(outcome), ErrorKind::NotFound),
                Some(versions) => {
                    let listed: Vec<_> = outcome.unwrap().into_iter().map(|entry| entry.version).collect();
                    let expected: Vec<_> = versions.iter().rev().map(|entry| entry.version.clone()).collect();
                    assert_eq!(listed, expected);
                }
            }
        }
        Step::ReadVersion(index, back) => {
            let versions = model.secrets.get(index).map_or(&[][..], |versions| versions);
            let client = world.reader(at);
            match versions.len().checked_sub(1 + back).map(|place| &versions[place]) {
                None => {
                    let gone = model.gone.last().cloned().unwrap_or_else(|| Version::from_number(0));
                    assert!(client.get_version(key(*index), &gone).unwrap().is_none());
                }
                Some(entry) if entry.expired => {
                    assert_eq!(
                        kind(client.get_version(key(*index), &entry.version)),
                        ErrorKind::Expired
                    );
                }
                Some(entry) => {
                    let read = client.get_version(key(*index), &entry.version).unwrap().unwrap();
                    assert_eq!(
                        (read.value.expose(), read.metadata.provider),
                        (&*entry.value, entry.provider.clone())
                    );
                }
            }
        }
        Step::List => {
            let page = world.reader(at).list(ListOptions::new()).unwrap();
            let listed: Vec<_> = page
                .entries
                .iter()
                .map(|entry| (entry.name.to_string(), entry.expired, entry.metadata.provider.clone()))
                .collect();
            let mut expected: Vec<_> = model
                .secrets
                .keys()
                .filter_map(|index| Some((NAMES[*index].to_owned(), model.current(*index)?)))
                .map(|(name, entry)| (name, entry.expired, entry.provider.clone()))
                .collect();
            expected.sort();
            assert_eq!(listed, expected);
        }
        Step::Lock => world.handles[at].lock().unwrap(),
        Step::Reopen => world.reopen(at),
    }
}

fn run(name: &str, close_on_reopen: bool, make: impl Fn() -> Box<dyn Fn(usize) -> SecretManager>) {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let steps = proptest::collection::vec((0..HANDLES, step()), STEPS..=STEPS);
    let outcome = runner.run(&steps, |steps| {
        let open = make();
        let mut world = World {
            handles: (0..HANDLES).map(&open).collect(),
            open: &*open,
            behind: vec![false; HANDLES],
            close_on_reopen,
        };
        let mut model = Model::default();
        for (at, step) in &steps {
            apply(&mut world, &mut model, *at, step);
        }
        // At the end every handle agrees with the model, and so does what a new one finds.
        for at in 0..HANDLES {
            if at == 0 {
                world.reopen(0);
            }
            for index in 0..NAMES.len() {
                apply(&mut world, &mut model, at, &Step::Get(index));
                apply(&mut world, &mut model, at, &Step::Versions(index));
            }
            apply(&mut world, &mut model, at, &Step::List);
        }
        let report = world.handles[0].verify().unwrap();
        assert_eq!(report.secrets as usize, model.secrets.len());
        assert_eq!(
            report.versions as usize,
            model.secrets.values().map(Vec::len).sum::<usize>()
        );
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{name}, seed {:?}: {error}", String::from_utf8_lossy(&SEED));
    }
}

/// The second of the handles works without a cache.
fn builder(at: usize) -> Builder {
    let builder = strongroom::SecretManager::builder().app("model").without_environment();
    builder.option("cache", if at == 1 { "off" } else { "on" })
}

#[test]
fn memory_behaves_like_a_map() {
    run("memory", false, || {
        let memory: Arc<dyn Backend> = testing::memory();
        Box::new(move |at| {
            builder(at)
                .backend_instance(Arc::clone(&memory))
                .open_blocking()
                .unwrap()
        })
    });
}

#[test]
fn an_encrypted_store_behaves_like_a_map() {
    run("encrypted", true, || {
        let dir = tempfile::tempdir().unwrap();
        Box::new(move |at| {
            let path = dir.path().join("secrets.strongroom");
            let builder = builder(at)
                .backend("encrypted")
                .option("encrypted.path", path.to_str().unwrap());
            builder
                .secret_option("encrypted.key", [b'k'; 32].as_slice())
                .open_blocking()
                .unwrap()
        })
    });
}
