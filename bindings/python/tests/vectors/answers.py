"""What verbs answer in the fields of `tests/vectors/README.md`; values as `bytes`."""

from __future__ import annotations

from typing import Any, Optional, Union

import strongroom

from .documents import Stated
from .step import microseconds


def known(about: Union[strongroom.Secret, strongroom.Metadata]) -> Stated:
    """What is known about a secret besides its value."""
    return {
        "provider": about.provider,
        "scope_of_use": about.scope_of_use,
        "labels": dict(about.labels),
        "expires": about.expires_at is not None,
        "expires_at": microseconds(about.expires_at),
        "created_at": microseconds(about.created_at),
        "version": about.version,
    }


def secret(found: Optional[strongroom.Secret]) -> Any:
    if found is None:
        return None
    return {**known(found), "value": found.reveal_bytes()}


def described(found: Optional[strongroom.Description]) -> Any:
    return None if found is None else {**known(found), "expired": found.expired}


def generated(made: strongroom.Secret) -> Stated:
    made_of = made.reveal_bytes()
    return {"length": len(made_of), "symbols": not (made_of.isascii() and made_of.isalnum())}


def page(found: strongroom.ListPage) -> Stated:
    return {
        "names": [entry.name for entry in found.entries],
        "expired": [entry.name for entry in found.entries if entry.expired],
        "providers": [entry.provider for entry in found.entries],
        "more": found.next is not None,
        "next": found.next,
    }


def kept(versions: list[strongroom.VersionEntry]) -> Stated:
    current = [entry.version for entry in versions if entry.current]
    return {
        "count": len(versions),
        "versions": [entry.version for entry in versions],
        "current": current[0] if current else None,
        "expires_at": [microseconds(entry.expires_at) for entry in versions],
    }


def change(told: Optional[strongroom.Change]) -> Any:
    if told is None:
        return None
    return {"kind": told.kind, "key": told.key, "version": told.version, "health": told.health}


def several(found: strongroom.BatchResult) -> Stated:
    return {
        "values": {key: secret.reveal_bytes() for key, secret in found.secrets.items()},
        "failures": {key: error.kind for key, error in found.failures.items()},
    }
