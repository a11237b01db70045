"""The source for ``pydantic-settings``."""

from __future__ import annotations

import doctest
import json
import traceback
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Optional

import pytest

pytest.importorskip("pydantic_settings", reason="the package pydantic-settings is not installed")

from pydantic import (  # noqa: E402
    AliasChoices,
    AliasPath,
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict  # noqa: E402
from sourced import MADE_WITH, Database, FromStrongroom, Nested, made_with_secrets  # noqa: E402, F401

import strongroom  # noqa: E402
from strongroom.pydantic import StrongroomSettingsSource  # noqa: E402

OpenFault = Callable[..., strongroom.SecretManager]


class Plain(FromStrongroom):
    api_key: SecretStr
    region: str = "eu"


def test_a_secret_fills_a_field_and_what_is_missing_its_default(secrets: strongroom.SecretManager) -> None:
    secrets.set("api_key", "sk-123")
    settings = Plain()  # type: ignore[call-arg]
    assert settings.api_key.get_secret_value() == "sk-123"
    assert settings.region == "eu"
    assert "sk-123" not in repr(settings)


def test_the_example_runs() -> None:
    import strongroom.pydantic

    # Not the module's own names: what it imports from the future would hold for the example.
    text, names = strongroom.pydantic.__doc__ or "", {"__name__": "example"}
    example = doctest.DocTestParser().get_doctest(text, names, "pydantic", None, 0)
    assert len(example.examples) > 4
    assert doctest.DocTestRunner().run(example).failed == 0


def test_a_field_that_nobody_has_is_pydantics_error() -> None:
    with pytest.raises(ValidationError) as raised:
        Plain()  # type: ignore[call-arg]
    assert [(error["loc"], error["type"]) for error in raised.value.errors()] == [(("api_key",), "missing")]


def test_the_order_of_sources_holds(secrets: strongroom.SecretManager, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets.set_many({"api_key": "of strongroom", "region": "of strongroom"})
    monkeypatch.setenv("REGION", "of the environment")
    settings = Plain()  # type: ignore[call-arg]
    assert (settings.api_key.get_secret_value(), settings.region) == ("of strongroom", "of the environment")
    settings = Plain(region="of the program")  # type: ignore[call-arg]
    assert settings.region == "of the program"

    class StrongroomFirst(Plain):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return StrongroomSettingsSource(settings_cls, **MADE_WITH), *named.values()

    assert StrongroomFirst(region="of the program").region == "of strongroom"  # type: ignore[call-arg]


def test_scope_prefix_and_capitals_make_the_name(secrets: strongroom.SecretManager, made_with: dict[str, Any]) -> None:
    secrets.set("org/acme/API_KEY", "plain")
    secrets.set("org/acme/WEB_API_KEY", "prefixed")
    secrets.set("api_key", "global")
    made_with.update(scope="org/acme", upper=True)
    assert Plain().api_key.get_secret_value() == "plain"  # type: ignore[call-arg]
    made_with.update(prefix="web_")
    assert Plain().api_key.get_secret_value() == "prefixed"  # type: ignore[call-arg]


def test_aliases_are_names_and_keys(secrets: strongroom.SecretManager, made_with: dict[str, Any]) -> None:
    class Aliased(FromStrongroom):
        model_config = SettingsConfigDict(extra="ignore")
        one: str = Field(alias="ONE")
        two: str = Field(validation_alias="org/acme/two")
        three: str = Field(validation_alias=AliasChoices("THREE", "three_of_old"))
        four: str = Field(validation_alias=AliasPath("whole", "part", 0))

    made_with.update(prefix="unused_")
    secrets.set("ONE", "1")
    secrets.set("org/acme/two", "2")
    secrets.set("three_of_old", "3")
    secrets.set("whole", '{"part": ["4"]}')
    settings = Aliased()  # type: ignore[call-arg]
    assert (settings.one, settings.two, settings.three, settings.four) == ("1", "2", "3", "4")
    secrets.set("THREE", "new")
    assert Aliased().three == "new"  # type: ignore[call-arg]


def test_an_alias_and_a_name_where_both_are_taken(secrets: strongroom.SecretManager) -> None:
    class Both(FromStrongroom):
        model_config = SettingsConfigDict(populate_by_name=True)
        token: str = Field(alias="TOKEN")

    secrets.set("token", "by name")
    assert Both().token == "by name"  # type: ignore[call-arg]
    secrets.set("TOKEN", "by alias")
    # Not both: the other one would be an extra input.
    assert Both().token == "by alias"  # type: ignore[call-arg]


def test_nested_models_have_a_document_or_secrets_of_their_own(
    secrets: strongroom.SecretManager, made_with: dict[str, Any]
) -> None:
    secrets.set("database", json.dumps({"host": "db", "password": "of the document"}))
    settings = Nested()  # type: ignore[call-arg]
    assert (settings.database.host, settings.database.password.get_secret_value()) == ("db", "of the document")
    assert settings.backup is None
    secrets.set("database.password", "of its own")
    settings = Nested()  # type: ignore[call-arg]
    assert (settings.database.host, settings.database.password.get_secret_value()) == ("db", "of its own")
    secrets.delete("database")
    secrets.set("backup__password", "backup")
    made_with.update(nested_delimiter="__")
    with pytest.raises(ValidationError, match="database"):
        Nested()  # type: ignore[call-arg]
    secrets.set("database__password", "of its own")
    settings = Nested()  # type: ignore[call-arg]
    assert settings.database.host == "localhost"
    assert settings.backup is not None and settings.backup.password.get_secret_value() == "backup"


def test_a_name_that_is_no_key_is_escaped_and_harms_no_other(secrets: strongroom.SecretManager) -> None:
    class Inner(BaseModel):
        schema_: str = Field(default="none", validation_alias="$schema")
        whole: str = Field(default="none", validation_alias="org/acme/inner")

    class Named(FromStrongroom):
        api_key: str
        größe: str = "none"
        spaced: str = Field(default="none", validation_alias=AliasChoices("api key", "spaced"))
        slashed: str = Field(default="none", validation_alias="a/b/c/d/e")
        long: str = Field(default="none", validation_alias="x" * 5000)
        empty: str = Field(default="none", validation_alias="")
        inner: Inner = Inner()

    secrets.set("api_key", "sk-123")
    settings = Named()  # type: ignore[call-arg]
    assert settings.api_key == "sk-123"
    assert {settings.größe, settings.spaced, settings.slashed, settings.long, settings.empty} == {"none"}
    assert settings.inner == Inner()
    secrets.set_many(
        {
            "gr=C3=B6=C3=9Fe": "1",
            "api=20key": "2",
            "a=2Fb=2Fc=2Fd=2Fe": "3",
            "inner.=24schema": "4",
            "org/acme/inner": "5",
        }
    )
    settings = Named()  # type: ignore[call-arg]
    assert (settings.größe, settings.spaced, settings.slashed) == ("1", "2", "3")
    assert (settings.inner.schema_, settings.inner.whole) == ("4", "5")


def test_an_alias_that_is_a_name_is_an_alias(secrets: strongroom.SecretManager, made_with: dict[str, Any]) -> None:
    class Aliased(FromStrongroom):
        token: str = Field(validation_alias=AliasChoices("key", "token"))

    made_with.update(prefix="web_", upper=True)
    secrets.set("token", "as written")
    assert Aliased().token == "as written"  # type: ignore[call-arg]


def test_what_cannot_be_read_is_our_error_and_names_the_field(
    open_fault: OpenFault, made_with: dict[str, Any], secrets: strongroom.SecretManager
) -> None:
    secrets.set("api_key", "sk-123", expires_at=datetime(2001, 1, 1, tzinfo=timezone.utc))
    with pytest.raises(strongroom.Expired) as expired:
        Plain()  # type: ignore[call-arg]
    assert expired.value.__notes__ == ["The secret is for the field `api_key` of `Plain`."]
    made_with["secrets"] = open_fault("*:locked")
    with pytest.raises(strongroom.Locked) as locked:
        Plain()  # type: ignore[call-arg]
    assert locked.value.__notes__ == ["The secrets are for the fields of `Plain`."]


def test_what_is_no_json_or_no_text_is_refused_without_the_value(secrets: strongroom.SecretManager) -> None:
    class Listed(FromStrongroom):
        names: list[str] = []
        database: Optional[Database] = None
        text: str = ""

    for name, told, value in (
        ("names", "names", "hidden, no JSON"),
        ("names", "names", "[" * 100_000 + "hidden"),
        ("database", "database", "hidden"),
        ("text", "text", b"hidden\xff"),
    ):
        secrets.set(name, value)
        with pytest.raises(strongroom.InvalidValue) as raised:
            Listed()
        # Reports of errors may show what frames have.
        frames = [frame for frame, _ in traceback.walk_tb(raised.value.__traceback__)]
        ours = [frame for frame in frames if frame.f_code.co_filename != __file__]
        assert ours and not any("hidden" in repr(frame.f_locals) for frame in ours)
        assert raised.value.__notes__ == [f"The secret is for the field `{told}` of `Listed`."]
        error: Optional[BaseException] = raised.value
        while error is not None:
            assert "hidden" not in str(vars(error)) + str(error.args)
            error = error.__cause__ or error.__context__
        assert "hidden" not in "".join(traceback.format_exception(raised.value))
        secrets.delete(name)


def test_all_fields_are_one_batch(
    secrets: strongroom.SecretManager, monkeypatch: pytest.MonkeyPatch, made_with: dict[str, Any]
) -> None:
    asked: list[list[str]] = []

    class Counting(strongroom.SecretManager):
        def get_many(self, keys: Any, **options: Any) -> Any:
            asked.append(list(keys))
            return super().get_many(keys, **options)

    secrets.set("database.password", "p")
    made_with["secrets"] = Counting(secrets)
    Nested()  # type: ignore[call-arg]
    assert len(asked) == 1
    assert {"database", "database.host", "database.password", "backup.host"} <= set(asked[0])


def test_without_a_manager_one_is_opened_and_closed(
    tmp_path: Path, made_with: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXAMPLE_SECRETS_BACKEND", "file")
    monkeypatch.setenv("EXAMPLE_SECRETS_FILE_PATH", str(tmp_path / "secrets.json"))
    with strongroom.open(app="example") as secrets:
        secrets.set("api_key", "sk-123")
    made_with.update(secrets=None, app="example")
    assert Plain().api_key.get_secret_value() == "sk-123"  # type: ignore[call-arg]
    made_with.update(app=".")
    with pytest.raises(strongroom.Error):
        Plain()  # type: ignore[call-arg]


def test_making_a_class_or_a_source_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRONGROOM_SECRETS_BACKEND", "no such word")
    source = StrongroomSettingsSource(Plain)
    with pytest.raises(strongroom.InvalidConfig):
        source()
