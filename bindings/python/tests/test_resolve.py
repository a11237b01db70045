"""References, what is removed and brought back, and answers of a cache that stands in for a backend out of reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faces import Verbs, verbs, verbs_over

import strongroom
from strongroom import _native

__all__ = ["verbs", "verbs_over"]

#: The native half with its functions for tests, which no stub has.
TESTING: Any = _native


def test_a_reference_leads_to_a_secret_or_to_a_part_of_it(verbs: Verbs) -> None:
    verbs.set("org/acme/db", '{"user": "app", "ports": [5432, 5433]}', provider="postgres")
    whole = verbs.resolve("secret://org/acme/db")
    assert isinstance(whole, strongroom.Secret) and whole.provider == "postgres"
    assert verbs.resolve("secret://org/acme/db#/user").reveal() == "app"
    assert verbs.resolve("secret://org/acme/db#/ports/1").reveal() == "5433"
    assert verbs.resolve("secret://org/acme/db#/none") is None
    assert verbs.resolve("secret://org/acme/none") is None
    assert verbs.resolve("secret://db", scope="org/acme").reveal() == whole.reveal()


def test_a_reference_may_name_a_version(verbs: Verbs) -> None:
    first = verbs.set("token", "old")
    verbs.set("token", "new")
    assert verbs.resolve(f"secret://token?version={first.version}").reveal() == "old"
    assert verbs.resolve("secret://token").reveal() == "new"


def test_a_stored_reference_is_followed_once(verbs: Verbs) -> None:
    label = {strongroom.REFERENCE_LABEL: "secret"}
    verbs.set("target", "canary")
    verbs.set("one", "secret://target", labels=label)
    verbs.set("two", "secret://one", labels=label)
    assert verbs.resolve("secret://one").reveal() == "canary"
    # Only `resolve` follows.
    assert verbs.get("one").reveal() == "secret://target"
    with pytest.raises(strongroom.InvalidValue) as raised:
        verbs.resolve("secret://two")
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("reference", ["", "token", "op://vault/item", "unknown:x", "vault:", "file:relative"])
def test_what_is_no_reference(verbs: Verbs, reference: str) -> None:
    with pytest.raises(strongroom.InvalidArgument) as raised:
        verbs.resolve(reference)
    assert raised.value.operation == "resolve"


@pytest.mark.parametrize("reference", [None, 5, b"secret://token", ["secret://token"]])
def test_a_reference_is_a_str(verbs: Verbs, reference: Any) -> None:
    with pytest.raises(TypeError, match="reference is a str"):
        verbs.resolve(reference)


def test_other_schemes_are_followed_where_they_are_allowed(
    verbs: Verbs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "token"
    path.write_bytes(b"of a file")
    path.chmod(0o600)
    monkeypatch.setenv("RESOLVED_TOKEN", "of a variable")
    for reference in (f"file:{path}", "env:RESOLVED_TOKEN"):
        with pytest.raises(strongroom.PolicyDenied):
            verbs.resolve(reference)
    with strongroom.open("memory", settings={"references": "env,file"}, environment=False) as manager:
        allowed = Verbs(verbs.face, manager)
        assert allowed.resolve(f"file:{path}").reveal() == "of a file"
        assert allowed.resolve("env:RESOLVED_TOKEN").reveal() == "of a variable"
        assert allowed.resolve(f"file:{path}-none") is None


def test_what_was_removed_softly_comes_back(verbs_over: Callable[..., Verbs]) -> None:
    there = verbs_over("", **{"fault.restore": "on"})
    assert there.manager.backend.restore
    there.set("token", "t0p", provider="github")
    there.delete("token", soft=True)
    assert there.get("token") is None
    outcome = there.restore("token")
    assert isinstance(outcome, strongroom.SetOutcome) and outcome.version is not None
    found = there.get("token")
    assert (found.reveal(), found.provider) == ("t0p", "github")
    with pytest.raises(strongroom.Conflict):
        there.restore("token")
    with pytest.raises(strongroom.NotFound):
        there.restore("other")


def test_what_was_removed_for_good_does_not_come_back(verbs_over: Callable[..., Verbs]) -> None:
    there = verbs_over("", **{"fault.restore": "on"})
    there.set("token", "t0p")
    there.delete("token", force=True)
    with pytest.raises(strongroom.NotFound):
        there.restore("token")


def test_ways_of_removal_that_do_not_go_together(verbs_over: Callable[..., Verbs]) -> None:
    there = verbs_over("", **{"fault.restore": "on"})
    version = there.set("token", "t0p").version
    for words in (
        {"soft": True, "force": True},
        {"soft": True, "version": version},
        {"force": True, "version": version},
    ):
        with pytest.raises(strongroom.InvalidArgument):
            there.delete("token", **words)
    for name in ("soft", "force", "missing_ok"):
        with pytest.raises(TypeError, match="bool"):
            there.delete("token", **{name: "yes"})
    with pytest.raises(TypeError):
        there.delete("token", version=1.5)
    assert there.get_value("token") == "t0p"


def test_a_backend_that_keeps_nothing_says_so(verbs: Verbs) -> None:
    version = verbs.set("token", "t0p").version
    for words in ({"soft": True}, {"version": version}):
        with pytest.raises(strongroom.Unsupported):
            verbs.delete("token", **words)
    with pytest.raises(strongroom.Unsupported) as raised:
        verbs.restore("token")
    assert (raised.value.key, raised.value.operation) == ("global/token", "restore")
    # Nothing is kept anyhow, so for good is as always.
    verbs.delete("token", force=True)
    assert verbs.get("token") is None


def test_fresh_passes_over_the_cache(verbs_over: Callable[..., Verbs]) -> None:
    there = verbs_over("get*1:pass; get*1:denied", cache="on")
    there.set("token", "t0p")
    assert there.get("token").reveal() == there.get("token").reveal() == "t0p"
    with pytest.raises(strongroom.PermissionDenied):
        there.get("token", fresh=True)
    with pytest.raises(TypeError, match="bool"):
        there.get("token", fresh=1)


REMOTE = {"fault.remote": "on", "cache": "on", "cache_ttl": "10s", "cache_refresh_ahead": "off", "retries": "0"}


def test_an_old_answer_says_how_old_it_is(verbs_over: Callable[..., Verbs]) -> None:
    there = verbs_over("get*1:pass; get:unavailable", **REMOTE, cache_max_stale="1h")
    there.set("token", "t0p")
    found = there.get("token")
    assert found.reveal() == "t0p" and found.stale_for is None
    TESTING.testing_age_cache(there.manager, 60.0)
    old = there.get("token")
    assert old.reveal() == "t0p" and 60 <= old.stale_for < 3600
    assert there.metrics()["cache.stale"] >= 1
    # Beyond that the error is the answer.
    TESTING.testing_age_cache(there.manager, 3600.0)
    with pytest.raises(strongroom.Unavailable):
        there.get("token")


def test_a_manager_that_is_offline_asks_nobody(verbs_over: Callable[..., Verbs]) -> None:
    there = verbs_over("", **REMOTE, offline="on")
    for call in (lambda: there.get("token"), lambda: there.set("token", "t0p"), lambda: there.list()):
        with pytest.raises(strongroom.Unavailable) as raised:
            call()
        assert raised.value.setting == "offline"
    assert there.metrics().get("calls.get", 0) == 0
