"""`verbs.json`: every script over every backend that suits it, through both faces."""

from __future__ import annotations

from pathlib import Path

import pytest

import strongroom

from .documents import Stated, load, suits
from .faces import FACES, Face
from .parity import Ran
from .session import Session, stated_for_opening
from .steps import run_step

FILE = load("verbs.json")
SCRIPTS: list[Stated] = FILE["scripts"]
BACKENDS: list[Stated] = FILE["backends"]

CASES = [
    pytest.param(face, backend, script, id=f"{face.language}-{backend['name']}-{script['name']}")
    for script in SCRIPTS
    for backend in BACKENDS
    if suits(backend, script)
    for face in FACES
]


@pytest.fixture(scope="module")
def ran() -> Ran:
    return Ran()


@pytest.fixture(scope="module")
def absent(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The words of the file's backends that this module was built without."""
    words = set()
    for backend in BACKENDS:
        stated = stated_for_opening([backend], tmp_path_factory.mktemp("probe"))
        try:
            strongroom.open(**stated).close()
        except strongroom.InvalidConfig as error:
            if error.setting != "backend":
                raise
            words.add(backend["options"]["backend"])
    return words


def opened_by(backend: Stated, script: Stated) -> set[str]:
    """The words of the backends that a script opens."""
    others = [step["args"].get("options", {}) for step in script["steps"] if step["op"] == "other"]
    return {options["backend"] for options in [backend["options"], *others] if "backend" in options}


@pytest.mark.parametrize(("kind", "backend", "script"), CASES)
def test_script(kind: type[Face], backend: Stated, script: Stated, ran: Ran, absent: set[str], tmp_path: Path) -> None:
    if missing := absent & opened_by(backend, script):
        pytest.skip(f"the module was built without {', '.join(sorted(missing))}")
    with kind() as face:
        session = Session(face, backend, script, tmp_path)
        steps = 0
        for step in script["steps"]:
            try:
                run_step(session, step)
            except AssertionError as failed:
                raise AssertionError(f"step {steps}, {str(step)[:300]}: {failed}") from None
            steps += 1
        session.close()
    name = script["name"]
    ran.scripts[kind.language][name] = steps
    ran.operation(kind.language, "open", name)
    for step in script["steps"]:
        if "error" not in step and step["op"] != "other" and face.counts(step["op"]):
            ran.operation(kind.language, step["op"], name)


@pytest.mark.parametrize("kind", FACES, ids=lambda kind: kind.language)
def test_every_script_and_step_ran(
    kind: type[Face], ran: Ran, absent: set[str], request: pytest.FixtureRequest
) -> None:
    """Stands last: what it counts are the tests before it."""
    chosen = sum(item.function is test_script for item in request.session.items if isinstance(item, pytest.Function))
    if absent or chosen < len(CASES):
        pytest.skip(f"not everything ran: {chosen} of {len(CASES)} were chosen, absent backends: {sorted(absent)}")
    scripts = ran.scripts[kind.language]
    assert len(scripts) == FILE["count"], "scripts that ran, and scripts that there are"
    assert sum(scripts.values()) == FILE["steps"], "steps that ran, and steps that there are"
    assert len({script["name"] for script in SCRIPTS}) == len(SCRIPTS), "every script has a name of its own"
    ran.write(kind.language, "verbs")
