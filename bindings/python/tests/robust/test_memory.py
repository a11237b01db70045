"""Memory: what is not given back, what is kept alive, and what of a value can be found in it."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

import pytest

import strongroom

if TYPE_CHECKING:
    from conftest import Alone

#: Reads, writes and errors of every shape, many times; the process may grow by a few pages and not by the call.
GROWTH = """
import resource
secrets = strongroom.open("memory", environment=False)
secrets.set("key", "value" * 20, labels={"a": "b"})

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()

def once():
    secrets.get("key").reveal()
    secrets.get_value("key")
    secrets.get("none")
    secrets.set("key", "value" * 20, labels={"a": "b"})
    with secrets.get("key") as secret, secret.expose() as view:
        len(view)
    for wrong in (lambda: secrets.delete("none"), lambda: secrets.get("not a key"), lambda: secrets.set("key", 7),
                  lambda: secrets.set("key", "v", if_version="999999"), lambda: secret.reveal()):
        try:
            wrong()
        except (strongroom.Error, TypeError):
            pass
        else:
            raise SystemExit("no error")

async def awaited():
    face = secrets.to_async()
    await face.get("none")
    await face.set("key", "value" * 20)
    try:
        await face.delete("none")
    except strongroom.NotFound:
        pass

async def many(count):
    for _ in range(count):
        await awaited()

def rounds(count):
    for _ in range(count):
        once()
    asyncio.run(many(count))
    gc.collect()

rounds(500)
before, objects = resident(), len(gc.get_objects())
rounds(8000)
grown = resident() - before
assert grown < 4 << 20, f"grew by {grown} bytes"
assert len(gc.get_objects()) < objects + 1000, (objects, len(gc.get_objects()))
"""

#: Calls that hang and are cancelled, whose wakeups hold loops and futures.
CANCELLED = """
secrets = open_fault("get:hang").to_async()

async def main():
    async def round():
        tasks = [asyncio.create_task(secrets.get(f"k{at}")) for at in range(100)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await round()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(50):
        await round()
    gc.collect()
    assert len(gc.get_objects()) < before + 500, (before, len(gc.get_objects()))
    assert _native.testing_fault_counters()["in_flight"] == 0

asyncio.run(main())
"""


@pytest.mark.parametrize("program", [GROWTH, CANCELLED], ids=["calls and errors", "cancelled calls"])
def test_many_calls_do_not_make_the_process_grow(alone: Alone, program: str) -> None:
    alone(program)


def test_arguments_are_given_back() -> None:
    with strongroom.open("memory", environment=False) as secrets:
        key, value, labels = "org/acme/" + "k" * 20, bytearray(b"value" * 9), {"team": "t" * 30}
        wrong, actor = object(), "actor" * 6
        passed = [key, value, labels, wrong, actor, secrets]

        def use() -> None:
            secrets.set(key, value, labels=labels)
            secrets.set(key, strongroom.Secret(value, labels=labels))
            secrets.get(key, actor=actor)
            secrets.get_value(key)
            secrets.scoped("org/acme").exists(key)
            for fails in (
                lambda: secrets.set(key, wrong),  # type: ignore[arg-type]
                lambda: secrets.get(wrong),  # type: ignore[arg-type]
                lambda: secrets.set(key, value, if_version="999999"),
            ):
                with pytest.raises((strongroom.Error, TypeError)):
                    fails()

        use()
        gc.collect()
        before = [sys.getrefcount(each) for each in passed]
        for _ in range(50):
            use()
        gc.collect()
        assert [sys.getrefcount(each) for each in passed] == before
        # A buffer that is still exported could not be resized.
        value.extend(b"more")


def test_a_value_that_is_lent_is_wiped_while_parts_of_the_view_are_kept() -> None:
    secret = strongroom.Secret("a value")
    lent = secret.expose()
    with lent as view:
        part = view[2:]
        assert bytes(part) == b"value"
        with pytest.raises(strongroom.ReentrantCall), lent:
            pass
    assert bytes(part) == bytes(5)
    with pytest.raises(ValueError, match="released"):
        bytes(view[:1])
    secret.wipe()
    # What was not lent yet is gone, too.
    with pytest.raises(strongroom.Closed), lent:
        pass
    with pytest.raises(strongroom.Closed):
        secret.expose()
