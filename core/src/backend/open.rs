//! What a backend gets to open itself.

use std::sync::Arc;

use super::Backend;
use crate::config::Settings;
use crate::context::CallContext;
use crate::error::Result;
use crate::layers::Counters;

/// What a backend gets to open itself. Opening may read local files and waits no longer than the context's deadline;
/// a remote backend connects at its first call.
#[cfg_attr(
    not(any(feature = "encrypted", feature = "file")),
    allow(dead_code, reason = "the memory backend needs nothing to open")
)]
pub(crate) struct OpenRequest<'a> {
    pub(crate) app: &'a str,
    pub(crate) settings: &'a Settings,
    pub(crate) cx: &'a CallContext,
    /// Where the layers of what it opens count.
    #[cfg_attr(
        not(feature = "chain"),
        allow(dead_code, reason = "only `chain` wraps others in layers")
    )]
    pub(crate) counters: &'a Arc<Counters>,
    /// Opens another backend by its word, for one that wraps others.
    #[cfg_attr(
        not(any(feature = "chain", feature = "testing")),
        allow(dead_code, reason = "only `chain` and `fault` open others")
    )]
    pub(crate) other: fn(&str, &OpenRequest<'_>) -> Result<Arc<dyn Backend>>,
}
