"""Writing to a Strongroom store from docs/store-format.md alone: the counterpart of reader.py.

`Editor.set_value` is a whole write as §10 says. The rest are the single steps, which the tests also
use to make stores that are sealed correctly and still wrong.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import time
from pathlib import Path
from typing import Any

import reader
from cbor import RawMap, parse_array, parse_map
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from reader import HEAD, JOURNAL, ROOT, VER, ZERO16


def number(major: int, value: int) -> bytes:
    if value < 24:
        return bytes([major << 5 | value])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << (8 * size):
            return bytes([major << 5 | info]) + value.to_bytes(size, "big")
    raise ValueError(value)


def encode(value: Any) -> bytes:
    """CBOR; a dict with integer keys by the keys, one with text keys by the names' bytes."""
    if isinstance(value, int):
        return number(0, value) if value >= 0 else number(1, -1 - value)
    if isinstance(value, bytes):
        return number(2, len(value)) + value
    if isinstance(value, str):
        return number(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return number(4, len(value)) + b"".join(map(encode, value))
    order = sorted(value, key=lambda k: k.encode() if isinstance(k, str) else k)
    return number(5, len(value)) + b"".join(encode(k) + encode(value[k]) for k in order)


def encode_map(record: RawMap) -> bytes:
    """A map whose values are CBOR already: what we do not know stays as it is, at its place."""
    return number(5, len(record)) + b"".join(encode(k) + record[k] for k in sorted(record))


def encode_array(items: list[bytes]) -> bytes:
    return number(4, len(items)) + b"".join(items)


def pad(data: bytes) -> bytes:
    return (struct.pack("<I", len(data)) + data).ljust(reader.bucket(4 + len(data)), b"\0")


def seal_plain(key: bytes, plain: bytes, aad: bytes, epoch: int, salt: bytes, nonce: bytes) -> bytes:
    cipher_key, commit = reader.box_keys(key, salt)
    start = bytes([reader.FORMAT, reader.SUITE]) + struct.pack("<I", epoch)
    return start + salt + commit + nonce + AESGCM(cipher_key).encrypt(nonce, plain, aad)


def seal_box(key: bytes, data: bytes, aad: bytes, epoch: int, salt: bytes = b"", nonce: bytes = b"") -> bytes:
    return seal_plain(key, pad(data), aad, epoch, salt or os.urandom(32), nonce or os.urandom(12))


class Editor:
    """One write transaction on a store; `commit` or leave the block with an error to undo it."""

    def __init__(self, path: str | Path, key: bytes):
        self.key = key
        self.store = reader.Store(path, key)  # opens and checks; its keys stay
        self.store.db.close()
        self.root: RawMap = dict(self.store.root_raw)
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("PRAGMA secure_delete=ON")
        self.db.execute("BEGIN IMMEDIATE")

    def __enter__(self) -> Editor:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self.db.in_transaction:
            self.db.execute("ROLLBACK" if kind else "COMMIT")
        self.db.close()

    def row(self, sql: str, *args: Any) -> Any:
        return self.db.execute(sql, args).fetchone()[0]

    def uint(self, key: int) -> int:
        return reader.take_uint(self.root, key)

    def seal(self, table: int, sid: bytes, place: int, data: bytes) -> bytes:
        epoch = self.uint(7)
        aad = reader.make_aad(self.store.store_id, table, sid, place, epoch)
        return seal_box(self.store.epochs[epoch], data, aad, epoch)

    def add_terms(self, *terms: int) -> None:
        total = int.from_bytes(reader.take(self.root, 3, bytes, 32), "little") + sum(terms)
        self.root[3] = encode((total % 2**256).to_bytes(32, "little"))

    def head(self, name: str) -> RawMap:
        sid = self.store.sid(name)
        return parse_map(self.store_open(HEAD, sid, 0, self.row("SELECT box FROM head WHERE sid = ?", sid)))

    def ver(self, name: str, v: int) -> RawMap:
        sid = self.store.sid(name)
        box = self.row("SELECT box FROM ver WHERE sid = ? AND v = ?", sid, v)
        return parse_map(self.store_open(VER, sid, v, box))

    def store_open(self, table: int, sid: bytes, place: int, box: bytes) -> bytes:
        return self.store.open_row(table, sid, place, box)

    def put_head(self, name: str, data: bytes) -> None:
        """Replace a head, the sum with it."""
        sid = self.store.sid(name)
        old = self.row("SELECT box FROM head WHERE sid = ?", sid)
        new = self.seal(HEAD, sid, 0, data)
        self.db.execute("UPDATE head SET box = ? WHERE sid = ?", (new, sid))
        self.add_terms(self.store.term(HEAD, sid, 0, new), -self.store.term(HEAD, sid, 0, old))

    def put_ver(self, name: str, v: int, data: bytes) -> None:
        """Insert or replace a version, the sum and the number with it."""
        sid = self.store.sid(name)
        old = self.db.execute("SELECT box FROM ver WHERE sid = ? AND v = ?", (sid, v)).fetchone()
        new = self.seal(VER, sid, v, data)
        self.db.execute("INSERT OR REPLACE INTO ver(sid, v, box) VALUES (?, ?, ?)", (sid, v, new))
        self.add_terms(self.store.term(VER, sid, v, new), -self.store.term(VER, sid, v, old[0]) if old else 0)
        self.root[5] = encode(self.uint(5) + (0 if old else 1))

    def add_record(self, op: int, name: str, v: int, at: int) -> None:
        """The next journal record; the root's seq, journal_head and time with it."""
        seq = self.uint(1) + 1
        record = {1: reader.take(self.root, 2, bytes, 32), 2: at, 3: op, 4: self.store.sid(name), 5: name, 6: v}
        data = encode(record | {7: "writer.py"})
        self.db.execute("INSERT INTO journal VALUES (?, ?)", (seq, self.seal(JOURNAL, ZERO16, seq, data)))
        self.root[1] = encode(seq)
        self.root[2] = encode(reader.journal_hash(seq, data))
        self.root[6] = encode(max(at, reader.take(self.root, 6, int)))

    def seal_root(self) -> None:
        box = self.seal(ROOT, ZERO16, 1, encode_map(self.root))
        self.db.execute("UPDATE root SET box = ? WHERE id = 1", (box,))

    def set_value(self, name: str, value: bytes) -> int:
        """§10: another value for a secret that is there, its metadata kept. Gives the new version."""
        v, at = self.uint(1) + 1, time.time_ns() // 1000
        head = self.head(name)
        ver: RawMap = {1: encode(value), 2: encode(at)}
        ver |= {key - 2: head[key] for key in (5, 6, 7, 8) if key in head}
        entry: RawMap = {1: encode(v), 2: encode(at)} | ({3: head[8]} if 8 in head else {})
        head[3] = encode(v)
        head[4] = encode_array(parse_array(head[4]) + [encode_map(entry)])
        self.put_ver(name, v, encode_map(ver))
        self.put_head(name, encode_map(head))
        self.add_record(1, name, v, at)
        self.seal_root()
        return v

    def trim_journal(self, keep: int) -> None:
        """Drop the oldest records but `keep`; the floor with them."""
        last = self.uint(1) - keep
        box = self.row("SELECT box FROM journal WHERE seq = ?", last + 1)
        prev = parse_map(self.store_open(JOURNAL, ZERO16, last + 1, box))[1]
        self.db.execute("DELETE FROM journal WHERE seq <= ?", (last,))
        self.root[9] = encode_map({1: encode(last), 2: prev})
