"""An independent reader of Strongroom stores, written from docs/store-format.md and nothing else.

It exists to prove that the page is enough. Section numbers ("§4") are the page's. Only the standard
library and `cryptography` are used. `python reader.py STORE KEYFILE` verifies and lists (no values).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import sqlite3
import struct
import sys
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from cbor import RawMap, StoreError, damaged, maybe, need, parse_array, parse_map, take, take_labels, take_uint

UNSUPPORTED, WRONG_KEY = "unsupported_format", "wrong_key"
KEY_MISSING, NOT_FOUND, UNAVAILABLE, BAD_KEY = "key_missing", "not_found", "unavailable", "invalid_config"
KEYSLOT, EPOCH, HEAD, VER, JOURNAL, ROOT, EXT = 2, 3, 4, 5, 6, 7, 8
APPLICATION_ID, FORMAT, SUITE = 0x53524D31, 1, 1
ZERO16, ZERO32 = bytes(16), bytes(32)
ANOTHER_KEY = "another key"  # §4's word for a commitment that does not fit
SCHEMA = {
    "epoch": "CREATE TABLE epoch(ep INTEGER PRIMARY KEY, box BLOB) STRICT",
    "ext": "CREATE TABLE ext(tag INTEGER PRIMARY KEY, box BLOB) STRICT",
    "head": "CREATE TABLE head(sid BLOB PRIMARY KEY, box BLOB) STRICT, WITHOUT ROWID",
    "journal": "CREATE TABLE journal(seq INTEGER PRIMARY KEY, box BLOB) STRICT",
    "keyslot": "CREATE TABLE keyslot(slot INTEGER PRIMARY KEY, kind INTEGER, params BLOB, box BLOB) STRICT",
    "meta": "CREATE TABLE meta(id INTEGER PRIMARY KEY, hdr BLOB, mac BLOB) STRICT",
    "root": "CREATE TABLE root(id INTEGER PRIMARY KEY, box BLOB) STRICT",
    "ver": "CREATE TABLE ver(sid BLOB, v INTEGER, box BLOB, PRIMARY KEY(sid, v)) STRICT, WITHOUT ROWID",
}

# ---- §3, §4 keys and boxes -----------------------------------------------------------------------


def read_key(data: bytes) -> bytes:
    """The raw key from a file's bytes: raw, hexadecimal or base64 (§3)."""
    if len(data) == 32:
        return data
    text = data[:-2] if data.endswith(b"\r\n") else data[:-1] if data.endswith(b"\n") else data
    try:
        if len(text) == 64 and text.isalnum():
            return bytes.fromhex(text.decode("ascii"))
        if len(text) == 43 or (len(text) == 44 and text.endswith(b"=")):
            need(not (set(text) & set(b"-_") and set(text) & set(b"+/")), "two alphabets")
            plain = text[:43].replace(b"-", b"+").replace(b"_", b"/") + b"="
            key = base64.b64decode(plain, validate=True)
            if base64.b64encode(key) == plain:  # no bits left over
                return key
    except (ValueError, StoreError):
        pass
    raise StoreError(BAD_KEY, "the key is neither raw nor hexadecimal nor base64")


def bucket(n: int) -> int:
    e = max(n, 64).bit_length() - 1
    mask = (1 << (e - e.bit_length())) - 1
    return max(64, (n + mask) & ~mask)


