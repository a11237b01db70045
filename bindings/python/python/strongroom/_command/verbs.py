"""The verbs: each opens a manager, asks it, and gives an exit code."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Optional, Union, cast

from .. import _native, exceptions
from . import keys, streams
from .expiry import expiry
from .opening import manager, manager_or_stand_in, manager_to_set, spare_own_files
from .streams import notice
from .usage import Usage

if TYPE_CHECKING:
    from .._results import ListEntry, Metadata, SetOutcome
    from .._transfer import Export
    from .._transferring import Format, Policy

Stated = argparse.Namespace
#: How long a password is where nothing is said.
PASSWORD = 32
#: What stands for a value that is not shown; its width tells nothing.
MASK = "********"
#: As many words as a notice bears.
SHOWN = 10


def get(stated: Stated) -> int:
    if stated.fresh and stated.offline:
        raise Usage("`--fresh` does not go with `--offline`")
    key = keys.full(stated.key)
    if stated.out is not None:
        spare_own_files(stated, stated.out)
    with manager(stated) as secrets:
        terms = {"version": stated.version, "include_expired": stated.include_expired, "fresh": stated.fresh}
        secret = secrets.get(key, **terms)
        if secret is None:
            raise _native.missing(secrets, key)
    return _give(stated, secret)


def resolve(stated: Stated) -> int:
    if stated.out is not None:
        spare_own_files(stated, stated.out)
    with manager(stated) as secrets:
        secret = secrets.resolve(stated.reference)
        if secret is None:
            raise streams.failure(
                exceptions.NotFound, "the reference leads to nothing", "see whether it is the right one"
            )
    return _give(stated, secret)


def _give(stated: Stated, secret: _native.Secret) -> int:
    """Write the value where it was asked for."""
    with secret.expose() as value:
        if stated.out is not None:
            streams.write_file(stated.out, value)
            return 0
        streams.write(value)
    _end_line()
    return 0


def set_(stated: Stated) -> int:
    metadata = _metadata(stated)
    if stated.from_file is not None and stated.raw:
        raise Usage("`--raw` is for stdin", "leave it out: `--from-file` takes a file exactly as it is")
    # What is wrong with the arguments is told before a person is asked for a value.
    names_source = stated.raw or stated.from_file is not None
    key = keys.of_set(stated.key, names_source)
    value = streams.value(key, stated.from_file, stated.raw)
    try:
        if not value and not stated.allow_empty:
            help = "give a value, or `--allow-empty` where nothing is what you mean"
            raise streams.failure(exceptions.InvalidValue, "the value is empty", help)
        terms = {"if_absent": stated.if_absent, "if_version": stated.if_version}
        with manager_to_set(stated) as secrets:
            outcome = secrets.set(key, value, **metadata, **terms)
    finally:
        value[:] = bytes(len(value))
    notice(stated, _written(key, outcome))
    return 0


def list_(stated: Stated) -> int:
    with manager(stated) as secrets:
        terms = {"prefix": stated.prefix, "provider": stated.provider, "full_metadata": stated.long}
        entries = secrets.list(**terms).entries
    if stated.output == "json":
        told = [{**_name(entry), "expired": entry.expired, **_document(entry)} for entry in entries]
        streams.write_json({"schema": 1, "entries": told})
        return 0
    rows = [[entry.name, *(_details(entry) if stated.long else ())] for entry in entries]
    more = ("VERSION", "PROVIDER", "UPDATED", "EXPIRES", "LABELS", "VALUE") if stated.long else ()
    streams.write_rows(rows, ("KEY", *more), stated.output)
    return 0


def delete(stated: Stated) -> int:
    code = 0
    # A wrong key among them stops before the first.
    named = [keys.full(word) for word in stated.keys]
    if len(named) > 1 and not stated.yes and streams.somebody_is_there():
        streams.confirm(f"Remove {len(named)} secrets with their history?")
    terms = {"soft": stated.soft, "force": stated.force, "version": stated.version}
    with manager(stated) as secrets:
        for key in named:
            try:
                secrets.delete(key, **terms)
                notice(stated, f"deleted {key}")
            except exceptions.Error as error:
                if stated.missing_ok and isinstance(error, exceptions.NotFound):
                    notice(stated, f"there was no such secret: {key}")
                else:
                    told = streams.tell(error)
                    code = code or told
    return code


def restore(stated: Stated) -> int:
    key = keys.full(stated.key)
    with manager(stated) as secrets:
        outcome = secrets.restore(key)
    notice(stated, f"restored {key}{_version(outcome)}")
    return 0


def exists(stated: Stated) -> int:
    with manager(stated) as secrets:
        return 0 if secrets.exists(keys.full(stated.key)) else _native.exit_code(exceptions.NotFound.kind)


def describe(stated: Stated) -> int:
    key = keys.full(stated.key)
    with manager(stated) as secrets:
        known = secrets.describe(key)
        if known is None:
            raise _native.missing(secrets, key)
    told = {"expired": known.expired, **_document(known)}
    if stated.output == "json":
        streams.write_json({"schema": 1, "secret": told})
    else:
        streams.write_rows([[name, _text(part)] for name, part in told.items()], form=stated.output)
    return 0


def versions(stated: Stated) -> int:
    key = keys.full(stated.key)
    with manager(stated) as secrets:
        kept = secrets.versions(key)
    if stated.output == "json":
        times = [{"created_at": one.created_at, "expires_at": one.expires_at} for one in kept]
        told = [{"version": one.version, "current": one.current, **_known(known)} for one, known in zip(kept, times)]
        streams.write_json({"schema": 1, "versions": told})
        return 0
    rows = [[one.version, "yes" if one.current else "-", _time(one.created_at), _time(one.expires_at)] for one in kept]
    streams.write_rows(rows, ("VERSION", "CURRENT", "WRITTEN", "EXPIRES"), stated.output)
    return 0


def rollback(stated: Stated) -> int:
    key = keys.full(stated.key)
    to = {"back": stated.back} if stated.version is None else {"version": stated.version}
    with manager(stated) as secrets:
        outcome = secrets.rollback(key, **to)
    notice(stated, f"rolled back {key}{_version(outcome)}")
    return 0


def generate(stated: Stated) -> int:
    key = keys.full(stated.key)
    metadata = _metadata(stated)
    secret = _native.generate(_form(stated))
    with manager_to_set(stated) as secrets:
        # Told apart by the write itself, so that of several processes one creates and no value is lost unnoticed.
        try:
            outcome = secrets.set(key, secret, if_absent=True, **metadata)
        except exceptions.Conflict as error:
            if not stated.force:
                error.help = "give `--force` to replace it; the former version stays readable"
                raise
            # What is known about the secret stays, unless the arguments say it anew.
            outcome = secrets.set(key, secret, **metadata) if metadata else secrets.rotate(key, secret)
    if stated.print:
        with secret.expose() as value:
            streams.write(value)
        _end_line()
    notice(stated, _written(key, outcome))
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
    if stated.output == "json":
        streams.write_json({"schema": 1, "health": told})
    else:
        streams.write_rows([[name.replace("_", " "), text] for name, text in told.items()], form=stated.output)
    return streams.tell(found.error) if found.error is not None and found.state == "unavailable" else 0


def export(stated: Stated) -> int:
    form = _form_of_document(stated, stated.to)
    if stated.keys and (stated.scope is not None or stated.prefix is not None):
        raise Usage("keys go neither with `--scope` nor with `--prefix`")
    if stated.force and stated.to is None:
        raise Usage("`--force` goes with `--to`")
    asks = stated.to is None and streams.is_terminal(streams.STDOUT) and not stated.yes
    if asks and not streams.somebody_is_there():
        message = "values are shown on a terminal only after a yes, and nobody can be asked"
        raise Usage(message, "give `--yes`, or `--to FILE`")
    named = [keys.full(word) for word in stated.keys]
    if stated.to is not None and os.path.lexists(stated.to) and not stated.force:
        help = "name another file, or give `--force` to replace it"
        raise streams.failure(exceptions.Conflict, f"there is a file `{stated.to}` already", help)
    if stated.to is not None:
        spare_own_files(stated, stated.to)
    with manager(stated) as secrets:
        written = secrets.export(
            form,
            dialect=stated.dialect,
            prefix=stated.prefix,
            keys=named,
            full_names=stated.full_names,
            include_expired=stated.include_expired,
            strict=stated.strict,
            fernet_keys=_fernet_keys(stated, form),
        )
    count = len(written.exported)
    if asks and count:
        streams.confirm(f"Show the values of {count} {'secret' if count == 1 else 'secrets'} to whoever sees this?")
    for skipped in written.skipped:
        notice(stated, f"skipped {skipped.name} ({skipped.reason})")
    _tell_lost(stated, written)
    with written.document.expose() as document:
        if stated.to is None:
            streams.write(document)
        else:
            streams.write_file(stated.to, document)
    if stated.to is not None:
        notice(stated, f"exported {count} to {stated.to}")
    return 0


def _tell_lost(stated: Stated, written: Export) -> None:
    """Say what an import of the document would not bring back."""
    escaped = [f"{one.key} as {one.name}" for one in written.exported if one.escaped]
    lossy = [f"{', '.join(one.losses)} of {one.key}" for one in written.exported if one.losses]
    for words, what in (
        (escaped, "names were escaped, and an import takes them as they stand (`json` and `yaml` keep them)"),
        (lossy, "secrets have more than a value, which is not in the document"),
    ):
        more = f"; and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
        if words:
            notice(stated, f"{len(words)} {what}: {'; '.join(words[:SHOWN])}{more}")


def import_(stated: Stated) -> int:
    form = _form_of_document(stated, stated.file)
    fernet_keys = _fernet_keys(stated, form)
    if stated.file is None and streams.is_terminal(streams.STDIN):
        raise Usage("there is no document to import", "name a file, or pipe one in (`-` reads what is typed)")
    document = streams.document(stated.file, _native.longest_document())
    if not document:
        help = "see why whatever should have written it wrote nothing"
        raise streams.failure(exceptions.InvalidArgument, "the document is empty", help)
    if_exists: Optional[Policy] = "replace" if stated.overwrite else "skip" if stated.skip_existing else None
    try:
        with manager_or_stand_in(stated) if stated.dry_run else manager_to_set(stated) as secrets:
            report = secrets.import_(
                document,
                form,
                dialect=stated.dialect,
                names=stated.names,
                if_exists=if_exists,
                provider=stated.provider,
                dry_run=stated.dry_run,
                fernet_keys=fernet_keys,
            )
    except exceptions.Conflict as error:
        error.help = "give `--overwrite` or `--skip-existing`; nothing was imported"
        raise
    except exceptions.InvalidKey as error:
        error.help = "rename them, or give `--names escape` or `--names skip`; nothing was imported"
        raise
    finally:
        document[:] = bytes(len(document))
    for note in report.notes:
        notice(stated, f"note: {note}")
    for skipped in report.skipped:
        line = "" if skipped.line is None else f" line {skipped.line}"
        notice(stated, f"skipped {skipped.name}{line} ({skipped.reason})")
    if report.dry_run:
        rows = [["create", key] for key in report.created] + [["replace", key] for key in report.replaced]
        streams.write_rows(rows, ("WOULD", "KEY"))
        return 0
    done = {
        "created": report.created,
        "replaced": report.replaced,
        "skipped": report.skipped,
        "failed": report.failures,
    }
    notice(stated, ", ".join(f"{len(all_of)} {what}" for what, all_of in done.items() if all_of or what == "created"))
    code = 0
    for failure in report.failures.values():
        told = streams.tell(failure)
        code = code or told
    return code


def _form(stated: Stated) -> _native.Generate:
    if stated.no_symbols and any(getattr(stated, name) is not None for name in ("bytes", "hex", "base64")):
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
    known = {
        "provider": stated.provider,
        "scope_of_use": stated.scope_of_use,
        "labels": _labels(stated.label) or None,
        "expires_at": expiry(stated.expires_in, stated.expires_at),
    }
    return {name: part for name, part in known.items() if part is not None}


def _labels(words: list[str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for word in words:
        name, separator, text = word.partition("=")
        if not separator:
            raise Usage("`--label` has no `=`", "write it as `--label NAME=VALUE`")
        if name in labels:
            raise Usage("`--label` names one label twice", "give each label once")
        labels[name] = text
    return labels


def _form_of_document(stated: Stated, file: Optional[str]) -> Format:
    """The form that was asked for, else the one that the file's name tells."""
    name = os.path.basename(file or "").encode(errors="replace").decode()
    form: Optional[Format] = stated.format or cast("Optional[Format]", _native.document_format(name))
    if form is None:
        help = "give `--format env`, `dotenv`, `json`, `yaml` or `fernet`"
        raise Usage("nothing tells the form of the document", help)
    return form


