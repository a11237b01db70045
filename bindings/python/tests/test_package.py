"""What the package gives those who look at its annotations."""

from __future__ import annotations

import inspect
import typing

import pytest

import strongroom


@pytest.mark.parametrize("name", [name for name in strongroom.__all__ if inspect.isclass(getattr(strongroom, name))])
def test_the_annotations_of_each_class_are_resolved(name: str) -> None:
    kind = getattr(strongroom, name)
    stated = {field for base in kind.__mro__ for field in vars(base).get("__annotations__", ())}
    assert set(typing.get_type_hints(kind)) == stated
