//! Region, credentials and endpoint, found as the AWS SDK finds them, within the first call's deadline.

use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::imds;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_secretsmanager::config::{ConfigBag, Intercept, RuntimeComponents, StalledStreamProtectionConfig};
use aws_sdk_secretsmanager::error::BoxError;

use super::config::{Config, is_loopback};
use super::quiet::Quiet;
use super::wire;
use crate::error::{Error, ErrorKind, Result};

/// How long the instance's metadata service may take to be reached. It is one hop away, or not there: elsewhere its
/// address leads nowhere, and every program would wait for it.
const METADATA_CONNECT: Duration = Duration::from_millis(300);
/// How long one question to it may take in all: one for the region, one for the credentials, within two seconds.
const METADATA: Duration = Duration::from_millis(700);
const CONNECT: Duration = Duration::from_secs(3);
/// How long one request may take; the call's deadline counts all the same.
const REQUEST: Duration = Duration::from_secs(5);

/// The client of these settings.
///
/// HTTPS is rustls on AWS-LC, named to it, so that no provider of cryptography is installed for the process, with the
/// system's certificates. The proxy is that of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, as for every
/// program on the SDK.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] naming `aws.region` where no region is found.
pub(super) async fn client(config: &Config) -> Result<Client> {
    let version = BehaviorVersion::latest();
    let found = ProviderConfig::without_region().with_behavior_version(Some(version));
    let metadata = imds::Client::builder()
        .configure(&found)
        .max_attempts(1)
        .connect_timeout(METADATA_CONNECT)
        .read_timeout(METADATA)
        .operation_attempt_timeout(METADATA)
        .operation_timeout(METADATA)
        .build();
    let region = region(config, found.clone(), metadata.clone())
        .await
        .ok_or_else(no_region)?;
    let mut credentials = DefaultCredentialsChain::builder()
        .configure(found)
        .region(region.clone())
        .imds_client(metadata);
    if let Some(profile) = &config.profile {
        credentials = credentials.profile_name(profile);
    }
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(REQUEST)
        .build();
    let mut loader: ConfigLoader = aws_config::defaults(version)
        .region(region)
        // Our own layer repeats, once for all backends.
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .credentials_provider(credentials.build().await);
    if let Some(profile) = &config.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(endpoint) = &config.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let loaded = loader.load().await;
    let client = aws_sdk_secretsmanager::config::Builder::from(&loaded)
        .http_client(wire::client())
        .interceptor(Quiet)
        // A reply is read as a whole, within the time of its request.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .interceptor(Unencrypted {
            is_allowed: config.allow_http,
        });
    Ok(Client::from_conf(client.build()))
}

async fn region(config: &Config, found: ProviderConfig, metadata: imds::Client) -> Option<Region> {
    if let Some(region) = &config.region {
        return Some(Region::new(region.clone()));
    }
    let mut profile = ProfileFileRegionProvider::builder().configure(&found);
    if let Some(name) = &config.profile {
        profile = profile.profile_name(name);
    }
    let instance = imds::region::ImdsRegionProvider::builder()
        .configure(&found)
        .imds_client(metadata);
    let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build())
        .or_else(instance.build());
    chain.region().await
}

fn no_region() -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        "`aws.region` is not set, and neither `AWS_REGION`, the AWS profile nor the instance names a region",
    )
    .with_setting("aws.region")
    .with_help("set `aws.region`, or `AWS_REGION` in the environment, such as `eu-central-1`")
}

/// Refuses to send secrets unencrypted to another machine, wherever the address comes from: the SDK finds one in its
/// own variables and files too.
#[derive(Debug)]
struct Unencrypted {
    is_allowed: bool,
}

impl Intercept for Unencrypted {
    fn name(&self) -> &'static str {
        "Unencrypted"
    }

    fn read_before_signing(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let address = context.request().uri();
        let Some(rest) = address.strip_prefix("http://") else {
            return Ok(());
        };
        if self.is_allowed || is_loopback(rest.split('/').next().unwrap_or_default()) {
            return Ok(());
        }
        Err(Box::new(super::error::WouldBeUnencrypted))
    }
}
