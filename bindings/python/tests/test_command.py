"""``python -m strongroom``: what it reads, what it writes, and how it ends."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Optional, Union

import pytest

import strongroom

ERRORS = Path(__file__).parents[3] / "tests" / "vectors" / "errors.json"
COMMAND = (sys.executable, "-m", "strongroom")

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the command over a store of its own. What it exits with is checked: 0, unless told."""

    def run_on_store(
        *words: str, given: Union[bytes, None] = b"", exits: int = 0, store: Optional[Sequence[str]] = None
    ) -> subprocess.CompletedProcess[bytes]:
        if store is None:
            store = ("--secrets-backend", "encrypted", "--secrets-set", f"encrypted.path={tmp_path / 'store'}")
        # No input is `/dev/null`, which holds no value; an empty one is a pipe.
        none = subprocess.DEVNULL if given is None else None
        ended = subprocess.run(
            [*COMMAND, *store, *words], input=given, stdin=none, capture_output=True, timeout=60, check=False
        )
        assert ended.returncode == exits, ended.stderr.decode()
        assert b"Traceback" not in ended.stderr
        return ended

    return run_on_store


def exit_code(kind: str) -> int:
    kinds = {vector["token"]: vector["exit_code"] for vector in json.loads(ERRORS.read_text())["kinds"]}
    code: int = kinds[kind]
    return code


@pytest.mark.parametrize("value", [b"sk-123", b"line\nline", b"\x00\xff bytes", b"x" * 100_000])
def test_a_value_comes_from_stdin_and_goes_to_stdout_exactly(run: Run, value: bytes) -> None:
    run("set", "org/acme/key", given=value)
    assert run("get", "org/acme/key").stdout == value


@pytest.mark.parametrize(
    ("words", "given", "kept"),
    [
        ((), b"v\n", b"v"),
        ((), b"v\r\n", b"v"),
        ((), b"v\n\n", b"v\n"),
        ((), b"v\r", b"v\r"),
        (("--raw",), b"v\n", b"v\n"),
        (("--from-file", "-"), b"v\n", b"v\n"),
        (("--allow-empty",), b"", b""),
        (("--allow-empty",), b"\n", b""),
    ],
)
def test_one_newline_is_dropped_unless_told(run: Run, words: tuple[str, ...], given: bytes, kept: bytes) -> None:
    run("set", "key", *words, given=given)
    assert run("get", "key").stdout == kept


def test_a_file_is_taken_exactly(run: Run, tmp_path: Path) -> None:
    (tmp_path / "value").write_bytes(b"of a file\n")
    run("set", "key", "--from-file", str(tmp_path / "value"))
    assert run("get", "key").stdout == b"of a file\n"
    ended = run("set", "key", "--from-file", str(tmp_path / "none"), exits=exit_code("invalid_argument"))
    assert b"cannot read" in ended.stderr


@pytest.mark.parametrize("given", [b"", b"\n"])
def test_nothing_is_refused_and_leaves_no_store(run: Run, tmp_path: Path, given: bytes) -> None:
    ended = run("set", "key", given=given, exits=exit_code("invalid_value"))
    assert b"--allow-empty" in ended.stderr
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("set", "key", "s3cret-value"),
        ("set", "key=s3cret-value"),
        ("set", "key=s3cret/value"),
        ("set", "key", "--raw=s3cret-value"),
        ("set", "key", "--s3cret-value"),
        ("s3cret-value",),
        ("key=s3cret-value",),
    ],
)
def test_a_value_among_the_arguments_is_refused_and_not_repeated(run: Run, words: tuple[str, ...]) -> None:
    ended = run(*words, exits=2)
    assert b"s3cret" not in ended.stderr + ended.stdout
    assert b"help:" in ended.stderr


@pytest.mark.parametrize("word", ["PORT=8080", "org/acme/key=DEADBEEF", "a=CA=20"])
def test_what_is_a_key_and_a_pair_as_well_is_refused_and_not_repeated(run: Run, word: str) -> None:
    for exits, words, given in ((exit_code("ambiguous"), ("set", word), b"v"), (2, ("set", word), None)):
        ended = run(*words, given=given, exits=exits)
        assert word.partition("=")[2].encode() not in ended.stderr + ended.stdout
    run("list", exits=exit_code("unavailable"))


