"""The verbs that change what is there."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from faces import Verbs, verbs

import strongroom

__all__ = ["verbs"]

PAST = datetime(2001, 1, 1, tzinfo=timezone.utc)
FUTURE = datetime(2100, 1, 1, 12, 30, 15, 123456, tzinfo=timezone.utc)


def test_set_api_key(verbs: Verbs) -> None:
    assert verbs.set_api_key("key", "one", "openai").created
    assert verbs.get("key").provider == "openai"
    verbs.update_metadata("key", labels={"a": "b"})
    assert not verbs.set_api_key("key", "two").created
    found = verbs.get("key")
    assert (found.reveal(), found.provider, found.labels) == ("two", "openai", {"a": "b"})
    verbs.set_api_key("key", "three", provider="anthropic")
    assert verbs.get("key").provider == "anthropic"
    with pytest.raises(TypeError, match="provider is a str, not int"):
        verbs.set_api_key("key", "four", 5)


def test_update_value(verbs: Verbs) -> None:
    with pytest.raises(strongroom.NotFound):
        verbs.update_value("token", "new")
    verbs.set("token", "old", provider="github", expires_at=FUTURE)
    verbs.update_value("token", "new")
    found = verbs.get("token")
    assert (found.reveal(), found.provider, found.expires_at) == ("new", "github", FUTURE)
    verbs.update_value("token", "newer", expires_at=FUTURE + timedelta(days=1))
    assert verbs.get("token").expires_at == FUTURE + timedelta(days=1)
    verbs.update_value("token", "newest", clear_expiry=True)
    assert verbs.get("token").expires_at is None


def test_an_expired_secret_is_updated_only_with_a_word_about_its_expiry(verbs: Verbs) -> None:
    for keywords in ({"clear_expiry": True}, {"expires_at": None}, {"expires_at": FUTURE}):
        verbs.set("token", "old", expires_at=PAST)
        for quiet in ({}, {"expires_at": strongroom.KEEP}, {"clear_expiry": False}):
            with pytest.raises(strongroom.Expired):
                verbs.update_value("token", "new", **quiet)
        verbs.update_value("token", "new", **keywords)
        assert verbs.get_value("token") == "new"


def test_what_is_not_given_is_kept_and_none_removes(verbs: Verbs) -> None:
    with pytest.raises(strongroom.NotFound):
        verbs.update_metadata("token", provider="aws")
    stated = {"provider": "github", "scope_of_use": "repo", "labels": {"a": "b"}, "expires_at": FUTURE}
    verbs.set("token", "t0p", **stated)
    for name in stated:
        verbs.update_metadata("token", **{name: strongroom.KEEP})
    assert {name: getattr(verbs.describe("token"), name) for name in stated} == stated
    for name in stated:
        verbs.set("token", "t0p", **stated)
        verbs.update_metadata("token", **{name: None})
        known = verbs.describe("token")
        expected = {**stated, name: {} if name == "labels" else None}
        assert {name: getattr(known, name) for name in stated} == expected
    verbs.set("token", "t0p", **stated)
    verbs.update_metadata("token", clear_expiry=True, provider="aws", labels={"c": "d"})
    known = verbs.describe("token")
    assert (known.expires_at, known.provider, known.scope_of_use, known.labels) == (None, "aws", "repo", {"c": "d"})
    assert verbs.get_value("token") == "t0p"


def test_an_expiry_is_not_both_given_and_cleared(verbs: Verbs) -> None:
    verbs.set("token", "t0p")
    for call in (
        lambda: verbs.update_value("token", "new", expires_at=FUTURE, clear_expiry=True),
        lambda: verbs.update_metadata("token", expires_at=FUTURE, clear_expiry=True),
    ):
        with pytest.raises(strongroom.InvalidArgument) as raised:
            call()
        assert raised.value.setting == "clear_expiry"
    with pytest.raises(TypeError, match="a bool is needed, not str"):
        verbs.update_metadata("token", clear_expiry="yes")


def test_rotate(verbs: Verbs) -> None:
    with pytest.raises(strongroom.NotFound):
        verbs.rotate("token", "new")
    verbs.set("token", "old", provider="github", expires_at=PAST)
    assert verbs.rotate("token", "new").number == 2
    found = verbs.get("token")
    assert (found.reveal(), found.provider, found.expires_at) == ("new", "github", None)
    verbs.rotate("token", strongroom.Generate.hex(8))
    assert len(verbs.get_value("token")) == 16
    assert verbs.get_version("token", 2).reveal() == "new"
    with pytest.raises(strongroom.InvalidArgument):
        verbs.rotate("token", strongroom.Generate.hex(0))


def test_rollback(verbs: Verbs) -> None:
    with pytest.raises(strongroom.NotFound):
        verbs.rollback("token", "1")
    for value in ("one", "two", "three"):
        verbs.set("token", value)
    assert verbs.rollback("token", 1).number == 4
    assert verbs.get_value("token") == "one"
    verbs.rollback("token", back=2)
    assert verbs.get_value("token") == "two"
    for to in ({"version": "99"}, {"back": 99}, {"back": 10**30}):
        with pytest.raises(strongroom.NotFound):
            verbs.rollback("token", **to)
    for back in (0, -1, -(10**30)):
        with pytest.raises(strongroom.InvalidArgument):
            verbs.rollback("token", back=back)
    with pytest.raises(TypeError, match="a rollback needs a version"):
        verbs.rollback("token")
    with pytest.raises(TypeError, match="exclude each other"):
        verbs.rollback("token", "1", back=1)
    with pytest.raises(TypeError, match="back is an int, not str"):
        verbs.rollback("token", back="1")
    with pytest.raises(TypeError, match="version is a version's word or number, not float"):
        verbs.rollback("token", 1.0)


def test_delete(verbs: Verbs) -> None:
    with pytest.raises(KeyError) as raised:
        verbs.delete("token")
    assert isinstance(raised.value, strongroom.NotFound)
    verbs.delete("token", missing_ok=True)
    verbs.set("token", "t0p")
    verbs.delete("token")
    assert not verbs.exists("token")
    with pytest.raises(TypeError, match="a bool is needed, not int"):
        verbs.delete("token", missing_ok=1)
