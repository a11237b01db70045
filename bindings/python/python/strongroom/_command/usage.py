"""Wrong usage."""

from __future__ import annotations


class Usage(Exception):
    """The command was called wrongly. The text never repeats an argument, which may be a value."""
