"""Named damage to a copy of a store, and what the page says must come of it.

The base store (made by run.py) has `global/A` with three versions, `global/B` and `org/acme/c@prod`
with one, and `global/GONE` deleted. `old` is a copy from before the last two mutations (the third
version of A, the deletion of GONE). `other` is a store of its own with another key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import reader
import writer
from cbor import RawMap, parse_array, parse_map
from reader import HEAD
from writer import encode, encode_array, encode_map

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


# ---- sealed correctly, and wrong -----------------------------------------------------------------


def sealed(name: str, verify: str = INTEGRITY, get: str = OK, **more: str) -> Callable:
    """A case whose function edits within one write; root and sum are sealed after it."""

    def add(harm: Callable[[writer.Editor], None]) -> None:
        def whole(b: Bench) -> None:
            with b.editor() as e:
                harm(e)
                e.seal_root()

        CASES.append(Case(name, whole, verify, get, **more))

    return add


def head_case(name: str, change: Callable[[RawMap], bytes | None], failure: str = INTEGRITY, get: str = "") -> None:
    def harm(e: writer.Editor) -> None:
        head = e.head(A)
        data = change(head)
        e.put_head(A, encode_map(head) if data is None else data)

    sealed(name, failure, get or failure)(harm)


def unsorted(record: RawMap) -> bytes:
    return writer.number(5, len(record)) + b"".join(encode(k) + record[k] for k in sorted(record, reverse=True))


head_case("head rewritten unchanged", lambda h: None, OK)
head_case("head: name of another secret", lambda h: h.update({1: encode(B)}))
head_case("head: cur not the last", lambda h: h.update({3: encode(1)}))
head_case("head: list backwards", lambda h: h.update({4: encode_array(parse_array(h[4])[::-1])}), get=OK)
head_case("head: list empty", lambda h: h.update({4: b"\x80"}), get=OK)
head_case("head: name missing", lambda h: void(h.pop(1)))
head_case("head: name is bytes", lambda h: h.update({1: encode(A.encode())}))
head_case("head: keys descend", unsorted)
head_case("head: key twice", lambda h: writer.number(5, len(h) + 1) + encode(1) + h[1] + encode_map(h)[1:])
head_case("head: indefinite length", lambda h: b"\xbf" + encode_map(h)[1:] + b"\xff")
head_case("head: bytes after the map", lambda h: encode_map(h) + b"\x00")
head_case("head: cut", lambda h: encode_map(h)[:-1])
head_case("head: labels descend", lambda h: h.update({7: b"\xa2\x61b\x60\x61a\x60"}), get=OK)
head_case("head: labels in CBOR's order", lambda h: h.update({7: b"\xa2\x61b\x60\x62aa\x60"}), get=OK)
head_case("head: a label twice", lambda h: h.update({7: b"\xa2\x61b\x60\x61b\x60"}), get=OK)
head_case("head: labels empty", lambda h: h.update({7: b"\xa0"}), get=OK)
head_case("head: map's length not the shortest", lambda h: b"\xb8" + bytes([len(h)]) + encode_map(h)[1:])
head_case("head: a key not the shortest", lambda h: encode_map(h)[:1] + b"\x18\x01" + encode_map(h)[2:])
head_case("head: a number not the shortest", lambda h: h.update({3: b"\x1b" + reader.take_uint(h, 3).to_bytes(8, "big")}))
head_case("head: a text of indefinite length", lambda h: h.update({1: b"\x7f" + h[1] + b"\xff"}))
head_case("head: list not the shortest", lambda h: h.update({4: b"\x98" + bytes([h[4][0] & 31]) + h[4][1:]}), get=OK)
head_case("head: unknown value of indefinite length", lambda h: h.update({50: b"\x5f\x41a\xff"}))
head_case("head: unknown value indefinite within", lambda h: h.update({50: b"\x81\x9f\xff"}))
head_case("head: unknown value reserved", lambda h: h.update({50: b"\x1c"}))
head_case("head: unknown value not well-formed", lambda h: h.update({50: b"\xf8\x10"}))
head_case("head: unknown value cut", lambda h: h.update({50: b"\x82\x01"}))
head_case("head: unknown value 32 deep", lambda h: h.update({50: b"\x81" * 32 + b"\x00"}), OK)
head_case("head: unknown value 33 deep", lambda h: h.update({50: b"\x81" * 33 + b"\x00"}))
head_case("head: unknown value 100000 deep", lambda h: h.update({50: b"\xc1" * 100000 + b"\x00"}))
head_case("head: unknown value of any form",  # not the shortest, keys that repeat and descend, no UTF-8, a float, a tag
          lambda h: h.update({50: b"\xa3\x02\x18\x01\x02\x61\xff\x01\xc1\xfa\x00\x00\x00\x00"}), OK)
head_case("head: provider, which the ver lacks", lambda h: h.update({5: encode("q")}), get=OK)
head_case("head: labels missing", lambda h: void(h.pop(7)), get=OK)
head_case("head: scope of use, which the ver lacks", lambda h: h.update({6: encode("s")}), get=OK)
head_case("head: expires, which the ver lacks", lambda h: h.update({8: encode(2**52)}), get=OK)
head_case("head: unknown keys", lambda h: h.update({50: b"\x82\x01\xf5", 2000: encode({1: {"a": "b"}})}), OK)


@sealed("head: a version that is not there")
def _(e: writer.Editor) -> None:
    head = e.head(A)
    extra = encode_map({1: encode(0), 2: encode(0)})
    head[4] = encode_array([extra] + parse_array(head[4]))
    e.put_head(A, encode_map(head))


def list_case(name: str, change: Callable[[RawMap], object], place: int = -1) -> None:
    """The head's list, one entry changed."""

    def harm(e: writer.Editor) -> None:
        head = e.head(A)
        entries = parse_array(head[4])
        entry = parse_map(entries[place])
        change(entry)
        entries[place] = encode_map(entry)
        e.put_head(A, encode_map(head | {4: encode_array(entries)}))

    sealed(name)(harm)


