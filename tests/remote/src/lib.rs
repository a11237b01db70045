//! What talks to servers, against real servers, behind connections that break.
