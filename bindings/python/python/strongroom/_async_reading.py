"""The verbs that read, to await."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from collections.abc import AsyncIterator, Iterable
    from typing import Optional, Union

    from typing_extensions import Buffer, TypeVar, Unpack

    from ._native import Secret
    from ._options import CallOptions
    from ._results import BatchResult, Description, ListPage, VersionEntry

    D = TypeVar("D", default=None)


class AsyncReading(_native.Manager):
    """What :class:`strongroom.aio.SecretManager` reads with."""

    __slots__ = ()

    async def get(
        self,
        key: str,
        default: D = None,  # type: ignore[assignment]
        *,
        version: Union[str, int, None] = None,
        include_expired: bool = False,
        fresh: bool = False,
        **options: Unpack[CallOptions],
    ) -> Union[Secret, D]:
        """Read a secret, as :meth:`strongroom.SecretManager.get`."""
        if not options and version is None and not include_expired and not fresh:
            cached = _native.get_cached(self, key)
            if cached is not None:
                return cached
        found = await _native.get(self, key, version, include_expired, fresh, options)
        return default if found is None else found

    async def resolve(self, reference: str, **options: Unpack[CallOptions]) -> Optional[Secret]:
        """Read what a reference leads to, as :meth:`strongroom.SecretManager.resolve`."""
        return await _native.resolve(self, reference, options)

    async def get_version(self, key: str, version: Union[str, int], **options: Unpack[CallOptions]) -> Optional[Secret]:
        """Read one version of a secret, as :meth:`strongroom.SecretManager.get_version`."""
        return await _native.get_version(self, key, version, options)

    async def get_value(
        self,
        key: str,
        default: D = None,  # type: ignore[assignment]
        **options: Unpack[CallOptions],
    ) -> Union[str, D]:
        """Read a value as ``str``, as :meth:`strongroom.SecretManager.get_value`."""
        if not options:
            cached = _native.get_value_cached(self, key)
            if cached is not None:
                return cached
        found = await _native.get_value(self, key, options)
        return default if found is None else found

    async def get_many(self, keys: Iterable[str], **options: Unpack[CallOptions]) -> BatchResult:
        """Read several secrets, as :meth:`strongroom.SecretManager.get_many`."""
        return await _native.get_many(self, keys, options)

    async def get_into(self, key: str, buffer: Buffer, **options: Unpack[CallOptions]) -> Optional[int]:
        """Copy a value into a writable buffer, as :meth:`strongroom.SecretManager.get_into`."""
        if not options:
            copied = _native.get_into_cached(self, key, buffer)
            if copied is not None:
                return copied
        return await _native.get_into(self, key, buffer, options)

    async def get_with_fallback(
        self,
        name: str,
        scopes: Iterable[str],
        *,
        allow_unavailable: bool = False,
        **options: Unpack[CallOptions],
    ) -> Optional[Secret]:
        """Read from the first scope that has a name, as :meth:`strongroom.SecretManager.get_with_fallback`."""
        return await _native.get_with_fallback(self, name, scopes, allow_unavailable, options)

    async def exists(self, key: str, **options: Unpack[CallOptions]) -> bool:
        """Whether there is such a secret, as :meth:`strongroom.SecretManager.exists`."""
        return await _native.exists(self, key, options)

    async def describe(self, key: str, **options: Unpack[CallOptions]) -> Optional[Description]:
        """Read what is known about a secret, as :meth:`strongroom.SecretManager.describe`."""
        return await _native.describe(self, key, options)

    async def list(
        self,
        *,
        prefix: Optional[str] = None,
        provider: Optional[str] = None,
        after: Optional[str] = None,
        limit: Optional[int] = None,
        full_metadata: bool = False,
        **options: Unpack[CallOptions],
    ) -> ListPage:
        """List names with what is cheaply known about them, sorted, as :meth:`strongroom.SecretManager.list`."""
        return await _native.list(self, prefix, provider, after, limit, full_metadata, options)

    async def versions(self, key: str, **options: Unpack[CallOptions]) -> builtins.list[VersionEntry]:
        """List the versions that are kept, newest first, as :meth:`strongroom.SecretManager.versions`."""
        return await _native.versions(self, key, options)

    async def __aiter__(self) -> AsyncIterator[str]:
        after = None
        while True:
            page = await self.list(after=after)
            for entry in page.entries:
                if not entry.is_reference:
                    yield entry.name
            after = page.next
            if after is None:
                return
