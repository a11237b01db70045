"""The quickstart in Python.

Opens the store that the ``strongroom`` command uses (the environment says which), writes a secret, reads one (its own,
or the key on the command line), lists, and shows what a failure looks like.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone

import strongroom

OWN_KEY = "app/quickstart/api_key"


def main() -> None:
    key = sys.argv[1] if len(sys.argv) > 1 else OWN_KEY

    # No arguments: the application `strongroom`, with the settings of the environment. Closed at the end of the block.
    with strongroom.open() as secrets:
        # Write a secret and who issued it.
        tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
        secrets.set(OWN_KEY, "s3cret", provider="example", expires_at=tomorrow)

        # Read one. A missing secret is a KeyError, as in a dictionary. What is shown of it is wiped after the block;
        # `found.reveal()` is the value as text, which Python keeps for as long as it likes.
        with secrets[key] as found, found.expose() as value:
            print(f"{key}: {len(value)} bytes")

        # What is known about it, without its value.
        known = secrets.describe(key, timeout=2)
        if known is not None:
            print(f"provider: {known.provider or 'none'}, version: {known.version or 'none'}")

        # Names, never values.
        for name in secrets:
            print(f"- {name}")

        # A failure says what is wrong and what to do. This one is expected: only what is there can be updated.
        try:
            secrets.update_value("app/quickstart/missing", "s3cret")
        except strongroom.NotFound as error:
            print(f"expected: {error.kind} ({error.help})")

        secrets.delete(OWN_KEY)


if __name__ == "__main__":
    try:
        main()
    except strongroom.Error as error:
        sys.exit(f"{error}\n{error.help}")
