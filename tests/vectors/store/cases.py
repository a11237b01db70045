"""Named damage to a copy of a store, and what the page says must come of it.

The base store (made by home.py) has `global/A` with three versions, `global/B` and `org/acme/c@prod`
with one, and `global/GONE` deleted. `old` is a copy from before the last two mutations (the third
version of A, the deletion of GONE). `other` is a store of its own with another key.

Here is damage to the rows and the file; what is sealed with the key and wrong is in sealed_cases.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import reader
import writer
from cbor import parse_map
from writer import encode, encode_map

A, B, GONE = "global/A", "global/B", "global/GONE"
OK, INTEGRITY, UNSUPPORTED = "ok", "integrity", "unsupported_format"


@dataclass
class Bench:
    """What a case may use: the copy to damage, its key, and the two other stores."""

    path: Path
    key: bytes
    old: Path
    other: Path
    other_key: bytes
    keyfile: Path
    store: reader.Store  # the base, opened: for its sids and keys

    def sql(self, text: str, *args: object) -> None:
        db = sqlite3.connect(self.path)
        with db:
            db.execute("PRAGMA secure_delete=ON")
            db.execute(text, args)
        db.close()

    def fetch(self, path: Path, text: str, *args: object) -> list[tuple]:
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        rows = db.execute(text, args).fetchall()
        db.close()
        return rows

    def sid(self, name: str) -> bytes:
        return self.store.sid(name)

    def versions(self, name: str) -> list[int]:
        return [v for (v,) in self.fetch(self.path, "SELECT v FROM ver WHERE sid = ? ORDER BY v", self.sid(name))]

    def words(self, text: str) -> str:
        """`:A` and `:B` are the sids, `:first` and `:last` versions of A."""
        first, *_, last = self.versions(A)
        words = {":first": str(first), ":last": str(last)}
        words |= {":A": f"x'{self.sid(A).hex()}'", ":B": f"x'{self.sid(B).hex()}'"}
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    def editor(self) -> writer.Editor:
        return writer.Editor(self.path, self.key)


@dataclass
class Case:
    name: str
    harm: Callable[[Bench], None]
    verify: str = INTEGRITY
    get: str = OK
    subject: str = A
    old: str | None = None  # what `get` of A's first version gives


CASES: list[Case] = []


def case(name: str, verify: str = INTEGRITY, get: str = OK, **more: str) -> Callable:
    def add(harm: Callable[[Bench], None]) -> Callable[[Bench], None]:
        CASES.append(Case(name, harm, verify, get, **more))
        return harm

    return add


def plain(name: str, text: str, verify: str = INTEGRITY, get: str = OK, **more: str) -> None:
    """A case that is one statement."""

    def harm(b: Bench) -> None:
        b.sql(b.words(text))

    CASES.append(Case(name, harm, verify, get, **more))


# ---- one byte of each part of each kind of box ---------------------------------------------------

BOXES = {
    "keyslot": "keyslot WHERE slot = (SELECT min(slot) FROM keyslot)",
    "epoch 0": "epoch WHERE ep = 0",
    "epoch 1": "epoch WHERE ep = 1",
    "head": "head WHERE sid = :A",
    "newest ver": "ver WHERE sid = :A AND v = :last",
    "first ver": "ver WHERE sid = :A AND v = :first",
    "journal": "journal WHERE seq = 2",
    "root": "root WHERE id = 1",
}
PARTS = {"format": 0, "suite": 1, "epoch": 2, "salt": 6, "commit": 38, "nonce": 70, "ciphertext": 82, "tag": -1}


def flip(kind: str, offset: int) -> Callable[[Bench], None]:
    def harm(b: Bench) -> None:
        table, _, where = b.words(BOXES[kind]).partition(" WHERE ")
        box = bytearray(b.fetch(b.path, f"SELECT box FROM {table} WHERE {where}")[0][0])
        box[offset] ^= 0x10
        b.sql(f"UPDATE {table} SET box = ? WHERE {where}", bytes(box))

    return harm


for kind in BOXES:
    for part, offset in PARTS.items():
        verify = INTEGRITY
        if kind == "keyslot" and part in ("salt", "commit"):
            verify = "wrong_key"  # the slot answers "another key"
        get = OK if kind in ("journal", "first ver") else verify
        old = verify if kind == "first ver" else None
        CASES.append(Case(f"{part} of {kind} flipped", flip(kind, offset), verify, get, old=old))

# ---- rows ----------------------------------------------------------------------------------------

SWAPS = [
    ("heads of two secrets", "head", "sid = :A", "sid = :B", INTEGRITY),
    ("versions of two secrets", "ver", "sid = :A AND v = :last", "sid = :B", INTEGRITY),
    ("a former version and another secret's", "ver", "sid = :A AND v = :first", "sid = :B", OK),
    ("newest and first version", "ver", "sid = :A AND v = :first", "sid = :A AND v = :last", INTEGRITY),
    ("journal records", "journal", "seq = 1", "seq = 2", OK),
    ("epoch boxes", "epoch", "ep = 0", "ep = 1", INTEGRITY),
]


def swap(table: str, left: str, right: str) -> Callable[[Bench], None]:
    def harm(b: Bench) -> None:
        where = [b.words(left), b.words(right)]
        boxes = [b.fetch(b.path, f"SELECT box FROM {table} WHERE {w}")[0][0] for w in where]
        for place, box in zip(where, reversed(boxes)):
            b.sql(f"UPDATE {table} SET box = ? WHERE {place}", box)

    return harm


for title, table, left, right, get in SWAPS:
    CASES.append(Case(f"swapped: {title}", swap(table, left, right), INTEGRITY, get))

plain("untouched", "UPDATE head SET box = box", verify=OK)
plain("head deleted", "DELETE FROM head WHERE sid = :A", get=INTEGRITY)
plain("newest ver row deleted", "DELETE FROM ver WHERE sid = :A AND v = :last", get=INTEGRITY)
plain("first ver row deleted", "DELETE FROM ver WHERE sid = :A AND v = :first", old=INTEGRITY)
plain("all ver rows of a secret deleted", "DELETE FROM ver WHERE sid = :A", get=INTEGRITY)
plain("ver row copied to a later number", "INSERT INTO ver SELECT sid, 99, box FROM ver WHERE sid = :A AND v = :last",
      get=INTEGRITY)
plain("ver row of no secret", "INSERT INTO ver SELECT zeroblob(16), v, box FROM ver WHERE sid = :A AND v = :last")
plain("head row of no secret", "INSERT INTO head SELECT zeroblob(16), box FROM head WHERE sid = :A")
plain("box of a head cut", "UPDATE head SET box = substr(box, 1, 161) WHERE sid = :A", get=INTEGRITY)
plain("box of a head longer", "UPDATE head SET box = CAST(box || x'00' AS BLOB) WHERE sid = :A", get=INTEGRITY)
plain("box of a head empty", "UPDATE head SET box = x'' WHERE sid = :A", get=INTEGRITY)
plain("box of a head null", "UPDATE head SET box = NULL WHERE sid = :A", get=INTEGRITY)
plain("box of a ver null", "UPDATE ver SET box = NULL WHERE sid = :A AND v = :last", get=INTEGRITY)
plain("first journal row deleted", "DELETE FROM journal WHERE seq = 1")
plain("a middle journal row deleted", "DELETE FROM journal WHERE seq = 3")
plain("last journal row deleted", "DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)")
plain("all journal rows deleted", "DELETE FROM journal")
plain("journal row after the last", "INSERT INTO journal SELECT 1000, box FROM journal WHERE seq = 1")
plain("journal row before the floor", "INSERT INTO journal SELECT 0, box FROM journal WHERE seq = 1")
plain("ext row added", "INSERT INTO ext VALUES (7, x'0102')", verify=OK)
plain("a second root", "INSERT INTO root SELECT 2, box FROM root", get=INTEGRITY)
plain("a second header", "INSERT INTO meta SELECT 2, hdr, mac FROM meta", get=INTEGRITY)
plain("a header before the header", "INSERT INTO meta SELECT -1, hdr, mac FROM meta", get=INTEGRITY)
plain("head row of an empty sid", "INSERT INTO head SELECT x'', box FROM head WHERE sid = :A")
plain("ver row numbered zero", "INSERT INTO ver SELECT sid, 0, box FROM ver WHERE sid = :A AND v = :first")
plain("ver row of a negative number", "INSERT INTO ver SELECT sid, -1, box FROM ver WHERE sid = :A AND v = :first")
plain("root row deleted", "DELETE FROM root", get=INTEGRITY)
plain("root box trimmed", "UPDATE root SET box = substr(box, 1, length(box) - 8)", get=INTEGRITY)
plain("root box trimmed below the least", "UPDATE root SET box = substr(box, 1, 100)", get=INTEGRITY)
plain("epoch 0 deleted", "DELETE FROM epoch WHERE ep = 0", get=INTEGRITY)
plain("epoch 1 deleted", "DELETE FROM epoch WHERE ep = 1", get=INTEGRITY)
plain("epoch box copied to another number", "INSERT INTO epoch SELECT 2, box FROM epoch WHERE ep = 1", get=INTEGRITY)
plain("epoch row of a negative number", "INSERT INTO epoch SELECT -1, box FROM epoch WHERE ep = 1", get=INTEGRITY)


@case("all rows of a secret deleted", get="not_found")
def _(b: Bench) -> None:
    for table in ("head", "ver"):
        b.sql(f"DELETE FROM {table} WHERE sid = ?", b.sid(A))


def put_back(b: Bench, name: str, table: str) -> None:
    """The secret's rows of a table as they were in the old store."""
    rows = b.fetch(b.old, f"SELECT * FROM {table} WHERE sid = ?", b.sid(name))
    assert rows
    b.sql(f"DELETE FROM {table} WHERE sid = ?", b.sid(name))
    for row in rows:
        b.sql(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", *row)


@case("old head replayed", get=INTEGRITY)
def _(b: Bench) -> None:
    put_back(b, A, "head")


@case("old head and its versions put back together")
def _(b: Bench) -> None:
    put_back(b, A, "head")
    put_back(b, A, "ver")


@case("a deleted secret put back", subject=GONE)
def _(b: Bench) -> None:
    put_back(b, GONE, "head")
    put_back(b, GONE, "ver")


@case("old root under the new rows")
def _(b: Bench) -> None:
    b.sql("UPDATE root SET box = ?", b.fetch(b.old, "SELECT box FROM root")[0][0])


@case("the whole old file", verify=OK)
def _(b: Bench) -> None:
    b.path.write_bytes(b.old.read_bytes())


# ---- key slots, key ------------------------------------------------------------------------------

plain("key slot deleted", "DELETE FROM keyslot", "key_missing", "key_missing")
plain("key slot under another number", "UPDATE keyslot SET slot = slot + 1", get=INTEGRITY)
plain("key slot doubled", "INSERT INTO keyslot SELECT slot + 1, kind, params, box FROM keyslot", get=INTEGRITY)
plain("key slot of a kind unknown, not in the root",
      "INSERT INTO keyslot VALUES (100, 77, x'a0', x'00')", get=INTEGRITY)
plain("key slot of another kind", "UPDATE keyslot SET kind = 2", "key_missing", "key_missing")
plain("key slot's params null", "UPDATE keyslot SET params = NULL", get=INTEGRITY)
plain("key slot's kind null", "UPDATE keyslot SET kind = NULL", get=INTEGRITY)


@case("label of the key slot changed", get=INTEGRITY)
def _(b: Bench) -> None:
    params = parse_map(b.fetch(b.path, "SELECT params FROM keyslot")[0][0])
    params[3] = encode("another")
    b.sql("UPDATE keyslot SET params = ?", encode_map(params))


@case("kind within the params changed", get=INTEGRITY)
def _(b: Bench) -> None:
    params = parse_map(b.fetch(b.path, "SELECT params FROM keyslot")[0][0])
    params[2] = encode(2)
    b.sql("UPDATE keyslot SET params = ?", encode_map(params))


@case("another key", "wrong_key", "wrong_key")
def _(b: Bench) -> None:
    b.keyfile.write_bytes(bytes(range(32)))


@case("no key in the key file", "invalid_config", "invalid_config")
def _(b: Bench) -> None:
    b.keyfile.write_bytes(b"hello\n")


@case("raw key file", verify=OK)
def _(b: Bench) -> None:
    b.keyfile.write_bytes(b.key)


@case("hexadecimal key file", verify=OK)
def _(b: Bench) -> None:
    b.keyfile.write_text(b.key.hex() + "\r\n")


@case("key slot of another store", "wrong_key", "wrong_key")
def _(b: Bench) -> None:
    params, box = b.fetch(b.other, "SELECT params, box FROM keyslot")[0]
    b.sql("UPDATE keyslot SET params = ?, box = ?", params, box)


# ---- file and header -----------------------------------------------------------------------------

plain("user_version zero", "PRAGMA user_version = 0", get=INTEGRITY)
plain("user_version greater", "PRAGMA user_version = 2", UNSUPPORTED, UNSUPPORTED)
plain("application_id another", "PRAGMA application_id = 1397902642", UNSUPPORTED, UNSUPPORTED)
plain("application_id zero", "PRAGMA application_id = 0", UNSUPPORTED, UNSUPPORTED)
plain("another table", "CREATE TABLE more(x INTEGER) STRICT", get=INTEGRITY)
plain("an index", "CREATE INDEX heads ON head(box)", get=INTEGRITY)
plain("a view", "CREATE VIEW heads AS SELECT sid FROM head", get=INTEGRITY)
plain("a trigger", "CREATE TRIGGER t AFTER INSERT ON ext BEGIN DELETE FROM head; END", get=INTEGRITY)
plain("a column more", "ALTER TABLE ext ADD COLUMN more BLOB", get=INTEGRITY)
plain("a table missing", "DROP TABLE ext", get=INTEGRITY)
plain("header's code flipped", "UPDATE meta SET mac = zeroblob(32)", get=INTEGRITY)
plain("header's code null", "UPDATE meta SET mac = NULL", get=INTEGRITY)
plain("header missing", "DELETE FROM meta", get=INTEGRITY)
plain("header no CBOR", "UPDATE meta SET hdr = x'ff'", get=INTEGRITY)
plain("bytes after the header", "UPDATE meta SET hdr = CAST(hdr || x'00' AS BLOB)", get=INTEGRITY)
plain("header: nested too deep", f"UPDATE meta SET hdr = x'a101{'81' * 300000}00'", get=INTEGRITY)


@case("header of another store", get=INTEGRITY)
def _(b: Bench) -> None:
    b.sql("UPDATE meta SET hdr = ?, mac = ?", *b.fetch(b.other, "SELECT hdr, mac FROM meta")[0])


def header(name: str, key: int, value: object, failure: str, seal: bool = False) -> None:
    def harm(b: Bench) -> None:
        record = parse_map(b.fetch(b.path, "SELECT hdr FROM meta")[0][0])
        record[key] = encode(value)
        text = encode_map(record)
        b.sql("UPDATE meta SET hdr = ?", text)
        if seal:
            b.sql("UPDATE meta SET mac = ?", reader.hmac.digest(b.store.k_hdr, b"strongroom/v1/header\0" + text, "sha256"))

    CASES.append(Case(name, harm, failure, failure))


header("header: min_reader 2", 4, 2, UNSUPPORTED)
header("header: min_reader 2, sealed", 4, 2, UNSUPPORTED, seal=True)
header("header: suite 2", 3, 2, UNSUPPORTED)
header("header: created changed", 5, 5, INTEGRITY)
header("header: fmt 2, not sealed", 1, 2, INTEGRITY)
header("header: fmt 2, sealed", 1, 2, OK, seal=True)
header("header: fmt 0, sealed", 1, 0, INTEGRITY, seal=True)
header("header: unknown key, sealed", 40, ["x", {1: b"y"}], OK, seal=True)


def bytes_case(name: str, change: Callable[[bytes], bytes]) -> None:
    CASES.append(Case(name, lambda b: void(b.path.write_bytes(change(b.path.read_bytes()))), INTEGRITY, INTEGRITY))


def void(_: object) -> None:
    return None


bytes_case("empty file", lambda data: b"")
bytes_case("file of 100 bytes", lambda data: data[:100])
bytes_case("file of one page", lambda data: data[:4096])
bytes_case("half of the file", lambda data: data[: len(data) // 8192 * 4096])
bytes_case("no SQLite file", lambda data: b"not a store at all " * 500)
