"""Two copies of the library in one process, this module and the shared library of C, use one store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from robust.conftest import Alone

# A cache looks for changes by others ten times a second; what is counted here is what the store has, so without.

#: Where the repository builds the shared library.
BUILT = Path(__file__).parents[4] / "target" / "debug" / "libstrongroom.so"

NEIGHBOUR = """
import ctypes

LIBRARY = ctypes.CDLL(sys.argv[2])
LIBRARY.strongroom_error_message.restype = ctypes.c_char_p

def called(name, *arguments):
    error = ctypes.c_void_p()
    if getattr(LIBRARY, name)(*arguments, ctypes.byref(error)) != 0:
        raise RuntimeError(f"{name}: {LIBRARY.strongroom_error_message(error)!r}")

def counted(text):
    return ctypes.c_char_p(text), ctypes.c_size_t(len(text))

class Neighbour:
    def __init__(self, folder):
        options = ctypes.c_void_p()
        called("strongroom_options_new", ctypes.byref(options))
        called("strongroom_options_ignore_environment", options)
        path = os.path.join(folder, "secrets.strongroom").encode()
        settings = {b"backend": b"encrypted", b"encrypted.path": path, b"deadline": b"2m", b"cache": b"off"}
        for name, value in settings.items():
            called("strongroom_options_set", options, *counted(name), *counted(value))
        called("strongroom_options_set_secret", options, *counted(b"encrypted.key"), *counted(b"k" * 32))
        self.manager = ctypes.c_void_p()
        called("strongroom_manager_open", options, None, ctypes.byref(self.manager))

    def set(self, key, value):
        key, value = counted(key.encode()), counted(value.encode())
        called("strongroom_manager_set", self.manager, *key, *value, None, None, None)

    def get_value(self, key):
        buffer, length = ctypes.create_string_buffer(100), ctypes.c_size_t()
        called("strongroom_manager_get_into", self.manager, *counted(key.encode()), None, buffer, ctypes.c_size_t(100),
               ctypes.byref(length))
        return buffer.raw[:length.value].decode()
"""


@pytest.fixture
def library() -> Path:
    """The shared library that `STRONGROOM_LIBRARY` names, or else the one that was built last."""
    path = Path(os.environ.get("STRONGROOM_LIBRARY") or BUILT)
    if not path.exists():
        pytest.skip(f"there is no shared library at {path}; STRONGROOM_LIBRARY names one")
    return path


def test_no_write_of_either_copy_is_lost(alone: Alone, tmp_path: Path, library: Path) -> None:
    alone(
        NEIGHBOUR
        + """
secrets = open_store(sys.argv[1], deadline="2m", cache="off")
secrets.set("shared", "first")
neighbour = Neighbour(sys.argv[1])
before = secrets.verify().sequence
THREADS, ROUNDS = 4, 40
together = threading.Barrier(2 * THREADS)
acknowledged, failed = [], []

def write(name, manager, at):
    try:
        together.wait(60)
        for count in range(ROUNDS):
            manager.set(f"org/{name}/k{at}", f"{at}-{count}")
            manager.set("shared", f"{name}-{at}-{count}")
            acknowledged.append(2)
            assert manager.get_value(f"org/{name}/k{at}") == f"{at}-{count}"
            manager.get_value("shared")
    except BaseException as error:
        failed.append(error)

threads = [
    threading.Thread(target=write, args=(name, manager, at))
    for name, manager in [("module", secrets), ("library", neighbour)]
    for at in range(THREADS)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not failed, failed
report = secrets.verify()
assert report.sequence - before == sum(acknowledged) == 2 * 2 * THREADS * ROUNDS, (report, before)
assert secrets.get_value("shared") == neighbour.get_value("shared")
for name in ("module", "library"):
    for at in range(THREADS):
        last = f"{at}-{ROUNDS - 1}"
        assert secrets.get_value(f"org/{name}/k{at}") == neighbour.get_value(f"org/{name}/k{at}") == last
# What one wrote, the other sees at once.
secrets.set("shared", "by the module")
assert neighbour.get_value("shared") == "by the module"
neighbour.set("shared", "by the library")
assert secrets.get_value("shared") == "by the library"
""",
        tmp_path,
        library,
    )


def test_a_fork_with_both_copies_open(alone: Alone, tmp_path: Path, library: Path) -> None:
    alone(
        NEIGHBOUR
        + """
secrets = open_store(sys.argv[1], deadline="2m", cache="off")
neighbour = Neighbour(sys.argv[1])
for round in range(10):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            secrets.set(f"org/module/k{round}", "value")
            neighbour.set(f"org/library/k{round}", "value")
            code = 0
        finally:
            os._exit(code)
    secrets.set(f"org/module/p{round}", "value")
    neighbour.set(f"org/library/p{round}", "value")
    assert os.waitpid(child, 0)[1] == 0
    for name in ("module", "library"):
        for key in (f"org/{name}/k{round}", f"org/{name}/p{round}"):
            assert secrets.get_value(key) == neighbour.get_value(key) == "value"
secrets.verify()
""",
        tmp_path,
        library,
    )
