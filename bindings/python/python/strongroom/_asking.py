"""Functions that give secret settings, on a thread of their own."""

from __future__ import annotations

import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from strongroom._native import Asked


def elsewhere(function: Callable[[str], object]) -> Callable[[Asked], None]:
    """Give what a thread runs that asks the function."""
    # The thread is begun by one that no signal reaches. This one's, and those of processes that the function starts, are
    # to be as they would be where the manager was opened.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())

    def ask(asked: Asked) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        try:
            asked.answer(function(asked.setting))
        except BaseException as raised:  # whatever ends the function is the answer of the call that asks
            asked.fail(raised)

    return ask
