"""The verbs that write."""

from __future__ import annotations

import array
import collections
import ctypes
import mmap
import types
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, Optional
from zoneinfo import ZoneInfo

import pytest
from faces import BAD_KEYS, NO_STR, Text, Verbs, verbs, verbs_over

import strongroom

__all__ = ["verbs", "verbs_over"]

PAST = datetime(2001, 1, 1, tzinfo=timezone.utc)
FUTURE = datetime(2100, 1, 1, 12, 30, 15, 123456, tzinfo=timezone.utc)
#: Each verb that takes a value.
VALUED = ["set", "set_api_key", "update_value", "rotate"]
#: Each verb that writes one secret, with what else it needs.
WRITERS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(VALUED, ("value",)),
    "update_metadata": (),
    "get_or_generate": (strongroom.Generate.hex(4),),
    "rollback": ("1",),
    "delete": (),
}


class Unaware(tzinfo):
    """A time zone that gives no offset; a datetime with it is naive."""

    def utcoffset(self, at: Optional[datetime]) -> Optional[timedelta]:
        return None


class Broken(tzinfo):
    """A time zone that fails."""

    def utcoffset(self, at: Optional[datetime]) -> Optional[timedelta]:
        raise LookupError("ours")


def test_set(verbs: Verbs) -> None:
    made = verbs.set("token", "t0p", provider="github", scope_of_use="repo", labels={"team": "web"}, expires_at=FUTURE)
    assert (made.created, made.version, made.number) == (True, "1", 1)
    found = verbs.get("token")
    assert (found.provider, found.scope_of_use, found.labels) == ("github", "repo", {"team": "web"})
    assert found.expires_at == FUTURE and not found.expired
    assert (found.version, found.number) == ("1", 1)
    replaced = verbs.set("token", "new")
    assert (replaced.created, replaced.number) == (False, 2)
    found = verbs.get("token")
    assert (found.provider, found.scope_of_use, found.labels, found.expires_at) == (None, None, {}, None)


