"""Fernet tokens against Python's `cryptography`: both write, both read, both refuse.

    python fernet.py --cli PATH_TO_strongroom [--verbose]

Needs `cryptography`. Ends with `N passed, N failed`.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent / "store"))

import checks  # noqa: E402
from checks import check, same  # noqa: E402

DICE = random.Random(7)
SIZES = (0, 1, 15, 16, 17, 31, 32, 100, 4096, 70_000)
VALUES = [DICE.randbytes(size) for size in SIZES] + [b"\n", b"v\r\n", "ключ".encode(), bytes(range(256))]


class Command:
    """`strongroom fernet` with keys in the environment."""

    def __init__(self, cli: str, home: str, *keys: bytes | str):
        self.cli = cli
        text = ",".join(key if isinstance(key, str) else key.decode() for key in keys)
        self.env = {"HOME": home, "FERNET_SECRET_KEY": text}

    def run(self, *words: str, stdin: bytes = b"") -> tuple[str, bytes]:
        """("ok" or the token of the error, what it wrote)"""
        command = [self.cli, "fernet", *words]
        done = subprocess.run(command, input=stdin, env=self.env, capture_output=True, timeout=60)
        if done.returncode == 0:
            return "ok", done.stdout
        words_of_it = done.stderr.decode(errors="replace").split(":")
        return (words_of_it[1].strip() if len(words_of_it) > 1 else "?"), done.stdout

    def encrypt(self, value: bytes) -> bytes:
        outcome, token = self.run("encrypt", "--raw", "--allow-empty", stdin=value)
        return token.rstrip(b"\n") if outcome == "ok" else outcome.encode()


def reads(fernet: Fernet | MultiFernet, token: bytes) -> bytes | None:
    """What the library says; `None` where it refuses."""
    try:
        return fernet.decrypt(token)
    except InvalidToken:
        return None


def tokens(cli: str, home: str) -> None:
    key = Fernet.generate_key()
    ours, theirs = Command(cli, home, key), Fernet(key)
    for value in VALUES:
        name = f"{len(value)} bytes {value[:4]!r}"
        token = ours.encrypt(value)
        same(f"ours, read by Python: {name}", reads(theirs, token), value)
        check(f"ours, made now: {name}", abs(theirs.extract_timestamp(token) - time.time()) < 60, token)
        same(f"Python's, read by us: {name}", ours.run("decrypt", "--ttl", "60", stdin=theirs.encrypt(value)), ("ok", value))


def keys(cli: str, home: str) -> None:
    outcome, made = Command(cli, home).run("generate")
    same("a key is made without one", outcome, "ok")
    key = made.decode().strip()
    token = Fernet(key).encrypt(b"v")
    for name, text in {
        "padded": key,
        "unpadded": key.rstrip("="),
        "standard alphabet": key.replace("-", "+").replace("_", "/"),
        "in white space": f" {key}\n",
    }.items():
        same(f"key: {name}", Command(cli, home, text).run("decrypt", stdin=token), ("ok", b"v"))
    standard = base64.b64encode(base64.urlsafe_b64decode(token))
    for name, text in {"unpadded": token.rstrip(b"="), "standard alphabet": standard, "a line": token + b"\r\n"}.items():
        same(f"token: {name}", Command(cli, home, key).run("decrypt", stdin=text), ("ok", b"v"))


def rotation(cli: str, home: str) -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key()
    made = [1, 499_162_800, int(time.time()) - 86_400]
    before = [Fernet(old).encrypt_at_time(value, at) for value, at in zip(VALUES, made)]
    both = MultiFernet([Fernet(new), Fernet(old)])

    outcome, stdout = Command(cli, home, new, old).run("rotate", stdin=b"\n".join(before))
    after = stdout.splitlines()
    same("rotated by us", (outcome, len(after)), ("ok", len(before)))
    for number, (was, token) in enumerate(zip(before, after)):
        same(f"rotated by us: value {number}", reads(Fernet(new), token), VALUES[number])
        same(f"rotated by us: time {number}", Fernet(new).extract_timestamp(token), made[number])
        same(f"rotated by us: not for the old key {number}", reads(Fernet(old), token), None)
        theirs = both.rotate(was)
        same(f"rotated by Python: value {number}", Command(cli, home, new).run("decrypt", stdin=theirs), ("ok", VALUES[number]))
        same(f"rotated by Python: old key {number}", Command(cli, home, old).run("decrypt", stdin=theirs)[0], "wrong_key")
        twice = Command(cli, home, old, new).run("rotate", stdin=theirs)[1].strip()
        same(f"rotated by both: time {number}", Fernet(old).extract_timestamp(twice), made[number])
    same("two keys, first's token", Command(cli, home, new, old).run("decrypt", stdin=both.encrypt(b"v")), ("ok", b"v"))
    same("two keys, ours by both", reads(both, Command(cli, home, old, new).encrypt(b"v")), b"v")


def ages(cli: str, home: str) -> None:
    key = Fernet.generate_key()
    now = int(time.time())
    for name, at, ttl, wanted in (
        ("fresh", now, 60, "ok"),
        ("an hour old", now - 3600, 7200, "ok"),
        ("too old", now - 3600, 60, "expired"),
        ("from the near future", now + 30, 60, "ok"),
        ("from the far future", now + 3600, 60, "invalid_value"),
    ):
        token = Fernet(key).encrypt_at_time(b"v", at)
        same(f"age: {name}", Command(cli, home, key).run("decrypt", "--ttl", str(ttl), stdin=token)[0], wanted)
        try:
            theirs = Fernet(key).decrypt(token, ttl)
        except InvalidToken:
            theirs = None
        same(f"age: {name}, as Python", theirs is not None, wanted == "ok")
        same(f"age: {name}, not asked for", Command(cli, home, key).run("decrypt", stdin=token), ("ok", b"v"))


def tampered(cli: str, home: str) -> None:
    key = Fernet.generate_key()
    ours, theirs = Command(cli, home, key), Fernet(key)
    token = bytearray(base64.urlsafe_b64decode(theirs.encrypt(b"a value of two blocks")))
    for place in [0, 1, 8, 9, 24, 25, 40, 56, 57, 73, 88, *DICE.sample(range(len(token)), 10)]:
        changed = bytearray(token)
        changed[place] ^= 1 << DICE.randrange(8)
        text = base64.urlsafe_b64encode(changed)
        wanted = "wrong_key" if place else "invalid_value"
        same(f"byte {place} changed", ours.run("decrypt", stdin=text), (wanted, b""))
        same(f"byte {place} changed, rotated", ours.run("rotate", stdin=text), (wanted, b""))
        same(f"byte {place} changed, by Python", reads(theirs, text), None)
    for length in (0, 1, 40, 72, len(token) - 16, len(token) - 1):
        text = base64.urlsafe_b64encode(token[:length])
        outcome, stdout = ours.run("decrypt", stdin=text)
        check(f"cut to {length} bytes", outcome in ("invalid_value", "wrong_key") and not stdout, (outcome, stdout))
    other = Fernet(Fernet.generate_key()).encrypt(b"v")
    same("another key's token", ours.run("decrypt", stdin=other), ("wrong_key", b""))


def specification(cli: str, home: str) -> None:
    """The vectors of the specification are Python's too, and the file holds them all."""
    vectors = json.loads((Path(__file__).resolve().parent / "fernet.json").read_text())
    same("vectors", [len(vectors[name]) for name in ("generate", "verify", "invalid")], [1, 1, 8])
    for vector in vectors["verify"]:
        ours = Command(cli, home, vector["secret"]).run("decrypt", stdin=vector["token"].encode())
        same("verify", ours, ("ok", vector["src"].encode()))
    for vector in vectors["invalid"]:
        token = vector["token"].encode()
        outcome, stdout = Command(cli, home, vector["secret"]).run("decrypt", "--ttl", str(vector["ttl_sec"]), stdin=token)
        check(f"invalid: {vector['desc']}", outcome != "ok" and not stdout, (outcome, stdout))
        value = reads(Fernet(vector["secret"]), token)
        ours = Command(cli, home, vector["secret"]).run("decrypt", stdin=token)
        same(f"invalid, but for its age: {vector['desc']}", ours[1] if ours[0] == "ok" else None, value)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cli", help="the strongroom command", required=True)
    options.add_argument("--verbose", action="store_true", help="a line for each test that passed, too")
    given = options.parse_args()
    checks.verbose = given.verbose
    cli = str(Path(given.cli).resolve())
    with tempfile.TemporaryDirectory(prefix="strongroom-fernet-") as home:
        for part in (tokens, keys, rotation, ages, tampered, specification):
            try:
                part(cli, home)
            except Exception as e:  # one part that breaks off must not hide the others
                check(f"{part.__name__} ran to its end", False, f"{type(e).__name__}: {e}")
                if given.verbose:
                    raise
        check("no file was made", not list(Path(home).iterdir()), list(Path(home).iterdir()))
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
