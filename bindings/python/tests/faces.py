"""The verbs, through either face: a test that takes `verbs` runs over both."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest

import strongroom


class Verbs:
    """Calls a verb of a manager where the face waits, or awaits it where it is to be awaited."""

    def __init__(self, face: str, manager: strongroom.SecretManager) -> None:
        self.face = face
        self.manager = manager
        self._verbs: Any = manager if face == "blocking" else manager.to_async()

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **keywords: Any) -> Any:
            answer = getattr(self._verbs, name)(*arguments, **keywords)
            if not inspect.isawaitable(answer):
                return answer

            async def awaited() -> Any:
                return await answer

            return asyncio.run(awaited())

        return call


@pytest.fixture(params=["blocking", "asyncio"])
def verbs(request: pytest.FixtureRequest, secrets: strongroom.SecretManager) -> Verbs:
    """The verbs of a manager over memory, through each face."""
    return Verbs(request.param, secrets)


@pytest.fixture(params=["blocking", "asyncio"])
def verbs_over(request: pytest.FixtureRequest, open_fault: Any) -> Callable[..., Verbs]:
    """Opens the backend `fault` with a script, for the verbs through each face."""

    def opened(script: str = "", **settings: str) -> Verbs:
        return Verbs(request.param, open_fault(script, **settings))

    return opened


#: No key: not a str, and what no key may be.
NO_STR = [None, 5, 1.5, b"token", bytearray(b"token"), ["token"], object()]
BAD_KEYS = [
    "",
    "/",
    "a/b",
    "org//x",
    "nowhere/acme/x",
    "with space",
    "org/acme/x@",
    "\ud800",
    "k\udcff",
    "\0",
    "k" * 5000,
]


class Text(str):
    """A str of another class; it counts as a str."""
