"""What was made once and must be read always: the store in frozen/, and the vectors of boxes.json."""

from __future__ import annotations

import base64
import json
import random
import shutil
from pathlib import Path
from typing import Any

import reader
import writer
from cbor import StoreError
from checks import check, compare, same
from home import Home, failure_of

HERE = Path(__file__).resolve().parent
FROZEN = HERE / "frozen"


# ---- the store -----------------------------------------------------------------------------------


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def contents(store: reader.Store) -> dict[str, Any]:
    secrets, journal = store.verify()
    return {
        "seq": store.seq,
        "secrets": [
            {"name": s.name, "created": s.created, "current": s.current, "metadata": s.metadata,
             "versions": [{"v": v.v, "at": v.at, "expires": v.expires, "value": b64(v.value), "updated": v.updated,
                           "metadata": v.metadata} for v in s.versions]}
            for s in sorted(secrets, key=lambda s: s.name)
        ],
        "journal": [{k: v.hex() if isinstance(v, bytes) else v for k, v in r.items()} for r in journal],
    }


def make_frozen(cli: str, folder: Path) -> None:
    home = Home(cli, folder / "frozen")
    home.must("init")
    home.must("set", "API_KEY", "--provider", "openai", "--scope-of-use", "chat", "--label", "team=core", "--expires-at",
              "2100-01-01T00:00:00Z", value=b"first value")
    home.must("set", "API_KEY", "--provider", "openai", value=b"second value")
    home.must("set", "org/acme/db_password@production", "--raw", value=bytes(range(256)) * 3)
    home.must("set", "user/a=40b/EMPTY", "--allow-empty", value=b"")
    home.must("set", "global/OLD", "--expires-at", "2000-01-01T00:00:00Z", value=b"expired long ago")
    home.must("set", "global/GONE", value=b"deleted")
    home.must("delete", "global/GONE")
    home.must("rollback", "API_KEY", "1")
    with home.open() as store:
        expected = contents(store)
    assert Path(f"{home.store}-wal").stat().st_size == 0
    FROZEN.mkdir(exist_ok=True)
    shutil.copyfile(home.store, FROZEN / "v1.strongroom")
    shutil.copyfile(home.keyfile, FROZEN / "v1.key")
    (FROZEN / "v1.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


def frozen(cli: str, folder: Path) -> None:
    home = Home(cli, folder)
    home.take(FROZEN / "v1.strongroom", FROZEN / "v1.key")
    expected = json.loads((FROZEN / "v1.json").read_text())
    with home.open() as store:
        same("frozen: reader", contents(store), expected)
    same("frozen: the command's verify", home.outcome("verify")[0], "ok")
    for secret in expected["secrets"]:
        for version in secret["versions"]:
            got = home.outcome("get", "--include-expired", "--version", str(version["v"]), secret["name"])
            same(f"frozen: {secret['name']} {version['v']}", got, ("ok", base64.b64decode(version["value"])))
    same("frozen: expired", home.outcome("get", "global/OLD")[0], "expired")
    compare("frozen", home, read_all=True)
    home.must("set", "API_KEY", value=b"written later")
    same("frozen: written to", home.outcome("get", "API_KEY"), ("ok", b"written later"))
    same("frozen: verify after it", [home.outcome("verify")[0], failure_of(home.store, home.keyfile)], ["ok", "ok"])


# ---- boxes ---------------------------------------------------------------------------------------


def make_boxes() -> dict[str, Any]:
    """Box vectors; everything in them follows from a fixed seed."""
    dice = random.Random("strongroom boxes 1")
    shapes = [("keyslot", reader.KEYSLOT, 0), ("epoch", reader.EPOCH, 0), ("head", reader.HEAD, 1), ("ver", reader.VER, 1),
              ("ver, a later epoch", reader.VER, 0x01020304), ("journal", reader.JOURNAL, 1), ("root", reader.ROOT, 1)]
    boxes = []
    for size in (0, 1, 35, 60, 61, 68, 69, 100, 1000, 1020, 1021, 4096):
        name, table, epoch = shapes[len(boxes) % len(shapes)]
        key, store_id, data = dice.randbytes(32), dice.randbytes(16), dice.randbytes(size)
        sid = dice.randbytes(16) if table in (reader.HEAD, reader.VER) else reader.ZERO16
        number = 0 if table == reader.HEAD else 1 if table == reader.ROOT else dice.randrange(1, 2**40)
        bound = dice.randbytes(32) if table == reader.KEYSLOT else b""
        salt, nonce = dice.randbytes(32), dice.randbytes(12)
        aad = reader.make_aad(store_id, table, sid, number, epoch, bound)
        box = writer.seal_box(key, data, aad, epoch, salt, nonce)
        parts = {"key": key, "store_id": store_id, "sid": sid, "bound": bound, "plaintext": data, "salt": salt, "nonce": nonce,
                 "aad": aad, "box": box}
        boxes.append({"name": f"{name}, {size} bytes", "table": table, "number": number, "epoch": epoch}
                     | {k: v.hex() for k, v in parts.items()})
    buckets = [[n, reader.bucket(n)] for n in (4, 64, 65, 72, 73, 100, 127, 128, 129, 1000, 1024, 1025, 65536, 65537, 10**6)]
    keys = {"key": bytes(range(32)).hex(), "texts": [
        bytes(range(32)).hex(), bytes(range(32)).hex().upper(), b64(bytes(range(32))), b64(bytes(range(32)))[:43]]}
    return {"format": 1, "boxes": boxes, "buckets": buckets, "raw_key": keys}


def boxes_text() -> str:
    return json.dumps(make_boxes(), indent=1) + "\n"


def write_boxes() -> None:
    (HERE / "boxes.json").write_text(boxes_text())


def boxes() -> None:
    same("boxes: unchanged", (HERE / "boxes.json").read_text(), boxes_text())
    for vector in json.loads((HERE / "boxes.json").read_text())["boxes"]:
        part = {k: bytes.fromhex(vector[k]) for k in ("key", "box", "aad", "plaintext")}
        same(f"box opens: {vector['name']}", reader.open_box(part["key"], part["box"], part["aad"]), part["plaintext"])
    same("bucket of the page", [reader.bucket(n) for n in (64, 65, 100, 1000, 1025)], [64, 72, 104, 1024, 1088])
    for text in make_boxes()["raw_key"]["texts"]:
        for end in ("", "\n", "\r\n"):
            same(f"raw key {text!r}{end!r}", reader.read_key((text + end).encode()), bytes(range(32)))
    for bad in (b"", b"x" * 31, b"x" * 33, b"g" * 64, b"A" * 43 + b"\n\n", b"A" * 45, b" " * 64,
                b"A" * 42 + b"B", b"A" * 43 + b"\r", b"-" + b"A" * 41 + b"/", bytes(32) + b"\n"):
        try:
            reader.read_key(bad)
            check(f"bad raw key {bad!r}", False, "was taken")
        except StoreError:
            check(f"bad raw key {bad!r}", True)
