"""`Secret`: what it shows, what it gives out, and what it refuses."""

from __future__ import annotations

import array
import contextlib
import copy
import ctypes
import gc
import json
import logging
import mmap
import pickle
import sys
import threading
import weakref
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from faces import Text

import strongroom
from strongroom import Secret

CANARY = "canary-5d1e"
FUTURE = datetime(2100, 1, 1, tzinfo=timezone.utc)


def test_what_it_knows() -> None:
    secret = Secret(CANARY, provider="openai", scope_of_use="models", labels={"team": "web"}, expires_at=FUTURE)
    assert (secret.provider, secret.scope_of_use, secret.labels) == ("openai", "models", {"team": "web"})
    assert secret.expires_at == FUTURE and not secret.expired
    assert (secret.created_at, secret.updated_at, secret.version, secret.number) == (None, None, None, None)
    assert Secret(CANARY, expires_at=datetime.now(timezone.utc) - timedelta(seconds=1)).expired
    assert not Secret(CANARY).expired


def test_what_was_read_knows_when_it_was_written(secrets: strongroom.SecretManager) -> None:
    secrets.set("token", CANARY)
    made = secrets["token"]
    secrets.set("token", CANARY)
    found = secrets["token"]
    assert (found.version, found.number) == ("2", 2)
    assert found.created_at == made.created_at and found.updated_at is not None
    assert found.created_at is not None and found.updated_at >= found.created_at


def test_labels_are_a_copy() -> None:
    secret = Secret(CANARY, labels={"a": "b"})
    secret.labels["a"] = "c"
    assert secret.labels == {"a": "b"}


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        ascii,
        format,
        "{0}".format,
        "{0!r:>40}".format,
        lambda secret: f"{secret}",
        lambda secret: f"{secret:>40}",
        lambda secret: f"{secret!s:^20}",
        lambda secret: str([secret, {"key": secret}]),
        lambda secret: str(vars(type(secret)).keys()),
        lambda secret: str(dir(secret)),
        lambda secret: str(secret.expose()),
    ],
)
def test_nothing_shows_the_value(show: Any) -> None:
    assert CANARY not in show(Secret(CANARY, provider="openai"))


def test_a_mask_is_laid_out_as_a_text() -> None:
    assert f"{Secret(CANARY):>15}" == "    Secret(***)"
    assert f"{Secret(CANARY):.6}" == "Secret"
    with pytest.raises(ValueError, match="Unknown format code"):
        f"{Secret(CANARY):d}"


