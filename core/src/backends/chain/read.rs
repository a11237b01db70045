//! Reads: member by member, until one has the secret.

use std::time::Instant;

use super::Chain;
use super::members::{NAME, Share, cannot_hold, nobody_else};
use crate::backend::{
    Description, ExplainAnswer, ExplainStep, GetManyRequest, GetRequest, Health, HealthState, Operation, VerifyReport,
    VersionEntry, VersionsRequest,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, Version};

impl Chain {
    pub(super) async fn read(&self, cx: &CallContext, req: GetRequest<'_>) -> Result<Option<Secret>> {
        let mut passed_over = None;
        for at in self.able(req.key) {
            let cx = self.turn(cx, at, self.share_of_reads());
            let call = self.members[at].get(&cx, req);
            let answer = self.ask(&cx, at, Operation::Get, call).await;
            if let Some(secret) = self.judge(answer, &mut passed_over)? {
                return Ok(Some(secret));
            }
        }
        passed_over.map_or(Ok(None), |error| Err(nobody_else(error)))
    }

    /// The member that a read of the key comes to, and what that knows about the secret.
    pub(super) async fn visible(&self, cx: &CallContext, req: GetRequest<'_>) -> Result<Option<(usize, Description)>> {
        let mut passed_over = None;
        for at in self.able(req.key) {
            let answer = self.describe_in(cx, at, req, self.share_of_reads()).await;
            if let Some(found) = self.judge(answer, &mut passed_over)? {
                return Ok(Some((at, found)));
            }
        }
        passed_over.map_or(Ok(None), |error| Err(nobody_else(error)))
    }

    /// A former version, from the member that a read of the current one comes to.
    pub(super) async fn read_version(
        &self,
        cx: &CallContext,
        key: &SecretKey,
        version: &Version,
    ) -> Result<Option<Secret>> {
        let Some(at) = self.keeper(cx, key, Operation::Get).await? else {
            return Ok(None);
        };
        let call = self.members[at].get(cx, GetRequest::version(key, version));
        self.ask(cx, at, Operation::Get, call).await
    }

    pub(super) async fn describe_version(
        &self,
        cx: &CallContext,
        key: &SecretKey,
        version: &Version,
    ) -> Result<Option<Description>> {
        let Some(at) = self.keeper(cx, key, Operation::Describe).await? else {
            return Ok(None);
        };
        let call = self.members[at].describe(cx, GetRequest::version(key, version));
        self.ask(cx, at, Operation::Describe, call).await
    }

    pub(super) async fn versions_of(&self, cx: &CallContext, key: &SecretKey) -> Result<Vec<VersionEntry>> {
        let Some(at) = self.keeper(cx, key, Operation::Versions).await? else {
            let error = Error::new(ErrorKind::NotFound, "no member of the chain has this secret");
            return Err(error
                .with_operation(Operation::Versions)
                .with_backend(NAME)
                .with_key(key));
        };
        let call = self.members[at].versions(cx, VersionsRequest::new(key));
        self.ask(cx, at, Operation::Versions, call).await
    }

    /// The member that a read comes to, which must keep versions.
    async fn keeper(&self, cx: &CallContext, key: &SecretKey, operation: Operation) -> Result<Option<usize>> {
        let Some((at, _)) = self.visible(cx, GetRequest::new(key)).await? else {
            return Ok(None);
        };
        if !self.members[at].capabilities().versions {
            let name = self.members[at].name();
            let message = format!("the secret is in the member `{name}` of the chain, which keeps no versions");
            return Err(self.about(at, ErrorKind::Unsupported, operation, message).with_key(key));
        }
        Ok(Some(at))
    }

    /// Reads a batch: one call a member, for the keys that are still missing.
    pub(super) async fn read_many(&self, cx: &CallContext, keys: &[SecretKey]) -> Result<Vec<Result<Option<Secret>>>> {
        let mut answers: Vec<Option<Result<Option<Secret>>>> = keys.iter().map(|_| None).collect();
        let mut passed_over: Vec<Option<Error>> = keys.iter().map(|_| None).collect();
        for at in 0..self.members.len() {
            let open: Vec<usize> = (0..keys.len())
                .filter(|&index| answers[index].is_none() && self.fits(at, &keys[index]))
                .collect();
            if open.is_empty() {
                continue;
            }
            let wanted: Vec<SecretKey> = open.iter().map(|&index| keys[index].clone()).collect();
            let cx = self.turn(cx, at, self.share_of_reads());
            let call = self.members[at].get_many(&cx, GetManyRequest::new(&wanted));
            let found = match self.ask(&cx, at, Operation::GetMany, call).await {
                Ok(found) => found
                    .into_iter()
                    .map(|answer| answer.map_err(|error| self.named(error, at, Operation::GetMany)))
                    .collect(),
                // It concerns the whole batch, as long as no key has an answer.
                Err(error) if answers.iter().all(Option::is_none) && !self.may_pass_over(&error) => return Err(error),
                Err(error) => wanted.iter().map(|_| Err(error.clone())).collect::<Vec<_>>(),
            };
            for (&index, answer) in open.iter().zip(found) {
                answers[index] = match self.judge(answer, &mut passed_over[index]) {
                    Ok(None) => None,
                    answer => Some(answer),
                };
            }
        }
        let ends = answers.into_iter().zip(passed_over);
        Ok(ends
            .map(|(answer, error)| match (answer, error) {
                (Some(answer), _) => answer,
                (None, Some(error)) => Err(nobody_else(error)),
                (None, None) => Ok(None),
            })
            .collect())
    }

