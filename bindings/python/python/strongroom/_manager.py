"""The manager for code that waits."""

from __future__ import annotations

import os

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Callable, Optional, TypeVar, Union

    from typing_extensions import Buffer, Self, Unpack

    from . import aio
    from ._native import Secret
    from ._options import CallOptions
    from ._results import BatchResult, Description, Health, ListPage, SetOutcome, VerifyReport, VersionEntry

    D = TypeVar("D")
    SettingValue = Union[str, int, bool, os.PathLike[str]]
    SecretSetting = Union[str, Buffer, Callable[[str], Union[str, Buffer]]]


class SecretManager(_native.BlockingManager):
    """A store of secrets, whatever backend holds them. :func:`open` makes one.

    A key is text: ``"org/acme/api_key"``; a bare name is global. Share a manager between threads, it is made for that;
    it works in forked children too. Every verb takes the keywords of :class:`CallOptions`. Every failure is a
    :class:`strongroom.Error`; besides what a verb names itself it may be ``InvalidKey``, ``Timeout`` (of a write that
    was sent: ``OutcomeUnknown``), ``Cancelled``, ``Closed``, ``Unavailable``, ``Locked``, ``PermissionDenied`` or
    ``Integrity``.

    It is also a mapping of keys to secrets: ``secrets[key]``, ``secrets[key] = value``, ``del secrets[key]``,
    ``key in secrets``, and iteration over the keys.
    """

    __slots__ = ()

    # --- reading

    def get(
        self,
        key: str,
        default: D = None,  # type: ignore[assignment]
        *,
        version: Optional[str] = None,
        include_expired: bool = False,
        **options: Unpack[CallOptions],
    ) -> Union[Secret, D]:
        """Read a secret; ``default`` where there is none.

        Raises ``Expired`` where its expiry has passed, unless ``include_expired``; ``Unsupported`` where a ``version`` is
        given and the backend keeps none.

        >>> secrets.set("token", "t0p").created
        True
        >>> secrets.get("token").reveal()
        't0p'
        >>> secrets.get("other") is None
        True
        """
        if not options and version is None and not include_expired:
            found = _native.get_cached(self, key)
            if found is not None:
                return found
        found = _native.get(self, key, version, include_expired, options).wait()
        return default if found is None else found

    def exists(self, key: str, **options: Unpack[CallOptions]) -> bool:
        """Whether there is such a secret; an expired one counts.

        >>> secrets.exists("no such secret".replace(" ", "_"))
        False
        """
        return _native.exists(self, key, options).wait()

    # --- writing

    def set(
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
        """Write a secret, creating or replacing it with all its metadata.

        A :class:`Secret` brings its own metadata, where nothing else is given. ``if_absent`` and ``if_version`` make the
        write conditional: ``Conflict`` where the condition does not hold, ``Unsupported`` where the backend knows none.
        ``created_at`` is for imports.

        Raises ``TooLarge``, ``InvalidValue``, ``Unsupported`` naming the field that the backend cannot hold,
        ``ReadOnly``, ``StorageFull``.

        >>> secrets.set("org/acme/api_key", "sk-123", provider="openai", labels={"team": "web"}).created
        True
        """
        return _native.set(
            self, key, value, provider, scope_of_use, labels, expires_at, if_absent, if_version, created_at, options
        ).wait()

    def delete(self, key: str, *, missing_ok: bool = False, **options: Unpack[CallOptions]) -> None:
        """Remove a secret with its history.

        Raises ``NotFound``, unless ``missing_ok``.
        """
        _native.delete(self, key, missing_ok, options).wait()

    # --- the backend as a whole

    def close(self, **options: Unpack[CallOptions]) -> None:
        """Give up connections, keys and cached values. Every verb raises ``Closed`` from then on. Idempotent.

        Writes that were sent finish first; raises ``Timeout`` where one does not in time.
        """
        _native.close(self, options).wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    # --- views

    def scoped(self, scope: str) -> SecretManager:
        """A view in which bare names are names of ``scope``, such as ``org/acme``, and ``list`` lists that scope.

        >>> secrets.scoped("org/acme").set("db_password", "s3cret").created
        True
        >>> secrets.get_value("org/acme/db_password")
        's3cret'
        """
        return SecretManager(_native.with_options(self, {"scope": scope}))

    def with_options(self, **options: Unpack[CallOptions]) -> SecretManager:
        """A view whose calls carry these keywords.

        >>> patient = secrets.with_options(timeout=60, actor="deploy")
        """
        return SecretManager(_native.with_options(self, options))

    def to_async(self) -> aio.SecretManager:
        """The same manager with verbs to await."""
        from . import aio

        return aio.SecretManager(self)

    # --- the mapping

    def __getitem__(self, key: str) -> Secret:
        found = self.get(key)
        if found is None:
            raise _native.missing(self, key)
        return found

    def __setitem__(self, key: str, value: Union[str, Buffer, Secret]) -> None:
        self.set(key, value)

    def __delitem__(self, key: str) -> None:
        self.delete(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.exists(key)

    def __iter__(self) -> Iterator[str]:
        page = _native.list(self, None, None, None, None, False, None).wait()
        return iter([entry.name for entry in page.entries if not entry.is_reference])


def open_call(
    backend: Optional[str],
    app: Optional[str],
    settings: Optional[Mapping[str, SettingValue]],
    secrets: Optional[Mapping[str, SecretSetting]],
    config_file: Union[str, os.PathLike[str], Sequence[Union[str, os.PathLike[str]]], None],
    config_text: Optional[Mapping[str, str]],
    environment: bool,
    options: CallOptions,
) -> _native.Call[_native.Manager]:
    """What both faces open with."""
    if config_file is None:
        files: Iterable[Union[str, os.PathLike[str]]] = ()
    elif isinstance(config_file, (str, os.PathLike)):
        files = (config_file,)
    else:
        files = config_file
    if backend is not None and settings and "backend" in settings:
        raise TypeError("open() got two backends: as an argument and among the settings")
    stated = {} if backend is None else {"backend": backend}
    stated.update({name: setting_text(name, value) for name, value in (settings or {}).items()})
    return _native.open(
        app,
        list(stated.items()),
        list((secrets or {}).items()),
        list(files),
        list((config_text or {}).items()),
        environment,
        options,
    )


def setting_text(name: str, value: SettingValue) -> str:
    """A setting as the settings' table writes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (str, int)):
        return str(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"the setting {name!r} is a str, an int, a bool or a path, not {type(value).__name__}")


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
) -> SecretManager:
    """Open a manager. Use it in a ``with`` block, or close it.

    ``app`` is the name of the embedding application and sets every default: variables, folders, names in keystores.
    ``settings`` are those of docs/settings.md, ``secrets`` the secret ones among them: a value, or a function that is
    called with the setting's name when the value is needed. ``config_file`` names documents of settings (JSON or TOML);
    ``config_text`` has such documents by their language. Without ``environment`` variables and the user's own file are
    left alone. What is stated here wins over variables, these over documents.

    Raises ``InvalidConfig`` naming the setting; what the backend answers at opening, for instance ``KeyMissing``,
    ``WrongKey``, ``InsecurePath``, ``Integrity``; ``Timeout``, ``Cancelled``.

    >>> with open("memory", app="example") as manager:
    ...     manager.backend.name, manager.app
    ('memory', 'example')
    """
    call = open_call(backend, app, settings, secrets, config_file, config_text, environment, options)
    return SecretManager(call.wait())
