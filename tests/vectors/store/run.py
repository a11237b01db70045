"""The store's format from outside: stores made by the command, read, damaged and written by Python.

    python run.py --cli PATH_TO_strongroom [--verbose]
    python run.py --cli PATH_TO_strongroom --make-frozen     once: the frozen store (never again)
    python run.py --make-boxes                               boxes.json anew (it must not change)

Needs `cryptography`. Ends with `N passed, N failed`.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import cases  # noqa: E402
import reader  # noqa: E402
import writer  # noqa: E402
from cases import A, B, GONE  # noqa: E402
from cbor import StoreError, parse_array, parse_map  # noqa: E402
from writer import encode, encode_array, encode_map  # noqa: E402

FROZEN = HERE / "frozen"
WORKERS = 6  # the command waits for the disk most of the time
passed, failed = 0, 0
verbose = False


def check(name: str, ok: object, detail: object = "") -> None:
    global passed, failed
    if ok:
        passed += 1
        if verbose:
            print(f"ok      {name}")
    else:
        failed += 1
        print(f"FAILED  {name}: {str(detail)[:600]}")


def same(name: str, found: object, wanted: object) -> None:
    check(name, found == wanted, f"{found!r} is not {wanted!r}")


class Home:
    """A home folder of its own, with the store where the command looks for it."""

    def __init__(self, cli: str, folder: Path):
        self.cli, self.folder = cli, folder
        self.store = folder / "data/strongroom/secrets.strongroom"
        self.keyfile = folder / "state/strongroom/secrets.key"
        for place in (folder, folder / "data", folder / "state", self.store.parent, self.keyfile.parent):
            place.mkdir(mode=0o700, exist_ok=True)

    def run(self, *words: str, value: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        names = {"HOME": self.folder, "XDG_DATA_HOME": self.folder / "data", "XDG_STATE_HOME": self.folder / "state"}
        env = {"PATH": os.environ.get("PATH", ""), **{k: str(v) for k, v in names.items()}}
        return subprocess.run([self.cli, *words], input=value, env=env, capture_output=True, timeout=60)

    def must(self, *words: str, value: bytes = b"") -> bytes:
        done = self.run(*words, value=value)
        if done.returncode:
            raise RuntimeError(f"strongroom {' '.join(words)}: {done.stderr.decode()}")
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.must(*words, "-o", "json"))

    def outcome(self, *words: str) -> tuple[str, bytes]:
        """("ok" or the token of the error, what it wrote)"""
        done = self.run(*words)
        if done.returncode == 0:
            return "ok", done.stdout
        words_of_it = done.stderr.decode(errors="replace").split(":")
        return (words_of_it[1].strip() if len(words_of_it) > 1 else "?"), done.stdout

    def key(self) -> bytes:
        return reader.read_key(self.keyfile.read_bytes())

    def open(self) -> reader.Store:
        return reader.Store(self.store, self.key())

    def copy(self, folder: Path) -> Home:
        """Store (with its -wal) and key, in another home."""
        other = Home(self.cli, folder)
        other.take(self.store, self.keyfile)
        return other

    def take(self, store: Path, keyfile: Path) -> None:
        pairs = [(store, self.store), (keyfile, self.keyfile)]
        wal = Path(f"{store}-wal")
        if wal.exists():
            pairs.append((wal, Path(f"{self.store}-wal")))
        for source, target in pairs:
            shutil.copyfile(source, target)
            target.chmod(0o600)


def micros(text: str) -> int:
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (moment - epoch) // datetime.timedelta(microseconds=1)


def failure_of(path: Path, keyfile: Path, name: str | None = None, v: int | None = None) -> str:
    """What the reader says: of everything, or of one secret."""
    try:
        with reader.Store(path, reader.read_key(keyfile.read_bytes())) as store:
            store.get(name, v) if name else store.verify()
    except StoreError as e:
        return e.failure
    return "ok"


# ---- what the command wrote, read ----------------------------------------------------------------


def compare(title: str, home: Home, read_all: bool) -> list[reader.Secret]:
    """The reader's view against `list`, `versions` and `get`."""
    with home.open() as store:
        secrets, _ = store.verify()
    listed = {e["key"]: e for e in home.json("list", "-l")["entries"]}
    same(f"{title}: names", sorted(s.name for s in secrets), sorted(listed))

    def one(secret: reader.Secret) -> tuple[Any, Any, Any]:
        versions = home.json("versions", secret.name)["versions"] if read_all else None
        numbers = [v.v for v in secret.versions] if read_all else [secret.current]
        values = [home.must("get", "--include-expired", "--version", str(v), secret.name) for v in numbers]
        return secret, versions, values

    with ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(one, secrets))
    for secret, versions, values in results:
        entry, newest = listed[secret.name], secret.versions[-1]
        found = {k: entry.get(k) for k in ("provider", "scope_of_use", "labels")}
        found["expires"] = micros(entry["expires_at"]) if "expires_at" in entry else None
        wanted = {k: secret.metadata.get(k) for k in ("provider", "scope_of_use", "labels", "expires")}
        same(f"{title}: {secret.name}: metadata of list", found, wanted)
        same(f"{title}: {secret.name}: metadata of head and ver", secret.metadata, newest.metadata)
        times = micros(entry["created_at"]), micros(entry["updated_at"]), entry["version"]
        same(f"{title}: {secret.name}: times", times, (secret.created, newest.updated, str(secret.current)))
        same(f"{title}: {secret.name}: values", values, [v.value for v in (secret.versions if read_all else [newest])])
        for version in secret.versions:
            same(f"{title}: {secret.name}: expires of {version.v}", version.expires, version.metadata.get("expires"))
        if versions is not None:
            shown = [(int(v["version"]), micros(v["created_at"]), micros(v["expires_at"]) if "expires_at" in v else None,
                      v["current"]) for v in reversed(versions)]
            same(f"{title}: {secret.name}: versions", shown,
                 [(v.v, v.at, v.expires, v.v == secret.current) for v in secret.versions])
    return secrets


