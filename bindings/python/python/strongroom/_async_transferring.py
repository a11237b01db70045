"""The verbs that explain, and that move many secrets, for asyncio."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import Literal, Optional, Union

    from typing_extensions import Buffer, Unpack

    from ._native import Secret
    from ._options import CallOptions
    from ._transfer import CopyPlan, CopyProgress, CopyReport, Explanation, Export, ImportReport
    from ._transferring import Dialect, Format, Policy
    from .fernet import Keys


class AsyncTransferring(_native.Manager):
    """What :class:`strongroom.aio.SecretManager` moves secrets with."""

    __slots__ = ()

    async def explain(self, key: str, scopes: Iterable[str] = (), **options: Unpack[CallOptions]) -> Explanation:
        """Tell every place where a secret is looked for, as :meth:`strongroom.SecretManager.explain`."""
        return await _native.explain(self, key, scopes, options)

    async def export(
        self,
        format: Format = "dotenv",
        *,
        dialect: Optional[Dialect] = None,
        prefix: Optional[str] = None,
        keys: Iterable[str] = (),
        full_names: bool = False,
        include_expired: bool = False,
        strict: bool = False,
        fernet_keys: Optional[Keys] = None,
        **options: Unpack[CallOptions],
    ) -> Export:
        """Write many secrets into a document, as :meth:`strongroom.SecretManager.export`."""
        return await _native.export(
            self, format, dialect, prefix, keys, full_names, include_expired, strict, fernet_keys, options
        )

    async def import_(
        self,
        document: Union[str, Buffer, Secret],
        format: Format = "dotenv",
        *,
        dialect: Optional[Dialect] = None,
        names: Optional[Literal["refuse", "escape", "skip"]] = None,
        if_exists: Optional[Policy] = None,
        provider: Optional[str] = None,
        dry_run: bool = False,
        fernet_keys: Optional[Keys] = None,
        **options: Unpack[CallOptions],
    ) -> ImportReport:
        """Write every entry of a document as a secret, as :meth:`strongroom.SecretManager.import_`."""
        return await _native.import_document(
            self, document, format, dialect, names, if_exists, provider, dry_run, fernet_keys, options
        )

    async def copy_plan(
        self,
        target: _native.Manager,
        *,
        keys: Iterable[str] = (),
        prefix: Optional[str] = None,
        if_exists: Optional[Policy] = None,
        allow_loss: bool = False,
        skip_unfit: bool = False,
        delete_source: bool = False,
        journal: Union[str, os.PathLike[str], None] = None,
        progress: Optional[Callable[[CopyProgress], object]] = None,
        **options: Unpack[CallOptions],
    ) -> CopyPlan:
        """Look at what a copy would do, as :meth:`strongroom.SecretManager.copy_plan`."""
        return await _native.copy_plan(
            self,
            target,
            keys,
            prefix,
            if_exists,
            allow_loss,
            skip_unfit,
            delete_source,
            journal,
            progress,
            options,
        )

    async def copy_to(
        self,
        target: _native.Manager,
        *,
        keys: Iterable[str] = (),
        prefix: Optional[str] = None,
        if_exists: Optional[Policy] = None,
        allow_loss: bool = False,
        skip_unfit: bool = False,
        delete_source: bool = False,
        journal: Union[str, os.PathLike[str], None] = None,
        progress: Optional[Callable[[CopyProgress], object]] = None,
        **options: Unpack[CallOptions],
    ) -> CopyReport:
        """Copy secrets to another manager, as :meth:`strongroom.SecretManager.copy_to`."""
        return await _native.copy_to(
            self,
            target,
            keys,
            prefix,
            if_exists,
            allow_loss,
            skip_unfit,
            delete_source,
            journal,
            progress,
            options,
        )

    def copy_journal(self, target: _native.Manager) -> Path:
        """The file that a copy has as its journal, as :meth:`strongroom.SecretManager.copy_journal`."""
        return _native.copy_journal(self, target)
