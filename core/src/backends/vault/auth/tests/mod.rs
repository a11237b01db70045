//! The login against a stub of the server.
