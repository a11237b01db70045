"""The files of vectors, and the few words that they are written in."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

#: An object of a file.
Stated = dict[str, Any]

ROOT = Path(__file__).resolve().parents[4]
FOLDER = ROOT / "tests" / "vectors"


def load(name: str) -> Stated:
    """A file of vectors; of a schema that this runner does not know it is an error."""
    file: Stated = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    if file["schema"] != 1:
        raise ValueError(f"{name} is not of schema 1")
    return file


def value(stated: Stated) -> bytes:
    """The bytes that `{"utf8": …}`, `{"base64": …}` or `{"repeat": …, "count": …}` stand for."""
    if "utf8" in stated:
        return str(stated["utf8"]).encode()
    if "base64" in stated:
        return base64.b64decode(stated["base64"], validate=True)
    return str(stated["repeat"]).encode() * int(stated["count"])


def suits(backend: Stated, script: Stated) -> bool:
    """Whether the backend has what the script needs and lacks what it wants lacking."""
    lacks = set(backend["lacks"])
    return lacks.isdisjoint(script["needs"]) and lacks.issuperset(script["lacks"])
