"""A step as an operation sees it: its arguments as Python's, and the call itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import strongroom

from .documents import Stated, value
from .session import Session

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
#: What every verb takes and is told as it stands.
GENERAL = ("prompt", "actor", "reason", "request_id")


def microseconds(at: Optional[datetime]) -> Optional[int]:
    """A point in time as the vectors tell it."""
    return None if at is None else (at - EPOCH) // timedelta(microseconds=1)


def moment(stated: Optional[int]) -> Optional[datetime]:
    return None if stated is None else EPOCH + timedelta(microseconds=stated)


def expiry(args: Stated) -> Optional[datetime]:
    """`expires_at` as it stands, or `expires_in_s` from now."""
    if "expires_in_s" in args:
        return datetime.now(timezone.utc) + timedelta(seconds=args["expires_in_s"])
    return moment(args.get("expires_at"))


def metadata(args: Stated) -> dict[str, Any]:
    """The keywords of a write that say what is known about the secret."""
    stated: dict[str, Any] = {name: args[name] for name in ("provider", "scope_of_use", "labels") if name in args}
    at = expiry(args)
    return stated if at is None else {**stated, "expires_at": at}


@dataclass(frozen=True)
class Step:
    """A step of a script."""

    session: Session
    args: Stated
    save: Mapping[str, str]

    def text(self, name: str) -> str:
        return self.session.fill(self.args[name])

    def texts(self, name: str) -> list[str]:
        return [self.session.fill(text) for text in self.args[name]]

    @property
    def key(self) -> str:
        return self.text("key")

    @property
    def value(self) -> bytes:
        return value(self.args["value"])

    def words(self, *names: str) -> dict[str, Any]:
        """Those of these arguments that the step states, as they stand."""
        return {name: self.args[name] for name in names if name in self.args}

    def filled(self, *names: str) -> dict[str, str]:
        """Those of these texts that the step states, filled in."""
        return {name: self.text(name) for name in names if name in self.args}

    def version(self, name: str) -> dict[str, str]:
        """The version that the step states, if it does, as the keyword of this name."""
        return {name: self.session.version(self.args[name])} if name in self.args else {}

    def ask(self, verb: str, *arguments: Any, **keywords: Any) -> Any:
        """Calls a verb of the manager that the steps go through, with what the step says about the call itself."""
        call = self.words(*GENERAL)
        if "timeout_ms" in self.args:
            call["timeout"] = self.args["timeout_ms"] / 1000
        return self.session.face.ask(self.session.manager, verb, *arguments, **keywords, **call)

    def written(self, outcome: strongroom.SetOutcome) -> Stated:
        """What a write answered; its version is saved where the step says so."""
        if "version" in self.save:
            self.session.save(self.save["version"], outcome)
        return {"created": outcome.created, "version": outcome.version, "number": outcome.number}