    /// Asks every member, those behind the answer too.
    pub(super) async fn explain_all(&self, cx: &CallContext, key: &SecretKey) -> Result<Vec<ExplainStep>> {
        let mut steps: Vec<ExplainStep> = Vec::with_capacity(self.members.len());
        let mut is_decided = false;
        for at in 0..self.members.len() {
            for mut step in self.explain_in(cx, at, key).await? {
                step.shadow(is_decided);
                is_decided |= step.decides();
                steps.push(step);
            }
        }
        Ok(steps)
    }

    async fn explain_in(&self, cx: &CallContext, at: usize, key: &SecretKey) -> Result<Vec<ExplainStep>> {
        let name = self.members[at].name();
        if !self.fits(at, key) {
            let step = ExplainStep::new(key, name, ExplainAnswer::Absent);
            return Ok(vec![step.with_detail("it takes no key of this form or length")]);
        }
        if cx.remaining().is_zero() {
            return Ok(vec![ExplainStep::new(key, name, ExplainAnswer::NotAsked)]);
        }
        let begun = Instant::now();
        let cx = self.turn(cx, at, Share::Part);
        let call = self.members[at].explain(&cx, GetRequest::new(key));
        let mut steps = match self.ask(&cx, at, Operation::Explain, call).await {
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => vec![ExplainStep::told(key, name, Err(error), begun.elapsed())],
            Ok(mut steps) => {
                for step in &mut steps {
                    if let ExplainAnswer::Failed(error) = &step.answer {
                        step.answer = ExplainAnswer::Failed(self.named(error.clone(), at, Operation::Explain));
                    }
                }
                steps
            }
        };
        for step in &mut steps {
            match &step.answer {
                ExplainAnswer::Failed(error) if cannot_hold(error) => {
                    step.detail
                        .get_or_insert_with(|| "it takes no key of this form".to_owned());
                    step.answer = ExplainAnswer::Absent;
                }
                ExplainAnswer::Failed(error) => step.passed_over = self.may_pass_over(error),
                _ => {}
            }
        }
        Ok(steps)
    }

    /// The worst of the members' states, with the reason of each that has one.
    pub(super) async fn health_of_all(&self, cx: &CallContext) -> Result<Health> {
        let answers = self.ask_all(cx, Operation::Health, |member| member.health(cx), &self.members);
        let mut worst = Health::ok();
        let mut reasons = Vec::new();
        for (member, answer) in self.members.iter().zip(answers.await) {
            let health = match answer {
                Err(error) if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Closed) => return Err(error),
                Err(error) => Health::unavailable(error),
                Ok(health) => health,
            };
            reasons.extend(health.reason.map(|reason| format!("{}: {reason}", member.name())));
            if severity(health.state) > severity(worst.state) {
                worst.state = health.state;
                worst.error = health.error;
            }
        }
        worst.reason = (!reasons.is_empty()).then(|| reasons.join("; "));
        Ok(worst)
    }

    /// Checks every member that can be checked; the number of the last write is the writer's.
    pub(super) async fn verify_all(&self, cx: &CallContext) -> Result<VerifyReport> {
        let mut sum = VerifyReport::default();
        for (at, member) in self.members.iter().enumerate() {
            if !member.capabilities().verify {
                continue;
            }
            let report = self.ask(cx, at, Operation::Verify, member.verify(cx)).await?;
            sum.secrets += report.secrets;
            sum.versions += report.versions;
            sum.journal += report.journal;
            if self.writer.is_none_or(|writer| writer == at) {
                sum.sequence = sum.sequence.max(report.sequence);
            }
        }
        Ok(sum)
    }

    /// The members that may have the key.
    fn able<'a>(&'a self, key: &'a SecretKey) -> impl Iterator<Item = usize> + Send + 'a {
        (0..self.members.len()).filter(move |&at| self.fits(at, key))
    }
}

fn severity(state: HealthState) -> u8 {
    match state {
        HealthState::Ok => 0,
        HealthState::Degraded => 1,
        HealthState::Unavailable => 2,
    }
}
