"""Secrets (API keys, credentials, tokens) in whatever place suits the machine.

>>> import strongroom
>>> with strongroom.open(backend="memory") as secrets:
...     secrets.set("org/acme/api_key", "sk-123", provider="openai").created
...     secrets.get("org/acme/api_key")
...     secrets.get_value("org/acme/api_key")
True
Secret(***)
'sk-123'

Importing it reads and opens nothing. :mod:`strongroom.aio` has the same verbs for asyncio.
"""

from __future__ import annotations

from . import exceptions
from ._manager import SecretManager, open as open
from ._native import CancelToken, Exposed, Generate, Secret, generate
from ._writing import KEEP, Keep
from .exceptions import *  # noqa: F403

TYPE_CHECKING = False
if TYPE_CHECKING:
    # A checker takes for exported what is named again.
    from . import aio as aio, fernet as fernet
    from ._keys import SecretKey as SecretKey
    from ._options import CallOptions as CallOptions
    from ._results import (
        BackendInfo as BackendInfo,
        BatchResult as BatchResult,
        Change as Change,
        Description as Description,
        Health as Health,
        ListEntry as ListEntry,
        ListPage as ListPage,
        Metadata as Metadata,
        SetManyOutcome as SetManyOutcome,
        SetOutcome as SetOutcome,
        Setting as Setting,
        VerifyReport as VerifyReport,
        VersionEntry as VersionEntry,
    )
    from ._settings import (
        ConfigFile as ConfigFile,
        Inspection as Inspection,
        SettingInfo as SettingInfo,
        config_schema as config_schema,
        inspect as inspect,
        settings_table as settings_table,
    )
    from ._transfer import (
        CopiedSecret as CopiedSecret,
        CopyPlan as CopyPlan,
        CopyProgress as CopyProgress,
        CopyReport as CopyReport,
        ExplainStep as ExplainStep,
        Explanation as Explanation,
        Export as Export,
        Exported as Exported,
        ImportReport as ImportReport,
        PlannedCopy as PlannedCopy,
        Skipped as Skipped,
    )
    from ._watching import REFERENCE_LABEL as REFERENCE_LABEL, Subscription as Subscription

#: What an import need not wait for, and where it is.
_LATER = {
    "CallOptions": "_options",
    "SecretKey": "_keys",
    "REFERENCE_LABEL": "_watching",
    "Subscription": "_watching",
    **dict.fromkeys(
        (
            "BackendInfo",
            "BatchResult",
            "Change",
            "Description",
            "Health",
            "ListEntry",
            "ListPage",
            "Metadata",
            "SetManyOutcome",
            "SetOutcome",
            "Setting",
            "VerifyReport",
            "VersionEntry",
        ),
        "_results",
    ),
    **dict.fromkeys(
        (
            "ConfigFile",
            "Inspection",
            "SettingInfo",
            "config_schema",
            "inspect",
            "settings_table",
        ),
        "_settings",
    ),
    **dict.fromkeys(
        (
            "CopiedSecret",
            "CopyPlan",
            "CopyProgress",
            "CopyReport",
            "ExplainStep",
            "Explanation",
            "Export",
            "Exported",
            "ImportReport",
            "PlannedCopy",
            "Skipped",
        ),
        "_transfer",
    ),
}
_MODULES = ("aio", "fernet")

#: Without ``open``, which would stand before the built-in one where all names are imported.
__all__ = [
    "CancelToken",
    "Exposed",
    "Generate",
    "KEEP",
    "Keep",
    "Secret",
    "SecretManager",
    "exceptions",
    "generate",
    *_LATER,
    *_MODULES,
    *exceptions.__all__,
]


if not TYPE_CHECKING:  # so that a checker tells of names that there are not

    def __getattr__(name):
        from importlib import import_module

        if name in _MODULES:
            return import_module(f".{name}", __name__)
        if name in _LATER:
            return getattr(import_module(f".{_LATER[name]}", __name__), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
