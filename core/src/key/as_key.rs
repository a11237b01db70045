//! What verbs take as a key.

use std::borrow::Cow;

use super::SecretKey;
use crate::error::Result;

/// Whatever names a secret in a verb: a [`SecretKey`], or a text, which is parsed (`[kind/id/]name[@target]`).
///
/// A text without a scope means the scope of the manager it is given to: global, or that of a
/// [`scoped`](crate::SecretManager::scoped) view.
pub trait AsKey: Send + Sync {
    /// The text as given. The cache is searched by it, before anything is parsed.
    fn text(&self) -> &str;

    /// The key.
    ///
    /// # Errors
    /// [`InvalidKey`](crate::ErrorKind::InvalidKey).
    fn to_key(&self) -> Result<Cow<'_, SecretKey>>;

    /// The text to search the cache by; `None` where it is known to be no key although a valid key has the same text
    /// (`SecretKey::new("a@b")` and the name `a` with the target `b`).
    fn lookup_text(&self) -> Option<&str> {
        Some(self.text())
    }

    /// Whether the text names its scope, so that a view's scope does not apply.
    fn is_absolute(&self) -> bool {
        self.text().contains('/')
    }
}

impl AsKey for SecretKey {
    fn text(&self) -> &str {
        &self.text
    }

    fn to_key(&self) -> Result<Cow<'_, SecretKey>> {
        self.check()?;
        Ok(Cow::Borrowed(self))
    }

    fn lookup_text(&self) -> Option<&str> {
        self.invalid.is_none().then_some(&*self.text)
    }

    fn is_absolute(&self) -> bool {
        true
    }
}

impl AsKey for str {
    fn text(&self) -> &str {
        self
    }

    fn to_key(&self) -> Result<Cow<'_, SecretKey>> {
        SecretKey::parse(self).map(Cow::Owned)
    }
}

impl AsKey for String {
    fn text(&self) -> &str {
        self
    }

    fn to_key(&self) -> Result<Cow<'_, SecretKey>> {
        self.as_str().to_key()
    }
}

impl<T: AsKey + ?Sized> AsKey for &T {
    fn text(&self) -> &str {
        (**self).text()
    }

    fn to_key(&self) -> Result<Cow<'_, SecretKey>> {
        (**self).to_key()
    }

    fn lookup_text(&self) -> Option<&str> {
        (**self).lookup_text()
    }

    fn is_absolute(&self) -> bool {
        (**self).is_absolute()
    }
}