def round_trip(cli: str, folder: Path) -> None:
    home = Home(cli, folder)
    home.must("init")
    with home.open() as store:
        same("new store", (store.verify(), store.seq, store.n_head, store.n_ver, store.epoch, store.floor_seq),
             (([], []), 0, 0, 0, 1, 0))
        same("new store: root", (store.journal_head, store.acc, store.floor_hash), (reader.ZERO32,) * 3)

    binary = bytes(range(256)) * 40
    written: dict[str, list[bytes]] = {}
    log: list[tuple[int, str]] = []

    def put(name: str, value: bytes, *words: str) -> None:
        home.must("set", name, "--raw", *words, value=value)
        written.setdefault(name, []).append(value)
        log.append((1, name))

    for value in (b"one", b"two\n", binary):
        put("global/MANY", value)
    for size in (1, 59, 60, 61, 100, 1000, 1021, 5000):  # about the edges of the buckets
        put(f"global/SIZE_{size}", b"z" * size)
    put("global/FULL", b"metadata", "--provider", "openai", "--scope-of-use", "read write é", "--label", "b=2", "--label",
        "aa=1", "--label", "Z=", "--expires-in", "90d")
    put("global/FULL", b"metadata less", "--label", "only=this")
    put("global/PAST", b"expired", "--expires-in", "1s", "--provider", "p")
    put("global/EMPTY", b"", "--allow-empty")
    for name in ("global/API_KEY@production", "org/acme/db_password", "user/a=40b.c/key-1@x=2Fy", "env/prod/K", "app/x/y@z"):
        put(name, f"value of {name}".encode())
    for name in ("global/DROP_1", "org/acme/drop"):
        put(name, b"gone soon")
    gone = {name: len(log) - 1 + n for n, name in enumerate(("global/DROP_1", "org/acme/drop"))}
    home.must("delete", *gone)  # a batch: one record a secret
    for name in gone:
        log.append((3, name))
        del written[name]
    with home.open() as store:
        first = store.get("global/MANY", 1)
        same("former version", (first.value, first.v), (b"one", 1))
        same("not there", failure_of(home.store, home.keyfile, "global/DROP_1"), "not_found")
        same("no such version", failure_of(home.store, home.keyfile, "global/MANY", 7), "not_found")
    home.must("rollback", "global/MANY", "1")
    written["global/MANY"].append(b"one")
    log.append((4, "global/MANY"))
    for n in range(25):
        put("global/LONG", b"%d" % n, "--label", f"n={n}")

    secrets = compare("round trip", home, read_all=True)
    for secret in secrets:
        kept = [v.value for v in secret.versions]
        same(f"written: {secret.name}", kept, written[secret.name][-len(kept):])
        same(f"name and sid: {secret.name}", len(secret.sid), 16)
    by_name = {s.name: s for s in secrets}
    full = by_name["global/FULL"].versions[0].metadata
    expires = full.pop("expires")
    same("metadata", full, {"provider": "openai", "scope_of_use": "read write é", "labels": {"b": "2", "aa": "1", "Z": ""}})
    check("expiry", abs(expires - by_name["global/FULL"].versions[0].updated - 90 * 86400 * 10**6) < 10**7, expires)
    same("metadata replaced", by_name["global/FULL"].metadata, {"labels": {"only": "this"}})
    with home.open() as store:
        records = list(store.journal())
        same("journal", [(r["op"], r["name"]) for r in records], log)
        same("journal: v", [r["v"] for r in records if r["op"] != 3], [r["seq"] for r in records if r["op"] != 3])
        same("journal: v of deleted", {r["name"]: r["v"] for r in records if r["op"] == 3}, gone)
        same("journal: sid", {r["name"]: r["sid"] for r in records}, {n: store.sid(n) for _, n in log})
        check("time_high_water", store.high_water >= max(r["at"] for r in records), store.high_water)


