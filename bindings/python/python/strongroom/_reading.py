"""The verbs that read, for code that waits."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterable, Iterator
    from typing import Optional, Union

    from typing_extensions import Buffer, TypeVar, Unpack

    from ._native import Secret
    from ._options import CallOptions
    from ._results import BatchResult, Description, ListPage, VersionEntry

    D = TypeVar("D", default=None)


class Reading(_native.BlockingManager):
    """What :class:`strongroom.SecretManager` reads with."""

    __slots__ = ()

    def get(
        self,
        key: str,
        default: D = None,  # type: ignore[assignment]
        *,
        version: Union[str, int, None] = None,
        include_expired: bool = False,
        fresh: bool = False,
        **options: Unpack[CallOptions],
    ) -> Union[Secret, D]:
        """Read a secret; ``default`` where there is none. ``fresh`` asks the backend even where the cache has it.

        Raises ``Expired`` where its expiry has passed, unless ``include_expired``; ``Unsupported`` where a
        ``version`` is given and the backend keeps none.

        >>> secrets.set("token", "t0p").created
        True
        >>> secrets.get("token").reveal()
        't0p'
        >>> secrets.get("other") is None
        True
        """
        if not options and version is None and not include_expired and not fresh:
            cached = _native.get_cached(self, key)
            if cached is not None:
                return cached
        found = _native.get(self, key, version, include_expired, fresh, options).wait()
        return default if found is None else found

    def get_version(self, key: str, version: Union[str, int], **options: Unpack[CallOptions]) -> Optional[Secret]:
        """Read one version of a secret; ``None`` where there is no such secret or version.

        Raises what ``get`` raises; ``Unsupported`` where the backend keeps no versions.

        >>> first = secrets.set("token", "old").version
        >>> second = secrets.set("token", "new").version
        >>> secrets.get_version("token", first).reveal()
        'old'
        """
        return _native.get_version(self, key, version, options).wait()

    def get_many(self, keys: Iterable[str], **options: Unpack[CallOptions]) -> BatchResult:
        """Read several secrets, with one batch call where the backend has one.

        What there is not is absent from the answer; what cannot be read, an expired secret too, is among its
        failures. Both have the keys as they were given. Raises only what concerns the whole batch: an invalid key is
        one of those, and two keys that share one name in the backend (``Ambiguous``).

        >>> secrets.set("db_password", "s3cret").created
        True
        >>> secrets.get_many(["db_password", "other"]).secrets
        {'db_password': Secret(***)}
        """
        return _native.get_many(self, keys, options).wait()

    def get_into(self, key: str, buffer: Buffer, **options: Unpack[CallOptions]) -> Optional[int]:
        """Copy a value to the beginning of a writable buffer and return its length; ``None`` where there is no secret.

        No object of Python's ever holds the value, so the buffer is all there is to wipe. What lies beyond its length
        stays as it was. Raises what ``get`` raises, and ``BufferTooSmall`` naming the length, with nothing copied.

        >>> secrets.set("token", "t0p").created
        True
        >>> buffer = bytearray(64)
        >>> secrets.get_into("token", buffer)
        3
        >>> bytes(buffer[:3])
        b't0p'
        """
        if not options:
            copied = _native.get_into_cached(self, key, buffer)
            if copied is not None:
                return copied
        return _native.get_into(self, key, buffer, options).wait()

    def get_with_fallback(
        self,
        name: str,
        scopes: Iterable[str],
        *,
        allow_unavailable: bool = False,
        **options: Unpack[CallOptions],
    ) -> Optional[Secret]:
        """Read ``name`` from the first of ``scopes`` that has it; ``None`` where none has.

        A missing secret goes on to the next scope, every error stops. ``allow_unavailable`` passes over scopes that are
        out of reach, and raises the first of their errors where no later scope has the secret: nobody knows whether it
        exists. Nothing is ever written.

        >>> secrets.set("org/acme/api_key", "sk-123").created
        True
        >>> secrets.get_with_fallback("api_key", ["user/kim", "org/acme", "global"]).reveal()
        'sk-123'
        """
        return _native.get_with_fallback(self, name, scopes, allow_unavailable, options).wait()

    def exists(self, key: str, **options: Unpack[CallOptions]) -> bool:
        """Whether there is such a secret; an expired one counts.

        >>> secrets.exists("token")
        False
        """
        return _native.exists(self, key, options).wait()

    def describe(self, key: str, **options: Unpack[CallOptions]) -> Optional[Description]:
        """Read what is known about a secret, without its value where the backend can; ``None`` where there is none.

        >>> secrets.set("token", "t0p", provider="github").created
        True
        >>> known = secrets.describe("token")
        >>> known.provider, known.expired
        ('github', False)
        """
        return _native.describe(self, key, options).wait()

    def list(
        self,
        *,
        prefix: Optional[str] = None,
        provider: Optional[str] = None,
        after: Optional[str] = None,
        limit: Optional[int] = None,
        full_metadata: bool = False,
        **options: Unpack[CallOptions],
    ) -> ListPage:
        """List names with what is cheaply known about them, sorted; never values.

        ``prefix`` is how keys begin: ``org/acme/api``, or ``api`` for names of the view's scope. ``limit`` and
        ``after`` page: ``next`` of a page is what the next one is ``after``. ``full_metadata`` asks for all metadata,
        even where it costs a read for each name. To go through all names, iterate over the manager.

        Raises ``Unsupported`` where the backend cannot list; ``InvalidArgument`` for a limit of 0.

        >>> secrets.set("org/acme/api_key", "sk-123").created
        True
        >>> [entry.name for entry in secrets.list(scope="org/acme").entries]
        ['org/acme/api_key']
        """
        return _native.list(self, prefix, provider, after, limit, full_metadata, options).wait()

    def versions(self, key: str, **options: Unpack[CallOptions]) -> builtins.list[VersionEntry]:
        """List the versions that are kept, newest first.

        Raises ``NotFound``; ``Unsupported`` where the backend keeps none.

        >>> first, second = secrets.set("token", "old"), secrets.set("token", "new")
        >>> [entry.current for entry in secrets.versions("token")]
        [True, False]
        """
        return _native.versions(self, key, options).wait()

    def resolve(self, reference: str, **options: Unpack[CallOptions]) -> Optional[Secret]:
        """Read the secret that a reference leads to; ``None`` where there is none.

        A reference is ``secret://[scope/]name[?version=…][#/json/pointer]``; with the setting ``references`` also
        ``vault:…``, ``aws:…``, ``env:…`` and ``file:…``. A stored secret with the label ``REFERENCE_LABEL`` is a
        reference itself and is followed once.

        Raises ``InvalidArgument`` where the text is no reference; ``PolicyDenied`` for a scheme that is not allowed;
        what ``get`` raises.

        >>> secrets.set("org/acme/db", '{"user": "app", "password": "s3cret"}').created
        True
        >>> secrets.resolve("secret://org/acme/db#/password").reveal()
        's3cret'
        """
        return _native.resolve(self, reference, options).wait()

    def __getitem__(self, key: str) -> Secret:
        found = self.get(key)
        if found is None:
            raise _native.missing(self, key)
        return found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.exists(key)

    def __iter__(self) -> Iterator[str]:
        after = None
        while True:
            page = self.list(after=after)
            for entry in page.entries:
                if not entry.is_reference:
                    yield entry.name
            after = page.next
            if after is None:
                return
