"""Managers of ``aio`` that are being opened: as coroutines, and forgotten."""

from __future__ import annotations

import asyncio
import gc

import pytest

import strongroom
from strongroom import aio


def test_a_task_opens() -> None:
    async def main() -> str:
        opening = asyncio.create_task(aio.open("memory", environment=False))
        async with asyncio.TaskGroup() as group:
            another = group.create_task(aio.open("memory", environment=False))
        async with await opening as first, await another as second:
            return first.backend.name + second.backend.name

    assert asyncio.run(main()) == "memorymemory"


def test_a_loop_runs_an_opening() -> None:
    assert asyncio.run(aio.open("memory", environment=False)).to_blocking().exists("token") is False


def test_an_opening_that_fails_fails_its_task() -> None:
    async def main() -> None:
        await asyncio.create_task(aio.open("nowhere", environment=False))

    with pytest.raises(strongroom.InvalidConfig):
        asyncio.run(main())


def test_a_task_that_opens_is_cancelled() -> None:
    async def main() -> None:
        opening = asyncio.create_task(aio.open("memory", environment=False))
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening

    asyncio.run(main())


def test_an_opening_that_was_forgotten_is_warned_of() -> None:
    with pytest.warns(RuntimeWarning, match="^coroutine 'strongroom.aio.open' was never awaited"):
        aio.open("memory", environment=False)
        gc.collect()


def test_an_opening_that_was_closed_is_given_up() -> None:
    opening = aio.open("memory", environment=False)
    opening.close()

    async def main() -> None:
        await opening

    with pytest.raises(RuntimeError, match="already"):
        asyncio.run(main())
