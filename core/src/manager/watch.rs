//! Being told of changes, and what a manager has counted.

use std::borrow::Cow;
use std::time::Duration;

use tokio::sync::broadcast;

use super::{SecretManager, check};
use crate::backend::{ListFilter, Operation};
use crate::changes::{self, Change};
use crate::error::Result;
use crate::key::SecretKey;
use crate::metrics::Metrics;
use crate::scope::SecretScope;

/// What a subscription is about.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SubscribeOptions {
    /// Only changes of these secrets, which are looked at also where nobody reads them; of any, where there are none.
    pub keys: Vec<SecretKey>,
    /// Only changes of secrets that meet this.
    pub filter: ListFilter,
    /// How often the backend is looked at for changes by others; by default every second where that costs nothing, as for
    /// a local store, else as often as the setting `cache_ttl` says.
    pub every: Option<Duration>,
}

impl SubscribeOptions {
    /// All changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only changes of this secret, and of others that are named so.
    #[must_use]
    pub fn key(mut self, key: SecretKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Only changes of secrets of this scope.
    #[must_use]
    pub fn scope(mut self, scope: SecretScope) -> Self {
        self.filter.scope = Some(scope);
        self
    }

    /// Only changes of secrets whose keys' texts begin so.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.filter.prefix = Some(prefix.into());
        self
    }

    /// Looks at the backend so often.
    #[must_use]
    pub fn every(mut self, every: Duration) -> Self {
        self.every = Some(every);
        self
    }
}

/// Changes, in the order in which they were seen, until it is dropped or the manager is closed.
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Change>,
    options: SubscribeOptions,
}

impl Subscription {
    /// The next change; `None` once the manager is closed. Works on any executor; dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            let change = changes::next(&mut self.receiver).await?;
            if self.options.wants(&change) {
                return Some(change);
            }
        }
    }

    /// The next change, where one waits already.
    pub fn next_waiting(&mut self) -> Option<Change> {
        loop {
            let change = changes::next_waiting(&mut self.receiver)?;
            if self.options.wants(&change) {
                return Some(change);
            }
        }
    }
}

impl SubscribeOptions {
    fn wants(&self, change: &Change) -> bool {
        match &change.key {
            None => true,
            Some(key) => (self.keys.is_empty() || self.keys.contains(key)) && self.filter.matches(key, None),
        }
    }
}

impl SecretManager {
    /// Tells changes from now on: writes and removals through this manager, what others change as soon as it is seen, and
    /// changes of the backend's health.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed).
    pub async fn subscribe(&self, options: SubscribeOptions) -> Result<Subscription> {
        self.context()?;
        for key in &options.keys {
            check::fits(self.backend().capabilities(), key)
                .map_err(|error| self.name(error, Operation::Subscribe, key))?;
        }
        Ok(Subscription {
            receiver: self.shared.changes.subscribe(),
            options,
        })
    }

    /// What this manager has counted since it was opened, all its views together. Synchronous, no I/O.
    pub fn metrics(&self) -> Metrics {
        let requests = self.layered().requests().into_iter();
        let requests = requests.map(|(name, number)| (Cow::Owned(format!("requests.{name}")), number));
        let cache = self.shared.cache.iter().flat_map(|cache| cache.numbers());
        requests
            .chain(cache.map(|(name, number)| (Cow::Borrowed(name), number)))
            .collect()
    }
}
