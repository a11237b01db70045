"""Changes: who is told of what, and how a wait for one ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import OpenFault, local_settings
from faces import BAD_KEYS, NO_STR, Verbs, verbs, verbs_over

import strongroom
from strongroom import aio

__all__ = ["verbs", "verbs_over"]

#: For what hangs, in seconds. Nothing is measured by it.
LONG = 60


def in_a_thread(run: Callable[[], Any]) -> Callable[[], Any]:
    """Begins it; what is given waits for its end and gives what it gave."""
    given: list[Any] = []
    thread = threading.Thread(target=lambda: given.append(run()), daemon=True)
    thread.start()

    def join() -> Any:
        thread.join(LONG)
        assert not thread.is_alive(), "the wait ended"
        return given[0]

    return join


def test_writes_and_removals_are_told_in_their_order(secrets: strongroom.SecretManager) -> None:
    with secrets.subscribe() as changes:
        first = secrets.set("org/acme/api_key", "canary")
        secrets.delete("org/acme/api_key")
        told = [changes.next(timeout=LONG), changes.next(timeout=timedelta(seconds=LONG))]
    assert told[0] == strongroom.Change("set", "org/acme/api_key", first.version, first.number, None, None)
    assert told[1] == strongroom.Change("deleted", "org/acme/api_key", None, None, None, None)
    assert "canary" not in repr(told)


def test_iteration_ends_with_the_manager(secrets: strongroom.SecretManager) -> None:
    changes = secrets.subscribe()
    assert iter(changes) is changes
    secrets.set("a", "1")
    secrets.set("b", "2")
    secrets.close()
    # What was told before the end is not lost.
    assert [change.key for change in changes] == ["global/a", "global/b"]
    assert changes.next() is None and changes.next(timeout=0) is None
    with pytest.raises(strongroom.Closed):
        secrets.subscribe()


def test_async_iteration_ends_with_the_manager() -> None:
    async def told() -> list[str]:
        async with aio.open("memory", environment=False) as secrets, await secrets.subscribe() as changes:
            assert isinstance(changes, aio.Subscription)

            async def write() -> None:
                for name in ("a", "b"):
                    await secrets.set(name, "value")
                await secrets.close()

            writer = asyncio.create_task(write())
            found = [f"{change.kind} {change.key}" async for change in changes]
            await writer
            assert await changes.next() is None
            return found

    assert asyncio.run(told()) == ["set global/a", "set global/b"]


def test_only_what_was_asked_for_is_told(verbs: Verbs) -> None:
    manager = verbs.manager
    named = manager.subscribe(keys=["org/acme/a"])
    begin_so = manager.subscribe(prefix="org/acme/b")
    of_scope = manager.subscribe(scope="org/acme")
    of_view = manager.scoped("org/acme").subscribe(keys=["a"], every=5)
    for key in ("token", "org/acme/b1", "org/acme/a"):
        verbs.set(key, "value")
    verbs.close()
    keys = [[change.key for change in changes] for changes in (named, begin_so, of_scope, of_view)]
    assert keys == [["org/acme/a"], ["org/acme/b1"], ["org/acme/b1", "org/acme/a"], ["org/acme/a"]]


def test_what_a_subscription_refuses(verbs: Verbs) -> None:
    for bad in BAD_KEYS:
        with pytest.raises(strongroom.InvalidKey):
            verbs.subscribe(keys=[bad])
    for no_key in NO_STR:
        with pytest.raises(TypeError):
            verbs.subscribe(keys=[no_key])
    # One text is no list of keys: it would be taken letter by letter.
    with pytest.raises(TypeError):
        verbs.subscribe(keys="token")
    with pytest.raises(TypeError, match="every is a number of seconds or a timedelta, not str"):
        verbs.subscribe(every="5s")
    with pytest.raises(TypeError, match="prefix is a str, not int"):
        verbs.subscribe(prefix=5)
    with pytest.raises(strongroom.InvalidArgument) as raised:
        verbs.subscribe(every=-1)
    assert raised.value.setting == "every"
    with pytest.raises(strongroom.InvalidKey):
        verbs.subscribe(scope="nonsense")
    with pytest.raises(TypeError, match="unexpected keyword"):
        verbs.subscribe(name="x")


def test_a_wait_with_a_limit_ends_and_the_subscription_goes_on(secrets: strongroom.SecretManager) -> None:
    changes = secrets.subscribe()
    for limit in (0, 0.01, timedelta(milliseconds=80)):
        with pytest.raises(strongroom.Timeout) as raised:
            changes.next(timeout=limit)
        assert isinstance(raised.value, TimeoutError) and raised.value.operation == "subscribe"
    secrets.set("token", "t0p")
    told = changes.next(timeout=0)
    assert told is not None and told.key == "global/token"
    with pytest.raises(strongroom.InvalidArgument):
        changes.next(timeout=-1)
    with pytest.raises(TypeError, match="timeout is a number of seconds or a timedelta"):
        changes.next(timeout="5")  # type: ignore[arg-type]


def test_a_wait_with_a_limit_ends_on_any_thread(secrets: strongroom.SecretManager) -> None:
    changes = secrets.subscribe()

    def wait() -> Any:
        with pytest.raises(strongroom.Timeout):
            changes.next(timeout=0.2)
        return changes.next(timeout=LONG)

    join = in_a_thread(wait)
    # Another one who waits for ever does not keep it from its end, nor does it take the change twice.
    with pytest.raises(strongroom.Timeout):
        changes.next(timeout=0.3)
    secrets.set("token", "t0p")
    assert join().key == "global/token"


@pytest.mark.parametrize("ends", ["subscription", "manager", "view"])
@pytest.mark.parametrize("limit", [None, LONG])
def test_a_thread_that_waits_is_ended_by_another(secrets: strongroom.SecretManager, ends: str, limit: Any) -> None:
    changes = secrets.subscribe()
    waits = threading.Event()

    def wait() -> Any:
        first = changes.next(timeout=LONG)
        waits.set()
        return first, changes.next(timeout=limit)

    join = in_a_thread(wait)
    secrets.set("token", "t0p")
    assert waits.wait(LONG)
    {"subscription": changes, "manager": secrets, "view": secrets.scoped("org/acme")}[ends].close()
    first, last = join()
    assert first.key == "global/token" and last is None


def test_a_closed_subscription_tells_nothing(secrets: strongroom.SecretManager) -> None:
    with secrets.subscribe() as changes:
        secrets.set("token", "t0p")
    assert list(changes) == [] and changes.next(timeout=LONG) is None
    changes.close()
    secrets.set("token", "new")


def test_a_task_that_waits_is_ended_by_another() -> None:
    async def ended() -> Any:
        async with aio.open("memory", environment=False) as secrets:
            changes = await secrets.subscribe()
            waiting = asyncio.create_task(changes.next())
            await asyncio.sleep(0)
            changes.close()
            async with asyncio.timeout(LONG):
                return await waiting

    assert asyncio.run(ended()) is None


def test_an_await_that_is_cancelled_loses_nothing() -> None:
    async def told() -> list[str | None]:
        async with aio.open("memory", environment=False) as secrets:
            changes = await secrets.subscribe()
            found: list[str | None] = []
            for at in range(200):
                waiting = asyncio.create_task(changes.next())
                await asyncio.sleep(0)
                # The change comes before, with or after the cancellation.
                if at % 3 == 0:
                    waiting.cancel()
                await secrets.set(f"k{at}", "value")
                if at % 3 == 1:
                    waiting.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    change = await waiting
                    found.append(change and change.key)
            await secrets.close()
            return found + [change.key async for change in changes]

    assert asyncio.run(told()) == [f"global/k{at}" for at in range(200)]


def test_an_await_with_a_limit() -> None:
    async def told() -> Any:
        async with aio.open("memory", environment=False) as secrets, await secrets.subscribe() as changes:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await changes.next()
            await secrets.set("token", "t0p")
            async with asyncio.timeout(LONG):
                return await changes.next()

    assert asyncio.run(told()).key == "global/token"


def test_a_hundred_subscriptions_are_told_and_of_several_who_wait_each_change_reaches_one() -> None:
    async def told() -> tuple[list[Any], list[Any]]:
        async with aio.open("memory", environment=False) as secrets, asyncio.timeout(LONG):
            everyone = [await secrets.subscribe() for _ in range(100)]
            shared = await secrets.subscribe()
            each = [asyncio.create_task(changes.next()) for changes in everyone]
            some = [asyncio.create_task(shared.next()) for _ in range(10)]
            await asyncio.sleep(0)
            for at in range(10):
                await secrets.set(f"k{at}", "value")
            return await asyncio.gather(*each), await asyncio.gather(*some)

    each, some = asyncio.run(told())
    assert [change.key for change in each] == ["global/k0"] * 100
    assert sorted(change.key for change in some) == [f"global/k{at}" for at in range(10)]


def test_who_is_too_slow_is_told_so(secrets: strongroom.SecretManager) -> None:
    changes = secrets.subscribe()
    for at in range(1500):
        secrets.set("token", str(at))
    secrets.close()
    kinds = [change.kind for change in changes]
    assert kinds[0] == "missed" and set(kinds[1:]) == {"set"} and len(kinds) < 1500


def test_what_another_writes_into_the_store_is_told(tmp_path: Path) -> None:
    stated = local_settings("encrypted", tmp_path)
    with strongroom.open(**stated) as ours, strongroom.open(**stated) as theirs:
        ours.set("token", "old")
        changes = ours.subscribe(keys=["token"], every=0.1)
        written = theirs.set("token", "new")
        told = changes.next(timeout=LONG)
        assert told is not None and (told.kind, told.key, told.version) == ("set", "global/token", written.version)
        assert ours.get_value("token") == "new"


def test_health_is_told_when_it_changes(verbs_over: Callable[..., Verbs]) -> None:
    there = verbs_over("health*1:unavailable")
    changes = there.manager.subscribe()
    for state in ("unavailable", "ok"):
        assert there.health().state == state
        told = changes.next(timeout=LONG)
        assert told is not None and (told.kind, told.key, told.health) == ("health", None, state)


def test_a_subscription_keeps_its_manager_and_nothing_keeps_a_subscription(open_fault: OpenFault) -> None:
    manager = strongroom.open("memory", environment=False)
    changes, other = manager.subscribe(), manager.to_async()
    gone = weakref.ref(manager)
    del manager
    gc.collect()
    asyncio.run(other.set("token", "t0p"))
    assert gone() is not None and changes.next(timeout=LONG) is not None
    del changes
    gc.collect()
    assert gone() is None
    asyncio.run(other.close())


def test_metrics_are_numbers_by_name(verbs: Verbs) -> None:
    before = verbs.metrics()
    assert before.get("calls.get", 0) == 0
    verbs.set("token", "canary")
    for _ in range(2):
        assert verbs.get_value("token") == "canary"
    after = verbs.metrics()
    assert after["calls.set"] == 1 and after["calls.get"] == 1 and after["cache.hits"] >= 1
    assert all(type(name) is str and type(number) is int for name, number in after.items())
    assert "token" not in str(after) and "canary" not in str(after)


def test_refresh_asks_the_backend_again(verbs_over: Callable[..., Verbs]) -> None:
    there = verbs_over("get*1:pass; get*1:denied", cache="on")
    there.set("token", "t0p")
    assert there.get_value("token") == there.get_value("token") == "t0p"
    there.refresh()
    with pytest.raises(strongroom.PermissionDenied):
        there.get_value("token")
