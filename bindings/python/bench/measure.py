"""Two things that do the same, timed in turns."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
import timeit
from dataclasses import dataclass
from typing import Any, Callable

#: How many batches of each side a row is made of.
BATCHES = 41

#: Runs something so many times and says how many seconds that took.
Subject = Callable[[int], float]


@dataclass(frozen=True)
class Pair:
    """What one operation of each side takes in nanoseconds, and the ratio of the two."""

    floor: float
    ours: float
    ratio: float


def timed(statement: str, **names: Any) -> Subject:
    """A statement in a loop, as ``timeit`` writes it: without the garbage collector and with the loop's own share."""
    return timeit.Timer(statement, globals=names).timeit


def awaited(runner: asyncio.Runner, statement: str, **names: Any) -> Subject:
    """A statement with an ``await`` in a loop within a coroutine."""
    source = f"async def run(_passes):\n    for _ in _passes:\n        {statement}\n"
    exec(source, names)

    def subject(number: int) -> float:
        async def batch() -> float:
            start = time.perf_counter()
            await names["run"](range(number))
            return time.perf_counter() - start

        return runner.run(batch())

    return subject


def pair(
    floor: Subject, ours: Subject, *, number: int, floor_number: int | None = None, batches: int = BATCHES
) -> Pair:
    """Time both sides in turns that alternate who goes first.

    A figure is the median of the batches, the ratio the median of the ratios of neighbours, so that a clock that
    changes its frequency or a neighbour that takes the processor meets both. One batch of each goes before, uncounted.
    """
    sides = ((floor, floor_number or number), (ours, number))
    taken: tuple[list[float], list[float]] = ([], [])
    for batch in range(batches + 1):
        for side in (0, 1) if batch % 2 else (1, 0):
            subject, times = sides[side]
            seconds = subject(times)
            if batch:
                taken[side].append(seconds * 1e9 / times)
    ratios = [ours_took / floor_took for floor_took, ours_took in zip(*taken, strict=True)]
    return Pair(statistics.median(taken[0]), statistics.median(taken[1]), statistics.median(ratios))


def start(*command: str) -> tuple[float, float]:
    """Run a program to its end: how long that took, and how much of the processor, both in nanoseconds."""
    before = time.perf_counter()
    _, status, used = os.wait4(os.posix_spawn(command[0], command, os.environ), 0)
    took = time.perf_counter() - before
    if status:
        raise RuntimeError(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return took * 1e9, (used.ru_utime + used.ru_stime) * 1e9


def starts(commands: list[tuple[str, ...]], *, batches: int = BATCHES) -> list[list[tuple[float, float]]]:
    """What :func:`start` of each command gives, all in turns that alternate their order."""
    taken: list[list[tuple[float, float]]] = [[] for _ in commands]
    for batch in range(batches + 1):
        for at in range(len(commands)) if batch % 2 else reversed(range(len(commands))):
            took = start(*commands[at])
            if batch:
                taken[at].append(took)
    return taken


def above(ours: list[float], bare: list[float]) -> float:
    """The median of what each turn took above its neighbour."""
    return statistics.median(took - base for took, base in zip(ours, bare, strict=True))
