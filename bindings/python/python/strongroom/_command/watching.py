"""The verb that tells changes as they happen."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Optional

from . import keys, streams
from .opening import manager
from .usage import Usage

if TYPE_CHECKING:
    from .._results import Change

#: A number and a unit, as settings have time spans.
_SPAN = re.compile("([0-9]{1,9})(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
#: The longest time span of any setting.
_DAY = 86_400


def watch(stated: argparse.Namespace) -> int:
    every = _span(stated.every)
    named = [keys.full(word) for word in stated.keys]
    told = 0
    with manager(stated) as secrets, secrets.subscribe(keys=named, prefix=stated.prefix, every=every) as changes:
        while stated.count is None or told < stated.count:
            change = changes.next()
            if change is None:
                break
            if stated.output == "json":
                streams.write_json_line(_known(change))
            else:
                streams.write_rows([list(_known(change).values())], form="plain")
            told += 1
    return 0


def _known(change: Change) -> dict[str, str]:
    """What is known of it, in the order in which people read it."""
    parts = {
        "kind": change.kind,
        "key": change.key,
        "version": change.version,
        "health": change.health,
        "reason": change.reason,
    }
    return {name: text for name, text in parts.items() if text is not None}


def _span(text: Optional[str]) -> Optional[float]:
    if text is None:
        return None
    read = _SPAN.fullmatch(text)
    seconds = int(read[1]) * _SECONDS[read[2]] if read is not None else 0
    if not 0 < seconds <= _DAY:
        raise Usage("`--every` is no time span from `1ms` to `24h`", "write it as `500ms`, `10s` or `5m`")
    return seconds
