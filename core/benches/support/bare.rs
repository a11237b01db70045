//! The floors of the store: SQLite with nothing around it, and the least code that reads our format's heads, written
//! from `docs/store-format.md` with public crates.

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA512, KeyType, Prk};
use minicbor::Decoder;
use rusqlite::{Connection, OpenFlags};

/// A table with one row a key, in the same modes as the store.
pub struct BareTable {
    connection: Connection,
    /// What the next row holds: SQLite writes nothing where a row stays as it is.
    next: std::cell::Cell<u64>,
}

impl BareTable {
    /// Opens the table at `path`, and makes it with `rows` rows where it is not there.
    pub fn open(path: &Path, rows: usize) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;
                 CREATE TABLE IF NOT EXISTS t(k BLOB PRIMARY KEY, v BLOB) STRICT, WITHOUT ROWID;",
            )
            .unwrap();
        let next = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
        let table = Self {
            connection,
            next: std::cell::Cell::new(next),
        };
        let held: i64 = table
            .connection
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .unwrap();
        if (held as usize) < rows {
            table.connection.execute_batch("BEGIN").unwrap();
            (0..rows).for_each(|n| table.set(n));
            table.connection.execute_batch("COMMIT").unwrap();
        }
        table
    }

    /// Writes one row of a box's size, in a transaction of its own unless one is open.
    pub fn set(&self, n: usize) {
        let mut key = [0_u8; 16];
        // Spread like a hash, as our rows are.
        key[..8].copy_from_slice(&(n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        let mut value = [7_u8; 200];
        self.next.set(self.next.get() + 1);
        value[..8].copy_from_slice(&self.next.get().to_le_bytes());
        let mut statement = self
            .connection
            .prepare_cached("INSERT OR REPLACE INTO t VALUES(?1, ?2)")
            .unwrap();
        statement.execute((&key[..], &value[..])).unwrap();
    }
}

/// What the bare loop makes of a head.
pub struct BareHead {
    pub name: String,
    pub provider: Option<String>,
    pub created: i64,
    pub current: u64,
    pub updated: i64,
    pub expires: Option<i64>,
}

/// A store opened by the page of its format: connection, id and the key of epoch 1.
pub struct BareReader {
    connection: Connection,
    store: [u8; 16],
    epoch_key: Prk,
}

impl BareReader {
    pub fn open(path: &Path, key: &[u8; 32]) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).unwrap();
        let blob = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        let header = blob("SELECT hdr FROM meta");
        let store = <[u8; 16]>::try_from(bytes_at(&header, 2).unwrap()).unwrap();
        let bound = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &blob("SELECT params FROM keyslot"));
        let slot = blob("SELECT box FROM keyslot");
        let number = connection
            .query_row("SELECT slot FROM keyslot", [], |row| row.get::<_, i64>(0))
            .unwrap();
        let mut room = Vec::new();
        let place = (2, [0; 16], number as u64);
        let root = open(&prk(key), &store, place, Some(bound.as_ref()), &slot, &mut room);
        let root = prk(bytes_at(root, 1).unwrap());
        let epoch = blob("SELECT box FROM epoch WHERE ep = 1");
        let mut room = Vec::new();
        let epoch = open(&root, &store, (3, [0; 16], 1), None, &epoch, &mut room);
        let epoch_key = prk(bytes_at(epoch, 1).unwrap());
        Self {
            connection,
            store,
            epoch_key,
        }
    }

    /// Scan, derive, open, decode.
    pub fn list(&self) -> Vec<BareHead> {
        let mut statement = self.connection.prepare_cached("SELECT sid, box FROM head").unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut heads = Vec::new();
        let mut room = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let sid = row.get_ref(0).unwrap().as_blob().unwrap().try_into().unwrap();
            let sealed = row.get_ref(1).unwrap().as_blob().unwrap();
            heads.push(decode(open(
                &self.epoch_key,
                &self.store,
                (4, sid, 0),
                None,
                sealed,
                &mut room,
            )));
        }
        heads
    }
}

fn prk(key: &[u8]) -> Prk {
    Prk::new_less_safe(HKDF_SHA512, key)
}

struct Both;

impl KeyType for Both {
    fn len(&self) -> usize {
        64
    }
}

fn open<'a>(
    key: &Prk,
    store: &[u8; 16],
    (table, sid, number): (u8, [u8; 16], u64),
    bound: Option<&[u8]>,
    sealed: &[u8],
    room: &'a mut Vec<u8>,
) -> &'a [u8] {
    let mut derived = [0; 64];
    key.expand(&[b"strongroom/v1/box", &[1], &sealed[6..38]], Both)
        .unwrap()
        .fill(&mut derived)
        .unwrap();
    aws_lc_rs::constant_time::verify_slices_are_equal(&derived[32..], &sealed[38..70]).unwrap();
    let mut aad = [0_u8; 91];
    aad[..14].copy_from_slice(b"strongroom/v1\0");
    aad[14..30].copy_from_slice(store);
    aad[30] = table;
    aad[31..47].copy_from_slice(&sid);
    aad[47..55].copy_from_slice(&number.to_le_bytes());
    aad[55..59].copy_from_slice(&sealed[2..6]);
    let length = bound.map_or(59, |bound| {
        aad[59..].copy_from_slice(bound);
        91
    });
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derived[..32]).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(&sealed[70..82]).unwrap();
    room.clear();
    room.extend_from_slice(&sealed[82..]);
    let plain = cipher.open_in_place(nonce, Aad::from(&aad[..length]), room).unwrap();
    let length = u32::from_le_bytes(*plain.first_chunk().unwrap()) as usize;
    &plain[4..4 + length]
}

/// The byte string under a key of a CBOR map.
fn bytes_at(map: &[u8], wanted: u64) -> Option<&[u8]> {
    let mut decoder = Decoder::new(map);
    for _ in 0..decoder.map().unwrap()? {
        if decoder.u64().unwrap() == wanted {
            return decoder.bytes().ok();
        }
        decoder.skip().unwrap();
    }
    None
}

fn decode(map: &[u8]) -> BareHead {
    let mut head = BareHead {
        name: String::new(),
        provider: None,
        created: 0,
        current: 0,
        updated: 0,
        expires: None,
    };
    let mut decoder = Decoder::new(map);
    for _ in 0..decoder.map().unwrap().unwrap() {
        match decoder.u8().unwrap() {
            1 => head.name = decoder.str().unwrap().to_owned(),
            2 => head.created = decoder.i64().unwrap(),
            3 => head.current = decoder.u64().unwrap(),
            4 => {
                for _ in 0..decoder.array().unwrap().unwrap() {
                    for _ in 0..decoder.map().unwrap().unwrap() {
                        match decoder.u8().unwrap() {
                            2 => head.updated = decoder.i64().unwrap(),
                            _ => decoder.skip().unwrap(),
                        }
                    }
                }
            }
            5 => head.provider = Some(decoder.str().unwrap().to_owned()),
            8 => head.expires = Some(decoder.i64().unwrap()),
            _ => decoder.skip().unwrap(),
        }
    }
    head
}
