"""Keys as objects: their parts, and that they are the text which they stand for."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

import strongroom
from strongroom import SecretKey


@pytest.mark.parametrize(
    ("text", "canonical", "kind", "id", "scope", "name", "target"),
    [
        ("token", "global/token", "global", None, "global", "token", None),
        ("global/token@eu", "global/token@eu", "global", None, "global", "token", "eu"),
        ("org/acme/api_key", "org/acme/api_key", "org", "acme", "org/acme", "api_key", None),
        ("user/me=40x/k@a.b", "user/me=40x/k@a.b", "user", "me=40x", "user/me=40x", "k", "a.b"),
    ],
)
def test_parts(text: str, canonical: str, kind: str, id: str, scope: str, name: str, target: str) -> None:
    key = SecretKey(text)
    assert (str(key), key.kind, key.id, key.scope, key.name, key.target) == (canonical, kind, id, scope, name, target)
    assert SecretKey.of(name, scope=scope, target=target) == key
    assert SecretKey(key) == key


@pytest.mark.parametrize("text", ["", "no key!", "org/acme", "a/b/c/d", "a@b@c", "nowhere/acme/x", "\ud800"])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(strongroom.InvalidKey):
        SecretKey(text)


@pytest.mark.parametrize(
    "parts",
    [
        {"name": "a/b"},
        {"name": "a@b"},
        {"name": ""},
        {"name": "a", "target": "b/c"},
        {"name": "a", "scope": "nowhere/x"},
    ],
)
def test_parts_that_are_no_key(parts: Any) -> None:
    with pytest.raises(strongroom.InvalidKey):
        SecretKey.of(**parts)


def test_it_is_the_text_that_it_stands_for() -> None:
    key = SecretKey("token")
    assert isinstance(key, str)
    assert key == "global/token"
    assert hash(key) == hash("global/token")
    assert {"global/token": 1}[key] == 1
    assert sorted([SecretKey("user/a/b"), SecretKey("token"), "org/x/y"]) == ["global/token", "org/x/y", "user/a/b"]
    assert f"{key}" == "global/token"
    assert json.dumps([key]) == '["global/token"]'
    assert repr(key) == "SecretKey('global/token')"
    assert type(str(key)) is str


def test_it_cannot_be_changed() -> None:
    key: Any = SecretKey("token")
    for name in ("name", "_parts", "note"):
        with pytest.raises(AttributeError):
            setattr(key, name, "other")


@pytest.mark.parametrize("remade", [copy.copy, copy.deepcopy, lambda key: pickle.loads(pickle.dumps(key))])
def test_it_is_copied_and_pickled(remade: Any) -> None:
    key = remade(SecretKey("org/acme/token@eu"))
    assert (type(key), key, key.target) == (SecretKey, "org/acme/token@eu", "eu")


def test_every_verb_takes_one(secrets: strongroom.SecretManager) -> None:
    key = SecretKey.of("token", scope="org/acme")
    secrets.set(key, "t0p")
    assert secrets.get_value(key) == secrets.get_value("org/acme/token") == "t0p"
    assert key in secrets
    assert list(secrets) == [key]
    assert SecretKey(secrets.list().entries[0].name) == key
    assert secrets.explain(key).answer == 0
    secrets.delete(key)
    assert not secrets.exists(key)


def test_a_views_scope_is_not_added_to_it(secrets: strongroom.SecretManager) -> None:
    view = secrets.scoped("org/acme")
    view.set(SecretKey("token"), "1")
    view.set("token", "2")
    assert list(secrets) == ["global/token", "org/acme/token"]


def test_variables() -> None:
    key = SecretKey("org/acme/api-key@eu")
    assert key.variable() == key.variable(mapping="plain") == "ORG_ACME_API_KEY__EU"
    assert key.variable("APP_", mapping="escaped") == "APP_ORG__ACME__API_2KEY_5EU"
    wrong: Any = "shouted"
    with pytest.raises(strongroom.InvalidArgument) as refused:
        key.variable(mapping=wrong)
    assert refused.value.setting == "mapping"


def test_another_target() -> None:
    assert SecretKey("org/acme/token@eu").with_target("us") == "org/acme/token@us"
    with pytest.raises(strongroom.InvalidKey):
        SecretKey("token").with_target("no target!")


@pytest.mark.parametrize("word", ["", ".", "..", "me@example.org", "ünï", b"\x00\xff", bytearray(b"a b"), "plain"])
def test_any_word_is_a_segment(word: Any) -> None:
    segment = SecretKey.escape(word)
    assert SecretKey.of(segment).name == segment
    assert SecretKey.unescape(segment) == (word.encode() if isinstance(word, str) else bytes(word))


@pytest.mark.parametrize("segment", ["", ".", "a b", "=4", "=41", "=ff", "\ud800"])
def test_what_is_no_segment(segment: str) -> None:
    with pytest.raises(strongroom.InvalidKey):
        SecretKey.unescape(segment)


@pytest.mark.parametrize(
    "call",
    [
        lambda: SecretKey(b"token"),  # type: ignore[arg-type]
        lambda: SecretKey(None),  # type: ignore[arg-type]
        lambda: SecretKey.of("a", scope=5),  # type: ignore[arg-type]
        lambda: SecretKey.of("a", target=5),  # type: ignore[arg-type]
        lambda: SecretKey.escape(5),  # type: ignore[arg-type]
        lambda: SecretKey.unescape(b"a"),  # type: ignore[arg-type]
        lambda: SecretKey("a").variable(5),  # type: ignore[arg-type]
    ],
)
def test_an_argument_of_a_wrong_type(call: Any) -> None:
    with pytest.raises(TypeError):
        call()