@pytest.mark.parametrize(
    "value",
    [
        "t0p",
        Text("t0p"),
        b"t0p",
        bytearray(b"t0p"),
        memoryview(b"t0p"),
        memoryview(b"t.0.p.")[::2],
        memoryview(b"p0t")[::-1],
        array.array("B", b"t0p"),
        memoryview(b"t0p").cast("c"),
        memoryview(b"t0p").cast("b"),
        memoryview(b"p0t").cast("b")[::-1],
        memoryview(b"t.0.p.").cast("b")[::2],
        array.array("b", b"t0p"),
        (ctypes.c_ubyte * 3)(*b"t0p"),
        (ctypes.c_char * 3)(*b"t0p"),
        strongroom.Secret("t0p"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("verb", VALUED)
def test_a_value_is_a_str_or_any_buffer_of_bytes(verbs: Verbs, verb: str, value: Any) -> None:
    verbs.set("token", "old")
    getattr(verbs, verb)("token", value)
    assert verbs.get_value("token") == "t0p"
    verbs.set_many({"other": value})
    assert verbs.get_value("other") == "t0p"


def test_a_value_may_be_mapped_memory(verbs: Verbs) -> None:
    with mmap.mmap(-1, 8) as memory:
        memory[:8] = b"12345678"
        verbs.set("token", memory)
    assert verbs.get_value("token") == "12345678"


def test_an_empty_value_is_a_value(verbs: Verbs) -> None:
    for empty in ("", b"", bytearray(), array.array("b"), (ctypes.c_byte * 0)()):
        verbs.set("token", empty)
        assert verbs.get_value("token") == ""
        assert verbs.get("token").reveal_bytes() == b""


def test_a_buffer_is_copied_when_the_verb_is_called(verbs: Verbs) -> None:
    value = bytearray(b"t0p")
    verbs.set("token", value)
    value[:] = b"..."
    value.extend(b"more")
    assert verbs.get_value("token") == "t0p"


@pytest.mark.parametrize("verb", [*VALUED, "set_many"])
@pytest.mark.parametrize(
    "value",
    [None, 5, 1.5, ["t0p"], {"t0p": 1}, object(), array.array("I", [1]), array.array("d", [1.0]), True],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_value(verbs: Verbs, verb: str, value: Any) -> None:
    verbs.set("token", "old")
    with pytest.raises(TypeError, match=f"a value is a str or a buffer of bytes, not {type(value).__name__}"):
        verbs.set_many({"token": value}) if verb == "set_many" else getattr(verbs, verb)("token", value)
    assert verbs.get_value("token") == "old"


@pytest.mark.parametrize("verb", VALUED)
def test_a_value_that_is_no_unicode_is_not_shown(verbs: Verbs, verb: str) -> None:
    verbs.set("token", "old")
    with pytest.raises(strongroom.InvalidValue) as raised:
        getattr(verbs, verb)("token", "canary-\ud800")
    assert "canary" not in repr(raised.value)
    assert raised.value.__context__ is None and raised.value.__cause__ is None


@pytest.mark.parametrize("verb", VALUED)
def test_a_wiped_secret_is_not_written(verbs: Verbs, verb: str) -> None:
    verbs.set("token", "old")
    secret = strongroom.Secret("t0p")
    secret.wipe()
    with pytest.raises(strongroom.Closed):
        getattr(verbs, verb)("token", secret)
    assert verbs.get_value("token") == "old"


def test_a_released_view_says_so(verbs: Verbs) -> None:
    view = memoryview(b"t0p")
    view.release()
    with pytest.raises(ValueError, match="released"):
        verbs.set("token", view)


def test_a_secret_brings_its_metadata_where_nothing_else_is_given(verbs: Verbs) -> None:
    secret = strongroom.Secret("t0p", provider="aws", labels={"a": "b"}, expires_at=FUTURE)
    verbs.set("one", secret)
    verbs.set("two", secret, provider="github", labels={"c": "d"})
    one, two = verbs.get("one"), verbs.get("two")
    assert (one.provider, one.labels, one.expires_at) == ("aws", {"a": "b"}, FUTURE)
    assert (two.provider, two.labels, two.expires_at) == ("github", {"c": "d"}, FUTURE)
    verbs.set_many({"three": one})
    assert verbs.get("three").provider == "aws"


def test_conditions(verbs: Verbs) -> None:
    made = verbs.set("token", "one", if_absent=True)
    with pytest.raises(strongroom.Conflict):
        verbs.set("token", "two", if_absent=True)
    verbs.set("token", "two", if_version=made.version)
    with pytest.raises(strongroom.Conflict):
        verbs.set("token", "three", if_version=made.number)
    verbs.set("token", "three", if_version=2)
    with pytest.raises(strongroom.InvalidArgument):
        verbs.set("token", "four", if_absent=True, if_version="3")
    with pytest.raises(strongroom.Conflict):
        verbs.update_value("token", "four", if_version=1)
    with pytest.raises(strongroom.Conflict):
        verbs.update_metadata("token", provider="aws", if_version=1)
    assert verbs.update_metadata("token", provider="aws", if_version=3).created is False
    assert verbs.get_value("token") == "three"


def test_a_creation_time_is_told(verbs: Verbs) -> None:
    verbs.set("token", "t0p", created_at=PAST)
    assert verbs.describe("token").created_at == PAST


@pytest.mark.parametrize("verb", WRITERS)
@pytest.mark.parametrize("key", NO_STR, ids=lambda key: type(key).__name__)
def test_a_key_that_is_no_str(verbs: Verbs, verb: str, key: Any) -> None:
    with pytest.raises(TypeError, match=f"a key is a str .* not {type(key).__name__}"):
        getattr(verbs, verb)(key, *WRITERS[verb])


@pytest.mark.parametrize("verb", WRITERS)
@pytest.mark.parametrize("key", BAD_KEYS, ids=lambda key: ascii(key)[:12])
def test_a_key_that_breaks_the_rules(verbs: Verbs, verb: str, key: str) -> None:
    with pytest.raises(strongroom.InvalidKey) as raised:
        getattr(verbs, verb)(key, *WRITERS[verb])
    assert raised.value.__context__ is None


NAIVE = [datetime(2100, 1, 1), datetime(2100, 1, 1, tzinfo=Unaware())]
NO_MOMENT = [date(2100, 1, 1), time(1, 2), 4102444800, 1.5, "2100-01-01T00:00:00Z", timedelta(days=1), object()]


@pytest.mark.parametrize("at", NAIVE, ids=["without a zone", "zone without an offset"])
def test_a_naive_datetime_does_not_say_where_it_counts(verbs: Verbs, at: datetime) -> None:
    calls = [
        lambda: verbs.set("token", "t0p", expires_at=at),
        lambda: verbs.update_value("token", "t0p", expires_at=at),
        lambda: verbs.update_metadata("token", expires_at=at),
        lambda: verbs.get_or_generate("token", strongroom.Generate.hex(4), expires_at=at),
        lambda: strongroom.Secret("t0p", expires_at=at),
    ]
    for call in calls:
        with pytest.raises(strongroom.InvalidArgument, match="without a timezone") as raised:
            call()
        assert raised.value.setting == "expires_at"
    with pytest.raises(strongroom.InvalidArgument) as raised:
        verbs.set("token", "t0p", created_at=at)
    assert raised.value.setting == "created_at"


@pytest.mark.parametrize("at", NO_MOMENT, ids=lambda at: type(at).__name__)
def test_what_is_no_datetime(verbs: Verbs, at: Any) -> None:
    verbs.set("token", "t0p")
    for verb in ("set", "update_value"):
        with pytest.raises(TypeError, match=f"expires_at is an aware datetime, not {type(at).__name__}"):
            getattr(verbs, verb)("token", "t0p", expires_at=at)
    with pytest.raises(TypeError, match="expires_at is an aware datetime"):
        verbs.update_metadata("token", expires_at=at)


def test_a_datetime_of_any_zone_is_told_in_utc(verbs: Verbs) -> None:
    paris = ZoneInfo("Europe/Paris")
    for at in (
        datetime(2100, 7, 1, 12, tzinfo=paris),
        datetime(2100, 10, 31, 2, 30, tzinfo=paris, fold=1),
        datetime(2100, 1, 1, tzinfo=timezone(timedelta(hours=-11, minutes=-30, seconds=-15))),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=timezone.utc),
    ):
        verbs.set("token", "t0p", expires_at=at)
        told = verbs.describe("token").expires_at
        assert told == at.astimezone(timezone.utc) and told.tzinfo is timezone.utc


@pytest.mark.parametrize("year", [1, 9999])
def test_a_datetime_that_utc_does_not_have(verbs: Verbs, year: int) -> None:
    hours = 5 if year == 1 else -5
    edge = datetime(1, 1, 1) if year == 1 else datetime(9999, 12, 31, 23)
    with pytest.raises(strongroom.InvalidArgument) as raised:
        verbs.set("token", "t0p", expires_at=edge.replace(tzinfo=timezone(timedelta(hours=hours))))
    assert raised.value.setting == "expires_at"


def test_a_zone_that_fails_tells_its_own_error(verbs: Verbs) -> None:
    with pytest.raises(LookupError, match="ours"):
        verbs.set("token", "t0p", expires_at=datetime(2100, 1, 1, tzinfo=Broken()))


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"provider": 5}, "provider is a str, not int"),
        ({"scope_of_use": b"repo"}, "scope_of_use is a str, not bytes"),
        ({"labels": [("a", "b")]}, "labels is a mapping, not list"),
        ({"labels": "a=b"}, "labels is a mapping, not str"),
        ({"labels": {"a": 5}}, "labels is a str, not int"),
        ({"labels": {5: "a"}}, "labels is a str, not int"),
        ({"labels": {"a": None}}, "labels is a str, not NoneType"),
    ],
)
def test_metadata_of_a_wrong_type(verbs: Verbs, keywords: dict[str, Any], message: str) -> None:
    calls = [
        lambda: verbs.set("token", "t0p", **keywords),
        lambda: verbs.update_metadata("token", **keywords),
        lambda: verbs.get_or_generate("token", strongroom.Generate.hex(4), **keywords),
        lambda: strongroom.Secret("t0p", **keywords),
    ]
    for call in calls:
        with pytest.raises(TypeError, match=message):
            call()


