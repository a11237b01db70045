//! The service's refusals as errors of ours: by the error's type, never by the HTTP status, which says nothing here.

use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::primitives::{DateTime, DateTimeFormat};

use super::requests::Call;
use crate::error::{Error, ErrorKind};

/// How far this machine's clock may be off before the service refuses signatures.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// What a call was refused for, as far as a verb decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no such secret, or no such version of it.
    Missing,
    /// There is one already.
    Exists,
    /// The secret's state forbids it: marked for deletion, managed by another service, in rotation.
    State,
    /// A parameter is wrong, or not the one that the state demands.
    Parameter,
    Denied,
    Other,
}

/// A call that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) refusal: Refusal,
    pub(super) error: Error,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            refusal: Refusal::Other,
            error,
        }
    }
}

/// What the interceptor stops a request with.
#[derive(Debug)]
pub(super) struct WouldBeUnencrypted;

impl fmt::Display for WouldBeUnencrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the endpoint is http on another machine")
    }
}

impl StdError for WouldBeUnencrypted {}

/// An answer with this HTTP status that is none of the service's.
#[derive(Debug)]
pub(super) struct Unreadable(pub(super) u16);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNREADABLE)
    }
}

impl StdError for Unreadable {}

pub(super) const UNREADABLE: &str = "the service's answer could not be read";

/// What a failed call means.
pub(super) fn failure<E>(call: Call, failed: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match failed {
        SdkError::ServiceError(refused) => {
            let code = refused.err().code().unwrap_or_default();
            let mut failure = told(call, code);
            let headers = refused.raw().headers();
            if failure.error.kind() == ErrorKind::Unauthenticated
                && let Some(server) = headers.get("date").and_then(http_date)
                && is_off(server, SystemTime::now())
            {
                failure.error = clock();
            }
            if let Some(wait) = headers.get("retry-after").and_then(|text| text.parse().ok()) {
                failure.error = failure.error.with_retry_after(Duration::from_secs(wait));
            }
            failure
        }
        SdkError::ResponseError(response) => unanswered(call, UNREADABLE)
            .error
            .with_foreign_code(response.raw().status().as_u16())
            .into(),
        SdkError::TimeoutError(_) => unanswered(call, "the service did not answer in time"),
        SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_) => unsent(call, failed),
        _ => unanswered(call, "the request to the service failed"),
    }
}

/// What an error type of the service means; also those of a batch's single secrets.
pub(super) fn told(call: Call, code: &str) -> Failure {
    known(call, code)
        .unwrap_or_else(|| unanswered(call, "the service answered with an error that it does not document"))
}

/// Whether an error type is one that the service has.
pub(super) fn is_known(code: &str) -> bool {
    known(Call::GetSecretValue, code).is_some()
}

fn known(call: Call, code: &str) -> Option<Failure> {
    let failure = |refusal, kind, text: &'static str| Failure {
        refusal,
        error: Error::new(kind, text),
    };
    let other = |kind, text| failure(Refusal::Other, kind, text);
    Some(match code {
        "ResourceNotFoundException" => failure(
            Refusal::Missing,
            ErrorKind::NotFound,
            "there is no such secret, or no such version of it",
        ),
        "ResourceExistsException" => failure(Refusal::Exists, ErrorKind::Conflict, "the secret exists already"),
        "InvalidRequestException" => failure(
            Refusal::State,
            ErrorKind::Conflict,
            "the secret's state does not allow the call: another service manages it, or its rotation is under way",
        ),
        "InvalidParameterException" | "ValidationException" | "MalformedPolicyDocumentException" => failure(
            Refusal::Parameter,
            ErrorKind::InvalidArgument,
            "the service does not accept a parameter of the call",
        ),
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" | "OptInRequired" => {
            let mut failure = failure(Refusal::Denied, ErrorKind::PermissionDenied, denied(call));
            failure.error = failure
                .error
                .with_help("allow the call for this secret, and `kms:Decrypt` where it has a KMS key of its own");
            failure
        }
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "SlowDown"
        | "BandwidthLimitExceeded" => other(ErrorKind::RateLimited, "the service asks for fewer calls"),
        "LimitExceededException" => {
            let error = other(
                ErrorKind::StorageFull,
                "the call would exceed one of the account's quotas for secrets",
            );
            error
                .error
                .with_help("delete secrets or versions, or ask AWS for a higher quota")
                .into()
        }
        "DecryptionFailure" => other(ErrorKind::KeyMissing, "the KMS key of the secret does not decrypt it"),
        "EncryptionFailure" => other(
            ErrorKind::KeyMissing,
            "the KMS key of the secret does not encrypt it: it is disabled, being deleted, or not there",
        ),
        "InternalServiceError" | "InternalFailure" | "InternalServerError" | "InternalError" => {
            unanswered(call, "the service had an error of its own")
        }
        "ServiceUnavailable" | "ServiceUnavailableException" => {
            other(ErrorKind::Unavailable, "the service is not available at present")
        }
        "InvalidNextTokenException" => other(
            ErrorKind::Unavailable,
            "the service forgot the list that was being read",
        ),
        "ExpiredTokenException" | "ExpiredToken" => other(
            ErrorKind::Unauthenticated,
            "the session of the AWS credentials has ended",
        ),
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "NotAuthorized"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "IncompleteSignatureException" => other(
            ErrorKind::Unauthenticated,
            "the service does not know the AWS credentials",
        ),
        "InvalidSignatureException" | "SignatureDoesNotMatch" => {
            let text =
                "the signature was refused: the secret access key is another one, or this machine's clock is wrong";
            other(ErrorKind::Unauthenticated, text)
        }
        "RequestExpired" | "RequestTimeTooSkewed" | "RequestInTheFuture" => clock().into(),
        _ => return None,
    })
}

