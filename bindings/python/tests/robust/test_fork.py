"""Children: those that inherit open managers, and those that open their own."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

import strongroom

if TYPE_CHECKING:
    from pathlib import Path

    from robust.conftest import Alone

#: A child's way, which ends it at once and tells how it went.
FORK = """
def forked(run):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            run()
            code = 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return child

def joined(child):
    assert os.waitpid(child, 0)[1] == 0
"""

#: A module of its own, because children that are not forked import what they run.
WORKERS = """
import asyncio
import os
import strongroom

SECRETS = None

def open_store(folder):
    path = os.path.join(folder, "secrets.strongroom")
    settings = {"encrypted.path": path, "deadline": "2m"}
    secrets = {"encrypted.key": b"k" * 32}
    return strongroom.open("encrypted", settings=settings, secrets=secrets, environment=False)

def begin(folder):
    global SECRETS
    SECRETS = open_store(folder)

def work(at):
    SECRETS.set(f"org/child/k{at}", f"value-{at}")
    found = SECRETS.get_value(f"org/child/k{at}")
    assert asyncio.run(SECRETS.to_async().get_value(f"org/child/k{at}", cancel=None)) == found
    return found

def fail(at):
    SECRETS.delete("org/child/none")

def own(folder, at):
    with open_store(folder) as secrets:
        secrets.set(f"org/own/k{at}", f"value-{at}")
"""


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the module `workers`, from which programs import."""
    (tmp_path / "workers.py").write_text(WORKERS)
    monkeypatch.setenv("STRONGROOM_TESTS_FOLDER", str(tmp_path))
    return tmp_path


def test_parent_and_children_use_what_was_open_while_threads_call(alone: Alone, tmp_path: Path) -> None:
    alone(
        FORK
        + """
secrets = open_store(sys.argv[1], deadline="2m")
secrets.set("key", "value")
memory = strongroom.open("memory", environment=False)
memory.set("key", "value")
ends = threading.Event()

def call(at):
    while not ends.is_set():
        secrets.set(f"org/parent/k{at}", "value")
        assert secrets.get_value("key") == "value"
        assert memory.get_value("key") == "value"

async def call_and_await():
    face = secrets.to_async()
    while not ends.is_set():
        await asyncio.gather(*(face.exists(f"org/parent/k{at}") for at in range(10)))

failed = []
threading.excepthook = lambda args: failed.append(args.exc_value)
threads = [threading.Thread(target=call, args=(at,)) for at in range(3)]
threads.append(threading.Thread(target=asyncio.run, args=(call_and_await(),)))
for thread in threads:
    thread.start()

async def awaited(at):
    face = secrets.to_async()
    await face.set(f"org/child/a{at}", f"value-{at}")
    assert await face.get_value(f"org/child/a{at}") == f"value-{at}"
    assert await asyncio.gather(*(face.get_value("key") for _ in range(10))) == ["value"] * 10

def child(at):
    assert memory.get_value("key") == "value"
    memory.set("key", "the child's own")
    assert secrets.get_value("key") == "value"
    secrets.set(f"org/child/k{at}", f"value-{at}")
    assert secrets["org/child/k%d" % at].reveal() == f"value-{at}"
    asyncio.run(awaited(at))
    joined(forked(lambda: secrets.set(f"org/grandchild/k{at}", "value")))

for at in range(30):
    pid = forked(lambda: child(at))
    assert secrets.get_value("key") == "value"
    joined(pid)
ends.set()
for thread in threads:
    thread.join()
assert not failed, failed
assert memory.get_value("key") == "value"
for at in range(30):
    assert secrets.get_value(f"org/child/k{at}") == f"value-{at}", at
    assert secrets.get_value(f"org/child/a{at}") == f"value-{at}", at
    assert secrets.exists(f"org/grandchild/k{at}"), at
secrets.verify()
""",
        tmp_path,
    )


def test_a_fork_beside_hanging_calls(alone: Alone) -> None:
    alone(
        FORK
        + """
secrets = open_fault("get*1:hang;get*1:hang;get*1:hang;get*1:hang")
secrets.set("key", "value")
threads = [threading.Thread(target=secrets.get, args=("key",)) for _ in range(2)]
face = secrets.to_async()
threads += [threading.Thread(target=asyncio.run, args=(face.get("key"),)) for _ in range(2)]
for thread in threads:
    thread.start()
waiting(4)

def child():
    assert _native.testing_fault_counters()["waiting"] == 0
    assert secrets.get_value("key") == "value"
    assert asyncio.run(face.get_value("key")) == "value"
    secrets.close()

for _ in range(10):
    joined(forked(child))
_native.testing_fault_wake()
for thread in threads:
    thread.join()
"""
    )


