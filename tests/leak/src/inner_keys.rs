//! The keys inside a store, read by `docs/store-format.md` alone, so that the scan can look for them.

use std::error::Error;
use std::path::Path;

use aws_lc_rs::{aead, digest, hmac};
use rusqlite::Connection;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Root key, static keys and data keys of the store that the raw key `kek` opens.
///
/// # Errors
/// Where the file is not as the document says.
pub fn inner_keys(store: &Path, kek: &[u8]) -> Result<Vec<Vec<u8>>> {
    let connection = Connection::open(store)?;
    let header: Vec<u8> = connection.query_row("select hdr from meta", [], |row| row.get(0))?;
    // {1: fmt, 2: store_id, …}
    let id = header
        .strip_prefix(&[0xa5, 1, 1, 2, 0x50])
        .and_then(|rest| rest.get(..16))
        .ok_or("header")?;
    let (slot, params, sealed): (i64, Vec<u8>, Vec<u8>) =
        connection.query_row("select slot, params, box from keyslot", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let bound = digest::digest(&digest::SHA256, &params);
    let mut keys = fields(&open(kek, id, 2, slot, bound.as_ref(), &sealed)?)?;
    let root = keys.first().ok_or("no root key")?.clone();
    let mut rows = connection.prepare("select ep, box from epoch order by ep")?;
    for row in rows.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))? {
        let (epoch, sealed) = row?;
        keys.extend(fields(&open(&root, id, 3, epoch, &[], &sealed)?)?);
    }
    Ok(keys)
}

/// Opens a box of `keyslot` or `epoch` (section 4): no sid, epoch field 0.
fn open(sealing: &[u8], id: &[u8], table: u8, number: i64, bound: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
    let (salt, rest) = sealed
        .get(6..)
        .and_then(|rest| rest.split_at_checked(32))
        .ok_or("salt")?;
    let (commitment, rest) = rest.split_at_checked(32).ok_or("commitment")?;
    let (nonce, text) = rest.split_at_checked(12).ok_or("nonce")?;
    let info = [b"strongroom/v1/box".as_slice(), &[1], salt, &[1]].concat();
    let okm = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, sealing), &info);
    let (key, expected) = okm.as_ref().split_at(32);
    if commitment != expected {
        return Err("another key".into());
    }
    let number = number.to_le_bytes();
    let aad = [
        b"strongroom/v1\0".as_slice(),
        id,
        &[table],
        &[0; 16],
        &number,
        &[0; 4],
        bound,
    ]
    .concat();
    let opener = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, key)?);
    let mut text = text.to_vec();
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce)?;
    let plain = opener.open_in_place(nonce, aead::Aad::from(aad), &mut text)?;
    let (length, data) = plain.split_at_checked(4).ok_or("length")?;
    let length = u32::from_le_bytes(length.try_into()?);
    Ok(data.get(..usize::try_from(length)?).ok_or("padding")?.to_vec())
}

/// The values of a map whose values are all byte strings of 32 bytes.
fn fields(map: &[u8]) -> Result<Vec<Vec<u8>>> {
    let (head, entries) = map.split_first().ok_or("no map")?;
    let (entries, rest) = entries.as_chunks::<35>();
    if usize::from(head & 0x1f) != entries.len() || head & 0xe0 != 0xa0 || !rest.is_empty() {
        return Err("not a map of keys".into());
    }
    entries
        .iter()
        .map(|entry| {
            Ok(entry
                .get(1..)
                .and_then(|value| value.strip_prefix(&[0x58, 32]))
                .ok_or("no key")?
                .to_vec())
        })
        .collect()
}
