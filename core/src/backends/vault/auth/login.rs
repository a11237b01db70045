//! The login: what the client asks for tokens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::config::Source;
use super::flight::{Flight, Landing};
use super::given::closed;
use super::state::{Held, REFUSED_FOR, State};
use super::wire::{Method, Token, Wire, WireRequest};
use crate::backend::OpenRequest;
use crate::context::{CallContext, Face};
use crate::error::{Error, ErrorKind, Result};
use crate::runtime;
use crate::sys::fork::ForkCell;
use crate::worker::Worker;

/// How long a login may take in all. It has a limit of its own: callers with different deadlines wait for it.
pub(super) const LONGEST_LOGIN: Duration = Duration::from_secs(10);
/// How many logins one call waits for.
const MOST_LOGINS: u32 = 3;
/// How long closing waits for the server to revoke a token.
const LONGEST_REVOCATION: Duration = Duration::from_secs(2);

/// Where the backend's tokens come from.
#[derive(Debug)]
pub(in crate::backends::vault) struct Login {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) source: Source,
    /// No lock in it is held across an `await`.
    state: ForkCell<Mutex<State>, fn() -> Mutex<State>>,
    worker: Worker,
    is_closed: AtomicBool,
}

impl Login {
    /// Reads the settings; reads no file and asks nobody.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] naming the setting.
    pub(in crate::backends::vault) fn open(request: &OpenRequest<'_>) -> Result<Self> {
        Source::read(request.settings).map(Self::of)
    }

