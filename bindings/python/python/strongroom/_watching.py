"""Being told of changes."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import timedelta
    from types import TracebackType
    from typing import Optional, Union

    from typing_extensions import Self

    from ._results import Change

#: The label that makes of a stored secret a reference, which :meth:`SecretManager.resolve` follows.
REFERENCE_LABEL = "strongroom.reference"


class Subscription:
    """Changes as they come, until it is closed or the manager is. :meth:`SecretManager.subscribe` makes one.

    Iterate over it, or ask for the :meth:`next` one. Nothing waits for a subscriber: who is too slow gets a change of
    the kind ``missed``. May be used by one thread at a time.

    >>> with secrets.subscribe() as changes:
    ...     outcome = secrets.set("token", "t0p")
    ...     change = changes.next(timeout=10)
    >>> change.kind, change.key, change.version == outcome.version
    ('set', 'global/token', True)
    """

    __module__ = "strongroom"
    __slots__ = ("_native",)

    def __init__(self, native: _native.Subscription) -> None:
        self._native: Optional[_native.Subscription] = native

    def next(self, timeout: Union[float, timedelta, None] = None) -> Optional[Change]:
        """Wait for the next change; ``None`` once there is none any more.

        Raises ``Timeout`` where none came in time; the subscription goes on.
        """
        if self._native is None:
            return None
        if timeout is None:
            return _native.next_change(self._native).wait()
        return _native.next_change_within(self._native, timeout)

    def close(self) -> None:
        """End it. Idempotent."""
        self._native = None

    def __iter__(self) -> Iterator[Change]:
        return self

    def __next__(self) -> Change:
        change = self.next()
        if change is None:
            raise StopIteration
        return change

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()


class AsyncSubscription:
    """Changes as they come, to be awaited, as :class:`strongroom.Subscription`."""

    __module__ = "strongroom.aio"
    __slots__ = ("_native",)

    def __init__(self, native: _native.Subscription) -> None:
        self._native: Optional[_native.Subscription] = native

    async def next(self) -> Optional[Change]:
        """Wait for the next change; ``None`` once there is none any more. A cancelled wait loses nothing."""
        if self._native is None:
            return None
        return await _native.next_change(self._native)

    def close(self) -> None:
        """End it. Idempotent."""
        self._native = None

    def __aiter__(self) -> AsyncIterator[Change]:
        return self

    async def __anext__(self) -> Change:
        change = await self.next()
        if change is None:
            raise StopAsyncIteration
        return change

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()
