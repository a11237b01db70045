//! What the backends on another machine share.

pub(in crate::backends) mod document;
#[cfg(feature = "vault")]
pub(in crate::backends) mod net;
#[cfg(feature = "vault")]
pub(in crate::backends) mod tls;
pub(in crate::backends) mod together;