def test_an_option_that_names_the_source_makes_a_word_a_key(run: Run) -> None:
    run("set", "PORT=8080", "--raw", given=b"v")
    run("set", "user/me=40example.org/k", given=b"w")
    assert run("list").stdout == b"global/PORT=8080\nuser/me=40example.org/k\n"
    for word in ("key=s3cret/value", "=s3cret", "..=s3cret"):
        ended = run("set", word, "--raw", given=b"v", exits=exit_code("invalid_key"))
        assert b"s3cret" not in ended.stderr


def test_wrong_usage_exits_with_2(run: Run) -> None:
    assert b"required: VERB" in run(exits=2).stderr
    run("get", exits=2)
    run("rollback", "key", exits=2)
    run("set", "key", "--label", "none", given=b"v", exits=2)
    run("set", "key", "--expires-at", "soon", given=b"v", exits=2)
    run("set", "key", "--raw", "--from-file", "x", exits=2)
    assert b"--allow-empty" in run("set", "--help").stdout


def test_a_backend_that_is_stated_twice(run: Run, tmp_path: Path) -> None:
    file = ("--secrets-set", "backend=file", "--secrets-set", f"file.path={tmp_path / 'plain'}")
    run("set", "key", given=b"v", store=file)
    assert run("list", store=file).stdout == b"global/key\n"
    assert run("list", store=("--secrets-backend", "memory", *file)).stdout == b""


@pytest.mark.skipif(os.name != "posix", reason="arguments are no bytes here")
def test_arguments_that_are_no_text_are_refused(run: Run) -> None:
    wrong = os.fsdecode(b"\xff")
    for words in (("get", wrong), ("list", "--prefix", wrong), ("set", "key", "--label", f"a={wrong}")):
        assert b"no UTF-8" in run(*words, exits=2).stderr
    run("list", store=("--app", wrong), exits=2)
    run("set", "key", "--from-file", wrong, exits=exit_code("invalid_argument"))


def test_listings_are_utf_8_whatever_python_writes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("set", "key", "--provider", "käse", given=b"v")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert "käse".encode() in run("list", "--long").stdout


