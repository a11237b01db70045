//! Keeps bodies out of what the SDK says.
//!
//! To whoever listens at `TRACE` it shows requests, and replies once it has read them. The body of a request is made one
//! that shows nothing. A reply is there in memory before the SDK gets it, so it is given to what reads it without the
//! SDK's own step of reading, which is the one that shows it; `LOG_SENSITIVE_BODIES` of the environment, which asks that
//! step to show secrets too, is not even looked at.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_secretsmanager::config::{ConfigBag, FrozenLayer, Intercept, RuntimeComponents, RuntimePlugin};
use aws_sdk_secretsmanager::error::BoxError;
use aws_sdk_secretsmanager::operation;
use aws_smithy_runtime_api::client::interceptors::context::{Error, Output};
use aws_smithy_runtime_api::client::orchestrator::{Metadata, OrchestratorError, SensitiveOutput};
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use super::wire::{read, unshown};

/// The step of each call at which its bodies are hidden.
#[derive(Debug)]
pub(super) struct Quiet;

impl Intercept for Quiet {
    fn name(&self) -> &'static str {
        "Quiet"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.request_mut().body_mut();
        *body = unshown(std::mem::replace(body, SdkBody::taken()));
        let operation = config.load::<Metadata>().and_then(|call| operation(call.name()));
        let state = config.interceptor_state();
        state.store_put(SensitiveOutput);
        if let Some(operation) = operation {
            state.store_put(SharedResponseDeserializer::new(Direct(operation)));
        }
        Ok(())
    }
}

/// What an operation of the SDK consists of.
fn operation(name: &str) -> Option<FrozenLayer> {
    match name {
        "BatchGetSecretValue" => operation::batch_get_secret_value::BatchGetSecretValue::new().config(),
        "CreateSecret" => operation::create_secret::CreateSecret::new().config(),
        "DeleteSecret" => operation::delete_secret::DeleteSecret::new().config(),
        "DescribeSecret" => operation::describe_secret::DescribeSecret::new().config(),
        "GetSecretValue" => operation::get_secret_value::GetSecretValue::new().config(),
        "ListSecretVersionIds" => operation::list_secret_version_ids::ListSecretVersionIds::new().config(),
        "ListSecrets" => operation::list_secrets::ListSecrets::new().config(),
        "PutSecretValue" => operation::put_secret_value::PutSecretValue::new().config(),
        "RestoreSecret" => operation::restore_secret::RestoreSecret::new().config(),
        "TagResource" => operation::tag_resource::TagResource::new().config(),
        "UntagResource" => operation::untag_resource::UntagResource::new().config(),
        "UpdateSecretVersionStage" => operation::update_secret_version_stage::UpdateSecretVersionStage::new().config(),
        _ => None,
    }
}

/// The operation's own reading, of a body that is in memory already.
#[derive(Debug)]
struct Direct(FrozenLayer);

impl DeserializeResponse for Direct {
    fn deserialize_streaming_with_config(
        &self,
        response: &mut HttpResponse,
        config: &ConfigBag,
    ) -> Option<Result<Output, OrchestratorError<Error>>> {
        let usual = self.0.load::<SharedResponseDeserializer>()?;
        let body = std::mem::replace(response.body_mut(), SdkBody::taken());
        let read = pin!(read(body)).poll(&mut Context::from_waker(Waker::noop()));
        let bytes = match read {
            Poll::Ready(Ok(bytes)) => bytes,
            Poll::Ready(Err(error)) => return Some(Err(OrchestratorError::connector(error))),
            Poll::Pending => return Some(Err(OrchestratorError::other("the reply was not read"))),
        };
        *response.body_mut() = SdkBody::from(Bytes::from_owner(bytes));
        let output = usual.deserialize_nonstreaming_with_config(response, config);
        // It goes on with the error, to whoever asks what was answered.
        *response.body_mut() = SdkBody::empty();
        Some(output)
    }
}

#[cfg(test)]
mod tests {
    use super::super::requests::NAMES;
    use super::*;

    #[test]
    fn every_call_is_read_without_being_shown() {
        for name in NAMES {
            let operation = operation(name).unwrap_or_else(|| panic!("{name}"));
            assert!(operation.load::<SharedResponseDeserializer>().is_some(), "{name}");
            assert_eq!(operation.load::<Metadata>().unwrap().name(), *name);
        }
    }
}
