//! What a 403 means. The server says the same of a token that it does not know and of a call that a policy denies.

use std::sync::Arc;
use std::time::Instant;

use super::config::Source;
use super::flight::{Flight, Landing};
use super::given::closed;
use super::login::{Inner, LONGEST_LOGIN, Login, undone};
use super::reply::{self, LookedUp};
use super::state::ALIVE_FOR;
use super::wire::{Method, Token, Wire, WireRequest};
use crate::context::{CallContext, Face};
use crate::error::{Error, ErrorKind, Result};
use crate::runtime;

/// What is to be made of a 403.
#[derive(Debug)]
pub(in crate::backends::vault) enum Refusal {
    /// The token is good; a policy denies the call.
    Denied,
    /// The token was dead; this is a new one, with which the call is made once more.
    Again(Token),
}

/// Whether the server knows a token.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict {
    Alive,
    Dead,
}

enum Step {
    Alive,
    Gone,
    Check(Flight<Verdict>, Option<(u64, Landing<Verdict>)>),
}

impl Login {
    /// Finds out why the server refused a call with this token, and gets another one where it is dead. All who ask at
    /// the same time share one look at the token and one login, and for a few seconds what was found.
    ///
    /// A token that may make so many requests only is not spent on a look: it is replaced.
    ///
    /// # Errors
    /// As [`token`](Self::token); [`ErrorKind::Unauthenticated`] where the token was given and no other one is there.
    pub(in crate::backends::vault) async fn refused<C: Wire>(
        &self,
        cx: &CallContext,
        client: &Arc<C>,
        token: &Token,
    ) -> Result<Refusal> {
        match self.is_alive(cx, client, token).await? {
            true => Ok(Refusal::Denied),
            false => self.token(cx, client).await.map(Refusal::Again),
        }
    }

    /// Finds out why the server refused the same call with the new token, too. There is no third one: whoever keeps
    /// giving dead tokens gives another one to the next call.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] where it is dead; what prevents the look.
    pub(in crate::backends::vault) async fn check_alive<C: Wire>(
        &self,
        cx: &CallContext,
        client: &Arc<C>,
        token: &Token,
    ) -> Result<()> {
        match self.is_alive(cx, client, token).await? {
            true => Ok(()),
            false => Err(self.inner.source.dead()),
        }
    }

    async fn is_alive<C: Wire>(&self, cx: &CallContext, client: &Arc<C>, token: &Token) -> Result<bool> {
        loop {
            cx.check()?;
            match self.inner.next_step(token)? {
                Step::Alive => return Ok(true),
                Step::Gone => return Ok(false),
                Step::Check(flight, begun) => {
                    if let Some((id, landing)) = begun {
                        let (inner, client, token) = (Arc::clone(&self.inner), Arc::clone(client), token.clone());
                        runtime::spawn(async move { inner.examine(client.as_ref(), &token, id, landing).await })?;
                    }
                    if let Some(Verdict::Alive) = flight.wait(cx).await? {
                        return Ok(true);
                    }
                }
            }
        }
    }
}

impl Inner {
    fn next_step(&self, token: &Token) -> Result<Step> {
        if self.is_closed() {
            return Err(closed());
        }
        let mut state = self.state();
        let Some(held) = state.held.as_ref().filter(|held| held.token.is(token)) else {
            // Somebody has replaced it already.
            return Ok(Step::Gone);
        };
        if held.has_limited_uses() {
            if held.since.elapsed() < ALIVE_FOR {
                return Ok(Step::Alive);
            }
            state.held = None;
            return Ok(Step::Gone);
        }
        if held.seen_alive.is_some_and(|seen| seen.elapsed() < ALIVE_FOR) {
            return Ok(Step::Alive);
        }
        let (flight, begun) = state.join_check();
        Ok(Step::Check(flight, begun))
    }

    /// Looks at the token, and answers those who wait.
    async fn examine(&self, wire: &dyn Wire, token: &Token, id: u64, landing: Landing<Verdict>) {
        let cx = CallContext::new(Face::Async, LONGEST_LOGIN);
        let verdict = tokio::time::timeout(LONGEST_LOGIN, look_up(&cx, wire, token)).await;
        let verdict = verdict
            .map(|looked| looked.map(|(verdict, _)| verdict))
            .unwrap_or_else(|_| {
                let text = "the server did not say in time whether it knows the token";
                Err(Error::new(ErrorKind::Unavailable, text))
            });
        let replaced = {
            let mut state = self.state();
            if state.check.as_ref().is_some_and(|flight| flight.id() == id) {
                state.check = None;
            }
            match (&verdict, state.holds(token)) {
                (Ok(Verdict::Alive), true) => {
                    if let Some(held) = &mut state.held {
                        held.seen_alive = Some(Instant::now());
                    }
                    None
                }
                (Ok(Verdict::Dead), true) => {
                    if matches!(self.source, Source::Given(_)) {
                        state.dead = Some(token.clone());
                    }
                    state.held.take()
                }
                _ => None,
            }
        };
        drop(replaced);
        landing.answer(verdict.map_err(undone));
    }
}

/// Whether the server knows the token, and what it says of it.
pub(super) async fn look_up(cx: &CallContext, wire: &dyn Wire, token: &Token) -> Result<(Verdict, Option<LookedUp>)> {
    let request = WireRequest {
        name: "auth.lookup",
        method: Method::Get,
        path: "auth/token/lookup-self",
        token: Some(token),
        body: None,
    };
    let reply = wire.send(cx, request).await?;
    match reply.status {
        200..300 => reply::looked_up(&reply.body).map(|known| (Verdict::Alive, Some(known))),
        // A policy that forbids to look was applied to a token that is known.
        401 | 403 if reply::is_policy_denial(&reply.body) => Ok((Verdict::Alive, None)),
        401 | 403 if reply::is_refusal(&reply.body) => Ok((Verdict::Dead, None)),
        status => Err(reply::not_answered(&reply).unwrap_or_else(|| {
            Error::new(
                ErrorKind::Unavailable,
                "the server does not say whether it knows the token",
            )
            .with_foreign_code(status)
        })),
    }
}
