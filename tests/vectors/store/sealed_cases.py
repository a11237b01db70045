"""Damage that is sealed correctly, by one who has the key, and is wrong all the same.

Importing this adds to the CASES of cases.py, which says what the stores hold.
"""

from __future__ import annotations

from collections.abc import Callable

import reader
import writer
from cases import A, B, CASES, INTEGRITY, OK, Bench, Case, void
from cbor import RawMap, parse_array, parse_map
from reader import HEAD
from writer import encode, encode_array, encode_map


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
