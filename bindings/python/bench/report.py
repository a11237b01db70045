"""The rows that a benchmark prints and leaves behind as JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

from measure import Pair


def with_unit(nanoseconds: float) -> str:
    """A time with a unit that suits it."""
    value, unit = nanoseconds, "ns"
    if value >= 1e6:
        value, unit = value / 1e6, "ms"
    elif value >= 1e4:
        value, unit = value / 1e3, "µs"
    digits = 0 if value >= 1000 else 1 if value >= 10 else 3
    return f"{value:.{digits}f} {unit}"


class Report:
    """The rows of one table."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._bench = f"python-{name}"
        self._lines = (folder / f"{self._bench}.jsonl").open("w", encoding="utf-8")
        print(f"\n## Python: {name}\n\n| name | floor | ours | ratio | target | ok? |\n|---|---|---|---|---|---|")

    def __enter__(self) -> Report:
        return self

    def __exit__(self, *raised: object) -> None:
        self._lines.close()

    def beside(self, name: str, pair: Pair, *, most: float | None = None) -> None:
        """A row beside its floor; ``most`` is the most that the ratio may be."""
        target = "-" if most is None else f"<= {most:g}x"
        ok = None if most is None else pair.ratio <= most
        self._row(name, pair.floor, pair.ours, pair.ratio, f"{pair.ratio:.2f}x", target, ok)

    def faster(self, name: str, pair: Pair, *, least: float | None = None) -> None:
        """A row beside something that is meant to be slower by far."""
        times = 1 / pair.ratio
        target = "-" if least is None else f">= {least:g}x faster"
        ok = None if least is None else times >= least
        self._row(name, pair.floor, pair.ours, pair.ratio, f"{times:.0f}x faster", target, ok)

    def alone(self, name: str, nanoseconds: float, *, most: float | None = None) -> None:
        """A figure that stands alone; ``most`` is the most that it may be."""
        target = "-" if most is None else f"<= {with_unit(most)}"
        ok = None if most is None else nanoseconds <= most
        self._row(name, None, nanoseconds, None, "-", target, ok)

    def skipped(self, name: str, why: str) -> None:
        """Something that could not be measured here, and why."""
        print(f"| {name} | - | - | - | not measured: {why} | - |", flush=True)
        self._leave({"bench": self._bench, "name": name, "skipped": why})

    def _row(
        self, name: str, floor: float | None, ours: float, ratio: float | None, shown: str, target: str, ok: bool | None
    ) -> None:
        floor_shown = "-" if floor is None else with_unit(floor)
        verdict = "-" if ok is None else "yes" if ok else "NO"
        print(f"| {name} | {floor_shown} | {with_unit(ours)} | {shown} | {target} | {verdict} |", flush=True)
        line = {"bench": self._bench, "name": name, "unit": "ns", "floor": floor, "ours": ours, "ratio": ratio}
        self._leave({**line, "target": target, "ok": ok})

    def _leave(self, line: dict[str, object]) -> None:
        self._lines.write(json.dumps(line, ensure_ascii=False) + "\n")
