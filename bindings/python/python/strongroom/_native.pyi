"""The native half of the package; not for programs."""

import builtins
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Optional, Union, final

from typing_extensions import Buffer, Self, TypeVar, Unpack, disjoint_base

from ._options import CallOptions
from ._results import (
    BackendInfo,
    BatchResult,
    Change,
    Description,
    Health,
    ListPage,
    SetManyOutcome,
    SetOutcome,
    Setting,
    VerifyReport,
    VersionEntry,
)
from ._settings import Inspection, SettingInfo
from ._transfer import CopyPlan, CopyProgress, CopyReport, Explanation, Export, ImportReport
from .exceptions import NotFound

__all__ = [
    "BlockingManager",
    "Call",
    "CancelToken",
    "Exposed",
    "Generate",
    "Manager",
    "Secret",
    "Subscription",
    "close",
    "config_schema",
    "copy_journal",
    "copy_plan",
    "copy_to",
    "delete",
    "describe",
    "document_format",
    "end_subscription",
    "exists",
    "exit_code",
    "explain",
    "export",
    "fernet_check_file",
    "fernet_decrypt",
    "fernet_encrypt",
    "fernet_generate",
    "fernet_rotate",
    "fernet_timestamp",
    "generate",
    "get",
    "get_cached",
    "get_into",
    "get_into_cached",
    "get_many",
    "get_or_generate",
    "get_value",
    "get_value_cached",
    "get_version",
    "get_with_fallback",
    "health",
    "import_document",
    "inspect",
    "keeps_secrets",
    "key_escape",
    "key_of",
    "key_parse",
    "key_unescape",
    "key_variable",
    "list",
    "lock",
    "longest_document",
    "longest_value",
    "metrics",
    "missing",
    "next_change",
    "next_change_within",
    "open",
    "refresh",
    "resolve",
    "restore",
    "rollback",
    "rotate",
    "scoped",
    "set",
    "set_api_key",
    "set_many",
    "settings_table",
    "store_file",
    "subscribe",
    "update_metadata",
    "update_value",
    "verify",
    "version",
    "versions",
    "with_options",
]

_T_co = TypeVar("_T_co", covariant=True)
_D = TypeVar("_D", default=None)

_Value = Union[str, Buffer, Secret]
_FernetKeys = Union[_Value, Iterable[_Value]]
_Version = Union[str, int]
_Options = Optional[CallOptions]
# A value, or a function with what a thread runs that asks it.
_SecretSetting = Union[str, Buffer, tuple[Callable[[str], Union[str, Buffer]], Callable[[Asked], None]]]

@final
class Asked:
    @property
    def setting(self) -> str: ...
    def answer(self, given: object) -> None: ...
    def fail(self, raised: BaseException) -> None: ...

@final
class Call(Generic[_T_co]):
    def wait(self) -> _T_co: ...
    def __await__(self) -> Generator[Any, None, _T_co]: ...
    def __iter__(self) -> Generator[Any, None, _T_co]: ...
    def __next__(self) -> Any: ...
    def send(self, _value: object) -> Any: ...
    def throw(self, kind: Any, value: Any = None, traceback: Optional[TracebackType] = None) -> None: ...
    def close(self) -> None: ...

@final
class CancelToken:
    def __new__(cls) -> Self: ...
    def cancel(self) -> None: ...
    @property
    def cancelled(self) -> bool: ...

@final
class Exposed:
    def __reduce_ex__(self, _protocol: Any) -> Any: ...
    def __enter__(self) -> memoryview: ...
    def __exit__(self, *_raised: object) -> None: ...

@final
class Generate:
    @staticmethod
    def bytes(size: int) -> Generate: ...
    @staticmethod
    def hex(size: int) -> Generate: ...
    @staticmethod
    def base64(size: int) -> Generate: ...
    @staticmethod
    def password(length: int, *, symbols: bool = True) -> Generate: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Secret:
    def __new__(
        cls,
        value: Union[str, Buffer],
        *,
        provider: Optional[str] = None,
        scope_of_use: Optional[str] = None,
        labels: Optional[Mapping[str, str]] = None,
        expires_at: Optional[datetime] = None,
    ) -> Self: ...
    def reveal(self) -> str: ...
    def reveal_bytes(self) -> bytes: ...
    def reveal_into(self, buffer: Buffer) -> int: ...
    def expose(self) -> Exposed: ...
    def wipe(self) -> None: ...
    @property
    def provider(self) -> Optional[str]: ...
    @property
    def scope_of_use(self) -> Optional[str]: ...
    @property
    def labels(self) -> dict[str, str]: ...
    @property
    def expires_at(self) -> Optional[datetime]: ...
    @property
    def created_at(self) -> Optional[datetime]: ...
    @property
    def updated_at(self) -> Optional[datetime]: ...
    @property
    def version(self) -> Optional[str]: ...
    @property
    def number(self) -> Optional[int]: ...
    @property
    def stale_for(self) -> Optional[float]: ...
    @property
    def expired(self) -> bool: ...
    def __format__(self, spec: str, /) -> str: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...
    def __copy__(self) -> None: ...
    def __deepcopy__(self, _memo: object) -> None: ...
    def __reduce_ex__(self, _protocol: Any) -> Any: ...