def test_logging_shows_no_value(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("ours").info("got %s and %r", Secret(CANARY), {"secret": Secret(CANARY)})
    assert caplog.messages == ["got Secret(***) and {'secret': Secret(***)}"]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_not_pickled(protocol: int) -> None:
    for item in (Secret(CANARY), {"a": [Secret(CANARY)]}, Secret(CANARY).expose()):
        with pytest.raises(TypeError) as raised:
            pickle.dumps(item, protocol)
        assert CANARY not in str(raised.value)


def test_it_is_neither_copied_nor_written_as_json() -> None:
    for copied in (copy.copy, copy.deepcopy, lambda secret: copy.deepcopy({"a": [secret]})):
        with pytest.raises(TypeError, match="a Secret cannot be copied"):
            copied(Secret(CANARY))
    with pytest.raises(TypeError) as raised:
        json.dumps({"a": Secret(CANARY)})
    assert CANARY not in str(raised.value)


def test_it_has_no_attributes_of_others_and_no_subclass() -> None:
    secret: Any = Secret(CANARY)
    with pytest.raises(AttributeError):
        secret.extra = 1
    with pytest.raises(AttributeError):
        secret.provider = "other"
    with pytest.raises(TypeError):
        type("Mine", (Secret,), {})
    with pytest.raises(TypeError):
        vars(secret)


def test_two_secrets_are_equal_only_where_they_are_one() -> None:
    secret = Secret(CANARY)
    assert secret == secret and secret != Secret(CANARY) and secret != CANARY
    assert len({secret, secret, Secret(CANARY)}) == 2
    assert weakref.ref(secret)() is secret


@pytest.mark.parametrize("value", ["", "tøken", "\0", "a" * 100_000], ids=["empty", "wide", "nul", "long"])
def test_reveal(value: str) -> None:
    for given in (value, Text(value), value.encode(), bytearray(value.encode())):
        secret = Secret(given)
        assert secret.reveal() == value and type(secret.reveal()) is str
        assert secret.reveal_bytes() == value.encode() and type(secret.reveal_bytes()) is bytes


def test_reveal_of_what_is_no_text() -> None:
    secret = Secret(b"canary-\xff")
    assert secret.reveal_bytes() == b"canary-\xff"
    with pytest.raises(strongroom.InvalidValue) as raised:
        secret.reveal()
    assert "canary" not in repr(raised.value) and "reveal_bytes" in raised.value.help
    assert raised.value.__context__ is None


@pytest.mark.parametrize("value", [None, 5, 1.5, [b"a"], {"a": 1}, array.array("H", [1]), object()], ids=repr)
def test_what_is_no_value(value: Any) -> None:
    with pytest.raises(TypeError, match="a value is a str or a buffer of bytes, not "):
        Secret(value)


def test_a_secret_is_no_value_of_another() -> None:
    with pytest.raises(TypeError, match="not Secret"):
        Secret(Secret(CANARY))  # type: ignore[arg-type]


def test_a_text_that_is_no_unicode() -> None:
    with pytest.raises(strongroom.InvalidValue) as raised:
        Secret("canary-\udcff")
    assert "canary" not in repr(raised.value) and raised.value.__context__ is None


@pytest.mark.parametrize(
    "make",
    [
        bytearray,
        lambda size: mmap.mmap(-1, size),
        lambda size: array.array("B", bytes(size)),
        lambda size: array.array("b", bytes(size)),
        ctypes.create_string_buffer,
    ],
)
def test_reveal_into(make: Any) -> None:
    buffer = make(8)
    assert Secret("t0p").reveal_into(buffer) == 3
    assert bytes(buffer[:8]) == b"t0p\0\0\0\0\0"
    assert Secret("").reveal_into(bytearray()) == 0


def test_reveal_into_a_part_of_a_buffer() -> None:
    buffer = bytearray(b"........")
    assert Secret("t0p").reveal_into(memoryview(buffer)[2:6]) == 3
    assert buffer == b"..t0p..."


@pytest.mark.parametrize(
    ("buffer", "message"),
    [
        (b"12345678", "cannot be written"),
        (memoryview(bytearray(16))[::2], "one piece"),
        (memoryview(bytearray(8))[::-1], "one piece"),
        (memoryview(bytearray(8)).toreadonly(), "cannot be written"),
        (array.array("I", [0, 0]), "not array"),
        ("12345678", "not str"),
        (None, "not NoneType"),
    ],
)
def test_reveal_into_what_cannot_be_written(buffer: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Secret("t0p").reveal_into(buffer)


def test_reveal_into_a_buffer_that_is_too_small() -> None:
    buffer = bytearray(b"..")
    with pytest.raises(strongroom.BufferTooSmall, match="3 bytes and the buffer 2"):
        Secret("t0p").reveal_into(buffer)
    assert buffer == b".."


def test_expose() -> None:
    secret = Secret("t0p")
    with secret.expose() as view:
        assert bytes(view) == b"t0p" and view.readonly and view.format == "B" and view.c_contiguous
        with pytest.raises(TypeError):
            view[0] = 0
    assert secret.reveal() == "t0p"
    with Secret("").expose() as view:
        assert bytes(view) == b""


def test_a_view_is_gone_after_its_block() -> None:
    with Secret(CANARY).expose() as view:
        pass
    with pytest.raises(ValueError, match="released"):
        bytes(view)


def test_a_part_of_a_view_that_someone_kept_shows_zeroes() -> None:
    with Secret(CANARY).expose() as view:
        part, other = view[:6], memoryview(view)
        assert bytes(part) == b"canary"
    assert bytes(part) == bytes(6)
    assert bytes(other) == bytes(len(CANARY))
    gc.collect()
    assert bytes(part) == bytes(6)


def test_a_view_is_wiped_where_its_block_raises() -> None:
    with pytest.raises(LookupError), Secret(CANARY).expose() as view:
        part = view[:6]
        raise LookupError
    assert bytes(part) == bytes(6)


def test_nested_blocks_have_views_of_their_own() -> None:
    secret = Secret("t0p")
    with secret.expose() as outer:
        with secret.expose() as inner:
            assert bytes(inner) == bytes(outer) == b"t0p"
        assert bytes(outer) == b"t0p"


def test_one_lending_is_one_block_at_a_time() -> None:
    lending = Secret("t0p").expose()
    with lending as view:
        with pytest.raises(strongroom.ReentrantCall):
            lending.__enter__()
        assert bytes(view) == b"t0p"
    with lending as view:
        assert bytes(view) == b"t0p"
    lending.__exit__(None, None, None)


def test_a_view_outlives_what_it_came_from() -> None:
    secret = Secret("t0p")
    with secret.expose() as view:
        secret.wipe()
        del secret
        gc.collect()
        assert bytes(view) == b"t0p"


def test_a_view_that_was_never_given_back_is_wiped_with_its_lending() -> None:
    lending = Secret(CANARY).expose()
    part = lending.__enter__()[:6]
    assert bytes(part) == b"canary"
    lending.__exit__(None, None, None)
    assert bytes(part) == bytes(6)


def test_wipe() -> None:
    secret = Secret(CANARY, provider="openai")
    with secret as same:
        assert same is secret and secret.reveal() == CANARY
    secret.wipe()
    reads: list[Any] = [
        secret.reveal,
        secret.reveal_bytes,
        secret.expose,
        lambda: secret.reveal_into(bytearray(64)),
    ]
    for read in reads:
        with pytest.raises(strongroom.Closed, match="wiped"):
            read()
    assert secret.provider == "openai" and repr(secret) == "Secret(***)"


def test_a_lending_of_what_was_wiped_lends_nothing() -> None:
    secret = Secret(CANARY)
    lending = secret.expose()
    secret.wipe()
    with pytest.raises(strongroom.Closed):
        lending.__enter__()


def test_a_block_wipes_where_it_raises() -> None:
    secret = Secret(CANARY)
    with pytest.raises(LookupError), secret:
        raise LookupError
    with pytest.raises(strongroom.Closed):
        secret.reveal()


def read_until_wiped(secret: Secret, start: threading.Barrier, seen: list[bytes]) -> None:
    start.wait(60)
    with contextlib.suppress(strongroom.Closed):
        for _ in range(200):
            with secret.expose() as view:
                seen.append(bytes(view))
            seen.append(secret.reveal_bytes())


@pytest.mark.parametrize("turn", range(20))
def test_it_may_be_wiped_while_others_read(turn: int) -> None:
    secret, start = Secret(CANARY), threading.Barrier(5)
    seen: list[bytes] = []
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=read_until_wiped, args=(secret, start, seen)) for _ in range(4)]
        for thread in threads:
            thread.start()
        start.wait(60)
        secret.wipe()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
    finally:
        sys.setswitchinterval(switching)
    # A view that was lent before shows the value to its end; afterwards there is none.
    assert set(seen) <= {CANARY.encode()}
    with pytest.raises(strongroom.Closed):
        secret.reveal()


def test_a_manager_and_a_token_are_not_pickled(secrets: strongroom.SecretManager) -> None:
    for item in (secrets, secrets.to_async(), strongroom.CancelToken()):
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(item)
        with pytest.raises(TypeError, match="pickle"):
            copy.copy(item)
