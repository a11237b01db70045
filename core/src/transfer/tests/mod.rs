//! Documents: what is written is read back, and what cannot be read is refused without a word of its values.

mod names;
mod refused;
mod round_trip;
