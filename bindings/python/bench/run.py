"""Times the package that is installed beside what else Python programs read secrets with.

``cargo xtask bench python`` builds the wheel, installs it with ``requirements.txt`` and runs this in a session with an
unlocked keyring. By hand: ``python run.py --stores FOLDER --rows FOLDER``; a folder for temporary files may lie in
memory, where a durable write costs nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import secrets as randomness
import sqlite3
import statistics
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import peers
from measure import Subject, above, awaited, pair, starts, timed
from report import Report

import strongroom

KEY = "org/acme/api_key"
VALUE = "sk-0123456789abcdefghijklmnopqrstuvwxyz"
SECRETS = 1000
CACHED, UNCACHED, DURABLE = 20_000, 500, 20


def open_store(folder: Path, **settings: str) -> strongroom.SecretManager:
    """The encrypted store of a folder."""
    key_file = folder / "secrets.key"
    if not key_file.exists():
        with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(randomness.token_hex(32))
    stated = {"encrypted.path": str(folder / "secrets.strongroom"), "encrypted.key_file": str(key_file), **settings}
    return strongroom.open("encrypted", app="bench", settings=stated, environment=False)


def fill(store: strongroom.SecretManager) -> None:
    for at in range(SECRETS):
        store.set(f"org/acme/other_{at}", VALUE)
    store.set(KEY, VALUE)


def sqlite(folder: Path) -> sqlite3.Connection:
    """A table of as many rows as the store has, as durable as the store is."""
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None, check_same_thread=False)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE secret (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
    rows = [(f"org/acme/other_{at}", VALUE) for at in range(SECRETS)]
    bare.executemany("INSERT INTO secret VALUES (?, ?)", [*rows, (KEY, VALUE)])
    return bare


def cached(rows: Path, store: strongroom.SecretManager, runner: asyncio.Runner) -> None:
    os.environ["BENCH_API_KEY"] = VALUE
    table = {f"org/acme/other_{at}": VALUE for at in range(SECRETS)} | {KEY: VALUE}
    names = {"store": store, "later": store.to_async(), "key": KEY, "table": table, "os": os, "get": store.get_value}
    look_up = timed("table[key]", **names)
    environment = timed("os.environ['BENCH_API_KEY']", **names)

    async def absent() -> str:
        return table[KEY]

    coroutine = awaited(runner, "await absent()", absent=absent)
    with Report(rows, "cached") as report:

        def row(name: str, floor: Subject, statement: str, most: float | None = None) -> None:
            report.beside(name, pair(floor, timed(statement, **names), number=CACHED), most=most)

        row("get_value, a str (floor: os.environ[...])", environment, "store.get_value(key)", 0.35)
        row("get_value of a bound method (floor: os.environ[...])", environment, "get(key)")
        row("get and reveal (floor: os.environ[...])", environment, "store.get(key).reveal()")
        row("secrets[key].reveal() (floor: os.environ[...])", environment, "store[key].reveal()")
        row("get_value, a str (floor: a look-up in a dict)", look_up, "store.get_value(key)")
        row("get and reveal (floor: a look-up in a dict)", look_up, "store.get(key).reveal()")
        for name, statement in (
            ("await get_value", "await later.get_value(key)"),
            ("await get, and reveal", "(await later.get(key)).reveal()"),
        ):
            ours = awaited(runner, statement, **names)
            report.beside(f"{name} (floor: await of a coroutine's look-up)", pair(coroutine, ours, number=CACHED))


def stored(rows: Path, folder: Path, runner: asyncio.Runner) -> None:
    with open_store(folder, cache="off") as store, closing(sqlite(folder)) as bare:
        names = {
            "store": store,
            "later": store.to_async(),
            "key": KEY,
            "value": VALUE,
            "bare": bare,
            "asyncio": asyncio,
        }
        select = "bare.execute('SELECT value FROM secret WHERE name = ?', (key,)).fetchone()"
        replace = "bare.execute('INSERT OR REPLACE INTO secret VALUES (?, ?)', (key, value))"
        with Report(rows, "stored") as report:

            def row(name: str, floor: str, ours: str, number: int) -> None:
                report.beside(name, pair(timed(floor, **names), timed(ours, **names), number=number))

            def row_awaited(name: str, floor: str, ours: str, number: int) -> None:
                floor_subject = awaited(runner, floor, **names)
                report.beside(name, pair(floor_subject, awaited(runner, ours, **names), number=number))

            row("get_value, not cached (floor: sqlite3, a SELECT)", select, "store.get_value(key)", UNCACHED)
            row_awaited(
                "await get_value, not cached (floor: the SELECT in asyncio.to_thread)",
                f"await asyncio.to_thread(lambda: {select})",
                "await later.get_value(key)",
                UNCACHED,
            )
            row("set, durable (floor: sqlite3, a row, WAL and FULL)", replace, "store.set(key, value)", DURABLE)
            row_awaited(
                "await set, durable (floor: the same in asyncio.to_thread)",
                f"await asyncio.to_thread(lambda: {replace})",
                "await later.set(key, value)",
                DURABLE,
            )


def beside_peers(rows: Path, store: strongroom.SecretManager, folder: Path) -> None:
    ours = timed("store.get(key).reveal()", store=store, key=KEY)
    value_only = timed("store.get_value(key)", store=store, key=KEY)
    with Report(rows, "peers") as report:
        try:
            get_password = peers.secret_service(VALUE)
        except Exception as error:
            report.skipped("keyring.get_password", f"{type(error).__name__}: {error}")
        else:
            theirs = timed(f"get({peers.SERVICE!r}, {peers.USER!r})", get=get_password)
            name = "(floor: keyring.get_password, gnome-keyring)"
            report.faster(f"get and reveal {name}", pair(theirs, ours, number=CACHED, floor_number=10), least=1000)
            report.faster(f"get_value {name}", pair(theirs, value_only, number=CACHED, floor_number=10), least=1000)
        theirs = timed(f"get({peers.SERVICE!r}, {peers.USER!r})", get=peers.encrypted_file(VALUE, folder))
        name = "get and reveal (floor: keyrings.alt, encrypted file)"
        report.faster(name, pair(theirs, ours, number=CACHED, floor_number=3))
        theirs = timed(f"get({peers.USER!r})", get=peers.aws_cache(VALUE))
        name = "get and reveal (floor: aws-secretsmanager-caching, a hit)"
        report.faster(name, pair(theirs, ours, number=CACHED, floor_number=1000))
        name = "get_value (floor: the same)"
        report.faster(name, pair(theirs, value_only, number=CACHED, floor_number=1000), least=100)


def imports(rows: Path) -> None:
    modules = ("strongroom", "strongroom.aio", "keyring", "boto3")
    statements = ("pass", *(f"import {name}" for name in modules))
    taken = starts([(sys.executable, "-I", "-c", statement) for statement in statements])
    (bare, bare_used), *others = ([list(column) for column in zip(*turns, strict=True)] for turns in taken)
    with Report(rows, "import") as report:
        report.alone("the bare interpreter, from start to end", statistics.median(bare))
        for name, (took, used) in zip(modules, others, strict=True):
            report.alone(f"import {name}, above that", above(took, bare), most=10e6 if name == "strongroom" else None)
            report.alone("the same in processor time, which a busy machine changes little", above(used, bare_used))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=Path, required=True, help="where stores are made: a folder on a disk")
    parser.add_argument("--rows", type=Path, required=True, help="where rows are left, as JSON lines")
    arguments = parser.parse_args()
    arguments.stores.mkdir(parents=True, exist_ok=True)
    load = ", ".join(f"{load:.2f}" for load in os.getloadavg())
    print(f"\nCPython {platform.python_version()}, load {load}")
    with tempfile.TemporaryDirectory(dir=arguments.stores) as made, asyncio.Runner() as runner:
        folder = Path(made)
        with open_store(folder) as store:
            fill(store)
            assert store.get_value(KEY) == store[KEY].reveal() == VALUE
            cached(arguments.rows, store, runner)
            beside_peers(arguments.rows, store, folder)
        stored(arguments.rows, folder, runner)
    imports(arguments.rows)
    load = ", ".join(f"{load:.2f}" for load in os.getloadavg())
    print(f"\nload at the end {load}")


if __name__ == "__main__":
    main()
