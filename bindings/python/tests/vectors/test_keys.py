"""`keys.json`: how keys are read, escaped and refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import strongroom
from strongroom import SecretKey

from .documents import Stated, load, value
from .parity import Ran

FILE = load("keys.json")
LISTS = ("valid", "invalid", "escape", "unescape_invalid", "keyring")
#: The list that stands for each operation.
OPERATIONS = {"key_parse": "valid", "key_escape": "escape", "key_unescape": "escape"}


@pytest.fixture(scope="module")
def passed() -> list[str]:
    return []


def check_valid(vector: Stated) -> None:
    key = SecretKey(vector["text"])
    assert key == vector["canonical"]
    parts = {"kind": key.kind, "id": key.id, "name": key.name, "target": key.target}
    assert parts == {part: vector[part] for part in parts}
    assert SecretKey(key) == key, "the canonical text is a key, too"


def check_refused(vector: Stated, read: Callable[[str], object]) -> None:
    with pytest.raises(strongroom.InvalidKey) as refused:
        read(vector["text"])
    assert FILE["reasons"][vector["reason"]] in str(refused.value)


def check_escape(vector: Stated) -> None:
    word = value(vector["word"])
    assert SecretKey.escape(word) == vector["escaped"]
    assert SecretKey.unescape(vector["escaped"]) == word


def check_keyring(vector: Stated) -> None:
    escaped = [SecretKey.escape(vector[part]) for part in ("service", "account")]
    assert SecretKey("/".join(["app", *escaped])) == vector["key"]


CHECKS: dict[str, Callable[[Stated], None]] = {
    "valid": check_valid,
    "invalid": lambda vector: check_refused(vector, SecretKey),
    "escape": check_escape,
    "unescape_invalid": lambda vector: check_refused(vector, SecretKey.unescape),
    "keyring": check_keyring,
}


@pytest.mark.parametrize("name", LISTS)
def test_list(name: str, passed: list[str]) -> None:
    for vector in FILE[name]:
        CHECKS[name](vector)
        passed.append(name)


@pytest.mark.parametrize("vector", FILE["invalid"], ids=lambda vector: str(vector["text"])[:40].encode())
def test_verbs_refuse_what_is_no_key(vector: Stated, secrets: strongroom.SecretManager) -> None:
    check_refused(vector, secrets.get)


def test_every_vector_ran(passed: list[str]) -> None:
    """Stands last: what it counts are the lists before it."""
    if set(passed) != set(LISTS):
        pytest.skip(f"not every list ran: {sorted(set(passed))}")
    assert len(passed) == FILE["count"], "vectors that ran, and vectors that there are"
    ran = Ran()
    for operation, vector in OPERATIONS.items():
        ran.operation("python", operation, vector)
    ran.write("python", "keys")
