"""Every kind of failure is a class of its own, is raised as such by both faces, and tells no value."""

from __future__ import annotations

import asyncio
import copy
import multiprocessing
import pickle
import traceback
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from vectors.documents import load

import strongroom
from strongroom import aio
from strongroom.exceptions import BY_KIND, Error

OpenFault = Callable[..., strongroom.SecretManager]

KINDS: list[dict[str, Any]] = load("errors.json")["kinds"]
TOKENS = [kind["token"] for kind in KINDS]
KEY = "org/acme/api_key"
#: A value that nothing but a value may show.
CANARY = "c4nary-5d1e-never-shown"

#: What a caller who knows only Python catches.
TWINS: dict[str, type[Exception]] = {
    "not_found": KeyError,
    "permission_denied": PermissionError,
    "policy_denied": PermissionError,
    "insecure_path": PermissionError,
    "timeout": TimeoutError,
    "closed": ValueError,
    "invalid_key": ValueError,
    "invalid_value": ValueError,
    "invalid_argument": ValueError,
    "too_large": ValueError,
    "buffer_too_small": ValueError,
    "invalid_config": ValueError,
    "invalid_handle": ValueError,
    "reentrant_call": RuntimeError,
    "internal": RuntimeError,
}


def raised(call: Callable[[], object]) -> Error:
    """The error that a call raises, caught as users catch it."""
    try:
        call()
    except strongroom.Error as error:
        return error
    pytest.fail("nothing was raised")


def raised_async(call: Coroutine[Any, Any, object]) -> Error:
    return raised(lambda: asyncio.run(call))


def test_every_kind_has_a_class() -> None:
    assert sorted(BY_KIND) == sorted(TOKENS)
    for token, kind in BY_KIND.items():
        assert kind.kind == token
        assert kind.__name__ == "".join(word.capitalize() for word in token.split("_"))
        assert getattr(strongroom, kind.__name__) is kind
        assert kind.__name__ in strongroom.__all__
        assert issubclass(kind, strongroom.Error)
        assert kind.__doc__


@pytest.mark.parametrize("vector", KINDS, ids=TOKENS)
def test_class_says_whether_to_retry(vector: dict[str, Any]) -> None:
    """Also of an error that a program makes itself."""
    assert BY_KIND[vector["token"]]("said").retryable is vector["retryable"]


@pytest.mark.parametrize("token", TOKENS)
def test_built_in_twins(token: str) -> None:
    built_in = TWINS.get(token)
    others = {KeyError, PermissionError, TimeoutError, ValueError, RuntimeError, OSError} - {built_in}
    assert built_in is None or issubclass(BY_KIND[token], built_in)
    for other in others:
        assert not issubclass(BY_KIND[token], other) or (built_in is not None and issubclass(built_in, other))


def check_told(error: Error, vector: dict[str, Any], operation: str) -> None:
    """Whether an error that `fault` answered says all that is known."""
    assert type(error) is BY_KIND[vector["token"]]
    assert error.kind == vector["token"]
    assert error.retryable is vector["retryable"]
    assert (error.backend, error.operation, error.key) == ("fault", operation, KEY)
    assert str(error).startswith(f"{vector['token']}: ")
    assert error.help
    assert error.setting is None
    assert error.retry_after is None
    assert error.foreign_code is None


@pytest.mark.parametrize("vector", KINDS, ids=TOKENS)
@pytest.mark.parametrize("operation", ["get", "set", "delete"])
def test_every_kind_is_raised_by_both_faces(operation: str, vector: dict[str, Any], open_fault: OpenFault) -> None:
    blocking = open_fault(f"{operation}:fail({vector['token']})")
    awaiting = blocking.to_async()
    if operation == "get":
        errors = [raised(lambda: blocking.get(KEY)), raised_async(awaiting.get(KEY))]
    elif operation == "set":
        errors = [raised(lambda: blocking.set(KEY, CANARY)), raised_async(awaiting.set(KEY, CANARY))]
    else:
        errors = [raised(lambda: blocking.delete(KEY)), raised_async(awaiting.delete(KEY))]
    for error in errors:
        check_told(error, vector, operation)


