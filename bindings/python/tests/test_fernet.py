"""Fernet tokens: ours and those of Python's `cryptography`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import strongroom
from strongroom import fernet

#: A key and a token of "hello", made in 1985, of the specification.
SPEC_KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
SPEC_TOKEN = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="


def test_a_token_is_read_with_its_key_alone() -> None:
    key, other = fernet.generate_key(), fernet.generate_key()
    token = fernet.encrypt(key, "s3cret")
    assert fernet.decrypt(key, token).reveal() == "s3cret"
    assert "s3cret" not in repr(fernet.decrypt(key, token))
    with pytest.raises(strongroom.WrongKey):
        fernet.decrypt(other, token)


def test_the_specification_is_kept() -> None:
    assert fernet.decrypt(SPEC_KEY, SPEC_TOKEN).reveal() == "hello"
    assert fernet.timestamp(SPEC_KEY, SPEC_TOKEN) == datetime(1985, 10, 26, 8, 20, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "form",
    [str, str.encode, lambda key: bytearray(key.encode()), strongroom.Secret, lambda key: [key], lambda key: (key,)],
    ids=["str", "bytes", "bytearray", "Secret", "list", "tuple"],
)
def test_keys_and_tokens_come_in_many_forms(form: Callable[[str], Any]) -> None:
    assert fernet.decrypt(form(SPEC_KEY), SPEC_TOKEN).reveal() == "hello"


def test_the_first_key_writes_and_all_read() -> None:
    old, new = fernet.generate_key(), fernet.generate_key()
    for keys in ([new, old], (key for key in (new, old)), f"{new.reveal()},{old.reveal()}"):
        token = fernet.encrypt(keys, b"\x00\xff")
        assert fernet.decrypt(new, token).reveal_bytes() == b"\x00\xff"
        with pytest.raises(strongroom.WrongKey):
            fernet.decrypt(old, token)
    assert fernet.decrypt([new, old], fernet.encrypt(old, "1")).reveal() == "1"


def test_rotation_keeps_the_time() -> None:
    new = fernet.generate_key()
    rotated = fernet.rotate([new, SPEC_KEY], SPEC_TOKEN)
    assert fernet.decrypt(new, rotated).reveal() == "hello"
    assert fernet.timestamp(new, rotated) == fernet.timestamp(SPEC_KEY, SPEC_TOKEN)
    with pytest.raises(strongroom.WrongKey):
        fernet.rotate(new, SPEC_TOKEN)


@pytest.mark.parametrize("ttl", [60, 0.5, timedelta(hours=1)])
def test_an_old_token_is_expired_where_its_age_counts(ttl: Any) -> None:
    with pytest.raises(strongroom.Expired):
        fernet.decrypt(SPEC_KEY, SPEC_TOKEN, ttl)


def test_a_new_token_is_read_within_its_time() -> None:
    key = fernet.generate_key()
    assert fernet.decrypt(key, fernet.encrypt(key, "1"), ttl=3600).reveal() == "1"


def test_an_age_of_more_than_a_day_counts() -> None:
    # The token of the specification is of 1985.
    assert fernet.decrypt(SPEC_KEY, SPEC_TOKEN, ttl=timedelta(days=365 * 200)).reveal() == "hello"
    assert fernet.decrypt(SPEC_KEY, SPEC_TOKEN, ttl=1e300).reveal() == "hello"


@pytest.mark.parametrize("token", ["", "no token", SPEC_TOKEN[:-10], b"\xff" * 90])
def test_what_is_no_token(token: Any) -> None:
    for read in (fernet.decrypt, fernet.rotate, fernet.timestamp):
        with pytest.raises(strongroom.InvalidValue):
            read(SPEC_KEY, token)


def test_a_token_that_was_changed() -> None:
    changed = SPEC_TOKEN[:40] + ("A" if SPEC_TOKEN[40] != "A" else "B") + SPEC_TOKEN[41:]
    with pytest.raises(strongroom.WrongKey):
        fernet.decrypt(SPEC_KEY, changed)


@pytest.mark.parametrize("keys", ["", "k3y-of-nobody", [], [SPEC_KEY, "k3y-of-nobody"], f"{SPEC_KEY},"])
def test_what_is_no_key_is_not_shown(keys: Any) -> None:
    with pytest.raises(strongroom.InvalidArgument) as refused:
        fernet.encrypt(keys, "1")
    assert "k3y-of-nobody" not in str(refused.value)


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        (fernet.encrypt, (5, "1")),
        (fernet.encrypt, (None, "1")),
        (fernet.encrypt, ([5], "1")),
        (fernet.encrypt, (SPEC_KEY, 5)),
        (fernet.decrypt, (SPEC_KEY, 5)),
        (fernet.decrypt, (SPEC_KEY, SPEC_TOKEN, "soon")),
        (fernet.rotate, (SPEC_KEY, None)),
    ],
)
def test_an_argument_of_a_wrong_type(verb: Callable[..., object], arguments: Any) -> None:
    with pytest.raises(TypeError):
        verb(*arguments)


def test_a_negative_time_to_live() -> None:
    with pytest.raises(strongroom.InvalidArgument) as refused:
        fernet.decrypt(SPEC_KEY, SPEC_TOKEN, ttl=-1)
    assert refused.value.setting == "ttl"


def test_a_wiped_key_is_closed() -> None:
    key = fernet.generate_key()
    key.wipe()
    with pytest.raises(strongroom.Closed):
        fernet.encrypt(key, "1")


@pytest.mark.parametrize("value", [b"", b"1", b"sixteen bytes it", "ünï".encode(), bytes(range(256)) * 40])
def test_cryptography_reads_ours_and_we_read_its(value: bytes) -> None:
    theirs = pytest.importorskip("cryptography.fernet", reason="the package `cryptography` is not installed")
    key, old = fernet.generate_key().reveal(), theirs.Fernet.generate_key()
    assert theirs.Fernet(key).decrypt(fernet.encrypt(key, value)) == value
    assert fernet.decrypt(old, theirs.Fernet(old).encrypt(value), ttl=3600).reveal_bytes() == value
    rotated = fernet.rotate([key, old.decode()], theirs.Fernet(old).encrypt_at_time(value, 1_000_000_000))
    assert theirs.Fernet(key).decrypt(rotated) == value
    assert theirs.Fernet(key).extract_timestamp(rotated) == 1_000_000_000