def test_what_nobody_foresaw_is_told_without_its_text() -> None:
    program = (
        "import sys\n"
        "from strongroom._command import main, verbs\n"
        "def fails(stated): raise RuntimeError('s3cret')\n"
        "verbs.list_ = fails\n"
        "sys.exit(main(['list']))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert ended.returncode == exit_code("internal")
    assert b"RuntimeError" in ended.stderr and b"s3cret" not in ended.stderr


def test_each_failure_has_its_exit_code_and_says_what_helps(run: Run) -> None:
    run("set", "there", given=b"v")
    ended = run("get", "absent", exits=exit_code("not_found"))
    assert ended.stdout == b""
    assert ended.stderr.splitlines()[0].startswith(b"strongroom: not_found: ")
    assert ended.stderr.splitlines()[1].startswith(b"  help: ")
    run("get", "a/b/c/d", exits=exit_code("invalid_key"))
    run("set", "there", "--if-absent", given=b"v", exits=exit_code("conflict"))
    run("describe", "absent", exits=exit_code("not_found"))
    run("exists", "absent", exits=exit_code("not_found"))
    run("--timeout", "soon", "list", exits=exit_code("invalid_config"))
    run("list", store=("--secrets-backend", "no-such-word"), exits=exit_code("invalid_config"))


def test_every_kind_has_the_exit_code_of_the_command() -> None:
    from strongroom import _native

    assert strongroom.BY_KIND
    for kind in strongroom.BY_KIND:
        assert _native.exit_code(kind) == exit_code(kind)


def test_a_read_makes_no_store(run: Run, tmp_path: Path) -> None:
    for words in (("get", "key"), ("list",), ("delete", "key"), ("health",)):
        ended = run(*words, exits=exit_code("unavailable"))
        assert b"there is no store" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_metadata_is_kept_and_shown(run: Run) -> None:
    words = ("--provider", "openai", "--scope-of-use", "read", "--label", "team=web")
    run("set", "org/acme/key", *words, "--expires-at", "2999-01-01T00:00:00Z", given=b"hidden")
    known = json.loads(run("describe", "org/acme/key", "-o", "json").stdout)["secret"]
    assert known["provider"] == "openai"
    assert known["scope_of_use"] == "read"
    assert known["labels"] == {"team": "web"}
    assert known["expires_at"] == "2999-01-01T00:00:00Z"
    assert known["expired"] is False
    assert b"hidden" not in run("describe", "org/acme/key").stdout


def test_listings_for_people_and_programs(run: Run) -> None:
    for key in ("org/acme/b", "org/acme/a", "c"):
        run("set", key, given=b"hidden")
    assert run("list").stdout == b"global/c\norg/acme/a\norg/acme/b\n"
    assert run("list", "--scope", "org/acme").stdout == b"org/acme/a\norg/acme/b\n"
    assert run("list", "--prefix", "org/acme/b").stdout == b"org/acme/b\n"
    assert run("list", "--long").stdout.splitlines()[0].startswith(b"global/c\t3\t-\t20")
    entries = json.loads(run("list", "-o", "json").stdout)["entries"]
    assert [entry["key"] for entry in entries] == ["global/c", "org/acme/a", "org/acme/b"]
    assert b"hidden" not in run("list", "-o", "json", "--long").stdout


def test_versions_come_back(run: Run) -> None:
    for value in (b"first", b"second"):
        run("set", "key", given=value)
    kept = json.loads(run("versions", "key", "-o", "json").stdout)["versions"]
    assert [(one["version"], one["current"]) for one in kept] == [("2", True), ("1", False)]
    assert run("get", "key", "--version", "1").stdout == b"first"
    run("rollback", "key", "--back", "1")
    assert run("get", "key").stdout == b"first"
    run("rollback", "key", "2")
    assert run("get", "key").stdout == b"second"


def test_deleting_goes_on_after_a_failure(run: Run) -> None:
    for key in ("a", "b"):
        run("set", key, given=b"v")
    run("delete", "a", "absent", "b", exits=exit_code("not_found"))
    assert run("list").stdout == b""
    assert b"no such secret" in run("delete", "absent", "--missing-ok").stderr


def test_generated_values(run: Run) -> None:
    assert run("generate", "key").stdout == b""
    made = run("get", "key").stdout
    assert len(made) == 32
    run("generate", "key", exits=exit_code("conflict"))
    assert run("get", "key").stdout == made
    shown = run("generate", "key", "--force", "--hex", "8", "--print", "-q")
    assert (len(shown.stdout), shown.stderr) == (16, b"")
    assert run("get", "key").stdout == shown.stdout
    assert run("generate", "plain", "--password", "40", "--no-symbols", "--print").stdout.isalnum()
    run("generate", "other", "--hex", "8", "--no-symbols", exits=2)


def test_what_was_done_is_told_as_the_command_tells_it(run: Run, tmp_path: Path) -> None:
    made = f"made the store {tmp_path / 'store'}\n".encode()
    assert run("set", "my=2Dkey", "--raw", exits=exit_code("invalid_key"), given=b"v").stdout == b""
    assert run("set", "a", given=b"v").stderr == made + b"created global/a (version 1)\n"
    assert run("generate", "a", "--force").stderr == b"replaced global/a (version 2)\n"
    assert run("rollback", "a", "--back", "1").stderr == b"rolled back global/a (version 3)\n"
    run("set", "a.b", "--provider", "openai", given=b"v")
    told = run("export", "--format", "env").stderr
    assert b"1 names were escaped, and an import takes them as they stand" in told and b": global/a.b as " in told
    assert told.endswith(b"1 secrets have more than a value, which is not in the document: provider of global/a.b\n")
    absent = run("delete", "absent", "a", "missing", exits=exit_code("not_found")).stderr
    assert absent.count(b"not_found") == 2 and b"deleted global/a\n" in absent
    for place, note in (("file", b"INSECURE"), ("memory", b"forgets everything")):
        store = ("--secrets-backend", place, "--secrets-set", f"file.path={tmp_path / 'plain'}")
        lines = run("set", "a", store=store, given=b"v").stderr.splitlines()
        assert len(lines) == 2 and lines[0].startswith(f"note: the backend `{place}` ".encode()) and note in lines[0]
        assert run("set", "b", "-q", store=store, given=b"v").stderr == b""


def test_names_that_the_command_has_too(run: Run, tmp_path: Path) -> None:
    assert run("--version").stdout.startswith(b"strongroom ")
    assert b"The command `strongroom` has more" in b" ".join(run("--help").stdout.split())
    run("set", "org/acme/a@eu", "--expires-in", "90d", given=b"v")
    assert run("ls", "-o", "plain").stdout == b"org/acme/a@eu\n"
    assert run("ls", "-o", "table").stdout == b"KEY\norg/acme/a@eu\n"
    [entry] = json.loads(run("ls", "-o", "json").stdout)["entries"]
    parts = {"key": "org/acme/a@eu", "scope": "org/acme", "name": "a", "target": "eu"}
    assert {name: entry[name] for name in parts} == parts
    run("get", "org/acme/a@eu", "--out", str(tmp_path / "value"))
    assert (tmp_path / "value").read_bytes() == b"v"
    run("get", "org/acme/a@eu", "--out", str(tmp_path / "store"), exits=exit_code("invalid_argument"))
    run("export", "--to", str(tmp_path / "all.json"))
    assert run("rm", "org/acme/a@eu", "-y").stderr == b"deleted org/acme/a@eu\n"
    # A dry run needs no store.
    empty = ("--secrets-set", f"encrypted.path={tmp_path / 'none'}")
    dry = run("import", str(tmp_path / "all.json"), "--scope", "app/web", "-n", store=empty)
    assert dry.stdout == b"create\tapp/web/a@eu\n" and not (tmp_path / "none").exists()


def test_fernet_keys_of_a_file(run: Run, tmp_path: Path) -> None:
    run("set", "A", given=b"v")
    key_file = tmp_path / "keys"
    with strongroom.fernet.generate_key().expose() as key:
        key_file.write_bytes(key)
    words = ("export", "--format", "fernet", "--key-file", str(key_file))
    if os.name == "posix":
        key_file.chmod(0o644)
        run(*words, exits=exit_code("insecure_path"))
    key_file.chmod(0o600)
    document = run(*words).stdout
    run("rm", "A")
    run("import", "--format", "fernet", "--key-file", str(key_file), given=document)
    assert run("get", "A").stdout == b"v"
    run("export", "--format", "json", "--key-file", str(key_file), exits=2)


MOMENTS = ("2030-01-01", "2030-01-01T00:00Z", "2030-W01-1T00:00:00Z", "2030-01-01T00:00:00+0200")


@pytest.mark.parametrize(
    "words",
    [
        *(f"set a --expires-at {moment}" for moment in MOMENTS),
        *(f"set a --expires-in {span}" for span in ("0s", "1y", "99999999999d")),
        "set a --expires-in 1d --expires-at 2030-01-01T00:00:00Z",
        "set a --provider x --provider y",
        "rollback a --back 0",
        "rollback a --back -1",
        "generate a --hex -5",
        f"generate a --hex {'9' * 30}",
        "generate a --hex 0 --no-symbols",
        "export",
        "export --format json --force",
        "export --format json --scope org/acme a",
        "import document",
        "list --config a --config b",
    ],
)
def test_what_the_command_takes_for_wrong_usage(run: Run, words: str) -> None:
    assert b"strongroom: usage: " in run(*words.split(), given=b"v", exits=2).stderr


def test_a_secret_setting_does_not_stand_among_the_arguments(run: Run) -> None:
    for stated in ("encrypted.key=s3cret", "s3cret"):
        ended = run("list", store=("--secrets-set", stated), exits=exit_code("invalid_config"))
        assert b"s3cret" not in ended.stderr


def test_a_corrupt_file_stays_where_it_is(run: Run, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("{ no JSON")
    plain.chmod(0o600)
    run(
        "list", store=("--secrets-backend", "file", "--secrets-set", f"file.path={plain}"), exits=exit_code("integrity")
    )
    assert plain.read_text() == "{ no JSON"


def test_documents_go_out_and_come_in(run: Run, tmp_path: Path) -> None:
    run("set", "A", given=b"first")
    run("set", "B", given=b"it's")
    document = tmp_path / "out.env"
    run("export", "--format", "dotenv", "--to", str(document))
    assert stat.S_IMODE(document.stat().st_mode) == 0o600 or os.name == "nt"
    run("export", "--format", "dotenv", "--to", str(document), exits=exit_code("conflict"))
    run("export", "--format", "dotenv", "--to", str(document), "--force", "A")
    other = ("--secrets-backend", "file", "--secrets-set", f"file.path={tmp_path / 'other'}")
    assert run("import", str(document), "--format", "dotenv", "-n", store=other).stdout == b"create\tglobal/A\n"
    assert not (tmp_path / "other").exists()
    run("import", str(document), "--format", "dotenv", store=other)
    assert run("get", "A", store=other).stdout == b"first"
    run("import", "--format", "json", given=b'{"A":"second"}', store=other, exits=exit_code("conflict"))
    run("import", "--format", "json", "--overwrite", given=b'{"A":"second"}', store=other)
    assert json.loads(run("export", "--format", "json", store=other).stdout) == {"A": "second"}


@pytest.mark.skipif(os.name != "posix", reason="there are no pipes with names here")
def test_a_document_replaces_regular_files_only(run: Run, tmp_path: Path) -> None:
    run("set", "A", given=b"first")
    aim, link, pipe = tmp_path / "aim", tmp_path / "link", tmp_path / "pipe"
    aim.write_text("kept")
    link.symlink_to(aim)
    os.mkfifo(pipe)
    (tmp_path / "folder").mkdir()
    for path in (link, pipe, tmp_path / "folder"):
        words = ("export", "--format", "json", "--to", str(path), "--force")
        ended = run(*words, exits=exit_code("invalid_argument"))
        assert b"not a regular file" in ended.stderr
    assert (link.readlink(), aim.read_text()) == (aim, "kept")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


def test_a_document_spares_the_store_and_its_key(run: Run, tmp_path: Path) -> None:
    run("set", "A", given=b"first")
    key_file = tmp_path / "key"
    spared = ("--secrets-set", f"encrypted.key_file={key_file}")
    for path in (tmp_path / "store", tmp_path / "store-wal", tmp_path / "store.lock", key_file):
        words = (*spared, "export", "--format", "json", "--to", str(path), "--force")
        ended = run(*words, exits=exit_code("invalid_argument"))
        assert b"keeps secrets or their key" in ended.stderr
    assert run("get", "A").stdout == b"first"


def test_an_empty_document_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.env").touch()
    for words in ((), (str(tmp_path / "empty.env"),)):
        ended = run("import", "--format", "dotenv", *words, exits=exit_code("invalid_argument"))
        assert b"wrote nothing" in ended.stderr
    assert not (tmp_path / "store").exists()


def test_settings_and_application_name_the_place(run: Run, tmp_path: Path) -> None:
    document = tmp_path / "settings.toml"
    document.write_text(f'[secrets]\nbackend = "file"\nfile.path = "{(tmp_path / "named").as_posix()}"\n')
    document.chmod(0o600)
    run("set", "--config", str(document), "key", given=b"v", store=("--app", "example"))
    told = json.loads(run("health", "-o", "json", "--config", str(document), store=("--app", "example")).stdout)[
        "health"
    ]
    assert (told["app"], told["backend"], told["health"]) == ("example", "file", "ok")
    assert (tmp_path / "named").is_file()


def test_a_reader_that_goes_away_gets_no_message(run: Run, tmp_path: Path) -> None:
    run("set", "key", given=b"v")
    ours, its = os.pipe()
    os.close(ours)
    words = [*COMMAND, "--secrets-backend", "encrypted", "--secrets-set", f"encrypted.path={tmp_path / 'store'}"]
    for verb in (("get", "key"), ("list",)):
        ended = subprocess.run([*words, *verb], stdout=its, stderr=subprocess.PIPE, timeout=60, check=False)
        assert (ended.returncode, ended.stderr) == (141, b"")
    os.close(its)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_stdout_that_takes_nothing_is_told(run: Run, tmp_path: Path) -> None:
    run("set", "key", given=b"v")
    words = [*COMMAND, "--secrets-backend", "encrypted", "--secrets-set", f"encrypted.path={tmp_path / 'store'}"]
    for verb in (("get", "key"), ("list",)):
        with open("/dev/full", "wb") as full:
            ended = subprocess.run([*words, *verb], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        assert ended.returncode == exit_code("storage_full")
        assert b"cannot write to stdout" in ended.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell's way to close a stream")
def test_closed_streams_do_not_lead_into_the_store(run: Run, tmp_path: Path) -> None:
    run("set", "key", given=b"v")
    words = " ".join(
        [*COMMAND, "--secrets-backend", "encrypted", "--secrets-set", f"encrypted.path={tmp_path / 'store'}"]
    )
    for streams in (">&-", "<&- >&-", "<&- >&- 2>&-"):
        assert subprocess.run(["sh", "-c", f"{words} get key {streams}"], timeout=60, check=False).returncode == 0
        subprocess.run(["sh", "-c", f"printf w | {words} set other >&- 2>&-"], timeout=60, check=True)
    assert run("get", "key").stdout == b"v"
    assert run("get", "other").stdout == b"w"
