"""Strongroom as a backend of the package ``keyring``.

An account of a service is the secret ``app/SERVICE/ACCOUNT``, both escaped as keys ask for it. Where secrets are kept
is told as everywhere: by the variables ``STRONGROOM_SECRETS_…`` and the user's own file.

Installing strongroom changes nothing for a program that uses ``keyring``. It is used where it is named, and nowhere
else: ``PYTHON_KEYRING_BACKEND=strongroom.keyring.Keyring``, ``default-keyring`` in ``keyringrc.cfg``, or
``keyring.set_keyring``.

>>> from strongroom.keyring import Keyring
>>> ring = Keyring().with_properties(backend="memory")
>>> ring.set_password("https://example.org", "me@example.org", "pa55")
>>> ring.get_password("https://example.org", "me@example.org")
'pa55'
>>> ring.get_credential("https://example.org", None).username
'me@example.org'
>>> ring.get_password("https://example.org", "nobody") is None
True
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Optional

from keyring import credentials, errors
from keyring.backend import KeyringBackend

from . import _native, exceptions
from ._manager import open as _open

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._manager import SecretManager, SettingValue

__all__ = ["Keyring"]


class Keyring(KeyringBackend):
    """Passwords in whatever place suits the machine.

    What the attributes say wins over variables. ``KEYRING_PROPERTY_APP``, ``KEYRING_PROPERTY_BACKEND`` and
    ``KEYRING_PROPERTY_CONFIG_FILE`` set them from outside, ``with_properties`` and a subclass from within. The store is
    opened when it is first asked. Share an instance between threads; it works in forked children too.

    A locked store raises ``keyring.errors.KeyringLocked``, one that cannot be opened ``InitError``, a write that failed
    ``PasswordSetError`` or ``PasswordDeleteError``, and what else fails ``KeyringError``. The cause is a
    :class:`strongroom.Error`, which says more.
    """

    #: Below ``keyring.backends.fail``, whatever the variables say: it is neither chosen by itself nor chained behind
    #: others. A miss in the system's keystore must not open a store that the program knows nothing of.
    priority = -1.0

    #: The application whose secrets these are.
    app: str = "strongroom"
    #: The backend's word, as for :func:`strongroom.open`.
    backend: Optional[str] = None
    #: A document of settings, JSON or TOML.
    config_file: Optional[str] = None
    #: Settings, as for :func:`strongroom.open`.
    settings: Mapping[str, SettingValue] = {}

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        #: The stores that are open, by what was stated of them. A copy by ``with_properties`` shares them.
        self._opened: dict[object, SecretManager] = {}

    def get_password(self, service: str, username: str) -> Optional[str]:
        """Give the password of an account; ``None`` where there is none."""
        with self._failing_as(errors.KeyringError):
            return self._manager().get_value(_key(service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep the password of an account."""
        with self._failing_as(errors.PasswordSetError):
            self._manager().set(_key(service, username), password)

    def delete_password(self, service: str, username: str) -> None:
        """Remove the password of an account. Raises ``PasswordDeleteError`` where there is none."""
        with self._failing_as(errors.PasswordDeleteError):
            self._manager().delete(_key(service, username))

    def get_credential(self, service: str, username: Optional[str]) -> Optional[credentials.Credential]:
        """Give an account with its password: the one that is named, else the service's first that can be read, by name.

        What has expired and what is no text is passed over. Where nothing else is left, it is the error.
        """
        if username is not None:
            return super().get_credential(service, username)
        unreadable: Optional[exceptions.Error] = None
        with self._failing_as(errors.KeyringError):
            manager = self._manager()
            for entry in manager.list(scope=_scope(service)).entries:
                account = None if entry.is_reference else _account(entry.name)
                if account is None:
                    continue
                try:
                    password = manager.get_value(entry.name)
                except (exceptions.Expired, exceptions.InvalidValue) as error:
                    unreadable = unreadable or error
                    continue
                # It may have been removed since.
                if password is not None:
                    return credentials.SimpleCredential(account, password)
            if unreadable is not None:
                raise unreadable
        return None

    def _manager(self) -> SecretManager:
        stated = (self.app, self.backend, self.config_file, frozenset(self.settings.items()))
        manager = self._opened.get(stated)
        if manager is None:
            # Nothing is held meanwhile: opening runs handlers of `logging`, which may want a password themselves.
            with self._failing_as(errors.InitError):
                opened = _open(self.backend, app=self.app, settings=self.settings, config_file=self.config_file)
            manager = self._opened.setdefault(stated, opened)
            if manager is not opened:
                opened.close()
        return manager

    @contextmanager
    def _failing_as(self, kind: type[errors.KeyringError]) -> Iterator[None]:
        """Raise our exceptions as keyring's."""
        try:
            yield
        except exceptions.Locked as error:
            raise errors.KeyringLocked(_told(error)) from error
        except exceptions.Error as error:
            raise kind(_told(error)) from error


def _scope(service: str) -> str:
    return f"app/{_segment(service, 'a service')}"


def _key(service: str, account: str) -> str:
    return f"{_scope(service)}/{_segment(account, 'a user name')}"


def _segment(word: str, what: str) -> str:
    # A user name that is None is a mistake that programs make: `keyring` itself lets it pass.
    if not isinstance(word, str):
        raise exceptions.InvalidArgument(f"invalid_argument: {what} has to be a str, not {type(word).__name__}")
    return _native.key_escape(word)


def _account(key: str) -> Optional[str]:
    """The account of a key; ``None`` where it is none of an account."""
    _, _, _, name, target = _native.key_parse(key)
    try:
        return _native.key_unescape(name).decode() if target is None else None
    except UnicodeDecodeError:
        return None


def _told(error: exceptions.Error) -> str:
    return f"{error}; {error.help}" if error.help else str(error)