list_case("list: at another than the ver's updated", lambda entry: entry.update({2: encode(5)}))
list_case("list: at of a former version", lambda entry: entry.update({2: encode(5)}), 0)
list_case("list: expires, which the ver lacks", lambda entry: entry.update({3: encode(2**52)}), 0)


def version_case(name: str, v: int, get: str) -> None:
    """The newest version of B under another number, in head and ver alike."""

    def harm(e: writer.Editor) -> None:
        head = e.head(B)
        old = reader.take_uint(head, 3)
        e.put_ver(B, v, encode_map(e.ver(B, old)))
        box = e.row("SELECT box FROM ver WHERE sid = ? AND v = ?", e.store.sid(B), old)
        e.db.execute("DELETE FROM ver WHERE sid = ? AND v = ?", (e.store.sid(B), old))
        e.add_terms(-e.store.term(reader.VER, e.store.sid(B), old, box))
        e.root[5] = encode(e.uint(5) - 1)
        entry = parse_map(parse_array(head[4])[0]) | {1: encode(v)}
        e.put_head(B, encode_map(head | {3: encode(v), 4: encode_array([encode_map(entry)])}))

    sealed(name, get=get, subject=B)(harm)


version_case("v beyond the root's seq", 999, OK)
version_case("v zero", 0, INTEGRITY)


@sealed("ver: labels empty", get=INTEGRITY)
def _(e: writer.Editor) -> None:
    last = reader.take_uint(e.head(A), 3)
    e.put_ver(A, last, encode_map(e.ver(A, last) | {5: b"\xa0"}))


@sealed("ver: no value", get=INTEGRITY)
def _(e: writer.Editor) -> None:
    last = reader.take_uint(e.head(A), 3)
    e.put_ver(A, last, encode_map({2: encode(0)}))


@sealed("ver: unknown keys", verify=OK)
def _(e: writer.Editor) -> None:
    last = reader.take_uint(e.head(A), 3)
    e.put_ver(A, last, encode_map(e.ver(A, last) | {9: encode("later")}))


def cur_epoch(e: writer.Editor) -> None:
    """Sealed under epoch 1, and says 7."""
    seal = e.seal

    def as_before(table: int, sid: bytes, place: int, data: bytes) -> bytes:
        e.root[7] = encode(1)
        return seal(table, sid, place, data)

    e.root[7] = encode(7)
    e.seal = as_before  # type: ignore[method-assign]


def root_case(name: str, change: Callable[[writer.Editor], object], failure: str = INTEGRITY, get: str = OK) -> None:
    sealed(name, failure, get)(lambda e: void(change(e)))


root_case("root: n_head", lambda e: e.root.update({4: encode(e.uint(4) + 1)}))
root_case("root: n_ver", lambda e: e.root.update({5: encode(e.uint(5) - 1)}))
root_case("root: acc", lambda e: e.add_terms(1))
root_case("root: seq", lambda e: e.root.update({1: encode(e.uint(1) + 1)}))
root_case("root: journal_head", lambda e: e.root.update({2: encode(bytes(32))}))
root_case("root: floor too high", lambda e: e.root.update({9: encode({1: 1, 2: bytes(32)})}))
root_case("root: floor's hash", lambda e: e.root.update({9: encode({1: 0, 2: b"x" * 32})}))
root_case("root: slots_hash", lambda e: e.root.update({8: encode(bytes(32))}), get=INTEGRITY)
root_case("root: a field missing", lambda e: e.root.pop(3), get=INTEGRITY)
root_case("root: cur_epoch without a row", lambda e: cur_epoch(e), get=INTEGRITY)
root_case("root: floor's number not the shortest", lambda e: e.root.update({9: b"\xa2\x01\x18\x00\x02\x58\x20" + bytes(32)}),
          get=INTEGRITY)
root_case("root: unknown key in the floor", lambda e: e.root.update({9: encode({1: 0, 2: bytes(32), 5: "x"})}), OK)
root_case("root: unknown key", lambda e: e.root.update({77: encode([1, "x"])}), OK)
root_case("journal trimmed to two, floor moved", lambda e: e.trim_journal(2), OK)


