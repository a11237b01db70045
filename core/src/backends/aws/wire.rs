//! What the SDK gets to see of replies: of an answer the JSON that the call has, of a refusal the type where it is a known
//! one, of the headers those that are needed. To whoever listens at `TRACE` it shows headers and the messages of errors.

use std::future::poll_fn;
use std::pin::pin;

use aws_sdk_secretsmanager::config::http::{HttpRequest, HttpResponse};
use aws_sdk_secretsmanager::config::{
    ConfigBag, HttpClient, RuntimeComponents, RuntimeComponentsBuilder, SharedHttpClient,
};
use aws_sdk_secretsmanager::error::BoxError;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, ConnectorBuilder, tls};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::Body;
use zeroize::Zeroizing;

use super::error::{Unreadable, is_known};
use crate::backends::stored::json;

/// The longest reply: a page of the longest values, each character escaped, is half as long.
const LONGEST_REPLY: usize = 16 << 20;
/// The headers that errors are understood by.
const HEADERS: [&str; 2] = ["date", "retry-after"];

/// HTTPS by rustls on AWS-LC with the system's certificates, and the proxy of the environment: what the SDK takes by
/// itself, behind a look at each reply.
pub(super) fn client() -> SharedHttpClient {
    let usual = Builder::new().build_with_connector_fn(|settings, components| {
        let mode = tls::rustls_provider::CryptoMode::AwsLc;
        let mut connector = ConnectorBuilder::default().tls_provider(tls::Provider::Rustls(mode));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    });
    SharedHttpClient::new(Vetted(usual))
}

/// Replies of that client or connector, as far as they are sound.
#[derive(Debug)]
struct Vetted<T>(T);

impl HttpClient for Vetted<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Vetted(self.0.http_connector(settings, components)))
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.validate_base_client_config(components, config)
    }

    fn validate_final_config(&self, components: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        self.0.validate_final_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

impl HttpConnector for Vetted<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let action = target.rsplit('.').next().unwrap_or_default().to_owned();
        let reply = self.0.call(request);
        HttpConnectorFuture::new(async move { vetted(&action, reply.await?).await })
    }
}

async fn vetted(action: &str, mut reply: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let status = reply.status();
    let body = read(std::mem::replace(reply.body_mut(), SdkBody::taken())).await?;
    let body = match status.is_success() {
        true if is_answer(action, &body) => body,
        true => return Err(ConnectorError::other(Unreadable(status.as_u16()).into(), None)),
        false => Zeroizing::new(refusal(reply.headers().get("x-amzn-errortype"), &body)),
    };
    let mut sound = HttpResponse::new(status, unshown(SdkBody::from(Bytes::from_owner(body))));
    for name in HEADERS {
        if let Some(value) = reply.headers().get(name) {
            sound.headers_mut().insert(name, value.to_owned());
        }
    }
    Ok(sound)
}

/// All of a body, in memory that is wiped.
pub(super) async fn read(body: SdkBody) -> Result<Zeroizing<Vec<u8>>, ConnectorError> {
    let mut body = pin!(body);
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(LONGEST_REPLY);
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected.min(LONGEST_REPLY)));
    while let Some(frame) = poll_fn(|task| body.as_mut().poll_frame(task)).await {
        let Ok(data) = frame.map_err(ConnectorError::io)?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > LONGEST_REPLY {
            return Err(ConnectorError::other(Unreadable(0).into(), None));
        }
        append(&mut bytes, &data);
    }
    Ok(bytes)
}

/// Appends without leaving a copy behind where the memory has to grow.
fn append(bytes: &mut Zeroizing<Vec<u8>>, data: &[u8]) {
    if bytes.len() + data.len() > bytes.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity((bytes.len() + data.len()) * 2));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.extend_from_slice(data);
}

/// Whether that is what the service answers such a call with, and not what a proxy or another server says.
fn is_answer(action: &str, body: &[u8]) -> bool {
    let members = std::str::from_utf8(body).ok().and_then(json::members);
    let needed: &[&str] = match action {
        // These two answer nothing.
        "TagResource" | "UntagResource" => return body.is_empty() || members.is_some(),
        "BatchGetSecretValue" => &["SecretValues", "Errors"],
        "ListSecrets" => &["SecretList"],
        _ => &["ARN"],
    };
    members.is_some_and(|members| members.iter().any(|(name, _)| needed.contains(&name.as_str())))
}

