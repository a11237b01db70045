"""The operations that look at many secrets or at none: explanations, documents, copies, Fernet, settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import strongroom
from strongroom import fernet

from .documents import value
from .step import Step


def explain(of: Step) -> Any:
    told = of.ask("explain", of.key, of.texts("scopes") if "scopes" in of.args else ())
    names: list[str] = []
    places: list[int] = []
    for asked in told.steps:
        # A chain has several steps for a key.
        if not names or names[-1] != asked.key:
            names.append(asked.key)
        places.append(len(names) - 1)
    answer = None if told.answer is None else told.steps[told.answer]
    return {
        "names": names,
        "answer": None if told.answer is None else places[told.answer],
        "provider": None if answer is None or answer.metadata is None else answer.metadata.provider,
        "error": None if told.error is None else told.error.kind,
    }


def fernet_keys(of: Step) -> dict[str, bytes]:
    return {"fernet_keys": value(of.args["fernet_keys"])} if "fernet_keys" in of.args else {}


def export(of: Step) -> Any:
    stated = {
        **of.filled("scope", "prefix"),
        **of.words("dialect", "full_names", "include_expired", "strict"),
        **fernet_keys(of),
    }
    if "keys" in of.args:
        stated["keys"] = of.texts("keys")
    told = of.ask("export", of.args["format"], **stated)
    return {
        "document": told.document.reveal(),
        "names": {entry.key: entry.name for entry in told.exported},
        "skipped": {entry.name: entry.reason for entry in told.skipped},
    }


def import_document(of: Step) -> Any:
    stated = {
        **of.filled("scope"),
        **of.words("dialect", "names", "if_exists", "provider", "dry_run"),
        **fernet_keys(of),
    }
    told = of.ask("import_", of.text("document"), of.args["format"], **stated)
    for error in told.failures.values():
        raise error
    return {
        "imported": list(told.created),
        "replaced": list(told.replaced),
        "skipped": {entry.name: entry.reason for entry in told.skipped},
        "notes": len(told.notes),
    }


def copy(of: Step, verb: str) -> Any:
    stated = {
        **of.filled("scope", "prefix"),
        **of.words("if_exists", "allow_loss", "skip_unfit", "delete_source"),
    }
    if "keys" in of.args:
        stated["keys"] = of.texts("keys")
    return of.ask(verb, of.session.beside, **stated)


def copy_plan(of: Step) -> Any:
    secrets = copy(of, "copy_plan").secrets
    return {
        "outcomes": {planned.key: planned.action for planned in secrets},
        "losses": {planned.key: ",".join(planned.losses) for planned in secrets if planned.losses},
        "deleted": [],
    }


def copy_to(of: Step) -> Any:
    secrets = copy(of, "copy_to").secrets
    return {
        "outcomes": {copied.key: copied.outcome for copied in secrets},
        "losses": {copied.key: ",".join(copied.losses) for copied in secrets if copied.losses},
        "deleted": [copied.key for copied in secrets if copied.deleted],
    }


def setting(of: Step) -> Any:
    return {"text": of.session.manager.settings[of.args["name"]].value}


def key_variable(of: Step) -> Any:
    return strongroom.SecretKey(of.key).variable(**of.words("prefix", "mapping"))


def fernet_generate(of: Step) -> Any:
    return {"length": len(fernet.generate_key().reveal())}


def fernet_encrypt(of: Step) -> Any:
    keys = value(of.args["keys"])
    return {"value": fernet.decrypt(keys, fernet.encrypt(keys, of.value)).reveal_bytes()}


def fernet_rotate(of: Step) -> Any:
    keys = value(of.args["keys"])
    return {"value": fernet.decrypt(keys, fernet.rotate(keys, of.args["token"])).reveal_bytes()}


def fernet_decrypt(of: Step) -> Any:
    ttl = {"ttl": timedelta(seconds=of.args["ttl_s"])} if "ttl_s" in of.args else {}
    return {"value": fernet.decrypt(value(of.args["keys"]), of.args["token"], **ttl).reveal_bytes()}


OPERATIONS: dict[str, Callable[[Step], Any]] = {
    "explain": explain,
    "export": export,
    "import": import_document,
    "copy_plan": copy_plan,
    "copy_to": copy_to,
    "setting": setting,
    "key_variable": key_variable,
    "fernet_generate": fernet_generate,
    "fernet_encrypt": fernet_encrypt,
    "fernet_rotate": fernet_rotate,
    "fernet_decrypt": fernet_decrypt,
}
