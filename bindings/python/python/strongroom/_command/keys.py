"""Keys among the arguments. No message shows what stands behind an ``=``: it may be a value."""

from __future__ import annotations

from typing import Optional

from .. import _native, exceptions
from . import streams
from .usage import Usage

#: No text before an `=` that is longer can be a key with some escapes.
LONGEST = 4 * 1024


def full(word: str) -> str:
    """The key in full, as messages show it."""
    key = _parsed(word)
    if key is not None:
        return key
    if "=" not in word:
        return _native.key_parse(word)[0]
    message = "this is no key (it is not shown: what stands behind the `=` may be a value)"
    raise streams.failure(exceptions.InvalidKey, message, "give the key alone")


def of_set(word: str, source_is_named: bool) -> str:
    """The key that a value is set for, in full. ``KEY=VALUE`` is refused, also where it could be a key with an escape,
    unless an option says where the value comes from."""
    if not source_is_named and _is_pair(word):
        if _parsed(word) is not None and streams.stdin_may_hold_a_value():
            message = "this is `KEY=VALUE` and a key with an escape as well (it is not shown: it may hold a value)"
            help = "give `--raw` or `--from-file -` for a key whose value is on stdin"
            raise streams.failure(exceptions.Ambiguous, message, help)
        raise Usage("this is `KEY=VALUE`, and values do not stand among the arguments (it is not shown)")
    if "=" in word and _parsed(word) is None:
        # What is wrong in front of the `=` may be shown.
        _native.key_parse(word.partition("=")[0])
    return full(word)


def _is_pair(word: str) -> bool:
    """Whether a key stands before an ``=``."""
    signs = (place for place, sign in enumerate(word[:LONGEST]) if sign == "=")
    return any(_parsed(word[:place]) is not None for place in signs)


def _parsed(word: str) -> Optional[str]:
    try:
        return _native.key_parse(word)[0]
    except exceptions.InvalidKey:
        return None
