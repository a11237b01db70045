"""The source for ``pydantic-settings``."""

from __future__ import annotations

import doctest
import json
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any, Optional, Union

import pytest

pytest.importorskip("pydantic_settings", reason="the package pydantic-settings is not installed")

from pydantic import (  # noqa: E402
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    Field,
    SecretBytes,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict  # noqa: E402

import strongroom  # noqa: E402
from strongroom.pydantic import StrongroomSettingsSource  # noqa: E402

OpenFault = Callable[..., strongroom.SecretManager]

#: What the sources of the classes below are made with.
MADE_WITH: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def made_with(secrets: strongroom.SecretManager) -> Iterator[dict[str, Any]]:
    MADE_WITH.clear()
    MADE_WITH["secrets"] = secrets
    yield MADE_WITH
    MADE_WITH.clear()


class FromStrongroom(BaseSettings):
    """Settings from the program, the environment and strongroom, in this order."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, StrongroomSettingsSource(settings_cls, **MADE_WITH)


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


def test_types_get_what_they_take(secrets: strongroom.SecretManager) -> None:
    class Typed(FromStrongroom):
        text: str
        optional: Optional[str] = None
        raw: bytes
        masked: SecretStr
        masked_bytes: SecretBytes
        optional_masked: SecretStr | None = None
        number: int
        switch: bool
        names: list[str]
        limits: dict[str, int]
        either: Union[str, list[str]]
        split: Annotated[list[str], NoDecode, BeforeValidator(lambda text: text.split(","))]

    values: dict[str, Union[str, bytes]] = {
        "text": '["no", "list"]',
        "optional": "there",
        "raw": b"\xff\x00",
        "masked": "m",
        "masked_bytes": b"\xfe",
        "optional_masked": "o",
        "number": "17",
        "switch": "true",
        "names": '["a", "b"]',
        "limits": '{"a": 1}',
        "either": "no JSON",
        "split": "a,b",
    }
    secrets.set_many(values)
    settings = Typed()  # type: ignore[call-arg]
    assert settings.text == '["no", "list"]'
    assert settings.optional == "there"
    assert settings.raw == b"\xff\x00"
    assert settings.masked.get_secret_value() == "m"
    assert settings.masked_bytes.get_secret_value() == b"\xfe"
    assert settings.optional_masked is not None and settings.optional_masked.get_secret_value() == "o"
    assert (settings.number, settings.switch) == (17, True)
    assert (settings.names, settings.limits) == (["a", "b"], {"a": 1})
    assert settings.either == "no JSON"
    assert settings.split == ["a", "b"]


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


class Database(BaseModel):
    host: str = "localhost"
    password: SecretStr
    replica: Optional[Database] = None


class Nested(FromStrongroom):
    database: Database
    backup: Optional[Database] = None


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
        ("database", "database", "hidden"),
        ("text", "text", b"hidden\xff"),
    ):
        secrets.set(name, value)
        with pytest.raises(strongroom.InvalidValue) as raised:
            Listed()
        assert raised.value.__notes__ == [f"The secret is for the field `{told}` of `Listed`."]
        error: Optional[BaseException] = raised.value
        while error is not None:
            assert "hidden" not in str(vars(error)) + str(error.args)
            error = error.__cause__ or error.__context__
        assert "hidden" not in "".join(traceback.format_exception(raised.value))
        secrets.delete(name)


def test_a_masked_value_stays_masked_in_pydantics_errors(secrets: strongroom.SecretManager) -> None:
    class Long(FromStrongroom):
        api_key: SecretStr = Field(min_length=100)

    secrets.set("api_key", "hidden")
    with pytest.raises(ValidationError) as raised:
        Long()  # type: ignore[call-arg]
    assert "hidden" not in str(raised.value) + repr(raised.value.errors())


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
