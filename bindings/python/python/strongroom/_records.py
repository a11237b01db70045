"""What happened, for the loggers: `strongroom`, `strongroom.nature` and what else events come from."""

from __future__ import annotations

import logging
from collections.abc import Iterable


def record(events: Iterable[tuple[float, str, int, str]], dropped: int) -> None:
    """Give each event to its logger: when it happened, where it comes from, how much it matters, and its line."""
    for happened, target, level, line in events:
        logger = logging.getLogger(target.replace("::", "."))
        if logger.isEnabledFor(level):
            told = logger.makeRecord(logger.name, level, "strongroom", 0, line, (), None)
            # It may have waited for the end of a call.
            told.relativeCreated -= (told.created - happened) * 1000
            told.created = happened
            told.msecs = int(happened % 1 * 1000) + 0.0
            logger.handle(told)
    if dropped:
        logging.getLogger("strongroom").warning("%d events were not told: too many at once", dropped)
