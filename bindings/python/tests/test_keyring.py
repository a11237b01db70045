"""The backend of ``keyring``: keyring's own suite over two stores, and what that suite does not ask."""

from __future__ import annotations

import doctest
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

import pytest

keyring = pytest.importorskip("keyring", reason="the package keyring is not installed")

from keyring import errors  # noqa: E402
from keyring.testing.backend import BackendBasicTests  # noqa: E402

import strongroom  # noqa: E402
from strongroom.keyring import Keyring  # noqa: E402

VECTORS = Path(__file__).parents[3] / "tests" / "vectors" / "keys.json"

# Keyring's own suite sets passwords of empty user names, of which keyring warns.
pytestmark = pytest.mark.filterwarnings("ignore:Empty usernames:DeprecationWarning")


def ring(word: str, folder: Path, **properties: Any) -> Keyring:
    settings = {"encrypted.path": folder / "ring.strongroom"} if word == "encrypted" else {"file.path": folder / "ring"}
    return cast(Keyring, Keyring().with_properties(backend=word, settings=settings, **properties))


class TestEncrypted(BackendBasicTests):
    def init_keyring(self) -> Keyring:
        return ring("encrypted", Path(os.environ["HOME"]))


class TestFile(BackendBasicTests):
    def init_keyring(self) -> Keyring:
        return ring("file", Path(os.environ["HOME"]))


