"""Opening: what it can be told, what wins, how it fails; and the life of what was opened."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import strongroom
from strongroom import aio

STORE_KEY = b"k" * 32
CANARY = "c4nary-5d1e-never-shown"

OpenStore = Callable[..., strongroom.SecretManager]

#: A lone surrogate beside what must not be shown.
CANARY_THAT_IS_NO_TEXT = "c4n4ry\ud800"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "secrets.strongroom"


@pytest.fixture
def open_store(store: Path) -> OpenStore:
    """Opens the encrypted store with a key."""

    def opened(key: Any = STORE_KEY, **settings: Any) -> strongroom.SecretManager:
        stated = {"encrypted.path": store, **settings}
        return strongroom.open("encrypted", settings=stated, secrets={"encrypted.key": key}, environment=False)

    return opened


def refused(**stated: Any) -> strongroom.InvalidConfig:
    """How an opening fails for its settings, the same through both faces."""

    async def awaited() -> None:
        await aio.open(**stated)

    with pytest.raises(strongroom.InvalidConfig) as blocking:
        strongroom.open(**stated)
    with pytest.raises(strongroom.InvalidConfig) as awaiting:
        asyncio.run(awaited())
    assert str(awaiting.value) == str(blocking.value)
    return blocking.value


# --- what it can be told


def test_backend_by_argument_and_by_setting() -> None:
    for stated in ({"backend": "memory"}, {"settings": {"backend": "memory"}}):
        with strongroom.open(environment=False, **stated) as secrets:
            assert secrets.backend.name == "memory"
            assert not secrets.is_persistent
    with pytest.raises(TypeError, match="two backends"):
        strongroom.open("memory", settings={"backend": "file"})


def test_nothing_stated_opens_a_store_in_the_home(home: Path) -> None:
    with strongroom.open() as secrets:
        secrets.set("key", "value")
        assert secrets.backend.name == "encrypted"
        assert secrets.is_persistent
    assert list(home.rglob("secrets.strongroom"))
    with strongroom.open() as secrets:
        assert secrets.get_value("key") == "value"


def test_app_names_the_defaults(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDESEAT_SECRETS_BACKEND", "memory")
    with strongroom.open(app="sideseat") as secrets:
        assert (secrets.app, secrets.backend.name) == ("sideseat", "memory")
        assert "SIDESEAT_SECRETS_BACKEND" in secrets.backend.chosen_by
    with strongroom.open("encrypted", app="sideseat"):
        assert [path.parent.name for path in home.rglob("secrets.strongroom")] == ["sideseat"]


@pytest.mark.parametrize("app", ["", "Not a name!", "a" * 65])
def test_bad_app(app: str) -> None:
    assert refused(backend="memory", app=app).setting == "app"


def test_settings_of_every_type(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir(mode=0o700)
    settings: dict[str, Any] = {"file.path": path / "secrets.json", "max_value": 64, "cache": False, "cache_ttl": "5s"}
    with strongroom.open("file", settings=settings, environment=False) as secrets:
        assert secrets.backend.max_value == 64
        secrets.set("key", "value")
        assert (path / "secrets.json").exists()
    with strongroom.open("memory", settings={"cache": True, "max_value": "64"}, environment=False) as secrets:
        assert secrets.backend.max_value == 64


@pytest.mark.parametrize("value", [None, 1.5, b"64", ["64"], object()])
def test_a_setting_of_a_wrong_type_is_named(value: Any) -> None:
    with pytest.raises(TypeError, match="'max_value' is a str, an int, a bool or a path"):
        strongroom.open("memory", settings={"max_value": value}, environment=False)


@pytest.mark.parametrize(
    "stated",
    [{"backend": 3}, {"app": 3}, {"config_file": 3}, {"config_text": {"json": 3}}, {"timeout": "soon"}],
    ids=str,
)
def test_an_argument_of_a_wrong_type(stated: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        strongroom.open(**{"backend": "memory", "environment": False, **stated})


def test_an_unknown_argument() -> None:
    with pytest.raises(TypeError, match="tiemout"):
        strongroom.open("memory", tiemout=3)  # type: ignore[call-arg]


def test_unknown_words_are_answered_with_the_nearest() -> None:
    error = refused(backend="memory", settings={"max_valu": 64}, environment=False)
    assert error.setting == "max_valu"
    assert "did you mean `max_value`?" in str(error)
    error = refused(backend="memori", environment=False)
    assert error.setting == "backend"
    assert "did you mean `memory`?" in str(error)


def test_a_setting_out_of_range_is_named() -> None:
    assert refused(backend="memory", settings={"max_value": 0}, environment=False).setting == "max_value"


def test_an_opening_has_no_scope() -> None:
    with pytest.raises(strongroom.InvalidArgument) as error:
        strongroom.open("memory", scope="org/acme")
    assert error.value.setting == "scope"


def test_an_opening_has_a_deadline_and_can_be_cancelled() -> None:
    with pytest.raises(strongroom.Timeout):
        strongroom.open("memory", timeout=0)
    token = strongroom.CancelToken()
    token.cancel()
    with pytest.raises(strongroom.Cancelled):
        strongroom.open("memory", cancel=token)


# --- secret settings


@pytest.mark.parametrize(
    "key",
    [STORE_KEY.decode(), STORE_KEY, bytearray(STORE_KEY), memoryview(STORE_KEY), lambda name: STORE_KEY.decode()],
    ids=["str", "bytes", "bytearray", "memoryview", "function"],
)
def test_a_secret_setting_in_every_form(key: Any, open_store: OpenStore) -> None:
    with open_store() as secrets:
        secrets.set("key", "value")
    with open_store(key) as secrets:
        assert secrets.get_value("key") == "value"


def test_a_function_is_asked_by_name_and_only_when_needed(open_store: OpenStore) -> None:
    asked: list[str] = []

    def provide(name: str) -> bytearray:
        asked.append(name)
        return bytearray(STORE_KEY)

    with open_store(provide):
        assert asked == ["encrypted.key"]
    with strongroom.open("memory", secrets={"encrypted.key": provide}, environment=False):
        assert asked == ["encrypted.key"]


def test_a_function_is_asked_by_an_opening_that_is_awaited(store: Path) -> None:
    async def main() -> None:
        settings = {"encrypted.path": store}
        secrets = {"encrypted.key": lambda name: STORE_KEY}
        async with aio.open("encrypted", settings=settings, secrets=secrets, environment=False) as manager:
            await manager.set("key", "value")
            assert await manager.get_value("key") == "value"

    asyncio.run(main())


@pytest.mark.parametrize("kind", sorted(strongroom.exceptions.BY_KIND))
def test_an_error_of_a_function_keeps_its_kind(kind: str, open_store: OpenStore) -> None:
    def provide(name: str) -> str:
        raise strongroom.exceptions.BY_KIND[kind](CANARY)

    check_silent(open_store, provide, kind)


@pytest.mark.parametrize("raised", [RuntimeError, OSError, KeyError, ValueError])
def test_any_other_exception_of_a_function_is_unavailable(raised: type[Exception], open_store: OpenStore) -> None:
    def provide(name: str) -> str:
        raise raised(CANARY)

    check_silent(open_store, provide, "unavailable")


def check_silent(open_store: OpenStore, provide: Callable[[str], str], kind: str) -> None:
    """Whether an opening whose function fails is an error of this kind that tells nothing of the function's own."""
    with pytest.raises(strongroom.Error) as error:
        open_store(provide)
    assert type(error.value) is strongroom.exceptions.BY_KIND[kind]
    assert error.value.setting == "encrypted.key"
    shown = [*traceback.format_exception(error.value), repr(error.value), repr(vars(error.value))]
    assert CANARY not in "".join(shown)
    assert error.value.__cause__ is None
    assert error.value.__context__ is None


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_a_function_goes_through(interrupt: type[BaseException], open_store: OpenStore) -> None:
    """As when someone presses Ctrl-C where `getpass` asks."""

    def provide(name: str) -> str:
        raise interrupt

    with pytest.raises(interrupt):
        open_store(provide)


