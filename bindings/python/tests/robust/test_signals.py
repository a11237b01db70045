"""Signals: Ctrl-C ends a call that waits, other handlers run beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from robust.conftest import Alone

#: A thread that presses Ctrl-C once the call hangs.
CTRL_C = """
def press(count=1):
    def run():
        waiting(count)
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=run, daemon=True).start()
"""


@pytest.mark.parametrize("verb", ["get('key')", "set('key', 'value')", "get_value('key')", "exists('key')"])
@pytest.mark.parametrize("fault", ["hang", "block"])
def test_ctrl_c_ends_a_call_that_hangs(alone: Alone, verb: str, fault: str) -> None:
    ended = alone(
        CTRL_C
        + f"""
secrets = open_fault("*:{fault}")
press()
try:
    secrets.{verb}
except KeyboardInterrupt:
    print("interrupted")
_native.testing_fault_wake()
"""
    )
    assert ended.stdout == "interrupted\n"


def test_ctrl_c_that_nobody_catches_ends_the_program_as_usual(alone: Alone) -> None:
    ended = alone(CTRL_C + "secrets = open_fault('get:hang')\npress()\nsecrets.get('key')\n", code=-2)
    assert ended.stderr.rstrip().endswith("KeyboardInterrupt")


def test_a_call_that_ctrl_c_ended_is_cancelled_and_the_manager_goes_on(alone: Alone) -> None:
    alone(
        CTRL_C
        + """
secrets = open_fault("get*3:hang")
secrets.set("key", "value")
for count in range(3):
    press()
    try:
        secrets.get("key")
    except KeyboardInterrupt:
        pass
    assert _native.testing_fault_counters()["cancelled"] == count + 1
assert secrets.get_value("key") == "value"
secrets.close()
"""
    )


def test_a_handler_runs_during_a_slow_call_which_goes_on(alone: Alone) -> None:
    alone(
        """
secrets = open_fault("get*1:hang")
other = strongroom.open("memory", environment=False)
other.set("key", "from the handler")
secrets.set("key", "value")
seen = []

def handler(number, frame):
    # It may use managers itself, the same one too.
    seen.append(other.get_value("key"))
    seen.append(secrets.get_value("key"))
    if len(seen) == 6:
        _native.testing_fault_wake()
    else:
        signal.setitimer(signal.ITIMER_REAL, 0.01)

signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.01)
assert secrets.get_value("key") == "value"
assert seen == ["from the handler", "value"] * 3, seen
"""
    )


def test_a_handler_may_wait_within_a_call_that_waits(alone: Alone) -> None:
    alone(
        """
secrets = open_fault("get:hang")
depth = []

def handler(number, frame):
    depth.append(number)
    if len(depth) < 5:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        assert secrets.get(f"inner{len(depth)}") is None
    else:
        _native.testing_fault_wake()

signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.01)
assert secrets.get("key") is None
assert len(depth) == 5
"""
    )


def test_what_a_handler_raises_comes_out_of_the_call(alone: Alone) -> None:
    alone(
        """
class Enough(Exception):
    pass

def handler(number, frame):
    raise Enough("so it is")

secrets = open_fault("get:hang")
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    secrets.get("key")
except Enough as enough:
    assert str(enough) == "so it is"
else:
    raise SystemExit("nothing was raised")
assert _native.testing_fault_counters()["cancelled"] == 1
"""
    )


def test_ctrl_c_reaches_the_main_thread_while_others_wait(alone: Alone) -> None:
    alone(
        CTRL_C
        + """
secrets = open_fault("get:hang")
found = []
threads = [threading.Thread(target=lambda: found.append(secrets.get("key"))) for _ in range(8)]
for thread in threads:
    thread.start()
waiting(8)
press(9)
try:
    secrets.get("key")
except KeyboardInterrupt:
    found.append("interrupted")
_native.testing_fault_wake()
for thread in threads:
    thread.join()
assert found == ["interrupted"] + [None] * 8, found
"""
    )


@pytest.mark.parametrize("fault", ["hang", "block"])
def test_ctrl_c_in_a_loop(alone: Alone, fault: str) -> None:
    ended = alone(
        CTRL_C
        + f"""
secrets = open_fault("get:{fault}").to_async()

async def main():
    press(1)
    try:
        await asyncio.gather(*(secrets.get("key") for _ in range(10)))
    finally:
        print("cleaned up")

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted")
_native.testing_fault_wake()
"""
    )
    assert ended.stdout == "cleaned up\ninterrupted\n"


def test_ctrl_c_at_a_prompt_for_a_secret_setting(alone: Alone, tmp_path: Path) -> None:
    ended = alone(
        """
def prompt(setting):
    print("asked", threading.current_thread() is threading.main_thread())
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)

settings = {"encrypted.path": os.path.join(sys.argv[1], "secrets.strongroom")}
try:
    strongroom.open("encrypted", settings=settings, secrets={"encrypted.key": prompt}, environment=False)
except KeyboardInterrupt:
    print("interrupted")
""",
        tmp_path,
    )
    assert ended.stdout == "asked True\ninterrupted\n"


def test_ctrl_c_while_another_process_keeps_the_store_busy(alone: Alone, tmp_path: Path) -> None:
    ended = alone(
        """
import sqlite3
secrets = open_store(sys.argv[1], deadline="10m")
secrets.set("key", "value")
path = os.path.join(sys.argv[1], "secrets.strongroom")
asks, tells = os.pipe()
child = os.fork()
if child == 0:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    os.write(tells, b"x")
    signal.pause()
os.read(asks, 1)
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    secrets.set("key", "another")
except KeyboardInterrupt:
    print("interrupted")
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
secrets.set("key", "later")
assert secrets.get_value("key") == "later"
""",
        tmp_path,
    )
    assert ended.stdout == "interrupted\n"
