"""Records of ``logging``: what happened, where it is heard, and never a value."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import strongroom
from strongroom import aio

OpenFault = Callable[..., strongroom.SecretManager]


class Heard(logging.Handler):
    """Keeps records, and tells when one of a certain kind has come."""

    def __init__(self, wanted: Callable[[logging.LogRecord], bool]) -> None:
        super().__init__(level=0)
        self.wanted = wanted
        self.came = threading.Event()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        if self.wanted(record):
            self.came.set()


def lines(caplog: pytest.LogCaptureFixture, name: str = "strongroom") -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == name]


def test_an_opening_tells_the_backend_and_who_chose_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "strongroom"):
        strongroom.open("memory", app="example", environment=False).close()
    told = [record for record in caplog.records if record.name == "strongroom"]
    assert [record.levelno for record in told] == [logging.INFO]
    assert told[0].getMessage() == "chosen app=example backend=memory chosen_by=the program"


def test_a_place_that_does_not_last_is_warned_of(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    strongroom.open("memory", environment=False).close()
    told = [record for record in caplog.records if record.name == "strongroom.nature"]
    assert [record.levelno for record in told] == [logging.WARNING]
    assert "do not outlive a restart" in told[0].getMessage()
    caplog.clear()
    settings = {"encrypted.path": tmp_path / "lasting"}
    strongroom.open("encrypted", settings=settings, environment=False).close()
    assert lines(caplog, "strongroom.nature") == []


def test_each_call_is_told_without_its_value(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(1, "strongroom"), strongroom.open("memory", environment=False) as secrets:
        secrets.set("org/acme/api_key", "sk-hidden-value", labels={"team": "hidden-label"}, request_id="r-17")
        assert secrets.get("org/acme/api_key") is not None
        secrets.update_value("org/acme/api_key", b"hidden-bytes")
        secrets.get_many(["org/acme/api_key", "other"])
        with pytest.raises(strongroom.NotFound):
            secrets.delete("no/such/key".replace("no/such/", "org/acme/"))
    told = lines(caplog)
    wrote = next(line for line in told if line.startswith("operation=set "))
    assert "key=org/acme/api_key" in wrote
    assert "request_id=r-17" in wrote
    assert "outcome=ok" in wrote
    assert any("operation=delete" in line and "outcome=not_found" in line for line in told)
    assert "hidden" not in caplog.text
    assert not any("hidden" in str(vars(record)) for record in caplog.records)


def test_the_level_of_the_logger_is_respected(caplog: pytest.LogCaptureFixture) -> None:
    for level, is_told in ((logging.DEBUG, True), (logging.INFO, False), (logging.DEBUG, True)):
        caplog.clear()
        with caplog.at_level(level, "strongroom"), strongroom.open("memory", environment=False) as secrets:
            secrets.set("a", "b")
        assert any(line.startswith("operation=set") for line in lines(caplog)) is is_told
    caplog.clear()
    with caplog.at_level(logging.ERROR, "strongroom.nature"):
        strongroom.open("memory", environment=False).close()
    assert lines(caplog, "strongroom.nature") == []
    logging.disable(logging.CRITICAL)
    try:
        caplog.clear()
        strongroom.open("memory", environment=False).close()
    finally:
        logging.disable(logging.NOTSET)
    assert caplog.records == []


def test_a_record_says_when_it_happened_and_where_it_waited(caplog: pytest.LogCaptureFixture) -> None:
    before = time.time()
    with caplog.at_level(logging.INFO, "strongroom"):
        strongroom.open("memory", environment=False).close()
    record = caplog.records[0]
    assert before - 0.001 <= record.created <= time.time()
    assert record.args == ()
    assert record.threadName == threading.current_thread().name


def test_a_name_that_looks_like_a_format_or_a_line_stays_a_name(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "strongroom"), strongroom.open("memory", environment=False) as secrets:
        secrets.get("a", request_id="%s %d\nroot: forged {0}")
    assert any(r"request_id=%s %d\nroot: forged {0}" in line for line in lines(caplog))


def test_records_of_threads_come_from_their_threads(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "strongroom"), strongroom.open("memory", environment=False) as secrets:
        with ThreadPoolExecutor(8, thread_name_prefix="writer") as pool:
            for number in range(200):
                pool.submit(secrets.set, f"key_{number}", "value")
        told = [record for record in caplog.records if record.getMessage().startswith("operation=set")]
    assert len(told) == 200
    assert len({record.getMessage().split("key=")[1].split()[0] for record in told}) == 200
    assert all(str(record.threadName).startswith("writer") for record in told)


def test_records_of_awaited_calls(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with aio.open("memory", environment=False) as secrets:
            await asyncio.gather(*(secrets.set(f"key_{number}", "value") for number in range(50)))

    with caplog.at_level(logging.DEBUG, "strongroom"):
        asyncio.run(run())
    told = lines(caplog)
    assert told[0].startswith("chosen ")
    assert sum(line.startswith("operation=set") for line in told) == 50


def test_what_happens_while_nobody_waits_is_told_soon(open_fault: OpenFault) -> None:
    heard = Heard(lambda record: "outcome=left" in record.getMessage())
    logger = logging.getLogger("strongroom")
    logger.addHandler(heard)
    logger.setLevel(logging.DEBUG)
    try:
        secrets = open_fault("get:hang").to_async()

        async def run() -> None:
            waiting = asyncio.ensure_future(secrets.get("a"))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

        asyncio.run(run())
        assert heard.came.wait(30)
    finally:
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(heard)


def test_a_handler_may_use_the_library(caplog: pytest.LogCaptureFixture) -> None:
    with strongroom.open("memory", environment=False) as tokens:
        tokens.set("token", "t0p")

        class Sender(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                # A miss asks the backend, which is an event too.
                tokens.get("absent")
                sent.append(tokens.get_value("token"))

        sent: list[Any] = []
        sender = Sender()
        logger = logging.getLogger("strongroom")
        logger.addHandler(sender)
        try:
            with caplog.at_level(logging.DEBUG, "strongroom"):
                tokens.get("other")
        finally:
            logger.removeHandler(sender)
    assert sent == ["t0p"]


def test_a_handler_that_fails_does_not_fail_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)

    class Broken(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            raise RuntimeError("the filter is broken")

    broken = Broken()
    logger = logging.getLogger("strongroom.nature")
    logger.addFilter(broken)
    try:
        with strongroom.open("memory", environment=False) as secrets:
            assert secrets.set("a", "b").created
    finally:
        logger.removeFilter(broken)
    assert [str(one.exc_value) for one in told] == ["the filter is broken"]


@pytest.mark.parametrize("ends", [KeyboardInterrupt, SystemExit])
def test_what_ends_a_program_ends_it_while_a_record_is_given_out_too(ends: type[BaseException]) -> None:
    class Ending(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            # As the handler of a signal does that comes just now.
            raise ends

    ending = Ending()
    logger = logging.getLogger("strongroom.nature")

    async def run() -> None:
        await aio.open("memory", environment=False)

    logger.addHandler(ending)
    try:
        with pytest.raises(ends):
            strongroom.open("memory", environment=False)
        with pytest.raises(ends):
            asyncio.run(run())
    finally:
        logger.removeHandler(ending)
    with strongroom.open("memory", environment=False) as secrets:
        assert secrets.set("a", "b").created


def test_more_than_can_wait_is_counted(open_fault: OpenFault) -> None:
    class Slow(Heard):
        def emit(self, record: logging.LogRecord) -> None:
            super().emit(record)
            gate.wait(30)

    gate = threading.Event()
    heard = Slow(lambda record: "were not told" in record.getMessage())
    logger = logging.getLogger("strongroom")
    secrets = open_fault("get:hang").to_async()

    async def run() -> None:
        waiting = [asyncio.ensure_future(secrets.get("a")) for _ in range(1500)]
        await asyncio.sleep(0)
        logger.addHandler(heard)
        for one in waiting:
            one.cancel()
        await asyncio.wait(waiting)

    logger.setLevel(logging.DEBUG)
    try:
        asyncio.run(run())
        gate.set()
        assert heard.came.wait(30)
    finally:
        gate.set()
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(heard)
    told = [record.getMessage() for record in heard.records]
    counted = next(int(line.split()[0]) for line in told if "were not told" in line)
    assert counted > 0
    assert sum("outcome=left" in line for line in told) + counted == 1500


def test_a_slow_handler_holds_up_nobody_who_awaits(open_fault: OpenFault, tmp_path: Path) -> None:
    class Slow(Heard):
        def emit(self, record: logging.LogRecord) -> None:
            super().emit(record)
            gate.wait(60)

    gate = threading.Event()
    heard = Slow(lambda record: "outcome=left" in record.getMessage())
    logger = logging.getLogger("strongroom")
    secrets = open_fault("get:hang").to_async()

    async def run() -> None:
        waiting = asyncio.ensure_future(secrets.get("a"))
        await asyncio.sleep(0)
        logger.addHandler(heard)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert await asyncio.to_thread(heard.came.wait, 30)
        logger.setLevel(logging.CRITICAL)
        settings = {"encrypted.path": tmp_path / "store"}
        async with aio.open("encrypted", settings=settings, environment=False) as store:
            await store.set("a", "b")

    logger.setLevel(logging.DEBUG)
    try:
        asyncio.run(asyncio.wait_for(run(), 30))
        assert not gate.is_set()
    finally:
        gate.set()
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(heard)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_tells_its_own() -> None:
    with strongroom.open("memory", environment=False) as secrets:
        secrets.set("a", "b")
        ours, its = os.pipe()
        child = os.fork()
        if child == 0:
            heard = Heard(lambda record: True)
            logger = logging.getLogger("strongroom")
            logger.addHandler(heard)
            logger.setLevel(logging.DEBUG)
            secrets.get("other")
            os.write(its, "\n".join(record.getMessage() for record in heard.records).encode())
            os._exit(0)
        os.close(its)
        with os.fdopen(ours) as pipe:
            told = pipe.read()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert told.startswith("operation=get ")


def script(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False)


def test_a_program_that_does_not_listen_is_told_nothing() -> None:
    without = script(
        "import sys, strongroom\n"
        "with strongroom.open('memory', environment=False) as secrets:\n"
        "    secrets.set('a', 'b'); secrets.get('a')\n"
        "assert 'logging' not in sys.modules\n"
    )
    assert (without.returncode, without.stderr) == (0, "")
    for before, after in (("import logging, strongroom", ""), ("import strongroom", "import logging")):
        unheard = script(f"{before}\nstrongroom.open('memory').close()\n{after}\nstrongroom.open('memory').close()\n")
        assert (unheard.returncode, unheard.stderr) == (0, "")


def test_a_program_that_begins_to_listen_late_is_told_from_then_on() -> None:
    late = script(
        "import strongroom\n"
        "strongroom.open('memory', environment=False).close()\n"
        "import logging\n"
        "logging.basicConfig(format='%(levelname)s %(name)s')\n"
        "strongroom.open('memory', environment=False).close()\n"
    )
    assert (late.returncode, late.stderr.splitlines()) == (0, ["WARNING strongroom.nature"])


def test_a_program_that_ends_while_records_are_told_ends_well() -> None:
    for _ in range(5):
        ended = script(
            "import asyncio, logging\n"
            "logging.basicConfig(level=1)\n"
            "from strongroom import aio\n"
            "async def main():\n"
            "    secrets = await aio.open('memory')\n"
            "    await asyncio.gather(*(secrets.set(f'k{n}', 'v') for n in range(20)))\n"
            "asyncio.run(main())\n"
        )
        assert ended.returncode == 0, ended.stderr[-2000:]
        assert "Fatal" not in ended.stderr
