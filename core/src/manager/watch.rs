//! Being told of changes, and what a manager has counted.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{SecretManager, check};
use crate::backend::{Backend, ListFilter, Operation};
use crate::changes::{self, Change, ChangeKind, Looker, Receiver};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::metrics::Metrics;
use crate::park;
use crate::scope::SecretScope;

/// What a subscription is about.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SubscribeOptions {
    /// Only changes of these secrets, which are looked at also where nobody reads them; of any, where there are none. On
    /// a server only secrets that are named here are looked at.
    pub keys: Vec<SecretKey>,
    /// Only changes of secrets that meet this; a scoped view that states neither keys nor scope is told of its own. A
    /// provider in it has no effect: changes do not say it.
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

/// Changes, in the order in which they were seen, until it is dropped or the manager is closed. Nothing waits for it: who
/// is slow gets [`ChangeKind::Missed`] in place of the changes that were too many.
///
/// In a forked child it is at its end; the child subscribes for itself.
#[derive(Debug)]
pub struct Subscription {
    receiver: Receiver,
    options: SubscribeOptions,
    looker: Looker,
}

impl Subscription {
    /// The next change; `None` once the manager is closed or gone. Works on any executor; dropping the future loses
    /// nothing.
    pub async fn next(&mut self) -> Option<Change> {
        // A shutdown of the library's runtime ended whoever looked.
        self.looker.ensure();
        loop {
            let change = self.receiver.next().await?;
            if self.options.wants(&change) {
                return Some(change);
            }
        }
    }

    /// The next change, where one waits already.
    pub fn next_waiting(&mut self) -> Option<Change> {
        self.looker.ensure();
        loop {
            let change = self.receiver.next_waiting()?;
            if self.options.wants(&change) {
                return Some(change);
            }
        }
    }

    /// Waits for [`next`](Self::next) on this thread.
    pub fn next_blocking(&mut self) -> Option<Change> {
        park::block_on(self.next())
    }

    /// Waits for [`next`](Self::next) on this thread, at most so long.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`]; the subscription goes on.
    pub fn next_within(&mut self, patience: Duration) -> Result<Option<Change>> {
        changes::wait_within(self.next(), patience).map_err(|error| error.with_operation(Operation::Subscribe))
    }
}

impl SubscribeOptions {
    fn wants(&self, change: &Change) -> bool {
        match &change.key {
            Some(key) => (self.keys.is_empty() || self.keys.contains(key)) && self.filter.matches(key, None),
            // Secrets that are named are looked at one by one.
            None => change.kind != ChangeKind::Unknown || self.keys.is_empty(),
        }
    }
}

impl SecretManager {
    /// Tells changes from now on: writes and removals through this manager, what others change as soon as it is seen, and
    /// changes of the backend's health. What others change in a local store is looked for as long as someone subscribes;
    /// on a server only secrets that are named are looked at, and what the cache notices when it reads again.
    ///
    /// ```
    /// use strongroom::{ChangeKind, Secret, SubscribeOptions, blocking::SecretManager};
    /// let secrets = SecretManager::builder().backend("memory").open_blocking()?;
    /// let mut changes = secrets.subscribe(SubscribeOptions::new().prefix("api_"))?;
    /// secrets.set("other", &Secret::new("value"))?;
    /// secrets.set("api_key", &Secret::new("value"))?;
    /// let change = changes.next_blocking().expect("the manager is open");
    /// assert_eq!((change.kind, change.key.unwrap().name()), (ChangeKind::Set, "api_key"));
    /// # Ok::<(), strongroom::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Closed`]; [`ErrorKind::InvalidKey`], [`ErrorKind::TooLarge`] for a key that the backend cannot have.
    pub async fn subscribe(&self, options: SubscribeOptions) -> Result<Subscription> {
        let cx = self.context()?;
        for key in &options.keys {
            key.check()
                .and_then(|()| check::fits(self.backend().capabilities(), key))
                .map_err(|error| self.name(error, Operation::Subscribe, key))?;
        }
        let mut options = options;
        if options.keys.is_empty() || options.filter.scope.is_some() {
            self.complete(&mut options.filter)?;
        }
        let alive = Arc::new(());
        let Some(receiver) = self.shared.changes.receiver(Arc::clone(&alive)) else {
            let error = Error::new(ErrorKind::Closed, "the manager was closed");
            return Err(error.with_operation(Operation::Subscribe));
        };
        let shared = &self.shared;
        let remote = shared.settings.duration("cache_ttl").unwrap_or(shared.timeout);
        let looker = Looker::new(
            &shared.changes,
            &shared.backend,
            &shared.layered,
            remote,
            shared.timeout,
        );
        looker.add(&cx, &alive, &options.keys, options.every).await;
        Ok(Subscription {
            receiver,
            options,
            looker,
        })
    }

    /// What this manager has counted since it was opened, all its views together. Synchronous, no I/O.
    pub fn metrics(&self) -> Metrics {
        let mut requests = BTreeMap::<&str, u64>::new();
        let sources = self.shared.sources.others();
        for (name, number) in sources.chain([self.layered()]).flat_map(Backend::requests) {
            *requests.entry(name).or_default() += number;
        }
        let requests = requests.into_iter();
        let cache = self.shared.cache.iter().flat_map(|cache| cache.numbers());
        requests
            .map(|(name, number)| (Cow::Owned(format!("requests.{name}")), number))
            .chain(cache.map(|(name, number)| (Cow::Borrowed(name), number)))
            .chain(self.shared.counters.numbers())
            .collect()
    }
}
