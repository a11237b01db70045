//! kill -9 at every call by which a migration writes, and another run after that.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use strongroom::blocking::SecretManager;
use strongroom::{ErrorKind, GetOptions, ListOptions, Secret};
use strongroom_crash::rig::{End, Home, Watchdog, run_until_write, say};
use strongroom_crash::subject::migrate::{CANARY, KEYS, fill, migrate, open, secrets};

const EXE: &str = env!("CARGO_BIN_EXE_strongroom-crash");
const LIMIT: Duration = Duration::from_secs(900);

/// A home with a source in it; the same files as every other one of the kind.
struct Template(Home);

impl Template {
    fn new() -> Self {
        let home = Home::new();
        fill(home.path()).unwrap();
        Self(home)
    }

    fn copy(&self) -> Home {
        let home = Home::new();
        for name in self.0.files() {
            fs::copy(self.0.path().join(&name), home.path().join(&name)).unwrap();
        }
        home
    }
}

fn subject(home: &Home, kind: &str) -> Command {
    let mut command = Command::new(EXE);
    command
        .args(["migrate", kind])
        .arg(home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    home.equip(&mut command);
    command
}

fn read(manager: &SecretManager, key: &str) -> Option<Secret> {
    manager.get_with(key, GetOptions::new().include_expired()).unwrap()
}

fn count(manager: &SecretManager) -> usize {
    manager.list(ListOptions::new()).unwrap().entries.len()
}

/// The secret as it was in the source, whole.
#[track_caller]
fn assert_whole(found: &Secret, key: &str, context: &str) {
    let (_, expected, created_at) = secrets().into_iter().find(|(name, ..)| *name == key).unwrap();
    assert_eq!(found.value.expose(), expected.value.expose(), "{key} {context}");
    let fields = |secret: &Secret| (secret.metadata.provider.clone(), secret.metadata.labels.clone());
    assert_eq!(fields(found), fields(&expected), "{key} {context}");
    assert_eq!(found.metadata.created_at, Some(created_at), "{key} {context}");
}

/// After a kill, before anything else: each secret is whole in one of the two places at least.
fn nothing_is_lost(home: &Path, kind: &str, context: &str) {
    let source = open(home, "source", "never").unwrap();
    let target = match open(home, kind, "never") {
        Ok(target) => Some(target),
        // Killed before the store was there.
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{context}: {error}");
            None
        }
    };
    for key in KEYS {
        let copied = target.as_ref().and_then(|target| read(target, key));
        if let Some(copied) = &copied {
            assert_whole(copied, key, context);
        }
        match read(&source, key) {
            Some(kept) => assert_whole(&kept, key, context),
            None => assert!(copied.is_some(), "{key} is in neither place {context}"),
        }
    }
    if let Ok(text) = fs::read(home.join("journal/j.jsonl")) {
        let has_canary = text.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!has_canary, "a value in the journal {context}");
    }
}

/// After another run: everything is in the target, once, and nothing in the source.
fn all_is_done(home: &Path, kind: &str, context: &str) {
    let (source, target) = (
        open(home, "source", "never").unwrap(),
        open(home, kind, "never").unwrap(),
    );
    assert_eq!((count(&source), count(&target)), (0, KEYS.len()), "{context}");
    for key in KEYS {
        assert_whole(&read(&target, key).unwrap(), key, context);
        if target.backend().capabilities().versions {
            assert_eq!(
                target.versions(key).unwrap().len(),
                1,
                "{key} was written once {context}"
            );
        }
    }
    let left = fs::read_dir(home.join("journal")).unwrap().count();
    assert_eq!(left, 0, "no journal is left {context}");
}

/// Kills a migration before its first writing call, its second, and so on, until one comes to its end.
fn kill_everywhere(kind: &'static str) {
    let _watchdog = Watchdog::new("kills of a migration", LIMIT);
    let begin = Instant::now();
    let template = Template::new();
    let undisturbed = template.copy();
    let End::Exited(0, writes) = run_until_write(&mut subject(&undisturbed, kind), u64::MAX) else {
        panic!("a migration that nobody disturbs succeeds");
    };
    all_is_done(undisturbed.path(), kind, "undisturbed");
    let mut kills = 0;
    loop {
        let home = template.copy();
        let context = format!("after a kill at write {} of {writes} to {kind}", kills + 1);
        match run_until_write(&mut subject(&home, kind), kills + 1) {
            End::Killed => kills += 1,
            End::Exited(code, _) => {
                assert_eq!(code, 0, "{context}");
                break;
            }
        }
        nothing_is_lost(home.path(), kind, &context);
        migrate(home.path(), kind).unwrap_or_else(|error| panic!("{context}: {error}"));
        all_is_done(home.path(), kind, &context);
    }
    say(&format!(
        "crash migration to {kind}: killed at each of {kills} writes, 0 lost, 0 twice, {:.1} s",
        begin.elapsed().as_secs_f64()
    ));
    assert!(kills > 40, "the kills fell into the migration: {kills}");
}

#[test]
fn a_migration_to_an_encrypted_store_killed_at_any_write_goes_on_and_loses_nothing() {
    kill_everywhere("encrypted");
}

#[test]
fn a_migration_to_a_target_without_conditions_killed_at_any_write_goes_on_and_loses_nothing() {
    kill_everywhere("lacking");
}

#[test]
fn a_migration_to_a_plain_file_killed_at_any_write_goes_on_and_loses_nothing() {
    kill_everywhere("file");
}
