"""Every example of docs/python.md runs, section by section, each in an empty folder and a home of its own."""

from __future__ import annotations

import doctest
import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from strongroom import exceptions

PAGE = Path(__file__).parents[3] / "docs/python.md"
TEXT = PAGE.read_text(encoding="utf-8")
#: The packages that a section is about.
NEEDED = {"keyring": "keyring", "pydantic-settings": "pydantic_settings"}


@dataclass(frozen=True)
class Block:
    """An example."""

    section: str
    kind: str
    #: The line of the page that it begins on, counted from 0.
    line: int
    text: str


def blocks() -> list[Block]:
    found, section, kind, start = [], "", None, 0
    lines = TEXT.splitlines()
    for number, line in enumerate(lines):
        if kind is None and line.startswith("## "):
            section = line.removeprefix("## ")
        if not line.startswith("```"):
            continue
        if kind is None:
            kind, start = line.removeprefix("```"), number + 1
        else:
            found.append(Block(section, kind, start, "\n".join(lines[start:number]) + "\n"))
            kind = None
    return found


BLOCKS = blocks()


def run_python(block: Block) -> None:
    # Lines of a traceback are those of the page.
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile("\n" * block.line + block.text, PAGE, "exec", dont_inherit=True), names)


def run_session(block: Block) -> None:
    said: list[str] = []
    test = doctest.DocTestParser().get_doctest(block.text, {}, block.section, str(PAGE), block.line)
    assert test.examples
    doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert not said, "".join(said)


def run_shell(block: Block) -> None:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    # `python` is the one that runs the tests, whatever it is called.
    script = f'python() {{ "{sys.executable}" "$@"; }}\n{block.text}'
    done = subprocess.run(
        ["sh", "-eu", "-c", script], env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


RUN = {"python": run_python, "pycon": run_session, "sh": run_shell}
RUNNABLE = [block for block in BLOCKS if block.kind in RUN]


@pytest.mark.parametrize("block", RUNNABLE, ids=lambda block: f"{block.section}:{block.line}")
def test_the_example_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = NEEDED.get(block.section)
    if package is not None and importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    monkeypatch.chdir(tmp_path)
    RUN[block.kind](block)


def test_only_the_installation_is_not_run() -> None:
    assert [(block.section, block.kind) for block in BLOCKS if block.kind not in RUN] == [("Install", "console")]
    assert len(RUNNABLE) > 10


def test_the_table_of_exceptions_has_all_of_them_and_what_else_they_are() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (?:`(\w+)`|–) \|$", TEXT, re.MULTILINE)
    expected = [
        (raised.__name__, kind, next((base.__name__ for base in raised.__bases__ if base is not exceptions.Error), ""))
        for kind, raised in exceptions.BY_KIND.items()
    ]
    assert rows == expected
