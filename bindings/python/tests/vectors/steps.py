"""The operations of a script, one verb each, and how a step is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strongroom

from . import answers, transfers
from .compare import difference
from .documents import Stated, value
from .session import Session
from .step import Step, expiry, metadata, moment


def scoped(of: Step) -> Any:
    of.session.manager = of.session.manager.scoped(of.text("scope"))


def other(of: Step) -> Any:
    of.session.exchange(of.args)


def get(of: Step) -> Any:
    return answers.secret(of.ask("get", of.key, **of.words("include_expired", "fresh"), **of.version("version")))


def get_value(of: Step) -> Any:
    return of.ask("get_value", of.key)


def get_version(of: Step) -> Any:
    if "include_expired" in of.args:
        return get(of)
    return answers.secret(of.ask("get_version", of.key, of.session.version(of.args["version"])))


def get_into(of: Step) -> Any:
    buffer = bytearray(of.args["capacity"])
    length = of.ask("get_into", of.key, buffer)
    return None if length is None else {"value": bytes(buffer[:length])}


def get_many(of: Step) -> Any:
    return answers.several(of.ask("get_many", of.texts("keys")))


def get_with_fallback(of: Step) -> Any:
    found = of.ask("get_with_fallback", of.text("name"), of.texts("scopes"), **of.words("allow_unavailable"))
    return answers.secret(found)


def list_names(of: Step) -> Any:
    stated = {**of.filled("scope", "prefix", "after"), **of.words("provider", "limit", "full_metadata")}
    return answers.page(of.ask("list", **stated))


def set_secret(of: Step) -> Any:
    stated = {**metadata(of.args), **of.words("if_absent"), **of.version("if_version")}
    if "created_at" in of.args:
        stated["created_at"] = moment(of.args["created_at"])
    return of.written(of.ask("set", of.key, of.value, **stated))


def set_many(of: Step) -> Any:
    entries = [
        (of.session.fill(entry["key"]), strongroom.Secret(value(entry["value"]), **metadata(entry)))
        for entry in of.args["entries"]
    ]
    told = of.ask("set_many", entries)
    for error in told.failures.values():
        raise error
    return {"created": [outcome.created for outcome in told.outcomes.values()]}


def set_api_key(of: Step) -> Any:
    return of.written(of.ask("set_api_key", of.key, of.value, **of.words("provider")))


def changed_expiry(of: Step) -> dict[str, Any]:
    """What an update is to do with the expiry, as its keyword; where nothing is stated it stays."""
    at = expiry(of.args)
    return {**of.words("clear_expiry"), **({} if at is None else {"expires_at": at})}


def update_value(of: Step) -> Any:
    stated = {**changed_expiry(of), **of.version("if_version")}
    return of.written(of.ask("update_value", of.key, of.value, **stated))


def update_metadata(of: Step) -> Any:
    stated = {**of.words("provider", "scope_of_use", "labels"), **changed_expiry(of), **of.version("if_version")}
    return of.written(of.ask("update_metadata", of.key, **stated))


def spec(of: Step) -> strongroom.Generate:
    """How a value is generated."""
    forms: dict[str, Callable[..., strongroom.Generate]] = {
        "bytes": strongroom.Generate.bytes,
        "hex": strongroom.Generate.hex,
        "base64": strongroom.Generate.base64,
        "password": strongroom.Generate.password,
    }
    return forms[of.args["form"]](of.args["length"], **of.words("symbols"))


def generate(of: Step) -> Any:
    return answers.generated(strongroom.generate(spec(of)))


def get_or_generate(of: Step) -> Any:
    return answers.generated(of.ask("get_or_generate", of.key, spec(of), **metadata(of.args)))


def rotate(of: Step) -> Any:
    return of.written(of.ask("rotate", of.key, of.value))


def rotate_generate(of: Step) -> Any:
    return of.written(of.ask("rotate", of.key, spec(of)))


def rollback(of: Step) -> Any:
    return of.written(of.ask("rollback", of.key, **of.version("version"), **of.words("back")))


def verify(of: Step) -> Any:
    told = of.ask("verify")
    return {"secrets": told.secrets, "versions": told.versions, "sequence": told.sequence}


def delete(of: Step) -> Any:
    return of.ask("delete", of.key, **of.words("missing_ok", "soft", "force"), **of.version("version"))


def resolve(of: Step) -> Any:
    reference = of.text("reference")
    if "version" in of.args:
        reference = reference.replace("{version}", of.session.version(of.args["version"]))
    return answers.secret(of.ask("resolve", reference))


def metrics(of: Step) -> Any:
    return bool(of.session.manager.metrics().get(of.args["name"], 0) >= of.args["at_least"])


def subscribe(of: Step) -> Any:
    stated: dict[str, Any] = of.filled("scope", "prefix")
    if "keys" in of.args:
        stated["keys"] = of.texts("keys")
    if "every_ms" in of.args:
        stated["every"] = of.args["every_ms"] / 1000
    of.session.subscriptions[of.args["name"]] = of.ask("subscribe", **stated)


def next_change(of: Step) -> Any:
    return answers.change(of.session.face.next_change(of.session.subscriptions[of.args["of"]], PATIENCE))


#: How long a change is waited for, in seconds.
PATIENCE = 10

OPERATIONS: dict[str, Callable[[Step], Any]] = {
    "scoped": scoped,
    "other": other,
    "get": get,
    "get_version": get_version,
    "get_value": get_value,
    "get_into": get_into,
    "get_many": get_many,
    "get_with_fallback": get_with_fallback,
    "exists": lambda of: of.ask("exists", of.key),
    "describe": lambda of: answers.described(of.ask("describe", of.key)),
    "list": list_names,
    "versions": lambda of: answers.kept(of.ask("versions", of.key)),
    "set": set_secret,
    "set_many": set_many,
    "set_api_key": set_api_key,
    "update_value": update_value,
    "update_metadata": update_metadata,
    "generate": generate,
    "get_or_generate": get_or_generate,
    "rotate": rotate,
    "rotate_generate": rotate_generate,
    "delete": delete,
    "restore": lambda of: of.written(of.ask("restore", of.key)),
    "resolve": resolve,
    "refresh": lambda of: of.ask("refresh"),
    "metrics": metrics,
    "subscribe": subscribe,
    "next_change": next_change,
    "rollback": rollback,
    "health": lambda of: of.ask("health").state,
    "verify": verify,
    "lock": lambda of: of.ask("lock"),
    "close": lambda of: of.ask("close"),
    **transfers.OPERATIONS,
}


def run_step(session: Session, stated: Stated) -> None:
    """Makes the call of a step and compares its answer."""
    wanted = stated.get("error")
    try:
        found = OPERATIONS[stated["op"]](Step(session, stated["args"], stated.get("save", {})))
    except strongroom.Error as error:
        assert error.kind == wanted, f"answered {error}, wanted {wanted or 'no error'}"
        assert type(error) is strongroom.exceptions.BY_KIND[error.kind]
        assert str(error).startswith(error.kind), "the text names the kind"
        return
    assert wanted is None, f"worked and should have answered {wanted}"
    if "expect" in stated:
        differs = difference(session, stated["expect"], found)
        assert differs is None, f"{differs} differs: {str(found)[:300]}"
