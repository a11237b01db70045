//! Key slots: the ways to the root key. Kinds that this version does not know are skipped and left as they are.

use zeroize::Zeroizing;

use super::cbor::{Fields, MapWriter, NO_UNKNOWN, Reader};
use super::error::{Damage, damaged};
use super::keyring::take_key;
use super::ledger::SlotRow;
use crate::crypto::digest::Sha256;
use crate::crypto::sealed::seal;
use crate::crypto::{Address, KEY_LEN, Refusal, SealedBox, StoreId, Table, random};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::arena::GuardedKey;

/// How a slot's key comes about. The numbers are part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub(crate) enum Kind {
    /// 32 bytes as they are.
    Raw = 1,
}

/// Opens the root key: the first slot of `kind` that `key` opens.
///
/// # Errors
/// [`ErrorKind::WrongKey`] where no slot of the kind takes the key, [`ErrorKind::KeyMissing`] where there is no such
/// slot, [`ErrorKind::Integrity`] where a slot takes the key and was changed.
pub(crate) fn open(store: &StoreId, rows: &[SlotRow], kind: Kind, key: &[u8; KEY_LEN]) -> Result<GuardedKey> {
    let mut seen = false;
    for row in rows.iter().filter(|row| row.kind == kind as i64) {
        seen = true;
        let sealed = SealedBox::parse(&row.sealed).damage("keyslot")?;
        let opened = match sealed.open(key, &address(store, row)?) {
            Err(Refusal::OtherKey) => continue,
            other => other.damage("keyslot")?,
        };
        // The box vouches for the parameters; the column must say the same.
        let stated = Fields::parse(&row.params)
            .and_then(|mut fields| fields.need(2, Reader::int))
            .damage("keyslot")?;
        if stated != row.kind {
            return Err(damaged("a key slot contradicts itself"));
        }
        let mut root = take_key(&opened).damage("keyslot")?;
        return Ok(GuardedKey::take(&mut root));
    }
    Err(match seen {
        true => Error::new(ErrorKind::WrongKey, "the key opens no slot of the store"),
        false => Error::new(ErrorKind::KeyMissing, "the store has no slot for a raw key"),
    })
}

/// A raw slot for `key`.
pub(crate) fn new_raw(
    store: &StoreId,
    slot: i64,
    key: &[u8; KEY_LEN],
    root: &Zeroizing<[u8; KEY_LEN]>,
) -> Result<SlotRow> {
    let id: [u8; 16] = random::array()?;
    let mut writer = MapWriter::new(64, &NO_UNKNOWN);
    writer
        .bytes(1, &id)
        .int(2, Kind::Raw as i64)
        .text(3, "raw key")
        .text(4, "");
    let params = writer.finish().to_vec();
    let mut row = SlotRow {
        slot,
        kind: Kind::Raw as i64,
        params,
        sealed: Vec::new(),
    };
    let mut writer = MapWriter::new(64, &NO_UNKNOWN);
    writer.bytes(1, &root[..]);
    row.sealed = seal(key, &address(store, &row)?, 0, &writer.finish())?;
    Ok(row)
}

fn address(store: &StoreId, row: &SlotRow) -> Result<Address> {
    let number = u64::try_from(row.slot).map_err(|_| damaged("a key slot has no number"))?;
    let mut hash = Sha256::new(b"");
    hash.update(&row.params);
    Ok(Address {
        bound: Some(hash.finish()),
        ..Address::numbered(*store, Table::Keyslot, number)
    })
}
