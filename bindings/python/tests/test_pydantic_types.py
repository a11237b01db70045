"""The source for ``pydantic-settings``: what fields of which type get, and what pydantic shows of it."""

from __future__ import annotations

import dataclasses
import json
from enum import Enum
from typing import Annotated, Any, Literal, Optional, Union

import pytest

pytest.importorskip("pydantic_settings", reason="the package pydantic-settings is not installed")

from pydantic import (  # noqa: E402
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    Field,
    Json,
    RootModel,
    SecretBytes,
    SecretStr,
    ValidationError,
)
from pydantic_settings import NoDecode, SettingsConfigDict  # noqa: E402
from sourced import Database, FromStrongroom, Nested, made_with_secrets  # noqa: E402, F401

import strongroom  # noqa: E402


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


class Cat(BaseModel):
    kind: Literal["cat"]
    meows: int
    tag: SecretStr = SecretStr("")


class Dog(BaseModel):
    kind: Literal["dog"]
    barks: int


@dataclasses.dataclass
class Pool:
    size: int = 1
    token: SecretStr = SecretStr("")
    label: str = "x"


@pytest.mark.parametrize("annotation", [Annotated[Union[Cat, Dog], Field(discriminator="kind")], Union[Cat, Dog, None]])
def test_any_model_of_a_union_has_a_document_or_secrets_of_its_own(
    annotation: Any, secrets: strongroom.SecretManager
) -> None:
    class Pets(FromStrongroom):
        pet: annotation

    secrets.set("pet", '{"kind": "dog", "barks": 3}')
    assert Pets().pet == Dog(kind="dog", barks=3)  # type: ignore[call-arg]
    secrets.delete("pet")
    secrets.set_many({"pet.kind": "dog", "pet.barks": "4"})
    assert Pets().pet == Dog(kind="dog", barks=4)  # type: ignore[call-arg]
    secrets.set_many({"pet.kind": "cat", "pet.meows": "5", "pet.tag": "t"})
    assert Pets().pet == Cat(kind="cat", meows=5, tag=SecretStr("t"))  # type: ignore[call-arg]


def test_dataclasses_have_a_document_or_secrets_of_their_own(secrets: strongroom.SecretManager) -> None:
    class Pooled(FromStrongroom):
        pool: Pool = Pool()

    assert Pooled().pool == Pool()
    secrets.set("pool.size", "2")
    secrets.set("pool.token", "t")
    assert Pooled().pool == Pool(2, SecretStr("t"))
    secrets.set("pool", '{"size": 5, "label": "of the document"}')
    assert Pooled().pool == Pool(2, SecretStr("t"), "of the document")


def test_what_is_decoded_elsewhere_is_not_decoded_here(secrets: strongroom.SecretManager) -> None:
    class Decoding(FromStrongroom):
        model_config = SettingsConfigDict(extra="ignore")
        numbers: Json[list[int]]
        masked: Json[SecretStr]
        stripped: Annotated[SecretStr, BeforeValidator(str.strip)]
        of_path: SecretStr = Field(validation_alias=AliasPath("whole", "part", 0))
        whole_list: RootModel[list[int]]

    secrets.set_many(
        {
            "numbers": "[1, 2]",
            "masked": '"m"',
            "stripped": " s ",
            "whole": '{"part": ["4"]}',
            "whole_list": "[3]",
        }
    )
    settings = Decoding()  # type: ignore[call-arg]
    assert settings.numbers == [1, 2]
    assert settings.masked.get_secret_value() == "m"
    assert settings.stripped.get_secret_value() == "s"
    assert settings.of_path.get_secret_value() == "4"
    assert settings.whole_list.root == [3]


class Color(Enum):
    RED = "#f00"