def test_kinds_that_the_library_raises_by_itself(secrets: strongroom.SecretManager, open_fault: OpenFault) -> None:
    """Not what a backend is told to answer, but what really happens."""
    now = datetime.now(timezone.utc)
    secrets.set("old", "value", expires_at=now - timedelta(minutes=1))
    secrets.set("there", "value")
    secrets.set("bytes", b"\xff\xfe")
    token = strongroom.CancelToken()
    token.cancel()
    read_only = open_fault(**{"fault.lacks": "write,versions"})
    hanging = open_fault("get:hang; set:hang")
    small = bytearray(1)
    closed = strongroom.open("memory", environment=False)
    closed.close()
    there = secrets["there"]
    exposed = there.expose()

    def enter_twice() -> None:
        with exposed, exposed:
            pass

    happenings: dict[str, Callable[[], object]] = {
        "not_found": lambda: secrets.delete("missing"),
        "expired": lambda: secrets.get("old"),
        "timeout": lambda: hanging.get("key", timeout=0.05),
        "outcome_unknown": lambda: hanging.set("key", CANARY, timeout=0.05),
        "cancelled": lambda: hanging.get("key", cancel=token),
        "closed": lambda: closed.get("key"),
        "conflict": lambda: secrets.set("there", CANARY, if_absent=True),
        "read_only": lambda: read_only.set("key", CANARY),
        "unsupported": lambda: read_only.get("key", version="1"),
        "invalid_key": lambda: secrets.get("not a key"),
        "invalid_value": lambda: secrets.get_value("bytes"),
        "invalid_argument": lambda: secrets.get("there", timeout=-1),
        "too_large": lambda: secrets.set("large", CANARY * 100_000),
        "buffer_too_small": lambda: there.reveal_into(small),
        "invalid_config": lambda: strongroom.open("nowhere", environment=False),
        "reentrant_call": enter_twice,
    }
    for kind, happening in happenings.items():
        error = raised(happening)
        assert error.kind == kind, f"{kind}: {error}"
        assert type(error) is BY_KIND[kind]
        assert CANARY not in shown(error)
    assert small == b"\x00"


def test_kinds_that_verbs_to_await_raise_by_themselves(open_fault: OpenFault) -> None:
    async def main() -> None:
        hanging = open_fault("get:hang; set:hang").to_async()
        with pytest.raises(strongroom.Timeout) as timeout:
            await hanging.get(KEY, timeout=0.05)
        assert isinstance(timeout.value, asyncio.TimeoutError)
        with pytest.raises(strongroom.OutcomeUnknown):
            await hanging.set(KEY, CANARY, timeout=0.05)
        async with aio.open("memory", environment=False) as secrets:
            with pytest.raises(strongroom.NotFound):
                await secrets.delete("missing")
            with pytest.raises(strongroom.InvalidKey):
                await secrets.get("not a key")
        with pytest.raises(strongroom.Closed):
            await secrets.get(KEY)

    asyncio.run(main())


def test_built_in_exceptions_catch_what_really_happens(
    secrets: strongroom.SecretManager, open_fault: OpenFault
) -> None:
    with pytest.raises(KeyError):
        secrets["missing"]
    with pytest.raises(KeyError):
        del secrets["missing"]
    with pytest.raises(PermissionError):
        open_fault("get:denied").get(KEY)
    with pytest.raises(TimeoutError):
        open_fault("get:hang").get(KEY, timeout=0.05)
    with pytest.raises(ValueError, match="invalid_key"):
        secrets.get("not a key")


def test_a_backend_tells_how_long_to_wait(open_fault: OpenFault) -> None:
    manager = open_fault("set:throttled(250ms)")
    error = raised(lambda: manager.set(KEY, "value"))
    assert (error.kind, error.retryable, error.retry_after) == ("rate_limited", True, 0.25)


def test_text_of_a_missing_secret_is_no_repr(secrets: strongroom.SecretManager) -> None:
    error = raised(lambda: secrets["org/acme/missing"])
    assert isinstance(error, KeyError)
    assert str(error) == error.args[0]
    assert str(error).startswith("not_found: ")
    assert "org/acme/missing" in str(error)
    assert (error.key, error.operation, error.backend) == ("org/acme/missing", "get", "memory")


def test_missing_error_is_the_same_from_index_and_verb(secrets: strongroom.SecretManager) -> None:
    with pytest.raises(strongroom.NotFound) as deleted:
        secrets.delete("missing")
    assert deleted.value.key == "global/missing"
    assert raised(lambda: secrets["missing"]).key == "global/missing"


def told(error: Error) -> tuple[object, ...]:
    """Everything that an error says."""
    return (
        type(error),
        str(error),
        error.args,
        error.kind,
        error.backend,
        error.operation,
        error.key,
        error.setting,
        error.retryable,
        error.retry_after,
        error.foreign_code,
        error.help,
    )


def an_error(token: str) -> Error:
    """An error with every attribute set."""
    error = BY_KIND[token](f"{token}: said")
    error.backend, error.operation, error.key, error.setting = "fault", "get", KEY, "timeout"
    error.retryable, error.retry_after, error.foreign_code, error.help = True, 0.25, 13, "do something"
    return error


