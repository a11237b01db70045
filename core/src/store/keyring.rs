//! A store's keys in memory, and the checks that every open makes before they are trusted.

use rusqlite::Connection;
use zeroize::{Zeroize, Zeroizing};

use super::cbor::{Fields, Malformed, MapWriter, NO_UNKNOWN, Reader};
use super::error::{Damage, Halt, Step, damaged};
use super::growth::{Growth, MAX_EPOCHS, MAX_SLOTS};
use super::ledger::{Accumulator, Header, Root, SlotRow, slots_hash};
use super::opener::Opener;
use super::slots;
use crate::crypto::digest::{equal, hmac_sha256};
use crate::crypto::random::Fresh;
use crate::crypto::sealed::{Opened, seal, seal_with};
use crate::crypto::{Address, KEY_LEN, SealedBox, Sid, StoreId, Table, random};
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;
use crate::sys::arena::GuardedKey;

/// The epoch whose box holds the static keys.
const STATIC: u32 = 0;

/// The keys of one store. The header was authenticated with them.
pub(crate) struct Keyring {
    pub(crate) store: StoreId,
    /// Opens the epochs' boxes.
    root: GuardedKey,
    /// Turns keys into sids.
    index: GuardedKey,
    /// Makes the accumulator's terms.
    accumulator: GuardedKey,
    /// Authenticates the header.
    header: GuardedKey,
    /// The epochs' keys, by number.
    epochs: Vec<(u32, GuardedKey)>,
}

/// The rows that an open reads, from one snapshot.
pub(crate) struct OpeningRows {
    pub(crate) header: Vec<u8>,
    pub(crate) mac: Vec<u8>,
    pub(crate) slots: Vec<SlotRow>,
    pub(crate) epochs: Vec<(i64, Vec<u8>)>,
    pub(crate) root: Vec<u8>,
}

impl OpeningRows {
    /// Reads them. The caller has a transaction open.
    pub(crate) fn read(connection: &Connection) -> Step<Self> {
        let blob =
            |row: &rusqlite::Row<'_>, column| row.get_ref(column)?.as_blob().map(<[u8]>::to_vec).map_err(Into::into);
        let one = |sql: &str, what: &str| -> Step<Vec<Vec<u8>>> {
            let mut statement = connection.prepare_cached(sql)?;
            let columns = statement.column_count();
            let mut rows = statement.query([])?;
            let row = rows
                .next()?
                .ok_or_else(|| damaged(format!("the table `{what}` has no row")))?;
            if row.get::<_, i64>(0)? != 1 {
                return Err(damaged(format!("the row of the table `{what}` has another number")).into());
            }
            let found = (1..columns)
                .map(|column| blob(row, column))
                .collect::<rusqlite::Result<_>>()?;
            match rows.next()? {
                None => Ok(found),
                Some(_) => Err(damaged(format!("the table `{what}` has more than one row")).into()),
            }
        };
        let [header, mac] = one("SELECT id, hdr, mac FROM meta ORDER BY id LIMIT 2", "meta")?
            .try_into()
            .map_err(|_| damaged("the header is malformed"))?;
        let (mut slots, mut epochs) = (Vec::new(), Vec::new());
        let mut growth = Growth::new("keyslot", MAX_SLOTS);
        let mut statement = connection.prepare_cached("SELECT slot, kind, params, box FROM keyslot ORDER BY slot")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let row = SlotRow {
                slot: row.get(0)?,
                kind: row.get(1)?,
                params: blob(row, 2)?,
                sealed: blob(row, 3)?,
            };
            growth.row(row.slot, row.params.len() + row.sealed.len())?;
            slots.push(row);
        }
        let mut growth = Growth::new("epoch", MAX_EPOCHS);
        let mut statement = connection.prepare_cached("SELECT ep, box FROM epoch ORDER BY ep")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (number, sealed) = (row.get(0)?, blob(row, 1)?);
            growth.row(number, sealed.len())?;
            epochs.push((number, sealed));
        }
        let root = one("SELECT id, box FROM root ORDER BY id LIMIT 2", "root")?
            .pop()
            .unwrap_or_default();
        Ok(Self {
            header,
            mac,
            slots,
            epochs,
            root,
        })
    }

    /// The header, before anything of it is authentic.
    pub(crate) fn header(&self) -> Result<Header> {
        Header::decode(&self.header).damage("meta")?.ok_or_else(|| {
            Error::new(
                ErrorKind::UnsupportedFormat,
                "the store was written by a newer version, in a way this one cannot read",
            )
        })
    }
}

