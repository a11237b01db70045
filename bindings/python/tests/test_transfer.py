"""Documents of many secrets: what is written into them, what is read from them, and what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, Union

import pytest
from typing_extensions import Buffer

import strongroom
from strongroom import fernet

CANARY = "c4n4ry-value"
LONG_AGO = datetime.now(timezone.utc) - timedelta(days=1)


def test_an_export_tells_what_is_in_it_and_what_is_not(secrets: strongroom.SecretManager) -> None:
    secrets.set("org/acme/api-key", "sk-123", provider="openai", labels={"team": "web"})
    secrets.set("TOKEN", "t0p")
    secrets.set("OLD", "gone", expires_at=LONG_AGO)
    export = secrets.export("dotenv")
    by_key = {exported.key: exported for exported in export.exported}
    assert list(by_key) == ["global/TOKEN", "org/acme/api-key"]
    assert not by_key["global/TOKEN"].escaped
    assert by_key["global/TOKEN"].losses == ()
    assert by_key["org/acme/api-key"].escaped
    assert by_key["org/acme/api-key"].losses == ("provider", "labels")
    assert [(skipped.name, skipped.reason, skipped.line) for skipped in export.skipped] == [
        ("global/OLD", "expired", None)
    ]
    assert "sk-123" not in repr(export)


def test_an_export_is_limited_to_a_scope_a_prefix_or_keys(secrets: strongroom.SecretManager) -> None:
    for key in ("TOKEN", "org/acme/A", "org/acme/B", "org/other/A"):
        secrets.set(key, "v")

    def keys(manager: strongroom.SecretManager = secrets, **wanted: Any) -> list[str]:
        return [exported.key for exported in manager.export("json", **wanted).exported]

    assert keys(scope="org/acme") == ["org/acme/A", "org/acme/B"]
    assert keys(secrets.scoped("org/acme")) == ["org/acme/A", "org/acme/B"]
    assert keys(scope="global") == ["global/TOKEN"]
    assert keys(prefix="org/acme/A") == ["org/acme/A"]
    assert keys(keys=["B", "user/ann/A"][:1], scope="org/acme") == ["org/acme/B"]
    assert keys(keys=[strongroom.SecretKey("TOKEN"), "A"], scope="org/acme") == ["global/TOKEN", "org/acme/A"]


def test_full_names_tell_the_whole_key(secrets: strongroom.SecretManager) -> None:
    secrets.set("org/acme/api_key", "1")
    secrets.set("org/other/api_key", "2")
    with pytest.raises(strongroom.Ambiguous):
        secrets.export("json")
    assert json.loads(secrets.export("json", full_names=True).document.reveal()) == {
        "org/acme/api_key": "1",
        "org/other/api_key": "2",
    }


def test_expired_secrets_are_exported_where_that_is_asked_for(secrets: strongroom.SecretManager) -> None:
    secrets.set("OLD", "1", expires_at=LONG_AGO)
    assert secrets.export("json").exported == ()
    assert secrets.export("json", include_expired=True).document.reveal().count("OLD") == 1
    with pytest.raises(strongroom.Expired):
        secrets.export("json", keys=["OLD"])
    with pytest.raises(strongroom.Expired):
        secrets.export("json", strict=True)


def test_a_strict_export_refuses_what_a_document_does_not_hold(secrets: strongroom.SecretManager) -> None:
    secrets.set("TOKEN", CANARY, provider="openai")
    with pytest.raises(strongroom.Unsupported, match="global/TOKEN.*provider") as refused:
        secrets.export("json", strict=True)
    assert CANARY not in str(refused.value)


def test_an_export_of_a_key_that_there_is_not(secrets: strongroom.SecretManager) -> None:
    with pytest.raises(strongroom.NotFound):
        secrets.export("json", keys=["none"])


@pytest.mark.parametrize("dialect", ["common", "python", "node", "compose"])
def test_each_dialect_is_read_back(secrets: strongroom.SecretManager, dialect: Any) -> None:
    value = "a$b #c"
    secrets.set("TOKEN", value)
    document = secrets.export("dotenv", dialect=dialect).document
    secrets.delete("TOKEN")
    assert secrets.import_(document, "dotenv", dialect=dialect).created == ("global/TOKEN",)
    assert secrets.get_value("TOKEN") == value


@pytest.mark.parametrize("format", ["env", "dotenv", "json", "yaml", "fernet"])
def test_each_format_is_read_back(local: strongroom.SecretManager, format: Any) -> None:
    values = {"TOKEN": "t0p", "PLAIN": "two words", "QUOTED": "it's ünï"}
    for name, value in values.items():
        local.set(f"org/acme/{name}", value)
    more: Any = {"fernet_keys": fernet.generate_key()} if format == "fernet" else {}
    document = local.export(format, scope="org/acme", **more).document
    report = local.import_(document, format, scope="team/web", **more)
    assert sorted(report.created) == ["team/web/PLAIN", "team/web/QUOTED", "team/web/TOKEN"]
    assert {name: local.get_value(f"team/web/{name}") for name in values} == values


@pytest.mark.parametrize(
    "form",
    [str, str.encode, lambda text: bytearray(text.encode()), lambda text: memoryview(text.encode()), strongroom.Secret],
    ids=["str", "bytes", "bytearray", "memoryview", "Secret"],
)
def test_a_document_is_text_bytes_or_a_secret(
    secrets: strongroom.SecretManager, form: Callable[[str], Union[str, Buffer, strongroom.Secret]]
) -> None:
    report = secrets.import_(form("TOKEN='t0p'\n"))
    assert report.created == ("global/TOKEN",)
    assert secrets.get_value("TOKEN") == "t0p"


def test_what_is_there_already_is_refused_replaced_or_skipped(local: strongroom.SecretManager) -> None:
    local.set("A", "old")
    document = "A='new'\nB='2'\n"
    with pytest.raises(strongroom.Conflict, match="line 1"):
        local.import_(document)
    assert not local.exists("B"), "something was written although the import was refused"
    skipping = local.import_(document, if_exists="skip", dry_run=True)
    assert (skipping.created, skipping.dry_run) == (("global/B",), True)
    assert [(skipped.name, skipped.reason, skipped.line) for skipped in skipping.skipped] == [("global/A", "exists", 1)]
    assert not local.exists("B"), "a dry run has written"
    replacing = local.import_(document, if_exists="replace", provider="vault")
    assert (replacing.created, replacing.replaced) == (("global/B",), ("global/A",))
    assert local.get_value("A") == "new"
    described = local.describe("B")
    assert described is not None
    assert described.provider == "vault"


def test_names_that_are_no_keys_are_refused_escaped_or_skipped(secrets: strongroom.SecretManager) -> None:
    document = json.dumps({"no key!": "1", "KEY": "2"})
    with pytest.raises(strongroom.InvalidKey, match="no key!"):
        secrets.import_(document, "json")
    skipping = secrets.import_(document, "json", names="skip", dry_run=True)
    assert [(skipped.name, skipped.reason) for skipped in skipping.skipped] == [("no key!", "name")]
    assert secrets.import_(document, "json", names="escape").created == ("global/no=20key=21", "global/KEY")


def test_a_document_that_cannot_be_read_is_told_with_its_line_and_no_value(secrets: strongroom.SecretManager) -> None:
    with pytest.raises(strongroom.InvalidArgument, match="line 2") as refused:
        secrets.import_(f"A='1'\nB='{CANARY}\n")
    assert CANARY not in str(refused.value)
    assert list(secrets) == []


def test_what_others_read_differently_is_noted(secrets: strongroom.SecretManager) -> None:
    report = secrets.import_('TOKEN="a${HOME}b"\n', "dotenv", dialect="common")
    assert any("line 1" in note for note in report.notes)


def test_what_the_backend_does_not_write_is_raised(open_fault: Callable[..., strongroom.SecretManager]) -> None:
    manager = open_fault("set_many*1:denied")
    with pytest.raises(strongroom.PermissionDenied):
        manager.import_("A='1'\nB='2'\n")
    assert list(manager) == []
    assert manager.import_("A='1'\nB='2'\n").failures == {}


def test_a_fernet_document_needs_its_keys(secrets: strongroom.SecretManager) -> None:
    secrets.set("TOKEN", "t0p")
    old, new = fernet.generate_key(), fernet.generate_key()
    document = secrets.export("fernet", fernet_keys=old).document
    with pytest.raises(strongroom.KeyMissing):
        secrets.import_(document, "fernet", if_exists="replace")
    with pytest.raises(strongroom.InvalidArgument):
        secrets.import_(document, "fernet", if_exists="replace", fernet_keys="no key")
    with pytest.raises(strongroom.WrongKey):
        secrets.import_(document, "fernet", if_exists="replace", fernet_keys=new)
    assert secrets.import_(document, "fernet", if_exists="replace", fernet_keys=[new, old]).replaced


@pytest.mark.parametrize(
    ("verb", "arguments", "setting"),
    [
        ("export", {"format": "xml"}, "format"),
        ("export", {"dialect": "ruby"}, "dialect"),
        ("import_", {"document": "", "format": "xml"}, "format"),
        ("import_", {"document": "", "names": "keep"}, "names"),
        ("import_", {"document": "", "if_exists": "keep"}, "if_exists"),
    ],
)
def test_a_word_that_is_none(
    secrets: strongroom.SecretManager, verb: str, arguments: dict[str, Any], setting: str
) -> None:
    with pytest.raises(strongroom.InvalidArgument, match="must be one of `") as refused:
        getattr(secrets, verb)(**arguments)
    assert refused.value.setting == setting


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("export", {"format": 5}),
        ("export", {"keys": "A"}),
        ("export", {"keys": [5]}),
        ("export", {"prefix": 5}),
        ("export", {"strict": "yes"}),
        ("export", {"fernet_keys": 5}),
        ("export", {"surprise": True}),
        ("import_", {}),
        ("import_", {"document": 5}),
        ("import_", {"document": {"A": "1"}}),
        ("import_", {"document": "", "provider": 5}),
        ("import_", {"document": "", "dry_run": 1}),
    ],
)
def test_an_argument_of_a_wrong_type(secrets: strongroom.SecretManager, verb: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        getattr(secrets, verb)(**arguments)


def test_after_close_nothing_is_exported_or_imported(secrets: strongroom.SecretManager) -> None:
    secrets.close()
    with pytest.raises(strongroom.Closed):
        secrets.export("json")
    with pytest.raises(strongroom.Closed):
        secrets.import_("A='1'")


def test_an_import_into_what_cannot_be_written() -> None:
    with strongroom.open("env", environment=False) as manager, pytest.raises(strongroom.ReadOnly):
        manager.import_("A='1'")


def test_both_faces_do_the_same(local: strongroom.SecretManager) -> None:
    async def through_asyncio() -> tuple[strongroom.ImportReport, strongroom.Export]:
        manager = local.to_async()
        report = await manager.import_("B='2'\nA='1'\n", scope="org/acme", provider="vault")
        return report, await manager.export("env", scope="org/acme")

    report, export = asyncio.run(through_asyncio())
    assert report.created == ("org/acme/B", "org/acme/A")
    assert export.document.reveal() == local.export("env", scope="org/acme").document.reveal() == "A='1'\nB='2'\n"
