//! A backend's own bounded worker thread.