def test_what_the_configuration_says_of_values_holds(secrets: strongroom.SecretManager) -> None:
    class Configured(FromStrongroom):
        model_config = SettingsConfigDict(
            env_prefix="unused_",
            env_nested_delimiter="__",
            env_nested_max_split=1,
            env_ignore_empty=True,
            env_parse_none_str="null",
            env_parse_enums=True,
        )
        optional: Optional[str] = "default"
        masked: Optional[SecretStr] = SecretStr("default")
        empty: str = "default"
        renamed: str = Field(default="default", validation_alias=AliasChoices("new", "old"))
        color: Color
        nested: Nested

    secrets.set_many({"optional": "null", "masked": "null", "empty": "", "new": "", "old": "of old", "color": "RED"})
    secrets.set_many({"nested.database.password": "p", "nested.database.replica.password": "deeper"})
    settings = Configured()  # type: ignore[call-arg]
    assert (settings.optional, settings.masked, settings.empty) == (None, None, "default")
    assert (settings.renamed, settings.color) == ("of old", Color.RED)
    assert settings.nested.database.password.get_secret_value() == "p"


def test_a_masked_value_stays_masked_in_pydantics_errors(secrets: strongroom.SecretManager) -> None:
    class Long(FromStrongroom):
        api_key: SecretStr = Field(min_length=100)

    secrets.set("api_key", "hidden")
    with pytest.raises(ValidationError) as raised:
        Long()  # type: ignore[call-arg]
    assert "hidden" not in str(raised.value) + repr(raised.value.errors())


def test_masked_values_within_others_stay_masked_too(secrets: strongroom.SecretManager) -> None:
    class Deep(FromStrongroom):
        missing: int
        database: Database
        backups: list[Database] = []
        tokens: list[SecretStr] = []
        raw: dict[str, SecretBytes] = {}
        root: RootModel[dict[str, SecretStr]] = RootModel({})
        pet: Union[Cat, Dog, None] = None
        pool: Pool = Pool()

    document = {"host": "seen", "password": "hidden", "port": 1, "replica": {"host": 1, "password": "hidden"}}
    secrets.set_many(
        {
            "database": json.dumps(document),
            "backups": json.dumps([document]),
            "tokens": '["hidden"]',
            "raw": '{"a": "hidden"}',
            "root": '{"a": "hidden"}',
            "pet": '{"kind": "cat", "tag": "hidden"}',
            "pool": '{"size": "no number", "label": "seen"}',
            "pool.token": "hidden",
        }
    )
    with pytest.raises(ValidationError) as raised:
        Deep()  # type: ignore[call-arg]
    told = str(raised.value) + repr(raised.value.errors())
    assert "seen" in told
    assert "hidden" not in told
    secrets.set("missing", "1")
    document["replica"] = None
    secrets.set_many({"database": json.dumps(document), "backups": json.dumps([document])})
    secrets.set_many({"pet": '{"kind": "cat", "tag": "hidden", "meows": 2}', "pool": '{"size": 2}'})
    settings = Deep()  # type: ignore[call-arg]
    assert settings.database.password.get_secret_value() == "hidden"
    assert settings.backups[0].password.get_secret_value() == "hidden"
    assert settings.tokens[0].get_secret_value() == "hidden"
    assert settings.raw["a"].get_secret_value() == b"hidden"
    assert settings.root.root["a"].get_secret_value() == "hidden"
    assert isinstance(settings.pet, Cat) and settings.pet.tag.get_secret_value() == "hidden"
    assert settings.pool == Pool(2, SecretStr("hidden"))


def test_a_type_that_is_one_of_several_gets_text(secrets: strongroom.SecretManager) -> None:
    class Either(FromStrongroom):
        either: Union[str, SecretStr]
        number: Union[int, SecretStr]
        table: Union[Pool, dict[str, list[int]]]

    secrets.set_many({"either": "text", "number": "no number", "table.label": "no JSON"})
    settings = Either()  # type: ignore[call-arg]
    assert settings.either == "text"
    assert settings.number == SecretStr("no number")
    assert settings.table == Pool(label="no JSON")
