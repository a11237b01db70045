"""The end of the process: whatever is still open, it comes at once, with code 0, and says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from robust.conftest import Alone

ENDS = {
    "an open manager": """
secrets = open_store(sys.argv[1])
secrets.set("key", "value")
""",
    "an open manager in a cycle": """
class Holder:
    pass
holder = Holder()
holder.me, holder.secrets = holder, open_store(sys.argv[1])
holder.secrets.set("key", "value")
""",
    "a call that nobody awaited": """
secrets = open_fault("get:hang")
call = _native.get(secrets, "key", None, False, False, {})
""",
    "a pending call of a loop that stopped": """
secrets = open_fault("get:hang").to_async()
loop = asyncio.new_event_loop()
task = loop.create_task(secrets.get("key"))
task._log_destroy_pending = False
loop.call_later(0, loop.stop)
loop.run_forever()
waiting(1)
""",
    "pending calls that asyncio.run cancelled": """
secrets = open_fault("get:hang").to_async()
async def main():
    tasks = [asyncio.create_task(secrets.get("key")) for _ in range(20)]
    await asyncio.to_thread(waiting, 20)
asyncio.run(main())
assert _native.testing_fault_counters()["cancelled"] == 20
""",
    "daemon threads inside calls": """
secrets = open_fault("get:hang")
for _ in range(8):
    threading.Thread(target=secrets.get, args=("key",), daemon=True).start()
waiting(8)
""",
    "daemon threads inside calls that end just now": """
secrets = open_fault("get:hang")
for _ in range(8):
    threading.Thread(target=secrets.get, args=("key",), daemon=True).start()
waiting(8)
_native.testing_fault_wake()
""",
    "daemon threads that call and call": """
secrets = open_store(sys.argv[1], cache="off")
secrets.set("key", "value")
begun = threading.Barrier(7)
def use(at):
    begun.wait()
    while True:
        secrets.set(f"key{at}", "value")
        secrets.get_value("key")
        secrets.get("key").expose()
for at in range(6):
    threading.Thread(target=use, args=(at,), daemon=True).start()
begun.wait()
""",
    "a daemon thread with a loop": """
secrets = open_fault("get:latency(1ms)").to_async()
begun = threading.Event()
async def use():
    while True:
        await asyncio.gather(*(secrets.get("key") for _ in range(20)))
        begun.set()
threading.Thread(target=asyncio.run, args=(use(),), daemon=True).start()
begun.wait()
""",
    "a handler of atexit that uses a manager": """
import atexit
secrets = open_store(sys.argv[1])
def leave():
    secrets.set("key", "at the end")
    assert secrets.get_value("key") == "at the end"
    assert asyncio.run(secrets.to_async().exists("key"))
    secrets.close()
    print("left")
atexit.register(leave)
""",
    "a handler of atexit that opens one": """
import atexit
def leave():
    with open_store(sys.argv[1]) as secrets:
        secrets.set("key", "at the end")
        print("left")
atexit.register(leave)
""",
    "a __del__ at the end that uses a manager": """
class Holder:
    def __init__(self):
        self.secrets = open_store(sys.argv[1])
        self.secrets.set("key", "at the beginning")
    def __del__(self):
        # Python imports nothing any more.
        self.secrets.set("key", "at the end")
        if self.secrets.get_value("key") == "at the end":
            print("left")
        self.secrets.close()
holder = Holder()
""",
    "a __del__ of the last cycle that uses a manager": """
class Holder:
    def __init__(self):
        self.me, self.secrets = self, open_store(sys.argv[1])
    def __del__(self):
        if self.secrets.exists("key") is False:
            print("left")
holder = Holder()
gc.disable()
""",
    "a function for a secret that a daemon thread still runs": """
asked = threading.Event()
def provide(setting):
    asked.set()
    while True:
        time.sleep(0.001)
opening = aio.open("encrypted", settings={"encrypted.path": sys.argv[1] + "/late"},
                   secrets={"encrypted.key": provide}, environment=False)
async def main():
    task = asyncio.ensure_future(opening.__aenter__())
    await asyncio.to_thread(asked.wait)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
asyncio.run(main())
""",
    "a lent value": """
