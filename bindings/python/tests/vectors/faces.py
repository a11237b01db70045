"""The two faces of the package: verbs that wait, and verbs to await."""

from __future__ import annotations

import asyncio
import inspect
from types import TracebackType
from typing import Any, Optional, Union

import strongroom
from strongroom import aio

Manager = Union[strongroom.SecretManager, aio.SecretManager]

#: What asks no backend, so that there is nothing to await.
IMMEDIATE = frozenset(
    {
        "scoped",
        "generate",
        "setting",
        "metrics",
        "key_variable",
        "fernet_generate",
        "fernet_encrypt",
        "fernet_decrypt",
        "fernet_rotate",
    }
)


class Face:
    """How a script calls verbs. Use it in a `with` block."""

    #: The word of the column in docs/parity.md.
    language: str

    def __enter__(self) -> Face:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        raised: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        pass

    def counts(self, operation: str) -> bool:
        """Whether the operation goes through this face."""
        return True

    def open(self, **stated: Any) -> Manager:
        """Opens a manager."""
        raise NotImplementedError

    def ask(self, manager: Manager, verb: str, *arguments: Any, **keywords: Any) -> Any:
        """Calls a verb that asks the backend; its answer."""
        raise NotImplementedError

    def next_change(self, subscription: Any, patience: float) -> Optional[strongroom.Change]:
        """The next change of a subscription."""
        raise NotImplementedError


class Waiting(Face):
    """`strongroom.SecretManager`."""

    language = "python"

    def open(self, **stated: Any) -> Manager:
        return strongroom.open(**stated)

    def ask(self, manager: Manager, verb: str, *arguments: Any, **keywords: Any) -> Any:
        assert isinstance(manager, strongroom.SecretManager)
        return getattr(manager, verb)(*arguments, **keywords)

    def next_change(self, subscription: Any, patience: float) -> Optional[strongroom.Change]:
        assert isinstance(subscription, strongroom.Subscription)
        return subscription.next(timeout=patience)


class Awaiting(Face):
    """`strongroom.aio.SecretManager`, in one event loop a script."""

    language = "python-asyncio"

    def __enter__(self) -> Face:
        self._runner = asyncio.Runner()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        raised: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._runner.close()

    def counts(self, operation: str) -> bool:
        return operation not in IMMEDIATE

    def open(self, **stated: Any) -> Manager:
        async def opened() -> aio.SecretManager:
            return await aio.open(**stated)

        return self._runner.run(opened())

    def ask(self, manager: Manager, verb: str, *arguments: Any, **keywords: Any) -> Any:
        assert isinstance(manager, aio.SecretManager)
        method = getattr(manager, verb)
        assert inspect.iscoroutinefunction(method), f"{verb} of the aio face is a coroutine function"
        return self._runner.run(method(*arguments, **keywords))

    def next_change(self, subscription: Any, patience: float) -> Optional[strongroom.Change]:
        async def awaited() -> Optional[strongroom.Change]:
            assert isinstance(subscription, aio.Subscription)
            async with asyncio.timeout(patience):
                return await subscription.next()

        return self._runner.run(awaited())


FACES: tuple[type[Face], ...] = (Waiting, Awaiting)
