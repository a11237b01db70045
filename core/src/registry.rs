//! The table of backends: word, feature, how to open. Explicit, because linker tricks do not work in static libraries.

use std::sync::Arc;

use crate::backend::{Backend, OpenRequest, Operation};
use crate::error::{Error, Result};

type Opener = fn(&OpenRequest<'_>) -> Result<Arc<dyn Backend>>;

/// One row of the table.
pub(crate) struct Registration {
    pub(crate) name: &'static str,
    /// The cargo feature that compiles it in; empty where it always is.
    pub(crate) feature: &'static str,
    /// How to open it; `None` where it is not compiled in.
    pub(crate) open: Option<Opener>,
}

macro_rules! when {
    ($feature:literal, $open:path) => {{
        #[cfg(feature = $feature)]
        let open: Option<Opener> = Some($open);
        #[cfg(not(feature = $feature))]
        let open = None;
        open
    }};
}

/// Every backend that this version knows, compiled in or not.
pub(crate) fn registrations() -> Vec<Registration> {
    vec![
        Registration {
            name: "memory",
            feature: "",
            open: Some(crate::backends::memory::open),
        },
        Registration {
            name: "encrypted",
            feature: "encrypted",
            open: when!("encrypted", crate::backends::encrypted::open),
        },
        Registration {
            name: "file",
            feature: "file",
            open: when!("file", crate::backends::file::open),
        },
        Registration {
            name: "fault",
            feature: "testing",
            open: when!("testing", crate::backends::fault::open),
        },
    ]
}

/// The words of the backends that this build has.
pub fn names() -> Vec<&'static str> {
    registrations()
        .iter()
        .filter(|registration| registration.open.is_some())
        .map(|found| found.name)
        .collect()
}

/// The word itself, where it is one that this version knows.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    registrations()
        .iter()
        .map(|registration| registration.name)
        .find(|known| *known == name)
}

/// Opens the backend called `name`.
///
/// # Errors
/// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) where there is none of this name or it is not compiled in; else the backend's own.
pub(crate) fn open(name: &str, request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    let registrations = registrations();
    let Some(found) = registrations.iter().find(|registration| registration.name == name) else {
        let reason = format!("names no backend; this build has {}", names().join(", "));
        return Err(request.settings.error("backend", &reason));
    };
    let Some(open) = found.open else {
        let reason = format!(
            "is a backend that needs the cargo feature `{}`, which this build lacks",
            found.feature
        );
        return Err(request.settings.error("backend", &reason));
    };
    open(request).map_err(|error: Error| error.with_operation(Operation::Open).with_backend(found.name))
}
