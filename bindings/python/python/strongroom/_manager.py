"""The manager for code that waits."""

from __future__ import annotations

import os

from . import _native
from ._reading import Reading
from ._transferring import Transferring
from ._writing import Writing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta
    from types import TracebackType
    from typing import Callable, Optional, Union

    from typing_extensions import Buffer, Self, Unpack

    from . import aio
    from ._options import CallOptions
    from ._results import Health, VerifyReport
    from ._watching import Subscription

    SettingValue = Union[str, int, bool, os.PathLike[str]]
    SecretSetting = Union[str, Buffer, Callable[[str], Union[str, Buffer]]]


class SecretManager(Reading, Writing, Transferring):
    """A store of secrets, whatever backend holds them. :func:`open` makes one.

    A key is text: ``"org/acme/api_key"``; a bare name is global. Share a manager between threads, it is made for that;
    it works in forked children too. Every verb takes the keywords of :class:`CallOptions`. Every failure is a
    :class:`strongroom.Error`; besides what a verb names itself it may be ``InvalidKey``, ``Timeout`` (of a write that
    was sent: ``OutcomeUnknown``), ``Cancelled``, ``Closed``, ``Unavailable``, ``Locked``, ``PermissionDenied`` or
    ``Integrity``.

    Of a mapping it has ``secrets[key]``, ``secrets[key] = value``, ``del secrets[key]``, ``key in secrets`` and iteration
    over the keys. It has no length, and neither ``keys``, ``values`` nor ``items``, so that ``dict(secrets)`` or
    ``f(**secrets)`` cannot read every secret by accident.

    >>> secrets["org/acme/api_key"] = "sk-123"
    >>> secrets["org/acme/api_key"].reveal()
    'sk-123'
    >>> list(secrets), "token" in secrets
    (['org/acme/api_key'], False)
    """

    __module__ = "strongroom"
    __slots__ = ()

    # --- the backend as a whole

    def health(self, **options: Unpack[CallOptions]) -> Health:
        """Tell how the backend is, without a prompt and without using up a quota.

        A backend that does not work is an answer, not an error.

        >>> secrets.health().state
        'ok'
        """
        return _native.health(self, options).wait()

    def verify(self, **options: Unpack[CallOptions]) -> VerifyReport:
        """Check everything that is stored, as far as the backend can.

        Raises ``Integrity`` saying what is damaged; ``Unsupported``.

        >>> secrets.verify().secrets
        0
        """
        return _native.verify(self, options).wait()

    def refresh(self, **options: Unpack[CallOptions]) -> None:
        """Make the next read of every secret ask the backend.

        The backend reads again what it has from outside of the store: token files, credentials, and for ``env`` the
        variables. Does not wait for another machine.

        >>> secrets.refresh()
        """
        _native.refresh(self, options).wait()

    def metrics(self) -> dict[str, int]:
        """What this manager has counted since it was opened, by name (docs/metrics.md). No names of secrets.

        >>> secrets.get("token") is None
        True
        >>> secrets.metrics()["calls.get"]
        1
        """
        return _native.metrics(self)

    def subscribe(
        self,
        *,
        keys: Iterable[str] = (),
        prefix: Optional[str] = None,
        every: Union[float, timedelta, None] = None,
        **options: Unpack[CallOptions],
    ) -> Subscription:
        """Be told of changes from now on: writes through this manager, what others change, the backend's health.

        ``keys`` names the secrets; only those are looked at on a server where nobody reads them, ``every`` so many
        seconds. ``prefix`` is how keys begin, ``scope`` whose secrets count.

        >>> with secrets.subscribe(prefix="org/acme/") as changes:
        ...     outcome = secrets.set("org/acme/api_key", "sk-123")
        ...     changes.next(timeout=10).key
        'org/acme/api_key'
        """
        from ._watching import Subscription

        return Subscription(_native.subscribe(self, keys, prefix, every, options).wait(), self)

    def lock(self, **options: Unpack[CallOptions]) -> None:
        """Forget keys and cached values; the next use unlocks the backend again. Idempotent.

        >>> secrets.lock()
        """
        _native.lock(self, options).wait()

    def close(self, **options: Unpack[CallOptions]) -> None:
        """Give up connections, keys and cached values. Every verb raises ``Closed`` from then on. Idempotent.

        Writes that were sent finish first; raises ``Timeout`` where one does not in time.

        >>> secrets.close()
        >>> secrets.get("token")
        Traceback (most recent call last):
            ...
        strongroom.exceptions.Closed: closed: the manager was closed (backend: memory)
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

    def scoped(self, scope: str) -> Self:
        """A view in which bare names are names of ``scope``, such as ``org/acme``, and ``list`` lists that scope.

        >>> secrets.scoped("org/acme").set("db_password", "s3cret").created
        True
        >>> secrets.get_value("org/acme/db_password")
        's3cret'
        """
        return type(self)(_native.scoped(self, scope))

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """A view whose calls carry these keywords.

        >>> patient = secrets.with_options(timeout=60, actor="deploy")
        """
        return type(self)(_native.with_options(self, options))

    def to_async(self) -> aio.SecretManager:
        """The same manager with verbs to await.

        >>> import asyncio
        >>> asyncio.run(secrets.to_async().exists("token"))
        False
        """
        from . import aio

        return aio.SecretManager(self)


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
    return _native.open(
        *stated(backend, app, settings, secrets, config_file, config_text, environment),
        options,
    )


def stated(
    backend: Optional[str],
    app: Optional[str],
    settings: Optional[Mapping[str, SettingValue]],
    secrets: Optional[Mapping[str, SecretSetting]],
    config_file: Union[str, os.PathLike[str], Sequence[Union[str, os.PathLike[str]]], None],
    config_text: Optional[Mapping[str, str]],
    environment: bool,
) -> tuple[
    Optional[str],
    list[tuple[str, str]],
    list[tuple[str, _native._SecretSetting]],
    list[Union[str, os.PathLike[str]]],
    list[tuple[str, str]],
    bool,
]:
    """What a manager is to be opened with, as the native half takes it."""
    if config_file is None:
        files: Iterable[Union[str, os.PathLike[str]]] = ()
    elif isinstance(config_file, (str, os.PathLike)):
        files = (config_file,)
    else:
        files = config_file
    for name, given in (("settings", settings), ("secrets", secrets), ("config_text", config_text)):
        if given is not None and not hasattr(given, "items"):
            raise TypeError(f"{name} is a mapping, not {type(given).__name__}")
    if backend is not None and settings and "backend" in settings:
        raise TypeError("two backends are stated: as an argument and among the settings")
    texts = {} if backend is None else {"backend": backend}
    texts.update({name: setting_text(name, value) for name, value in (settings or {}).items()})
    return (
        app,
        list(texts.items()),
        [(name, _asked(value)) for name, value in (secrets or {}).items()],
        list(files),
        list((config_text or {}).items()),
        environment,
    )


def _asked(value: SecretSetting) -> _native._SecretSetting:
    """A secret setting as the native half takes it: a function with what a thread runs that asks it."""
    if callable(value):
        from ._asking import elsewhere

        return value, elsewhere(value)
    return value


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
