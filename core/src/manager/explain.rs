//! The verb that tells where a secret is looked for.

use std::time::Instant;

use super::SecretManager;
use super::read::{check_name, key_in};
use crate::backend::{ExplainAnswer, ExplainStep, Explanation, GetRequest};
use crate::context::CallContext;
use crate::error::{ErrorKind, Result};
use crate::key::{AsKey, SecretKey};
use crate::scope::SecretScope;

impl SecretManager {
    /// Tells every place where a secret is looked for, what each answered, how long that took and what a read comes
    /// to. Without `scopes` that is what [`get`](Self::get) of the key does; with them what
    /// [`get_with_fallback`](Self::get_with_fallback) of the name does. What stands behind the answer is asked too and
    /// marked as shadowed. The cache is not asked, so the answer may be newer than what a read gets from it. Never a
    /// value.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`]; [`ErrorKind::Cancelled`], [`ErrorKind::Closed`], [`ErrorKind::AuditUnavailable`]. What
    /// else a place fails with is told in its step.
    ///
    /// ```
    /// use strongroom::{Secret, SecretScope, blocking::SecretManager};
    /// let secrets = SecretManager::builder().backend("memory").open_blocking()?;
    /// secrets.set("org/acme/API_KEY", &Secret::new("sk-123"))?;
    /// let scopes = [SecretScope::user("ann"), SecretScope::org("acme")];
    /// let explanation = secrets.explain("API_KEY", &scopes)?;
    /// assert_eq!(explanation.answer, Some(1));
    /// assert_eq!(explanation.steps[0].answer.word(), "absent");
    /// # Ok::<(), strongroom::Error>(())
    /// ```
    pub async fn explain(&self, name: impl AsKey, scopes: &[SecretScope]) -> Result<Explanation> {
        let cx = self.context()?;
        let mut keys = Vec::with_capacity(scopes.len().max(1));
        if scopes.is_empty() {
            keys.push(self.key(&name)?.into_owned());
        } else {
            check_name(name.text())?;
            for scope in scopes {
                keys.push(key_in(scope, name.text())?);
            }
        }
        let mut explanation = Explanation::default();
        for key in &keys {
            explanation.add(self.explain_one(&cx, key).await?);
        }
        Ok(explanation)
    }

    async fn explain_one(&self, cx: &CallContext, key: &SecretKey) -> Result<Vec<ExplainStep>> {
        let backend = self.shared.backend.name();
        if cx.check().is_err_and(|error| error.kind() == ErrorKind::Timeout) {
            return Ok(vec![ExplainStep::new(key, backend, ExplainAnswer::NotAsked)]);
        }
        let begun = Instant::now();
        match self.layered().explain(cx, GetRequest::new(key)).await {
            Err(error) if error.is_out_of_reach() => {
                Ok(vec![ExplainStep::told(key, backend, Err(error), begun.elapsed())])
            }
            outcome => outcome,
        }
    }
}
