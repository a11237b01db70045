"""``python -m strongroom`` with a person at the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import strongroom

COMMAND = (sys.executable, "-m", "strongroom")


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo-terminals here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
class TestAtATerminal:
    @pytest.fixture
    def secrets(self, tmp_path: Path) -> Iterator[strongroom.SecretManager]:
        with strongroom.open("encrypted", settings={"encrypted.path": tmp_path / "store"}) as secrets:
            yield secrets

    def start(self, tmp_path: Path, *words: str) -> tuple[int, int]:
        import pty

        store = ("--secrets-backend", "encrypted", "--secrets-set", f"encrypted.path={tmp_path / 'store'}")
        child, terminal = pty.fork()
        if child == 0:
            os.execv(sys.executable, [*COMMAND, *store, *words])
        return child, terminal

    def read_until(self, terminal: int, end: bytes) -> bytes:
        read = b""
        while not read.endswith(end):
            try:
                part = os.read(terminal, 1024)
            except OSError:
                part = b""
            assert part, read
            read += part
        return read

    def end(self, child: int, terminal: int) -> int:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(terminal)
        return code

    def test_a_value_is_asked_for_and_not_shown(self, secrets: strongroom.SecretManager, tmp_path: Path) -> None:
        child, terminal = self.start(tmp_path, "set", "key")
        self.read_until(terminal, b"Value of global/key: ")
        os.write(terminal, b"typed\n")
        shown = self.read_until(terminal, b"created global/key (version 1)\r\n")
        assert b"typed" not in shown
        assert self.end(child, terminal) == 0
        assert secrets.get_value("key") == "typed"

    def test_get_ends_the_line(self, secrets: strongroom.SecretManager, tmp_path: Path) -> None:
        secrets.set("key", "value")
        child, terminal = self.start(tmp_path, "get", "key")
        assert self.read_until(terminal, b"\r\n") == b"value\r\n"
        assert self.end(child, terminal) == 0

    @pytest.mark.parametrize(("answer", "code", "left"), [(b"y\n", 0, 0), (b"\n", 34, 2)])
    def test_several_are_removed_after_a_yes(
        self, secrets: strongroom.SecretManager, tmp_path: Path, answer: bytes, code: int, left: int
    ) -> None:
        for key in ("a", "b"):
            secrets.set(key, "v")
        child, terminal = self.start(tmp_path, "delete", "a", "b")
        self.read_until(terminal, b"Remove 2 secrets with their history? [y/N] ")
        os.write(terminal, answer)
        self.read_until(terminal, b"deleted global/b\r\n" if code == 0 else b"give `--yes`\r\n")
        assert self.end(child, terminal) == code
        assert len(secrets.list().entries) == left

    @pytest.mark.parametrize("typed", [b"\x04", b"\xff\xfetyped\n"])
    def test_what_is_no_value_is_refused(self, tmp_path: Path, typed: bytes) -> None:
        child, terminal = self.start(tmp_path, "set", "key")
        self.read_until(terminal, b"Value of global/key: ")
        os.write(terminal, typed)
        shown = self.read_until(terminal, b"`--from-file`\r\n")
        assert b"cannot ask at the terminal: " in shown
        assert b"Traceback" not in shown
        assert self.end(child, terminal) == 52

    def test_ctrl_c_ends_with_130(self, tmp_path: Path) -> None:
        child, terminal = self.start(tmp_path, "set", "key")
        self.read_until(terminal, b"Value of global/key: ")
        os.write(terminal, b"\x03")
        assert self.end(child, terminal) == 130
