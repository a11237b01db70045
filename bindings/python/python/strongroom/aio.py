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
from ._manager import SecretManager as _Blocking
from ._manager import open_call
from ._transfer_verbs import AwaitedTransfer

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Generator, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Any, Optional, TypeVar, Union

    from typing_extensions import Buffer, Self, Unpack

    from ._manager import SecretSetting, SettingValue
    from ._native import Secret
    from ._options import CallOptions
    from ._results import SetOutcome

    D = TypeVar("D")

__all__ = ["SecretManager", "open"]


class SecretManager(AwaitedTransfer):
    """A store of secrets, whatever backend holds them; :class:`strongroom.SecretManager` with verbs to await.

    A call that is cancelled ends at once, a write that was sent goes on behind it. A manager may be used by several
    event loops; it belongs to none.
    """

    __slots__ = ()

    async def get(
        self,
        key: str,
        default: D = None,  # type: ignore[assignment]
        *,
        version: Optional[str] = None,
        include_expired: bool = False,
        **options: Unpack[CallOptions],
    ) -> Union[Secret, D]:
        """Read a secret, as :meth:`strongroom.SecretManager.get`."""
        if not options and version is None and not include_expired:
            found = _native.get_cached(self, key)
            if found is not None:
                return found
        found = await _native.get(self, key, version, include_expired, options)
        return default if found is None else found

    async def set(
        self,
        key: str,
        value: Union[str, Buffer, Secret],
        *,
        provider: Optional[str] = None,
        scope_of_use: Optional[str] = None,
        labels: Optional[Mapping[str, str]] = None,
        expires_at: Optional[datetime] = None,
        if_absent: bool = False,
        if_version: Optional[str] = None,
        created_at: Optional[datetime] = None,
        **options: Unpack[CallOptions],
    ) -> SetOutcome:
        """Write a secret, as :meth:`strongroom.SecretManager.set`."""
        return await _native.set(
            self, key, value, provider, scope_of_use, labels, expires_at, if_absent, if_version, created_at, options
        )

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

    def to_blocking(self) -> _Blocking:
        """The same manager with verbs that wait."""
        return _Blocking(self)


class _Opening:
    """A manager that is being opened: await it, or use it in an ``async with`` block, which closes it."""

    __slots__ = ("_call", "_manager")

    def __init__(self, call: _native.Call[_native.Manager]) -> None:
        self._call = call
        self._manager: Optional[SecretManager] = None

    def __await__(self) -> Generator[Any, None, SecretManager]:
        return SecretManager((yield from self._call))

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
