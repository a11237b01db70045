"""The verbs: each opens a manager, asks it, and gives an exit code."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from .. import _native, exceptions
from .._manager import open as _open
from . import keys, streams
from .usage import Usage

if TYPE_CHECKING:
    from .._manager import SecretManager, SettingValue
    from .._results import Metadata, SetOutcome
    from .._transferring import Policy

Stated = argparse.Namespace
#: The settings of verbs that bring no secret in: a slip in `--app` must not leave an empty store behind, and a read
#: must not answer that there is no such secret where there is no store at all.
MAKES_NO_STORE = {"encrypted.create": "never"}
#: How long a password is where nothing is said.
PASSWORD = 32


def manager(stated: Stated, makes_store: bool = False) -> SecretManager:
    """Open what the arguments say. One read and out: a cache would only be one more copy of a value."""
    settings: dict[str, SettingValue] = {"cache": "off", **({} if makes_store else MAKES_NO_STORE)}
    if stated.timeout is not None:
        settings["deadline"] = stated.timeout
    settings.update(_pairs("--setting", stated.setting))
    if stated.backend is not None:
        settings["backend"] = stated.backend
    opened = _open(app=stated.app, settings=settings, config_file=stated.config)
    scope = getattr(stated, "scope", None)
    return opened if scope is None else opened.scoped(scope)


def spare_own_files(stated: Stated, path: str) -> None:
    """Refuse to write over what the application keeps its secrets in, or the key to them."""
    settings = _pairs("--setting", stated.setting)
    if any(os.path.realpath(own) == os.path.realpath(path) for own in own_files(stated, settings)[1]):
        message = f"`{path}` is a file that keeps secrets or their key"
        raise streams.failure(exceptions.InvalidArgument, message, "name another file")


def own_files(stated: Stated, settings: Mapping[str, str]) -> tuple[Optional[Path], list[Path]]:
    """The encrypted store, and every file in which the application's secrets or their key may lie."""
    return _native.own_files(stated.app, list(settings.items()), stated.config)


def get(stated: Stated) -> int:
    with manager(stated) as secrets:
        terms = {"version": stated.version, "include_expired": stated.include_expired}
        secret = secrets.get(stated.key, **terms)
        if secret is None:
            raise _native.missing(secrets, stated.key)
        with secret.expose() as value:
            streams.write(value)
    _end_line()
    return 0


def set_(stated: Stated) -> int:
    metadata = _metadata(stated)
    if stated.from_file is not None and stated.raw:
        raise Usage("`--raw` is for stdin; `--from-file` takes a file exactly as it is")
    # What is wrong with the arguments is told before a person is asked for a value.
    names_source = stated.raw or stated.from_file is not None
    keys.of_set(stated.key, names_source)
    value = streams.value(stated.key, stated.from_file, stated.raw)
    try:
        if not value and not stated.allow_empty:
            help = "give a value, or `--allow-empty` where nothing is what you mean"
            raise streams.failure(exceptions.InvalidValue, "the value is empty", help)
        terms = {"if_absent": stated.if_absent, "if_version": stated.if_version}
        with manager(stated, makes_store=True) as secrets:
            outcome = secrets.set(stated.key, value, **metadata, **terms)
    finally:
        value[:] = bytes(len(value))
    _notice(stated, _written(stated.key, outcome))
    return 0


def list_(stated: Stated) -> int:
    with manager(stated) as secrets:
        terms = {"prefix": stated.prefix, "provider": stated.provider, "full_metadata": stated.long}
        entries = secrets.list(**terms).entries
    if stated.json:
        told = [
            {("reference" if entry.is_reference else "key"): entry.name, "expired": entry.expired, **_document(entry)}
            for entry in entries
        ]
        streams.write_json({"schema": 1, "entries": told})
        return 0
    rows = [[entry.name, *(_details(entry, entry.expired) if stated.long else ())] for entry in entries]
    more = ("VERSION", "PROVIDER", "UPDATED", "EXPIRES", "LABELS") if stated.long else ()
    streams.write_rows(rows, ("KEY", *more))
    return 0


def delete(stated: Stated) -> int:
    code = 0
    with manager(stated) as secrets:
        for key in stated.keys:
            try:
                secrets.delete(key)
                _notice(stated, f"deleted {key}")
            except exceptions.NotFound as error:
                if stated.missing_ok:
                    _notice(stated, f"there was no such secret: {key}")
                else:
                    code = code or streams.tell(error)
            except exceptions.Error as error:
                code = code or streams.tell(error)
    return code


