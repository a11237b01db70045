//! What the backends on another machine share.

pub(in crate::backends) mod document;