@pytest.fixture(params=["encrypted", "file"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Keyring:
    return ring(request.param, tmp_path)


def test_keys_are_those_of_the_vectors(tmp_path: Path) -> None:
    vectors = json.loads(VECTORS.read_text())["keyring"]
    assert len(vectors) > 5
    of = ring("encrypted", tmp_path)
    for vector in vectors:
        of.set_password(vector["service"], vector["account"], "pa55")
    with strongroom.open("encrypted", settings={"encrypted.path": tmp_path / "ring.strongroom"}) as secrets:
        assert sorted(secrets) == sorted(vector["key"] for vector in vectors)


@pytest.mark.parametrize("name", ["", "ü" * 150, "日本", "a/b@c=d", ".", "..", "  ", "\n"])
def test_any_name_and_any_password_work(stored: Keyring, name: str) -> None:
    for password in ("pa55", "", "ü" * 150):
        stored.set_password(name, name, password)
        assert stored.get_password(name, name) == password
        credential = stored.get_credential(name, None)
        assert credential is not None
        assert (credential.username, credential.password) == (name, password)
    stored.delete_password(name, name)
    assert stored.get_password(name, name) is None
    assert stored.get_credential(name, None) is None


def test_the_example_runs() -> None:
    import strongroom.keyring

    # Not the module's own names: what it imports from the future would hold for the example.
    example = doctest.DocTestParser().get_doctest(strongroom.keyring.__doc__ or "", {}, "keyring", None, 0)
    assert len(example.examples) > 4
    assert doctest.DocTestRunner().run(example).failed == 0


def test_what_is_missing_cannot_be_deleted(stored: Keyring) -> None:
    with pytest.raises(errors.PasswordDeleteError) as raised:
        stored.delete_password("service", "nobody")
    assert isinstance(raised.value.__cause__, strongroom.NotFound)


def test_without_a_user_name_the_first_account_is_taken(stored: Keyring) -> None:
    assert stored.get_credential("service", None) is None
    for account in ("zoe", "ann"):
        stored.set_password("service", account, f"password of {account}")
    stored.set_password("service2", "aaa", "other")
    found = stored.get_credential("service", None)
    named = stored.get_credential("service", "zoe")
    assert found is not None and named is not None
    assert (found.username, found.password) == ("ann", "password of ann")
    assert (named.username, named.password) == ("zoe", "password of zoe")
    assert stored.get_credential("service", "nobody") is None


def test_an_account_that_cannot_be_read_is_passed_over_where_another_one_can(tmp_path: Path) -> None:
    of = ring("encrypted", tmp_path)
    with strongroom.open("encrypted", settings={"encrypted.path": tmp_path / "ring.strongroom"}) as other:
        other.set("app/service/adam", "expired", expires_at=datetime(2001, 1, 1, tzinfo=timezone.utc))
        with pytest.raises(errors.KeyringError) as raised:
            of.get_credential("service", None)
        assert isinstance(raised.value.__cause__, strongroom.Expired)
        other.set("app/service/bob", b"hidden\xff")
        other.set("app/only/bob", b"hidden\xff")
    with pytest.raises(errors.KeyringError) as raised:
        of.get_credential("only", None)
    assert isinstance(raised.value.__cause__, strongroom.InvalidValue)
    assert "hidden" not in str(raised.value)
    of.set_password("service", "zoe", "pa55")
    found = of.get_credential("service", None)
    assert found is not None
    assert (found.username, found.password) == ("zoe", "pa55")


def test_names_that_are_no_text_are_keyrings_own_error(stored: Keyring) -> None:
    nobody = cast(str, None)
    for call, kind in (
        (lambda: stored.get_password("service", nobody), errors.KeyringError),
        (lambda: stored.set_password("service", nobody, "hidden-password"), errors.PasswordSetError),
        (lambda: stored.delete_password("service", nobody), errors.PasswordDeleteError),
        (lambda: stored.get_password(nobody, "ann"), errors.KeyringError),
        (lambda: stored.get_credential(nobody, None), errors.KeyringError),
    ):
        with pytest.raises(kind, match="has to be a str, not NoneType") as raised:
            call()
        assert type(raised.value) is kind
        assert "hidden-password" not in str(raised.value)


def test_what_is_there_besides_passwords_is_no_account(tmp_path: Path) -> None:
    of = ring("encrypted", tmp_path)
    of.set_password("service", "m", "password")
    with strongroom.open("encrypted", settings={"encrypted.path": tmp_path / "ring.strongroom"}) as other:
        other.set("app/service/a@production", "a target is no account")
        other.set("app/service/b=FF", "no text")
        found = of.get_credential("service", None)
    assert found is not None
    assert found.username == "m"


@pytest.mark.parametrize(
    ("script", "kind", "raised"),
    [
        ("*:locked", errors.KeyringLocked, strongroom.Locked),
        ("*:denied", None, strongroom.PermissionDenied),
        ("*:unavailable", None, strongroom.Unavailable),
        ("*:corrupt", None, strongroom.Integrity),
    ],
)
def test_a_failure_is_keyrings_own_with_ours_as_its_cause(
    script: str, kind: type[Exception] | None, raised: type[Exception], open_fault: Any
) -> None:
    open_fault()
    of = cast(Keyring, Keyring().with_properties(backend="fault", settings={"fault.script": script, "cache": "off"}))
    for call, own in (
        (lambda: of.get_password("service", "ann"), errors.KeyringError),
        (lambda: of.set_password("service", "ann", "hidden-password"), errors.PasswordSetError),
        (lambda: of.delete_password("service", "ann"), errors.PasswordDeleteError),
        (lambda: of.get_credential("service", None), errors.KeyringError),
        (lambda: of.get_credential("service", "ann"), errors.KeyringError),
    ):
        with pytest.raises(kind or own) as caught:
            call()
        assert isinstance(caught.value.__cause__, raised)
        assert "hidden-password" not in str(caught.value)


def test_a_store_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(errors.InitError, match="encrypted.create"):
        settings = {"encrypted.path": tmp_path / "none", "encrypted.create": "never"}
        Keyring().with_properties(backend="encrypted", settings=settings).get_password("a", "b")
    with pytest.raises(errors.InitError):
        Keyring().with_properties(backend="no such word").set_password("a", "b", "c")


def test_a_password_that_is_too_long_is_a_password_set_error(tmp_path: Path) -> None:
    with pytest.raises(errors.PasswordSetError) as raised:
        ring("file", tmp_path).set_password("service", "ann", "x" * (9 << 20))
    assert isinstance(raised.value.__cause__, strongroom.TooLarge)


def test_making_one_opens_and_reads_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRONGROOM_SECRETS_BACKEND", "no such word")
    made = Keyring()
    assert str(made).startswith("strongroom.keyring.Keyring")
    assert list(home.iterdir()) == []
    with pytest.raises(errors.InitError):
        made.get_password("a", "b")


@pytest.mark.parametrize("word", [None, "encrypted", "env", "no such word"])
def test_it_is_never_chosen_or_chained_without_its_name(word: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring import backend
    from keyring.backends import chainer, fail

    class OfTheSystem(backend.KeyringBackend):
        priority = 5.0

        def get_password(self, service: str, username: str) -> None:
            return None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

    if word is not None:
        monkeypatch.setenv("STRONGROOM_SECRETS_BACKEND", word)
    assert Keyring.viable
    assert Keyring.priority < fail.Keyring.priority
    assert not keyring.core.recommended(Keyring)
    monkeypatch.setattr(backend, "get_all_keyring", lambda: [Keyring(), OfTheSystem()])  # type: ignore[no-untyped-call]
    assert [type(ring) for ring in chainer.ChainerBackend.backends] == [OfTheSystem]
    chained: backend.KeyringBackend = chainer.ChainerBackend()  # type: ignore[no-untyped-call]
    assert chained.get_password("service", "nobody") is None


def test_set_keyring_names_it(tmp_path: Path) -> None:
    before = keyring.get_keyring()
    try:
        keyring.set_keyring(ring("file", tmp_path))
        keyring.set_password("service", "ann", "pa55")
        assert keyring.get_password("service", "ann") == "pa55"
    finally:
        keyring.set_keyring(before)


def test_properties_come_from_the_environment_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "settings.toml"
    document.write_text(f'[secrets]\nbackend = "file"\nfile.path = "{tmp_path / "named"}"\n')
    document.chmod(0o600)
    monkeypatch.setenv("KEYRING_PROPERTY_APP", "example")
    monkeypatch.setenv("KEYRING_PROPERTY_CONFIG_FILE", str(document))
    of = Keyring()
    of.set_password("service", "ann", "pa55")
    assert (tmp_path / "named").is_file()
    assert of.app == "example"


def test_a_copy_with_other_properties_is_another_store(tmp_path: Path) -> None:
    of = ring("file", tmp_path)
    of.set_password("service", "ann", "pa55")
    other = of.with_properties(settings={"file.path": tmp_path / "other"})
    assert other.get_password("service", "ann") is None
    assert of.with_properties(scheme="any").get_password("service", "ann") == "pa55"


def test_threads_open_one_store_and_lose_nothing(tmp_path: Path) -> None:
    of = ring("encrypted", tmp_path)
    at_once = threading.Barrier(16)

    def write(number: int) -> None:
        at_once.wait()
        of.set_password("service", f"account {number}", f"password {number}")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(16)))
    assert [of.get_password("service", f"account {number}") for number in range(16)] == [
        f"password {number}" for number in range(16)
    ]


def test_a_handler_of_logging_may_want_a_password_while_the_store_is_opened() -> None:
    program = """
import logging
from strongroom.keyring import Keyring

ring = Keyring().with_properties(backend="memory")
asked = []

class Mailing(logging.Handler):
    def emit(self, record):
        asked.append(ring.get_password("smtp", "me"))

logging.getLogger("strongroom").addHandler(Mailing())
ring.set_password("service", "ann", "pa55")
assert ring.get_password("service", "ann") == "pa55"
assert asked and set(asked) == {None}, asked
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_an_instance_waits_for_no_other_that_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opens, proceed = threading.Event(), threading.Event()

    def open_slowly(word: str, **options: Any) -> strongroom.SecretManager:
        if options["app"] == "slow":
            opens.set()
            assert proceed.wait(60)
        return strongroom.open(word, **options)

    monkeypatch.setattr("strongroom.keyring._open", open_slowly)
    slow = Keyring().with_properties(backend="memory", app="slow")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(slow.get_password, "service", "ann")
        try:
            assert opens.wait(60)
            other = Keyring().with_properties(backend="memory")
            assert pool.submit(other.get_password, "service", "ann").result(60) is None
            assert not first.done()
        finally:
            proceed.set()
        assert first.result(60) is None


def test_of_two_threads_that_open_one_store_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[strongroom.SecretManager] = []
    both = threading.Barrier(2)

    def open_together(word: str, **options: Any) -> strongroom.SecretManager:
        manager = strongroom.open(word, **options)
        opened.append(manager)
        both.wait(60)
        return manager

    monkeypatch.setattr("strongroom.keyring._open", open_together)
    of = Keyring().with_properties(backend="memory")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda account: of.set_password("service", account, "pa55"), ("ann", "bob")))
    assert (of.get_password("service", "ann"), of.get_password("service", "bob")) == ("pa55", "pa55")
    assert len(opened) == 2
    closed = 0
    for manager in opened:
        try:
            manager.get_value("token")
        except strongroom.Closed:
            closed += 1
    assert closed == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_reads_and_writes(tmp_path: Path) -> None:
    of = ring("encrypted", tmp_path)
    of.set_password("service", "ann", "pa55")
    child = os.fork()
    if child == 0:
        found = of.get_password("service", "ann")
        of.set_password("service", "child", "of the child")
        os._exit(0 if found == "pa55" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert of.get_password("service", "child") == "of the child"


def command(*words: str, given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "strongroom.keyring.Keyring", **variables}
    return subprocess.run(
        [sys.executable, "-m", "keyring", *words],
        input=given,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_keyrings_own_command_works_with_it(tmp_path: Path) -> None:
    place = {"STRONGROOM_SECRETS_BACKEND": "file", "STRONGROOM_SECRETS_FILE_PATH": str(tmp_path / "ring")}
    assert command("set", "service", "ann", given="pa55\n", **place).returncode == 0
    assert command("get", "service", "ann", **place).stdout == "pa55\n"
    assert command("get", "service", "bob", **place).returncode == 1
    assert command("del", "service", "ann", **place).returncode == 0
    assert command("del", "service", "ann", **place).returncode == 1


def test_keyringrc_names_it(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.util import platform_

    rc = Path(platform_.config_root()) / "keyringrc.cfg"
    assert home in rc.parents
    rc.parent.mkdir(parents=True)
    rc.write_text("[backend]\ndefault-keyring=strongroom.keyring.Keyring\n")
    assert isinstance(keyring.core.load_config(), Keyring)
