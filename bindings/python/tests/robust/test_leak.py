"""What of a value can be found in the process's memory, by another process that searches all of it.

The scan finds a value where it must be (while it is lent, or in a ``bytes`` that someone keeps), and nothing of it once
it was wiped, dropped or closed. What was given out as ``str`` or ``bytes`` is Python's: nobody wipes it, and after it is
freed the scan may find it or not, as the allocator likes. The canary travels masked, and the program that is searched
makes its own plain copies only where it says so.
"""

from __future__ import annotations

import os
import re
import secrets as randomness
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the scan reads /proc")

MASK = 0xA5
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

#: Makes the canary byte by byte in a buffer that it wipes, gives it to the library, and stops where it is searched.
SUBJECT = """
import faulthandler
faulthandler.dump_traceback_later(120, exit=True)
import asyncio, gc, os, sys
import strongroom

MASKED = bytes.fromhex(sys.argv[1])

def lend_canary(use):
    buffer = bytearray(len(MASKED))
    for at in range(len(MASKED)):
        buffer[at] = MASKED[at] ^ 0xA5
    try:
        return use(buffer)
    finally:
        wipe(buffer)

def wipe(buffer):
    for at in range(len(buffer)):
        buffer[at] = 0

def stage(name):
    gc.collect()
    print("stage", name, flush=True)
    sys.stdin.readline()

def open_store(**settings):
    settings = {"encrypted.path": os.path.join(sys.argv[2], "secrets.strongroom"), **settings}
    return strongroom.open("encrypted", settings=settings, secrets={"encrypted.key": b"k" * 32}, environment=False)

"""

#: As the allocator likes.
ANY = tuple(range(10))

#: By name: the program, and how often the value is found at each of its stages; a copy in the cache
#: may lie in memory that nobody else can read.
SUBJECTS: dict[str, tuple[str, dict[str, tuple[int, ...]]]] = {
    "a secret that is made and wiped": (
        """
secret = lend_canary(strongroom.Secret)
stage("held")
secret.wipe()
stage("wiped")
secret = lend_canary(strongroom.Secret)
del secret
stage("dropped")
""",
        {"held": (1,), "wiped": (0,), "dropped": (0,)},
    ),
    "a value that is lent": (
        """
with lend_canary(strongroom.Secret) as secret:
    with secret.expose() as view:
        part = view[1:]
        stage("lent")
    stage("given back")
stage("wiped")
""",
        {"lent": (2,), "given back": (1,), "wiped": (0,)},
    ),
    "a value in a buffer of the caller's": (
        """
with lend_canary(strongroom.Secret) as secret:
    buffer = bytearray(100)
    secret.reveal_into(buffer)
    stage("copied")
    wipe(buffer)
stage("wiped")
""",
        {"copied": (2,), "wiped": (0,)},
    ),
    "writing and reading": (
        """
with open_store() as secrets:
    lend_canary(lambda value: secrets.set("key", value, labels={"a": "b"}))
    secrets.lock()
    stage("written")
    with secrets.get("key") as secret:
        stage("read")
    secrets.lock()
    stage("locked")
    secrets.get("key")
stage("closed")
""",
        {"written": (0,), "read": (1, 2), "locked": (0,), "closed": (0,)},
    ),
    "writing and reading in a loop": (
        """
async def main():
    async with strongroom.aio.open("encrypted", settings={"encrypted.path": sys.argv[2] + "/s.strongroom"},
                                   secrets={"encrypted.key": b"k" * 32}, environment=False) as secrets:
        await lend_canary(lambda value: asyncio.ensure_future(secrets.set("key", bytes_free(value))))
        secret = await secrets.get("key")
        secret.wipe()

def bytes_free(value):
    return strongroom.Secret(value)

from strongroom import aio
asyncio.run(main())
stage("closed")
""",
        {"closed": (0,)},
    ),
    "errors": (
        """
with strongroom.open("memory", environment=False) as secrets:
    def fail(value):
        for wrong in (lambda: secrets.set("not a key", value), lambda: secrets.set("key", value, if_version="999999"),
                      lambda: secrets.set("key", value, labels={"bad name\\0": "b"})):
            try:
                wrong()
            except strongroom.Error as error:
                failed.append(error)
    failed = []
    lend_canary(fail)
    assert len(failed) == 3, failed
    stage("failed")
""",
        {"failed": (0,)},
    ),
    "bytes, which nobody wipes": (
        """
secret = lend_canary(strongroom.Secret)
kept = secret.reveal_bytes()
stage("both kept")
secret.wipe()
stage("only the bytes kept")
del kept
stage("freed")
""",
        {"both kept": (2,), "only the bytes kept": (1,), "freed": ANY},
    ),
    "text, which nobody wipes": (
        """
secret = lend_canary(strongroom.Secret)
kept = secret.reveal()
secret.wipe()
stage("only the text kept")
del kept
stage("freed")
""",
        {"only the text kept": (1,), "freed": ANY},
    ),
}


def mappings(process: int) -> Iterator[tuple[int, int]]:
    """What of the process's memory can be read and written."""
    for line in Path(f"/proc/{process}/maps").read_text().splitlines():
        found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
        if found:
            yield int(found[1], 16), int(found[2], 16)


def hits(process: int, needle: bytes) -> int:
    """How often the bytes are in the process's memory."""
    count = 0
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for start, end in mappings(process):
            try:
                count += os.pread(memory.fileno(), end - start, start).count(needle)
            except OSError:
                # Memory that keeps others out, such as memfd_secret's.
                continue
    return count


@pytest.mark.parametrize("what", SUBJECTS)
def test_what_the_scan_finds_of(tmp_path: Path, what: str) -> None:
    program, wanted = SUBJECTS[what]
    canary = bytes(randomness.choice(LETTERS) for _ in range(48))
    masked = bytes(byte ^ MASK for byte in canary).hex()
    command = [sys.executable, "-c", SUBJECT + program, masked, str(tmp_path)]
    found: dict[str, tuple[int, int]] = {}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as subject:
        assert subject.stdin is not None and subject.stdout is not None
        for line in subject.stdout:
            # A freed block loses its first bytes to the allocator's notes, so the end of it is looked for, too.
            name = line.removeprefix("stage ").strip()
            found[name] = hits(subject.pid, canary), hits(subject.pid, canary[-16:])
            subject.stdin.write("go on\n")
            subject.stdin.flush()
    assert subject.returncode == 0
    assert list(found) == list(wanted)
    for name, count in wanted.items():
        assert found[name][0] in count and found[name][1] in count, found
