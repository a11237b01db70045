"""Settings of ``pydantic-settings`` out of strongroom. Install ``strongroom[pydantic]``.

>>> from pydantic import SecretStr
>>> from pydantic_settings import BaseSettings, SettingsConfigDict
>>> import strongroom
>>> from strongroom.pydantic import StrongroomSettingsSource
>>> manager = strongroom.open("memory")
>>> manager.set("org/acme/api_key", "sk-123").created
True
>>> class Settings(BaseSettings):
...     model_config = SettingsConfigDict(hide_input_in_errors=True)
...     api_key: SecretStr
...     region: str = "eu"
...
...     @classmethod
...     def settings_customise_sources(
...         cls, settings_cls, init_settings, env_settings, dotenv_settings, file_secret_settings
...     ):
...         return init_settings, env_settings, StrongroomSettingsSource(settings_cls, manager, scope="org/acme")
>>> settings = Settings()
>>> settings.api_key.get_secret_value(), settings.region
('sk-123', 'eu')

Pydantic's own errors show what a field was given, so set ``hide_input_in_errors=True``, as above. Without it only what
becomes ``SecretStr`` or ``SecretBytes`` is masked: fields of these types and their items in lists, mappings and models.
Where the type is one of several, where a document has not the shape that is asked for, or where a path goes into a
document, the value is shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Optional, Union, cast, get_args, get_origin, get_type_hints

from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    Json,
    PlainValidator,
    RootModel,
    SecretBytes,
    SecretStr,
    WrapValidator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource
from pydantic_settings.sources.utils import parse_env_vars

from . import _native, exceptions
from ._manager import open as _open

if TYPE_CHECKING:
    from ._manager import SecretManager
    from ._native import Secret

__all__ = ["StrongroomSettingsSource"]

#: What stands between the names on the way to a nested field, where the base class looks for it: in no name itself.
_STEP = "\0"
#: Metadata of fields whose value somebody reads before it is a ``SecretStr``.
_READ_BEFORE = (BeforeValidator, Json, PlainValidator, WrapValidator)


@dataclasses.dataclass(frozen=True)
class _Choice:
    """A name by which pydantic takes a field."""

    taken_as: str
    #: The secret's; ``None`` where the name cannot be one.
    key: Optional[str]
    #: Whether pydantic takes it out of a document.
    in_document: bool
    #: The fields of a nested model.
    parts: tuple[_Wanted, ...]


@dataclasses.dataclass(frozen=True)
class _Wanted:
    """A field that is looked for."""

    #: As an error names it.
    told: str
    field: FieldInfo
    choices: tuple[_Choice, ...]

    def keys(self) -> Iterator[tuple[str, str]]:
        """The secrets' keys, each with the field that it is for."""
        for choice in self.choices:
            if choice.key is not None:
                yield choice.key, self.told
            for part in choice.parts:
                yield from part.keys()


@dataclasses.dataclass(frozen=True)
class _Found:
    """A secret that is there."""

    wanted: _Wanted
    key: str
    value: Union[str, bytes] = dataclasses.field(repr=False)


class _NoJson(Exception):
    """A value is no JSON. Not a ``ValueError``, which the base class takes for text where the field is optional."""

    def __init__(self, found: Optional[_Found]) -> None:
        super().__init__()
        self.found = found


