"""The exceptions of strongroom: one class for each kind of failure, all of them :class:`Error`.

Where a kind is what a built-in exception already says, its class is both: a missing secret is also a ``KeyError``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = [
    "Ambiguous",
    "AuditUnavailable",
    "BY_KIND",
    "BufferTooSmall",
    "Cancelled",
    "Closed",
    "Conflict",
    "Error",
    "Expired",
    "InsecurePath",
    "Integrity",
    "Internal",
    "InvalidArgument",
    "InvalidConfig",
    "InvalidHandle",
    "InvalidKey",
    "InvalidValue",
    "KeyMissing",
    "Locked",
    "NotFound",
    "OutcomeUnknown",
    "PermissionDenied",
    "PolicyDenied",
    "RateLimited",
    "ReadOnly",
    "ReentrantCall",
    "StorageFull",
    "Timeout",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "Unsupported",
    "UnsupportedFormat",
    "WrongKey",
]


class Error(Exception):
    """Something failed. ``except strongroom.Error`` catches every failure that strongroom has a word for.

    Neither the text nor any attribute ever carries a value.
    """

    #: The token of the kind, the same in every language: ``not_found``, ``locked``, …
    kind: str = "error"
    #: The word of the backend that failed.
    backend: str | None = None
    #: The verb, as ``get``.
    operation: str | None = None
    #: The key that the call was about.
    key: str | None = None
    #: The setting or argument at fault.
    setting: str | None = None
    #: Whether the same call may succeed later without anyone changing anything.
    retryable: bool = False
    #: How many seconds to wait before that, where the backend told.
    retry_after: float | None = None
    #: The code of the system or library underneath.
    foreign_code: int | None = None
    #: One line that says what to do.
    help: str = ""

    def __str__(self) -> str:
        # A KeyError shows the `repr` of its argument.
        return Exception.__str__(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (type(self), self.args, dict(self.__dict__))


def _remake(kind: type[Error], arguments: tuple[Any, ...], fields: dict[str, Any]) -> Error:
    error = kind(*arguments)
    error.__dict__.update(fields)
    return error


class NotFound(Error, KeyError):
    """There is no such secret, or no such version of it."""

    kind = "not_found"


class Expired(Error):
    """The secret is there and its expiry lies in the past."""

    kind = "expired"


class Unauthenticated(Error):
    """The backend does not know who is calling."""

    kind = "unauthenticated"


class PermissionDenied(Error, PermissionError):
    """The backend knows who is calling and refuses."""

    kind = "permission_denied"


class Locked(Error):
    """The keystore or the store is locked and may not ask for its unlocking now."""

    kind = "locked"


class PolicyDenied(Error, PermissionError):
    """A policy of this installation forbids the call."""

    kind = "policy_denied"


class Unavailable(Error):
    """The backend cannot be reached or does not work at present."""

    kind = "unavailable"
    retryable = True


class Timeout(Error, TimeoutError):
    """The deadline passed before an answer came; nothing was changed."""

    kind = "timeout"
    retryable = True


class RateLimited(Error):
    """The backend asks for fewer calls; ``retry_after`` says for how long."""

    kind = "rate_limited"
    retryable = True


class OutcomeUnknown(Error):
    """A write was sent and its answer did not come: it may or may not have happened."""

    kind = "outcome_unknown"


class Cancelled(Error):
    """The caller cancelled the call by its :class:`~strongroom.CancelToken`."""

    kind = "cancelled"


class Closed(Error, ValueError):
    """The manager was closed, or the secret was wiped."""

    kind = "closed"


class Conflict(Error):
    """The state is not the one that the caller demanded, or another writer was first."""

    kind = "conflict"


class Ambiguous(Error):
    """Two keys would share one name in the backend."""

    kind = "ambiguous"


class ReadOnly(Error):
    """The backend cannot write."""

    kind = "read_only"


class Unsupported(Error):
    """The backend lacks this operation or cannot hold this field."""

    kind = "unsupported"


class InvalidKey(Error, ValueError):
    """The key breaks the rules for keys."""

    kind = "invalid_key"


class InvalidValue(Error, ValueError):
    """The value or its metadata breaks a rule."""

    kind = "invalid_value"


class InvalidArgument(Error, ValueError):
    """An argument other than key and value is wrong."""

    kind = "invalid_argument"


class TooLarge(Error, ValueError):
    """The value, the key or a field is longer than the limit that the text names."""

    kind = "too_large"


class BufferTooSmall(Error, ValueError):
    """The caller's buffer is smaller than the value."""

    kind = "buffer_too_small"


class InvalidConfig(Error, ValueError):
    """A setting is unknown, wrong, contradictory or half set."""

    kind = "invalid_config"


class InvalidHandle(Error, ValueError):
    """What was passed is not open any more."""

    kind = "invalid_handle"


class ReentrantCall(Error, RuntimeError):
    """Something was called from where it must not be called."""

    kind = "reentrant_call"


class WrongKey(Error):
    """The key does not open this store."""

    kind = "wrong_key"


class KeyMissing(Error):
    """The key of the store, or the place that should hold it, is not there."""

    kind = "key_missing"


class Integrity(Error):
    """Stored data is damaged or was tampered with."""

    kind = "integrity"


class UnsupportedFormat(Error):
    """The data has a format that this version does not know."""

    kind = "unsupported_format"


class InsecurePath(Error, PermissionError):
    """A file or folder is open to others, belongs to someone else, or is a link."""

    kind = "insecure_path"


class StorageFull(Error):
    """There is no room left where the data lives."""

    kind = "storage_full"


class AuditUnavailable(Error):
    """A required audit sink did not take the record, so the call was refused."""

    kind = "audit_unavailable"
    retryable = True


class Internal(Error, RuntimeError):
    """A defect of strongroom."""

    kind = "internal"


# The type that `types` names; importing that module would take a tenth of what importing this package takes.
_MappingProxyType = type(type.__dict__)

#: The class of each kind, by its token.
BY_KIND: Mapping[str, type[Error]] = _MappingProxyType({kind.kind: kind for kind in Error.__subclasses__()})
