//! Removals, and bringing back what was removed.
//!
//! The server tells nobody whether there was anything to remove, and takes no condition with a removal. Both are read
//! before it, so that between the two another writer may come: a removal of everything then takes his version too, while
//! one of the current version takes only the version that was seen.

use reqwest::Method;
use serde_json::json;

use super::engine::Engine;
use super::names::Part;
use super::stored::{self, State};
use super::write::{check, missing, number, outcome};
use crate::backend::{DeleteHow, DeleteRequest, IfVersion, RestoreRequest, SetOutcome};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};

impl Engine {
    /// Removes a secret or a part of it.
    pub(super) async fn delete(&self, cx: &CallContext, req: DeleteRequest<'_>) -> Result<()> {
        let path = self.names.path(req.key);
        if let DeleteHow::Version(version) = req.how
            && let Err(error) = number(version)
        {
            return if req.missing_ok { Ok(()) } else { Err(error) };
        }
        if req.missing_ok && matches!(req.condition, IfVersion::Any) {
            return self.remove(cx, &path, req.how, None).await;
        }
        let known = self.history(cx, &path).await?;
        let seen = known.map(|(history, reply)| (history, stored::now(&reply)));
        let current = seen
            .as_ref()
            .map(|(history, now)| (history.current_version, history.state(history.current_version, *now)));
        let alive = current
            .filter(|(_, state)| *state == State::Alive)
            .map(|(version, _)| version);
        let is_there = match req.how {
            // What was removed softly has a history to take.
            DeleteHow::Force => seen.is_some(),
            DeleteHow::Version(version) => {
                let version = number(version)?;
                let state = seen.as_ref().map(|(history, now)| history.state(version, *now));
                matches!(state, Some(State::Alive | State::Deleted))
            }
            DeleteHow::Usual | DeleteHow::Soft => alive.is_some(),
        };
        match (is_there, req.missing_ok) {
            (false, true) => return Ok(()),
            (false, false) => return Err(missing()),
            (true, _) => check(req.condition, alive)?,
        }
        self.remove(cx, &path, req.how, alive).await
    }

    /// Removes what is at a path; of the current version only the one that was `seen`, where one was.
    async fn remove(&self, cx: &CallContext, path: &str, how: DeleteHow<'_>, seen: Option<u64>) -> Result<()> {
        match (how, seen) {
            (DeleteHow::Usual | DeleteHow::Force, _) => {
                let asked = self.names.of(Part::Metadata, path);
                self.change(cx, "kv.metadata_delete", Method::DELETE, &asked, None)
                    .await
            }
            (DeleteHow::Soft, None) => {
                let asked = self.names.of(Part::Data, path);
                self.change(cx, "kv.delete", Method::DELETE, &asked, None).await
            }
            (DeleteHow::Soft, Some(version)) => self.versions(cx, "kv.delete", Part::Delete, path, version).await,
            (DeleteHow::Version(version), _) => {
                self.versions(cx, "kv.destroy", Part::Destroy, path, number(version)?)
                    .await
            }
        }
    }

    /// Brings back the current version of a secret that was removed softly.
    pub(super) async fn restore(&self, cx: &CallContext, req: RestoreRequest<'_>) -> Result<SetOutcome> {
        let path = self.names.path(req.key);
        let (history, reply) = self.history(cx, &path).await?.ok_or_else(missing)?;
        let version = history.current_version;
        match history.state(version, stored::now(&reply)) {
            State::Alive => Err(Error::new(ErrorKind::Conflict, "the secret was not removed")),
            State::Destroyed | State::Unknown => Err(Error::new(
                ErrorKind::NotFound,
                "nothing is kept of the secret that could be brought back",
            )),
            State::Deleted => {
                self.versions(cx, "kv.undelete", Part::Undelete, &path, version).await?;
                Ok(outcome(version, false))
            }
        }
    }

    async fn versions(&self, cx: &CallContext, name: &'static str, part: Part, path: &str, version: u64) -> Result<()> {
        let asked = self.names.of(part, path);
        let text = json!({ "versions": [version] }).to_string();
        self.change(cx, name, Method::POST, &asked, Some(text)).await
    }
}
