//! Canaries travel masked: neither the scanner's request nor the subject's arguments may be found by the scan.

use std::fmt::Write;

/// The byte that masks the byte at `index`.
fn mask(index: usize) -> u8 {
    u8::try_from(index % 251).unwrap_or_default().wrapping_mul(7) ^ 0xa5
}

/// The masked bytes as hexadecimal.
pub fn masked(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for (index, byte) in bytes.iter().enumerate() {
        // Writing to a String does not fail.
        let _ = write!(text, "{:02x}", byte ^ mask(index));
    }
    text
}

/// The bytes one by one, so that no buffer but the caller's target ever holds them.
pub fn unmasked(text: &str) -> impl ExactSizeIterator<Item = u8> {
    let text = text.as_bytes();
    (0..text.len() / 2).map(move |index| {
        let digit = |at: usize| match text.get(at) {
            Some(digit @ b'0'..=b'9') => digit - b'0',
            Some(digit @ b'a'..=b'f') => digit - b'a' + 10,
            _ => 0,
        };
        (digit(2 * index) << 4 | digit(2 * index + 1)) ^ mask(index)
    })
}

/// A vector of exactly its size.
pub fn unmasked_vec(text: &str) -> Vec<u8> {
    let bytes = unmasked(text);
    let mut target = Vec::with_capacity(bytes.len());
    for byte in bytes {
        target.push(byte);
    }
    target
}

/// 48 random letters and digits, new for each run.
///
/// # Panics
/// Where the system has no random numbers.
pub fn random() -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    random_bytes(48)
        .iter()
        .map(|byte| ALPHABET[usize::from(byte % 64)])
        .collect()
}

/// Random bytes.
///
/// # Panics
/// Where the system has no random numbers.
pub fn random_bytes(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    getrandom::fill(&mut bytes).expect("the system's random numbers");
    bytes
}
