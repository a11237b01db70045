"""Whether the module that can be imported is one for users: nothing in it is there for tests only."""

from __future__ import annotations

import strongroom
from strongroom import _native

stray = [name for name in dir(_native) if name.startswith("testing")]
assert not stray, stray
try:
    strongroom.open("fault", environment=False).close()
except strongroom.InvalidConfig as error:
    assert error.setting == "backend", error
else:
    raise AssertionError("it has the backend `fault`")