fn clock() -> Error {
    let text = "the signature was refused because this machine's clock is wrong";
    Error::new(ErrorKind::Unauthenticated, text).with_help("set the clock; the service allows five minutes")
}

fn http_date(text: &str) -> Option<SystemTime> {
    let date = DateTime::from_str(text, DateTimeFormat::HttpDate).ok()?;
    let seconds = u64::try_from(date.secs()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn is_off(server: SystemTime, ours: SystemTime) -> bool {
    let distance = server.duration_since(ours).or_else(|_| ours.duration_since(server));
    distance.is_ok_and(|distance| distance > CLOCK_TOLERANCE)
}

/// A request that the service got, or may have got, and that it did not answer.
fn unanswered(call: Call, text: &'static str) -> Failure {
    let kind = match call.is_write() {
        true => ErrorKind::OutcomeUnknown,
        false => ErrorKind::Unavailable,
    };
    Error::new(kind, text).into()
}

/// A request that did not get through.
fn unsent<E: StdError + 'static>(call: Call, failed: &SdkError<E, HttpResponse>) -> Failure {
    if find::<WouldBeUnencrypted>(failed).is_some() {
        let text = "the endpoint that the AWS SDK found is `http` on another machine, so that secrets would travel \
                    unencrypted";
        let error = Error::new(ErrorKind::InvalidConfig, text).with_setting("aws.allow_http");
        return error
            .with_help("use an `https` endpoint, or allow it with `aws.allow_http`")
            .into();
    }
    if let Some(Unreadable(status)) = find(failed) {
        return unanswered(call, UNREADABLE).error.with_foreign_code(*status).into();
    }
    if let Some(error) = find::<CredentialsError>(failed) {
        return credentials(error).into();
    }
    let is_connect = find::<hyper_util::client::legacy::Error>(failed).is_some_and(|error| error.is_connect());
    if is_connect {
        return Error::new(ErrorKind::Unavailable, "no connection to the service could be made").into();
    }
    match failed {
        SdkError::ConstructionFailure(_) => Error::new(
            ErrorKind::InvalidArgument,
            "the request could not be made of these arguments",
        )
        .into(),
        // The only timeout of the connection itself is that of making it.
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            Error::new(ErrorKind::Unavailable, "no connection to the service was made in time").into()
        }
        _ => unanswered(call, "the connection to the service ended before its answer was there"),
    }
}

/// Why there are no credentials.
fn credentials(error: &CredentialsError) -> Error {
    const HELP: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile with `aws.profile`, log in with \
                        `aws sso login`, or give the machine a role; AWS_EC2_METADATA_DISABLED=true skips the search \
                        for one";
    let (kind, text) = match error {
        CredentialsError::CredentialsNotLoaded(_) => (ErrorKind::Unauthenticated, "no AWS credentials were found"),
        CredentialsError::ProviderTimedOut(_) => (
            ErrorKind::Unavailable,
            "what gives the AWS credentials did not answer in time",
        ),
        CredentialsError::InvalidConfiguration(_) => (
            ErrorKind::Unauthenticated,
            "the AWS configuration does not lead to credentials",
        ),
        _ => (ErrorKind::Unauthenticated, "the AWS credentials could not be loaded"),
    };
    Error::new(kind, text).with_help(HELP)
}

/// The error of that type among the causes.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What is not allowed.
fn denied(call: Call) -> &'static str {
    match call {
        Call::BatchGetSecretValue => "`secretsmanager:BatchGetSecretValue` is not allowed",
        Call::CreateSecret => "`secretsmanager:CreateSecret` is not allowed",
        Call::DeleteSecret => "`secretsmanager:DeleteSecret` is not allowed",
        Call::DescribeSecret => "`secretsmanager:DescribeSecret` is not allowed",
        Call::GetSecretValue => "`secretsmanager:GetSecretValue` is not allowed",
        Call::ListSecretVersionIds => "`secretsmanager:ListSecretVersionIds` is not allowed",
        Call::ListSecrets => "`secretsmanager:ListSecrets` is not allowed",
        Call::PutSecretValue => "`secretsmanager:PutSecretValue` is not allowed",
        Call::RestoreSecret => "`secretsmanager:RestoreSecret` is not allowed",
        Call::TagResource => "`secretsmanager:TagResource` is not allowed",
        Call::UntagResource => "`secretsmanager:UntagResource` is not allowed",
        Call::UpdateSecretVersionStage => "`secretsmanager:UpdateSecretVersionStage` is not allowed",
    }
}
