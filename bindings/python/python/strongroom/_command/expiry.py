"""When a secret expires, as the arguments say it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Optional

from .usage import Usage

#: A number and a unit, from a second on.
_SPAN = re.compile("([0-9]+)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
#: RFC 3339, as far as `fromisoformat`, which takes more, cannot tell by itself.
_MOMENT = re.compile(r"([0-9-]{10})[^0-9]([0-9:]{8}(?:\.[0-9]+)?)(Z|z|[+-][0-9]{2}:[0-9]{2})")


def expiry(span: Optional[str], moment: Optional[str]) -> Optional[datetime]:
    """When it is. Raises :class:`Usage`."""
    if span is not None:
        return _from_now(span)
    return None if moment is None else _at(moment)


def _from_now(text: str) -> datetime:
    read = _SPAN.fullmatch(text)
    try:
        if read is not None and int(read[1]) > 0:
            return datetime.now(timezone.utc) + timedelta(seconds=int(read[1]) * _SECONDS[read[2]])
    except (OverflowError, ValueError):
        pass
    raise Usage("`--expires-in` is no time span that can be kept", "write it as `90d`, `12h`, `30m`, `45s` or `2w`")


def _at(text: str) -> datetime:
    read = _MOMENT.fullmatch(text)
    try:
        if read is not None:
            return datetime.fromisoformat(f"{read[1]}T{read[2]}{read[3].upper()}")
    except ValueError:
        pass
    raise Usage("`--expires-at` is no point in time", "write it as `2030-01-31T12:00:00Z`")
