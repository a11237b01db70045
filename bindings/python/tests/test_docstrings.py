"""Every public class and function has a docstring, and what stands in them as an example runs."""

from __future__ import annotations

import doctest
import inspect
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

import strongroom
from strongroom import aio, exceptions, fernet

#: Whose members are documented too.
CLASSES = [
    strongroom.SecretManager,
    strongroom.Secret,
    strongroom.Exposed,
    strongroom.CancelToken,
    strongroom.Generate,
    strongroom.Subscription,
    aio.SecretManager,
    aio.Subscription,
]


def documented() -> Iterator[tuple[str, Any]]:
    """The public names with what they stand for."""
    yield "strongroom", strongroom
    yield "strongroom.aio", aio
    yield "strongroom.open", strongroom.open
    yield "strongroom.aio.open", aio.open
    yield "strongroom.exceptions", exceptions
    for name in strongroom.__all__:
        item = getattr(strongroom, name)
        if inspect.isclass(item) or inspect.isroutine(item):
            yield f"strongroom.{name}", item
    yield "strongroom.fernet", fernet
    for name in fernet.__all__:
        yield f"strongroom.fernet.{name}", getattr(fernet, name)
    for name in vars(strongroom.SecretKey):
        if not name.startswith("_"):
            yield f"strongroom.SecretKey.{name}", getattr(strongroom.SecretKey, name)
    for kind in CLASSES:
        for name in dir(kind):
            if not name.startswith("_"):
                yield f"{kind.__module__}.{kind.__name__}.{name}", getattr(kind, name)


ITEMS = dict(documented())


@pytest.mark.parametrize("name", ITEMS)
def test_it_is_documented(name: str) -> None:
    text = inspect.getdoc(ITEMS[name])
    assert text, name
    assert text.splitlines()[0].strip().endswith((".", ":")), f"the first line of {name} is no sentence"


def example(name: str) -> doctest.DocTest:
    text = inspect.getdoc(ITEMS[name]) or ""
    return doctest.DocTestParser().get_doctest(text, {}, name, None, None)


@pytest.mark.parametrize("name", [name for name in ITEMS if example(name).examples])
def test_its_example_runs(name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    test, said = example(name), []
    with strongroom.open("memory") as secrets:
        names = {word: getattr(strongroom, word) for word in strongroom.__all__}
        test.globs = {**names, "open": strongroom.open, "strongroom": strongroom, "secrets": secrets}
        doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert not said, "".join(said)


VERBS = [name for name in ITEMS if name.startswith("strongroom.SecretManager.") and callable(ITEMS[name])]


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_has_an_example(name: str) -> None:
    assert example(name).examples


def test_both_faces_have_the_same_verbs_with_the_same_keywords() -> None:
    blocking, awaiting = strongroom.SecretManager, aio.SecretManager
    only = {"to_async", "to_blocking"}
    verbs = {name for kind in (blocking, awaiting) for name in dir(kind) if not name.startswith("_")} - only
    assert len(verbs) > 25
    for name in sorted(verbs):
        ours, theirs = getattr(blocking, name), getattr(awaiting, name)
        if not callable(ours):
            continue
        signatures = [inspect.signature(item).replace(return_annotation=None) for item in (ours, theirs)]
        shapes = [[(p.name, p.kind, p.default) for p in s.parameters.values()][1:] for s in signatures]
        assert shapes[0] == shapes[1], name
