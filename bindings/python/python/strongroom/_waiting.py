"""What event loops are told."""

from __future__ import annotations

import asyncio


def release(future: asyncio.Future[None]) -> None:
    """Lets whoever waits for the future go on, unless it was cancelled meanwhile."""
    if not future.done():
        future.set_result(None)
