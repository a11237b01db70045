"""Opening the manager that the arguments state."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .. import _native, exceptions
from .._manager import open as _open
from . import streams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._manager import SecretManager
    from .._results import Setting

#: The settings of verbs that bring no secret in: a slip in `--app` must not leave an empty store behind, and a read
#: must not answer that there is no such secret where there is no store at all.
MAKES_NO_STORE = {"encrypted.create": "never"}
ON_CORRUPT = "file.on_corrupt"


def manager(stated: argparse.Namespace) -> SecretManager:
    """Open for a verb that brings no secret in: no store is made, and no corrupt file put aside unless someone said so."""
    return _scoped(stated, {**settings(stated), **_harmless(stated)})


def manager_or_stand_in(stated: argparse.Namespace) -> SecretManager:
    """Open for what only tells what it would write. An empty place stands in for a store that is not there yet."""
    try:
        return manager(stated)
    except exceptions.Unavailable as error:
        if error.setting != "encrypted.path":
            raise
        return _scoped(stated, {**settings(stated), "backend": "memory"})


def manager_to_set(stated: argparse.Namespace) -> SecretManager:
    """Open for a verb that brings a secret in, which makes the store where there is none."""
    store = _native.store_file(stated.app, list(settings(stated).items()), _config(stated))
    was_there = store is not None and store.exists()
    opened = _scoped(stated, settings(stated))
    _tell_nature(stated, opened)
    if not was_there and opened.backend.name in ("encrypted", "local_encrypted"):
        # An empty store in the place of one that is lost must not go unnoticed.
        streams.notice(stated, f"made the store {store}")
    return opened


def settings(stated: argparse.Namespace) -> dict[str, str]:
    """The settings that the arguments state."""
    secret = [row.key for row in _native.settings_table("strongroom") if row.secret]
    pairs: dict[str, str] = {}
    for word in stated.secrets_set:
        name, separator, text = word.partition("=")
        if not separator:
            message = "`--secrets-set` takes `SETTING=VALUE` (what it was given is not shown: it may be a secret)"
            raise streams.failure(exceptions.InvalidConfig, message, "write it as `cache=off`")
        if name in secret:
            message = f"`{name}` is secret, and every process of the machine can read a command line"
            help = "give it by its environment variable (docs/settings.md), a file or a descriptor"
            raise streams.failure(exceptions.InvalidConfig, message, help)
        pairs[name] = text
    if stated.secrets_backend is not None:
        pairs["backend"] = stated.secrets_backend
    if stated.timeout is not None:
        pairs["deadline"] = stated.timeout
    if stated.offline:
        pairs["offline"] = "on"
    return pairs


def spare_own_files(stated: argparse.Namespace, path: str) -> None:
    """Refuse to write over what the application keeps its secrets in, or the key to them."""
    if _native.keeps_secrets(stated.app, list(settings(stated).items()), _config(stated), path):
        message = f"`{path}` is a file that keeps secrets or their key"
        raise streams.failure(exceptions.InvalidArgument, message, "name another file")


def _scoped(stated: argparse.Namespace, settings: dict[str, str]) -> SecretManager:
    found = _found(stated, settings)
    if found["cache_file"].value is None and found["offline"].value != "on":
        # One read and out: a cache in memory would only be one more copy of a value.
        settings = {**settings, "cache": "off"}
    try:
        opened = _open(app=stated.app, settings=settings, config_file=_config(stated))
    except exceptions.Unavailable as error:
        if error.setting == "encrypted.path":
            error.help = "set a secret, which makes the store too, or look whether this is the right `--app`"
        raise
    scope = getattr(stated, "scope", None)
    return opened if scope is None else opened.scoped(scope)


def _found(stated: argparse.Namespace, settings: dict[str, str]) -> Mapping[str, Setting]:
    """All settings as the manager will find them."""
    from .._settings import inspect

    return inspect(app=stated.app, settings=settings, config_file=_config(stated)).settings


def _harmless(stated: argparse.Namespace) -> dict[str, str]:
    stops = _found(stated, settings(stated))[ON_CORRUPT].origin == "the default"
    return {**MAKES_NO_STORE, ON_CORRUPT: "stop"} if stops else MAKES_NO_STORE


def _config(stated: argparse.Namespace) -> list[str]:
    return [] if stated.config is None else [stated.config]


def _tell_nature(stated: argparse.Namespace, opened: SecretManager) -> None:
    """Say that what is now written lies open, or does not last."""
    backend = opened.backend
    word = backend.name
    if word == "chain":
        word = opened.settings["chain.writer"].value or word
    if backend.read_only:
        return
    if word == "file":
        nature = "is INSECURE: every value is plain text, for development only"
    elif backend.persistence == "process":
        nature = "forgets everything when this command ends"
    else:
        return
    streams.notice(stated, f"note: the backend `{word}` {nature}")
