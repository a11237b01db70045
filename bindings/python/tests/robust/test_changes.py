"""Waits for changes: signals, forks, threads that outlive the program, and what is left of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from robust.conftest import Alone

#: A thread that presses Ctrl-C while the main thread waits.
PRESS = """
secrets = strongroom.open("memory", environment=False)
changes = secrets.subscribe()
begun, seen = threading.Event(), []

def press():
    begun.wait()
    # The main thread has next to nothing to do before it waits: most of these handlers run during the wait.
    for count in range(1, 6):
        os.kill(os.getpid(), signal.SIGUSR1)
        while len(seen) < count:
            time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
"""


@pytest.mark.parametrize("wait", ["changes.next()", "changes.next(timeout=100)", "list(changes)"])
def test_ctrl_c_ends_a_wait_and_the_subscription_goes_on(alone: Alone, wait: str) -> None:
    ended = alone(
        PRESS
        + f"""
threading.Thread(target=press, daemon=True).start()
try:
    begun.set()
    {wait}
except KeyboardInterrupt:
    print("interrupted")
secrets.set("token", "t0p")
print(changes.next(timeout=100).key)
"""
    )
    assert ended.stdout == "interrupted\nglobal/token\n"


def test_a_handler_writes_what_the_wait_is_for(alone: Alone) -> None:
    ended = alone(
        """
secrets = strongroom.open("memory", environment=False)
changes = secrets.subscribe()
signal.signal(signal.SIGALRM, lambda number, frame: secrets.set("token", "t0p"))
signal.setitimer(signal.ITIMER_REAL, 0.05)
print(changes.next().key)
"""
    )
    assert ended.stdout == "global/token\n"


def test_a_child_is_told_by_a_subscription_of_its_own(alone: Alone) -> None:
    ended = alone(
        """
secrets = strongroom.open("memory", environment=False)
changes = secrets.subscribe()
# This thread holds what the child inherits locked.
waiting = threading.Thread(target=lambda: print("parent", changes.next().key, flush=True))
waiting.start()
time.sleep(0.05)

async def awaited():
    other = await secrets.to_async().subscribe()
    await secrets.to_async().set("child", "value")
    return (await other.next()).key

child = os.fork()
if child == 0:
    assert changes.next() is None and changes.next(timeout=100) is None and list(changes) == []
    own = secrets.subscribe()
    secrets.set("child", "value")
    assert own.next(timeout=100).key == "global/child"
    assert asyncio.run(awaited()) == "global/child"
    changes.close()
    own.close()
    del changes, own
    gc.collect()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
secrets.set("parent", "value")
waiting.join()
"""
    )
    assert ended.stdout == "parent global/parent\n"


@pytest.mark.parametrize("end", ["", "secrets.close()", "changes.close()", "os.kill(os.getpid(), signal.SIGINT)"])
def test_a_program_ends_beside_threads_that_wait(alone: Alone, end: str) -> None:
    alone(
        f"""
signal.signal(signal.SIGINT, lambda number, frame: sys.exit(0))
secrets = strongroom.open("memory", environment=False)
changes = secrets.subscribe()
begun = threading.Barrier(5)

def follow(first):
    begun.wait()
    if first:
        for change in changes:
            pass
    while changes.next(timeout=1000) is not None:
        pass

for at in range(4):
    threading.Thread(target=follow, args=(at % 2 == 0,), daemon=True).start()
begun.wait()
secrets.set("token", "t0p")
{end}
"""
    )


def test_a_loop_ends_beside_a_task_that_waits(alone: Alone) -> None:
    alone(
        """
async def main():
    secrets = await aio.open("memory", environment=False)
    changes = await secrets.subscribe()
    task = asyncio.create_task(changes.next())
    await asyncio.sleep(0)
    assert not task.done()

for _ in range(20):
    asyncio.run(main())
"""
    )


def test_a_program_ends_beside_a_loop_that_waits_on_another_thread(alone: Alone) -> None:
    alone(
        """
begun = threading.Event()

async def main():
    async with aio.open("memory", environment=False) as secrets, await secrets.subscribe() as changes:
        asyncio.get_running_loop().call_later(0.05, begun.set)
        async for change in changes:
            pass

threading.Thread(target=lambda: asyncio.run(main()), daemon=True).start()
assert begun.wait(100)
"""
    )


def test_subscriptions_that_nobody_holds_leave_nothing(alone: Alone) -> None:
    alone(
        """
secrets = strongroom.open("memory", environment=False)

def threads():
    return len(os.listdir("/proc/self/task"))

def used():
    for _ in range(100):
        changes = secrets.subscribe(keys=["token"], every=0.1)
        secrets.set("token", "t0p")
        assert changes.next(timeout=100).key == "global/token"

async def awaited():
    face = secrets.to_async()
    everyone = [await face.subscribe() for _ in range(100)]
    tasks = [asyncio.create_task(changes.next()) for changes in everyone]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    assert all(isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*tasks, return_exceptions=True))

used()
asyncio.run(awaited())
gc.collect()
objects, before = len(gc.get_objects()), threads()
for _ in range(5):
    used()
    asyncio.run(awaited())
gc.collect()
assert len(gc.get_objects()) < objects + 100, (objects, len(gc.get_objects()))
assert threads() <= before, (before, threads())
"""
    )