def many(cli: str, folder: Path) -> None:
    home = Home(cli, folder)
    home.must("init")
    dice = random.Random(7)
    written = {f"org/o{n % 7}/S_{n}" if n % 2 else f"global/S_{n}": dice.randbytes(dice.randrange(1, 300)) for n in range(200)}
    for name, value in written.items():
        home.must("set", name, "--raw", value=value)
    with home.open() as store:
        secrets, journal = store.verify()
        same("200: values by get", {n: store.get(n).value for n in written}, written)
    same("200: values by verify", {s.name: s.versions[-1].value for s in secrets}, written)
    same("200: journal", len(journal), 200)
    compare("200", home, read_all=False)


# ---- damage --------------------------------------------------------------------------------------


def base_store(cli: str, folder: Path) -> tuple[Home, Home, Home]:
    """(base, old, other) as cases.py says"""
    base = Home(cli, folder / "base")
    base.must("init")
    for name, value in ((A, b"a1"), (A, b"a2"), (B, b"b1"), ("org/acme/c@prod", b"c1"), (GONE, b"gone")):
        base.must("set", name, "--provider", "p", value=value)
    old = base.copy(folder / "old")
    base.must("delete", GONE)
    base.must("set", A, "--label", "k=v", "--label", "a=b", value=b"a3")
    other = Home(cli, folder / "other")
    other.must("init")
    other.must("set", A, value=b"other")
    return base, old, other


def damage(cli: str, folder: Path) -> None:
    base, old, other = base_store(cli, folder)
    store = base.open()
    store.db.close()

    def one(place: int) -> tuple[Any, ...]:
        case = cases.CASES[place]
        home = base.copy(folder / f"case{place}")
        bench = cases.Bench(home.store, base.key(), old.store, other.store, other.key(), home.keyfile, store)
        case.harm(bench)
        found = [failure_of(home.store, home.keyfile), home.outcome("verify")[0]]
        found += [failure_of(home.store, home.keyfile, case.subject), home.outcome("get", case.subject)[0]]
        wanted = [case.verify, case.verify, case.get, case.get]
        if case.old:
            found += [failure_of(home.store, home.keyfile, A, 1), home.outcome("get", A, "--version", "1")[0]]
            wanted += [case.old, case.old]
        shutil.rmtree(home.folder)
        return case.name, found, wanted

    with ThreadPoolExecutor(WORKERS) as pool:
        for name, found, wanted in pool.map(one, range(len(cases.CASES))):
            whose = ["verify by the reader", "verify by the command", "get by the reader", "get by the command",
                     "get of the first version by the reader", "get of the first version by the command"]
            for what, got, want in zip(whose, found, wanted):
                same(f"damage: {name}: {what}", got, want)


# ---- written by Python ---------------------------------------------------------------------------


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


# ---- frozen --------------------------------------------------------------------------------------


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


def main() -> int:
    global verbose
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cli", help="the strongroom command")
    options.add_argument("--verbose", action="store_true", help="a line for each test that passed, too")
    options.add_argument("--make-frozen", action="store_true")
    options.add_argument("--make-boxes", action="store_true")
    given = options.parse_args()
    verbose = given.verbose
    if given.make_boxes:
        (HERE / "boxes.json").write_text(boxes_text())
        return 0
    if not given.cli:
        options.error("--cli is missing")
    cli = str(Path(given.cli).resolve())
    with tempfile.TemporaryDirectory(prefix="strongroom-vectors-") as name:
        folder = Path(name)
        if given.make_frozen:
            make_frozen(cli, folder)
            return 0
        boxes()
        for part in (frozen, round_trip, many, damage, written_by_python):
            place = folder / part.__name__
            place.mkdir(mode=0o700)
            begun = time.monotonic()
            try:
                part(cli, place)
            except Exception as e:  # one part that breaks off must not hide the others
                check(f"{part.__name__} ran to its end", False, f"{type(e).__name__}: {e}")
                if verbose:
                    raise
            if verbose:
                print(f"{part.__name__}: {time.monotonic() - begun:.1f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
