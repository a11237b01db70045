"""Wrong usage."""

from __future__ import annotations

HELP = "see `python -m strongroom --help`; values come from stdin, a prompt or `--from-file`"


class Usage(Exception):
    """The command was called wrongly. The texts never repeat an argument, which may be a value."""

    def __init__(self, message: str, help: str = HELP) -> None:
        super().__init__(message)
        self.help = help
