"""The store's format from outside: stores made by the command, read, damaged and written by Python.

    python run.py --cli PATH_TO_strongroom [--verbose]
    python run.py --cli PATH_TO_strongroom --make-frozen     once: the frozen store (never again)
    python run.py --make-boxes                               boxes.json anew (it must not change)

Needs `cryptography`. Ends with `N passed, N failed`.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import cases  # noqa: E402
import checks  # noqa: E402
import frozen  # noqa: E402
import reader  # noqa: E402
import sealed_cases  # noqa: E402, F401 - adds to cases.CASES
from cases import A  # noqa: E402
from checks import check, compare, same  # noqa: E402
from home import WORKERS, Home, base_store, failure_of  # noqa: E402
from written import written_by_python  # noqa: E402

# ---- what the command wrote, read ----------------------------------------------------------------


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


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cli", help="the strongroom command")
    options.add_argument("--verbose", action="store_true", help="a line for each test that passed, too")
    options.add_argument("--make-frozen", action="store_true")
    options.add_argument("--make-boxes", action="store_true")
    given = options.parse_args()
    checks.verbose = given.verbose
    if given.make_boxes:
        frozen.write_boxes()
        return 0
    if not given.cli:
        options.error("--cli is missing")
    cli = str(Path(given.cli).resolve())
    with tempfile.TemporaryDirectory(prefix="strongroom-vectors-") as name:
        folder = Path(name)
        if given.make_frozen:
            frozen.make_frozen(cli, folder)
            return 0
        frozen.boxes()
        for part in (frozen.frozen, round_trip, many, damage, written_by_python):
            place = folder / part.__name__
            place.mkdir(mode=0o700)
            begun = time.monotonic()
            try:
                part(cli, place)
            except Exception as e:  # one part that breaks off must not hide the others
                check(f"{part.__name__} ran to its end", False, f"{type(e).__name__}: {e}")
                if given.verbose:
                    raise
            if given.verbose:
                print(f"{part.__name__}: {time.monotonic() - begun:.1f} s")
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
