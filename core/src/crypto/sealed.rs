//! Sealed boxes: each under a key of its own, bound to its place, committing to its key.
//!
//! ```text
//! box = 01 | suite | epoch u32le | salt[32] | commit[32] | nonce[12] | ciphertext | tag[16]
//! ```

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::random::Fresh;
use super::{KEY_LEN, SUITE, Sid, StoreId, digest, padding};
use crate::error::{Error, ErrorKind, Result};
use crate::wipe::{Wiped, wipe};

/// The first byte of every box.
const VERSION: u8 = 1;
const SALT: std::ops::Range<usize> = 6..38;
const COMMIT: std::ops::Range<usize> = 38..70;
const NONCE: std::ops::Range<usize> = 70..82;
const TAG_LEN: usize = 16;
/// The bytes of a box before its ciphertext.
const HEADER_LEN: usize = 82;
/// The bytes of a box besides its ciphertext.
pub(crate) const OVERHEAD: usize = HEADER_LEN + TAG_LEN;
const LABEL_KEY: &[u8] = b"strongroom/v1/box";
const LABEL_AAD: &[u8; 14] = b"strongroom/v1\0";

/// The tables that hold boxes; the number is part of what a box is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Table {
    Keyslot = 2,
    Epoch = 3,
    Head = 4,
    Ver = 5,
    Journal = 6,
    Root = 7,
}

/// The place that a box is bound to: store, table, row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address {
    pub(crate) store: StoreId,
    pub(crate) table: Table,
    /// The row's sid; zeroes in tables without one.
    pub(crate) sid: Sid,
    /// The row's number: version, sequence, slot, epoch; 0 for a head, 1 for the root.
    pub(crate) number: u64,
    /// What else the box is bound to: the hash of a key slot's parameters.
    pub(crate) bound: Option<[u8; 32]>,
}

impl Address {
    /// A row that has a number only.
    pub(crate) fn numbered(store: StoreId, table: Table, number: u64) -> Self {
        Self {
            store,
            table,
            sid: [0; 16],
            number,
            bound: None,
        }
    }
}

/// Why a box does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is no box: too short, or of another format or suite than the header vouches for, or what it holds is not
    /// padded as it must be.
    Malformed,
    /// It was not sealed with this key (or its salt, suite or commitment was changed).
    OtherKey,
    /// It was sealed with this key, but for another place, or it was changed.
    NotAuthentic,
}

/// A view of a box, before it is opened.
#[derive(Clone, Copy)]
pub(crate) struct SealedBox<'a>(&'a [u8]);

/// What a box held, in a buffer of its own or where the box itself lay. Wiped when dropped.
pub(crate) struct Opened<B: AsRef<[u8]> + AsMut<[u8]> = Vec<u8>> {
    padded: B,
    length: usize,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Opened<B> {
    /// Takes ciphertext and tag, and opens them. What was begun is wiped where it fails.
    fn of(header: &[u8], body: B, deriver: &Deriver, address: &Address) -> Result<Self, Refusal> {
        let mut this = Self {
            padded: body,
            length: 0,
        };
        this.length = decrypt(header, this.padded.as_mut(), deriver, address)?;
        Ok(this)
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> std::ops::Deref for Opened<B> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.padded.as_ref()[4..4 + self.length]
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Drop for Opened<B> {
    fn drop(&mut self) {
        // A vector's length is its capacity here: it was copied at its size and never cut.
        wipe(self.padded.as_mut());
    }
}

impl<'a> SealedBox<'a> {
    /// Looks at the bytes as a box.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        match bytes {
            [VERSION, SUITE, ..] if bytes.len() >= OVERHEAD + padding::LEAST => Ok(Self(bytes)),
            _ => Err(Refusal::Malformed),
        }
    }

    /// The epoch whose key sealed it; 0 where no epoch key did.
    pub(crate) fn epoch(self) -> u32 {
        u32::from_le_bytes([self.0[2], self.0[3], self.0[4], self.0[5]])
    }

    /// The commitment to the key.
    pub(crate) fn commitment(self) -> &'a [u8] {
        &self.0[COMMIT]
    }

