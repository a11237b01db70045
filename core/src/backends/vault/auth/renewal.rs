//! Renewing a lease in the background, one renewal at a time.

use std::sync::Arc;
use std::time::Instant;

use super::login::{Inner, LONGEST_LOGIN};
use super::reply;
use super::wire::{Method, Token, Wire, WireRequest};
use crate::context::{CallContext, Face};
use crate::runtime;

/// Says that a renewal is under way, until it is dropped.
struct Renewing(Arc<Inner>);

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.state().is_renewing = false;
    }
}

impl Inner {
    /// Begins what is due: to renew the lease, or where the server does not do that (any more), to log in again. Until
    /// then the token stays in use.
    pub(super) fn renew_or_replace<C: Wire>(self: &Arc<Self>, client: &Arc<C>) {
        let to_renew = {
            let mut state = self.state();
            let due = state.held.as_ref().filter(|held| held.is_due(Instant::now()));
            let Some((token, lease)) = due.and_then(|held| Some((held.token.clone(), held.lease?))) else {
                return;
            };
            if state.is_renewing {
                return;
            }
            state.is_renewing = lease.is_renewable();
            lease.is_renewable().then_some(token)
        };
        // Where there is no runtime at present, the next use begins it.
        let _ = match to_renew {
            Some(token) => {
                let (renewing, client) = (Renewing(Arc::clone(self)), Arc::clone(client));
                runtime::spawn(async move { renewing.0.renew(&client, &token).await })
            }
            None => self.begin_login(client).map(drop),
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
                Some(granted) => held.lease = lease.renewed(asked, granted.seconds, granted.is_renewable),
                None if is_refused => lease.give_up_renewing(Instant::now()),
                None => lease.put_off(Instant::now()),
            }
        }
        if is_refused {
            // Dead, or not to be renewed: either way a new one is needed.
            let _ = self.begin_login(client);
        }
    }
}
