//! What a backend on another machine gets: so many calls at once, retries, a breaker; or no call at all.

use std::sync::Arc;

use super::Layer;
use super::around::Layered;
use super::breaker::Breaker;
use super::concurrency::Concurrency;
use super::counters::Counters;
use super::offline::Offline;
use super::retry::Retry;
use crate::backend::{Backend, Reach};
use crate::config::Settings;
use crate::context::MAX_DEADLINE;
use crate::error::Result;

/// The layers of one remote backend, as its settings say.
#[derive(Debug)]
pub(crate) struct Remote {
    places: usize,
    retries: u32,
    breaker: Arc<Breaker>,
    counters: Arc<Counters>,
    /// Whether it is never asked.
    offline: bool,
}

impl Remote {
    /// Reads the settings; `None` for a backend that is not on another machine.
    ///
    /// # Errors
    /// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) naming the setting.
    pub(crate) fn of(backend: &dyn Backend, settings: &Settings, counters: &Arc<Counters>) -> Result<Option<Self>> {
        if backend.reach() != Reach::Remote {
            return Ok(None);
        }
        let number = |key: &str| settings.integer(key).unwrap_or_default();
        let wait = settings.duration("breaker_wait").unwrap_or_default();
        let deadline = settings.duration("deadline").unwrap_or(MAX_DEADLINE);
        let breaker = Breaker::new(number("breaker_failures"), wait, deadline, Arc::clone(counters));
        Ok(Some(Self {
            places: usize::try_from(number("concurrency")).unwrap_or(usize::MAX).max(1),
            retries: retries(backend.name(), settings)?,
            breaker: Arc::new(breaker),
            counters: Arc::clone(counters),
            offline: settings.is_on("offline"),
        }))
    }

    /// Puts one of the layers around a backend; the backend itself for a layer that is none of these.
    pub(super) fn wrap(&self, layer: Layer, inner: Arc<dyn Backend>) -> Arc<dyn Backend> {
        let counters = Arc::clone(&self.counters);
        match layer {
            // The outermost of them, so that a refusal is not tried again.
            Layer::Concurrency if self.offline => Arc::new(Layered::new(inner, Offline)),
            _ if self.offline => inner,
            Layer::Concurrency => Arc::new(Layered::new(inner, Concurrency::new(self.places, counters))),
            Layer::Retry => {
                let retry = Retry::new(self.retries, Arc::clone(&self.breaker), counters);
                Arc::new(Layered::new(inner, retry))
            }
            Layer::Breaker => Arc::new(Layered::new(inner, Arc::clone(&self.breaker))),
            _ => inner,
        }
    }
}

/// How often a call of this backend is made again. What a service's own variables say counts for that service only, and
/// so does what is wrong with them.
fn retries(backend: &str, settings: &Settings) -> Result<u32> {
    let own = match backend {
        "vault" => Some(("vault.max_retries", 0, "must be a number from 0 on")),
        "aws" => Some((
            "aws.max_attempts",
            1,
            "must be a number from 1 on; 1 means that nothing is tried again",
        )),
        _ => None,
    };
    if let Some((key, least, reason)) = own
        && let Some(text) = settings.text(key).map(str::trim).filter(|text| !text.is_empty())
    {
        let number = text.parse::<u32>().ok().and_then(|number| number.checked_sub(least));
        return number.ok_or_else(|| settings.error(key, reason));
    }
    let retries = settings.integer("retries").unwrap_or_default();
    Ok(u32::try_from(retries).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;
    use crate::error::ErrorKind;

    fn settings(key: &str, value: &str) -> Settings {
        let mut settings = Settings::default();
        settings.set(key, value.to_owned(), Origin::Builder).unwrap();
        settings
    }

    #[test]
    fn a_services_own_word_on_retries_counts_for_that_service() {
        assert_eq!(retries("vault", &Settings::default()).unwrap(), 2);
        assert_eq!(retries("vault", &settings("vault.max_retries", "0")).unwrap(), 0);
        assert_eq!(retries("aws", &settings("vault.max_retries", "7")).unwrap(), 2);
        assert_eq!(retries("aws", &settings("aws.max_attempts", "4")).unwrap(), 3);
        assert_eq!(retries("fault", &settings("retries", "5")).unwrap(), 5);
    }

    #[test]
    fn a_strange_number_is_refused_by_whom_it_concerns() {
        for (backend, key, text) in [
            ("vault", "vault.max_retries", "many"),
            ("vault", "vault.max_retries", "-1"),
            ("aws", "aws.max_attempts", "0"),
        ] {
            let strange = settings(key, text);
            let error = retries(backend, &strange).unwrap_err();
            assert_eq!(
                (error.kind(), error.setting()),
                (ErrorKind::InvalidConfig, Some(key)),
                "{text}"
            );
            assert_eq!(retries("fault", &strange).unwrap(), 2);
        }
    }
}