def exists(stated: Stated) -> int:
    with manager(stated) as secrets:
        return 0 if secrets.exists(stated.key) else _native.exit_code(exceptions.NotFound.kind)


def describe(stated: Stated) -> int:
    with manager(stated) as secrets:
        known = secrets.describe(stated.key)
        if known is None:
            raise _native.missing(secrets, stated.key)
    told = {"expired": known.expired, **_document(known)}
    if stated.json:
        streams.write_json({"schema": 1, "secret": told})
    else:
        streams.write_rows([[name, _text(part)] for name, part in told.items()])
    return 0


def versions(stated: Stated) -> int:
    with manager(stated) as secrets:
        kept = secrets.versions(stated.key)
    if stated.json:
        times = [{"created_at": one.created_at, "expires_at": one.expires_at} for one in kept]
        told = [{"version": one.version, "current": one.current, **_known(known)} for one, known in zip(kept, times)]
        streams.write_json({"schema": 1, "versions": told})
        return 0
    rows = [[one.version, "yes" if one.current else "-", _time(one.created_at), _time(one.expires_at)] for one in kept]
    streams.write_rows(rows, ("VERSION", "CURRENT", "WRITTEN", "EXPIRES"))
    return 0


def rollback(stated: Stated) -> int:
    to = {"back": stated.back} if stated.version is None else {"version": stated.version}
    with manager(stated) as secrets:
        outcome = secrets.rollback(stated.key, **to)
    _notice(stated, f"rolled back {stated.key}{_version(outcome)}")
    return 0


def generate(stated: Stated) -> int:
    metadata = _metadata(stated)
    secret = _native.generate(_form(stated))
    with manager(stated, makes_store=True) as secrets:
        # Told apart by the write itself, so that of several processes one creates and no value is lost unnoticed.
        try:
            outcome = secrets.set(stated.key, secret, if_absent=True, **metadata)
        except exceptions.Conflict as error:
            if not stated.force:
                error.help = "give `--force` to replace it; the former version stays readable"
                raise
            # What is known about the secret stays, unless the arguments say it anew.
            outcome = secrets.set(stated.key, secret, **metadata) if metadata else secrets.rotate(stated.key, secret)
    if stated.print:
        with secret.expose() as value:
            streams.write(value)
        _end_line()
    _notice(stated, _written(stated.key, outcome))
    return 0


def health(stated: Stated) -> int:
    with manager(stated) as secrets:
        found = secrets.health()
        backend = secrets.backend
        told = {
            "app": secrets.app,
            "backend": backend.name,
            "chosen_by": backend.chosen_by,
            "persistence": backend.persistence,
            "health": found.state,
            **({} if found.reason is None else {"reason": found.reason}),
        }
    if stated.json:
        streams.write_json({"schema": 1, "health": told})
    else:
        streams.write_rows([[name.replace("_", " "), text] for name, text in told.items()])
    return streams.tell(found.error) if found.error is not None and found.state == "unavailable" else 0


def export(stated: Stated) -> int:
    if stated.to is None and streams.is_terminal(streams.STDOUT) and not stated.yes:
        raise Usage("values are shown on a terminal only after a yes: give `--yes`, or `--to FILE`")
    if stated.to is not None and os.path.lexists(stated.to) and not stated.force:
        help = "name another file, or give `--force` to replace it"
        raise streams.failure(exceptions.Conflict, f"there is a file `{stated.to}` already", help)
    if stated.to is not None:
        spare_own_files(stated, stated.to)
    with manager(stated) as secrets:
        written = secrets.export(
            stated.format,
            dialect=stated.dialect,
            prefix=stated.prefix,
            keys=stated.keys,
            full_names=stated.full_names,
            include_expired=stated.include_expired,
            strict=stated.strict,
            fernet_keys=_fernet_keys(stated),
        )
    for skipped in written.skipped:
        _notice(stated, f"skipped {skipped.name} ({skipped.reason})")
    with written.document.expose() as document:
        if stated.to is None:
            streams.write(document)
        else:
            streams.write_file(stated.to, document)
    if stated.to is not None:
        _notice(stated, f"exported {len(written.exported)} to {stated.to}")
    return 0


