"""Where a secret is looked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import strongroom

OpenFault = Callable[..., strongroom.SecretManager]


def test_the_step_that_answers_tells_what_is_known(secrets: strongroom.SecretManager) -> None:
    secrets.set("token", "t0p", provider="openai")
    explanation = secrets.explain("token")
    assert (explanation.answer, explanation.error) == (0, None)
    [step] = explanation.steps
    assert (step.key, step.backend, step.answer, step.error) == ("global/token", "memory", "found", None)
    assert not step.passed_over
    assert not step.shadowed
    assert isinstance(step.took, timedelta)
    assert step.metadata is not None
    assert step.metadata.provider == "openai"
    assert "t0p" not in repr(explanation) + str(explanation)


def test_scopes_are_asked_in_their_order_and_the_first_wins(secrets: strongroom.SecretManager) -> None:
    secrets.set("org/acme/token", "1")
    secrets.set("token", "2")
    explanation = secrets.explain("token", ["user/ann", "org/acme", "global"])
    assert [(step.key, step.answer, step.shadowed) for step in explanation.steps] == [
        ("user/ann/token", "absent", False),
        ("org/acme/token", "found", False),
        ("global/token", "found", True),
    ]
    assert explanation.answer == 1


def test_a_view_looks_in_its_scope(secrets: strongroom.SecretManager) -> None:
    for explanation in (secrets.scoped("org/acme").explain("token"), secrets.explain("token", scope="org/acme")):
        assert [step.key for step in explanation.steps] == ["org/acme/token"]


def test_an_expired_secret_is_an_answer_that_a_read_fails_with(secrets: strongroom.SecretManager) -> None:
    secrets.set("token", "1", expires_at=datetime.now(timezone.utc) - timedelta(days=1))
    explanation = secrets.explain("token")
    assert (explanation.answer, explanation.steps[0].answer) == (0, "expired")
    assert isinstance(explanation.error, strongroom.Expired)


def test_a_place_that_fails_is_told_and_not_raised(open_fault: OpenFault) -> None:
    explanation = open_fault("explain*1:locked").explain("token")
    assert explanation.answer is None
    assert isinstance(explanation.error, strongroom.Locked)
    assert isinstance(explanation.steps[0].error, strongroom.Locked)
    assert explanation.steps[0].answer == "failed"
    told = str(explanation)
    assert "ends the search" in told
    assert told.splitlines()[-1].startswith("a read fails with locked: ")


def test_a_chain_tells_each_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRONGROOM_SECRET_GLOBAL_TOKEN", "from the environment")
    settings = {"chain.members": "env,file", "chain.writer": "file", "file.path": str(tmp_path / "secrets.json")}
    with strongroom.open("chain", settings=settings) as manager:
        explanation = manager.explain("TOKEN")
        assert [(step.backend, step.answer) for step in explanation.steps] == [("env", "found"), ("file", "absent")]
        assert explanation.steps[0].detail is not None
        assert "STRONGROOM_SECRET_GLOBAL_TOKEN" in explanation.steps[0].detail
        assert "from the environment" not in str(explanation)


def test_it_prints_as_a_table(secrets: strongroom.SecretManager) -> None:
    secrets.set("org/acme/token", "1")
    found = str(secrets.explain("token", ["user/ann", "org/acme"])).splitlines()
    assert found[0].split() == ["KEY", "BACKEND", "WHERE", "ANSWER", "TIME", "MEANING"]
    assert found[1].split()[:4] == ["user/ann/token", "memory", "-", "absent"]
    assert found[2].split()[:2] == ["org/acme/token", "memory"]
    assert found[2].endswith("the answer")
    column = found[0].index("ANSWER")
    assert [line[column : column + 6] for line in found] == ["ANSWER", "absent", "found "]
    assert str(secrets.explain("none")).splitlines()[-1] == "there is no such secret"


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("no key!",), strongroom.InvalidKey),
        (("org/acme/token", ["org/acme"]), strongroom.InvalidKey),
        (("token", ["nowhere/acme"]), strongroom.InvalidKey),
        (("token", "org/acme"), TypeError),
        (("token", [5]), TypeError),
        ((5,), TypeError),
    ],
)
def test_wrong_arguments(secrets: strongroom.SecretManager, arguments: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        secrets.explain(*arguments)


def test_after_close(secrets: strongroom.SecretManager) -> None:
    secrets.close()
    with pytest.raises(strongroom.Closed):
        secrets.explain("token")


def test_asyncio_has_it_too(local: strongroom.SecretManager) -> None:
    local.set("token", "1")
    explanation = asyncio.run(local.to_async().explain("token", ["org/acme", "global"]))
    assert [step.answer for step in explanation.steps] == ["absent", "found"]
    assert explanation.answer == 1
