"""The arguments of ``python -m strongroom``. What the command ``strongroom`` has too is named as it names it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NoReturn, Optional

from .. import _native
from . import verbs
from .usage import Usage
from .watching import watch

#: What argparse says without repeating an argument, which may be a value.
_HARMLESS = (
    "the following arguments are required",
    "one of the arguments",
    "expected one argument",
    "expected at least one argument",
    "not allowed with argument",
    "cannot be used multiple times",
)
#: The largest number that an argument may be.
_MOST = 2**64 - 1

#: Where settings are kept that stand behind the verb.
_BEHIND = "secrets_set_behind"
#: The arguments that name files: those have any bytes.
_PATHS = ("config", "file", "from_file", "key_file", "out", "to")

Parser = argparse.ArgumentParser


class _Once(argparse.Action):
    """An argument that is given once."""

    def __call__(self, parser: Parser, stated: argparse.Namespace, given: Any, option: Optional[str] = None) -> None:
        seen = vars(stated).setdefault("seen", [])
        if self.dest in seen:
            raise argparse.ArgumentError(self, "cannot be used multiple times")
        seen.append(self.dest)
        setattr(stated, self.dest, given)


class _Parser(Parser):
    def __init__(self, **terms: Any) -> None:
        super().__init__(**terms)
        self.register("action", None, _Once)

    def error(self, message: str) -> NoReturn:
        if any(words in message for words in _HARMLESS):
            raise Usage(message)
        raise Usage("there is an argument that this command does not know (it is not shown: it may be a value)")


def parse(arguments: Optional[list[str]]) -> Optional[argparse.Namespace]:
    """Read the arguments; nothing where they asked for a help text or the version, which is written then. Raises
    :class:`Usage`."""
    try:
        stated = _parser().parse_args(arguments)
    except SystemExit:
        return None
    stated.secrets_set = stated.secrets_set + vars(stated).pop(_BEHIND, [])
    for name, given in vars(stated).items():
        texts = given if isinstance(given, list) else [given]
        if name not in _PATHS and any(isinstance(text, str) and not _is_unicode(text) for text in texts):
            raise Usage("there is an argument that is no UTF-8 (it is not shown: it may be a value)")
    return stated


def _is_unicode(text: str) -> bool:
    # Bytes that are no UTF-8 stand in arguments as halves of surrogate pairs.
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _parser() -> Parser:
    parser = _Parser(
        prog="python -m strongroom",
        description="Keeps secrets: API keys, credentials, tokens. A key is written `[kind/id/]name[@target]`.",
        epilog=(
            "The command `strongroom` has more: KEY=VALUE, values in listings, YAML, components, copies, a project's "
            "file of configuration, more verbs. It has no `exists`, `describe` and `health`. "
            "Exit codes: 0 done, 2 wrong usage, 130 Ctrl-C, 141 the reader of stdout went away; every kind of error "
            "has its own (docs/errors.md)."
        ),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"strongroom {_native.version()}", help="the version")
    _everywhere(
        parser,
        app="strongroom",
        secrets_backend=None,
        secrets_set=[],
        config=None,
        timeout=None,
        quiet=False,
        offline=False,
    )
    commands = parser.add_subparsers(title="verbs", metavar="VERB", required=True, parser_class=_Parser)

    def verb(
        name: str, run: Callable[[argparse.Namespace], int], told: str, key: bool = False, alias: str = ""
    ) -> Parser:
        aliases = [alias] if alias else []
        command = commands.add_parser(name, aliases=aliases, help=told, description=f"{told}.", allow_abbrev=False)
        _everywhere(command)
        command.set_defaults(run=run)
        if key:
            command.add_argument("key", metavar="KEY", help="[kind/id/]name[@target]")
        return command

    command = verb("get", verbs.get, "Write a secret's exact bytes to stdout or to a file", key=True)
    command.add_argument("--version", metavar="VERSION", help="read this version")
    command.add_argument("--include-expired", action="store_true", help="read it even where it has expired")
    command.add_argument("--fresh", action="store_true", help="ask the backend even where a cache has it")
    _out(command)

    command = verb("resolve", verbs.resolve, "Write the exact bytes that a reference leads to")
    command.add_argument("reference", metavar="REFERENCE", help="such as secret://org/acme/db#/password")
    _out(command)

    command = verb("set", verbs.set_, "Set a secret; its value comes from stdin, a hidden prompt or a file", key=True)
    command.add_argument("--from-file", metavar="FILE", help="read the value from this file (- is stdin), exactly")
    command.add_argument("--raw", action="store_true", help="keep a newline at the end of stdin")
    command.add_argument("--allow-empty", action="store_true", help="accept an empty value")
    _metadata(command)
    terms = command.add_mutually_exclusive_group()
    terms.add_argument("--if-absent", action="store_true", help="only where there is no such secret yet")
    terms.add_argument("--if-version", metavar="VERSION", help="only where this is the current version")

    command = verb("list", verbs.list_, "List the keys", alias="ls")
    command.add_argument("--prefix", metavar="TEXT", help="only keys that begin so, such as org/acme/db_")
    command.add_argument("--provider", metavar="NAME", help="only secrets of this provider")
    command.add_argument("--long", "-l", action="store_true", help="the metadata too")
    _scope(command)
    _output(command)

    command = verb("delete", verbs.delete, "Remove secrets with their history", alias="rm")
    command.add_argument("keys", nargs="+", metavar="KEY", help="[kind/id/]name[@target]")
    command.add_argument("--missing-ok", action="store_true", help="do not mind where there is no such secret")
    command.add_argument("--yes", "-y", action="store_true", help="do not ask before several are removed")
    how = command.add_mutually_exclusive_group()
    how.add_argument("--soft", action="store_true", help="the current version only, where it is kept")
    how.add_argument("--force", action="store_true", help="for good, also where it would be kept for a while")
    how.add_argument("--version", metavar="VERSION", help="only the value of this version, for good")

    verb("restore", verbs.restore, "Bring back a secret that was deleted, where the backend still keeps it", key=True)

    command = verb(
        "exists", verbs.exists, "Exit with 0 where there is such a secret, else as `not_found` does", key=True
    )

    command = verb("describe", verbs.describe, "Show what is known about a secret besides its value", key=True)
    _output(command)

    command = verb("versions", verbs.versions, "List the versions of a secret that are kept", key=True)
    _output(command)

    command = verb("rollback", verbs.rollback, "Make a former version of a secret the current one", key=True)
    to = command.add_mutually_exclusive_group(required=True)
    to.add_argument("version", nargs="?", metavar="VERSION", help="the version to go back to")
    to.add_argument("--back", type=_steps, metavar="N", help="go back so many versions")

    command = verb("generate", verbs.generate, "Set a secret to a new random value", key=True)
    form = command.add_mutually_exclusive_group()
    form.add_argument("--bytes", type=_count, metavar="N", help="N random bytes as they are")
    form.add_argument("--hex", type=_count, metavar="N", help="N random bytes as hexadecimal text")
    form.add_argument("--base64", type=_count, metavar="N", help="N random bytes as url-safe base64 text")
    form.add_argument(
        "--password", type=_count, metavar="N", help="a password of N characters; 32 where nothing is said"
    )
    command.add_argument("--no-symbols", action="store_true", help="only letters and digits in the password")
    command.add_argument("--force", action="store_true", help="replace the secret where there is one")
    command.add_argument("--print", action="store_true", help="write the new value to stdout")
    _metadata(command)

    command = verb("health", verbs.health, "Show how the place is in which the secrets live")
    _output(command)

    command = verb("watch", watch, "Tell changes as they happen, never a value")
    command.add_argument("keys", nargs="*", metavar="KEY", help="only these secrets")
    command.add_argument("--prefix", metavar="TEXT", help="only keys that begin so, such as org/acme/db_")
    command.add_argument("--every", metavar="TIME", help="how often to look at the backend, such as 5s")
    command.add_argument("--count", type=_some, metavar="N", help="end after so many changes")
    told = "words with tabs between them, or a JSON object a line"
    command.add_argument("--output", "-o", choices=("plain", "json"), help=told)
    _scope(command)

    command = verb("export", verbs.export, "Write many secrets into a document, values included")
    command.add_argument("keys", nargs="*", metavar="KEY", help="exactly these secrets; without any, all")
    _format(command)
    command.add_argument("--to", metavar="FILE", help="write to this file, readable by you alone, instead of stdout")
    command.add_argument("--force", action="store_true", help="replace the file where there is one")
    command.add_argument("--prefix", metavar="TEXT", help="only keys that begin so, such as org/acme/db_")
    command.add_argument("--full-names", action="store_true", help="names that tell the whole key")
    command.add_argument("--include-expired", action="store_true", help="export expired secrets too")
    command.add_argument("--strict", action="store_true", help="fail where something would be left out")
    command.add_argument("--yes", "-y", action="store_true", help="values may be shown on a terminal")
    _scope(command)

    command = verb("import", verbs.import_, "Read many secrets from a document")
    command.add_argument("file", nargs="?", metavar="FILE", help="the document (- is stdin)")
    _format(command)
    command.add_argument("--names", choices=("refuse", "escape", "skip"), help="what to do with names that are no keys")
    existing = command.add_mutually_exclusive_group()
    existing.add_argument("--overwrite", action="store_true", help="replace secrets that are already there")
    existing.add_argument("--skip-existing", action="store_true", help="leave secrets alone that are already there")
    command.add_argument("--provider", metavar="NAME", help="who issued the secrets, such as openai")
    command.add_argument("--dry-run", "-n", action="store_true", help="only tell what would be written")
    _scope(command)
    return parser


def _everywhere(parser: Parser, **defaults: Any) -> None:
    """What stands before the verb or behind it: there it must not undo what was said before."""

    # A list would be replaced, not continued: it has a name of its own, and `parse` joins the two.
    behind = {} if defaults else {"dest": _BEHIND}

    def add(*names: str, **terms: Any) -> None:
        default = defaults.get(names[0].lstrip("-").replace("-", "_"), argparse.SUPPRESS)
        parser.add_argument(*names, default=default, **terms)

    add("--app", metavar="NAME", help="the application whose secrets these are")
    add("--secrets-backend", metavar="BACKEND", help="where the secrets live, such as `encrypted`")
    add("--secrets-set", metavar="SETTING=VALUE", action="append", help="a setting; may be given again", **behind)
    add("--config", "--secrets-config", metavar="FILE", dest="config", help="a document of settings, TOML or JSON")
    add("--timeout", metavar="TIME", help="how long one call may take in all, such as 10s or 500ms")
    add(
        "--offline",
        action="store_true",
        help="never ask another machine: what the file of `cache_file` has is answered",
    )
    add("--quiet", "-q", action="store_true", help="say nothing on stderr but errors")


def _out(parser: Parser) -> None:
    parser.add_argument("--out", metavar="FILE", help="write to this file, readable by you alone, instead of stdout")


def _scope(parser: Parser) -> None:
    parser.add_argument("--scope", metavar="SCOPE", help="where bare names are, and what is listed: org/acme")


def _output(parser: Parser) -> None:
    forms = ("table", "json", "plain")
    parser.add_argument("--output", "-o", choices=forms, help="table on a terminal, else plain: tabs between columns")


def _metadata(parser: Parser) -> None:
    parser.add_argument("--provider", metavar="NAME", help="who issued the secret, such as openai")
    parser.add_argument("--scope-of-use", metavar="TEXT", help="what the secret may be used for, such as OAuth scopes")
    parser.add_argument("--label", metavar="NAME=VALUE", action="append", default=[], help="a word of your own")
    expiry = parser.add_mutually_exclusive_group()
    expiry.add_argument("--expires-in", metavar="TIME", help="expire after this time: 90d, 12h, 30m, 45s, 2w")
    expiry.add_argument("--expires-at", metavar="RFC3339", help="expire then: 2030-01-31T12:00:00Z")


def _format(parser: Parser) -> None:
    forms = ("env", "dotenv", "json", "yaml", "fernet")
    parser.add_argument("--format", choices=forms, help="the form of the document; else the file's name tells it")
    dialects = ("common", "python", "node", "compose")
    parser.add_argument("--dialect", choices=dialects, help="whose rules a dotenv document keeps")
    told = "the file with the keys of Fernet tokens; else the variable FERNET_SECRET_KEY"
    parser.add_argument("--key-file", metavar="FILE", help=told)


def _count(text: str) -> int:
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(_MOST)) or int(digits) > _MOST:
        raise argparse.ArgumentTypeError("no number")
    return int(digits)


def _some(text: str) -> int:
    number = _count(text)
    if number == 0:
        raise argparse.ArgumentTypeError("no number of changes")
    return number


def _steps(text: str) -> int:
    steps = _count(text)
    if not 0 < steps < 2**32:
        raise argparse.ArgumentTypeError("no number of versions")
    return steps
