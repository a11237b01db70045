"""What a manager would be opened with, and the table of settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import strongroom

CANARY = "c4n4ry-value"


def test_each_setting_tells_where_it_comes_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EXAMPLE_SECRETS_CACHE_TTL", "7s")
    document = tmp_path / "settings.toml"
    document.write_text("[secrets]\ncache_entries = 5\n")
    found = strongroom.inspect("memory", app="example", settings={"deadline": "5s"}, config_file=document)
    assert found.problems == ()
    told = {name: (found.settings[name].value, found.settings[name].origin) for name in found.settings}
    assert told["backend"] == ("memory", "the program")
    assert told["deadline"] == ("5s", "the program")
    assert told["cache_ttl"] == ("7s", "the environment variable EXAMPLE_SECRETS_CACHE_TTL")
    assert told["cache_entries"][0] == "5"
    assert str(document) in told["cache_entries"][1]
    assert told["cache"] == ("on", "the default")
    assert [(file.role, file.found) for file in found.files if file.path == document] == [("explicit", True)]


def test_what_open_refuses_is_explained() -> None:
    stated: Any = {"settings": {"cache": "of", "deadline": "soon"}, "environment": False}
    found = strongroom.inspect("memory", **stated)
    assert [problem.setting for problem in found.problems] == ["cache", "deadline"]
    with pytest.raises(strongroom.InvalidConfig) as refused:
        strongroom.open("memory", **stated)
    assert refused.value.setting == found.problems[0].setting


def test_a_secret_setting_is_not_shown() -> None:
    found = strongroom.inspect("encrypted", secrets={"encrypted.key": CANARY}, environment=False)
    state = found.settings["encrypted.key"]
    assert (state.secret, state.value, state.origin) == (True, None, "the program")
    assert CANARY not in repr(found)


def test_nothing_is_opened_and_nobody_is_asked(home: Path) -> None:
    def ask(setting: str) -> str:
        raise AssertionError(f"asked for {setting}")

    before = sorted(home.rglob("*"))
    assert strongroom.inspect("encrypted", secrets={"encrypted.key": ask}).problems == ()
    assert sorted(home.rglob("*")) == before


def test_without_environment_its_variables_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRONGROOM_SECRETS_DEADLINE", "7s")
    assert strongroom.inspect("memory").settings["deadline"].value == "7s"
    assert strongroom.inspect("memory", environment=False).settings["deadline"].value == "10s"


def test_wrong_arguments() -> None:
    wrong: Any = {"yaml": ""}
    with pytest.raises(strongroom.InvalidArgument):
        strongroom.inspect("memory", config_text=wrong)
    with pytest.raises(TypeError):
        strongroom.inspect("memory", settings={"backend": "file"})
    with pytest.raises(TypeError):
        strongroom.inspect("memory", timeout=5)  # type: ignore[call-arg]


def test_the_table_has_what_an_opened_manager_has(secrets: strongroom.SecretManager) -> None:
    rows = {row.key: row for row in strongroom.settings_table("sideseat")}
    assert list(rows) == list(secrets.settings)
    assert rows["cache"].kind == "choice"
    assert rows["cache"].choices == ("on", "off")
    assert rows["cache_entries"].min == 1
    assert rows["cache_entries"].max is not None
    assert rows["deadline"].variables == ("SIDESEAT_SECRETS_DEADLINE",)
    assert rows["encrypted.key"].secret
    assert rows["encrypted.key"].default is None
    assert all(row.help.endswith(".") for row in rows.values())
    with pytest.raises(TypeError):
        strongroom.settings_table(5)  # type: ignore[arg-type]


def test_the_schema_knows_every_setting() -> None:
    schema = strongroom.config_schema()
    assert json.loads(json.dumps(schema)) == schema
    known = schema["properties"]["secrets"]["properties"]
    for row in strongroom.settings_table():
        group, _, name = row.key.rpartition(".")
        if group != "fault":
            assert name in (known[group]["properties"] if group else known), row.key
