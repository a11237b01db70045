//! Where references lead besides the manager's own secrets: one small backend a scheme, opened with the manager from the
//! same settings and wrapped in the same layers, but for the cache: what a reference of a foreign scheme leads to is
//! asked for each time.

mod files;
#[cfg(feature = "env")]
mod variables;

use std::sync::Arc;

use super::ReferenceScheme;
use crate::backend::{Backend, OpenRequest};
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::registry;

/// The setting that lists the schemes.
const REFERENCES: &str = "references";

/// The schemes that the settings allow besides `secret`.
///
/// # Errors
/// [`ErrorKind::InvalidConfig`] for a word that is no scheme, and for one that this build cannot follow.
pub(crate) fn allowed(settings: &Settings) -> Result<Vec<ReferenceScheme>> {
    let mut allowed = Vec::new();
    for word in settings.list(REFERENCES) {
        let Some(scheme) = ReferenceScheme::from_word(word) else {
            let reason = "names a scheme that there is not; there are aws, vault, env and file";
            return Err(settings.error(REFERENCES, reason));
        };
        let can_follow = match scheme {
            ReferenceScheme::Secret => continue,
            ReferenceScheme::File => true,
            ReferenceScheme::Env => cfg!(feature = "env"),
            ReferenceScheme::Vault | ReferenceScheme::Aws => registry::names().contains(&scheme.word()),
        };
        if !can_follow {
            let reason = format!("names `{scheme}`, which needs the cargo feature `{scheme}`, which this build lacks");
            return Err(settings.error(REFERENCES, &reason));
        }
        if !allowed.contains(&scheme) {
            allowed.push(scheme);
        }
    }
    Ok(allowed)
}

/// What follows each scheme that is allowed.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    followed: Vec<(ReferenceScheme, Option<Arc<dyn Backend>>)>,
}

/// What a scheme is followed by.
pub(crate) enum Follower<'a> {
    /// The manager's own backend, which is of this kind.
    Own,
    Other(&'a dyn Backend),
}

impl Sources {
    /// Whether opening them may look at files that lie on a mount that hangs.
    pub(crate) fn may_hang(allowed: &[ReferenceScheme]) -> bool {
        allowed
            .iter()
            .any(|scheme| registry::may_hang(scheme.word()) && *scheme != ReferenceScheme::Env)
    }

    /// Opens what follows these schemes; `own` is the word of the manager's own backend.
    ///
    /// # Errors
    /// Those of the backends.
    pub(crate) fn open(allowed: &[ReferenceScheme], own: &str, request: &OpenRequest<'_>) -> Result<Self> {
        let mut followed = Vec::new();
        for &scheme in allowed {
            let source: Option<Arc<dyn Backend>> = match scheme {
                ReferenceScheme::Secret => continue,
                ReferenceScheme::Vault | ReferenceScheme::Aws if own == scheme.word() => None,
                ReferenceScheme::Vault | ReferenceScheme::Aws => Some((request.other)(scheme.word(), request)?),
                ReferenceScheme::File => Some(Arc::new(files::Files::new(request.settings))),
                #[cfg(feature = "env")]
                ReferenceScheme::Env => Some(Arc::new(variables::Variables::new(request.settings))),
                #[cfg(not(feature = "env"))]
                ReferenceScheme::Env => continue,
            };
            followed.push((scheme, source));
        }
        Ok(Self { followed })
    }

    /// The same, each in its layers.
    ///
    /// # Errors
    /// That of `wrap`.
    pub(crate) fn wrapped(self, wrap: impl Fn(Arc<dyn Backend>) -> Result<Arc<dyn Backend>>) -> Result<Self> {
        let followed = self.followed.into_iter();
        let followed = followed.map(|(scheme, source)| Ok((scheme, source.map(&wrap).transpose()?)));
        Ok(Self {
            followed: followed.collect::<Result<_>>()?,
        })
    }

    /// What follows this scheme.
    ///
    /// # Errors
    /// [`ErrorKind::PolicyDenied`] where it is not allowed.
    pub(crate) fn follower(&self, scheme: ReferenceScheme) -> Result<Follower<'_>> {
        let found = self.followed.iter().find(|(followed, _)| *followed == scheme);
        match found {
            Some((_, Some(source))) => Ok(Follower::Other(&**source)),
            Some((_, None)) => Ok(Follower::Own),
            None => Err(Error::new(
                ErrorKind::PolicyDenied,
                format!("references of the scheme `{scheme}` are not allowed here"),
            )
            .with_setting(REFERENCES)
            .with_help("list the scheme in the setting `references` to allow it")),
        }
    }

    /// All that were opened for references alone.
    pub(crate) fn others(&self) -> impl Iterator<Item = &dyn Backend> {
        self.followed.iter().filter_map(|(_, source)| source.as_deref())
    }
}

/// The limit of values, as the settings state it.
fn limit(settings: &Settings) -> usize {
    let stated = settings.integer("max_value");
    stated
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(usize::MAX)
}
