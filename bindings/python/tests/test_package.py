"""What the package gives those who import all of it, and those who look at its annotations."""

from __future__ import annotations

import builtins
import inspect
import typing
from types import ModuleType

import pytest

import strongroom
from strongroom import aio


@pytest.mark.parametrize("module", [strongroom, aio])
def test_importing_all_names_hides_no_builtin(module: ModuleType) -> None:
    names: dict[str, object] = {}
    exec(f"from {module.__name__} import *", names)
    assert names["SecretManager"] is module.SecretManager
    assert not {name for name in names if not name.startswith("_")} & set(dir(builtins))
    assert "open" in dir(module)


@pytest.mark.parametrize("name", [name for name in strongroom.__all__ if inspect.isclass(getattr(strongroom, name))])
def test_the_annotations_of_each_class_are_resolved(name: str) -> None:
    kind = getattr(strongroom, name)
    stated = {field for base in kind.__mro__ for field in vars(base).get("__annotations__", ())}
    assert set(typing.get_type_hints(kind)) == stated
