"""Threads share a manager, and none of them holds another one up."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

import strongroom
from strongroom import _native

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from robust.conftest import Alone, Faults, OpenSlow, OpenStore

THREADS = 16
ROUNDS = 12


@pytest.fixture(params=[None, 1e-6], ids=["usual", "hasty"])
def switching(request: pytest.FixtureRequest) -> Iterator[None]:
    """Threads that take turns as usual, and as often as Python can."""
    before = sys.getswitchinterval()
    if request.param is not None:
        sys.setswitchinterval(request.param)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("switching")
def test_nothing_is_lost_when_many_threads_use_one_store(open_store: OpenStore) -> None:
    secrets = open_store()
    together = threading.Barrier(THREADS)

    def use(thread: int) -> list[int]:
        together.wait(60)
        numbers = []
        mine = f"org/t{thread}/mine"
        for count in range(ROUNDS):
            secrets.set(mine, f"{thread}-{count}", labels={"thread": str(thread)})
            assert secrets.get_value(mine) == f"{thread}-{count}"
            numbers.append(int(str(secrets.set("shared", f"{thread}-{count}").version)))
            assert secrets.get("shared") is not None
            assert secrets.exists(mine)
            assert secrets.get("org/none/here") is None
            with pytest.raises(strongroom.NotFound):
                secrets.delete("org/none/here")
            secrets.set(f"org/t{thread}/gone", "x")
            secrets.delete(f"org/t{thread}/gone")
        return numbers

    with ThreadPoolExecutor(THREADS) as pool:
        written = [number for numbers in pool.map(use, range(THREADS)) for number in numbers]
    # Every write had a turn of its own, and the last one is what is there.
    assert len(set(written)) == THREADS * ROUNDS
    assert str(secrets["shared"].version) == str(max(written))
    for thread in range(THREADS):
        assert secrets[f"org/t{thread}/mine"].reveal() == f"{thread}-{ROUNDS - 1}"
        assert f"org/t{thread}/gone" not in secrets


def test_of_many_conditional_writes_of_one_version_exactly_one_wins(open_store: OpenStore) -> None:
    secrets = open_store()
    secrets.set("token", "first")
    together = threading.Barrier(THREADS)

    def compete(thread: int) -> bool:
        version = secrets["token"].version
        together.wait(60)
        try:
            secrets.set("token", str(thread), if_version=version)
        except strongroom.Conflict:
            return False
        return True

    for _ in range(5):
        with ThreadPoolExecutor(THREADS) as pool:
            won = list(pool.map(compete, range(THREADS)))
        assert won.count(True) == 1
        assert secrets["token"].reveal() == str(won.index(True))


@pytest.mark.parametrize("fault", ["hang", "block"])
def test_a_slow_call_holds_no_other_thread_up(slow: OpenSlow, faults: Faults, fault: str) -> None:
    secrets = slow(f"get*1:{fault}")
    secrets.set("key", "value")
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(secrets.get_value, "key")
        faults.wait("waiting", 1)
        # The other thread is inside the call now; this one goes on, with the same manager.
        assert secrets.get_value("key") == "value"
        assert not late.done()
        faults.wake()
        assert late.result(60) == "value"


def test_a_token_that_another_thread_fires_ends_a_call(slow: OpenSlow, faults: Faults) -> None:
    secrets, token = slow("get:hang"), strongroom.CancelToken()
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(lambda: secrets.get("key", cancel=token))
        faults.wait("waiting", 1)
        token.cancel()
        with pytest.raises(strongroom.Cancelled):
            late.result(60)
    faults.wait("cancelled", 1)


def test_closing_beside_calls_ends_them_orderly(open_store: OpenStore) -> None:
    secrets = open_store()
    secrets.set("key", "value")
    begun = threading.Barrier(5)

    def read() -> str:
        begun.wait(60)
        try:
            while True:
                assert secrets.get_value("key", timeout=60) == "value"
        except strongroom.Closed as error:
            return error.kind

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        begun.wait(60)
        secrets.close()
        assert [reader.result(60) for reader in readers] == ["closed"] * 4


def test_the_last_manager_may_go_in_any_thread_while_others_call(open_store: OpenStore) -> None:
    keeper = open_store()
    keeper.set("key", "value")

    def come_and_go(_: int) -> bool:
        mine = open_store()
        view = mine.scoped("org/acme")
        found = mine.get_value("key") == "value" and view.get("other") is None
        del mine, view
        return found

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(come_and_go, range(48)))


def test_a_panic_of_the_library_is_an_error_that_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    if not hasattr(_native, "testing_panic"):
        pytest.skip("the module was built without the feature `testing`")
    for _ in range(20):
        with pytest.raises(strongroom.Internal) as raised:
            _native.testing_panic().wait()
        assert "canary" not in str(raised.value) and ".rs" not in str(raised.value)
    assert capfd.readouterr().err == ""


def test_a_call_runs_once() -> None:
    with strongroom.open("memory", environment=False) as secrets:
        call = _native.exists(secrets, "key")
        assert call.wait() is False
        with pytest.raises(RuntimeError, match="already"):
            call.wait()


WAITS = """
secrets = open_store(sys.argv[1])
secrets.set("token", "t0p")
assert secrets.get_value("token") == "t0p"
try:
    open_fault("get:hang").get("token", timeout=0.1)
except strongroom.Timeout:
    print("in time")
print(_native.testing_runtime_is_built())
_native.testing_fault_wake()
"""


def test_a_program_that_only_waits_needs_no_threads_of_the_runtime(alone: Alone, tmp_path: Path) -> None:
    assert alone(WAITS, tmp_path).stdout == "in time\nFalse\n"
