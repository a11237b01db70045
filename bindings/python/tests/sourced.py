"""Settings out of strongroom, for the tests of the source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Optional

import pytest

pytest.importorskip("pydantic_settings", reason="the package pydantic-settings is not installed")

from pydantic import BaseModel, SecretStr  # noqa: E402
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource  # noqa: E402

import strongroom  # noqa: E402
from strongroom.pydantic import StrongroomSettingsSource  # noqa: E402

#: What the sources of the classes below are made with.
MADE_WITH: dict[str, Any] = {}


@pytest.fixture(autouse=True, name="made_with")
def made_with_secrets(secrets: strongroom.SecretManager) -> Iterator[dict[str, Any]]:
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


class Database(BaseModel):
    host: str = "localhost"
    password: SecretStr
    replica: Optional[Database] = None


class Nested(FromStrongroom):
    database: Database
    backup: Optional[Database] = None
