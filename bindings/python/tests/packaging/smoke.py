"""What a wheel that was installed alone must do, with nothing else in the environment."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import tempfile
from pathlib import Path

import strongroom
from strongroom import aio

KEY = "org/acme/api_key"

with tempfile.TemporaryDirectory() as folder:
    path = {"encrypted.path": Path(folder) / "secrets.strongroom"}
    key = {"encrypted.key": b"k" * 32}
    with strongroom.open("encrypted", settings=path, secrets=key, environment=False) as secrets:
        assert secrets.set(KEY, "sk-123", provider="smoke").created
        with secrets[KEY] as secret:
            assert (secret.reveal(), str(secret)) == ("sk-123", "Secret(***)")
    logging.basicConfig()

    async def read_again() -> str | None:
        async with aio.open("encrypted", settings=path, secrets=key, environment=False) as secrets:
            return await secrets.get_value(KEY)

    assert asyncio.run(read_again()) == "sk-123"

try:
    strongroom.open("no-such-backend", environment=False)
except strongroom.InvalidConfig as error:
    assert isinstance(error, strongroom.Error), error
else:
    raise AssertionError("a backend that there is not was opened")

entry_points = importlib.metadata.entry_points(group="keyring.backends")
assert [entry_point.value for entry_point in entry_points] == ["strongroom.keyring"]
