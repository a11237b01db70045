//! The SDK's client: made by the first call, within its deadline, anew in each runtime and each forked child.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Region;
use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use tokio::sync::OnceCell;

use super::config::Config;
use super::error::{Failure, failure};
use super::load;
use super::names;
use super::requests::{Call, Requests};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::runtime::Bound;

/// The service, as these settings reach it.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) config: Config,
    client: Bound<OnceCell<Client>>,
    requests: Requests,
    is_closed: AtomicBool,
    /// The policy denied the batch call: secrets are asked for one by one.
    denies_batch: AtomicBool,
}

impl Service {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            client: Bound::new(),
            requests: Requests::new(),
            is_closed: AtomicBool::new(false),
            denies_batch: AtomicBool::new(false),
        }
    }

    /// Sends a request about the secret of that name or ARN, to the region of the ARN where it is one, and counts it.
    pub(super) async fn send<T, E, F>(
        &self,
        cx: &CallContext,
        call: Call,
        id: &str,
        request: impl FnOnce(&Client) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let mut client = self.client(cx).await?;
        let region = names::region_of_arn(id);
        if let Some(region) =
            region.filter(|region| client.config().region().is_some_and(|own| own.as_ref() != *region))
        {
            let elsewhere = client.config().to_builder().region(Region::new(region.to_owned()));
            client = Client::from_conf(elsewhere.build());
        }
        let _turn = cx.turn().await?;
        self.requests.count(call);
        request(&client).await.map_err(|failed| failure(call, &failed))
    }

    async fn client(&self, cx: &CallContext) -> Result<Client> {
        cx.check()?;
        if self.is_closed.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Closed, "the backend was closed"));
        }
        let cell: Arc<OnceCell<Client>> = self.client.get(|| Ok(OnceCell::new()))?;
        // Nothing was sent yet, so the end of this wait is a certain one, also for a write.
        let wait = cx.remaining().mul_f32(0.9);
        let made = tokio::time::timeout(wait, cell.get_or_try_init(|| load::client(&self.config))).await;
        match made {
            Ok(client) => client.cloned(),
            Err(_) => Err(Error::new(
                ErrorKind::Timeout,
                "the AWS configuration could not be loaded in time",
            )),
        }
    }

    /// Forgets credentials and connections; the next call finds them anew.
    pub(super) fn forget(&self) {
        self.client.clear();
        self.denies_batch.store(false, Ordering::Release);
    }

    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.client.clear();
    }

    pub(super) fn denies_batch(&self) -> bool {
        self.denies_batch.load(Ordering::Acquire)
    }

    pub(super) fn remember_no_batch(&self) {
        self.denies_batch.store(true, Ordering::Release);
    }

    pub(super) fn told(&self) -> Vec<(&'static str, u64)> {
        self.requests.told()
    }
}
