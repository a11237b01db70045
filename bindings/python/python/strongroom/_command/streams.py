"""Where values come from and where they go: no text layer keeps a copy of one."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from stat import S_ISCHR, S_ISREG
from typing import Optional

from .. import _native, exceptions

STDIN, STDOUT, STDERR = 0, 1, 2


def open_closed() -> None:
    """Let closed standard streams lead nowhere, as the command does: else a store would be opened in their place."""
    for descriptor in (STDIN, STDOUT, STDERR):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(STDOUT, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = open(STDERR, "w", closefd=False)


def printable(text: str) -> str:
    """The text without anything that could steer a terminal or reorder what it shows."""
    steers = ("Cc", "Cf", "Zl", "Zp", "Cs")
    if text.isascii() and text.isprintable():
        return text
    from unicodedata import category

    return "".join(ascii(c)[1:-1] if category(c) in steers else c for c in text)


def say(text: str) -> None:
    """Write a line for people."""
    # There may be nobody who reads it.
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{printable(text)}\n")
        sys.stderr.flush()


def notice(stated: argparse.Namespace, text: str) -> None:
    """Tell what was done."""
    if not stated.quiet:
        say(text)


def confirm(question: str) -> None:
    """Ask for a yes."""
    sys.stderr.write(f"{printable(question)} [y/N] ")
    sys.stderr.flush()
    answer = bytearray()
    while not answer.endswith(b"\n") and (sign := os.read(STDIN, 1)):
        answer += sign
    if bytes(answer).strip().lower() not in (b"y", b"yes"):
        message = "this was not confirmed, so nothing was done"
        raise failure(exceptions.Cancelled, message, "answer `y`, or give `--yes`")


def somebody_is_there() -> bool:
    """Whether someone can be asked."""
    return is_terminal(STDIN) and is_terminal(STDERR)


def tell(error: exceptions.Error) -> int:
    """Tell a failure, and give its exit code."""
    say(f"strongroom: {error}")
    if error.help:
        say(f"  help: {error.help}")
    return _native.exit_code(error.kind)


def failure(
    kind: type[exceptions.Error], message: str, help: str, foreign_code: Optional[int] = None
) -> exceptions.Error:
    """A failure of the command's own, told as the library tells its own."""
    error = kind(f"{kind.kind}: {message}")
    error.help = help
    error.foreign_code = foreign_code
    return error


def is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def stdin_may_hold_a_value() -> bool:
    """Whether stdin is something that values come from: a pipe, a socket or a file; no terminal, no `/dev/null`."""
    try:
        return not S_ISCHR(os.fstat(STDIN).st_mode)
    except OSError:
        return False


def write(data: memoryview) -> None:
    """Write bytes to stdout."""
    while data:
        data = data[os.write(STDOUT, data) :]


def write_rows(rows: Iterable[Sequence[str]], heading: Sequence[str] = (), form: Optional[str] = None) -> None:
    """Write rows: as a table on a terminal, else plain with tabs between columns; or as told."""
    cells = [[printable(cell) for cell in row] for row in rows]
    if form == "plain" or (form is None and not is_terminal(STDOUT)):
        lines = ["\t".join(row) for row in cells]
    else:
        if cells and heading:
            cells.insert(0, list(heading))
        widths = [max(map(len, column)) for column in zip(*cells)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
    _write_text("".join(f"{line}\n" for line in lines))


def write_json(document: object) -> None:
    import json

    _write_text(f"{json.dumps(document, indent=2, sort_keys=True)}\n")


def write_json_line(document: object) -> None:
    """Write what is one of several documents, a line each."""
    import json

    _write_text(f"{json.dumps(document, separators=(',', ':'), sort_keys=True)}\n")


def _write_text(text: str) -> None:
    # UTF-8 whatever Python's own stdout would make of it.
    write(memoryview(text.encode()))


def value(key: str, file: Optional[str], raw: bool) -> bytearray:
    """The value of a key: what a file has exactly, what is typed at a hidden prompt, or what stdin has."""
    most = _native.longest_value()
    if file is not None and file != "-":
        return read_file(file, most)
    if file is None and is_terminal(STDIN):
        return _ask(f"Value of {printable(key)}: ")
    # Two more for a line end that is dropped.
    value = _read(STDIN, most + 2, "cannot read stdin")
    if file is None and not raw and value.endswith(b"\n"):
        del value[-2 if value.endswith(b"\r\n") else -1 :]
    return value


def _ask(prompt: str) -> bytearray:
    from getpass import getpass

    what, help = "cannot ask at the terminal", "type the value as UTF-8, or use stdin or `--from-file`"
    try:
        return bytearray(getpass(prompt).encode())
    except EOFError:
        raise failure(exceptions.InvalidArgument, f"{what}: unexpected end of file", help) from None
    except UnicodeError:
        # It holds what was typed.
        raise failure(exceptions.InvalidArgument, f"{what}: what was typed is no UTF-8", help) from None


def document(file: Optional[str], most: int) -> bytearray:
    """A document of many secrets; ``-`` is stdin."""
    return _read(STDIN, most, "cannot read stdin") if file in (None, "-") else read_file(str(file), most)


def read_file(path: str, most: int) -> bytearray:
    what = f"cannot read `{path}`"
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise local(error, what) from None
    try:
        return _read(descriptor, most, what)
    finally:
        os.close(descriptor)


def _read(descriptor: int, most: int, what: str) -> bytearray:
    """Read to the end, and no more than any store takes."""
    read = bytearray()
    try:
        while part := os.read(descriptor, 1 << 16):
            read += part
            if len(read) > most:
                message = f"{what}: it is longer than {most} bytes"
                raise failure(exceptions.TooLarge, message, "keep it elsewhere, and a key to it here")
    except OSError as error:
        raise local(error, what) from None
    return read


def write_file(path: str, data: memoryview) -> None:
    """Write a file of the caller's alone: all of it or nothing, in place of what was there."""
    what = f"cannot write `{path}`"
    # Not a link either: `/dev/stdout` is one, and root could replace it.
    if os.path.lexists(path) and not S_ISREG(os.lstat(path).st_mode):
        raise failure(exceptions.InvalidArgument, f"{what}: not a regular file", "name another file")
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with open(descriptor, "wb", buffering=0) as file:
                while data:
                    data = data[file.write(data) :]
                os.fsync(descriptor)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise local(error, what) from None


def local(error: OSError, what: str) -> exceptions.Error:
    """A failure of the system's about a file or stream of the caller's."""
    from errno import EACCES, EDQUOT, EFBIG, ENOSPC, EPERM, EROFS

    kind: type[exceptions.Error] = exceptions.InvalidArgument
    help = "see what the system says about the file or stream"
    if error.errno in (ENOSPC, EDQUOT, EFBIG):
        kind, help = exceptions.StorageFull, "make room there"
    elif error.errno in (EACCES, EPERM, EROFS):
        kind, help = exceptions.PermissionDenied, "see who may use it"
    return failure(kind, f"{what}: {error.strerror}", help, error.errno)
