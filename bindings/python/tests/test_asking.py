"""Functions that give secret settings, where a thread of the library needs the answer."""

from __future__ import annotations

import asyncio
import signal
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest

import strongroom
from strongroom import aio

STORE_KEY = b"k" * 32
CANARY = "c4nary-77e0-never-shown"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "secrets.strongroom"


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals are masked by thread on POSIX only")
def test_a_function_that_is_asked_elsewhere_runs_as_a_thread_of_the_program(store: Path) -> None:
    """Neither on the loop's thread nor on one whose signals are held back, also from what it starts."""
    seen: list[tuple[int, set[Any]]] = []

    def provide(name: str) -> bytes:
        seen.append((threading.get_ident(), signal.pthread_sigmask(signal.SIG_BLOCK, ())))
        return STORE_KEY

    async def main() -> None:
        stated = {"encrypted.path": store}
        async with aio.open(
            "encrypted", settings=stated, secrets={"encrypted.key": provide}, environment=False
        ) as held:
            await held.set("key", "value")
            await held.lock()
            assert await held.get_value("key") == "value"

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    try:
        asyncio.run(main())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert [mask for _, mask in seen] == [before | {signal.SIGUSR2}] * 2
    assert threading.get_ident() not in [thread for thread, _ in seen]


@pytest.mark.parametrize("raised", [*strongroom.exceptions.BY_KIND.values(), ValueError, SystemExit, KeyboardInterrupt])
def test_what_a_function_raises_elsewhere_is_the_openings_error(
    raised: type[BaseException], store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def provide(name: str) -> str:
        raise raised(CANARY)

    async def main() -> None:
        stated = {"encrypted.path": store}
        async with aio.open("encrypted", settings=stated, secrets={"encrypted.key": provide}, environment=False):
            pass

    with pytest.raises(strongroom.Error) as error:
        asyncio.run(main())
    assert error.value.kind == getattr(raised, "kind", "unavailable")
    assert error.value.setting == "encrypted.key"
    assert CANARY not in "".join(
        [*traceback.format_exception(error.value), repr(vars(error.value)), *capfd.readouterr()]
    )


@pytest.mark.parametrize("answer", [None, 5, [STORE_KEY]])
def test_a_function_that_is_asked_elsewhere_and_gives_no_value(answer: Any, store: Path) -> None:
    async def main() -> None:
        settings, secrets = {"encrypted.path": store}, {"encrypted.key": lambda name: answer}
        async with aio.open("encrypted", settings=settings, secrets=secrets, environment=False):
            pass

    with pytest.raises(strongroom.InvalidConfig) as error:
        asyncio.run(main())
    assert error.value.setting == "encrypted.key"


def test_a_function_that_gives_no_answer_ends_with_the_call_and_is_asked_again(store: Path) -> None:
    released, silent = threading.Event(), threading.Event()

    def provide(name: str) -> bytes:
        if silent.is_set():
            released.wait()
        return STORE_KEY

    settings, secrets = {"encrypted.path": store}, {"encrypted.key": provide}
    held = strongroom.open("encrypted", settings=settings, secrets=secrets, environment=False)
    held.set("key", "value")
    held.lock()
    silent.set()
    try:
        # Long enough to be asked in. A write has not begun, so its outcome is known.
        hasty = held.with_options(timeout=0.5)
        with pytest.raises(strongroom.Timeout) as error:
            hasty.set("key", "lost")
        assert error.value.setting == "encrypted.key"
        with pytest.raises(strongroom.Timeout) as error:
            asyncio.run(hasty.to_async().get("key"))
        assert error.value.setting == "encrypted.key"
        silent.clear()
        assert held.get_value("key") == "value"
        held.close()
    finally:
        released.set()


def test_closing_gives_up_what_a_function_is_asked(store: Path) -> None:
    asked, released, silent = threading.Event(), threading.Event(), threading.Event()

    def provide(name: str) -> bytes:
        if silent.is_set():
            asked.set()
            released.wait()
        return STORE_KEY

    async def main() -> None:
        stated = {"encrypted.path": store}
        held = await aio.open("encrypted", settings=stated, secrets={"encrypted.key": provide}, environment=False)
        await held.lock()
        silent.set()
        reading = asyncio.ensure_future(held.with_options(timeout=600).get("key"))
        await asyncio.get_running_loop().run_in_executor(None, asked.wait)
        await held.close()
        with pytest.raises(strongroom.Closed):
            await reading

    try:
        asyncio.run(main())
    finally:
        released.set()
