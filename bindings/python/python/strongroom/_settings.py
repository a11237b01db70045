"""Settings: their table, and what a manager would be opened with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Optional, Union

from . import _native
from ._manager import stated
from ._results import Setting
from .exceptions import Error

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from ._manager import SecretSetting, SettingValue


@dataclass(frozen=True)
class SettingInfo:
    """A row of the table of settings."""

    #: The name in ``settings`` and in documents; a backend's settings begin with its word.
    key: str
    kind: Literal["text", "path", "list", "choice", "integer", "size", "duration"]
    #: What a ``choice`` may be.
    choices: tuple[str, ...]
    #: The least that an ``integer`` or a ``size`` may be.
    min: Optional[int]
    #: The most.
    max: Optional[int]
    #: The text that holds where nobody states another; ``None`` where it is worked out at opening, as ``help`` says.
    default: Optional[str]
    #: The environment variables that state it.
    variables: tuple[str, ...]
    #: Whether the value is a secret: it is given to ``secrets`` then.
    secret: bool
    #: One sentence.
    help: str


@dataclass(frozen=True)
class ConfigFile:
    """A file of settings that was looked for."""

    role: Literal["explicit", "project", "user", "dotenv"]
    path: Path
    #: Whether something is there.
    found: bool


@dataclass(frozen=True)
class Inspection:
    """What a manager would be opened with, good or not."""

    #: Every setting, in the order of the table.
    settings: Mapping[str, Setting]
    #: Everything that is wrong. The first is what ``open`` would raise.
    problems: tuple[Error, ...]
    #: The files that were looked for, in the order of their precedence.
    files: tuple[ConfigFile, ...]


def inspect(
    backend: Optional[str] = None,
    *,
    app: Optional[str] = None,
    settings: Optional[Mapping[str, SettingValue]] = None,
    secrets: Optional[Mapping[str, SecretSetting]] = None,
    config_file: Union[str, os.PathLike[str], Sequence[Union[str, os.PathLike[str]]], None] = None,
    config_text: Optional[Mapping[str, str]] = None,
    environment: bool = True,
) -> Inspection:
    """Tell what :func:`open` would open a manager with, without opening one.

    It takes what ``open`` takes and explains a configuration that ``open`` refuses: each setting and where it comes
    from, all that is wrong, the files that were looked for. Never a value of a secret setting.

    >>> found = inspect("memory", settings={"deadline": "5s", "cache": "of"}, environment=False)
    >>> found.settings["deadline"].value, found.settings["deadline"].origin
    ('5s', 'the program')
    >>> print(found.problems[0])
    invalid_config: `cache` must be one of on, off (from the program) (setting: cache)
    """
    return _native.inspect(*stated(backend, app, settings, secrets, config_file, config_text, environment))


def settings_table(app: str = "strongroom") -> tuple[SettingInfo, ...]:
    """Every setting there is, with the environment variables that state it for an application.

    >>> deadline = next(row for row in settings_table("sideseat") if row.key == "deadline")
    >>> deadline.kind, deadline.default, deadline.variables
    ('duration', '10s', ('SIDESEAT_SECRETS_DEADLINE',))
    """
    return _native.settings_table(app)


def config_schema() -> dict[str, Any]:
    """The JSON Schema of a document of settings, with which an editor completes and checks one.

    >>> "backend" in config_schema()["properties"]["secrets"]["properties"]
    True
    """
    schema: dict[str, Any] = json.loads(_native.config_schema())
    return schema
