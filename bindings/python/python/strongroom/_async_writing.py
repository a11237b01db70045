"""The verbs that write, to await."""

from __future__ import annotations

from . import _native
from ._writing import KEEP, stated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import Optional, Union

    from typing_extensions import Buffer, Unpack

    from ._native import Generate, Secret
    from ._options import CallOptions
    from ._results import SetManyOutcome, SetOutcome
    from ._writing import Keep


class AsyncWriting(_native.Manager):
    """What :class:`strongroom.aio.SecretManager` writes with."""

    __slots__ = ()

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
        if_version: Union[str, int, None] = None,
        created_at: Optional[datetime] = None,
        **options: Unpack[CallOptions],
    ) -> SetOutcome:
        """Write a secret, creating or replacing it with all its metadata, as :meth:`strongroom.SecretManager.set`."""
        return await _native.set(
            self, key, value, provider, scope_of_use, labels, expires_at, if_absent, if_version, created_at, options
        )

    async def set_many(
        self,
        entries: Union[Mapping[str, Union[str, Buffer, Secret]], Iterable[tuple[str, Union[str, Buffer, Secret]]]],
        **options: Unpack[CallOptions],
    ) -> SetManyOutcome:
        """Write several secrets, as :meth:`strongroom.SecretManager.set_many`."""
        return await _native.set_many(self, entries, options)

    async def set_api_key(
        self,
        name: str,
        value: Union[str, Buffer, Secret],
        provider: Optional[str] = None,
        **options: Unpack[CallOptions],
    ) -> SetOutcome:
        """Write an API key that ``provider`` issued, as :meth:`strongroom.SecretManager.set_api_key`."""
        return await _native.set_api_key(self, name, value, provider, options)

    async def update_value(
        self,
        key: str,
        value: Union[str, Buffer, Secret],
        *,
        expires_at: Union[datetime, None, Keep] = KEEP,
        clear_expiry: bool = False,
        if_version: Union[str, int, None] = None,
        **options: Unpack[CallOptions],
    ) -> SetOutcome:
        """Replace the value of an existing secret, as :meth:`strongroom.SecretManager.update_value`."""
        changes = stated(expires_at=expires_at)
        return await _native.update_value(self, key, value, changes, clear_expiry, if_version, options)

    async def update_metadata(
        self,
        key: str,
        *,
        provider: Union[str, None, Keep] = KEEP,
        scope_of_use: Union[str, None, Keep] = KEEP,
        labels: Union[Mapping[str, str], None, Keep] = KEEP,
        expires_at: Union[datetime, None, Keep] = KEEP,
        clear_expiry: bool = False,
        if_version: Union[str, int, None] = None,
        **options: Unpack[CallOptions],
    ) -> SetOutcome:
        """Change the metadata of a secret, not its value, as :meth:`strongroom.SecretManager.update_metadata`."""
        changes = stated(provider=provider, scope_of_use=scope_of_use, labels=labels, expires_at=expires_at)
        return await _native.update_metadata(self, key, changes, clear_expiry, if_version, options)

    async def get_or_generate(
        self,
        key: str,
        spec: Generate,
        *,
        provider: Optional[str] = None,
        scope_of_use: Optional[str] = None,
        labels: Optional[Mapping[str, str]] = None,
        expires_at: Optional[datetime] = None,
        **options: Unpack[CallOptions],
    ) -> Secret:
        """Read a secret, or create it, as :meth:`strongroom.SecretManager.get_or_generate`."""
        return await _native.get_or_generate(self, key, spec, provider, scope_of_use, labels, expires_at, options)

    async def rotate(
        self,
        key: str,
        value: Union[str, Buffer, Secret, Generate],
        **options: Unpack[CallOptions],
    ) -> SetOutcome:
        """Give an existing secret a new value, stated or generated, as :meth:`strongroom.SecretManager.rotate`."""
        return await _native.rotate(self, key, value, options)

    async def rollback(
        self,
        key: str,
        version: Union[str, int, None] = None,
        *,
        back: Optional[int] = None,
        **options: Unpack[CallOptions],
    ) -> SetOutcome:
        """Make a former version the current one, as :meth:`strongroom.SecretManager.rollback`."""
        return await _native.rollback(self, key, version, back, options)

    async def restore(self, key: str, **options: Unpack[CallOptions]) -> SetOutcome:
        """Bring back a secret that was removed, as :meth:`strongroom.SecretManager.restore`."""
        return await _native.restore(self, key, options)

    async def delete(
        self,
        key: str,
        *,
        missing_ok: bool = False,
        soft: bool = False,
        force: bool = False,
        version: Union[str, int, None] = None,
        **options: Unpack[CallOptions],
    ) -> None:
        """Remove a secret with its history, as :meth:`strongroom.SecretManager.delete`."""
        await _native.delete(self, key, missing_ok, soft, force, version, options)
