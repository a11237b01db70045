"""The keywords that every verb takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Optional, TypedDict, Union

from ._native import CancelToken


class CallOptions(TypedDict, total=False):
    """The keywords that every verb takes. ``None`` is as if it were not there."""

    #: The scope of bare names in this call, as ``org/acme``; ``list`` and ``export`` are limited to it.
    scope: Optional[str]
    #: How long the call may take in all: seconds, or a ``timedelta``. 10 s where nothing is stated.
    timeout: Union[float, timedelta, None]
    #: Whether a keystore may ask a person. ``never`` where nothing is stated.
    prompt: Optional[Literal["never", "allow"]]
    #: On whose behalf, for the audit.
    actor: Optional[str]
    #: Why, for the audit.
    reason: Optional[str]
    #: The caller's own name of the request, for the audit and for logs.
    request_id: Optional[str]
    #: Ends the call when it fires.
    cancel: Optional[CancelToken]