secret = strongroom.Secret("value")
lent = secret.expose()
view = lent.__enter__()
""",
    "sys.exit beside a thread that waits": """
secrets = open_fault("get:hang")
thread = threading.Thread(target=secrets.get, args=("key",))
thread.start()
waiting(1)
threading.Timer(0.05, _native.testing_fault_wake).start()
sys.exit(0)
""",
    "a fork with open managers": """
secrets = open_store(sys.argv[1])
secrets.set("key", "value")
hanging = open_fault("get:hang")
threading.Thread(target=hanging.get, args=("key",), daemon=True).start()
waiting(1)
# A child inherits the watchdog's lock and not its thread, and would wait for it at its end.
faulthandler.cancel_dump_traceback_later()
child = os.fork()
if child != 0:
    assert os.waitpid(child, 0)[1] == 0
""",
}

#: What a program does whose handler of atexit is registered before strongroom's own, and so runs after it.
LATE = """
import asyncio, atexit, os, sys, threading
todo = []
atexit.register(lambda: [do() for do in todo])
"""

LATE_ENDS = {
    "a store": """
secrets = open_store(sys.argv[1], cache="off").to_async()
async def late():
    await secrets.set("key", "at the end")
    if await secrets.get_value("key") == "at the end":
        print("left")
todo.append(lambda: asyncio.run(late()))
""",
    "a backend that takes its time": """
secrets = open_fault("get:latency(20ms)").to_async()
async def late():
    if await asyncio.gather(*(secrets.get("key", 7) for _ in range(3))) == [7] * 3:
        print("left")
todo.append(lambda: asyncio.run(late()))
""",
    "a deadline": """
secrets = open_fault("get:hang").to_async()
async def late():
    try:
        await secrets.get("key", timeout=0.05)
    except strongroom.Timeout:
        print("left")
todo.append(lambda: asyncio.run(late()))
""",
    "an opening that asks a function": """
async def late():
    settings = {"encrypted.path": sys.argv[1] + "/asked"}
    here = threading.get_ident()
    def provide(setting):
        assert threading.get_ident() == here
        return b"k" * 32
    async with aio.open("encrypted", settings=settings, secrets={"encrypted.key": provide}, environment=False) as late:
        await late.set("key", "value")
        print("left")
todo.append(lambda: asyncio.run(late()))
""",
    "a function that a thread of the library would have to ask": """
settings = {"encrypted.path": sys.argv[1] + "/asked"}
secrets = strongroom.open("encrypted", settings=settings, secrets={"encrypted.key": lambda setting: b"k" * 32},
                          environment=False)
def late():
    secrets.lock()
    try:
        secrets.get("key")
    except strongroom.Unavailable as error:
        assert error.setting == "encrypted.key", error
        print("left")
todo.append(late)
""",
    "a call that was pending before": """
secrets = open_fault("get:hang").to_async()
loop = asyncio.new_event_loop()
task = loop.create_task(secrets.get("key", 7))
loop.call_later(0, loop.stop)
loop.run_forever()
waiting(1)
def late():
    _native.testing_fault_wake()
    if loop.run_until_complete(task) == 7:
        print("left")
    loop.close()
todo.append(late)
""",
    "a call that is pending on a loop of another thread": """
secrets = open_fault("get:hang").to_async()
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
async def ask():
    return await secrets.get("key", 7)
pending = asyncio.run_coroutine_threadsafe(ask(), loop)
waiting(1)
def late():
    _native.testing_fault_wake()
    if pending.result() == 7:
        print("left")
todo.append(late)
""",
}


@pytest.mark.parametrize("what", LATE_ENDS)
def test_a_handler_of_atexit_that_runs_after_ours_awaits(alone: Alone, tmp_path: Path, what: str) -> None:
    ended = alone(LATE_ENDS[what], tmp_path, before=LATE)
    assert (ended.stdout, ended.stderr) == ("left\n", "")


@pytest.mark.parametrize("what", ENDS)
def test_the_process_ends_orderly_with(alone: Alone, tmp_path: Path, what: str) -> None:
    rounds = 5 if "daemon" in what else 1
    for _ in range(rounds):
        ended = alone(ENDS[what], tmp_path)
        assert ended.stderr == ""
        assert ended.stdout == ("left\n" if "left" in ENDS[what] else "")