@sealed("journal trimmed, floor not moved")
def _(e: writer.Editor) -> None:
    floor = e.root[9]
    e.trim_journal(2)
    e.root[9] = floor


def record_case(name: str, change: Callable[[RawMap], object], failure: str = INTEGRITY) -> None:
    """One more record, chained as it must be."""

    def harm(e: writer.Editor) -> None:
        record = {1: e.root[2], 2: encode(5), 3: encode(2), 4: encode(bytes(16)), 5: encode(A), 6: encode(1)}
        change(record)
        seq, data = e.uint(1) + 1, encode_map(record)
        e.db.execute("INSERT INTO journal VALUES (?, ?)", (seq, e.seal(reader.JOURNAL, reader.ZERO16, seq, data)))
        e.root |= {1: encode(seq), 2: encode(reader.journal_hash(seq, data))}

    sealed(name, failure)(harm)


record_case("journal: an op unknown, a sid of nothing", lambda r: r.update({3: encode(99)}), OK)
record_case("journal: an unknown key", lambda r: r.update({30: encode([1])}), OK)
record_case("journal: no name", lambda r: r.pop(5))
record_case("journal: sid too short", lambda r: r.update({4: encode(bytes(15))}))
record_case("journal: actor is bytes", lambda r: r.update({7: encode(b"x")}))
record_case("journal: a number not the shortest", lambda r: r.update({6: b"\x18\x01"}))


@sealed("journal: a record of another past")
def _(e: writer.Editor) -> None:
    head = e.root[2]
    e.root[2] = encode(b"y" * 32)
    e.add_record(2, A, 1, 5)
    assert e.root[2] != head


@sealed("key slot of a kind unknown, in the root", verify=OK)
def _(e: writer.Editor) -> None:
    params = encode({1: bytes(16), 2: 77, 3: "later", 4: "", 9: [1, 2]})
    e.db.execute("INSERT INTO keyslot VALUES (0, 77, ?, x'0201')", (params,))
    e.root[8] = encode(reader.slots_hash(e.db.execute("SELECT * FROM keyslot ORDER BY slot").fetchall()))


def slot_case(name: str, change: Callable[[RawMap], object], epoch: int = 0, failure: str = INTEGRITY) -> None:
    """The key slot with other params or another epoch field, sealed as it must be."""

    def harm(e: writer.Editor) -> None:
        slot, _, params, box = e.db.execute("SELECT * FROM keyslot").fetchone()

        def aad(text: bytes, number: int) -> bytes:
            bound = reader.hashlib.sha256(text).digest()
            return reader.make_aad(e.store.store_id, reader.KEYSLOT, reader.ZERO16, slot, number, bound)

        data = reader.open_box(e.key, box, aad(params, 0))
        record = parse_map(params)
        params = change(record) or encode_map(record)
        box = writer.seal_box(e.key, data, aad(params, epoch), epoch)
        e.db.execute("UPDATE keyslot SET params = ?, box = ?", (params, box))
        e.root[8] = encode(reader.slots_hash(e.db.execute("SELECT * FROM keyslot ORDER BY slot").fetchall()))

    sealed(name, failure, failure)(harm)


slot_case("key slot sealed anew", lambda p: None, failure=OK)
slot_case("key slot: epoch field not 0", lambda p: None, epoch=5)
slot_case("key slot: params of another kind, sealed", lambda p: p.update({2: encode(2)}))
slot_case("key slot: params without a kind, sealed", lambda p: void(p.pop(2)))
slot_case("key slot: params with unknown keys", lambda p: p.update({9: b"\x82\x01\x18\x01"}), failure=OK)
slot_case("key slot: params no map", lambda p: b"\xff")
slot_case("key slot: params nested too deep", lambda p: p.update({9: b"\x81" * 1000000 + b"\x00"}))
plain("header: nested too deep", f"UPDATE meta SET hdr = x'a101{'81' * 300000}00'", get=INTEGRITY)
plain("key slot's params null", "UPDATE keyslot SET params = NULL", get=INTEGRITY)
plain("key slot's kind null", "UPDATE keyslot SET kind = NULL", get=INTEGRITY)
plain("epoch row of a negative number", "INSERT INTO epoch SELECT -1, box FROM epoch WHERE ep = 1", get=INTEGRITY)


def padding(name: str, change: Callable[[bytes], bytes]) -> None:
    def harm(b: Bench) -> None:
        sid, key = b.sid(A), b.store.epochs[1]
        aad = reader.make_aad(b.store.store_id, HEAD, sid, 0, 1)
        data = reader.open_box(key, b.fetch(b.path, "SELECT box FROM head WHERE sid = ?", sid)[0][0], aad)
        b.sql("UPDATE head SET box = ? WHERE sid = ?", writer.seal_plain(key, change(data), aad, 1, b"s" * 32, b"n" * 12), sid)

    CASES.append(Case(name, harm, INTEGRITY, INTEGRITY))


padding("padding not of zeroes", lambda data: writer.pad(data)[:-1] + b"\1")
padding("padding of another size", lambda data: writer.pad(data) + bytes(64))
padding("length beyond the box", lambda data: b"\xff\xff\xff\xff" + writer.pad(data)[4:])
