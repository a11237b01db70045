//! Removing secrets, and bringing them back.

use super::client::Service;
use super::error::{Failure, Refusal};
use super::names;
use super::read::{State, current, missing};
use super::requests::Call;
use crate::backend::{ChangeStep, DeleteHow, IfVersion, SetOutcome};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};

impl Service {
    /// Marks the secret for deletion at the end of the recovery window, or removes it for good.
    ///
    /// The service knows no condition: the version is looked at right before, and a write in between is not seen.
    pub(super) async fn delete(
        &self,
        cx: &CallContext,
        name: &str,
        how: DeleteHow<'_>,
        condition: IfVersion<'_>,
        missing_ok: bool,
    ) -> Result<ChangeStep> {
        let is_force = match how {
            DeleteHow::Usual | DeleteHow::Soft => false,
            DeleteHow::Force => true,
            DeleteHow::Version(_) => {
                let text = "the service cannot remove one version of a secret";
                return Err(Error::new(ErrorKind::Unsupported, text));
            }
        };
        let mut id = name.to_owned();
        // Removing for good answers the same whether anything was there or not.
        let must_look = is_force && !missing_ok;
        if must_look || names::is_like_arn(name) || !matches!(condition, IfVersion::Any) {
            let (known, is_deleted) = match self.state(cx, name).await? {
                State::Absent => {
                    return if missing_ok {
                        Ok(ChangeStep::default())
                    } else {
                        Err(missing())
                    };
                }
                State::Deleted(known) => (known, true),
                State::Present(known) => (known, false),
            };
            // What waits for its deletion is absent, except for who wants it gone for good.
            if is_deleted && !is_force {
                return if missing_ok {
                    Ok(ChangeStep::default())
                } else {
                    Err(missing())
                };
            }
            match condition {
                IfVersion::Any => {}
                IfVersion::Is(wanted) if current(&known).is_some_and(|found| found.as_str() == wanted.as_str()) => {}
                IfVersion::Is(_) => return Err(super::write::another_version()),
                IfVersion::Absent => return Err(Error::new(ErrorKind::Conflict, "the secret exists")),
            }
            if names::is_like_arn(name) {
                id = known.arn.unwrap_or(id);
            }
        }
        let answer = self.send(cx, Call::DeleteSecret, &id, |client| {
            let request = client.delete_secret().secret_id(&id);
            match is_force {
                true => request.force_delete_without_recovery(true).send(),
                false => request.recovery_window_in_days(self.config.recovery_days).send(),
            }
        });
        let failure = match answer.await {
            Ok(_) => return Ok(ChangeStep::default()),
            Err(failure) => failure,
        };
        let is_absent = match failure.refusal {
            Refusal::Missing => true,
            Refusal::State => matches!(self.state(cx, name).await?, State::Absent | State::Deleted(_)),
            _ => false,
        };
        match is_absent {
            true if missing_ok => Ok(ChangeStep::default()),
            true => Err(missing()),
            false => Err(failure.error),
        }
    }

    /// Brings back a secret that is marked for deletion.
    pub(super) async fn restore(&self, cx: &CallContext, name: &str) -> Result<SetOutcome> {
        match self.state(cx, name).await? {
            State::Absent => {
                let text = "no deleted secret of this name is kept";
                Err(Error::new(ErrorKind::NotFound, text))
            }
            State::Present(_) => Err(Error::new(ErrorKind::Conflict, "the secret is not deleted")),
            State::Deleted(known) => {
                let id = known.arn().filter(|_| names::is_like_arn(name)).unwrap_or(name);
                self.restore_now(cx, id).await?;
                Ok(SetOutcome::new(current(&known), true, ChangeStep::default()))
            }
        }
    }

    pub(super) async fn restore_now(&self, cx: &CallContext, id: &str) -> Result<(), Failure> {
        let answer = self.send(cx, Call::RestoreSecret, id, |client| {
            client.restore_secret().secret_id(id).send()
        });
        answer.await.map(drop)
    }
}