/// The body of a refusal with nothing but its type, where that is one of the service's.
fn refusal(header: Option<&str>, body: &[u8]) -> Vec<u8> {
    let members = std::str::from_utf8(body)
        .ok()
        .and_then(json::members)
        .unwrap_or_default();
    let in_body = members.iter().find(|(name, _)| name == "__type" || name == "code");
    let told = header.map(str::to_owned);
    let told = told.or_else(|| in_body.and_then(|(_, value)| json::text(value)));
    let told = told.unwrap_or_default();
    // `namespace#Type:address`
    let code = told.split(':').next().unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default();
    match is_known(code) {
        true => format!("{{\"__type\":\"{code}\"}}").into_bytes(),
        false => b"{}".to_vec(),
    }
}

/// The same body, of which its `Debug` shows nothing.
pub(super) fn unshown(body: SdkBody) -> SdkBody {
    SdkBody::from_body_1_x(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::park::block_on;

    fn answered(action: &str, status: u16, body: &str) -> Result<String, ConnectorError> {
        let mut reply = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        reply.headers_mut().insert("location", "https://elsewhere");
        reply.headers_mut().insert("retry-after", "3");
        let vetted = block_on(vetted(action, reply))?;
        assert_eq!(vetted.headers().get("location"), None);
        assert_eq!(vetted.headers().get("retry-after"), Some("3"));
        let shown = format!("{vetted:?}");
        assert!(!shown.contains("canary") && shown.contains("BoxBody"), "{shown}");
        let bytes = block_on(read(vetted.into_body()))?;
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn sound_answers_pass_and_show_nothing() {
        for (action, body) in [
            ("GetSecretValue", r#"{"ARN":"a","SecretString":"canary"}"#),
            ("BatchGetSecretValue", r#"{"SecretValues":[{"SecretString":"canary"}]}"#),
            ("BatchGetSecretValue", r#"{"Errors":[]}"#),
            ("ListSecrets", r#"{"SecretList":[]}"#),
            ("TagResource", ""),
            ("UntagResource", "{}"),
        ] {
            assert_eq!(answered(action, 200, body).unwrap(), body);
        }
    }

    #[test]
    fn what_is_no_answer_of_the_service_is_refused_without_its_text() {
        for (action, body) in [
            ("GetSecretValue", "canary"),
            ("GetSecretValue", ""),
            ("GetSecretValue", "{}"),
            ("PutSecretValue", r#"{"ARN":"a","canary"#),
            ("PutSecretValue", r#"["ARN"]"#),
            ("DeleteSecret", "<html>canary</html>"),
            ("ListSecrets", r#"{"ARN":"canary"}"#),
            ("TagResource", "<html>canary</html>"),
        ] {
            let error = answered(action, 200, body).unwrap_err();
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
            let source = error.into_source();
            assert_eq!(source.downcast_ref::<Unreadable>().unwrap().0, 200, "{action} {body}");
        }
    }

    #[test]
    fn a_refusal_keeps_its_type_where_it_is_a_known_one() {
        let known = r#"{"__type":"ThrottlingException"}"#;
        for body in [
            r#"{"__type":"ThrottlingException","Message":"canary"}"#,
            r#"{"message":"canary","__type":"com.amazonaws#ThrottlingException"}"#,
            r#"{"code":"ThrottlingException:http://canary/"}"#,
        ] {
            assert_eq!(answered("GetSecretValue", 400, body).unwrap(), known);
        }
        for body in [r#"{"__type":"canary"}"#, "canary", "", "[]", r#"{"__type":["canary"]}"#] {
            assert_eq!(answered("GetSecretValue", 500, body).unwrap(), "{}");
        }
    }

    #[test]
    fn a_reply_that_does_not_end_is_not_kept() {
        let endless = " ".repeat(LONGEST_REPLY + 1);
        let error = answered("GetSecretValue", 400, &endless).unwrap_err();
        assert!(error.into_source().is::<Unreadable>());
    }
}