def box_keys(key: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """(key of AES-GCM, commitment)"""
    info = b"strongroom/v1/box" + bytes([SUITE]) + salt
    okm = HKDFExpand(algorithm=hashes.SHA512(), length=64, info=info).derive(key)
    return okm[:32], okm[32:]


def make_aad(store_id: bytes, table: int, sid: bytes, number: int, epoch: int, bound: bytes = b"") -> bytes:
    place = bytes([table]) + sid + struct.pack("<QI", number & (2**64 - 1), epoch)
    return b"strongroom/v1\0" + store_id + place + bound


def check_box(box: Any) -> bytes:
    need(isinstance(box, bytes) and len(box) >= 162, "a box is too short")
    need(box[:2] == bytes([FORMAT, SUITE]), "a box of another format or suite than the header says")
    return box


def box_epoch(box: bytes) -> int:
    return struct.unpack_from("<I", box, 2)[0]


def open_box(key: bytes, box: bytes, aad: bytes) -> bytes:
    check_box(box)
    cipher_key, commit = box_keys(key, box[6:38])
    if not hmac.compare_digest(commit, box[38:70]):
        raise damaged(ANOTHER_KEY)
    try:
        plain = AESGCM(cipher_key).decrypt(box[70:82], box[82:], aad)
    except InvalidTag:
        raise damaged("not authentic") from None
    size = 4 + struct.unpack_from("<I", plain)[0]
    need(bucket(size) == len(plain) and not any(plain[size:]), "malformed")
    return plain[4:size]


# ---- the contents --------------------------------------------------------------------------------


@dataclass
class Version:
    v: int
    at: int  # from the head's list
    expires: int | None  # from the head's list
    value: bytes = field(repr=False)
    updated: int
    metadata: dict[str, Any]


@dataclass
class Secret:
    name: str
    sid: bytes
    created: int
    current: int
    metadata: dict[str, Any]
    versions: list[Version] = field(default_factory=list)


@dataclass
class Head:
    """What reading the newest value needs of a head; `check` is the rest, for everything else."""

    name: str
    created: int
    cur: int
    record: RawMap = field(repr=False)
    listed: list[tuple[int, int, int | None]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        need(4 in self.record, "head: no list of versions")
        for raw in parse_array(self.record[4]):
            entry = parse_map(raw)
            self.listed.append((take_uint(entry, 1), take(entry, 2, int), maybe(entry, 3, int)))
        numbers = [v for v, _, _ in self.listed]
        need(numbers and all(a < b for a, b in zip(numbers, numbers[1:])), "head: the list of versions")
        need(self.cur == numbers[-1], "head: cur is not the last version of the list")
        self.metadata = metadata_of(self.record, 5)


def metadata_of(record: RawMap, first: int) -> dict[str, Any]:
    """provider, scope of use, labels, expires; only those that are there"""
    found = {
        "provider": maybe(record, first, str),
        "scope_of_use": maybe(record, first + 1, str),
        "labels": take_labels(record, first + 2),
        "expires": maybe(record, first + 3, int),
    }
    return {name: value for name, value in found.items() if value is not None}


def parse_head(data: bytes) -> Head:
    record = parse_map(data)
    return Head(take(record, 1, str), take(record, 2, int), take_uint(record, 3), record)


SEGMENT = re.compile(r"(?:[A-Za-z0-9._-]|=[0-9A-F]{2})+")
KINDS = "global org team workspace project env app node component user".split()


def is_segment(text: str) -> bool:
    if text in ("==", "=2E", "=2E=2E"):
        return True
    needless = any(re.fullmatch("[A-Za-z0-9._-]", chr(int(h, 16))) for h in re.findall("=(..)", text))
    return len(text) <= 1024 and text not in (".", "..") and bool(SEGMENT.fullmatch(text)) and not needless


def is_key(name: str) -> bool:
    """§7: whether a name is the canonical text of a key"""
    kind, *ident, base = name.split("/") if "/" in name else ("", name)
    base, at, target = base.partition("@")
    segments = ident + [base] + ([target] if at else [])
    return kind in KINDS and len(ident) == (kind != "global") and all(map(is_segment, segments))


def key_bytes(name: str) -> bytes:
    """§7; a target begins at the `@` in the part behind the last `/`"""
    parts = name.split("/")
    need(len(parts) == (2 if parts[0] == "global" else 3), "head: the name is no canonical key")
    base, at, target = parts[-1].partition("@")
    ident = parts[1] if len(parts) == 3 else ""

    def lp(text: str) -> bytes:
        need(len(text.encode()) < 65536, "head: the name is too long")
        return struct.pack("<H", len(text.encode())) + text.encode()

    return lp(parts[0]) + lp(ident) + lp(base) + (b"\1" if at else b"\0") + lp(target)


def journal_hash(seq: int, record: bytes) -> bytes:
    return hashlib.sha256(b"strongroom/v1/journal\0" + struct.pack("<Q", seq) + record).digest()


def slots_hash(rows: list[tuple[int, int, bytes, bytes]]) -> bytes:
    text = b"strongroom/v1/slots\0" + struct.pack("<Q", len(rows))
    for slot, kind, params, box in rows:
        text += struct.pack("<qqI", slot, kind, len(params)) + params + struct.pack("<I", len(box)) + box
    return hashlib.sha256(text).digest()


# ---- the store -----------------------------------------------------------------------------------


class Store:
    """An opened store. Opening makes all the checks of §11 "open" (the safety of the path excepted)."""

    def __init__(self, path: str | Path, key: bytes):
        path = Path(path)
        if not path.is_file():
            raise StoreError(NOT_FOUND, "there is no such file")
        need(path.stat().st_size > 0, "the file is empty")
        uri = "file:" + urllib.parse.quote(str(path.resolve())) + "?mode=ro"
        self.db = sqlite3.connect(uri, uri=True, isolation_level=None)
        try:
            self._open(key)
        except BaseException:
            self.db.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.close()

    def rows(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        try:
            return self.db.execute(sql, args).fetchall()
        except sqlite3.OperationalError as e:
            raise StoreError(UNAVAILABLE, str(e)) from None
        except sqlite3.DatabaseError as e:
            raise damaged(f"SQLite: {e}") from None

    def _open(self, key: bytes) -> None:
        self.rows("BEGIN")  # one snapshot for all that follows
        if self.rows("PRAGMA application_id") != [(APPLICATION_ID,)]:
            raise StoreError(UNSUPPORTED, "application_id is another")
        version = self.rows("PRAGMA user_version")[0][0]
        if version > FORMAT:
            raise StoreError(UNSUPPORTED, "user_version is greater")
        need(version == FORMAT, "user_version is less")
        schema = self.rows("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name")
        need(schema == [("table", name, name, sql) for name, sql in SCHEMA.items()], "the schema is another")
        header, mac = self._read_header()
        root_key = self._unlock(key)
        self._read_epochs(root_key)
        made = hmac.digest(self.k_hdr, b"strongroom/v1/header\0" + header, "sha256")
        need(hmac.compare_digest(made, mac), "the header's code")
        self._read_root()

    def _read_header(self) -> tuple[bytes, bytes]:
        rows = self.rows("SELECT id, hdr, mac FROM meta")
        need(len(rows) == 1 and rows[0][0] == 1, "meta has not just its one row")
        _, header, mac = rows[0]
        need(isinstance(header, bytes) and isinstance(mac, bytes), "meta has no header")
        record = parse_map(header)
        if take_uint(record, 4) > FORMAT or take_uint(record, 3) != SUITE:
            raise StoreError(UNSUPPORTED, "the header asks for a newer reader or another suite")
        self.fmt = take_uint(record, 1)
        need(self.fmt >= 1, "the header has no format")
        self.store_id = take(record, 2, bytes, 16)
        self.created = take(record, 5, int)
        return header, mac

    def _unlock(self, key: bytes) -> bytes:
        self.slots = self.rows("SELECT slot, kind, params, box FROM keyslot ORDER BY slot")
        for _, kind, params, box in self.slots:
            need(isinstance(kind, int) and isinstance(params, bytes) and isinstance(box, bytes), "a key slot lacks a field")
        mine = [row for row in self.slots if row[1] == 1]
        if not mine:
            raise StoreError(KEY_MISSING, "no key slot of the kind")
        for slot, kind, params, box in mine:
            bound = hashlib.sha256(params).digest()
            try:
                data = open_box(key, box, make_aad(self.store_id, KEYSLOT, ZERO16, slot, 0, bound))
            except StoreError as e:
                if e.detail == ANOTHER_KEY:
                    continue
                raise
            need(box_epoch(box) == 0, "a key slot's epoch field")
            need(take(parse_map(params), 2, int) == kind, "a key slot's kind is another")
            return take(parse_map(data), 1, bytes, 32)
        raise StoreError(WRONG_KEY, "no key slot takes the key")

    def _read_epochs(self, root_key: bytes) -> None:
        self.epochs: dict[int, bytes] = {}
        static: RawMap | None = None
        for ep, box in self.rows("SELECT ep, box FROM epoch ORDER BY ep"):
            record = parse_map(open_box(root_key, box, make_aad(self.store_id, EPOCH, ZERO16, ep, 0)))
            need(box_epoch(box) == 0, "an epoch's epoch field")
            if ep == 0:
                static = record
            else:
                self.epochs[ep] = take(record, 1, bytes, 32)
        if static is None:
            raise damaged("the static keys are missing")
        keys = [take(static, number, bytes, 32) for number in range(1, 6)]
        self.k_idx, self.k_acc, _, _, self.k_hdr = keys

    def _read_root(self) -> None:
        rows = self.rows("SELECT id, box FROM root")
        need(len(rows) == 1 and rows[0][0] == 1, "root has not just its one row")
        self.root_raw = parse_map(self.open_row(ROOT, ZERO16, 1, rows[0][1]))
        root = self.root_raw
        self.seq, self.journal_head, self.acc = take_uint(root, 1), take(root, 2, bytes, 32), take(root, 3, bytes, 32)
        self.n_head, self.n_ver = take_uint(root, 4), take_uint(root, 5)
        self.high_water, self.epoch = take(root, 6, int), take_uint(root, 7)
        need(9 in root, "root: no journal_floor")
        floor = parse_map(root[9])
        self.floor_seq, self.floor_hash = take_uint(floor, 1), take(floor, 2, bytes, 32)
        need(take(root, 8, bytes, 32) == slots_hash(self.slots), "slots_hash")
        need(self.epoch in self.epochs, "the current epoch has no row")

    def open_row(self, table: int, sid: bytes, number: int, box: Any) -> bytes:
        epoch = box_epoch(check_box(box))
        need(epoch in self.epochs, "a box of an unknown epoch")
        return open_box(self.epochs[epoch], box, make_aad(self.store_id, table, sid, number, epoch))

    def sid(self, name: str) -> bytes:
        return hmac.digest(self.k_idx, key_bytes(name), "sha256")[:16]

    def term(self, table: int, sid: bytes, v: int, box: bytes) -> int:
        text = bytes([table]) + sid + struct.pack("<Q", v) + box[38:70] + box[-16:]
        return int.from_bytes(hmac.digest(self.k_acc, text, "sha256"), "little")

    def _version(self, sid: bytes, listed: tuple[int, int, int | None], box: Any) -> Version:
        v, at, expires = listed
        record = parse_map(self.open_row(VER, sid, v, box))
        value, updated = take(record, 1, bytes), take(record, 2, int)
        return Version(v, at, expires, value, updated, metadata_of(record, 3))

    def get(self, name: str, v: int | None = None) -> Version:
        """§7 "Reading"; `name` is the canonical text of the key"""
        sid = self.sid(name)
        heads = self.rows("SELECT box FROM head WHERE sid = ?", sid)
        newest = self.rows("SELECT v, box FROM ver WHERE sid = ? ORDER BY v DESC LIMIT 1", sid)
        if v is not None:
            newest = self.rows("SELECT v, box FROM ver WHERE sid = ? AND v = ?", sid, v)
        if not heads and not newest:
            raise StoreError(NOT_FOUND, "there is no such secret")
        need(heads, "a version without a head")
        head = parse_head(self.open_row(HEAD, sid, 0, heads[0][0]))
        need(head.name == name, "head: another name")
        if v is None:
            need(newest, "a head without a version")
            need(newest[0][0] > 0 and head.cur == newest[0][0], "head: cur is not the newest version")
            return self._version(sid, (head.cur, 0, None), newest[0][1])
        head.check()
        entry = next((entry for entry in head.listed if entry[0] == v), None)
        need((entry is None) == (not newest), "a listed version is missing, or one is there that is not listed")
        if entry is None:
            raise StoreError(NOT_FOUND, "there is no such version")
        return self._version(sid, entry, newest[0][1])

    def secrets(self) -> Iterator[Secret]:
        """Every secret with all its versions, each box, name and list checked."""
        for sid, box in self.rows("SELECT sid, box FROM head ORDER BY sid"):
            need(isinstance(sid, bytes) and len(sid) == 16, "head: the sid's length")
            head = parse_head(self.open_row(HEAD, sid, 0, box))
            head.check()
            need(not is_key(head.name) or hmac.compare_digest(self.sid(head.name), sid), "head: the name is not that of the sid")
            need(head.listed[0][0] > 0 and head.cur <= self.seq, "head: a version that no mutation wrote")
            there = self.rows("SELECT v, box FROM ver WHERE sid = ? ORDER BY v", sid)
            need([v for v, _ in there] == [v for v, _, _ in head.listed], "the versions are not those listed")
            versions = [self._version(sid, entry, row[1]) for entry, row in zip(head.listed, there)]
            for version in versions:
                need(version.updated == version.at, "ver: updated is not what the list says")
                need(version.metadata.get("expires") == version.expires, "ver: expires is not what the list says")
            need(head.metadata == versions[-1].metadata, "head and ver say different things")
            yield Secret(head.name, sid, head.created, head.cur, head.metadata, versions)

    def journal(self) -> Iterator[dict[str, Any]]:
        """The chain from the floor to the root, checked."""
        rows = self.rows("SELECT seq, box FROM journal ORDER BY seq")
        need([seq for seq, _ in rows] == list(range(self.floor_seq + 1, self.seq + 1)), "journal: a gap or a stray row")
        last = self.floor_hash
        for seq, box in rows:
            raw = self.open_row(JOURNAL, ZERO16, seq, box)
            record = parse_map(raw)
            need(take(record, 1, bytes, 32) == last, "journal: prev")
            last = journal_hash(seq, raw)
            fixed = {"seq": seq, "at": take(record, 2, int), "op": take_uint(record, 3), "sid": take(record, 4, bytes, 16)}
            names = {"actor": maybe(record, 7, str), "reason": maybe(record, 8, str), "request": maybe(record, 9, str)}
            yield fixed | {"name": take(record, 5, str), "v": take_uint(record, 6)} | names
        need(last == self.journal_head, "journal: its last hash is not the root's")

    def verify(self) -> tuple[list[Secret], list[dict[str, Any]]]:
        """All of §11 "verify"; gives the secrets and the journal."""
        secrets = list(self.secrets())
        heads, vers = self.rows("SELECT sid, box FROM head"), self.rows("SELECT sid, v, box FROM ver")
        need(len(heads) == self.n_head, "the number of secrets")
        need(len(vers) == self.n_ver == sum(len(s.versions) for s in secrets), "the number of versions")
        total = sum(self.term(HEAD, sid, 0, box) for sid, box in heads)
        total += sum(self.term(VER, sid, v, box) for sid, v, box in vers)
        need((total % 2**256).to_bytes(32, "little") == self.acc, "the sum over all rows")
        return secrets, list(self.journal())


def main(store_path: str, key_path: str) -> int:
    try:
        with Store(store_path, read_key(Path(key_path).read_bytes())) as store:
            secrets, journal = store.verify()
    except StoreError as e:
        print(f"reader: {e}", file=sys.stderr)
        return 1
    for s in secrets:
        print(s.name, s.current, f"{len(s.versions)} versions", s.metadata, sep="\t")
    print(f"ok: {len(secrets)} secrets, {store.n_ver} versions, {len(journal)} journal records, sequence number {store.seq}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