@disjoint_base
class Manager:
    def __new__(cls, of: Manager, /) -> Self: ...
    @property
    def app(self) -> str: ...
    @property
    def backend(self) -> BackendInfo: ...
    @property
    def is_persistent(self) -> bool: ...
    @property
    def scope(self) -> Optional[str]: ...
    @property
    def settings(self) -> dict[str, Setting]: ...
    def __reduce_ex__(self, _protocol: Any) -> Any: ...

class BlockingManager(Manager):
    def __new__(cls, of: Manager, /) -> Self: ...
    def get_value(
        self,
        key: str,
        default: _D = None,  # type: ignore[assignment]
        **options: Unpack[CallOptions],
    ) -> Union[str, _D]: ...

def open(
    app: Optional[str],
    settings: Sequence[tuple[str, str]],
    secrets: Sequence[tuple[str, _SecretSetting]],
    config_files: Sequence[Union[str, PathLike[str]]],
    config_texts: Sequence[tuple[str, str]],
    environment: bool,
    options: _Options = None,
) -> Call[Manager]: ...
def scoped(manager: Manager, scope: str) -> Manager: ...
def with_options(manager: Manager, options: _Options = None) -> Manager: ...
def health(manager: Manager, options: _Options = None) -> Call[Health]: ...
def verify(manager: Manager, options: _Options = None) -> Call[VerifyReport]: ...
def refresh(manager: Manager, options: _Options = None) -> Call[None]: ...
def metrics(manager: Manager) -> dict[str, int]: ...
def lock(manager: Manager, options: _Options = None) -> Call[None]: ...
def close(manager: Manager, options: _Options = None) -> Call[None]: ...

# --- reading

def get_cached(manager: Manager, key: str) -> Optional[Secret]: ...
def get(
    manager: Manager,
    key: str,
    version: Optional[_Version],
    include_expired: bool,
    fresh: bool,
    options: _Options = None,
) -> Call[Optional[Secret]]: ...
def resolve(manager: Manager, reference: str, options: _Options = None) -> Call[Optional[Secret]]: ...
def get_version(manager: Manager, key: str, version: _Version, options: _Options = None) -> Call[Optional[Secret]]: ...
def get_value_cached(manager: Manager, key: str) -> Optional[str]: ...
def get_value(manager: Manager, key: str, options: _Options = None) -> Call[Optional[str]]: ...
def get_into_cached(manager: Manager, key: str, buffer: Buffer) -> Optional[int]: ...
def get_into(manager: Manager, key: str, buffer: Buffer, options: _Options = None) -> Call[Optional[int]]: ...
def get_many(manager: Manager, keys: Iterable[str], options: _Options = None) -> Call[BatchResult]: ...
def get_with_fallback(
    manager: Manager,
    name: str,
    scopes: Iterable[str],
    allow_unavailable: bool,
    options: _Options = None,
) -> Call[Optional[Secret]]: ...
def missing(manager: Manager, key: str) -> NotFound: ...
def exists(manager: Manager, key: str, options: _Options = None) -> Call[bool]: ...
def describe(manager: Manager, key: str, options: _Options = None) -> Call[Optional[Description]]: ...
def list(
    manager: Manager,
    prefix: Optional[str],
    provider: Optional[str],
    after: Optional[str],
    limit: Optional[int],
    full_metadata: bool,
    options: _Options = None,
) -> Call[ListPage]: ...
def versions(manager: Manager, key: str, options: _Options = None) -> Call[builtins.list[VersionEntry]]: ...

# --- writing

def set(
    manager: Manager,
    key: str,
    value: _Value,
    provider: Optional[str],
    scope_of_use: Optional[str],
    labels: Optional[Mapping[str, str]],
    expires_at: Optional[datetime],
    if_absent: bool,
    if_version: Optional[_Version],
    created_at: Optional[datetime],
    options: _Options = None,
) -> Call[SetOutcome]: ...
def set_many(
    manager: Manager,
    entries: Union[Mapping[str, _Value], Iterable[tuple[str, _Value]]],
    options: _Options = None,
) -> Call[SetManyOutcome]: ...
def set_api_key(
    manager: Manager,
    name: str,
    value: _Value,
    provider: Optional[str],
    options: _Options = None,
) -> Call[SetOutcome]: ...
def update_value(
    manager: Manager,
    key: str,
    value: _Value,
    changes: dict[str, object],
    clear_expiry: bool,
    if_version: Optional[_Version],
    options: _Options = None,
) -> Call[SetOutcome]: ...
def update_metadata(
    manager: Manager,
    key: str,
    changes: dict[str, object],
    clear_expiry: bool,
    if_version: Optional[_Version],
    options: _Options = None,
) -> Call[SetOutcome]: ...
def generate(spec: Generate) -> Secret: ...
def get_or_generate(
    manager: Manager,
    key: str,
    spec: Generate,
    provider: Optional[str],
    scope_of_use: Optional[str],
    labels: Optional[Mapping[str, str]],
    expires_at: Optional[datetime],
    options: _Options = None,
) -> Call[Secret]: ...
def rotate(
    manager: Manager,
    key: str,
    value: Union[_Value, Generate],
    options: _Options = None,
) -> Call[SetOutcome]: ...
def rollback(
    manager: Manager,
    key: str,
    version: Optional[_Version],
    back: Optional[int],
    options: _Options = None,
) -> Call[SetOutcome]: ...
def restore(manager: Manager, key: str, options: _Options = None) -> Call[SetOutcome]: ...
def delete(
    manager: Manager,
    key: str,
    missing_ok: bool,
    soft: bool,
    force: bool,
    version: Optional[_Version],
    options: _Options = None,
) -> Call[None]: ...

