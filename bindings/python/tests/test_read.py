"""The verbs that read."""

from __future__ import annotations

import asyncio
import mmap
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from faces import BAD_KEYS, NO_STR, Text, Verbs, verbs, verbs_over

import strongroom

__all__ = ["verbs", "verbs_over"]

PAST = datetime(2001, 1, 1, tzinfo=timezone.utc)
#: Each verb that reads one secret, with what else it needs.
READERS: dict[str, tuple[Any, ...]] = {
    "get": (),
    "get_value": (),
    "get_version": ("1",),
    "get_into": (bytearray(8),),
    "exists": (),
    "describe": (),
    "versions": (),
}


def test_get(verbs: Verbs) -> None:
    assert verbs.get("token") is None
    assert verbs.get("token", "none") == "none"
    verbs.set("token", "t0p")
    for _ in range(2):
        assert verbs.get("token").reveal() == "t0p"
    assert verbs.get("token", "none").reveal() == "t0p"
    assert verbs.get(Text("token")).reveal() == "t0p"
    assert verbs.get("global/token").reveal() == "t0p"


def test_each_get_gives_a_secret_of_its_own(secrets: strongroom.SecretManager) -> None:
    secrets.set("token", "t0p")
    secrets.get("token")
    one, other = secrets.get("token"), secrets.get("token")
    assert one is not None and other is not None
    one.wipe()
    assert other.reveal() == "t0p"


def test_get_value(verbs: Verbs) -> None:
    assert verbs.get_value("token") is None
    assert verbs.get_value("token", "none") == "none"
    verbs.set("token", "tøp")
    for _ in range(3):
        assert verbs.get_value("token") == "tøp"
        assert verbs.get_value("token", timeout=5) == "tøp"
    verbs.set("bytes", b"\xff\xfe")
    for _ in range(3):
        with pytest.raises(strongroom.InvalidValue) as raised:
            verbs.get_value("bytes")
        assert "xff" not in str(raised.value) and raised.value.__cause__ is None


def test_a_given_default_of_none_is_none(verbs: Verbs) -> None:
    assert verbs.get("token", None) is None
    assert verbs.get_value("token", None) is None


def test_an_expired_secret_is_an_error_unless_it_is_wanted(verbs: Verbs) -> None:
    verbs.set("token", "t0p", expires_at=PAST)
    for _ in range(2):
        with pytest.raises(strongroom.Expired):
            verbs.get("token")
        with pytest.raises(strongroom.Expired):
            verbs.get_value("token")
        with pytest.raises(strongroom.Expired):
            verbs.get_into("token", bytearray(8))
    found = verbs.get("token", include_expired=True)
    assert found.reveal() == "t0p" and found.expired and found.expires_at == PAST
    assert verbs.exists("token")
    assert verbs.describe("token").expired


def test_versions_are_words_and_numbers(verbs: Verbs) -> None:
    first, second = verbs.set("token", "old"), verbs.set("token", "new")
    assert (first.number, second.number) == (1, 2)
    for wanted in (first.version, first.number):
        assert verbs.get_version("token", wanted).reveal() == "old"
        assert verbs.get("token", version=wanted).reveal() == "old"
    kept = verbs.versions("token")
    assert [(entry.version, entry.number, entry.current) for entry in kept] == [("2", 2, True), ("1", 1, False)]
    assert all(entry.created_at.tzinfo is not None for entry in kept)
    assert verbs.get_version("token", "99") is None
    assert verbs.get_version("other", 1) is None
    with pytest.raises(strongroom.NotFound):
        verbs.versions("other")


@pytest.mark.parametrize("version", [-1, 2**64, 10**4000, -(10**4000)])
def test_a_number_that_no_version_has(verbs: Verbs, version: int) -> None:
    for read in (lambda: verbs.get_version("token", version), lambda: verbs.get("token", version=version)):
        with pytest.raises(strongroom.InvalidArgument) as raised:
            read()
        assert raised.value.setting == "version"


@pytest.mark.parametrize("version", [1.0, b"1", None, ["1"]])
def test_what_is_no_version(verbs: Verbs, version: Any) -> None:
    verbs.set("token", "t0p")
    with pytest.raises(TypeError, match="version is a version's word or number, not "):
        verbs.get_version("token", version)


