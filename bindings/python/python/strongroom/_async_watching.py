"""Being told of changes, to await."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType
    from typing import Optional

    from typing_extensions import Self

    from ._results import Change


class Subscription:
    """Changes as they come, to be awaited, as :class:`strongroom.Subscription`.

    ``async for`` goes through them; ``asyncio.timeout`` limits how long one is awaited.
    """

    __module__ = "strongroom.aio"
    __slots__ = ("_manager", "_native")

    def __init__(self, native: _native.Subscription, manager: _native.Manager) -> None:
        self._native = native
        # One whose manager nobody holds any more would be at its end.
        self._manager = manager

    async def next(self) -> Optional[Change]:
        """Wait for the next change; ``None`` once there is none any more. A cancelled wait loses nothing."""
        return await _native.next_change(self._native)

    def close(self) -> None:
        """End it, and whoever waits for a change. Idempotent."""
        _native.end_subscription(self._native)

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
