"""Two copies of the library in one process, this module and the shared library of C, use one store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from robust.conftest import Alone

#: Where the repository builds the shared library.
BUILT = Path(__file__).parents[4] / "target" / "debug" / "libstrongroom.so"

NEIGHBOUR = """
import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint64, c_void_p

LIBRARY = ctypes.CDLL(sys.argv[2])

def checked(name, *arguments):
    function = getattr(LIBRARY, name)
    function.restype = c_int
    error = c_void_p()
    status = function(*arguments, byref(error))
    if status != 0:
        LIBRARY.strongroom_error_message.restype = c_char_p
        raise SystemExit(f"{name}: {status} {LIBRARY.strongroom_error_message(error)!r}")

class Neighbour:
    def __init__(self, folder):
        options = c_void_p()
        checked("strongroom_options_new", byref(options))
        def put(name, value):
            checked(name[0], options, *map(counted, name[1:]), *counted_all(value))
        self.manager = c_void_p()
        path = os.path.join(folder, "secrets.strongroom")
        settings = [("backend", "encrypted"), ("encrypted.path", path), ("deadline", "2m")]
        OPEN(self, options, settings)
"""


@pytest.fixture
def library() -> Path:
    """The shared library that `STRONGROOM_LIBRARY` names, or else the one that was built last."""
    path = Path(os.environ.get("STRONGROOM_LIBRARY") or BUILT)
    if not path.exists():
        pytest.skip(f"there is no shared library at {path}; STRONGROOM_LIBRARY names one")
    return path