# --- changes

@final
class Subscription: ...

def subscribe(
    manager: Manager,
    keys_of: Iterable[str],
    prefix: Optional[str],
    every: Union[float, timedelta, None],
    options: _Options = None,
) -> Call[Subscription]: ...
def end_subscription(subscription: Subscription) -> None: ...
def next_change(subscription: Subscription) -> Call[Optional[Change]]: ...
def next_change_within(subscription: Subscription, timeout: Union[float, timedelta]) -> Optional[Change]: ...

# --- documents, copies, explanations

def explain(
    manager: Manager,
    key: str,
    scopes: Iterable[str],
    options: _Options = None,
) -> Call[Explanation]: ...
def export(
    manager: Manager,
    format: str,
    dialect: Optional[str],
    prefix: Optional[str],
    keys: Iterable[str],
    full_names: bool,
    include_expired: bool,
    strict: bool,
    fernet_keys: Optional[_FernetKeys],
    options: _Options = None,
) -> Call[Export]: ...
def import_document(
    manager: Manager,
    document: _Value,
    format: str,
    dialect: Optional[str],
    names: Optional[str],
    if_exists: Optional[str],
    provider: Optional[str],
    dry_run: bool,
    fernet_keys: Optional[_FernetKeys],
    options: _Options = None,
) -> Call[ImportReport]: ...
def copy_plan(
    source: Manager,
    target: Manager,
    keys: Iterable[str],
    prefix: Optional[str],
    if_exists: Optional[str],
    allow_loss: bool,
    skip_unfit: bool,
    delete_source: bool,
    journal: Union[str, PathLike[str], None],
    progress: Optional[Callable[[CopyProgress], object]],
    options: _Options = None,
) -> Call[CopyPlan]: ...
def copy_to(
    source: Manager,
    target: Manager,
    keys: Iterable[str],
    prefix: Optional[str],
    if_exists: Optional[str],
    allow_loss: bool,
    skip_unfit: bool,
    delete_source: bool,
    journal: Union[str, PathLike[str], None],
    progress: Optional[Callable[[CopyProgress], object]],
    options: _Options = None,
) -> Call[CopyReport]: ...
def copy_journal(source: Manager, target: Manager) -> Path: ...

# --- what needs no manager

def fernet_check_file(path: Union[str, PathLike[str]]) -> None: ...
def fernet_generate() -> Secret: ...
def fernet_encrypt(keys: _FernetKeys, value: _Value) -> str: ...
def fernet_decrypt(keys: _FernetKeys, token: _Value, ttl: Union[float, timedelta, None]) -> Secret: ...
def fernet_rotate(keys: _FernetKeys, token: _Value) -> str: ...
def fernet_timestamp(keys: _FernetKeys, token: _Value) -> datetime: ...
def key_parse(text: str) -> tuple[str, str, Optional[str], str, Optional[str]]: ...
def key_of(name: str, scope: Optional[str], target: Optional[str]) -> str: ...
def key_escape(word: Union[str, Buffer]) -> str: ...
def key_unescape(segment: str) -> bytes: ...
def key_variable(key: str, prefix: str, mapping: Optional[str]) -> str: ...
def inspect(
    app: Optional[str],
    settings: Sequence[tuple[str, str]],
    secrets: Sequence[tuple[str, _SecretSetting]],
    config_files: Sequence[Union[str, PathLike[str]]],
    config_texts: Sequence[tuple[str, str]],
    environment: bool,
) -> Inspection: ...
def settings_table(app: str) -> tuple[SettingInfo, ...]: ...
def config_schema() -> str: ...

# --- the command

def document_format(file_name: str) -> Optional[str]: ...
def exit_code(kind: str) -> int: ...
def longest_document() -> int: ...
def longest_value() -> int: ...
def store_file(
    app: str,
    settings: Sequence[tuple[str, str]],
    config_files: Sequence[Union[str, PathLike[str]]],
) -> Optional[Path]: ...
def keeps_secrets(
    app: str,
    settings: Sequence[tuple[str, str]],
    config_files: Sequence[Union[str, PathLike[str]]],
    path: Union[str, PathLike[str]],
) -> bool: ...
def version() -> str: ...
