"""What these tests have: watchdogs, a store, a backend that hangs, programs in processes of their own."""

from __future__ import annotations

import faulthandler
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import strongroom
from strongroom import _native

#: For what hangs. What is only slow, on a machine that does much else, must not fail.
TEST_SECONDS = 300
PROGRAM_SECONDS = 120

STORE_KEY = b"k" * 32

#: Python 3.12 and later say of every fork beside threads that it may go wrong. That it does not is what is tested.
NO_WARNING = ["-W", "ignore:This process:DeprecationWarning"]

#: What every program begins with.
PREAMBLE = f"""\
import asyncio, faulthandler, gc, os, signal, sys, threading, time
faulthandler.dump_traceback_later({PROGRAM_SECONDS}, exit=True)
import strongroom
from strongroom import _native, aio

PATIENT = {{"cache": "off", "deadline": "10m"}}

def open_fault(script, open=strongroom.open):
    return open("fault", settings={{"fault.script": script, **PATIENT}}, environment=False)

def open_store(folder, open=strongroom.open, **settings):
    path = os.path.join(folder, "secrets.strongroom")
    settings = {{"encrypted.path": path, **settings}}
    return open("encrypted", settings=settings, secrets={{"encrypted.key": {STORE_KEY!r}}}, environment=False)

def waiting(count):
    _native.testing_fault_wait("waiting", count, 60)
"""

#: The native half with its functions for tests, which no stub has.
TESTING: Any = _native

Alone = Callable[..., "subprocess.CompletedProcess[str]"]
OpenStore = Callable[..., strongroom.SecretManager]
OpenSlow = Callable[..., strongroom.SecretManager]


@pytest.fixture(autouse=True)
def watchdog() -> Iterator[None]:
    """Ends everything, and shows where it hangs, where a test takes too long."""
    faulthandler.dump_traceback_later(TEST_SECONDS, exit=True, file=2)
    yield
    faulthandler.cancel_dump_traceback_later()


def needs_testing() -> None:
    """Skips where the native half has no functions for tests."""
    if not hasattr(TESTING, "testing_fault_wait"):
        pytest.skip("the module was built without the feature `testing`")


@pytest.fixture
def alone() -> Alone:
    """Runs a program in a process of its own, what comes before strongroom is imported first; its exit code must be 0,
    unless another is expected.
    """
    needs_testing()

    def run(program: str, *arguments: object, code: int = 0, before: str = "") -> subprocess.CompletedProcess[str]:
        program = before + PREAMBLE + program
        command = [sys.executable, "-X", "faulthandler", *NO_WARNING, "-c", program, *map(str, arguments)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=PROGRAM_SECONDS + 30, check=False)
        assert ended.returncode == code, f"ended with {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return ended

    return run


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[OpenStore]:
    """Opens the encrypted store of this test; closed at its end."""
    opened: list[strongroom.SecretManager] = []

    def open_it(**settings: str) -> strongroom.SecretManager:
        stated = {"encrypted.path": str(tmp_path / "secrets.strongroom"), "deadline": "2m", **settings}
        secrets = {"encrypted.key": STORE_KEY}
        manager = strongroom.open("encrypted", settings=stated, secrets=secrets, environment=False)
        opened.append(manager)
        return manager

    yield open_it
    for manager in opened:
        manager.close()


@pytest.fixture
def slow() -> Iterator[OpenSlow]:
    """Opens a backend that does what a script says; what hangs is woken at the end of the test."""
    needs_testing()
    opened: list[strongroom.SecretManager] = []

    def open_it(script: str, **settings: str) -> strongroom.SecretManager:
        stated = {"fault.script": script, "cache": "off", "deadline": "10m", **settings}
        manager = strongroom.open("fault", settings=stated, environment=False)
        opened.append(manager)
        return manager

    yield open_it
    TESTING.testing_fault_wake()
    for manager in opened:
        try:
            manager.close(timeout=20)
        except strongroom.Error as error:
            assert error.kind != "internal", error


class Faults:
    """The counters of `fault`."""

    @staticmethod
    def wait(counter: str, at_least: int) -> None:
        """Waits until a counter has reached a number."""
        TESTING.testing_fault_wait(counter, at_least, 60)

    @staticmethod
    def wake() -> None:
        """Lets all that hangs go on."""
        TESTING.testing_fault_wake()

    @staticmethod
    def count(counter: str) -> int:
        """A counter."""
        count: int = TESTING.testing_fault_counters()[counter]
        return count


@pytest.fixture
def faults() -> Faults:
    """The counters of the backends that `slow` opened."""
    needs_testing()
    return Faults()


def thread_count() -> int:
    """How many threads this process has."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


@pytest.fixture
def count_threads() -> Callable[[], int]:
    """How many threads this process has, those of the library among them."""
    return thread_count
