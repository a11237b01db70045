//! The verb that follows references.

use super::SecretManager;
use crate::backend::Operation;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

impl SecretManager {
    /// Reads the secret that a reference leads to; `None` where there is none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] where the text is no reference; [`ErrorKind::PolicyDenied`] for a scheme that the
    /// setting `references` does not allow; else as [`get`](Self::get).
    pub async fn resolve(&self, reference: &str) -> Result<Option<Secret>> {
        let rest = reference.strip_prefix("secret://").ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                "the text is no reference, which begins with its scheme, as `secret://`",
            )
            .with_operation(Operation::Resolve)
        })?;
        self.get(rest).await
    }
}