def test_get_many(verbs: Verbs) -> None:
    verbs.set("one", "1")
    verbs.set("org/acme/two", "2")
    verbs.set("old", "3", expires_at=PAST)
    found = verbs.get_many(["one", "global/one", "org/acme/two", "old", "none"])
    assert {key: secret.reveal() for key, secret in found.secrets.items()} == {
        "one": "1",
        "global/one": "1",
        "org/acme/two": "2",
    }
    assert list(found.failures) == ["old"] and isinstance(found.failures["old"], strongroom.Expired)
    assert verbs.get_many([]).secrets == {}
    assert verbs.get_many(key for key in ("one",)).secrets["one"].reveal() == "1"
    assert verbs.get_many({"two"}, scope="org/acme").secrets["two"].reveal() == "2"


def test_get_many_of_a_text_is_refused(verbs: Verbs) -> None:
    with pytest.raises(TypeError, match="keys is an iterable of str, not str"):
        verbs.get_many("token")
    with pytest.raises(TypeError, match="keys is an iterable of str, not int"):
        verbs.get_many(5)
    with pytest.raises(TypeError, match="a key is a str"):
        verbs.get_many(b"token")
    with pytest.raises(strongroom.InvalidKey):
        verbs.get_many(["token", "no key"])


def test_an_iterable_that_fails_tells_its_own_error(verbs: Verbs) -> None:
    def keys() -> Any:
        yield "token"
        raise LookupError("ours")

    with pytest.raises(LookupError, match="ours"):
        verbs.get_many(keys())


@pytest.mark.parametrize(
    "wrap", [bytearray, lambda size: memoryview(bytearray(size)), lambda size: mmap.mmap(-1, size)]
)
def test_get_into(verbs: Verbs, wrap: Any) -> None:
    buffer = wrap(8)
    assert verbs.get_into("token", buffer) is None
    assert bytes(buffer[:8]) == bytes(8)
    verbs.set("token", "t0p")
    for keywords in ({}, {}, {"timeout": 5}):
        buffer[:8] = b"........"
        assert verbs.get_into("token", buffer, **keywords) == 3
        assert bytes(buffer[:8]) == b"t0p....."


def test_get_into_a_buffer_that_is_too_small(verbs: Verbs) -> None:
    verbs.set("token", "t0p")
    verbs.get_value("token")
    for size in (0, 2):
        for keywords in ({}, {"timeout": 5}):
            buffer = bytearray(size)
            with pytest.raises(strongroom.BufferTooSmall, match=f"3 bytes and the buffer {size}"):
                verbs.get_into("token", buffer, **keywords)
            assert buffer == bytearray(size)


def test_get_into_an_empty_buffer_takes_an_empty_value(verbs: Verbs) -> None:
    verbs.set("empty", "")
    for _ in range(2):
        assert verbs.get_into("empty", bytearray()) == 0


@pytest.mark.parametrize(
    ("buffer", "message"),
    [
        (b"12345678", "cannot be written"),
        (memoryview(bytearray(16))[::2], "one piece"),
        (memoryview(bytearray(8)).toreadonly(), "cannot be written"),
        (memoryview(bytearray(8)).cast("I"), "a buffer of bytes that can be written is needed"),
        ("12345678", "a buffer of bytes that can be written is needed.* not str"),
        (None, "not NoneType"),
        (8, "not int"),
    ],
)
def test_get_into_what_cannot_be_written(verbs: Verbs, buffer: Any, message: str) -> None:
    verbs.set("token", "t0p")
    for keywords in ({}, {}, {"timeout": 5}):
        with pytest.raises(TypeError, match=message):
            verbs.get_into("token", buffer, **keywords)


def test_a_buffer_is_not_held_while_the_call_runs(verbs: Verbs) -> None:
    verbs.set("token", "t0p")
    buffer = bytearray(8)
    verbs.get_into("token", buffer)
    buffer.extend(b"more")


