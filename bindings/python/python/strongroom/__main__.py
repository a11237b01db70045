"""``python -m strongroom``: the common verbs of the command, through the library."""

from __future__ import annotations

import sys

from ._command import main

if __name__ == "__main__":
    sys.exit(main())
