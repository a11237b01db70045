//! References into the account, or another one: `aws:name-or-ARN[?version=ID|stage][#/json/pointer]`.

use super::client::Service;
use super::names;
use crate::backend::ResolveRequest;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::resolve::pointer;
use crate::secret::Secret;

impl Service {
    pub(super) async fn resolve(&self, cx: &CallContext, request: ResolveRequest<'_>) -> Result<Option<Secret>> {
        check(&request)?;
        let Some(stored) = self.get(cx, request.path, request.version).await? else {
            return Ok(None);
        };
        let mut secret = stored.secret;
        if let Some(part) = request.part {
            match pointer::find(&secret.value, part)? {
                Some(value) => secret.value = value,
                None => return Ok(None),
            }
        }
        Ok(Some(secret))
    }
}

fn check(request: &ResolveRequest<'_>) -> Result<()> {
    let wrong = |text: &'static str| Err(Error::new(ErrorKind::InvalidArgument, text));
    let path = request.path;
    if path.starts_with("arn:") {
        let is_secret = names::region_of_arn(path).is_some() && path.contains(":secret:");
        if !is_secret || path.len() > 2048 || !path.bytes().all(|byte| names::is_allowed(byte) || byte == b':') {
            return wrong(
                "the reference is no ARN of a secret, such as `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME`",
            );
        }
    } else if path.is_empty() || path.len() > names::LONGEST || !path.bytes().all(names::is_allowed) {
        return wrong("the reference names no secret: ASCII letters, digits and characters of `/_+=.@-`, at most 512");
    }
    if request
        .version
        .is_some_and(|version| version.is_empty() || version.len() > 256)
    {
        return wrong("the reference's version is no id and no stage, such as `AWSPREVIOUS`");
    }
    request.part.map_or(Ok(()), pointer::check)
}