    /// The authentication tag.
    pub(crate) fn tag(self) -> &'a [u8] {
        &self.0[self.0.len() - TAG_LEN..]
    }

    /// Opens the box. The commitment is compared before anything is decrypted.
    pub(crate) fn open(self, key: &[u8; KEY_LEN], address: &Address) -> Result<Opened, Refusal> {
        let (header, body) = self.0.split_at(HEADER_LEN);
        Opened::of(header, body.to_vec(), &Deriver::new(key), address)
    }
}

/// Opens a box where it lies, which is no box any more afterwards: for scans, which open thousands.
pub(crate) fn open_in_place<'b>(
    sealed: &'b mut [u8],
    deriver: &Deriver,
    address: &Address,
) -> Result<Opened<&'b mut [u8]>, Refusal> {
    SealedBox::parse(sealed)?;
    let (header, body) = sealed.split_at_mut(HEADER_LEN);
    Opened::of(header, body, deriver, address)
}

/// Decrypts ciphertext and tag in place, and answers how long the data is that begins at the fourth byte.
fn decrypt(header: &[u8], body: &mut [u8], deriver: &Deriver, address: &Address) -> Result<usize, Refusal> {
    let sealed = SealedBox(header);
    let derived = deriver.derive(&header[SALT]).map_err(|_| Refusal::Malformed)?;
    if !digest::equal(&derived[KEY_LEN..], sealed.commitment()) {
        return Err(Refusal::OtherKey);
    }
    // No epoch's key seals these.
    if matches!(address.table, Table::Keyslot | Table::Epoch) && sealed.epoch() != 0 {
        return Err(Refusal::NotAuthentic);
    }
    let cipher = cipher(&derived).map_err(|_| Refusal::Malformed)?;
    let nonce = Nonce::try_assume_unique_for_key(&header[NONCE]).map_err(|_| Refusal::Malformed)?;
    let aad = Associated::new(address, sealed.epoch());
    let padded = cipher
        .open_in_place(nonce, Aad::from(aad.as_slice()), body)
        .map_err(|_| Refusal::NotAuthentic)?;
    let length = match padded.first_chunk::<4>() {
        Some(length) => u32::from_le_bytes(*length) as usize,
        None => return Err(Refusal::Malformed),
    };
    let end = length.checked_add(4).ok_or(Refusal::Malformed)?;
    if padding::bucket(end) != padded.len() || padded[end..].iter().any(|&byte| byte != 0) {
        return Err(Refusal::Malformed);
    }
    Ok(length)
}

/// Seals `data` under a fresh key that `key` and a random salt give, bound to `address` and `epoch`.
///
/// # Errors
/// [`ErrorKind::Unavailable`] where there is no randomness, [`ErrorKind::TooLarge`] above 4 GiB.
pub(crate) fn seal(key: &[u8; KEY_LEN], address: &Address, epoch: u32, data: &[u8]) -> Result<Vec<u8>> {
    seal_with(key, address, epoch, data, Fresh::new()?)
}

/// As [`seal`], with randomness that the caller got before.
pub(crate) fn seal_with(
    key: &[u8; KEY_LEN],
    address: &Address,
    epoch: u32,
    data: &[u8],
    fresh: Fresh,
) -> Result<Vec<u8>> {
    let length = u32::try_from(data.len()).map_err(|_| Error::new(ErrorKind::TooLarge, "a box holds at most 4 GiB"))?;
    let padded = padding::bucket(data.len() + 4);
    let mut out = Vec::with_capacity(OVERHEAD + padded);
    out.extend_from_slice(&[VERSION, SUITE]);
    out.extend_from_slice(&epoch.to_le_bytes());
    out.resize(HEADER_LEN, 0);
    let random = fresh.0;
    out[SALT].copy_from_slice(&random[..32]);
    out[NONCE].copy_from_slice(&random[32..]);
    let derived = Deriver::new(key).derive(&random[..32])?;
    out[COMMIT].copy_from_slice(&derived[KEY_LEN..]);
    // From here to the encryption in place the buffer holds the plaintext; its capacity is exact, so no copy is left.
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(data);
    out.resize(HEADER_LEN + padded, 0);
    let nonce = Nonce::try_assume_unique_for_key(&random[32..]).map_err(|_| failed())?;
    let aad = Associated::new(address, epoch);
    match cipher(&derived)?.seal_in_place_separate_tag(nonce, Aad::from(aad.as_slice()), &mut out[HEADER_LEN..]) {
        Ok(tag) => {
            out.extend_from_slice(tag.as_ref());
            Ok(out)
        }
        Err(_) => {
            drop(Zeroizing::new(out));
            Err(failed())
        }
    }
}

