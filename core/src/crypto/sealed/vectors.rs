//! The boxes that the second implementation made, `tests/vectors/store/boxes.json`.

use data_encoding::HEXLOWER;
use serde_json::Value;

use super::*;

/// One vector: the parts that make the box, and the box.
struct Vector {
    name: String,
    key: [u8; KEY_LEN],
    address: Address,
    epoch: u32,
    plaintext: Vec<u8>,
    salt: Vec<u8>,
    nonce: Vec<u8>,
    aad: Vec<u8>,
    sealed: Vec<u8>,
}

impl Vector {
    fn read(json: &Value) -> Self {
        let bytes = |field: &str| HEXLOWER.decode(json[field].as_str().unwrap().as_bytes()).unwrap();
        let number = |field: &str| json[field].as_u64().unwrap();
        let bound = bytes("bound");
        Self {
            name: json["name"].as_str().unwrap().to_owned(),
            key: bytes("key").try_into().unwrap(),
            address: Address {
                store: bytes("store_id").try_into().unwrap(),
                table: table(number("table")),
                sid: bytes("sid").try_into().unwrap(),
                number: number("number"),
                bound: (!bound.is_empty()).then(|| bound.try_into().unwrap()),
            },
            epoch: number("epoch").try_into().unwrap(),
            plaintext: bytes("plaintext"),
            salt: bytes("salt"),
            nonce: bytes("nonce"),
            aad: bytes("aad"),
            sealed: bytes("box"),
        }
    }

    fn open(&self, sealed: &[u8], key: &[u8; KEY_LEN], address: &Address) -> Result<Vec<u8>, Refusal> {
        SealedBox::parse(sealed)?
            .open(key, address)
            .map(|opened| opened.to_vec())
    }

    /// What the vector's plaintext is when padded.
    fn padded(&self) -> Vec<u8> {
        let mut padded = u32::try_from(self.plaintext.len()).unwrap().to_le_bytes().to_vec();
        padded.extend_from_slice(&self.plaintext);
        padded.resize(padding::bucket(padded.len()), 0);
        padded
    }

    /// A box of exactly these bytes, with the vector's key, salt, nonce and place.
    fn seal(&self, mut padded: Vec<u8>) -> Vec<u8> {
        let derived = Deriver::new(&self.key).derive(&self.salt).unwrap();
        let nonce = Nonce::try_assume_unique_for_key(&self.nonce).unwrap();
        let aad = Associated::new(&self.address, self.epoch);
        cipher(&derived)
            .unwrap()
            .seal_in_place_append_tag(nonce, Aad::from(aad.as_slice()), &mut padded)
            .unwrap();
        let epoch = self.epoch.to_le_bytes();
        [
            &[VERSION, SUITE],
            &epoch[..],
            &self.salt,
            &derived[KEY_LEN..],
            &self.nonce,
            &padded,
        ]
        .concat()
    }
}

fn table(number: u64) -> Table {
    let tables = [
        Table::Keyslot,
        Table::Epoch,
        Table::Head,
        Table::Ver,
        Table::Journal,
        Table::Root,
    ];
    tables.into_iter().find(|&table| table as u64 == number).unwrap()
}

fn file() -> Value {
    let file: Value = serde_json::from_str(include_str!("../../../../tests/vectors/store/boxes.json")).unwrap();
    assert_eq!(file["format"], 1);
    file
}

fn vectors() -> Vec<Vector> {
    let vectors: Vec<_> = file()["boxes"].as_array().unwrap().iter().map(Vector::read).collect();
    assert_eq!(vectors.len(), 12);
    vectors
}

#[test]
fn every_box_opens_and_is_sealed_alike() {
    for vector in vectors() {
        let opened = vector.open(&vector.sealed, &vector.key, &vector.address);
        assert_eq!(opened.as_ref(), Ok(&vector.plaintext), "{}", vector.name);
        assert_eq!(SealedBox::parse(&vector.sealed).unwrap().epoch(), vector.epoch);
        let aad = Associated::new(&vector.address, vector.epoch);
        assert_eq!(aad.as_slice(), vector.aad, "{}", vector.name);
        assert_eq!(vector.seal(vector.padded()), vector.sealed, "{}", vector.name);
    }
}

#[test]
fn no_box_opens_elsewhere() {
    for vector in vectors() {
        let right = vector.address;
        let mut wrong = [right; 5];
        wrong[0].store[15] ^= 1;
        wrong[1].sid[0] ^= 1;
        wrong[2].number ^= 1 << 63;
        // Neither of these is a table whose boxes have no epoch, which would be refused for that.
        wrong[3].table = if right.table == Table::Head {
            Table::Ver
        } else {
            Table::Head
        };
        wrong[4].bound = match right.bound {
            Some(_) => None,
            None => Some([0; 32]),
        };
        for address in &wrong {
            let opened = vector.open(&vector.sealed, &vector.key, address);
            assert_eq!(opened, Err(Refusal::NotAuthentic), "{}: {address:?}", vector.name);
        }
        let mut sealed = vector.sealed.clone();
        sealed[5] ^= 1;
        let opened = vector.open(&sealed, &vector.key, &right);
        assert_eq!(opened, Err(Refusal::NotAuthentic), "{}: epoch", vector.name);
        let mut key = vector.key;
        key[31] ^= 1;
        let opened = vector.open(&vector.sealed, &key, &right);
        assert_eq!(opened, Err(Refusal::OtherKey), "{}: key", vector.name);
    }
}

#[test]
fn no_other_padding_is_taken() {
    for vector in vectors() {
        let refused = |what: &str, change: &dyn Fn(&mut Vec<u8>)| {
            let mut padded = vector.padded();
            change(&mut padded);
            let opened = vector.open(&vector.seal(padded), &vector.key, &vector.address);
            assert_eq!(opened, Err(Refusal::Malformed), "{}: {what}", vector.name);
        };
        let length = vector.plaintext.len();
        refused("the next bucket", &|padded| {
            padded.resize(padding::bucket(padded.len() + 1), 0);
        });
        refused("a byte more", &|padded| padded.push(0));
        refused("a byte less", &|padded| padded.truncate(padded.len() - 1));
        refused("a length beyond the box", &|padded| padded[3] = 0xff);
        // Where the plaintext fills its bucket there is no padding to spoil.
        if vector.padded().len() > length + 4 {
            refused("not of zeroes at its end", &|padded| *padded.last_mut().unwrap() = 1);
            refused("not of zeroes at its start", &|padded| padded[length + 4] = 1);
        }
    }
}

#[test]
fn buckets_are_those_of_the_vectors() {
    let file = file();
    let buckets = file["buckets"].as_array().unwrap();
    assert_eq!(buckets.len(), 15);
    for pair in buckets {
        let [length, bucket] = [0, 1].map(|place| usize::try_from(pair[place].as_u64().unwrap()).unwrap());
        assert_eq!(padding::bucket(length), bucket, "{length}");
    }
}