impl Keyring {
    /// Opens the key hierarchy with the key of a raw slot, and authenticates header, slots and root with it.
    pub(crate) fn unlock(rows: &OpeningRows, key: &[u8; KEY_LEN]) -> Result<(Self, Root)> {
        let header = rows.header()?;
        let root_key = slots::open(&header.store, &rows.slots, slots::Kind::Raw, key)?;
        let mut keys = Statics::default();
        let mut found = false;
        let mut epochs = Vec::new();
        for (number, sealed) in &rows.epochs {
            let number = u32::try_from(*number).map_err(|_| damaged("an epoch has no number"))?;
            let address = Address::numbered(header.store, Table::Epoch, u64::from(number));
            let opened = SealedBox::parse(sealed)
                .damage("epoch")?
                .open(root_key.expose(), &address)
                .damage("epoch")?;
            if number == STATIC {
                keys.decode(&opened).damage("epoch")?;
                found = true;
            } else {
                let mut key = take_key(&opened).damage("epoch")?;
                epochs.push((number, GuardedKey::take(&mut key)));
            }
        }
        if !found {
            return Err(damaged("the table `epoch` lacks the static keys"));
        }
        let this = Self {
            store: header.store,
            root: root_key,
            index: GuardedKey::take(&mut keys.index),
            accumulator: GuardedKey::take(&mut keys.accumulator),
            header: GuardedKey::take(&mut keys.header),
            epochs,
        };
        let root = this.authenticate(rows).map_err(Halt::into_error)?;
        Ok((this, root))
    }

    /// Authenticates header, slots and root.
    pub(crate) fn authenticate(&self, rows: &OpeningRows) -> Step<Root> {
        if !equal(&Header::mac(self.header.expose(), &rows.header), &rows.mac) {
            return Err(damaged("the store's header is not authentic").into());
        }
        let root = self.open_root(&rows.root)?;
        self.epoch(root.epoch, "root")?;
        if !equal(&slots_hash(&rows.slots), &root.slots_hash) {
            return Err(damaged("the key slots are not the ones that the store last knew")
                .with_help("a slot was added, changed or brought back from outside; restore from a backup")
                .into());
        }
        Ok(root)
    }

    /// Opens every epoch's box, for `verify`.
    pub(crate) fn check_epochs(&self, rows: &OpeningRows) -> Result<()> {
        for (number, sealed) in &rows.epochs {
            let number = u64::try_from(*number).map_err(|_| damaged("an epoch has no number"))?;
            let address = Address::numbered(self.store, Table::Epoch, number);
            SealedBox::parse(sealed)
                .damage("epoch")?
                .open(self.root.expose(), &address)
                .damage("epoch")?;
        }
        Ok(())
    }

    /// Opens the root's box.
    pub(crate) fn open_root(&self, sealed: &[u8]) -> Step<Root> {
        let opened = self.open(Address::numbered(self.store, Table::Root, 1), sealed, "root")?;
        Ok(Root::decode(&opened).damage("root")?)
    }

    /// Opens a box that an epoch's key sealed. [`Halt::NoEpoch`] where this keyring does not know the epoch: another
    /// process may have made it since.
    pub(crate) fn open(&self, address: Address, sealed: &[u8], what: &'static str) -> Step<Opened> {
        let sealed = SealedBox::parse(sealed).damage(what)?;
        let key = self.epoch(sealed.epoch(), what)?;
        Ok(sealed.open(key, &address).damage(what)?)
    }

