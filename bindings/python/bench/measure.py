"""Two things that do the same, timed in turns."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
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


def process(*command: str) -> Subject:
    """A process from its start to its end."""

    def subject(number: int) -> float:
        start = time.perf_counter()
        for _ in range(number):
            subprocess.run(command, check=True, close_fds=False, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start

    return subject


def pair(floor: Subject, ours: Subject, *, number: int, floor_number: int | None = None, batches: int = BATCHES) -> Pair:
    """Time both sides in turns that alternate who goes first.

    A figure is the median of the batches, the ratio the median of the ratios of neighbours, so that a clock that changes
    its frequency or a neighbour that takes the processor meets both. One batch of each goes before, uncounted.
    """
    sides = ((floor, floor_number or number), (ours, number))
    taken: tuple[list[float], list[float]] = ([], [])
    for batch in range(batches + 1):
        for side in (0, 1) if batch % 2 else (1, 0):
            subject, times = sides[side]
            seconds = subject(times)
            if batch:
                taken[side].append(seconds * 1e9 / times)
    ratios = [ours_took / floor_took for floor_took, ours_took in zip(*taken)]
    return Pair(statistics.median(taken[0]), statistics.median(taken[1]), statistics.median(ratios))


def above(bare: Subject, others: list[Subject], *, batches: int = BATCHES) -> tuple[float, list[float]]:
    """The median of what is bare, and by how much each of the others lies above it, all in turns, in nanoseconds."""
    everyone = [bare, *others]
    taken: list[list[float]] = [[] for _ in everyone]
    for batch in range(batches + 1):
        order = range(len(everyone)) if batch % 2 else reversed(range(len(everyone)))
        for at in order:
            seconds = everyone[at](1)
            if batch:
                taken[at].append(seconds * 1e9)
    differences = [statistics.median(took - base for took, base in zip(times, taken[0])) for times in taken[1:]]
    return statistics.median(taken[0]), differences