    pub(super) fn of(source: Source) -> Self {
        let inner = Inner {
            source,
            state: ForkCell::with(Mutex::default),
            worker: Worker::new("vault-login"),
            is_closed: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The token for one request. Logs in where there is none; begins to renew it, or to get the next one, in the
    /// background where it is time.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] naming the setting where the server refuses the login, which is answered for a
    /// short while without asking again; what else prevents the login; timeout and cancellation of this call.
    pub(in crate::backends::vault) async fn token<C: Wire>(&self, cx: &CallContext, client: &Arc<C>) -> Result<Token> {
        let mut logins = 0;
        loop {
            cx.check()?;
            if let Some((token, is_due)) = self.inner.at_hand()? {
                if is_due {
                    self.inner.look_after(client);
                }
                return Ok(token);
            }
            // Each caller takes its own use of the token that all waited for; where its uses or its life are so short
            // that nothing is left, the server shall say so.
            let flight = self.inner.begin_login(client)?;
            if let Some(token) = flight.wait(cx).await? {
                logins += 1;
                if logins == MOST_LOGINS {
                    return Ok(token);
                }
            }
        }
    }

    /// Looks after the token's lease, as each use of it does; for whoever looks after the backend when nobody uses it.
    pub(in crate::backends::vault) fn tend<C: Wire>(&self, client: &Arc<C>) {
        let now = Instant::now();
        let is_due = self.inner.state().held.as_ref().is_some_and(|held| held.is_due(now));
        if is_due && !self.inner.is_closed() {
            self.inner.look_after(client);
        }
    }

    /// A token that may be another one by now is read again at its next use, and a refused login is tried again.
    pub(in crate::backends::vault) fn refresh(&self) {
        let mut state = self.inner.state();
        state.refused = None;
        state.dead = None;
        if matches!(&self.inner.source, Source::Given(given) if given.may_change()) {
            state.held = None;
        }
    }

    /// Forgets the tokens, as closing does; the next call logs in again, and so does one that is under way. Credentials
    /// that are settings are kept: without them a lock could not be undone.
    pub(in crate::backends::vault) async fn lock<C: Wire>(&self, cx: &CallContext, client: &Arc<C>) {
        let forgotten = self.inner.state().forget();
        give_up(cx, client.as_ref(), forgotten).await;
    }

    /// Forgets everything, and has the server revoke the token where it came from a login: as far as it answers within
    /// the deadline and two seconds. A token that was given stays its giver's.
    pub(in crate::backends::vault) async fn close<C: Wire>(&self, cx: &CallContext, client: &Arc<C>) {
        self.inner.is_closed.store(true, Ordering::SeqCst);
        let forgotten = self.inner.state().forget();
        self.inner.source.wipe();
        give_up(cx, client.as_ref(), forgotten).await;
    }
}

impl Inner {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // No code of others runs under the lock, so a poisoned one only means that a thread died between two statements.
        self.state.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// The token in use, and whether its lease is to be looked after; `None` where there is to be a login.
    fn at_hand(&self) -> Result<Option<(Token, bool)>> {
        if self.is_closed() {
            return Err(closed());
        }
        let now = Instant::now();
        let mut state = self.state();
        if let Some(held) = state.held.as_mut().filter(|held| held.is_usable(now)) {
            return Ok(Some((held.hand_out(), held.is_due(now))));
        }
        match &state.refused {
            Some((until, error)) if now < *until => Err(error.clone()),
            _ => Ok(None),
        }
    }

    /// Joins the login that is under way, or begins one.
    pub(super) fn begin_login<C: Wire>(self: &Arc<Self>, client: &Arc<C>) -> Result<Flight<Token>> {
        let (flight, begun) = self.state().join_login();
        if let Some((id, landing)) = begun {
            let (inner, client) = (Arc::clone(self), Arc::clone(client));
            runtime::spawn(async move { inner.land(client.as_ref(), id, landing).await })?;
        }
        Ok(flight)
    }

    /// Logs in, and answers those who wait.
    async fn land(&self, wire: &dyn Wire, id: u64, landing: Landing<Token>) {
        let cx = CallContext::new(Face::Async, LONGEST_LOGIN);
        let limit = tokio::time::timeout(LONGEST_LOGIN, self.log_in(&cx, wire));
        let outcome = limit.await.unwrap_or_else(|_| {
            let text = "the server did not answer the login in time";
            Err(Error::new(ErrorKind::Unavailable, text))
        });
        let mut unwanted = None;
        let outcome = outcome.map_err(undone).map(|held| {
            let token = held.token.clone();
            unwanted = self.keep(id, held);
            token
        });
        if let Err(error) = &outcome {
            self.note_failure(id, error);
        }
        landing.answer(outcome);
        give_up(&CallContext::new(Face::Async, LONGEST_REVOCATION), wire, unwanted).await;
    }

    /// Keeps what a login gave, unless all was locked or closed meanwhile. What nobody wants (any more) is the answer: a
    /// call that is under way with it is refused, and made again with the new one.
    fn keep(&self, id: u64, held: Held) -> Option<Held> {
        let now = Instant::now();
        let mut state = self.state();
        if self.is_closed() || !state.awaits_login(id) {
            return Some(held);
        }
        state.login = None;
        state.refused = None;
        let is_given = matches!(self.source, Source::Given(_));
        if let Some(same) = state.held.as_mut()
            && is_given
            && same.is_usable(now)
            && same.token.has_text_of(&held.token)
        {
            if let Some(lease) = &mut same.lease {
                lease.look_again(now);
            }
            return None;
        }
        state.held.replace(held)
    }

    fn note_failure(&self, id: u64, error: &Error) {
        let now = Instant::now();
        let mut state = self.state();
        if !state.awaits_login(id) {
            return;
        }
        state.login = None;
        if matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::InvalidConfig) {
            state.refused = Some((now + REFUSED_FOR, error.clone()));
        }
        if let Some(lease) = state.held.as_mut().and_then(|held| held.lease.as_mut()) {
            lease.put_off(now);
        }
    }

    async fn log_in(&self, cx: &CallContext, wire: &dyn Wire) -> Result<Held> {
        match &self.source {
            Source::Login(method) => {
                let (granted, asked) = method.log_in(cx, wire, &self.worker).await?;
                Ok(Held::granted(granted, asked))
            }
            Source::Given(given) => {
                let text = given.read(cx, &self.worker).await.map_err(|error| match error.kind() {
                    ErrorKind::Unauthenticated => error.with_help(NO_TOKEN),
                    _ => error,
                })?;
                let token = Token::new(text.expose()).ok_or_else(|| {
                    Error::new(ErrorKind::InvalidConfig, "what is given as the token is none: it is empty, or holds a space, a control or a foreign character")
                        .with_setting(given.setting)
                })?;
                let dead = self.state().dead.take();
                if dead.is_some_and(|dead| dead.has_text_of(&token)) {
                    return Err(self.source.dead());
                }
                Ok(Held::given(token))
            }
        }
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

const NO_TOKEN: &str = "give a token (`vault.token`, or VAULT_TOKEN), log in with `vault login` or `bao login`, or set \
                        `vault.auth` to a method";

/// A login that got no answer has changed nothing that a caller asked for, whatever he asked for.
pub(super) fn undone(error: Error) -> Error {
    match error.kind() {
        ErrorKind::OutcomeUnknown | ErrorKind::Timeout | ErrorKind::Cancelled => {
            let told = Error::new(ErrorKind::Unavailable, "the server did not answer about the login");
            told.with_help(error.help()).with_source(error)
        }
        _ => error,
    }
}

/// Has the server revoke a token that a login gave and nobody uses any more. As good as it goes: one that is left over
/// ends with its lease.
async fn give_up(cx: &CallContext, wire: &dyn Wire, held: Option<Held>) {
    let Some(held) = held.filter(|held| held.is_revocable && held.is_usable(Instant::now())) else {
        return;
    };
    let request = WireRequest {
        name: "auth.revoke",
        method: Method::Post,
        path: "auth/token/revoke-self",
        token: Some(&held.token),
        body: None,
    };
    let limit = cx.remaining().min(LONGEST_REVOCATION);
    let _ = tokio::time::timeout(limit, wire.send(cx, request)).await;
}
