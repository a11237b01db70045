"""Stores that Python wrote to, read and written on by the command."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import reader
import writer
from cases import A, B
from cbor import parse_array, parse_map
from checks import check, compare, same
from home import Home, base_store, failure_of
from writer import encode, encode_array, encode_map


def written_by_python(cli: str, folder: Path) -> None:
    base, _, _ = base_store(cli, folder)
    key = base.key()

    def good(title: str, home: Home, name: str, value: bytes) -> None:
        same(f"{title}: verify", home.outcome("verify")[0], "ok")
        same(f"{title}: get", home.outcome("get", name), ("ok", value))
        same(f"{title}: reader", failure_of(home.store, home.keyfile), "ok")

    home = base.copy(folder / "value")
    with writer.Editor(home.store, key) as e:
        v = e.set_value(A, b"from\0Python")
    good("value", home, A, b"from\0Python")
    same("value: former", home.outcome("get", A, "--version", str(v - 1)), ("ok", b"a3"))
    entry = next(x for x in home.json("list", "-l")["entries"] if x["key"] == A)
    same("value: list", (entry["version"], entry["labels"]), (str(v), {"a": "b", "k": "v"}))
    home.must("set", A, value=b"by the command again")
    good("value: the command after it", home, A, b"by the command again")
    compare("value", home, read_all=True)

    home = base.copy(folder / "wal")  # the new commit stands in the -wal only
    reading = reader.sqlite3.connect(home.store, isolation_level=None)
    reading.execute("BEGIN")
    reading.execute("SELECT * FROM root").fetchall()  # keeps the -wal from being written back
    with writer.Editor(home.store, key) as e:
        e.set_value(B, b"in the wal")
    taken = home.copy(folder / "wal taken")
    check("wal: there", Path(f"{taken.store}-wal").stat().st_size > 0)
    with taken.open() as store:
        same("wal: read", store.get(B).value, b"in the wal")
    good("wal", taken, B, b"in the wal")
    Path(f"{home.store}-wal").rename(folder / "put aside")
    bare = home.copy(folder / "wal left")
    reading.close()
    with bare.open() as store:
        same("wal: without it the former value", store.get(B).value, b"b1")

    home = base.copy(folder / "unknown")  # unknown keys, kept by the command's writes
    extra, odd = encode([1, "x", {2: b"y"}]), encode({"later": -5})
    with writer.Editor(home.store, key) as e:
        head, first = e.head(A), e.ver(A, 1)
        entries = parse_array(head[4])
        entries[0] = encode_map(parse_map(entries[0]) | {4: extra, 60: odd})
        e.put_head(A, encode_map(head | {4: encode_array(entries), 30: odd, 300: extra}))
        e.put_ver(A, 1, encode_map(first | {7: extra, 70000: odd}))
        e.root |= {20: extra, 200: odd}
        e.seal_root()
    good("unknown keys", home, A, b"a3")
    home.must("set", A, value=b"a4")
    home.must("rollback", A, "1")
    good("unknown keys after writes", home, A, b"a1")
    with writer.Editor(home.store, key) as e:
        head = e.head(A)
        copied = e.ver(A, reader.take_uint(head, 3))
        listed = parse_map(parse_array(head[4])[0])
        same("unknown keys: head", (head.get(30), head.get(300)), (odd, extra))
        same("unknown keys: entry of the list", (listed.get(4), listed.get(60)), (extra, odd))
        same("unknown keys: ver copied by rollback", (copied.get(7), copied.get(70000)), (extra, odd))
        same("unknown keys: root", (e.root.get(20), e.root.get(200)), (extra, odd))

    home = base.copy(folder / "epoch")  # a second data key and a second key slot
    new_key, new_kek = os.urandom(32), os.urandom(32)
    with writer.Editor(home.store, key) as e:
        slot, _, params, box = e.db.execute("SELECT * FROM keyslot WHERE kind = 1").fetchone()
        bound = reader.hashlib.sha256(params).digest()
        aad = reader.make_aad(e.store.store_id, reader.KEYSLOT, reader.ZERO16, slot, 0, bound)
        root_key = reader.take(parse_map(reader.open_box(key, box, aad)), 1, bytes, 32)
        aad = reader.make_aad(e.store.store_id, reader.EPOCH, reader.ZERO16, 2, 0)
        e.db.execute("INSERT INTO epoch VALUES (2, ?)", (writer.seal_box(root_key, encode({1: new_key}), aad, 0),))
        params = encode({1: os.urandom(16), 2: 1, 3: "second", 4: "", 5: "of the kind"})
        bound = reader.hashlib.sha256(params).digest()
        aad = reader.make_aad(e.store.store_id, reader.KEYSLOT, reader.ZERO16, slot + 5, 0, bound)
        box = writer.seal_box(new_kek, encode({1: root_key}), aad, 0)
        e.db.execute("INSERT INTO keyslot VALUES (?, 1, ?, ?)", (slot + 5, params, box))
        e.root[8] = encode(reader.slots_hash(e.db.execute("SELECT * FROM keyslot ORDER BY slot").fetchall()))
        e.root[7] = encode(2)
        e.store.epochs[2] = new_key
        e.set_value(A, b"of epoch 2")
    good("second epoch", home, A, b"of epoch 2")
    same("second epoch: the first's rows", home.outcome("get", B), ("ok", b"b1"))
    home.keyfile.write_bytes(base64.urlsafe_b64encode(new_kek) + b"\n")
    good("second slot", home, A, b"of epoch 2")
    home.must("set", B, value=b"b2")
    good("second slot: the command's write", home, B, b"b2")
    with home.open() as store:
        epochs = [reader.box_epoch(r[0]) for r in store.rows("SELECT box FROM ver WHERE sid = ? ORDER BY v", store.sid(B))]
        same("second epoch: the command seals under cur_epoch", epochs, [1, 2])
