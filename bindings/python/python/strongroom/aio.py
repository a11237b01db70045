"""The same verbs for asyncio: coroutines that honour cancellation.

>>> import asyncio
>>> from strongroom import aio
>>> async def main():
...     async with aio.open("memory") as secrets:
...         await secrets.set("org/acme/api_key", "sk-123")
...         return await secrets.get_value("org/acme/api_key")
>>> asyncio.run(main())
'sk-123'
"""

from __future__ import annotations

from . import _native
from ._async_reading import AsyncReading
from ._async_transferring import AsyncTransferring
from ._async_watching import Subscription
from ._async_writing import AsyncWriting
from ._manager import SecretManager as _Blocking, open_call

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Coroutine, Generator, Iterable, Mapping, Sequence
    from datetime import timedelta
    from types import TracebackType
    from typing import Any, Optional, Union

    from typing_extensions import Self, Unpack

    from ._manager import SecretSetting, SettingValue
    from ._options import CallOptions
    from ._results import Health, VerifyReport

    _Coroutine = Coroutine[Any, Any, "SecretManager"]
else:
    # Whatever has its methods counts as one; its class costs an import.
    _Coroutine = object

#: Without ``open``, which would stand before the built-in one where all names are imported.
__all__ = ["SecretManager", "Subscription"]


class SecretManager(AsyncReading, AsyncWriting, AsyncTransferring):
    """A store of secrets, whatever backend holds them; :class:`strongroom.SecretManager` with verbs to await.

    A call that is cancelled ends at once, a write that was sent goes on behind it. A manager may be used by several
    event loops; it belongs to none. ``async for`` goes through the keys.
    """

    __module__ = "strongroom.aio"
    __slots__ = ()

    # --- the backend as a whole

    async def health(self, **options: Unpack[CallOptions]) -> Health:
        """Tell how the backend is, as :meth:`strongroom.SecretManager.health`."""
        return await _native.health(self, options)

    async def verify(self, **options: Unpack[CallOptions]) -> VerifyReport:
        """Check everything that is stored, as :meth:`strongroom.SecretManager.verify`."""
        return await _native.verify(self, options)

    async def refresh(self, **options: Unpack[CallOptions]) -> None:
        """Make the next read of every secret ask the backend, as :meth:`strongroom.SecretManager.refresh`."""
        await _native.refresh(self, options)

    def metrics(self) -> dict[str, int]:
        """What this manager has counted, as :meth:`strongroom.SecretManager.metrics`."""
        return _native.metrics(self)

    async def subscribe(
        self,
        *,
        keys: Iterable[str] = (),
        prefix: Optional[str] = None,
        every: Union[float, timedelta, None] = None,
        **options: Unpack[CallOptions],
    ) -> Subscription:
        """Be told of changes, as :meth:`strongroom.SecretManager.subscribe`: ``async for`` goes through them."""
        return Subscription(await _native.subscribe(self, keys, prefix, every, options), self)

    async def lock(self, **options: Unpack[CallOptions]) -> None:
        """Forget keys and cached values, as :meth:`strongroom.SecretManager.lock`."""
        await _native.lock(self, options)

    async def close(self, **options: Unpack[CallOptions]) -> None:
        """Give up connections, keys and cached values, as :meth:`strongroom.SecretManager.close`."""
        await _native.close(self, options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.close()

    # --- views

    def scoped(self, scope: str) -> Self:
        """A view with names of a scope, as :meth:`strongroom.SecretManager.scoped`."""
        return type(self)(_native.scoped(self, scope))

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """A view whose calls carry these keywords, as :meth:`strongroom.SecretManager.with_options`."""
        return type(self)(_native.with_options(self, options))

    def to_blocking(self) -> _Blocking:
        """The same manager with verbs that wait."""
        return _Blocking(self)


async def _opened(call: _native.Call[_native.Manager]) -> SecretManager:
    return SecretManager(await call)


# What Python names where it warns that nobody awaited one.
_opened.__qualname__ = "strongroom.aio.open"


async def _once(coroutine: Coroutine[Any, Any, SecretManager]) -> SecretManager:
    """Await it; that is where Python refuses a second one who does."""
    return await coroutine


class _Opening(_Coroutine):
    """A manager that is being opened: await it, or use it in an ``async with`` block, which closes it.

    It has what makes a coroutine, so that ``asyncio.create_task`` and ``asyncio.run`` take it.
    """

    __slots__ = ("__name__", "__qualname__", "_coroutine", "_manager")

    def __init__(self, call: _native.Call[_native.Manager]) -> None:
        self._coroutine = _opened(call)
        # What a task shows.
        self.__name__, self.__qualname__ = "open", "strongroom.aio.open"
        self._manager: Optional[SecretManager] = None

    def __await__(self) -> Generator[Any, None, SecretManager]:
        return _once(self._coroutine).__await__()

    def send(self, value: None) -> Any:
        return self._coroutine.send(value)

    def throw(self, *raised: Any) -> Any:
        return self._coroutine.throw(*raised)

    def close(self) -> None:
        self._coroutine.close()

    async def __aenter__(self) -> SecretManager:
        self._manager = await self
        return self._manager

    async def __aexit__(self, *raised: object) -> None:
        if self._manager is not None:
            await self._manager.close()


def open(
    backend: Optional[str] = None,
    *,
    app: Optional[str] = None,
    settings: Optional[Mapping[str, SettingValue]] = None,
    secrets: Optional[Mapping[str, SecretSetting]] = None,
    config_file: Union[str, os.PathLike[str], Sequence[Union[str, os.PathLike[str]]], None] = None,
    config_text: Optional[Mapping[str, str]] = None,
    environment: bool = True,
    **options: Unpack[CallOptions],
) -> _Opening:
    """Open a manager, as :func:`strongroom.open`: await it, or use it in an ``async with`` block."""
    return _Opening(open_call(backend, app, settings, secrets, config_file, config_text, environment, options))