@pytest.mark.parametrize("answer", [None, 5, [STORE_KEY]])
def test_a_function_that_gives_no_value(answer: Any, open_store: OpenStore) -> None:
    with pytest.raises(strongroom.InvalidConfig) as error:
        open_store(lambda name: answer)
    assert error.value.setting == "encrypted.key"


@pytest.mark.parametrize("key", [None, 5, [STORE_KEY]])
def test_a_secret_setting_of_a_wrong_type(key: Any, open_store: OpenStore) -> None:
    with pytest.raises(TypeError, match="a secret setting is"):
        open_store(key)


def test_secret_and_ordinary_settings_are_not_mixed_up(store: Path) -> None:
    settings = {"encrypted.path": store, "encrypted.key": CANARY}
    error = refused(backend="encrypted", settings=settings, environment=False)
    assert error.setting == "encrypted.key"
    assert CANARY not in str(error)
    error = refused(backend="memory", secrets={"max_value": CANARY}, environment=False)
    assert error.setting == "max_value"
    assert CANARY not in str(error)


# --- documents and variables


def test_config_file_as_text_path_and_list(tmp_path: Path) -> None:
    toml, other = tmp_path / "ours.toml", tmp_path / "other.json"
    toml.write_text("title = 'ours'\n[secrets]\nmax_value = 64\n")
    other.write_text(json.dumps({"secrets": {"cache_entries": 7}}))
    for stated in (str(toml), toml, [toml], (str(toml), other)):
        with strongroom.open("memory", config_file=stated, environment=False) as secrets:
            assert secrets.backend.max_value == 64


