"""Copies from one manager to another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import strongroom
from strongroom import aio

OpenFault = Callable[..., strongroom.SecretManager]
CANARY = "c4n4ry-value"


@pytest.fixture
def target() -> Iterator[strongroom.SecretManager]:
    """Another manager over memory."""
    with strongroom.open("memory", environment=False) as manager:
        yield manager


def open_file(path: Path) -> strongroom.SecretManager:
    return strongroom.open("file", settings={"file.path": path}, environment=False)


def outcomes(report: strongroom.CopyReport) -> dict[str, str]:
    return {secret.key: secret.outcome for secret in report.secrets}


def actions(plan: strongroom.CopyPlan) -> dict[str, str]:
    return {secret.key: secret.action for secret in plan.secrets}


def test_values_and_metadata_are_copied(local: strongroom.SecretManager, target: strongroom.SecretManager) -> None:
    expiry = datetime(2100, 1, 1, tzinfo=timezone.utc)
    local.set(
        "org/acme/A", b"\x01" * 1000 if local.backend.binary else "1" * 1000, provider="openai", expires_at=expiry
    )
    local.set("B", "2", labels={"team": "web"})
    assert actions(local.copy_plan(target)) == {"global/B": "create", "org/acme/A": "create"}
    assert list(target) == [], "a plan has written"
    assert outcomes(local.copy_to(target)) == {"global/B": "copied", "org/acme/A": "copied"}
    for key in ("org/acme/A", "B"):
        ours, theirs = local[key], target[key]
        assert ours.reveal_bytes() == theirs.reveal_bytes()
        for name in ("provider", "labels", "expires_at", "created_at"):
            assert getattr(ours, name) == getattr(theirs, name), name
    assert outcomes(local.copy_to(target)) == {"global/B": "same", "org/acme/A": "same"}


def test_a_scope_a_prefix_or_keys_are_copied(
    secrets: strongroom.SecretManager, target: strongroom.SecretManager
) -> None:
    for key in ("TOKEN", "org/acme/A", "org/acme/B", "org/other/A"):
        secrets.set(key, "v")
    view = secrets.scoped("org/acme")
    assert list(actions(secrets.copy_plan(target, scope="org/acme"))) == ["org/acme/A", "org/acme/B"]
    assert list(actions(view.copy_plan(target))) == ["org/acme/A", "org/acme/B"]
    assert list(actions(secrets.copy_plan(target, prefix="org/other"))) == ["org/other/A"]
    assert list(actions(view.copy_plan(target, keys=iter(["B"])))) == ["org/acme/B"]
    assert list(actions(secrets.copy_plan(target, keys=[strongroom.SecretKey("TOKEN")]))) == ["global/TOKEN"]
    with pytest.raises(strongroom.InvalidArgument):
        secrets.copy_plan(target, keys=["A"], scope="org/acme")


def test_what_is_there_is_refused_replaced_or_skipped(
    secrets: strongroom.SecretManager, target: strongroom.SecretManager
) -> None:
    secrets.set("A", CANARY)
    secrets.set("B", "2")
    target.set("A", "old")
    plan = secrets.copy_plan(target)
    assert actions(plan) == {"global/A": "refuse", "global/B": "create"}
    assert isinstance(plan.refusal, strongroom.Conflict)
    assert isinstance(plan.secrets[0].error, strongroom.Conflict)
    with pytest.raises(strongroom.Conflict) as refused:
        secrets.copy_to(target)
    assert (refused.value.key, CANARY in str(refused.value)) == ("global/A", False)
    assert not target.exists("B"), "a copy that was refused has written"
    assert secrets.copy_plan(target, if_exists="skip").refusal is None
    assert outcomes(secrets.copy_to(target, if_exists="skip")) == {"global/A": "skipped", "global/B": "copied"}
    assert target.get_value("A") == "old"
    assert outcomes(secrets.copy_to(target, if_exists="replace")) == {"global/A": "copied", "global/B": "same"}
    assert target.get_value("A") == CANARY


def test_what_the_target_cannot_hold(secrets: strongroom.SecretManager, open_fault: OpenFault) -> None:
    secrets.set("A", "1", provider="openai", labels={"team": "web"})
    lossy = open_fault(**{"fault.lacks": "metadata"})
    with pytest.raises(strongroom.Unsupported):
        secrets.copy_to(lossy)
    [copied] = secrets.copy_to(lossy, allow_loss=True).secrets
    assert (copied.outcome, copied.losses) == ("copied", ("provider", "labels"))
    secrets.set("EMPTY", "")
    strict = open_fault(**{"fault.lacks": "metadata empty_value".replace(" ", ",")})
    report = secrets.copy_to(strict, allow_loss=True, skip_unfit=True)
    assert outcomes(report) == {"global/A": "copied", "global/EMPTY": "skipped"}
    assert isinstance(report.secrets[1].error, strongroom.Error)


def test_the_source_is_removed_once_all_is_copied(tmp_path: Path) -> None:
    with open_file(tmp_path / "one.json") as source, open_file(tmp_path / "two.json") as target:
        source.set("A", "1")
        source.set("B", "2")
        report = source.copy_to(target, delete_source=True, allow_loss=True)
        assert [secret.deleted for secret in report.secrets] == [True, True]
        assert (list(source), list(target)) == ([], ["global/A", "global/B"])
        with pytest.raises(strongroom.InvalidArgument):
            source.copy_to(target, delete_source=True, skip_unfit=True)


def test_the_source_is_kept_where_the_target_lasts_shorter(tmp_path: Path, target: strongroom.SecretManager) -> None:
    with open_file(tmp_path / "one.json") as source:
        source.set("A", "1")
        with pytest.raises(strongroom.InvalidArgument):
            source.copy_to(target, delete_source=True, allow_loss=True)
        assert source.exists("A")


def test_both_ends_in_one_place(tmp_path: Path) -> None:
    with open_file(tmp_path / "one.json") as source, open_file(tmp_path / "one.json") as same:
        source.set("A", "1")
        with pytest.raises(strongroom.InvalidArgument, match="same place"):
            source.copy_to(same)
        with pytest.raises(strongroom.InvalidArgument, match="same place"):
            source.copy_plan(source)


def test_a_key_that_the_source_does_not_have(
    secrets: strongroom.SecretManager, target: strongroom.SecretManager
) -> None:
    assert isinstance(secrets.copy_plan(target, keys=["none"]).refusal, strongroom.NotFound)
    with pytest.raises(strongroom.NotFound):
        secrets.copy_to(target, keys=["none"])


def test_a_target_that_cannot_be_written(secrets: strongroom.SecretManager) -> None:
    with strongroom.open("env", environment=False) as target, pytest.raises(strongroom.ReadOnly):
        secrets.copy_to(target)


def test_the_journal_is_there_while_the_copy_runs_and_keeps_a_second_one_out(
    secrets: strongroom.SecretManager, target: strongroom.SecretManager, tmp_path: Path
) -> None:
    secrets.set("A", CANARY)
    journal, seen = tmp_path / "copy.jsonl", []

    def look(progress: strongroom.CopyProgress) -> None:
        if progress.phase == "copying":
            seen.append(journal.read_text())
            with pytest.raises(strongroom.Conflict):
                secrets.copy_to(target, journal=journal)

    secrets.copy_to(target, journal=str(journal), progress=look)
    assert len(seen) == 1
    assert "global/A" in seen[0]
    assert CANARY not in seen[0]
    assert not journal.exists()


def test_a_copy_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    journal = tmp_path / "copy.jsonl"
    terms: Any = {"journal": journal, "delete_source": True, "allow_loss": True}
    with open_file(tmp_path / "one.json") as source, open_file(tmp_path / "two.json") as target:
        for name in "ABC":
            source.set(name, name)
        with pytest.raises(KeyboardInterrupt):
            source.copy_to(target, progress=interrupting("deleting"), **terms)
        assert journal.exists()
        assert list(source) == ["global/B", "global/C"]
        report = source.copy_to(target, **terms)
        assert report.resumed
        assert report.deleted_before == ("global/A",)
        assert list(source) == []
        assert {name: target.get_value(name) for name in "ABC"} == {"A": "A", "B": "B", "C": "C"}
        assert not journal.exists()


def interrupting(phase: str) -> Callable[[strongroom.CopyProgress], None]:
    def interrupt(progress: strongroom.CopyProgress) -> None:
        if progress.phase == phase:
            raise KeyboardInterrupt

    return interrupt


def test_the_default_journal_is_that_of_the_two_places(home: Path, tmp_path: Path) -> None:
    with open_file(tmp_path / "one.json") as one, open_file(tmp_path / "two.json") as two:
        journal = one.copy_journal(two)
        assert isinstance(journal, Path)
        assert journal == one.to_async().copy_journal(two.to_async())
        assert journal != two.copy_journal(one)
        assert home in journal.parents
        assert not journal.exists()


def test_progress_is_told_after_each_secret(
    secrets: strongroom.SecretManager, target: strongroom.SecretManager
) -> None:
    for name in "AB":
        secrets.set(name, name)
    told: list[strongroom.CopyProgress] = []
    threads: set[int] = set()

    def note(progress: strongroom.CopyProgress) -> None:
        threads.add(threading.get_ident())
        told.append(progress)

    secrets.copy_plan(target, progress=note)
    assert [(step.phase, step.done, step.total, step.key) for step in told] == [
        ("planning", 1, 2, "global/A"),
        ("planning", 2, 2, "global/B"),
    ]
    told.clear()
    secrets.copy_to(target, progress=note)
    assert [(step.phase, step.done) for step in told] == [
        ("planning", 1),
        ("planning", 2),
        ("copying", 1),
        ("copying", 2),
    ]
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize("phase", ["planning", "deleting"])
def test_what_progress_raises_ends_the_copy(phase: str, tmp_path: Path) -> None:
    told: list[str] = []

    def fail(progress: strongroom.CopyProgress) -> None:
        told.append(progress.phase)
        if progress.phase == phase:
            raise LookupError("enough")

    with open_file(tmp_path / "one.json") as source, open_file(tmp_path / "two.json") as target:
        for name in "ABC":
            source.set(name, name)
        with pytest.raises(LookupError, match="enough"):
            source.copy_to(target, delete_source=True, allow_loss=True, progress=fail)
        assert told.count(phase) == 1, "progress was told again"
        if phase == "planning":
            assert list(target) == []
            assert list(source) == ["global/A", "global/B", "global/C"]
        else:
            assert list(target) == ["global/A", "global/B", "global/C"]
            assert list(source) == ["global/B", "global/C"]


def test_a_callers_own_token_still_cancels(secrets: strongroom.SecretManager, target: strongroom.SecretManager) -> None:
    secrets.set("A", "1")
    token = strongroom.CancelToken()
    with pytest.raises(strongroom.Cancelled):
        secrets.copy_to(target, cancel=token, progress=lambda _: token.cancel())
    assert not target.exists("A")


def test_a_progress_that_raises_leaves_the_callers_token_alone(
    secrets: strongroom.SecretManager, target: strongroom.SecretManager
) -> None:
    secrets.set("A", "1")
    token = strongroom.CancelToken()
    with pytest.raises(KeyboardInterrupt):
        secrets.copy_to(target, cancel=token, progress=interrupting("planning"))
    assert not token.cancelled
    assert outcomes(secrets.copy_to(target, cancel=token)) == {"global/A": "copied"}


def test_progress_may_ask_managers(secrets: strongroom.SecretManager, target: strongroom.SecretManager) -> None:
    secrets.set("A", "1")
    there = []
    secrets.copy_to(target, progress=lambda progress: there.append(target.exists(progress.key)))
    assert there == [False, True]


@pytest.mark.parametrize(
    "arguments",
    [
        {"target": None},
        {"target": "memory"},
        {"keys": "A"},
        {"keys": [5]},
        {"prefix": 5},
        {"if_exists": 5},
        {"allow_loss": 1},
        {"journal": 5},
        {"progress": 5},
        {"surprise": True},
    ],
)
@pytest.mark.parametrize("verb", ["copy_plan", "copy_to"])
def test_an_argument_of_a_wrong_type(
    secrets: strongroom.SecretManager, target: strongroom.SecretManager, verb: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        getattr(secrets, verb)(**{"target": target, **arguments})


def test_wrong_words_and_keys(secrets: strongroom.SecretManager, target: strongroom.SecretManager) -> None:
    wrong: Any = "keep"
    with pytest.raises(strongroom.InvalidArgument) as refused:
        secrets.copy_to(target, if_exists=wrong)
    assert refused.value.setting == "if_exists"
    with pytest.raises(strongroom.InvalidKey):
        secrets.copy_to(target, keys=["no key!"])


@pytest.mark.parametrize("closed", ["source", "target"])
def test_after_close_nothing_is_copied(
    secrets: strongroom.SecretManager, target: strongroom.SecretManager, closed: str
) -> None:
    secrets.set("A", "1")
    (secrets if closed == "source" else target).close()
    with pytest.raises(strongroom.Closed):
        secrets.copy_to(target, keys=["A"])


def test_a_copy_is_awaited_between_managers_of_either_kind(local: strongroom.SecretManager) -> None:
    for name in "AB":
        local.set(name, name)
    told: list[str] = []

    async def copy() -> list[Any]:
        async with aio.open("memory", environment=False) as first:
            plan = await local.to_async().copy_plan(first)
            report = await local.to_async().copy_to(first, progress=lambda step: told.append(step.phase))
            with strongroom.open("memory", environment=False) as second:
                blocking = await first.copy_to(second)
                return [actions(plan), outcomes(report), outcomes(blocking), second.get_value("A")]

    assert asyncio.run(copy()) == [
        {"global/A": "create", "global/B": "create"},
        {"global/A": "copied", "global/B": "copied"},
        {"global/A": "copied", "global/B": "copied"},
        "A",
    ]
    assert told == ["planning", "planning", "copying", "copying"]


def test_what_progress_raises_ends_an_awaited_copy(
    secrets: strongroom.SecretManager, target: strongroom.SecretManager
) -> None:
    secrets.set("A", "1")
    error = LookupError("enough")

    def fail(progress: strongroom.CopyProgress) -> None:
        raise error

    async def copy() -> None:
        with pytest.raises(LookupError) as raised:
            await secrets.to_async().copy_to(target, progress=fail)
        assert raised.value is error

    asyncio.run(copy())
    assert not target.exists("A")


def test_an_awaited_copy_that_is_cancelled_stops(open_fault: OpenFault, target: strongroom.SecretManager) -> None:
    source = open_fault("get*1:pass; get*9:hang")
    for name in "AB":
        source.set(name, name)

    async def copy() -> None:
        begun = asyncio.Event()
        copying = source.to_async().copy_to(target, timeout=timedelta(hours=1), progress=lambda _: begun.set())
        task = asyncio.ensure_future(copying)
        await begun.wait()
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(copy(), 60))
    assert list(target) == []