def _fernet_keys(stated: Stated, form: str) -> Union[str, _native.Secret, None]:
    """The keys for a document of tokens: those of the file, else those of the environment."""
    if form != "fernet":
        if stated.key_file is not None:
            raise Usage("`--key-file` is for the format `fernet`", "leave it out, or give `--format fernet`")
        return None
    if stated.key_file is None:
        return os.environ.get("FERNET_SECRET_KEY")
    # Says who else could read the file, and whether it holds keys.
    _native.fernet_check_file(stated.key_file)
    read = streams.read_file(stated.key_file, _native.longest_value())
    try:
        return _native.Secret(read)
    finally:
        read[:] = bytes(len(read))


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
    text = at.isoformat().replace("+00:00", "")
    return f"{text.rstrip('0') if at.microsecond else text}Z"


def _time(at: Optional[datetime]) -> str:
    """A point in time for people, to the second."""
    return "-" if at is None else _exact(at.replace(microsecond=0))


def _name(entry: ListEntry) -> dict[str, str]:
    if entry.is_reference:
        return {"reference": entry.name}
    key, kind, scope_id, name, target = _native.key_parse(entry.name)
    scope = kind if scope_id is None else f"{kind}/{scope_id}"
    return {"key": key, "scope": scope, "name": name, **({} if target is None else {"target": target})}


def _details(entry: ListEntry) -> list[str]:
    labels = _text(dict(entry.labels))
    expires = _time(entry.expires_at) + (" (expired)" if entry.expired else "")
    return [entry.version or "-", entry.provider or "-", _time(entry.updated_at), expires, labels or "-", MASK]


def _text(part: object) -> str:
    if isinstance(part, dict):
        return ",".join(f"{name}={text}" for name, text in part.items())
    return str(part).lower() if isinstance(part, bool) else str(part)


def _written(key: str, outcome: SetOutcome) -> str:
    return f"{'created' if outcome.created else 'replaced'} {key}{_version(outcome)}"


def _version(outcome: SetOutcome) -> str:
    return "" if outcome.version is None else f" (version {outcome.version})"


def _end_line() -> None:
    """A newline where a person looks at what was written."""
    if streams.is_terminal(streams.STDOUT):
        streams.write(memoryview(b"\n"))
