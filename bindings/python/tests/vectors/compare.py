"""What a step expects against what it was answered."""

from __future__ import annotations

from typing import Any, Optional

from .documents import value
from .session import Session

#: Objects by key that are compared as a whole, with texts to fill in.
BY_KEY = ("names", "skipped", "outcomes", "losses")
#: Arrays of names to fill in.
NAMES = ("names", "expired", "imported", "replaced", "deleted")


def prepared(session: Session, field: str, expected: Any) -> Any:
    """What is expected in the form in which answers stand: filled in, values as bytes, versions as their words."""
    if field == "value":
        return value(expected)
    if field == "values":
        return {session.fill(key): value(stated) for key, stated in expected.items()}
    if field == "key" and expected is not None:
        return session.fill(expected)
    if field == "failures":
        return {session.fill(key): token for key, token in expected.items()}
    if field in BY_KEY and isinstance(expected, dict):
        return {session.fill(key): session.fill(text) for key, text in expected.items()}
    if field in NAMES and isinstance(expected, list):
        return [session.fill(name) for name in expected]
    if field == "next" and expected is not None:
        return session.fill(expected)
    if field in ("version", "current") and expected is not None:
        return session.version(expected)
    if field == "versions" and isinstance(expected, list):
        return [session.version(word) for word in expected]
    return expected


def difference(session: Session, expected: Any, found: Any) -> Optional[str]:
    """The field that is not as expected; ``None`` where all that is named is. Neither text shows a value."""
    if not isinstance(expected, dict):
        return None if is_equal(expected, found) else "the answer"
    if not isinstance(found, dict):
        return "the answer"
    for field, stated in expected.items():
        if field == "newer_than":
            former = session.saved(stated).number
            fits = former is not None and found.get("number") is not None and found["number"] > former
        else:
            fits = field in found and is_equal(prepared(session, field, stated), found[field])
        if not fits:
            return f"`{field}`"
    return None


def is_equal(expected: Any, found: Any) -> bool:
    """Whether both are the same; in JSON ``true`` is not ``1``, in Python it is."""
    return type(expected) is type(found) and bool(expected == found)
