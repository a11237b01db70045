"""A second interpreter in the process is refused in words, and the first one goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robust.conftest import Alone

IN_ANOTHER = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

def in_another(program, **how):
    reads, writes = os.pipe()
    another = interpreters.create(**how)
    program = "import os, sys\\nsys.path[:] = " + repr(sys.path) + "\\n" + program
    program += f"\\nos.write({writes}, told.encode())\\n"
    failed = interpreters.run_string(another, program)
    interpreters.destroy(another)
    os.close(writes)
    assert failed is None, failed
    return os.read(reads, 10000).decode()

IMPORT = '''
try:
    import strongroom
    told = "imported"
except ImportError as error:
    told = f"refused: {error}"
'''
"""


def test_an_import_in_a_second_interpreter_is_refused_and_the_first_goes_on(alone: Alone) -> None:
    ended = alone(
        IN_ANOTHER
        + """
secrets = strongroom.open("memory", environment=False)
secrets.set("key", "value")
for _ in range(3):
    print(in_another(IMPORT))
    assert secrets.get_value("key") == "value"
    assert asyncio.run(secrets.to_async().get_value("key")) == "value"
try:
    secrets.delete("none")
except strongroom.NotFound:
    print("the first goes on")
"""
    )
    told = ended.stdout.splitlines()
    assert all("refused" in line and "subinterpreters" in line for line in told[:3]), told
    assert told[3:] == ["the first goes on"]


def test_another_interpreter_does_no_harm_to_calls_of_the_first(alone: Alone) -> None:
    alone(
        IN_ANOTHER
        + """
secrets = open_fault("get*4:hang")
found = []
threads = [threading.Thread(target=lambda: found.append(secrets.get("key")), daemon=True) for _ in range(4)]
for thread in threads:
    thread.start()
waiting(4)
for _ in range(5):
    assert "refused" in in_another(IMPORT)
_native.testing_fault_wake()
for thread in threads:
    thread.join()
assert found == [None] * 4
"""
    )
