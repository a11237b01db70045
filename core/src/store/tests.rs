//! The store against honest use, hostile files and other processes.

mod damage;
#[cfg(unix)]
mod hostile;
mod sharing;
mod use_cases;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::write::{Condition, Entry, Mutated};
use super::{Limits, Session, Step, Wait, create, read, write};
use crate::context::{CallContext, Face};
use crate::error::{Error, ErrorKind};
use crate::key::SecretKey;
use crate::secret::Secret;

const KEY: [u8; 32] = [0x42; 32];
const LIMITS: Limits = Limits {
    versions: 10,
    journal: 100_000,
};

/// A folder with one store in it.
struct Place {
    _dir: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.strongroom");
        create::create(&path, &mut Wait::patient(&cx()), || Ok(Zeroizing::new(KEY))).unwrap();
        Self { _dir: dir, path }
    }

    fn open(&self) -> Session {
        self.open_with(LIMITS)
    }

    fn open_with(&self, limits: Limits) -> Session {
        try_open(&self.path, limits).unwrap()
    }

    /// What opening answers.
    fn refusal(&self) -> Error {
        match try_open(&self.path, LIMITS) {
            Ok(_) => panic!("the store opened"),
            Err(error) => error,
        }
    }

    /// SQLite without any of our care. Only while no session is open: closing it drops our locks.
    fn tamper<T>(&self, job: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> T {
        let connection = Connection::open(&self.path).unwrap();
        job(&connection).unwrap()
    }
}

fn try_open(path: &Path, limits: Limits) -> Result<Session, Error> {
    Session::open(path, &KEY, limits, &mut Wait::patient(&cx())).map_err(super::Halt::into_error)
}

fn cx() -> CallContext {
    CallContext::new(Face::Blocking, Duration::from_secs(60))
}

fn key(text: &str) -> SecretKey {
    SecretKey::parse(text).unwrap()
}

fn entry(text: &str, value: &str) -> Entry {
    Entry {
        key: key(text),
        secret: Secret::new(value),
        condition: Condition::Any,
        created_at: None,
    }
}

fn set(session: &Session, text: &str, value: &str) -> Mutated {
    write::set(session, &[entry(text, value)], &mut Wait::patient(&cx())).unwrap()
}

fn get(session: &Session, text: &str) -> Option<String> {
    try_get(session, text)
        .unwrap()
        .map(|secret| secret.value.expose_str().unwrap().to_owned())
}

fn try_get(session: &Session, text: &str) -> Result<Option<Secret>, Error> {
    plain(read::get(session, &key(text), None, &mut Wait::patient(&cx())))
}

fn verify(session: &Session) -> Result<crate::backend::VerifyReport, Error> {
    plain(super::verify::verify(session, &mut Wait::patient(&cx())))
}

fn plain<T>(step: Step<T>) -> Result<T, Error> {
    step.map_err(super::Halt::into_error)
}

fn kind<T>(answer: Result<T, Error>) -> Option<ErrorKind> {
    answer.err().map(|error| error.kind())
}