class StrongroomSettingsSource(EnvSettingsSource):
    """Gives fields the secrets of their names.

    A field's secret has the field's name after ``prefix``, in capitals with ``upper``. A field with aliases is looked
    for under these instead, as they are written. ``scope`` is where bare names are looked for, as ``org/acme``; an
    alias may be a whole key. A name that is no key is escaped as one: ``$schema`` is the secret ``=24schema``.

    The whole settings are one batch of reads. A secret that is not there sets nothing: other sources and defaults have
    their turn. What cannot be read, an expired secret too, raises the :class:`strongroom.Error`, with a note that names
    the field.

    Values are read as those of variables are, ``env_ignore_empty``, ``env_parse_none_str``, ``env_parse_enums`` and
    ``enable_decoding`` included: text, and JSON of lists, mappings and models. Only ``bytes`` and ``SecretBytes`` get
    bytes that need not be text. A field of a nested model or dataclass may have a secret of its own,
    ``database.password`` for the field ``password`` of ``database``; it wins over the model's JSON. What the
    configuration says of variables' names, ``env_prefix``, ``env_nested_delimiter`` and ``case_sensitive``, does not
    concern secrets.

    A validator of a class that runs ``before`` gets fields of the types ``SecretStr`` and ``SecretBytes`` masked.

    ``secrets`` is an opened manager. Without one a manager is opened with ``app`` for the time of the reads.
    """

    def __init__(
        self,
        settings_cls: type[BaseSettings],
        secrets: Optional[SecretManager] = None,
        *,
        app: Optional[str] = None,
        scope: Optional[str] = None,
        prefix: str = "",
        upper: bool = False,
        nested_delimiter: str = ".",
        timeout: Optional[float] = None,
    ) -> None:
        super().__init__(settings_cls, env_prefix="", env_nested_delimiter=_STEP, env_nested_max_split=0)
        # Whatever the environment's names are like.
        self.case_sensitive = True
        self._manager = secrets
        self._app = app
        self._scope = scope
        self._prefix = prefix
        self._upper = upper
        self._delimiter = nested_delimiter
        self._timeout = timeout
        self._found: list[_Found] = []

    def _load_env_vars(self) -> Mapping[str, Optional[str]]:
        """Leave the environment alone: secrets are read when they are asked for."""
        return {}

    def __call__(self) -> dict[str, Any]:
        """Read every field's secret."""
        wanted = tuple(self._wanted(self.settings_cls))
        secrets = self._read(dict(pair for one in wanted for pair in one.keys()))
        refused: Optional[tuple[str, str]] = None
        try:
            # Nothing in this frame has the values: reports of what is raised below may show what frames have.
            self.env_vars = parse_env_vars(
                cast(Mapping[str, Optional[str]], self._values(wanted, secrets)),
                case_sensitive=True,
                parse_none_str=self.env_parse_none_str,
            )
            return super().__call__()
        except _NoJson as refusal:
            if refusal.found is not None:
                refused = refusal.found.key, refusal.found.wanted.told
        finally:
            self.env_vars, self._found = {}, []
        # Not within the handler: what was raised there has the value.
        error = exceptions.InvalidValue("invalid_value: the value is no JSON, which this type of field asks for")
        if refused is not None:
            error.key = refused[0]
            error.add_note(self._note(refused[1]))
        raise error

    def decode_complex_value(self, field_name: str, field: Optional[FieldInfo], value: Any) -> Any:
        """Decode JSON."""
        try:
            return super().decode_complex_value(field_name, cast(FieldInfo, field), value)
        except (ValueError, RecursionError):
            # The value of a mapping that is one of several types.
            if field is None:
                return value
            parts = [part for part in _parts(field) if part.annotation is not NoneType]
            if len(parts) > 1 and not all(map(self.field_is_complex, parts)):
                return value
        raise _NoJson(next((one for one in self._found if one.wanted.field is field and one.value == value), None))

    def prepare_field_value(self, field_name: str, field: FieldInfo, value: Any, value_is_complex: bool) -> Any:
        """Decode a field's value and mask what becomes ``SecretStr`` or ``SecretBytes``."""
        return _masked([field], super().prepare_field_value(field_name, field, value, value_is_complex))

    def _read(self, fields: Mapping[str, str]) -> Mapping[str, Secret]:
        try:
            with ExitStack() as stack:
                manager = self._manager
                if manager is None:
                    manager = stack.enter_context(_open(app=self._app, timeout=self._timeout))
                batch = manager.get_many(list(fields), scope=self._scope, timeout=self._timeout)
        except exceptions.Error as error:
            error.add_note(f"The secrets are for the fields of `{self.settings_cls.__name__}`.")
            raise
        for key, failure in batch.failures.items():
            failure.add_note(self._note(fields[key]))
            raise failure
        return batch.secrets

    def _wanted(
        self, model: type, name_before: str = "", told_before: str = "", inside: tuple[type, ...] = ()
    ) -> Iterator[_Wanted]:
        inside = (*inside, model)
        for field_name, field in _fields(model).items():
            told = told_before + field_name
            choices = []
            for taken_as, in_document, is_alias in _taken_as(model, field_name, field):
                name = taken_as
                if not is_alias:
                    name = name if name_before else self._prefix + name
                    name = name.upper() if self._upper else name
                name = name if "/" in name else name_before + name
                parts = [
                    part
                    for kind in _kinds(field)
                    # A model within itself is read as far as its JSON goes.
                    if kind not in inside
                    for part in self._wanted(kind, name + self._delimiter, told + ".", inside)
                ]
                choices.append(_Choice(taken_as, _key(name), in_document, tuple(parts)))
            yield _Wanted(told, field, tuple(choices))

    def _values(
        self, wanted: Iterable[_Wanted], secrets: Mapping[str, Secret], before: str = ""
    ) -> dict[str, Union[str, bytes]]:
        """What there is, by the names on the way to its field."""
        values: dict[str, Union[str, bytes]] = {}
        for one in wanted:
            for choice in one.choices:
                at, there = before + choice.taken_as, {}
                if choice.key is not None and choice.key in secrets:
                    value = self._value(one, choice, secrets[choice.key])
                    if value or not self.env_ignore_empty:
                        there[at] = value
                        self._found.append(_Found(one, choice.key, value))
                there.update(self._values(choice.parts, secrets, at + _STEP))
                values.update(there)
                # Pydantic takes one of the names. A document need not have the part that is looked for.
                if there and not choice.in_document:
                    break
        return values

    def _value(self, wanted: _Wanted, choice: _Choice, secret: Secret) -> Union[str, bytes]:
        kinds = _kinds(wanted.field)
        try:
            if not choice.in_document and str not in kinds and (bytes in kinds or SecretBytes in kinds):
                return secret.reveal_bytes()
            return secret.reveal()
        except exceptions.Error as error:
            error.add_note(self._note(wanted.told))
            raise

    def _note(self, told: str) -> str:
        return f"The secret is for the field `{told}` of `{self.settings_cls.__name__}`."


