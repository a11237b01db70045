//! What SQLite needs beyond its safe wrapper.