@pytest.mark.parametrize("token", TOKENS)
def test_errors_are_pickled_and_copied_with_what_they_say(token: str) -> None:
    error = an_error(token)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert told(pickle.loads(pickle.dumps(error, protocol))) == told(error)
    assert told(copy.copy(error)) == told(error)
    assert told(copy.deepcopy(error)) == told(error)


def test_a_raised_error_is_pickled_with_what_it_says(open_fault: OpenFault) -> None:
    manager = open_fault("get:throttled(250ms)")
    error = raised(lambda: manager.get(KEY))
    assert told(pickle.loads(pickle.dumps(error))) == told(error)


def read_what_is_missing(key: str) -> None:
    """Fails in another process."""
    with strongroom.open("memory", environment=False) as manager:
        manager.delete(key)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_errors_cross_processes(method: str) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        error = pool.submit(read_what_is_missing, KEY).exception(timeout=60)
    assert isinstance(error, strongroom.NotFound)
    assert (error.key, error.operation, error.backend) == (KEY, "delete", "memory")
    assert str(error).startswith("not_found: ")


def shown(error: BaseException) -> str:
    """All that logs and people may see of an error."""
    lines = [str(error), repr(error), repr(error.args), repr(vars(error)), *getattr(error, "__notes__", [])]
    lines += traceback.format_exception(type(error), error, None)
    return "\n".join(lines)


@pytest.mark.parametrize("token", TOKENS)
def test_no_error_of_a_backend_shows_a_value(token: str, open_fault: OpenFault) -> None:
    manager = open_fault(f"set*1:pass; *:fail({token})")
    manager.set(KEY, CANARY, labels={"label": CANARY})
    error = raised(lambda: manager.set(KEY, CANARY, labels={"label": CANARY}))
    assert CANARY not in shown(error)
    assert CANARY not in shown(raised(lambda: manager.get(KEY)))


def test_no_refusal_of_an_argument_shows_a_value(secrets: strongroom.SecretManager) -> None:
    refusals: list[Callable[[], object]] = [
        lambda: secrets.set(KEY, CANARY + "\ud800"),
        lambda: secrets.set(KEY, CANARY * 100_000),
        lambda: secrets.set(KEY, CANARY, provider=CANARY * 1000),
        lambda: secrets.set(KEY, CANARY, labels={"label": CANARY * 10_000}),
        lambda: secrets.set(KEY, CANARY, expires_at=datetime.now()),
        lambda: secrets.set(KEY, CANARY, if_absent=True, if_version="1"),
        lambda: secrets.set("not a key", CANARY),
    ]
    for refusal in refusals:
        assert CANARY not in shown(raised(refusal))
    secrets.set(KEY, CANARY.encode() + b"\xff")
    assert CANARY not in shown(raised(lambda: secrets.get_value(KEY)))
    assert CANARY not in shown(raised(lambda: secrets[KEY].reveal()))


def test_a_value_of_a_wrong_type_is_not_shown(secrets: strongroom.SecretManager) -> None:
    for wrong in ([CANARY], {CANARY: CANARY}, (CANARY,)):
        with pytest.raises(TypeError) as refused:
            secrets.set(KEY, wrong)  # type: ignore[arg-type]
        assert CANARY not in shown(refused.value)


@pytest.mark.parametrize("wrong", [CANARY, [CANARY], [(KEY, CANARY, CANARY)], [[KEY, CANARY]], {KEY: [CANARY]}, 5])
def test_entries_of_a_wrong_type_are_not_shown(wrong: Any, secrets: strongroom.SecretManager) -> None:
    with pytest.raises(TypeError) as refused:
        secrets.set_many(wrong)
    assert CANARY not in shown(refused.value)
    assert list(secrets) == []


def test_explanations_show_errors_once(open_fault: OpenFault) -> None:
    table = str(open_fault("explain:locked").explain(KEY))
    assert table.count("locked: ") == 2, "in the step and in the last line"


def test_errors_among_answers_are_errors_too(secrets: strongroom.SecretManager, open_fault: OpenFault) -> None:
    health = open_fault("health:unavailable").health()
    assert health.state == "unavailable"
    assert isinstance(health.error, strongroom.Unavailable)
    assert health.error.retryable
    secrets.set("old", CANARY, expires_at=datetime.now(timezone.utc) - timedelta(minutes=1))
    (failure,) = secrets.get_many(["old", "missing"]).failures.values()
    assert isinstance(failure, strongroom.Expired)
    assert CANARY not in shown(failure)