def test_get_with_fallback(verbs: Verbs) -> None:
    verbs.set("org/acme/api_key", "org's")
    verbs.set("api_key", "global")
    assert verbs.get_with_fallback("api_key", ["user/kim", "org/acme", "global"]).reveal() == "org's"
    assert verbs.get_with_fallback("api_key", ("user/kim", "global")).reveal() == "global"
    assert verbs.get_with_fallback("api_key", ["user/kim"]) is None
    assert verbs.get_with_fallback("api_key", []) is None
    with pytest.raises(TypeError, match="scopes is an iterable of str, not str"):
        verbs.get_with_fallback("api_key", "org/acme")
    with pytest.raises(TypeError, match="scopes is a str, not int"):
        verbs.get_with_fallback("api_key", [5])
    with pytest.raises(strongroom.InvalidKey):
        verbs.get_with_fallback("api_key", ["nowhere/acme"])
    with pytest.raises(strongroom.InvalidArgument) as raised:
        verbs.get_with_fallback("api_key", ["org/\ud800"])
    assert raised.value.setting == "scopes" and raised.value.__cause__ is None
    with pytest.raises(strongroom.InvalidKey):
        verbs.get_with_fallback("org/acme/api_key", ["global"])


def test_a_fallback_passes_over_what_is_out_of_reach_only_when_told(verbs_over: Callable[..., Verbs]) -> None:
    there = verbs_over("get*2:unavailable; get*1:pass; get*2:unavailable")
    there.set("api_key", "k")
    with pytest.raises(strongroom.Unavailable):
        there.get_with_fallback("api_key", ["org/acme", "global"])
    found = there.get_with_fallback("api_key", ["org/acme", "global"], allow_unavailable=True)
    assert found.reveal() == "k"
    with pytest.raises(strongroom.Unavailable):
        there.get_with_fallback("other", ["org/acme", "global"], allow_unavailable=True)


def test_describe(verbs: Verbs) -> None:
    assert verbs.describe("token") is None
    verbs.set("token", "t0p", provider="github", scope_of_use="repo", labels={"team": "web"})
    known = verbs.describe("token")
    assert (known.provider, known.scope_of_use, known.labels) == ("github", "repo", {"team": "web"})
    assert known.expires_at is None and not known.expired and known.number == 1
    assert known.created_at.utcoffset() == timedelta(0)


def test_list(verbs: Verbs) -> None:
    verbs.set_many({"b": "1", "a": "2", "org/acme/a": "3", "org/acme/b": strongroom.Secret("4", provider="aws")})
    names = [entry.name for entry in verbs.list().entries]
    assert names == sorted(names) and len(names) == 4
    assert [entry.name for entry in verbs.list(scope="org/acme").entries] == ["org/acme/a", "org/acme/b"]
    assert [entry.name for entry in verbs.list(prefix="org/acme/b").entries] == ["org/acme/b"]
    assert [entry.name for entry in verbs.list(provider="aws").entries] == ["org/acme/b"]
    page = verbs.list(limit=3)
    assert len(page.entries) == 3 and page.next is not None
    rest = verbs.list(limit=3, after=page.next)
    assert [entry.name for entry in (*page.entries, *rest.entries)] == names and rest.next is None
    assert len(verbs.list(limit=10**30).entries) == 4
    assert not any(entry.is_reference for entry in page.entries)


def test_a_page_of_a_view_begins_after_a_name_of_the_view(verbs: Verbs) -> None:
    verbs.set_many({"org/acme/a": "1", "org/acme/b": "2", "org/acme/c": "3", "b": "4"})
    for after in ("a", "org/acme/a"):
        page = verbs.list(after=after, scope="org/acme")
        assert [entry.name for entry in page.entries] == ["org/acme/b", "org/acme/c"]
    with pytest.raises(strongroom.InvalidKey):
        verbs.list(after="no key!")