def import_(stated: Stated) -> int:
    if stated.file is None and streams.is_terminal(streams.STDIN):
        raise Usage("there is no document to import: name a file, or pipe one in (`-` reads what is typed)")
    document = streams.document(stated.file, _native.longest_document())
    if not document:
        help = "see why whatever should have written it wrote nothing"
        raise streams.failure(exceptions.InvalidArgument, "the document is empty", help)
    if_exists: Optional[Policy] = "replace" if stated.overwrite else "skip" if stated.skip_existing else None
    try:
        with manager(stated, makes_store=not stated.dry_run) as secrets:
            report = secrets.import_(
                document,
                stated.format,
                dialect=stated.dialect,
                names=stated.names,
                if_exists=if_exists,
                provider=stated.provider,
                dry_run=stated.dry_run,
                fernet_keys=_fernet_keys(stated),
            )
    finally:
        document[:] = bytes(len(document))
    for note in report.notes:
        _notice(stated, f"note: {note}")
    for skipped in report.skipped:
        line = "" if skipped.line is None else f" line {skipped.line}"
        _notice(stated, f"skipped {skipped.name}{line} ({skipped.reason})")
    if report.dry_run:
        rows = [["create", key] for key in report.created] + [["replace", key] for key in report.replaced]
        streams.write_rows(rows, ("WOULD", "KEY"))
        return 0
    _notice(stated, f"{len(report.created)} created, {len(report.replaced)} replaced, {len(report.skipped)} skipped")
    code = 0
    for error in report.failures.values():
        code = streams.tell(error) if code == 0 else streams.tell(error) and code
    return code


def _form(stated: Stated) -> _native.Generate:
    if stated.no_symbols and (stated.bytes or stated.hex or stated.base64):
        raise Usage("`--no-symbols` is for passwords")
    for name in ("bytes", "hex", "base64"):
        length = getattr(stated, name)
        if length is not None:
            made: _native.Generate = getattr(_native.Generate, name)(length)
            return made
    length = PASSWORD if stated.password is None else stated.password
    return _native.Generate.password(length, symbols=not stated.no_symbols)


def _metadata(stated: Stated) -> dict[str, Any]:
    """The metadata of the arguments, as keywords of `set`; what was not said is not among them."""
    expires_at = None
    if stated.expires_at is not None:
        try:
            expires_at = datetime.fromisoformat(stated.expires_at)
        except ValueError:
            raise Usage("`--expires-at` is no point in time: write it as `2030-01-31T12:00:00Z`") from None
    known = {
        "provider": stated.provider,
        "scope_of_use": stated.scope_of_use,
        "labels": _pairs("--label", stated.label) or None,
        "expires_at": expires_at,
    }
    return {name: part for name, part in known.items() if part is not None}


def _pairs(option: str, words: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for word in words:
        name, separator, text = word.partition("=")
        if not separator:
            raise Usage(f"`{option}` has no `=`: write it as `{option} NAME=VALUE`")
        if name in pairs:
            raise Usage(f"`{option}` names one thing twice: give each once")
        pairs[name] = text
    return pairs


def _fernet_keys(stated: Stated) -> Optional[str]:
    return os.environ.get("FERNET_SECRET_KEY") if stated.format == "fernet" else None


def _document(known: Metadata) -> dict[str, Any]:
    """Metadata for programs; what is not known is left out."""
    return _known(
        {
            "version": known.version,
            "provider": known.provider,
            "scope_of_use": known.scope_of_use,
            "labels": dict(known.labels) or None,
            "created_at": known.created_at,
            "updated_at": known.updated_at,
            "expires_at": known.expires_at,
        }
    )


def _known(parts: Mapping[str, Any]) -> dict[str, Any]:
    stated = {name: part for name, part in parts.items() if part is not None}
    return {name: _exact(part) if isinstance(part, datetime) else part for name, part in stated.items()}


def _exact(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _time(at: Optional[datetime]) -> str:
    """A point in time for people, to the second."""
    return "-" if at is None else _exact(at.replace(microsecond=0))


def _details(known: Metadata, expired: bool) -> list[str]:
    labels = _text(dict(known.labels))
    expires = _time(known.expires_at) + (" (expired)" if expired else "")
    return [known.version or "-", known.provider or "-", _time(known.updated_at), expires, labels or "-"]


def _text(part: object) -> str:
    if isinstance(part, dict):
        return ",".join(f"{name}={text}" for name, text in part.items())
    return str(part).lower() if isinstance(part, bool) else str(part)


def _notice(stated: Stated, text: str) -> None:
    if not stated.quiet:
        streams.say(text)


def _written(key: str, outcome: SetOutcome) -> str:
    return f"{'created' if outcome.created else 'replaced'} {key}{_version(outcome)}"


def _version(outcome: SetOutcome) -> str:
    return "" if outcome.version is None else f" (version {outcome.version})"


def _end_line() -> None:
    """A newline where a person looks at what was written."""
    if streams.is_terminal(streams.STDOUT):
        streams.write(memoryview(b"\n"))