@pytest.mark.parametrize(
    ("keywords", "name"),
    [
        ({"provider": "a\ud800"}, "provider"),
        ({"scope_of_use": "a\ud800"}, "scope_of_use"),
        ({"labels": {"a\ud800": "b"}}, "labels"),
        ({"labels": {"a": "b\ud800"}}, "labels"),
    ],
)
def test_metadata_that_is_no_unicode(verbs: Verbs, keywords: dict[str, Any], name: str) -> None:
    for call in (lambda: verbs.set("token", "t0p", **keywords), lambda: strongroom.Secret("t0p", **keywords)):
        with pytest.raises(strongroom.InvalidArgument) as raised:
            call()
        assert raised.value.setting == name


@pytest.mark.parametrize(
    ("keywords", "kind"),
    [
        ({"provider": "p" * 1025}, strongroom.TooLarge),
        ({"provider": "a\nb"}, strongroom.InvalidValue),
        ({"labels": {str(at): "" for at in range(33)}}, strongroom.TooLarge),
        ({"labels": {"": "b"}}, strongroom.InvalidValue),
        ({"labels": {"a": "b" * 257}}, strongroom.TooLarge),
    ],
)
def test_metadata_that_breaks_a_limit(verbs: Verbs, keywords: dict[str, Any], kind: type[Exception]) -> None:
    verbs.set("token", "old")
    for call in (
        lambda: verbs.set("token", "t0p", **keywords),
        lambda: verbs.set_many({"token": strongroom.Secret("t0p", **keywords)}),
        lambda: verbs.update_metadata("token", **keywords),
    ):
        with pytest.raises(kind):
            call()
    assert verbs.get_value("token") == "old"


