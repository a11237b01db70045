"""Being told of changes."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
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
    the kind ``missed``. Of several threads that wait, each change reaches one. A forked child is told nothing by it.

    >>> with secrets.subscribe() as changes:
    ...     outcome = secrets.set("token", "t0p")
    ...     change = changes.next(timeout=10)
    >>> change.kind, change.key, change.version == outcome.version
    ('set', 'global/token', True)
    """

    __module__ = "strongroom"
    __slots__ = ("_manager", "_native")

    def __init__(self, native: _native.Subscription, manager: _native.Manager) -> None:
        self._native = native
        # One whose manager nobody holds any more would be at its end.
        self._manager = manager

    def next(self, timeout: Union[float, timedelta, None] = None) -> Optional[Change]:
        """Wait for the next change; ``None`` once there is none any more.

        Raises ``Timeout`` where none came in time; the subscription goes on.
        """
        if timeout is None:
            return _native.next_change(self._native).wait()
        return _native.next_change_within(self._native, timeout)

    def close(self) -> None:
        """End it, and whoever waits for a change. Idempotent."""
        _native.end_subscription(self._native)

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
