"""The command in a home folder of its own, and the stores that it makes there for the cases."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import reader
from cases import A, B, GONE
from cbor import StoreError

WORKERS = 6  # the command waits for the disk most of the time


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


def failure_of(path: Path, keyfile: Path, name: str | None = None, v: int | None = None) -> str:
    """What the reader says: of everything, or of one secret."""
    try:
        with reader.Store(path, reader.read_key(keyfile.read_bytes())) as store:
            store.get(name, v) if name else store.verify()
    except StoreError as e:
        return e.failure
    return "ok"


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
