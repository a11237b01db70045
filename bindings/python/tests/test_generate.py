"""Generated values."""

from __future__ import annotations

import asyncio
import base64
import pickle
import string
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from faces import Verbs, verbs

import strongroom
from strongroom import Generate, generate

__all__ = ["verbs"]

FORMS = [Generate.bytes, Generate.hex, Generate.base64, Generate.password]


def test_the_forms() -> None:
    assert len(generate(Generate.bytes(20)).reveal_bytes()) == 20
    assert len(bytes.fromhex(generate(Generate.hex(20)).reveal())) == 20
    text = generate(Generate.base64(20)).reveal()
    assert len(base64.urlsafe_b64decode(text + "=")) == 20
    assert len(generate(Generate.password(20)).reveal()) == 20


def test_a_password_has_each_class() -> None:
    classes = [string.ascii_lowercase, string.ascii_uppercase, string.digits]
    for _ in range(50):
        with_symbols = set(generate(Generate.password(4)).reveal())
        assert all(with_symbols & set(letters) for letters in (*classes, string.punctuation))
        without = set(generate(Generate.password(3, symbols=False)).reveal())
        assert all(without & set(letters) for letters in classes) and not without & set(string.punctuation)


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_two_values_differ(form: Any) -> None:
    assert generate(form(32)).reveal_bytes() != generate(form(32)).reveal_bytes()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("length", [0, 65_537, 10**30])
def test_a_length_that_makes_no_sense(verbs: Verbs, form: Any, length: int) -> None:
    for call in (lambda: generate(form(length)), lambda: verbs.get_or_generate("token", form(length))):
        with pytest.raises(strongroom.InvalidArgument, match="from 1 to 65536"):
            call()
    assert not verbs.exists("token")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_a_length_that_is_none(form: Any) -> None:
    for length in (-1, -(10**30)):
        with pytest.raises(strongroom.InvalidArgument, match="not negative"):
            form(length)
    for wrong in ("32", 32.0, None, b"32"):
        with pytest.raises(TypeError, match=f"is an int, not {type(wrong).__name__}"):
            form(wrong)
    with pytest.raises(TypeError):
        form()


def test_a_password_that_is_too_short() -> None:
    for short in (Generate.password(3), Generate.password(2, symbols=False)):
        with pytest.raises(strongroom.InvalidArgument, match="at least as many characters"):
            generate(short)
    with pytest.raises(TypeError, match="a bool is needed, not int"):
        Generate.password(8, symbols=0)  # type: ignore[arg-type]


def test_a_specification_is_a_value() -> None:
    assert Generate.hex(32) == Generate.hex(32) != Generate.hex(16)
    assert Generate.hex(32) != Generate.base64(32) and Generate.hex(32) != "hex"
    assert len({Generate.hex(32), Generate.hex(32), Generate.password(32)}) == 2
    for spec in (Generate.bytes(8), Generate.hex(8), Generate.base64(8), Generate.password(8)):
        assert eval(repr(spec), {"Generate": Generate}) == spec
    bare = Generate.password(8, symbols=False)
    assert eval(repr(bare), {"Generate": Generate}) == bare != Generate.password(8)
    with pytest.raises(TypeError):
        Generate()
    with pytest.raises(TypeError):
        pickle.dumps(bare)


@pytest.mark.parametrize("spec", [None, 32, "password", Generate, b"x"], ids=repr)
def test_what_is_no_specification(verbs: Verbs, spec: Any) -> None:
    for call in (lambda: generate(spec), lambda: verbs.get_or_generate("token", spec)):
        with pytest.raises(TypeError, match="spec is a Generate, such as Generate.password"):
            call()


def test_get_or_generate(verbs: Verbs) -> None:
    at = datetime(2100, 1, 1, tzinfo=timezone.utc)
    made = verbs.get_or_generate(
        "token", Generate.hex(16), provider="us", scope_of_use="all", labels={"a": "b"}, expires_at=at
    )
    assert (made.provider, made.scope_of_use, made.labels, made.expires_at) == ("us", "all", {"a": "b"}, at)
    again = verbs.get_or_generate("token", Generate.hex(99), provider="others")
    assert again.reveal() == made.reveal() and again.provider == "us" and made.number == 1
    verbs.set("old", "o", expires_at=datetime(2001, 1, 1, tzinfo=timezone.utc))
    with pytest.raises(strongroom.Expired):
        verbs.get_or_generate("old", Generate.hex(16))


def test_one_winner_among_managers_and_threads(tmp_path: Path) -> None:
    settings = {"encrypted.path": tmp_path / "secrets.strongroom"}
    start, seen = threading.Barrier(8), []

    def race() -> None:
        with strongroom.open("encrypted", settings=settings, secrets={"encrypted.key": b"k" * 32}) as manager:
            start.wait(60)
            seen.append(manager.get_or_generate("token", Generate.base64(32), timeout=60).reveal())

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(seen) == 8 and len(set(seen)) == 1


def test_one_winner_among_tasks(secrets: strongroom.SecretManager) -> None:
    async def race() -> set[str]:
        manager = secrets.to_async()
        made = await asyncio.gather(*(manager.get_or_generate("token", Generate.hex(16)) for _ in range(50)))
        return {secret.reveal() for secret in made}

    assert len(asyncio.run(race())) == 1