@pytest.mark.parametrize(
    "labels",
    [types.MappingProxyType({"a": "b"}), collections.OrderedDict(a="b"), collections.ChainMap({"a": "b"})],
    ids=lambda labels: type(labels).__name__,
)
def test_labels_are_any_mapping(verbs: Verbs, labels: Mapping[str, str]) -> None:
    verbs.set("token", "t0p", labels=labels)
    assert verbs.get("token").labels == {"a": "b"}
    verbs.update_metadata("token", labels=labels)
    assert verbs.get("token").labels == {"a": "b"}


def test_a_value_that_is_too_large(verbs: Verbs) -> None:
    limit = verbs.manager.backend.max_value
    verbs.set("token", bytes(limit))
    with pytest.raises(strongroom.TooLarge):
        verbs.set("token", bytes(limit + 1))
    with pytest.raises(strongroom.TooLarge):
        verbs.set_many({"other": "v", "token": bytes(limit + 1)})
    assert not verbs.exists("other")


class Loud(dict[str, str]):
    """A dict whose pairs are not those that lie in it."""

    def items(self) -> Any:
        return [("token", "of items")]


def test_set_many(verbs: Verbs) -> None:
    verbs.set("one", "0")
    written = verbs.set_many({"one": "1", "org/acme/two": b"2", "global/three": strongroom.Secret("3", provider="p")})
    assert {key: outcome.created for key, outcome in written.outcomes.items()} == {
        "one": False,
        "org/acme/two": True,
        "global/three": True,
    }
    assert written.failures == {}
    assert verbs.get_value("org/acme/two") == "2" and verbs.get("three").provider == "p"
    assert verbs.set_many({}).outcomes == {}
    assert list(verbs.set_many({"four": "4"}, scope="org/acme").outcomes) == ["four"]
    assert verbs.get_value("org/acme/four") == "4"
    verbs.set_many(types.MappingProxyType({"five": "5"}))
    verbs.set_many(Loud(token="of the dict"))
    assert verbs.get_value("token") == "of items"


