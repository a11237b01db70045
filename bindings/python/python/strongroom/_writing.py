"""The verbs that write, for code that waits."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import Optional, Union

    from typing_extensions import Buffer, Unpack

    from ._native import Generate, Secret
    from ._options import CallOptions
    from ._results import SetManyOutcome, SetOutcome


class Keep:
    """The type of :data:`KEEP`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "strongroom.KEEP"

    def __reduce__(self) -> str:
        return "KEEP"


#: A field that an update leaves as it is; ``None`` removes it.
KEEP = Keep()


def stated(**fields: object) -> dict[str, object]:
    """The fields that an update changes."""
    return {name: value for name, value in fields.items() if value is not KEEP}


class Writing(_native.BlockingManager):
    """What :class:`strongroom.SecretManager` writes with."""

    __slots__ = ()

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
        if_version: Union[str, int, None] = None,
        created_at: Optional[datetime] = None,
        **options: Unpack[CallOptions],
    ) -> SetOutcome:
        """Write a secret, creating or replacing it with all its metadata.

        A :class:`Secret` brings its own metadata, where nothing else is given. ``if_absent`` and ``if_version`` make
        the write conditional: ``Conflict`` where the condition does not hold, ``Unsupported`` where the backend knows
        none. ``created_at`` is for imports.

        Raises ``TooLarge``, ``InvalidValue``, ``Unsupported`` naming the field that the backend cannot hold,
        ``ReadOnly``, ``StorageFull``.

        >>> secrets.set("org/acme/api_key", "sk-123", provider="openai", labels={"team": "web"}).created
        True
        """
        return _native.set(
            self, key, value, provider, scope_of_use, labels, expires_at, if_absent, if_version, created_at, options
        ).wait()

    def set_many(
        self,
        entries: Union[Mapping[str, Union[str, Buffer, Secret]], Iterable[tuple[str, Union[str, Buffer, Secret]]]],
        **options: Unpack[CallOptions],
    ) -> SetManyOutcome:
        """Write several secrets: all or nothing where ``backend.atomic_batch``, else each outcome is told.

        ``entries`` is a mapping of keys to values, or gives pairs of them. Outcomes and failures have the keys as they
        were given. Raises what concerns the whole batch, before anything is written: an invalid key, a key that is
        there twice (``InvalidArgument``), a value that the backend cannot hold.

        >>> outcome = secrets.set_many({"db_user": "app", "db_password": Secret("s3cret", provider="aws")})
        >>> sorted(outcome.outcomes), outcome.failures
        (['db_password', 'db_user'], {})
        """
        return _native.set_many(self, entries, options).wait()

    def set_api_key(
        self,
        name: str,
        value: Union[str, Buffer, Secret],
        provider: Optional[str] = None,
        **options: Unpack[CallOptions],
    ) -> SetOutcome:
        """Write an API key that ``provider`` issued.

        Other metadata of an existing secret is kept, but for an expiry that has passed; without a ``provider`` that is
        kept too. Of a :class:`Secret` only the value counts. Raises what ``set`` raises.

        >>> secrets.set_api_key("org/acme/api_key", "sk-123", "openai").created
        True
        >>> secrets.get("org/acme/api_key").provider
        'openai'
        """
        return _native.set_api_key(self, name, value, provider, options).wait()

    def update_value(
        self,
        key: str,
        value: Union[str, Buffer, Secret],
        *,
        expires_at: Union[datetime, None, Keep] = KEEP,
        clear_expiry: bool = False,
        if_version: Union[str, int, None] = None,
        **options: Unpack[CallOptions],
    ) -> SetOutcome:
        """Replace the value of an existing secret; its metadata is kept.

        ``expires_at`` gives it another expiry; ``clear_expiry``, or ``None``, none. Of a :class:`Secret` only the value
        counts. Raises ``NotFound``; ``Expired`` unless it is said what becomes of the expiry; ``Conflict`` where
        ``if_version`` does not hold; what ``set`` raises.

        >>> secrets.set("token", "old", provider="github").created
        True
        >>> secrets.update_value("token", "new").created
        False
        >>> secrets.get("token").reveal(), secrets.get("token").provider
        ('new', 'github')
        """
        changes = stated(expires_at=expires_at)
        return _native.update_value(self, key, value, changes, clear_expiry, if_version, options).wait()

    def update_metadata(
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
        """Change the metadata of a secret, not its value.

        What is not given is kept, and ``None`` removes; ``labels`` replaces all labels. ``clear_expiry`` is the same as
        ``expires_at=None``. No new version, except where the backend cannot but write one.

        Raises ``NotFound``; ``Unsupported`` naming a field that the backend cannot hold; ``Conflict`` where
        ``if_version`` does not hold.

        >>> secrets.set("token", "t0p", provider="github", scope_of_use="repo").created
        True
        >>> secrets.update_metadata("token", scope_of_use=None).created
        False
        >>> known = secrets.describe("token")
        >>> known.provider, known.scope_of_use
        ('github', None)
        """
        changes = stated(provider=provider, scope_of_use=scope_of_use, labels=labels, expires_at=expires_at)
        return _native.update_metadata(self, key, changes, clear_expiry, if_version, options).wait()

    def get_or_generate(
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
        """Read a secret, or create it with a generated value and this metadata.

        Atomic: one winner among threads and processes, whose value all of them get. Raises ``Expired`` where there is
        one that has expired; ``Unsupported`` where the backend cannot create atomically; ``InvalidArgument`` for a
        length that makes no sense; what ``set`` raises.

        >>> made = secrets.get_or_generate("jwt_signing_key", Generate.base64(32))
        >>> made.reveal() == secrets.get_value("jwt_signing_key")
        True
        """
        return _native.get_or_generate(self, key, spec, provider, scope_of_use, labels, expires_at, options).wait()

    def rotate(
        self,
        key: str,
        value: Union[str, Buffer, Secret, Generate],
        **options: Unpack[CallOptions],
    ) -> SetOutcome:
        """Give an existing secret a new value, stated or generated; the former version stays readable.

        Metadata is kept, but for an expiry that has passed. Of a :class:`Secret` only the value counts. Raises
        ``NotFound``; ``Unsupported`` where the backend keeps no versions; what ``set`` raises.

        >>> secrets.set("db_password", "old").number
        1
        >>> secrets.rotate("db_password", Generate.password(32)).number
        2
        """
        return _native.rotate(self, key, value, options).wait()

    def rollback(
        self,
        key: str,
        version: Union[str, int, None] = None,
        *,
        back: Optional[int] = None,
        **options: Unpack[CallOptions],
    ) -> SetOutcome:
        """Make a former version the current one: a ``version``, or so many ``back``.

        It is written again as a new version, its value and metadata without its expiry. Raises ``NotFound`` where
        secret or version are missing; ``Unsupported`` where the backend keeps no versions; ``InvalidArgument`` for
        ``back=0``.

        >>> first, second = secrets.set("token", "old"), secrets.set("token", "new")
        >>> secrets.rollback("token", back=1).number
        3
        >>> secrets.get_value("token")
        'old'
        """
        return _native.rollback(self, key, version, back, options).wait()

    def restore(self, key: str, **options: Unpack[CallOptions]) -> SetOutcome:
        """Bring back a secret that was removed, where the backend still keeps it.

        Vault keeps one that was removed with ``soft``, AWS any that was removed without ``force``. Raises ``NotFound``
        where nothing removed is kept; ``Conflict`` where the secret is there; ``Unsupported``.

        >>> secrets.backend.restore  # ``memory`` keeps nothing that was removed
        False
        >>> try:
        ...     secrets.restore("token")
        ... except Unsupported as error:
        ...     print(error.kind, error.key)
        unsupported global/token
        """
        return _native.restore(self, key, options).wait()

    def delete(
        self,
        key: str,
        *,
        missing_ok: bool = False,
        soft: bool = False,
        force: bool = False,
        version: Union[str, int, None] = None,
        **options: Unpack[CallOptions],
    ) -> None:
        """Remove a secret with its history.

        ``soft`` removes the current version only, so that :meth:`restore` brings the secret back; ``force`` removes for
        good, also where the backend would keep the secret for a while; ``version`` removes the value of that version
        alone, for good.

        Raises ``NotFound``, unless ``missing_ok``; ``Unsupported`` for ``soft`` and ``version`` where the backend cannot
        restore; ``InvalidArgument`` for two of them.

        >>> secrets.delete("token", missing_ok=True)
        """
        _native.delete(self, key, missing_ok, soft, force, version, options).wait()

    def __setitem__(self, key: str, value: Union[str, Buffer, Secret]) -> None:
        self.set(key, value)

    def __delitem__(self, key: str) -> None:
        self.delete(key)
