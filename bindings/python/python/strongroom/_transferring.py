"""The verbs that explain, and that move many secrets, for code that waits."""

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
    from .fernet import Keys

    Format = Literal["env", "dotenv", "json", "yaml", "fernet"]
    Dialect = Literal["common", "python", "node", "compose"]
    Policy = Literal["refuse", "replace", "skip"]


class Transferring(_native.BlockingManager):
    """What :class:`strongroom.SecretManager` moves secrets with."""

    __slots__ = ()

    def explain(self, key: str, scopes: Iterable[str] = (), **options: Unpack[CallOptions]) -> Explanation:
        """Tell every place where a secret is looked for, what each answered, and what a read comes to.

        Without ``scopes`` that is what ``get`` of the key does; with them what ``get_with_fallback`` of the name does.
        What stands behind the answer is asked too and marked as shadowed. The cache is not asked, so the answer may be
        newer than what a read gets from it. Never a value. What a place fails with is told in its step.

        >>> secrets.set("org/acme/api_key", "sk-123").created
        True
        >>> explanation = secrets.explain("api_key", ["user/ann", "org/acme"])
        >>> [step.answer for step in explanation.steps], explanation.answer
        (['absent', 'found'], 1)

        ``print`` shows it as a table.
        """
        return _native.explain(self, key, scopes, options).wait()

    def export(
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
        """Write many secrets into a document: all of the scope, those whose key begins with ``prefix``, or just ``keys``.

        Names are the secrets' own; for ``env`` and ``dotenv`` escaped where they are no names of variables. With
        ``full_names`` they tell the whole key. ``dialect`` says whose rules a ``dotenv`` document keeps, ``fernet_keys``
        (as :mod:`strongroom.fernet` takes them) make the tokens of a ``fernet`` document. Expired secrets are skipped,
        unless ``include_expired``. With ``strict`` it is an error where something would be skipped, or is not held by a
        document: metadata, a name that is escaped.

        Raises ``Ambiguous`` where two keys would share a name; ``Unsupported`` naming the keys of values that the format
        cannot hold, or of names that steer a shell (``PATH``) and were not given as ``keys``, or where the backend cannot
        list and no ``keys`` are given; ``NotFound`` and ``Expired`` for a given key.

        >>> secrets.set("API_KEY", "it's $5").created
        True
        >>> export = secrets.export("env")
        >>> print(export.document.reveal(), end="")
        API_KEY='it'\\''s $5'
        >>> [(secret.key, secret.name) for secret in export.exported]
        [('global/API_KEY', 'API_KEY')]
        """
        return _native.export(
            self, format, dialect, prefix, keys, full_names, include_expired, strict, fernet_keys, options
        ).wait()

    def import_(
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
        """Write every entry of a document as a secret of the scope.

        ``names`` says what becomes of names that are no keys, ``if_exists`` of secrets that are there already: both are
        refused where nothing is stated. Everything that can be wrong is told before anything is written; then the secrets
        are written all or nothing where the backend can, else what failed is in the report. With ``dry_run`` nothing is
        written and the report tells what would be.

        Raises ``InvalidArgument`` with the line of what cannot be read; ``InvalidKey`` naming every name that is no key;
        ``Conflict`` naming every secret that is there already; ``Ambiguous`` where two names are one key; ``TooLarge``;
        ``ReadOnly``; of a ``fernet`` document ``KeyMissing`` and what :func:`strongroom.fernet.decrypt` raises.

        >>> report = secrets.import_("API_KEY='s3cret' # ours")
        >>> report.created
        ('global/API_KEY',)
        >>> secrets.get_value("API_KEY")
        's3cret'
        """
        return _native.import_document(
            self, document, format, dialect, names, if_exists, provider, dry_run, fernet_keys, options
        ).wait()

    def copy_plan(
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
        """Look at what :meth:`copy_to` of the same arguments would do. Values are compared; nothing is written.

        What stands in the way of single secrets is part of the plan. Raises ``InvalidArgument`` where both managers have
        secrets in one place, and for arguments that exclude each other; ``ReadOnly``; ``Unsupported`` where this one
        cannot list and no ``keys`` are given.

        >>> secrets.set("org/acme/api_key", "sk-123").created
        True
        >>> with strongroom.open("memory") as target:
        ...     [(secret.key, secret.action) for secret in secrets.copy_plan(target).secrets]
        [('org/acme/api_key', 'create')]
        """
        return _native.copy_plan(
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
        ).wait()

    def copy_to(
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
        """Copy secrets to another manager: values, metadata and creation time, the current version of each.

        All of the scope, those whose key begins with ``prefix``, or just ``keys``. Every secret is read back and
        compared. One that is there already with the same value and metadata counts as done, so a copy that was
        interrupted is begun again with the same arguments and goes on. ``if_exists`` says what becomes of another one
        that is there: it is refused where nothing is stated. ``allow_loss`` leaves behind what the target cannot hold of
        a secret, ``skip_unfit`` passes over secrets that it cannot hold at all. With ``delete_source`` the secrets are
        removed here after all of them were copied; one that has changed meanwhile is kept. ``journal`` is a file of keys
        and steps, never values, that is there until the copy has ended and keeps a second one out; see
        :meth:`copy_journal`. ``progress`` is called after each secret, by the thread or task that copies; it must not
        wait. What it raises comes out of here, and ends the copy where something is left to do. ``timeout`` holds for
        each single call of the copy.

        Raises what :meth:`copy_plan` raises; before anything is written what stands in the way of the first such secret:
        ``Conflict``, ``Unsupported``, ``TooLarge``, ``NotFound``; ``Conflict`` where another copy holds the journal;
        ``Integrity`` where what was read back is not what was written. An error on the way ends the copy: what was copied
        stays, and nothing was removed.

        >>> secrets.set("org/acme/api_key", "sk-123").created
        True
        >>> with strongroom.open("memory") as target:
        ...     [(secret.key, secret.outcome) for secret in secrets.copy_to(target).secrets]
        ...     target.get_value("org/acme/api_key")
        [('org/acme/api_key', 'copied')]
        'sk-123'
        """
        return _native.copy_to(
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
        ).wait()

    def copy_journal(self, target: _native.Manager) -> Path:
        """The file that a copy to ``target`` has as its journal in the ``strongroom`` command.

        It lies in the state folder of this manager's application; the same two places have the same one. Raises
        ``InvalidConfig`` where there is no state folder.

        >>> with strongroom.open("file") as target:
        ...     journal = secrets.copy_journal(target)
        >>> journal.parent.name, journal.suffix
        ('migrations', '.jsonl')
        """
        return _native.copy_journal(self, target)
