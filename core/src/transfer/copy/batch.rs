//! Many secrets in one write, where the target takes many at once.
//!
//! A target that keeps all secrets in one document, or flushes every write, takes as long for one as for a hundred. What
//! is not written here, for whatever reason, is written alone afterwards, and what is wrong with it is told then.

use std::collections::BTreeSet;

use super::execute::{Copy, Due, Found};
use super::journal::Step;
use super::plan::{CopyAction, PlannedCopy, read};
use crate::backend::SetManyRequest;
use crate::error::{ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::Secret;

/// How many secrets are written at once.
const MOST: usize = 128;

/// How many bytes of values; they are all in memory meanwhile.
const MOST_BYTES: usize = 16 << 20;

/// How far a batch went.
#[derive(Default)]
pub(super) struct Ahead {
    /// How many secrets of the plan it looked at.
    pub(super) count: usize,
    /// Which of them were written and read back.
    pub(super) copied: BTreeSet<SecretKey>,
}

impl Copy<'_> {
    /// Writes the first secrets of those that are planned, all or none, and reads them back. Each is written under the
    /// condition under which it would be written alone.
    pub(super) async fn ahead(&self, planned: &[PlannedCopy]) -> Result<Ahead> {
        let mut ahead = Ahead::default();
        let (mut due, mut bytes) = (Vec::new(), 0);
        for planned in planned.iter().take(MOST) {
            if bytes > MOST_BYTES {
                break;
            }
            ahead.count += 1;
            let is_write = matches!(planned.action, CopyAction::Create | CopyAction::Replace);
            if !is_write || !self.target.backend().capabilities().atomic_batch {
                continue;
            }
            if let Ok(Found::Due(found)) = self.look(&planned.key, &planned.losses).await {
                bytes += found.secret.value.expose().len();
                due.push((planned.key.clone(), found));
            }
        }
        if due.len() > 1 {
            ahead.copied = self.write_all(due).await?;
        }
        Ok(ahead)
    }

    /// Writes all or none. Those that the target has now, as they are in the source.
    async fn write_all(&self, due: Vec<(SecretKey, Box<Due>)>) -> Result<BTreeSet<SecretKey>> {
        let steps = |step: fn(SecretKey) -> Step| due.iter().map(|(key, _)| step(key.clone())).collect();
        self.journal.enter_all(self.source, steps(Step::Write)).await?;
        let terms: Vec<_> = due.iter().map(|(_, due)| self.terms(due)).collect();
        let entries: Vec<(SecretKey, Secret)> = due
            .iter()
            .map(|(key, due)| (key.clone(), due.secret.duplicate()))
            .collect();
        let cx = self.target.context()?;
        let request = SetManyRequest::new(&entries).under(&terms);
        let (is_answered, unknown) = match self.target.layered().set_many(&cx, request).await {
            Ok(outcome) => (outcome.outcomes.iter().all(Result::is_ok), None),
            // It may have been written: a look tells.
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => (false, Some(error)),
            // None was. Whose condition did not hold, or what else is wrong, is found when each is written alone.
            Err(_) => return Ok(BTreeSet::new()),
        };
        let mut copied = BTreeSet::new();
        for (key, secret) in entries {
            let back = match (read(self.target, &key).await, unknown.as_ref()) {
                // That one cannot look, as where both were cancelled, says less than the write does.
                (Err(_), Some(unknown)) => return Err(unknown.clone()),
                (looked, _) => looked?,
            };
            if back.is_some_and(|back| self.is_same(&secret, &back)) {
                copied.insert(key);
            } else if is_answered {
                return Err(self.not_what_was_written(&key));
            }
        }
        let steps = copied.iter().cloned().map(Step::Copied).collect();
        self.journal.enter_all(self.source, steps).await?;
        Ok(copied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretManager;
    use crate::backend::{IfVersion, Terms};
    use crate::park::block_on;

    fn open(word: &str, settings: &[(&str, String)]) -> SecretManager {
        let builder = SecretManager::builder().without_environment().backend(word);
        let builder = settings
            .iter()
            .fold(builder, |builder, (key, value)| builder.option(key, value));
        block_on(builder.open()).unwrap()
    }

    fn keeps_its_terms(manager: &SecretManager) {
        let word = manager.backend().name();
        let cx = || manager.context().unwrap();
        let entries = ["A", "B"].map(|name| (SecretKey::new(name), Secret::new("new")));
        let then = time::OffsetDateTime::from_unix_timestamp(1_000_000_000).unwrap();
        let absent = Terms::new(IfVersion::Absent, Some(then));
        let write = |terms: &[Terms<'_>]| {
            let request = SetManyRequest::new(&entries).under(terms);
            block_on(manager.layered().set_many(&cx(), request))
        };
        let get = |name: &str| block_on(read(manager, &SecretKey::new(name))).unwrap();

        block_on(manager.set("B", &Secret::new("old"))).unwrap();
        let error = write(&[absent, absent]).unwrap_err();
        assert_eq!(
            (error.kind(), error.key()),
            (ErrorKind::Conflict, Some("global/B")),
            "{word}"
        );
        assert!(get("A").is_none(), "{word}");
        let seen = get("B").unwrap().metadata.version.unwrap();
        write(&[absent, Terms::new(IfVersion::Is(&seen), None)]).unwrap();
        assert_eq!(get("A").unwrap().metadata.created_at, Some(then), "{word}");
        assert_eq!(get("B").unwrap().value.expose(), b"new", "{word}");
        let error = write(&[Terms::default(), Terms::new(IfVersion::Is(&seen), None)]).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Conflict,
            "{word}: that version is a former one"
        );
    }

    #[test]
    fn a_batch_keeps_the_terms_of_each() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        keeps_its_terms(&open("memory", &[]));
        #[cfg(feature = "file")]
        keeps_its_terms(&open("file", &[("file.path", path("a.json"))]));
        #[cfg(feature = "encrypted")]
        keeps_its_terms(&open("encrypted", &[("encrypted.path", path("a.strongroom"))]));
        #[cfg(all(feature = "chain", feature = "file"))]
        keeps_its_terms(&open(
            "chain",
            &[
                ("chain.members", "file,memory".to_owned()),
                ("chain.writer", "file".to_owned()),
                ("file.path", path("b.json")),
            ],
        ));
    }
}
