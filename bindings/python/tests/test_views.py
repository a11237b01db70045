"""Views, the mapping, and what a manager tells about itself."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from faces import BAD_KEYS, NO_STR, Verbs, verbs, verbs_over

import strongroom
from strongroom import aio

__all__ = ["verbs", "verbs_over"]


def test_the_mapping(secrets: strongroom.SecretManager) -> None:
    assert list(secrets) == [] and "token" not in secrets
    secrets["token"] = "t0p"
    secrets["org/acme/api_key"] = strongroom.Secret("sk", provider="openai")
    assert secrets["token"].reveal() == "t0p" and secrets["org/acme/api_key"].provider == "openai"
    assert "token" in secrets and "global/token" in secrets and "other" not in secrets
    assert list(secrets) == sorted(secrets) == ["global/token", "org/acme/api_key"]
    assert {key: secrets[key].reveal() for key in secrets} == {"global/token": "t0p", "org/acme/api_key": "sk"}
    del secrets["token"]
    with pytest.raises(KeyError) as raised:
        secrets["token"]
    assert isinstance(raised.value, strongroom.NotFound)
    assert (raised.value.key, raised.value.backend, raised.value.operation) == ("global/token", "memory", "get")
    with pytest.raises(KeyError):
        del secrets["token"]


@pytest.mark.parametrize("key", NO_STR, ids=lambda key: type(key).__name__)
def test_what_is_no_str_is_not_in_it(secrets: strongroom.SecretManager, key: Any) -> None:
    assert key not in secrets
    for use in (
        lambda: secrets[key],
        lambda: secrets.__setitem__(key, "v"),
        lambda: secrets.__delitem__(key),
    ):
        with pytest.raises(TypeError, match="a key is a str"):
            use()


@pytest.mark.parametrize("key", BAD_KEYS, ids=lambda key: ascii(key)[:12])
def test_a_text_that_is_no_key_is_an_error(secrets: strongroom.SecretManager, key: str) -> None:
    for use in (
        lambda: key in secrets,
        lambda: secrets[key],
        lambda: secrets.__setitem__(key, "v"),
        lambda: secrets.__delitem__(key),
    ):
        with pytest.raises(strongroom.InvalidKey):
            use()


class Paged(strongroom.SecretManager):
    """A manager whose backend gives pages."""

    def list(self, **keywords: Any) -> Any:
        return super().list(limit=2, **keywords)


class AsyncPaged(aio.SecretManager):
    """The same to await."""

    async def list(self, **keywords: Any) -> Any:
        return await super().list(limit=2, **keywords)


def test_iteration_goes_through_all_pages(secrets: strongroom.SecretManager) -> None:
    names = [f"global/n{at}" for at in range(5)]
    secrets.set_many(dict.fromkeys(names, "v"))
    assert list(Paged(secrets)) == names

    async def collected(manager: aio.SecretManager) -> list[str]:
        return [name async for name in manager]

    assert asyncio.run(collected(AsyncPaged(secrets))) == names
    assert asyncio.run(collected(secrets.to_async())) == names
    with pytest.raises(TypeError):
        iter(secrets.to_async())  # type: ignore[call-overload]


def test_iteration_skips_what_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0p")
    (tmp_path / "no key").write_text("x")
    with strongroom.open("directory", settings={"directory.path": tmp_path}, environment=False) as manager:
        entries = {entry.name: entry.is_reference for entry in manager.list().entries}
        assert entries["global/token"] is False and True in entries.values()
        assert list(manager) == ["global/token"]


def test_a_scoped_view(verbs: Verbs) -> None:
    view = verbs.scoped("org/acme")
    assert view.scope == "org/acme" and verbs.manager.scope is None

    assert isinstance(view, strongroom.SecretManager if verbs.face == "blocking" else aio.SecretManager)
    acme = Verbs(verbs.face, view if verbs.face == "blocking" else view.to_blocking())
    acme.set("db_password", "s3cret")
    acme.set("team/x/other", "o")
    assert [entry.name for entry in acme.list().entries] == ["org/acme/db_password"]
    assert [entry.name for entry in acme.list(prefix="db_").entries] == ["org/acme/db_password"]
    assert acme.get_value("db_password") == "s3cret"
    assert verbs.get_value("org/acme/db_password") == "s3cret"
    assert verbs.get_value("db_password") is None
    assert verbs.get_value("db_password", scope="org/acme") == "s3cret"
    assert view.scoped("user/kim").scope == "user/kim"


@pytest.mark.parametrize(
    ("scope", "kind"),
    [
        ("nowhere/acme", strongroom.InvalidKey),
        ("org", strongroom.InvalidKey),
        ("", strongroom.InvalidKey),
        ("a\ud800", strongroom.InvalidArgument),
        (5, TypeError),
        (b"org/acme", TypeError),
    ],
)
def test_what_is_no_scope(verbs: Verbs, scope: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        verbs.scoped(scope)
    with pytest.raises(kind):
        verbs.exists("token", scope=scope)


def test_nothing_is_no_scope_where_one_is_needed(verbs: Verbs) -> None:
    with pytest.raises(TypeError, match="^scope is a str, not NoneType$"):
        verbs.scoped(None)
    with pytest.raises(TypeError, match="^scopes is a str, not NoneType$"):
        verbs.get_with_fallback("token", [None])
    assert verbs.exists("token", scope=None) is False
    assert verbs.with_options(scope=None).scope is None


def test_a_view_is_of_its_managers_class(secrets: strongroom.SecretManager) -> None:
    class Blocking(strongroom.SecretManager):
        def token(self) -> str | None:
            return self.get_value("token")

    class Awaiting(aio.SecretManager):
        async def token(self) -> str | None:
            return await self.get_value("token")

    secrets.set("org/acme/token", "t0p")
    blocking, awaiting = Blocking(secrets), Awaiting(secrets)
    for view in (blocking.scoped("org/acme"), blocking.with_options(scope="org/acme")):
        assert type(view) is Blocking and view.token() == "t0p"
    for waiting in (awaiting.scoped("org/acme"), awaiting.with_options(scope="org/acme")):
        assert type(waiting) is Awaiting and asyncio.run(waiting.token()) == "t0p"


@pytest.mark.parametrize("kind", [strongroom.SecretManager, aio.SecretManager])
def test_a_manager_that_is_made_without_opening(kind: Any, secrets: strongroom.SecretManager) -> None:
    how = "await strongroom.aio.open()" if kind is aio.SecretManager else "strongroom.open()"
    for arguments, keywords in (((), {}), (("memory",), {}), ((secrets, 1), {}), ((secrets,), {"app": "example"})):
        with pytest.raises(TypeError, match=f"; open one with {re.escape(how)}$"):
            kind(*arguments, **keywords)
    assert kind(secrets).backend.name == "memory"


def test_what_a_manager_has_of_a_mapping_reads_no_secrets_by_accident(secrets: strongroom.SecretManager) -> None:
    secrets["token"] = "t0p"
    anything: Any = secrets
    for spills in (lambda: dict(anything), lambda: {**anything}, lambda: dict(**anything), lambda: len(anything)):
        with pytest.raises((TypeError, ValueError)):
            spills()
    assert not isinstance(secrets, Mapping)
    assert not any(hasattr(secrets, name) for name in ("keys", "values", "items"))


def test_the_mapping_of_a_scoped_view(secrets: strongroom.SecretManager) -> None:
    secrets["token"] = "global"
    acme = secrets.scoped("org/acme")
    acme["token"] = "acme"
    assert acme["token"].reveal() == "acme" and acme["global/token"].reveal() == "global"
    assert list(acme) == ["org/acme/token"] and "token" in acme
    with pytest.raises(strongroom.NotFound) as raised:
        acme["other"]
    assert raised.value.key == "org/acme/other"
    found = acme.get_many(["token", "global/token"]).secrets
    assert {key: secret.reveal() for key, secret in found.items()} == {"token": "acme", "global/token": "global"}


def test_a_view_whose_calls_carry_keywords(open_fault: Any) -> None:
    manager = open_fault("get:hang")
    hurried = manager.with_options(timeout=0.02)
    for view in (hurried, hurried.scoped("org/acme")):
        with pytest.raises(strongroom.Timeout):
            view.get("token")
    token = strongroom.CancelToken()
    cancellable = manager.with_options(cancel=token)
    threading.Timer(0.02, token.cancel).start()
    with pytest.raises(strongroom.Cancelled):
        cancellable.get("token", timeout=30)
    with pytest.raises(strongroom.Cancelled):
        asyncio.run(cancellable.to_async().get("token", timeout=30))


def test_keywords_of_a_view_that_there_are_not(verbs: Verbs) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'patience'"):
        verbs.with_options(patience=5)
    with pytest.raises(strongroom.InvalidArgument) as raised:
        verbs.with_options(prompt="sometimes")
    assert raised.value.setting == "prompt"


def test_views_share_one_backend_and_one_end(secrets: strongroom.SecretManager) -> None:
    views = [secrets.scoped("org/acme"), secrets.with_options(actor="test"), secrets.to_async().to_blocking()]
    secrets["token"] = "t0p"
    assert all(view.get_value("global/token") == "t0p" for view in views)
    views[0].close()
    for view in (secrets, *views):
        with pytest.raises(strongroom.Closed):
            view.get("global/token")
    assert secrets.app == "strongroom" and secrets.backend.name == "memory"


def test_a_block_closes(secrets: strongroom.SecretManager) -> None:
    with pytest.raises(LookupError), secrets as same:
        assert same is secrets
        raise LookupError
    with pytest.raises(strongroom.Closed):
        secrets.get("token")

    async def used() -> aio.SecretManager:
        async with aio.open("memory", environment=False) as manager:
            await manager.set("token", "t0p")
        opened = await aio.open("memory", environment=False)
        async with opened as same:
            assert same is opened
        return manager

    with pytest.raises(strongroom.Closed):
        asyncio.run(used()).to_blocking().get("token")


def test_how_a_manager_shows_itself() -> None:
    with strongroom.open("memory", app="example", environment=False) as manager:
        manager.set("token", "canary")
        assert repr(manager) == "<strongroom.SecretManager app='example' backend='memory'>"
        scoped = manager.scoped("org/acme")
        assert str(scoped) == "<strongroom.SecretManager app='example' backend='memory' scope='org/acme'>"
        assert repr(scoped.to_async()).startswith("<strongroom.aio.SecretManager app='example' ")


def test_what_a_manager_tells_about_its_backend(local: strongroom.SecretManager) -> None:
    known = local.backend
    assert local.is_persistent == (known.persistence == "disk")
    assert known.list and known.cas and not known.read_only and known.max_value == 1 << 20
    assert known.chosen_by == "the program"
    with pytest.raises(AttributeError):
        known.name = "other"  # type: ignore[misc]


def test_settings_are_told_with_their_origin_and_secret_ones_are_not(tmp_path: Path) -> None:
    key = b"k" * 32
    with strongroom.open(
        "encrypted",
        app="example",
        settings={"encrypted.path": tmp_path / "s.strongroom"},
        secrets={"encrypted.key": key},
        environment=False,
    ) as manager:
        settings = manager.settings
        assert settings["backend"].value == "encrypted" and settings["backend"].origin == "the program"
        assert settings["encrypted.path"].value == str(tmp_path / "s.strongroom")
        assert settings["encrypted.key"].secret and settings["encrypted.key"].value is None
        assert settings["encrypted.key"].origin == "the program"
        assert settings["cache"].origin != "the program" and settings["cache"].value is not None
        assert "kkkk" not in repr(settings)


def test_health_verify_and_lock(verbs: Verbs) -> None:
    verbs.set("token", "t0p")
    health = verbs.health()
    assert (health.state, health.reason, health.error) == ("ok", None, None)
    report = verbs.verify()
    assert (report.secrets, report.versions) == (1, 1)
    verbs.lock()
    verbs.lock()
    assert verbs.get_value("token") == "t0p"


def test_a_backend_that_does_not_work_is_an_answer(verbs_over: Callable[..., Verbs]) -> None:
    health = verbs_over("health:unavailable").health()
    assert health.state == "unavailable" and isinstance(health.error, strongroom.Unavailable)


def test_what_a_backend_lacks_is_unsupported(verbs_over: Callable[..., Verbs]) -> None:
    there = verbs_over("", **{"fault.lacks": "list,versions,cas,verify"})
    there.set("token", "t0p")
    for call in (
        there.list,
        there.verify,
        lambda: there.versions("token"),
        lambda: there.get_version("token", "1"),
        lambda: there.rotate("token", "new"),
        lambda: there.set("token", "new", if_absent=True),
        lambda: there.get_or_generate("other", strongroom.Generate.hex(4)),
    ):
        with pytest.raises(strongroom.Unsupported):
            call()


def test_a_manager_is_made_of_a_manager_only() -> None:
    for kind in (strongroom.SecretManager, aio.SecretManager):
        for wrong in ((), (5,), ("memory",)):
            with pytest.raises(TypeError):
                kind(*wrong)