def test_config_file_that_is_not_there_or_broken(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    assert str(missing) in str(refused(backend="memory", config_file=missing))
    broken = tmp_path / "broken.json"
    broken.write_text('{"secrets": {"max_value": ' + CANARY)
    error = refused(backend="memory", config_file=broken)
    assert str(broken) in str(error)
    assert CANARY not in str(error)


def test_config_text_by_language() -> None:
    documents = {"toml": "[secrets]\nmax_value = 64\n", "json": '{"secrets": {"max_value": 64}}'}
    for language, text in documents.items():
        with strongroom.open("memory", config_text={language: text}, environment=False) as secrets:
            assert secrets.backend.max_value == 64
    with pytest.raises(strongroom.InvalidArgument) as error:
        strongroom.open("memory", config_text={"yaml": "secrets:"})
    assert error.value.setting == "config_text"


def test_what_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "ours.toml"
    document.write_text("[secrets]\nmax_value = 64\n")

    def longest(**stated: Any) -> int:
        with strongroom.open("memory", **stated) as secrets:
            return secrets.backend.max_value

    monkeypatch.setenv("STRONGROOM_SECRETS_MAX_VALUE", "65")
    assert longest(config_file=document, settings={"max_value": 66}) == 66
    assert longest(config_file=document) == 65
    assert longest(config_file=document, environment=False) == 64
    assert longest(environment=False) == 1024 * 1024


def test_the_users_own_file_counts_as_environment(home: Path) -> None:
    folder = home / ".config" / "strongroom"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[secrets]\nmax_value = 64\n")
    with strongroom.open("memory") as secrets:
        assert secrets.backend.max_value == 64
    with strongroom.open("memory", environment=False) as secrets:
        assert secrets.backend.max_value == 1024 * 1024


# --- what the backend answers at the opening


def test_wrong_key(open_store: OpenStore) -> None:
    open_store().close()
    with pytest.raises(strongroom.WrongKey) as error:
        open_store(b"x" * 32)
    assert (error.value.backend, error.value.operation) == ("encrypted", "open")


def test_what_is_no_key(open_store: OpenStore) -> None:
    with pytest.raises(strongroom.InvalidConfig) as error:
        open_store(CANARY)
    assert error.value.setting == "encrypted.key"
    assert CANARY not in str(error.value)


def test_key_missing(store: Path, open_store: OpenStore) -> None:
    open_store().close()
    with pytest.raises(strongroom.KeyMissing) as error:
        strongroom.open("encrypted", settings={"encrypted.path": store}, environment=False)
    assert error.value.setting == "encrypted.key_file"


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX")
def test_insecure_path(store: Path, open_store: OpenStore) -> None:
    open_store().close()
    store.chmod(0o666)
    with pytest.raises(PermissionError) as error:
        open_store()
    assert isinstance(error.value, strongroom.InsecurePath)
    assert str(store) in str(error.value)


def test_a_damaged_store(store: Path, open_store: OpenStore) -> None:
    open_store().close()
    store.write_bytes(b"no store at all" * 1000)
    with pytest.raises(strongroom.Integrity) as error:
        open_store()
    assert error.value.help


def test_a_value_that_was_tampered_with(store: Path, open_store: OpenStore) -> None:
    with open_store() as secrets:
        secrets.set("key", CANARY)
    with sqlite3.connect(store) as database:
        for table in ("head", "ver"):
            database.execute(f"UPDATE {table} SET box = zeroblob(length(box))")
    database.close()
    with pytest.raises(strongroom.Integrity), open_store() as secrets:
        secrets.get("key")


def test_a_newer_format(store: Path, open_store: OpenStore) -> None:
    open_store().close()
    with sqlite3.connect(store) as database:
        database.execute("PRAGMA user_version = 2")
    database.close()
    with pytest.raises(strongroom.UnsupportedFormat):
        open_store()


def test_a_newer_file(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.touch(mode=0o600)
    file.write_text('{"version": 99, "secrets": {}}')
    with pytest.raises(strongroom.UnsupportedFormat):
        strongroom.open("file", settings={"file.path": file}, environment=False)


def test_a_store_that_is_not_to_be_made(open_store: OpenStore, store: Path) -> None:
    with pytest.raises(strongroom.Unavailable):
        open_store(**{"encrypted.create": "never"})
    assert not store.exists()


# --- the life of a manager


def test_use_after_close(local: strongroom.SecretManager) -> None:
    local.set("key", "value")
    kept = local["key"]
    view = local.scoped("org/acme")
    local.close()
    local.close()
    uses: list[Callable[[], object]] = [
        lambda: local.get("key"),
        lambda: local.get_value("key"),
        lambda: local["key"],
        lambda: "key" in local,
        lambda: list(local),
        lambda: local.exists("key"),
        lambda: local.set("key", "other"),
        lambda: local.delete("key"),
        lambda: view.get("key"),
        lambda: asyncio.run(local.to_async().get("key")),
    ]
    for use in uses:
        with pytest.raises(strongroom.Closed):
            use()
    assert kept.reveal() == "value"
    assert local.backend.name in ("memory", "encrypted", "file")


def test_with_closes_after_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), strongroom.open("memory", environment=False) as secrets:
        raise ZeroDivisionError
    with pytest.raises(strongroom.Closed):
        secrets.get("key")


def test_async_with_closes_after_an_exception() -> None:
    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            async with aio.open("memory", environment=False) as secrets:
                raise ZeroDivisionError
        with pytest.raises(strongroom.Closed):
            await secrets.get("key")

    asyncio.run(main())


def test_two_managers_at_once(tmp_path: Path, open_store: OpenStore) -> None:
    """Two stores are apart, two managers of one store see each other's writes."""
    with open_store() as one, open_store() as same, strongroom.open("memory", environment=False) as other:
        one.set("key", "value")
        assert same.get_value("key") == "value"
        assert other.get("key") is None
        same.close()
        assert one.get_value("key") == "value"


@pytest.mark.parametrize(
    "stated",
    [
        {"app": CANARY_THAT_IS_NO_TEXT},
        {"backend": CANARY_THAT_IS_NO_TEXT},
        {"settings": {"cache": CANARY_THAT_IS_NO_TEXT}},
        {"settings": {CANARY_THAT_IS_NO_TEXT: "on"}},
        {"config_text": {"toml": CANARY_THAT_IS_NO_TEXT}},
    ],
    ids=lambda stated: next(iter(stated)),
)
@pytest.mark.parametrize("verb", [strongroom.open, strongroom.inspect], ids=["open", "inspect"])
def test_what_is_no_text_is_told_without_it(verb: Callable[..., Any], stated: dict[str, Any]) -> None:
    with pytest.raises(strongroom.InvalidArgument) as refused:
        verb(**stated)
    shown = "".join(traceback.format_exception(refused.value))
    assert "no valid Unicode" in shown and "c4n4ry" not in repr(refused.value.__dict__) + str(refused.value)
    assert refused.value.__cause__ is None and refused.value.__context__ is None


@pytest.mark.parametrize("name", ["settings", "secrets", "config_text"])
def test_what_is_no_mapping_is_of_a_wrong_type(name: str) -> None:
    stated: Any = {"environment": False, name: 5}
    with pytest.raises(TypeError, match=f"{name} is a mapping, not int"):
        strongroom.open("memory", **stated)


def test_memory_is_each_managers_own() -> None:
    with strongroom.open("memory") as one, strongroom.open("memory") as other:
        one.set("key", "value")
        assert other.get("key") is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_opening_in_a_forked_child(open_store: OpenStore) -> None:
    """Where the parent has a manager of the same store open and a call behind it."""
    with open_store() as secrets:
        secrets.set("parent", "value")
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with open_store() as own:
                    own.set("child", own.get_value("parent") or "")
                status = 0
            except strongroom.Error:
                traceback.print_exc()
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert secrets.get_value("child") == "value"
