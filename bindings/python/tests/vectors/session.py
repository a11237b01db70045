"""One script over one newly opened backend: its managers, and what one step leaves for the next."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import strongroom

from .documents import Stated, value
from .faces import Face, Manager

#: Every word that a script may need or want lacking, `fault` aside, and whether the backend has it.
CAPABILITIES = (
    "list",
    "versions",
    "metadata",
    "expiry",
    "cas",
    "atomic_batch",
    "binary",
    "empty_value",
    "verify",
    "restore",
)


@dataclass(frozen=True)
class SavedVersion:
    """A version that a step kept for the steps after it."""

    word: str
    number: Optional[int]


def stated_for_opening(parts: list[Stated], folder: Path) -> dict[str, Any]:
    """The arguments of `open` that all of these state."""
    settings: dict[str, str] = {}
    secrets: dict[str, bytes] = {}
    documents: dict[str, str] = {}
    for part in parts:
        for name, text in part.get("options", {}).items():
            settings[name] = text.replace("{dir}", str(folder))
        secrets.update({name: value(secret) for name, secret in part.get("secret_options", {}).items()})
        documents.update(part.get("config_text", {}))
    return {
        "app": "vectors",
        "settings": settings,
        "secrets": secrets,
        "config_text": documents,
        "environment": False,
    }


class Session:
    """What the steps of a script go through."""

    def __init__(self, face: Face, backend: Stated, script: Stated, folder: Path) -> None:
        self.face = face
        self._folder = folder
        self._id = uuid.uuid4().hex
        self._saved: dict[str, SavedVersion] = {}
        self._other: Optional[Manager] = None
        self.manager = face.open(**stated_for_opening([backend, script], folder))
        self._opened = [self.manager]
        #: By the names that the script gave them.
        self.subscriptions: dict[str, Any] = {}
        self._compare_capabilities(backend)

    def _compare_capabilities(self, backend: Stated) -> None:
        info = self.manager.backend
        has = {"write": not info.read_only, **{word: getattr(info, word) for word in CAPABILITIES}}
        lacking = {word for word, is_there in has.items() if not is_there}
        assert lacking == set(backend["lacks"]) - {"fault"}, f"`lacks` of {backend['name']}"

    def close(self) -> None:
        """Closes every manager that the script opened. A second time is no error."""
        for manager in self._opened:
            self.face.ask(manager, "close")

    def fill(self, text: str) -> str:
        """A text with its templates filled in."""
        filled = text.replace("{scope}", f"project/{self._id}").replace("{id}", self._id)
        return filled.replace("{global}", f"G.{self._id}")

    def version(self, word: str) -> str:
        """`@name` is a saved version; everything else is the version's own word."""
        return self.saved(word).word if word.startswith("@") else word

    def saved(self, word: str) -> SavedVersion:
        return self._saved[word.removeprefix("@")]

    def save(self, name: str, outcome: strongroom.SetOutcome) -> None:
        assert outcome.version is not None, "the backend tells versions"
        self._saved[name] = SavedVersion(outcome.version, outcome.number)

    def exchange(self, stated: Stated) -> None:
        """Has the steps go through the script's other manager, which is opened where there is none."""
        if self._other is None:
            self._other = self.face.open(**stated_for_opening([stated], self._folder))
            self._opened.append(self._other)
        self.manager, self._other = self._other, self.manager

    @property
    def beside(self) -> Manager:
        """The manager that the steps do not go through."""
        assert self._other is not None, "the script has another manager"
        return self._other
