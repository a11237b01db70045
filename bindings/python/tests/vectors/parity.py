"""Which vector ran which operation through which face, for docs/parity.md."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

from .documents import ROOT


class Ran:
    """What has run so far."""

    def __init__(self) -> None:
        #: For each language the scripts that passed, and the number of their steps.
        self.scripts: dict[str, dict[str, int]] = defaultdict(dict)
        self._operations: dict[str, dict[str, str]] = defaultdict(dict)

    def operation(self, language: str, name: str, vector: str) -> None:
        """The first vector of an operation is the one that is named."""
        self._operations[language].setdefault(name, vector)

    def write(self, language: str, part: str) -> None:
        """Writes what ran through one face."""
        stated = os.environ.get("STRONGROOM_PARITY_DIR")
        folder = Path(stated) if stated else ROOT / "target" / "parity"
        folder.mkdir(parents=True, exist_ok=True)
        told = {"language": language, "ops": self._operations[language]}
        text = json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False)
        (folder / f"{language}.{part}.json").write_text(text + "\n", encoding="utf-8")