    /// Opens many boxes, one after the other.
    pub(crate) fn opener(&self) -> Opener<'_> {
        Opener::new(self)
    }

    /// Seals a box under the key of an epoch, with fresh randomness for its salt and nonce.
    pub(crate) fn seal(&self, address: &Address, epoch: u32, data: &[u8], fresh: Fresh) -> Step<Vec<u8>> {
        Ok(seal_with(self.epoch(epoch, "root")?, address, epoch, data, fresh)?)
    }

    /// The key of an epoch that a row of the table `what` names.
    pub(super) fn epoch(&self, number: u32, what: &'static str) -> Step<&[u8; KEY_LEN]> {
        let found = self.epochs.iter().rev().find(|(epoch, _)| *epoch == number);
        found.map(|(_, key)| key.expose()).ok_or_else(|| {
            Halt::NoEpoch(damaged(format!(
                "a row of the table `{what}` names an epoch that the store does not have"
            )))
        })
    }

    /// The place of a secret's head.
    pub(crate) fn head_address(&self, sid: Sid) -> Address {
        Address {
            store: self.store,
            table: Table::Head,
            sid,
            number: 0,
            bound: None,
        }
    }

    /// The place of a version.
    pub(crate) fn version_address(&self, sid: Sid, version: u64) -> Address {
        Address {
            store: self.store,
            table: Table::Ver,
            sid,
            number: version,
            bound: None,
        }
    }

    /// The accumulator's term of a row.
    pub(crate) fn term(&self, table: Table, sid: &Sid, version: u64, sealed: &[u8]) -> Result<[u8; 32]> {
        let sealed = SealedBox::parse(sealed).damage(if table == Table::Head { "head" } else { "ver" })?;
        Ok(Accumulator::term_of(
            self.accumulator.expose(),
            table,
            sid,
            version,
            sealed,
        ))
    }

    /// The accumulator's term of a version of which only commitment and tag were read.
    pub(crate) fn version_term(&self, sid: &Sid, version: u64, commitment: &[u8], tag: &[u8]) -> [u8; 32] {
        Accumulator::term(self.accumulator.expose(), Table::Ver, sid, version, commitment, tag)
    }

    /// What stands for a key in the store. Each part comes with its length, so no two keys give the same bytes.
    pub(crate) fn sid(&self, key: &SecretKey) -> Sid {
        sid(self.index.expose(), key)
    }
}

fn sid(index: &[u8; KEY_LEN], key: &SecretKey) -> Sid {
    let parts = [
        key.kind().word(),
        key.id().unwrap_or_default(),
        key.name(),
        key.target().unwrap_or_default(),
    ];
    let lengths = parts.map(|part| u16::try_from(part.len()).unwrap_or(u16::MAX).to_le_bytes());
    let present = [u8::from(key.target().is_some())];
    let [kind, id, name, target] = parts.map(str::as_bytes);
    let hash = hmac_sha256(
        index,
        &[
            &lengths[0],
            kind,
            &lengths[1],
            id,
            &lengths[2],
            name,
            &present,
            &lengths[3],
            target,
        ],
    );
    let mut sid = [0; 16];
    sid.copy_from_slice(&hash[..16]);
    sid
}

/// The static keys on their way between box and guarded memory. Wiped when dropped.
#[derive(Default)]
struct Statics {
    index: [u8; KEY_LEN],
    accumulator: [u8; KEY_LEN],
    header: [u8; KEY_LEN],
}

impl Statics {
    fn decode(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let mut fields = Fields::parse(bytes)?;
        for (key, place) in [(1, &mut self.index), (2, &mut self.accumulator), (5, &mut self.header)] {
            let bytes = fields.need(key, Reader::bytes)?;
            if bytes.len() != KEY_LEN {
                return Err(Malformed);
            }
            place.copy_from_slice(bytes);
        }
        // Not used yet, but there.
        for key in [3, 4] {
            if fields.need(key, Reader::bytes)?.len() != KEY_LEN {
                return Err(Malformed);
            }
        }
        Ok(())
    }
}

impl Drop for Statics {
    fn drop(&mut self) {
        self.index.zeroize();
        self.accumulator.zeroize();
        self.header.zeroize();
    }
}

/// The one key of an epoch's or a slot's box.
pub(crate) fn take_key(bytes: &[u8]) -> Result<Zeroizing<[u8; KEY_LEN]>, Malformed> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    let mut fields = Fields::parse(bytes)?;
    let found = fields.need(1, Reader::bytes)?;
    if found.len() != KEY_LEN {
        return Err(Malformed);
    }
    key.copy_from_slice(found);
    Ok(key)
}

