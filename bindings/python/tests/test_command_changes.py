"""``python -m strongroom``: references, what is brought back, changes as they happen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import has_backend
from test_command import COMMAND, Run, exit_code, run

import strongroom

__all__ = ["run"]

#: For what hangs, in seconds. Nothing is measured by it.
LONG = 60


def test_a_reference_leads_to_exact_bytes(run: Run, tmp_path: Path) -> None:
    run("set", "org/acme/db", given=b'{"password":"s3cret"}')
    assert run("resolve", "secret://org/acme/db#/password").stdout == b"s3cret"
    assert run("resolve", "secret://org/acme/db").stdout == b'{"password":"s3cret"}'
    run("resolve", "secret://org/acme/db#/password", "--out", str(tmp_path / "value"))
    assert (tmp_path / "value").read_bytes() == b"s3cret"
    run("resolve", "secret://org/acme/db", "--out", str(tmp_path / "store"), exits=exit_code("invalid_argument"))
    assert b"leads to nothing" in run("resolve", "secret://none", exits=exit_code("not_found")).stderr
    run("resolve", "no reference", exits=exit_code("invalid_argument"))
    run("resolve", "env:HOME", exits=exit_code("policy_denied"))
    run("resolve", "env:NONE", "--secrets-set", "references=env", exits=exit_code("not_found"))


def test_ways_of_removal(run: Run) -> None:
    run("set", "a", given=b"v")
    run("delete", "a", "--soft", exits=exit_code("unsupported"))
    run("delete", "a", "--version", "1", exits=exit_code("unsupported"))
    run("restore", "a", exits=exit_code("unsupported"))
    assert run("get", "a", "--fresh").stdout == b"v"
    assert run("delete", "a", "--force").stderr == b"deleted global/a\n"
    for words in (("--soft", "--force"), ("--soft", "--version", "1"), ("--force", "--version", "1")):
        assert b"usage" in run("delete", "a", *words, exits=2).stderr


def test_offline(run: Run) -> None:
    run("set", "a", given=b"v")
    # A local store is on no other machine.
    assert run("get", "a", "--offline").stdout == b"v"
    assert b"--offline" in run("--offline", "get", "a", "--fresh", exits=2).stderr
    if has_backend("fault"):
        remote = ("--secrets-backend", "fault", "--secrets-set", "fault.remote=on")
        ended = run("--offline", "get", "a", store=remote, exits=exit_code("unavailable"))
        assert b"offline" in ended.stderr


def test_settings_before_the_verb_and_behind_it_are_joined(run: Run, tmp_path: Path) -> None:
    (tmp_path / "value").write_bytes(b"of a file")
    (tmp_path / "value").chmod(0o600)
    # The fixture states the store before the verb.
    run("set", "a", "--secrets-set", "max_value=64", given=b"v")
    run("set", "a", "--secrets-set", "max_value=64", given=b"v" * 65, exits=exit_code("too_large"))
    assert (tmp_path / "store").exists()
    ended = run(
        "resolve", f"file:{tmp_path / 'value'}", "--secrets-set", "references=env", "--secrets-set", "references=file"
    )
    assert ended.stdout == b"of a file"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], strongroom.SecretManager]]:
    """The command that watches a store, one JSON object a line, and a manager over the same store."""
    settings = {"encrypted.path": str(tmp_path / "store")}
    with strongroom.open("encrypted", settings=settings) as secrets:
        words = ["--secrets-backend", "encrypted", "--secrets-set", f"encrypted.path={tmp_path / 'store'}"]
        words += ["watch", "--every", "100ms", "-o", "json"]
        process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            yield process, secrets
        finally:
            process.kill()
            process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is a signal of POSIX here")
def test_changes_are_told_as_they_happen(watched: tuple[subprocess.Popen[bytes], strongroom.SecretManager]) -> None:
    process, secrets = watched
    assert process.stdout is not None
    told: list[bytes] = []
    # Nobody knows when it has begun: it is written to until it tells.
    os.set_blocking(process.stdout.fileno(), False)
    for at in range(LONG * 20):
        secrets.set("org/acme/token", f"canary-{at}")
        line = process.stdout.readline()
        if line:
            told.append(line)
            break
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
    assert json.loads(told[0])["kind"] in ("set", "unknown") and b"canary" not in told[0]
    process.send_signal(signal.SIGINT)
    os.set_blocking(process.stdout.fileno(), True)
    assert process.wait(LONG) == 130
    assert process.stderr is not None and process.stderr.read() == b""


def test_what_is_no_way_to_watch(run: Run) -> None:
    run("set", "a", given=b"v")
    for words in (("--every", "soon"), ("--every", "0s"), ("--every", "25h"), ("--count", "0"), ("--count", "x")):
        assert b"usage" in run("watch", *words, exits=2).stderr
    run("watch", "a/b", exits=exit_code("invalid_key"))
    run("watch", "--scope", "nonsense", exits=exit_code("invalid_key"))
