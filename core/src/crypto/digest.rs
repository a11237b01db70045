//! Hashes and keyed hashes.

use aws_lc_rs::{constant_time, digest, hmac};

use super::KEY_LEN;

/// HMAC-SHA-256 over the parts, one after the other. The parts must be unambiguous together; this adds nothing.
pub(crate) fn hmac_sha256(key: &[u8; KEY_LEN], parts: &[&[u8]]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    sized(context.sign().as_ref())
}

/// SHA-256, fed in pieces.
pub(crate) struct Sha256(digest::Context);

impl Sha256 {
    /// A hash that begins with `label`, which keeps the uses of SHA-256 apart.
    pub(crate) fn new(label: &[u8]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(label);
        Self(context)
    }

    /// Adds bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(bytes);
        self
    }

    /// The hash.
    pub(crate) fn finish(self) -> [u8; 32] {
        sized(self.0.finish().as_ref())
    }
}

/// Whether two byte strings are equal, in a time that depends on the length only.
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

fn sized(bytes: &[u8]) -> [u8; 32] {
    let mut array = [0; 32];
    array.copy_from_slice(bytes);
    array
}