/// The rows of a new store: everything but its (empty) secrets.
pub(crate) fn new_store(key: &[u8; KEY_LEN], now: i64) -> Step<OpeningRows> {
    let store: StoreId = random::array()?;
    let fresh = || -> Result<Zeroizing<[u8; KEY_LEN]>> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        random::fill(&mut key[..])?;
        Ok(key)
    };
    let (root_key, epoch_key) = (fresh()?, fresh()?);
    // K_idx, K_acc, K_fp, K_aud, K_hdr: the third and the fourth are for later uses, and made now so that they exist.
    let statics = [fresh()?, fresh()?, fresh()?, fresh()?, fresh()?];
    let mut writer = MapWriter::new(256, &NO_UNKNOWN);
    for (number, key) in (1..).zip(&statics) {
        writer.bytes(number, &key[..]);
    }
    let static_box = writer.finish();
    let mut writer = MapWriter::new(64, &NO_UNKNOWN);
    writer.bytes(1, &epoch_key[..]);
    let epoch_box = writer.finish();
    let epochs = [(0, static_box), (1, epoch_box)]
        .into_iter()
        .map(|(number, data)| {
            let address = Address::numbered(store, Table::Epoch, number);
            Ok((number as i64, seal(&root_key, &address, 0, &data)?))
        })
        .collect::<Result<_>>()?;
    let slots = vec![slots::new_raw(&store, 1, key, &root_key)?];
    let root = Root {
        epoch: 1,
        slots_hash: slots_hash(&slots),
        time_high_water: now,
        ..Root::default()
    };
    let root = seal(&epoch_key, &Address::numbered(store, Table::Root, 1), 1, &root.encode())?;
    let header = Header { store, created: now }.encode();
    let mac = Header::mac(&statics[4], &header).to_vec();
    Ok(OpeningRows {
        header,
        mac,
        slots,
        epochs,
        root,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_share_a_sid() {
        let keys = [
            "global/a",
            "global/a@b",
            "global/ab",
            "global/a.b",
            "org/a/b",
            "org/a/b@c",
            "org/ab/c",
            "org/a/bc",
            "team/a/b",
            "org/a/b@==",
            "global/a@==",
            "user/global/a",
            "global/global",
        ];
        let mut sids: Vec<Sid> = keys
            .iter()
            .map(|text| sid(&[1; 32], &SecretKey::parse(text).unwrap()))
            .collect();
        sids.sort_unstable();
        sids.dedup();
        assert_eq!(sids.len(), keys.len());
    }

    #[test]
    fn a_new_store_unlocks_with_its_key_only() {
        let rows = new_store(&[3; 32], 5).unwrap();
        let (keys, root) = Keyring::unlock(&rows, &[3; 32]).unwrap();
        assert_eq!((root.seq, root.epoch, root.time_high_water), (0, 1, 5));
        keys.check_epochs(&rows).unwrap();
        let kind = |rows: &OpeningRows, key: u8| Keyring::unlock(rows, &[key; 32]).err().map(|error| error.kind());
        assert_eq!(kind(&rows, 4), Some(ErrorKind::WrongKey));
        let mut edited = new_store(&[3; 32], 5).unwrap();
        edited.slots[0].params.push(0);
        assert_eq!(kind(&edited, 3), Some(ErrorKind::Integrity));
        let mut edited = new_store(&[3; 32], 5).unwrap();
        edited.slots.push(SlotRow {
            slot: 9,
            kind: 77,
            params: vec![0xa0],
            sealed: vec![1],
        });
        assert_eq!(
            kind(&edited, 3),
            Some(ErrorKind::Integrity),
            "a slot put in from outside"
        );
        let mut edited = new_store(&[3; 32], 5).unwrap();
        edited.mac[0] ^= 1;
        assert_eq!(kind(&edited, 3), Some(ErrorKind::Integrity));
        let mut edited = new_store(&[3; 32], 5).unwrap();
        edited.epochs.swap(0, 1);
        edited.epochs[0].0 = 0;
        edited.epochs[1].0 = 1;
        assert_eq!(kind(&edited, 3), Some(ErrorKind::Integrity));
    }
}
