"""The command's common verbs, through the library: ``python -m strongroom``."""

from __future__ import annotations

import os
import sys
from typing import Optional

from .. import exceptions
from . import arguments, streams
from .usage import Usage

#: What shells report for a program that a signal ended: SIGINT, and SIGPIPE.
INTERRUPTED, CLOSED_PIPE = 130, 141
WRONG_USAGE = 2


def main(words: Optional[list[str]] = None) -> int:
    """Run a verb, and give the exit code."""
    streams.open_closed()
    try:
        stated = arguments.parse(words)
        if stated is None:
            sys.stdout.flush()
            return 0
        listen(stated.quiet)
        code: int = stated.run(stated)
        return code
    except Usage as error:
        streams.say(f"strongroom: usage: {error}")
        streams.say(f"  help: {error.help}")
        return WRONG_USAGE
    except exceptions.Error as error:
        # Before what the system says: some of ours are an OSError too.
        return streams.tell(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        # Only stdout is left to refuse. Python flushes it once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), streams.STDOUT)
        if isinstance(error, BrokenPipeError):
            return CLOSED_PIPE
        return streams.tell(streams.local(error, "cannot write to stdout"))
    except Exception as error:
        # Neither its text nor a traceback: both may hold a value.
        message = f"an unforeseen {type(error).__name__}"
        return streams.tell(streams.failure(exceptions.Internal, message, "please report it with the verb and options"))


def listen(quiet: bool) -> None:
    """Show what the library warns of."""
    import logging

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            streams.say(f"strongroom: {record.levelname.lower()}: {record.getMessage()}")

    library = logging.getLogger("strongroom")
    library.addHandler(Told())
    library.setLevel(logging.ERROR if quiet else logging.WARNING)
    # What a place is like the command says in its own words, and where it matters.
    logging.getLogger("strongroom.nature").setLevel(logging.CRITICAL)
