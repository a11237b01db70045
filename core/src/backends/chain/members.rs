//! The members: how one is asked, and what its answer means for the chain.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::capabilities;
use crate::backend::{Backend, BoxFuture, Capabilities, Description, GetRequest, Operation};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::layers::bounded;

pub(super) const NAME: &str = "chain";
const THROUGH: &str = "through the chain";

/// Several backends as one. It has no state of its own: closing, locking and forking are the members' matter.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(super) members: Vec<Arc<dyn Backend>>,
    pub(super) writer: Option<usize>,
    pub(super) allow_unavailable: bool,
    pub(super) capabilities: Capabilities,
    /// Which members had a change token when the chain was made.
    pub(super) has_token: Vec<bool>,
}

/// How much of a call's time a member gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// All that is left.
    Rest,
    /// An equal part of it for this member and each that may be asked after it, because one that hangs does not end the
    /// call.
    Part,
}

impl Chain {
    /// A chain of these members in this order; `writer` is a place among them.
    pub(crate) fn new(members: Vec<Arc<dyn Backend>>, writer: Option<usize>, allow_unavailable: bool) -> Self {
        Self {
            capabilities: capabilities::combined(&members, writer),
            has_token: members.iter().map(|member| member.change_token().is_some()).collect(),
            members,
            writer,
            allow_unavailable,
        }
    }

    /// The share of a member in a read.
    pub(super) fn share_of_reads(&self) -> Share {
        if self.allow_unavailable {
            Share::Part
        } else {
            Share::Rest
        }
    }

    /// The context for one member.
    pub(super) fn turn(&self, cx: &CallContext, at: usize, share: Share) -> CallContext {
        match u32::try_from(self.members.len() - at) {
            Ok(left @ 2..) if share == Share::Part => cx.within(cx.remaining() / left),
            _ => cx.clone(),
        }
    }

    /// Waits for a call of one member, no longer than its context says. An error names the member.
    pub(super) async fn ask<'a, T: Send + 'a>(
        &self,
        cx: &'a CallContext,
        at: usize,
        operation: Operation,
        call: BoxFuture<'a, Result<T>>,
    ) -> Result<T> {
        bounded(cx, operation, self.members[at].name(), call)
            .await
            .map_err(|error| self.named(error, at, operation))
    }

    pub(super) fn named(&self, error: Error, at: usize, operation: Operation) -> Error {
        error
            .with_operation(operation)
            .with_backend(self.members[at].name())
            .noting(THROUGH)
    }

    /// An error of the chain about one of its members.
    pub(super) fn about(&self, at: usize, kind: ErrorKind, operation: Operation, message: String) -> Error {
        Error::new(kind, message)
            .with_operation(operation)
            .with_backend(self.members[at].name())
    }

    /// Whether a member may have the key. One that is longer than it takes, or of a form that it cannot hold, is not in
    /// it.
    pub(super) fn fits(&self, at: usize, key: &SecretKey) -> bool {
        let member = &self.members[at];
        key.as_str().len() <= member.capabilities().max_key && member.check_key(key).is_ok()
    }

    /// What a member's answer means for a read that may pass it over: an error ends it, unless it is kept in
    /// `passed_over` and counts as absent for now.
    pub(super) fn judge<T>(&self, answer: Result<Option<T>>, passed_over: &mut Option<Error>) -> Result<Option<T>> {
        match answer {
            Err(error) if cannot_hold(&error) => Ok(None),
            Err(error) if self.may_pass_over(&error) => {
                passed_over.get_or_insert(error);
                Ok(None)
            }
            answer => answer,
        }
    }

    pub(super) fn may_pass_over(&self, error: &Error) -> bool {
        self.allow_unavailable && error.is_out_of_reach()
    }

    /// What one member knows about a secret.
    pub(super) async fn describe_in(
        &self,
        cx: &CallContext,
        at: usize,
        req: GetRequest<'_>,
        share: Share,
    ) -> Result<Option<Description>> {
        if !self.fits(at, req.key) {
            return Ok(None);
        }
        let cx = self.turn(cx, at, share);
        let call = self.members[at].describe(&cx, req);
        self.ask(&cx, at, Operation::Describe, call).await
    }

    /// Waits for a call of every member, all at once, so that one that hangs keeps none of the others from it.
    pub(super) async fn ask_all<'a, T: Send + 'a>(
        &self,
        cx: &'a CallContext,
        operation: Operation,
        call: impl Fn(&'a dyn Backend) -> BoxFuture<'a, Result<T>>,
        members: &'a [Arc<dyn Backend>],
    ) -> Vec<Result<T>> {
        let mut calls: Vec<BoxFuture<'_, Result<T>>> = Vec::with_capacity(members.len());
        for (at, member) in members.iter().enumerate() {
            calls.push(Box::pin(self.ask(cx, at, operation, call(&**member))));
        }
        let mut answers: Vec<Option<Result<T>>> = calls.iter().map(|_| None).collect();
        poll_fn(|task| {
            for (call, answer) in calls.iter_mut().zip(&mut answers) {
                if answer.is_none()
                    && let Poll::Ready(ready) = call.as_mut().poll(task)
                {
                    *answer = Some(ready);
                }
            }
            if answers.iter().all(Option::is_some) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        answers.into_iter().flatten().collect()
    }
}

/// Whether a member says that it can hold no such key. The key itself has been checked before. `too_large` is none of
/// these: what is too large may be the very secret, which must not be taken for absent.
pub(super) fn cannot_hold(error: &Error) -> bool {
    error.kind() == ErrorKind::InvalidKey
}

/// The error of a read that passed a member over and found the secret in no other.
pub(super) fn nobody_else(error: Error) -> Error {
    error.noting("and no other member has the secret")
}