def test_a_batch_that_the_backend_refuses_is_an_error(verbs_over: Callable[..., Verbs]) -> None:
    there = verbs_over("set_many*1:denied")
    with pytest.raises(strongroom.PermissionDenied):
        there.set_many({"one": "1", "two": "2"})
    assert not there.exists("one")


def test_a_batch_that_is_written_one_by_one_tells_each_outcome(verbs_over: Callable[..., Verbs]) -> None:
    there = verbs_over("", **{"fault.lacks": "atomic_batch"})
    assert not there.manager.backend.atomic_batch
    written = there.set_many({"one": "1", "two": "2"})
    assert sorted(written.outcomes) == ["one", "two"] and written.failures == {}


@pytest.mark.parametrize("entries", [None, 5, "one", b"one", object()], ids=lambda entries: type(entries).__name__)
def test_what_is_no_mapping_of_entries(verbs: Verbs, entries: Any) -> None:
    with pytest.raises(TypeError, match="entries"):
        verbs.set_many(entries)


def test_a_batch_with_a_fault_writes_nothing(verbs: Verbs) -> None:
    with pytest.raises(strongroom.InvalidArgument):
        verbs.set_many({"one": "1", "global/one": "2"})
    with pytest.raises(strongroom.InvalidKey):
        verbs.set_many({"one": "1", "no key": "2"})
    with pytest.raises(TypeError, match="a key is a str"):
        verbs.set_many({"one": "1", 5: "2"})
    with pytest.raises(TypeError, match="a value is a str"):
        verbs.set_many({"one": "1", "two": None})
    assert not verbs.exists("one")


class Failing(Mapping[str, str]):
    """A mapping that fails while it is read."""

    def __getitem__(self, key: str) -> str:
        raise LookupError("ours")

    def __iter__(self) -> Iterator[str]:
        return iter(["token"])

    def __len__(self) -> int:
        return 1


def test_a_mapping_that_fails_tells_its_own_error(verbs: Verbs) -> None:
    with pytest.raises(LookupError, match="ours"):
        verbs.set_many(Failing())
    with pytest.raises(LookupError, match="ours"):
        verbs.set("token", "t0p", labels=Failing())


def test_a_call_that_was_cancelled_writes_nothing(verbs: Verbs) -> None:
    token = strongroom.CancelToken()
    token.cancel()
    with pytest.raises(strongroom.Cancelled):
        verbs.set("token", "t0p", cancel=token)
    assert not verbs.exists("token")


def test_no_error_of_a_write_shows_the_value(verbs: Verbs) -> None:
    canary = "canary-5d1e"
    verbs.set("token", "old", if_absent=True)
    calls = [
        lambda: verbs.set("token", canary, if_absent=True),
        lambda: verbs.set("no key", canary),
        lambda: verbs.set("token", [canary]),
        lambda: verbs.set("token", canary, expires_at=canary),
        lambda: verbs.update_value("other", canary),
        lambda: verbs.set("token", canary * 200_000),
        lambda: verbs.set_many({"token": canary, "no key": canary}),
        lambda: verbs.rotate("other", canary),
    ]
    for call in calls:
        with pytest.raises((strongroom.Error, TypeError)) as raised:
            call()
        assert canary not in repr(raised.value) and canary not in str(raised.value)
