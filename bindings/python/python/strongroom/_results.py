"""What verbs answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Optional

from ._native import Secret
from .exceptions import Error

Persistence = Literal["process", "session", "boot", "disk", "remote"]


@dataclass(frozen=True)
class BackendInfo:
    """What is known about an opened backend."""

    #: The one word that this kind of backend is known by.
    name: str
    #: Who or what chose it.
    chosen_by: str
    #: How long what is stored lasts.
    persistence: Persistence
    #: The longest value in bytes that the manager takes.
    max_value: int
    #: The longest key in bytes.
    max_key: int
    #: Whether it cannot write.
    read_only: bool
    #: Whether it can list names.
    list: bool
    #: Whether former versions can be read.
    versions: bool
    #: Whether it keeps provider, scope of use and labels.
    metadata: bool
    #: Whether it keeps an expiry.
    expiry: bool
    #: Whether it knows conditional writes (``if_absent``, ``if_version``).
    cas: bool
    #: Whether ``set_many`` writes all or nothing.
    atomic_batch: bool
    #: Whether values may be any bytes, not only text.
    binary: bool
    #: Whether a value may be empty.
    empty_value: bool
    #: Whether ``verify`` can check what is stored.
    verify: bool
    #: Whether what was removed is kept for a while and can be brought back.
    restore: bool


@dataclass(frozen=True)
class Setting:
    """A setting of an opened manager."""

    #: Its text, or the default's. ``None`` where it has none, and for every secret setting.
    value: Optional[str]
    #: Who stated it: the program, a variable, a file, or nobody.
    origin: str
    #: Whether it is a secret, which is not shown.
    secret: bool


@dataclass(frozen=True)
class SetOutcome:
    """What a write did."""

    #: Whether there was no such secret before.
    created: bool
    #: The version that was written: an opaque word. ``None`` where the backend has none.
    version: Optional[str]
    #: The same as a number, where the backend counts.
    number: Optional[int]


@dataclass(frozen=True)
class SetManyOutcome:
    """What a write of several secrets did."""

    #: What was written, by key as it was given.
    outcomes: Mapping[str, SetOutcome]
    #: Why the others were not, by key. Empty where the backend writes all or nothing.
    failures: Mapping[str, Error]


@dataclass(frozen=True)
class Metadata:
    """What is known about a secret besides its value. Points in time are aware and in UTC."""

    #: Who issued the secret, such as ``openai``.
    provider: Optional[str] = None
    #: What the secret may be used for, such as OAuth scopes.
    scope_of_use: Optional[str] = None
    #: The caller's own words.
    labels: Mapping[str, str] = field(default_factory=dict)
    #: From when on reading it raises :class:`~strongroom.Expired`.
    expires_at: Optional[datetime] = None
    #: When the secret was first set.
    created_at: Optional[datetime] = None
    #: When this version was written.
    updated_at: Optional[datetime] = None
    #: The version: an opaque word.
    version: Optional[str] = None
    #: The same as a number, where the backend counts.
    number: Optional[int] = None
    #: How many seconds ago a backend on another machine gave it, where it is out of reach now; else ``None``.
    stale_for: Optional[float] = None


@dataclass(frozen=True)
class Description(Metadata):
    """A secret without its value."""

    #: Whether the expiry has passed.
    expired: bool = False


@dataclass(frozen=True)
class ListEntry(Metadata):
    """A name, with what is cheaply known about the secret."""

    #: The key, or what a name that is no key refers to.
    name: str = ""
    #: Whether the name is no key: something else than strongroom put it there.
    is_reference: bool = False
    #: Whether the expiry has passed.
    expired: bool = False


@dataclass(frozen=True)
class ListPage:
    """A page of names, sorted."""

    entries: tuple[ListEntry, ...]
    #: What the next page is ``after``; ``None`` where this is the last one.
    next: Optional[str]


@dataclass(frozen=True)
class VersionEntry:
    """A version of a secret."""

    version: str
    number: Optional[int]
    #: Whether it is the one that ``get`` reads.
    current: bool
    created_at: Optional[datetime]
    expires_at: Optional[datetime]


@dataclass(frozen=True)
class BatchResult:
    """Several secrets, by key as it was given. What there is not is in neither mapping."""

    secrets: Mapping[str, Secret]
    #: What could not be read, an expired secret too.
    failures: Mapping[str, Error]


@dataclass(frozen=True)
class Health:
    """How the backend is."""

    state: Literal["ok", "degraded", "unavailable"]
    reason: Optional[str]
    error: Optional[Error]


@dataclass(frozen=True)
class Change:
    """A change that a subscription tells. Never a value."""

    #: What has changed: ``unknown`` is a change by someone else that the backend cannot name, ``missed`` stands for
    #: changes that were left out because the subscriber was too slow. After both any secret may be another one.
    kind: Literal["set", "deleted", "unknown", "health", "missed"]
    #: The secret, where it is one.
    key: Optional[str]
    #: The version that is current now, where it is known.
    version: Optional[str]
    #: The same as a number, where the backend counts.
    number: Optional[int]
    #: The health now, for ``health``.
    health: Optional[Literal["ok", "degraded", "unavailable"]]
    #: Why the health is what it is.
    reason: Optional[str]


@dataclass(frozen=True)
class VerifyReport:
    """What a check of everything that is stored counted."""

    secrets: int
    versions: int
    journal: int
    sequence: int
