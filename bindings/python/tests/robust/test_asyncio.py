"""Calls that are awaited: many at once, cancelled, timed out, beside a loop that goes on."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import strongroom
from strongroom import _native, aio

if TYPE_CHECKING:
    from collections.abc import Callable

    from robust.conftest import Faults, OpenSlow, OpenStore

MANY = 500
#: The native half with its functions for tests, which no stub has.
TESTING: Any = _native


async def waiting(faults: Faults, count: int, counter: str = "waiting") -> None:
    """Waits for the backend without holding the loop up."""
    await asyncio.to_thread(faults.wait, counter, count)


def test_many_calls_at_once_are_all_answered(open_store: OpenStore) -> None:
    blocking = open_store(cache="off")
    for at in range(10):
        blocking.set(f"org/acme/k{at}", f"value-{at}")

    async def main() -> None:
        secrets = blocking.to_async()
        found = await asyncio.gather(*(secrets.get(f"org/acme/k{at % 10}") for at in range(MANY)))
        assert [secret.reveal() for secret in found if secret] == [f"value-{at % 10}" for at in range(MANY)]
        written = await asyncio.gather(*(secrets.set("org/acme/shared", str(at)) for at in range(50)))
        assert len({outcome.version for outcome in written}) == 50

    asyncio.run(main())


def test_pending_calls_cost_no_threads_and_end_when_they_are_cancelled(
    slow: OpenSlow, faults: Faults, count_threads: Callable[[], int]
) -> None:
    async def main() -> None:
        # The loop's own threads come one by one; one is enough for what waits here.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        secrets = slow("get:hang").to_async()
        warm = asyncio.create_task(secrets.get("warm"))
        await waiting(faults, 1)
        before = count_threads()
        tasks = [asyncio.create_task(secrets.get(f"k{at}")) for at in range(MANY)]
        await waiting(faults, MANY + 1)
        assert count_threads() <= before
        for task in tasks[: MANY // 2]:
            task.cancel()
        ended = await asyncio.gather(*tasks[: MANY // 2], return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended)
        assert faults.count("cancelled") == MANY // 2
        # The others are left alone, and are answered.
        assert faults.count("waiting") == MANY // 2 + 1
        faults.wake()
        assert await asyncio.gather(warm, *tasks[MANY // 2 :]) == [None] * (MANY // 2 + 1)
        tasks = [asyncio.create_task(secrets.get(f"k{at}")) for at in range(MANY)]
        await waiting(faults, MANY)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert faults.count("cancelled") == MANY // 2 + MANY
        assert count_threads() <= before

    asyncio.run(main())


@pytest.mark.parametrize("fault", ["hang", "block"])
def test_the_loop_goes_on_while_a_backend_is_slow(slow: OpenSlow, faults: Faults, fault: str) -> None:
    async def main() -> None:
        secrets = slow(f"get:{fault}").to_async()
        await secrets.set("key", "value")
        late = asyncio.create_task(secrets.get_value("key"))
        await waiting(faults, 1)
        turns = 0
        for _ in range(1000):
            await asyncio.sleep(0)
            turns += 1
        assert turns == 1000 and not late.done()
        faults.wake()
        assert await asyncio.wait_for(late, 60) == "value"

    asyncio.run(main())


def test_a_call_that_needs_many_polls_is_polled_as_often(slow: OpenSlow) -> None:
    async def main() -> None:
        secrets = slow("get:yield(200)").to_async()
        await secrets.set("key", "value")
        assert await asyncio.gather(*(secrets.get_value("key") for _ in range(20))) == ["value"] * 20

    asyncio.run(main())


def test_the_timeout_of_a_call_holds_while_it_is_awaited(slow: OpenSlow, faults: Faults) -> None:
    async def main() -> None:
        secrets = slow("get:hang;set:hang").to_async()
        with pytest.raises(strongroom.Timeout):
            await secrets.get("key", timeout=0.05)
        # What was sent may have happened.
        with pytest.raises(strongroom.OutcomeUnknown):
            await secrets.set("key", "value", timeout=0.05)
        assert faults.count("cancelled") == 2

    asyncio.run(main())


def test_the_loops_own_ways_to_give_up_cancel_the_call(slow: OpenSlow, faults: Faults) -> None:
    async def main() -> None:
        secrets = slow("get:hang").to_async()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(secrets.get("key"), 0.05)
        assert faults.count("cancelled") == 1
        with pytest.raises(asyncio.TimeoutError):
            async with asyncio.timeout(0.05):
                await secrets.get("key")
        assert faults.count("cancelled") == 2
        with pytest.raises(ExceptionGroup) as failed:
            async with asyncio.TaskGroup() as group:
                hanging = [group.create_task(secrets.get(f"k{at}")) for at in range(5)]
                await waiting(faults, 5)
                group.create_task(secrets.get("not a key"))
        assert [type(error) for error in failed.value.exceptions] == [strongroom.InvalidKey]
        assert all(task.cancelled() for task in hanging)
        assert faults.count("cancelled") == 7
        shielded = asyncio.ensure_future(secrets.get("key"))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(shielded), 0.05)
        assert faults.count("cancelled") == 7
        faults.wake()
        assert await shielded is None

    asyncio.run(main())


def test_a_write_that_is_cancelled_leaves_the_store_whole(open_store: OpenStore) -> None:
    blocking = open_store()
    blocking.set("key", "before")

    async def main() -> None:
        secrets = blocking.to_async()
        for at in range(40):
            task = asyncio.create_task(secrets.set("key", f"during-{at}"))
            for _ in range(at % 4):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await secrets.set("key", "after")
        assert await secrets.get_value("key") == "after"

    asyncio.run(main())
    # A write that was sent goes on behind its call, never after one that came later.
    assert blocking["key"].reveal() == "after"
    assert blocking.verify().secrets == 1


def test_errors_of_some_leave_the_others(slow: OpenSlow) -> None:
    async def main() -> None:
        secrets = slow("get*1:locked;get*1:denied;get*1:throttled(250ms)").to_async()
        await secrets.set("key", "value")
        ends = await asyncio.gather(*(secrets.get_value("key") for _ in range(6)), return_exceptions=True)
        kinds = [getattr(end, "kind", end) for end in ends]
        assert kinds == ["locked", "permission_denied", "rate_limited", "value", "value", "value"]

    asyncio.run(main())


def test_a_manager_belongs_to_no_loop(slow: OpenSlow, faults: Faults) -> None:
    secrets = slow("get:hang").to_async()
    found: list[object] = []

    async def read() -> None:
        found.append(await secrets.get("key", 7))

    loops = [threading.Thread(target=asyncio.run, args=(read(),)) for _ in range(4)]
    for thread in loops:
        thread.start()
    faults.wait("waiting", 4)
    faults.wake()
    for thread in loops:
        thread.join(60)
    assert found == [7] * 4
    # The loops are gone; another one is as good.
    task = threading.Thread(target=asyncio.run, args=(read(),))
    task.start()
    faults.wait("waiting", 1)
    faults.wake()
    task.join(60)
    assert found == [7] * 5


def test_a_loop_that_is_closed_beside_a_pending_call_harms_nothing(slow: OpenSlow, faults: Faults) -> None:
    secrets = slow("get:hang").to_async()
    loop = asyncio.new_event_loop()
    task = loop.create_task(secrets.get("key"))
    loop.call_later(0, loop.stop)
    loop.run_forever()
    faults.wait("waiting", 1)
    loop.close()
    faults.wake()

    async def read() -> object:
        return await secrets.get("missing", 3, timeout=0.01)

    with pytest.raises(strongroom.Timeout):
        asyncio.run(read())
    assert not task.done()
    # Nobody will ever ask for its answer, so it is garbage, of which asyncio would only complain.
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    gone = threading.Event()
    weakref.finalize(task, gone.set)
    del task
    while not gone.wait(0.01):
        gc.collect()


def test_a_call_that_is_pending_for_ever_beside_its_closed_loop_is_garbage(slow: OpenSlow, faults: Faults) -> None:
    secrets = slow("get:hang").to_async()
    loop = asyncio.new_event_loop()
    task = loop.create_task(secrets.get("key"))
    loop.call_later(0, loop.stop)
    loop.run_forever()
    faults.wait("waiting", 1)
    loop.close()
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    gone = weakref.ref(task)
    del task, loop

    async def other() -> None:
        with pytest.raises(strongroom.Timeout):
            await secrets.get("other", timeout=0.01)

    # Another loop that waits has the closed one be seen.
    asyncio.run(other())
    gc.collect()
    assert gone() is None
    assert faults.count("cancelled") == 2


def test_a_task_that_nobody_holds_goes_on_while_its_loop_runs(slow: OpenSlow, faults: Faults) -> None:
    async def main() -> None:
        secrets = slow("set:hang").to_async()
        ended = asyncio.Event()

        async def write() -> None:
            await secrets.set("key", "value")
            ended.set()

        asyncio.create_task(write())
        await waiting(faults, 1)
        gc.collect()
        faults.wake()
        await asyncio.wait_for(ended.wait(), 60)

    asyncio.run(main())


def test_a_call_without_a_loop_begins_nothing(slow: OpenSlow, faults: Faults) -> None:
    secrets = slow("get:hang;set:hang").to_async()
    for verb in (secrets.get("key"), secrets.set("key", "value")):
        with pytest.raises(RuntimeError, match="no running event loop"):
            verb.send(None)
    assert faults.count("started") == 0


def test_a_call_is_awaited_by_one(slow: OpenSlow, faults: Faults) -> None:
    async def main() -> None:
        call = _native.get(slow("get:hang"), "key", None, False, False, {})

        async def wait() -> object:
            return await call

        first = asyncio.create_task(wait())
        await waiting(faults, 1)
        with pytest.raises(RuntimeError, match="already"):
            await call
        with pytest.raises(RuntimeError, match="already"):
            call.wait()
        faults.wake()
        assert await asyncio.wait_for(first, 60) is None

    asyncio.run(main())


def test_an_opening_that_two_tasks_await_is_answered_to_one(slow: OpenSlow) -> None:
    async def main() -> None:
        opening = aio.open("memory", environment=False)

        async def wait() -> aio.SecretManager:
            return await opening

        ends = await asyncio.gather(wait(), wait(), return_exceptions=True)
        assert [type(end) for end in ends] == [aio.SecretManager, RuntimeError]

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_call_that_is_never_awaited_does_nothing(slow: OpenSlow, faults: Faults) -> None:
    secrets = slow("get:hang")
    call = _native.get(secrets, "key", None, False, False, {})
    del call
    assert faults.count("started") == 0


def test_what_is_dropped_between_two_steps_is_cancelled_and_freed(slow: OpenSlow, faults: Faults) -> None:
    class Key(str):
        """A key that tells whether it is still there."""

    async def main() -> None:
        secrets, loop = slow("get:hang").to_async(), asyncio.get_running_loop()
        futures = []
        original = loop.create_future

        def create() -> asyncio.Future[object]:
            futures.append(weakref.ref(future := original()))
            return future

        loop.create_future = create  # type: ignore[method-assign]
        verb = secrets.get(Key("key"))
        verb.send(None)
        verb.close()
        loop.create_future = original  # type: ignore[method-assign]
        assert faults.count("cancelled") == 1
        gc.collect()
        assert len(futures) == 1 and futures[0]() is None

    asyncio.run(main())


def test_garbage_is_collected_while_calls_come_and_go(slow: OpenSlow) -> None:
    before = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:

        async def main() -> None:
            secrets = slow("get:yield(3)").to_async()
            await asyncio.gather(*(secrets.get(f"k{at}") for at in range(50)))

        asyncio.run(main())
    finally:
        gc.set_threshold(*before)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
def test_eager_tasks(slow: OpenSlow, faults: Faults) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        secrets = slow("get*5:hang").to_async()
        tasks = [asyncio.create_task(secrets.get("key")) for _ in range(5)]
        await waiting(faults, 5)
        done = asyncio.create_task(secrets.get("key"))
        assert done.done()
        faults.wake()
        assert await asyncio.gather(*tasks, done) == [None] * 6

    asyncio.run(main())


def test_a_debugging_loop(slow: OpenSlow, faults: Faults) -> None:
    async def main() -> None:
        secrets = slow("get:hang").to_async()
        task = asyncio.create_task(secrets.get("key"))
        await waiting(faults, 1)
        faults.wake()
        assert await task is None

    asyncio.run(main(), debug=True)


def test_a_panic_while_awaiting_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    if not hasattr(TESTING, "testing_panic"):
        pytest.skip("the module was built without the feature `testing`")

    async def main() -> None:
        for _ in range(20):
            with pytest.raises(strongroom.Internal) as raised:
                await TESTING.testing_panic()
            assert "canary" not in str(raised.value)

    asyncio.run(main())
    assert capfd.readouterr().err == ""


def test_uvloop(slow: OpenSlow, faults: Faults) -> None:
    uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed")

    async def main() -> None:
        secrets = slow("get:hang").to_async()
        tasks = [asyncio.create_task(secrets.get("key")) for _ in range(10)]
        await waiting(faults, 10)
        tasks[0].cancel()
        await asyncio.gather(tasks[0], return_exceptions=True)
        faults.wake()
        assert await asyncio.gather(*tasks[1:]) == [None] * 9
        assert faults.count("cancelled") == 1

    uvloop.run(main())


def test_anyio(slow: OpenSlow, faults: Faults) -> None:
    anyio = pytest.importorskip("anyio", reason="anyio is not installed")

    async def main() -> None:
        secrets = slow("get:hang").to_async()
        with anyio.move_on_after(0.05) as scope:
            await secrets.get("key")
        assert scope.cancelled_caught and faults.count("cancelled") == 1

    anyio.run(main)