@pytest.mark.parametrize("limit", [0, -1, -(10**30)])
def test_a_page_has_at_least_one_name(verbs: Verbs, limit: int) -> None:
    with pytest.raises(strongroom.InvalidArgument):
        verbs.list(limit=limit)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"limit": "5"}, "limit is an int, not str"),
        ({"limit": 1.5}, "limit is an int, not float"),
        ({"prefix": 5}, "prefix is a str, not int"),
        ({"provider": b"aws"}, "provider is a str, not bytes"),
        ({"after": 5}, "a key is a str"),
        ({"full_metadata": "yes"}, "a bool is needed, not str"),
        ({"full_metadata": None}, "a bool is needed, not NoneType"),
        ({"scope": 5}, "scope is a str, not int"),
        ({"timeout": "5"}, "timeout is a number of seconds or a timedelta, not str"),
        ({"cancel": object()}, "cancel is a CancelToken, not object"),
        ({"page": 5}, "unexpected keyword argument 'page'"),
    ],
)
def test_keywords_of_a_wrong_type(verbs: Verbs, keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        verbs.list(**keywords)


@pytest.mark.parametrize("name", ["prefix", "provider", "scope", "actor", "reason", "request_id"])
def test_a_text_that_is_no_unicode(verbs: Verbs, name: str) -> None:
    with pytest.raises(strongroom.InvalidArgument) as raised:
        verbs.list(**{name: "a\ud800b"})
    assert raised.value.setting == name
    assert "ud800" not in str(raised.value) and raised.value.__context__ is None


@pytest.mark.parametrize("timeout", [-1, -0.5, float("nan"), timedelta(seconds=-1), -(10**400)])
def test_a_time_span_is_not_negative(verbs: Verbs, timeout: Any) -> None:
    with pytest.raises(strongroom.InvalidArgument) as raised:
        verbs.exists("token", timeout=timeout)
    assert raised.value.setting == "timeout"


@pytest.mark.parametrize("timeout", [10**400, float("inf"), timedelta.max, 3, 0.5])
def test_a_time_span_may_be_long(verbs: Verbs, timeout: Any) -> None:
    assert verbs.exists("token", timeout=timeout) is False


def test_keywords_that_are_none_are_as_if_they_were_not_there(verbs: Verbs) -> None:
    nothing = dict.fromkeys(("scope", "timeout", "prompt", "actor", "reason", "request_id", "cancel"))
    verbs.set("token", "t0p")
    assert verbs.get("token", **nothing).reveal() == "t0p"
    assert verbs.get_value("token", **nothing) == "t0p"


@pytest.mark.parametrize("verb", READERS)
@pytest.mark.parametrize("key", NO_STR, ids=lambda key: type(key).__name__)
def test_a_key_that_is_no_str(verbs: Verbs, verb: str, key: Any) -> None:
    with pytest.raises(TypeError, match=f"a key is a str .* not {type(key).__name__}"):
        getattr(verbs, verb)(key, *READERS[verb])


@pytest.mark.parametrize("verb", READERS)
@pytest.mark.parametrize("key", BAD_KEYS, ids=lambda key: ascii(key)[:12])
def test_a_key_that_breaks_the_rules(verbs: Verbs, verb: str, key: str) -> None:
    with pytest.raises(strongroom.InvalidKey) as raised:
        getattr(verbs, verb)(key, *READERS[verb])
    assert not isinstance(raised.value.__cause__, UnicodeError)
    assert raised.value.__context__ is None


def test_the_cached_look_up_sees_what_a_write_changed(verbs: Verbs) -> None:
    for value in ("one", "two"):
        verbs.set("token", value)
        for _ in range(2):
            assert verbs.get_value("token") == value
            assert verbs.get("token").reveal() == value
    verbs.delete("token")
    assert verbs.get_value("token") is None


def test_a_closed_manager_answers_closed(verbs: Verbs) -> None:
    verbs.set("token", "t0p")
    verbs.get_value("token")
    verbs.close()
    verbs.close()
    for verb, more in READERS.items():
        with pytest.raises(strongroom.Closed):
            getattr(verbs, verb)("token", *more)
    for call in (verbs.health, verbs.list, verbs.lock, lambda: verbs.get_many(["token"])):
        with pytest.raises(strongroom.Closed):
            call()


def test_coroutines_check_nothing_before_they_are_awaited(secrets: strongroom.SecretManager) -> None:
    coroutine = secrets.to_async().get(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a key is a str"):
        asyncio.run(coroutine)
