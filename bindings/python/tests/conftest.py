"""What every test has: a home of its own, nothing of the caller's environment, and managers that are closed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import strongroom

#: Variables that tell strongroom, or what lies beneath it, where to look.
READ_NAMES = ("CREDENTIALS_DIRECTORY", "DBUS_SESSION_BUS_ADDRESS", "FERNET_SECRET_KEY", "SECRET_BACKEND")
READ_PREFIXES = ("STRONGROOM_", "PYTHON_KEYRING_", "XDG_")
#: What the tests' own runners are told by.
KEPT = ("STRONGROOM_LIBRARY", "STRONGROOM_PARITY_DIR")

#: A key of 32 bytes; it keeps nothing that matters.
STORE_KEY = b"k" * 32

OpenFault = Callable[..., strongroom.SecretManager]


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new, empty home; the user's own is out of sight, and so are the variables of the shell."""
    for name in list(os.environ):
        if (name in READ_NAMES or name.startswith(READ_PREFIXES)) and name not in KEPT:
            monkeypatch.delenv(name)
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def secrets() -> Iterator[strongroom.SecretManager]:
    """A manager over memory."""
    with strongroom.open("memory", environment=False) as manager:
        yield manager


def local_settings(word: str, folder: Path) -> dict[str, Any]:
    """What opens a local backend in a folder, as arguments of `open`."""
    stated: dict[str, dict[str, Any]] = {
        "memory": {},
        "encrypted": {
            "settings": {"encrypted.path": folder / "secrets.strongroom"},
            "secrets": {"encrypted.key": STORE_KEY},
        },
        "file": {"settings": {"file.path": folder / "secrets.json"}},
    }
    return {"backend": word, "environment": False, **stated[word]}


@pytest.fixture(params=["memory", "encrypted", "file"])
def local(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[strongroom.SecretManager]:
    """A manager over each local backend in turn."""
    with strongroom.open(**local_settings(request.param, tmp_path)) as manager:
        yield manager


def has_backend(word: str) -> bool:
    """Whether the module was built with this backend."""
    try:
        strongroom.open(word, environment=False).close()
    except strongroom.InvalidConfig as error:
        return error.setting != "backend"
    return True


@pytest.fixture
def open_fault() -> Iterator[OpenFault]:
    """Opens `fault` with a script: ``open_fault("get*1:locked; set:hang")``. Closed at the end of the test."""
    if not has_backend("fault"):
        pytest.skip("the module was built without the feature `testing`, so there is no `fault`")
    opened: list[strongroom.SecretManager] = []

    def open_scripted(script: str = "", **settings: str) -> strongroom.SecretManager:
        stated = {"fault.script": script, "cache": "off", **settings}
        manager = strongroom.open("fault", settings=stated, environment=False)
        opened.append(manager)
        return manager

    yield open_scripted
    for manager in opened:
        # A script may stand in the way of the closing, too.
        with contextlib.suppress(strongroom.Error):
            manager.close()
