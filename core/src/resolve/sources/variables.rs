//! `env:` references.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::limit;
use crate::backend::{
    Backend, BoxFuture, Capabilities, GetRequest, Health, Operation, Persistence, ResolveRequest, lacks,
};
use crate::config::Settings;
use crate::config::environment;
use crate::config::variables::{self, Variable};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::sys::fork;

const NAME: &str = "env";

/// The environment as it was when the manager was opened, or at the last refresh.
pub(super) struct Variables {
    /// Whoever holds the lock stands inside the fork gate, so that a child never finds it held.
    taken: Mutex<Arc<variables::Variables>>,
    capabilities: Capabilities,
}

impl Variables {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            taken: Mutex::new(settings.environment().unwrap_or_default()),
            capabilities: Capabilities::minimal(Persistence::Process, limit(settings)),
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Arc<variables::Variables>) -> T) -> T {
        let _inside = fork::enter();
        look(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read(&self, name: &str) -> Result<Option<Secret>> {
        let taken = self.with(|taken| Arc::clone(taken));
        let limit = self.capabilities.max_value;
        match taken.get(name) {
            None => Ok(None),
            Some(Variable::Text(value)) if value.len() > limit => {
                let message = format!("the value is longer than {limit} bytes");
                Err(Error::new(ErrorKind::TooLarge, message).with_setting("max_value"))
            }
            Some(Variable::Text(value)) => Ok(Some(Secret::new(value.expose()))),
            Some(Variable::NotUnicode) => Err(Error::new(
                ErrorKind::InvalidValue,
                format!("the environment variable {name} is not Unicode"),
            )),
        }
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variables").finish_non_exhaustive()
    }
}

impl Backend for Variables {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn needs_runtime(&self) -> bool {
        false
    }

    fn get<'a>(&'a self, _cx: &'a CallContext, _req: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        lacks(NAME, Operation::Get)
    }

    fn resolve<'a>(&'a self, _cx: &'a CallContext, req: ResolveRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        Box::pin(std::future::ready(self.read(req.path)))
    }

    /// On the thread that polls it first: the caller's own.
    fn refresh<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let now = Arc::new(environment::process()?);
            drop(self.with(|taken| std::mem::replace(taken, now)));
            Ok(())
        })
    }

    fn health<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        Box::pin(std::future::ready(Ok(Health::ok())))
    }

    fn lock<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Wipes what was taken.
    fn close<'a>(&'a self, _cx: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        drop(self.with(std::mem::take));
        Box::pin(std::future::ready(Ok(())))
    }
}
