"""The checks and how many passed; the reader's view of a store against the command's."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import reader
from home import WORKERS, Home

passed, failed = 0, 0
verbose = False  # a line for each that passed, too


def check(name: str, ok: object, detail: object = "") -> None:
    global passed, failed
    if ok:
        passed += 1
        if verbose:
            print(f"ok      {name}")
    else:
        failed += 1
        print(f"FAILED  {name}: {str(detail)[:600]}")


def same(name: str, found: object, wanted: object) -> None:
    check(name, found == wanted, f"{found!r} is not {wanted!r}")


def micros(text: str) -> int:
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (moment - epoch) // datetime.timedelta(microseconds=1)


def compare(title: str, home: Home, read_all: bool) -> list[reader.Secret]:
    """The reader's view against `list`, `versions` and `get`."""
    with home.open() as store:
        secrets, _ = store.verify()
    listed = {e["key"]: e for e in home.json("list", "-l")["entries"]}
    same(f"{title}: names", sorted(s.name for s in secrets), sorted(listed))

    def one(secret: reader.Secret) -> tuple[Any, Any, Any]:
        versions = home.json("versions", secret.name)["versions"] if read_all else None
        numbers = [v.v for v in secret.versions] if read_all else [secret.current]
        values = [home.must("get", "--include-expired", "--version", str(v), secret.name) for v in numbers]
        return secret, versions, values

    with ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(one, secrets))
    for secret, versions, values in results:
        entry, newest = listed[secret.name], secret.versions[-1]
        found = {k: entry.get(k) for k in ("provider", "scope_of_use", "labels")}
        found["expires"] = micros(entry["expires_at"]) if "expires_at" in entry else None
        wanted = {k: secret.metadata.get(k) for k in ("provider", "scope_of_use", "labels", "expires")}
        same(f"{title}: {secret.name}: metadata of list", found, wanted)
        same(f"{title}: {secret.name}: metadata of head and ver", secret.metadata, newest.metadata)
        times = micros(entry["created_at"]), micros(entry["updated_at"]), entry["version"]
        same(f"{title}: {secret.name}: times", times, (secret.created, newest.updated, str(secret.current)))
        same(f"{title}: {secret.name}: values", values, [v.value for v in (secret.versions if read_all else [newest])])
        for version in secret.versions:
            same(f"{title}: {secret.name}: expires of {version.v}", version.expires, version.metadata.get("expires"))
        if versions is not None:
            shown = [(int(v["version"]), micros(v["created_at"]), micros(v["expires_at"]) if "expires_at" in v else None,
                      v["current"]) for v in reversed(versions)]
            same(f"{title}: {secret.name}: versions", shown,
                 [(v.v, v.at, v.expires, v.v == secret.current) for v in secret.versions])
    return secrets