def test_a_fork_within_a_loop_whose_calls_are_pending(alone: Alone) -> None:
    alone(
        FORK
        + """
face = open_fault("get*5:hang").to_async()

async def main():
    await face.set("key", "value")
    tasks = [asyncio.create_task(face.get_value("key")) for _ in range(5)]
    await asyncio.to_thread(waiting, 5)

    def child():
        # A loop of its own; the inherited tasks are the parent's.
        asyncio.events._set_running_loop(None)
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(face.get_value("key")) == "value"
        for task in tasks:
            task.cancel()

    joined(forked(child))
    _native.testing_fault_wake()
    assert await asyncio.gather(*tasks) == ["value"] * 5

asyncio.run(main())
"""
    )


def test_a_server_that_opens_before_it_forks(alone: Alone, tmp_path: Path) -> None:
    alone(
        FORK
        + """
secrets = open_store(sys.argv[1], deadline="2m")
secrets.set("key", "value")
face = secrets.to_async()

def serve(worker):
    def run():
        for at in range(20):
            assert secrets.get_value("key") == "value"
            secrets.set(f"org/w{worker}/k{at}", "value")
        asyncio.run(face.set(f"org/w{worker}/last", "value"))
        secrets.close()
    return run

children = [forked(serve(worker)) for worker in range(6)]
for child in children:
    joined(child)
for worker in range(6):
    for at in [*(f"k{at}" for at in range(20)), "last"]:
        assert secrets.exists(f"org/w{worker}/{at}"), (worker, at)
secrets.close()
""",
        tmp_path,
    )


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_multiprocessing(alone: Alone, workers: Path, method: str) -> None:
    alone(
        """
sys.path.insert(0, os.environ["STRONGROOM_TESTS_FOLDER"])
import multiprocessing, workers

if __name__ == "__main__":
    folder = os.environ["STRONGROOM_TESTS_FOLDER"]
    multiprocessing.set_start_method(sys.argv[1])
    secrets = workers.open_store(folder)
    secrets.set("key", "value")
    processes = [multiprocessing.Process(target=workers.own, args=(folder, at)) for at in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0, process.exitcode
    assert [secrets.get_value(f"org/own/k{at}") for at in range(4)] == [f"value-{at}" for at in range(4)]
""",
        method,
    )


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_pool_of_processes(alone: Alone, workers: Path, method: str) -> None:
    alone(
        """
sys.path.insert(0, os.environ["STRONGROOM_TESTS_FOLDER"])
import multiprocessing, workers
from concurrent.futures import ProcessPoolExecutor

if __name__ == "__main__":
    folder = os.environ["STRONGROOM_TESTS_FOLDER"]
    secrets = workers.open_store(folder)
    secrets.set("key", "value")
    context = multiprocessing.get_context(sys.argv[1])
    with ProcessPoolExecutor(3, mp_context=context, initializer=workers.begin, initargs=(folder,)) as pool:
        assert list(pool.map(workers.work, range(12))) == [f"value-{at}" for at in range(12)]
        # An error comes through whole.
        error = pool.submit(workers.fail, 0).exception()
        assert type(error) is strongroom.NotFound and error.key == "org/child/none", repr(error)
        assert error.backend == "encrypted" and error.operation == "delete"
        try:
            pool.submit(print, secrets).result()
        except TypeError as refused:
            assert "SecretManager" in str(refused) and "pickle" in str(refused), refused
        else:
            raise SystemExit("a manager was pickled")
    assert secrets.get_value("org/child/k11") == "value-11"
""",
        method,
    )


def test_a_pool_that_inherits_the_manager(alone: Alone, workers: Path) -> None:
    alone(
        """
sys.path.insert(0, os.environ["STRONGROOM_TESTS_FOLDER"])
import multiprocessing, workers
workers.begin(os.environ["STRONGROOM_TESTS_FOLDER"])
workers.SECRETS.set("key", "value")
with multiprocessing.get_context("fork").Pool(3) as pool:
    assert pool.map(workers.work, range(12)) == [f"value-{at}" for at in range(12)]
assert workers.SECRETS.get_value("org/child/k11") == "value-11"
"""
    )


def test_neither_managers_nor_secrets_travel_and_errors_do() -> None:
    with strongroom.open("memory", environment=False) as secrets:
        secrets.set("key", "value")
        for living in (secrets, secrets.to_async(), secrets.get("key"), strongroom.CancelToken()):
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
                with pytest.raises(TypeError, match="pickle"):
                    pickle.dumps(living, protocol)
        with pytest.raises(strongroom.NotFound) as raised:
            secrets.delete("org/acme/none")
    copy = pickle.loads(pickle.dumps(raised.value))
    assert type(copy) is strongroom.NotFound and str(copy) == str(raised.value) and copy.key == "org/acme/none"