/// Derives the boxes' keys from one key. HKDF-Expand only, because every key that comes here is uniform; with SHA-512
/// and 64 bytes that is one block, so one HMAC. Its two states are made once for all boxes that are opened with this;
/// they are as secret as the key, and the library wipes them when they go. So it lives for a call, never longer.
pub(crate) struct Deriver(hmac::Key);

/// What HKDF's one block is made of: label, suite, salt, and the block's number.
const INFO_LEN: usize = LABEL_KEY.len() + 1 + 32 + 1;

impl Deriver {
    /// What derives from `key`.
    pub(crate) fn new(key: &[u8; KEY_LEN]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA512, key))
    }

    /// `key || commitment` of the box with this salt.
    fn derive(&self, salt: &[u8]) -> Result<Wiped<{ 2 * KEY_LEN }>> {
        let mut info = [1; INFO_LEN];
        let (label, rest) = info.split_at_mut(LABEL_KEY.len());
        label.copy_from_slice(LABEL_KEY);
        rest[0] = SUITE;
        rest[1..33].copy_from_slice(salt);
        let mut derived = Wiped([0; 2 * KEY_LEN]);
        hmac::sign_to_buffer(&self.0, &info, &mut derived[..]).map_err(|_| failed())?;
        Ok(derived)
    }
}

fn cipher(derived: &[u8; 2 * KEY_LEN]) -> Result<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, &derived[..KEY_LEN])
        .map(LessSafeKey::new)
        .map_err(|_| failed())
}

fn failed() -> Error {
    Error::new(
        ErrorKind::Internal,
        "the cryptographic library refused a call that cannot fail",
    )
}

/// The associated data, on the stack.
struct Associated {
    bytes: [u8; 91],
    length: usize,
}

impl Associated {
    fn new(address: &Address, epoch: u32) -> Self {
        let mut this = Self {
            bytes: [0; 91],
            length: 0,
        };
        this.put(LABEL_AAD);
        this.put(&address.store);
        this.put(&[address.table as u8]);
        this.put(&address.sid);
        this.put(&address.number.to_le_bytes());
        this.put(&epoch.to_le_bytes());
        if let Some(bound) = &address.bound {
            this.put(bound);
        }
        this
    }