def _key(name: str) -> Optional[str]:
    """The key of a name, escaped if need be; ``None`` where there can be none."""
    for key in (name, _native.key_escape(name)):
        try:
            _native.key_parse(key)
        except exceptions.InvalidKey:
            continue
        return key
    return None


def _fields(kind: type) -> Mapping[str, FieldInfo]:
    """The fields of a model or a dataclass; none of anything else."""
    if issubclass(kind, BaseModel):
        return kind.model_fields
    if not dataclasses.is_dataclass(kind):
        return {}
    if hasattr(kind, "__pydantic_fields__"):
        return cast(Mapping[str, FieldInfo], kind.__pydantic_fields__)
    try:
        types = get_type_hints(kind, include_extras=True)
    except NameError:
        # A type of a function's own, which cannot be looked up from here.
        types = {}
    return {
        one.name: FieldInfo.from_annotation(types.get(one.name, Any)) for one in dataclasses.fields(kind) if one.init
    }


def _taken_as(model: type, field_name: str, field: FieldInfo) -> Iterator[tuple[str, bool, bool]]:
    """The names by which pydantic takes a field: whether only a part of what is there, and whether it is an alias."""
    config = getattr(model, "model_config", None) or getattr(model, "__pydantic_config__", None) or {}
    by_alias = config.get("validate_by_alias") is not False
    by_name = config.get("validate_by_name", config.get("populate_by_name", not by_alias))
    alias = field.validation_alias if by_alias else None
    aliases = alias.choices if isinstance(alias, AliasChoices) else [] if alias is None else [alias]
    for one in aliases:
        if isinstance(one, AliasPath):
            yield str(one.path[0]), len(one.path) > 1, True
        else:
            yield one, False, True
    if not aliases or by_name:
        yield field_name, False, False


def _parts(field: FieldInfo) -> Iterator[FieldInfo]:
    """The field, or one for each type that a union is made of."""
    annotation: Any = field.annotation
    if get_origin(annotation) in (Union, UnionType):
        for one in get_args(annotation):
            yield from _parts(FieldInfo.from_annotation(one))
    # What the statement `type` makes.
    elif hasattr(annotation, "__value__"):
        yield from _parts(FieldInfo.from_annotation(annotation.__value__))
    elif isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, RootModel):
        yield from _parts(annotation.model_fields["root"])
    else:
        yield field


def _kinds(field: FieldInfo) -> list[type]:
    """The classes among them."""
    types = (part.annotation for part in _parts(field))
    return [one for one in types if isinstance(one, type) and get_origin(one) is None]


def _masked(alternatives: Iterable[FieldInfo], value: Any) -> Any:
    """The value for a field that is one of these, with all masked that becomes a masked value in any case."""
    alternatives = list(alternatives)
    parts = [part for field in alternatives for part in _parts(field) if part.annotation is not NoneType]
    if any(isinstance(one, _READ_BEFORE) for field in (*alternatives, *parts) for one in field.metadata):
        return value
    kinds = {part.annotation for part in parts}
    # Exactly these types: the base class has a kind of text that stands for None.
    if type(value) is str and kinds == {SecretStr}:
        return SecretStr(value)
    if type(value) in (str, bytes) and kinds == {SecretBytes}:
        return SecretBytes(value if isinstance(value, bytes) else value.encode())
    if isinstance(value, list):
        return [_masked(_items(parts, Collection), one) for one in value]
    if isinstance(value, dict):
        return {name: _masked((*_named(parts, name), *_items(parts, Mapping)), one) for name, one in value.items()}
    return value


def _items(parts: Iterable[FieldInfo], kind: type) -> Iterator[FieldInfo]:
    """The fields that the items of lists, or the values of mappings, are."""
    for part in parts:
        origin, types = get_origin(part.annotation), [one for one in get_args(part.annotation) if one is not Ellipsis]
        if isinstance(origin, type) and issubclass(origin, kind) and len(types) == (2 if kind is Mapping else 1):
            yield FieldInfo.from_annotation(types[-1])


def _named(parts: Iterable[FieldInfo], name: str) -> Iterator[FieldInfo]:
    """The fields that models take by a name."""
    for part in parts:
        for kind in _kinds(part):
            for field_name, field in _fields(kind).items():
                if any(name == one and not in_document for one, in_document, _ in _taken_as(kind, field_name, field)):
                    yield field
