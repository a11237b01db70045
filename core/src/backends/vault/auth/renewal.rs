//! Looking after the lease in the background: a given token's is asked for once, what is renewable is renewed, and else
//! the next token is got before the present one ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::config::Source;
use super::lease::Lease;
use super::login::{Inner, LONGEST_LOGIN};
use super::reply;
use super::verdict::look_up;
use super::wire::{Method, Token, Wire, WireRequest};
use crate::context::{CallContext, Face};
use crate::error::Result;
use crate::runtime;

/// How long after a look that got no answer the next one is taken.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// What is due.
enum Due {
    Look(Token),
    Renewal(Token),
    Replacement,
}

/// Says that a renewal or a look is under way, until it is dropped.
struct Renewing(Arc<Inner>);

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.state().is_renewing = false;
    }
}

impl Inner {
    /// Begins what is due: to ask for the lease, to renew it, or where the server does not do that (any more), to get
    /// another token. Until then the token stays in use.
    pub(super) fn look_after<C: Wire>(self: &Arc<Self>, client: &Arc<C>) {
        let Some(due) = self.due(Instant::now()) else { return };
        // Where there is no runtime at present, the next use begins it.
        let _ = match due {
            Due::Look(token) => {
                let (looking, client) = (Renewing(Arc::clone(self)), Arc::clone(client));
                runtime::spawn(async move { looking.0.learn_lease(client.as_ref(), &token).await })
            }
            Due::Renewal(token) => {
                let (renewing, client) = (Renewing(Arc::clone(self)), Arc::clone(client));
                runtime::spawn(async move { renewing.0.renew(&client, &token).await })
            }
            Due::Replacement => self.begin_replacement(client),
        };
    }

    /// What is due and not under way. Of looks and renewals it counts as under way from now on.
    fn due(&self, now: Instant) -> Option<Due> {
        let mut state = self.state();
        let held = state.held.as_ref().filter(|held| held.is_due(now))?;
        let due = match held.lease {
            _ if held.is_to_be_looked_at(now) => Due::Look(held.token.clone()),
            Some(lease) if lease.is_renewable() => Due::Renewal(held.token.clone()),
            _ => return Some(Due::Replacement),
        };
        if state.is_renewing {
            return None;
        }
        state.is_renewing = true;
        Some(due)
    }

    fn begin_replacement<C: Wire>(self: &Arc<Self>, client: &Arc<C>) -> Result<()> {
        if matches!(&self.source, Source::Given(given) if !given.may_change()) {
            // There is no other one: it is used for as long as the server takes it.
            if let Some(held) = self.state().held.as_mut() {
                held.lease = None;
            }
            return Ok(());
        }
        self.begin_login(client).map(drop)
    }

    /// Asks once for the lease of a token that somebody gave. Where a policy forbids to ask, it is left alone, as is one
    /// for so many requests: each renewal would spend one of them.
    async fn learn_lease(&self, wire: &dyn Wire, token: &Token) {
        let cx = CallContext::new(Face::Async, LONGEST_LOGIN);
        let asked = Instant::now();
        let looked = tokio::time::timeout(LONGEST_LOGIN, look_up(&cx, wire, token)).await;
        let mut state = self.state();
        let Some(held) = state.held.as_mut().filter(|held| held.token.is(token)) else {
            return;
        };
        held.look_at = match looked {
            Ok(Ok((_, known))) => {
                held.lease = known
                    .filter(|known| known.uses == 0)
                    .and_then(|known| Lease::rest(asked, known.left, known.whole, known.is_renewable));
                None
            }
            _ => Some(Instant::now() + LOOK_AGAIN),
        };
    }

    async fn renew<C: Wire>(self: &Arc<Self>, client: &Arc<C>, token: &Token) {
        let cx = CallContext::new(Face::Async, LONGEST_LOGIN);
        let request = WireRequest {
            name: "auth.renew",
            method: Method::Post,
            path: "auth/token/renew-self",
            token: Some(token),
            body: Some(b"{}"),
        };
        let asked = Instant::now();
        let reply = tokio::time::timeout(LONGEST_LOGIN, client.send(&cx, request)).await;
        let reply = reply.ok().and_then(Result::ok);
        let is_refused = matches!(&reply, Some(reply) if reply::not_answered(reply).is_none() && reply.status >= 400);
        let granted = reply
            .filter(|reply| reply.status == 200)
            .and_then(|reply| reply::granted(&reply.body).ok());
        {
            let mut state = self.state();
            let Some(held) = state.held.as_mut().filter(|held| held.token.is(token)) else {
                return;
            };
            let Some(lease) = held.lease.as_mut() else { return };
            match granted {
                Some(granted) => {
                    let renew = match self.source {
                        Source::Given(_) => Lease::extended,
                        Source::Login(_) => Lease::renewed,
                    };
                    held.lease = renew(lease, asked, granted.seconds, granted.is_renewable);
                }
                None if is_refused => lease.give_up_renewing(Instant::now()),
                None => lease.put_off(Instant::now()),
            }
        }
        if is_refused {
            // Dead, or not to be renewed: either way a new one is needed.
            let _ = self.begin_replacement(client);
        }
    }
}