    fn put(&mut self, part: &[u8]) {
        self.bytes[self.length..self.length + part.len()].copy_from_slice(part);
        self.length += part.len();
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn address() -> Address {
        Address {
            store: [1; 16],
            table: Table::Ver,
            sid: [2; 16],
            number: 3,
            bound: None,
        }
    }

    fn sealed(data: &[u8]) -> Vec<u8> {
        seal(&KEY, &address(), 4, data).unwrap()
    }

    fn open(bytes: &[u8], key: &[u8; 32], address: &Address) -> Result<Vec<u8>, Refusal> {
        SealedBox::parse(bytes)?
            .open(key, address)
            .map(|opened| opened.to_vec())
    }

    #[test]
    fn what_is_sealed_opens() {
        for length in [0, 1, 59, 60, 61, 1000, 70_000] {
            let data = vec![9; length];
            let sealed = sealed(&data);
            assert_eq!(sealed.len(), OVERHEAD + padding::bucket(length + 4));
            assert_eq!(open(&sealed, &KEY, &address()).unwrap(), data);
            assert_eq!(SealedBox::parse(&sealed).unwrap().epoch(), 4);
        }
        assert_eq!(sealed(&[1; 40]).len(), 162);
    }

    #[test]
    fn each_part_of_the_place_counts() {
        let sealed = sealed(b"value");
        let wrong = [
            Address {
                store: [9; 16],
                ..address()
            },
            Address {
                table: Table::Head,
                ..address()
            },
            Address {
                sid: [9; 16],
                ..address()
            },
            Address { number: 4, ..address() },
            Address {
                bound: Some([0; 32]),
                ..address()
            },
        ];
        for address in &wrong {
            assert_eq!(open(&sealed, &KEY, address), Err(Refusal::NotAuthentic), "{address:?}");
        }
        let mut other_epoch = sealed.clone();
        other_epoch[2] ^= 1;
        assert_eq!(open(&other_epoch, &KEY, &address()), Err(Refusal::NotAuthentic));
    }

    #[test]
    fn keys_are_sealed_under_no_epoch() {
        for table in [Table::Keyslot, Table::Epoch] {
            let address = Address { table, ..address() };
            assert!(open(&seal(&KEY, &address, 0, b"key").unwrap(), &KEY, &address).is_ok());
            let odd = seal(&KEY, &address, 1, b"key").unwrap();
            assert_eq!(open(&odd, &KEY, &address), Err(Refusal::NotAuthentic), "{table:?}");
        }
    }

    #[test]
    fn the_commitment_is_compared_first() {
        let sealed = sealed(b"value");
        assert_eq!(open(&sealed, &[8; 32], &address()), Err(Refusal::OtherKey));
        // The ciphertext is ruined as well: the answer is still about the key, so nothing was decrypted.
        let mut ruined = sealed.clone();
        *ruined.last_mut().unwrap() ^= 1;
        assert_eq!(open(&ruined, &[8; 32], &address()), Err(Refusal::OtherKey));
        ruined[40] ^= 1;
        assert_eq!(open(&ruined, &KEY, &address()), Err(Refusal::OtherKey));
    }

    #[test]
    fn every_flipped_byte_is_refused() {
        let sealed = sealed(b"value");
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 0x10;
            assert!(open(&flipped, &KEY, &address()).is_err(), "{at}");
        }
        for length in 0..sealed.len() {
            assert!(open(&sealed[..length], &KEY, &address()).is_err(), "{length}");
        }
        let mut newer = sealed.clone();
        newer[1] = 2;
        assert_eq!(open(&newer, &KEY, &address()), Err(Refusal::Malformed));
    }

    #[test]
    fn keys_are_derived_by_hkdf_expand() {
        use aws_lc_rs::hkdf::{HKDF_SHA512, KeyType, Prk};
        struct Both;
        impl KeyType for Both {
            fn len(&self) -> usize {
                2 * KEY_LEN
            }
        }
        let deriver = Deriver::new(&KEY);
        for salt in [[0; 32], [9; 32], [255; 32]] {
            let mut wanted = [0; 2 * KEY_LEN];
            Prk::new_less_safe(HKDF_SHA512, &KEY)
                .expand(&[LABEL_KEY, &[SUITE], &salt], Both)
                .and_then(|okm| okm.fill(&mut wanted))
                .unwrap();
            assert_eq!(*deriver.derive(&salt).unwrap(), wanted);
        }
    }

    #[test]
    fn a_box_opens_where_it_lies_and_is_wiped() {
        let mut bytes = sealed(b"value");
        let deriver = Deriver::new(&KEY);
        assert_eq!(
            &*open_in_place(&mut bytes, &deriver, &address()).ok().unwrap(),
            b"value"
        );
        assert!(bytes[HEADER_LEN..].iter().all(|&byte| byte == 0));
        let mut bytes = sealed(b"value");
        let elsewhere = Address { number: 9, ..address() };
        assert_eq!(
            open_in_place(&mut bytes, &deriver, &elsewhere).err(),
            Some(Refusal::NotAuthentic)
        );
        assert_eq!(
            open_in_place(&mut bytes[..99], &deriver, &address()).err(),
            Some(Refusal::Malformed)
        );
    }

    #[test]
    fn boxes_differ_each_time() {
        assert_ne!(sealed(b"value"), sealed(b"value"));
    }
}
