"""Keys as objects."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, Optional, Union

    from typing_extensions import Buffer

__all__ = ["SecretKey"]


class SecretKey(str):
    """A key and its parts: ``[kind/id/]name[@target]``.

    It is the ``str`` of the key's canonical text, so every verb takes it, and it is compared, hashed and sorted as that
    text. It names its scope also where that is ``global``: a view's scope is not added to it.

    Raises ``InvalidKey``, saying which rule the text breaks.

    >>> key = SecretKey("org/acme/api_key@eu")
    >>> key.kind, key.id, key.name, key.target
    ('org', 'acme', 'api_key', 'eu')
    >>> SecretKey("api_key")
    SecretKey('global/api_key')
    >>> SecretKey("api_key") == "global/api_key"
    True
    """

    __module__ = "strongroom"
    __slots__ = ("_parts",)

    _parts: tuple[str, str | None, str, str | None]

    def __new__(cls, text: str) -> SecretKey:
        canonical, *parts = _native.key_parse(text)
        key = super().__new__(cls, canonical)
        object.__setattr__(key, "_parts", tuple(parts))
        return key

    @classmethod
    def of(cls, name: str, *, scope: Optional[str] = None, target: Optional[str] = None) -> SecretKey:
        """The key of these parts, each as it stands in a key's text.

        >>> SecretKey.of("api_key", scope="org/acme", target="eu")
        SecretKey('org/acme/api_key@eu')
        """
        return cls(_native.key_of(name, scope, target))

    @property
    def kind(self) -> str:
        """The kind of the scope: ``global``, ``org``, ``team``, ``user`` and so on."""
        return self._parts[0]

    @property
    def id(self) -> Optional[str]:
        """The id of the scope; ``None`` of a global key."""
        return self._parts[1]

    @property
    def scope(self) -> str:
        """The scope, as verbs take it: ``org/acme``, or ``global``."""
        return self.kind if self.id is None else f"{self.kind}/{self.id}"

    @property
    def name(self) -> str:
        """The name, without scope and target."""
        return self._parts[2]

    @property
    def target(self) -> Optional[str]:
        """The target, where there is one."""
        return self._parts[3]

    def with_target(self, target: str) -> SecretKey:
        """The key of the same secret for another target.

        >>> SecretKey("api_key").with_target("staging")
        SecretKey('global/api_key@staging')
        """
        return type(self).of(self.name, scope=self.scope, target=target)

    def variable(self, prefix: str = "", *, mapping: Optional[Literal["plain", "escaped"]] = None) -> str:
        """The name of the environment variable that stands for the key, behind a prefix.

        ``plain``, which holds where nothing is stated, is what people expect, and several keys may share a name;
        ``escaped`` gives each key a name of its own.

        >>> SecretKey("org/acme/api_key").variable("APP_")
        'APP_ORG_ACME_API_KEY'
        >>> SecretKey("org/acme/api_key").variable("APP_", mapping="escaped")
        'APP_ORG__ACME__API_1KEY'
        """
        return _native.key_variable(self, prefix, mapping)

    @staticmethod
    def escape(word: Union[str, Buffer]) -> str:
        """Any word as one segment of a key.

        >>> SecretKey.escape("me@example.org")
        'me=40example.org'
        """
        return _native.key_escape(word)

    @staticmethod
    def unescape(segment: str) -> bytes:
        """The bytes that a segment of a key stands for. Raises ``InvalidKey`` where :meth:`escape` never writes it.

        >>> SecretKey.unescape("me=40example.org")
        b'me@example.org'
        """
        return _native.key_unescape(segment)

    def __repr__(self) -> str:
        return f"SecretKey({str(self)!r})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} cannot be changed")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self),)
