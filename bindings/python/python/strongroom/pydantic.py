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

Pydantic's own errors show what a field was given, unless ``hide_input_in_errors`` is set or the field is a
``SecretStr`` or ``SecretBytes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Optional, Union, get_args, get_origin

from pydantic import AliasChoices, AliasPath, BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from . import exceptions
from ._manager import open as _open

if TYPE_CHECKING:
    from ._manager import SecretManager
    from ._native import Secret

__all__ = ["StrongroomSettingsSource"]


@dataclass(frozen=True)
class _Place:
    """Where a field's value may be."""

    #: The field, as an error names it.
    told: str
    field: FieldInfo
    #: The name by which pydantic takes it.
    taken_as: str
    #: The secret's name.
    name: str
    #: Whether pydantic takes it out of a document.
    in_document: bool
    #: Where the fields of a nested model may be.
    parts: tuple[_Place, ...]

    def names(self) -> Iterator[tuple[str, str]]:
        """The secrets' names, each with the field that it is for."""
        yield self.name, self.told
        for part in self.parts:
            yield from part.names()


class StrongroomSettingsSource(PydanticBaseSettingsSource):
    """Gives fields the secrets of their names.

    A field's secret has the field's name after ``prefix``, in capitals with ``upper``. A field with aliases is looked
    for under these instead, as they are written. ``scope`` is where bare names are looked for, as ``org/acme``; an
    alias may be a whole key. The whole settings are one batch of reads. A secret that is not there sets nothing: other
    sources and defaults have their turn. What cannot be read, an expired secret too, raises the
    :class:`strongroom.Error`, with a note that names the field.

    ``SecretStr``, ``SecretBytes``, ``str`` and ``bytes`` get the value itself; of other fields the value is text that
    pydantic reads, and of lists, mappings and models JSON. A field of a nested model may have a secret of its own,
    ``database.password`` for the field ``password`` of ``database``; it wins over the model's JSON.

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
        super().__init__(settings_cls)
        self._manager = secrets
        self._app = app
        self._scope = scope
        self._prefix = prefix
        self._upper = upper
        self._delimiter = nested_delimiter
        self._timeout = timeout

    def __call__(self) -> dict[str, Any]:
        """Read every field's secret."""
        places = list(self._places(self.settings_cls))
        fields = {name: told for place in places for name, told in place.names()}
        try:
            with ExitStack() as stack:
                manager = self._manager
                if manager is None:
                    manager = stack.enter_context(_open(app=self._app, timeout=self._timeout))
                batch = manager.get_many(list(fields), scope=self._scope, timeout=self._timeout)
        except exceptions.Error as error:
            error.add_note(f"The secrets are for the fields of `{self.settings_cls.__name__}`.")
            raise
        for name, failure in batch.failures.items():
            failure.add_note(self._note(fields[name]))
            raise failure
        return self._values(places, batch.secrets)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Give nothing: the fields are read together."""
        return None, field_name, False

    def _places(
        self,
        model: type[BaseModel],
        name_before: str = "",
        told_before: str = "",
        inside: tuple[type[BaseModel], ...] = (),
    ) -> Iterator[_Place]:
        for field_name, field in model.model_fields.items():
            told = told_before + field_name
            nested = next((kind for kind in _kinds(field.annotation) if issubclass(kind, BaseModel)), None)
            for taken_as, name, in_document in self._choices(field, field_name, is_outermost=not inside):
                name = name_before + name
                parts: tuple[_Place, ...] = ()
                # A model within itself is read as far as its JSON goes.
                if nested is not None and nested not in (*inside, model):
                    within = (*inside, model)
                    parts = tuple(self._places(nested, name + self._delimiter, told + ".", within))
                yield _Place(told, field, taken_as, name, in_document, parts)

    def _choices(self, field: FieldInfo, field_name: str, is_outermost: bool) -> Iterator[tuple[str, str, bool]]:
        alias = field.validation_alias
        aliases = alias.choices if isinstance(alias, AliasChoices) else [] if alias is None else [alias]
        for one in aliases:
            if isinstance(one, AliasPath):
                yield str(one.path[0]), str(one.path[0]), len(one.path) > 1
            else:
                yield one, one, False
        if not aliases or self.config.get("populate_by_name") or self.config.get("validate_by_name"):
            name = (self._prefix if is_outermost else "") + field_name
            yield field_name, name.upper() if self._upper else name, False

    def _values(self, places: Iterable[_Place], secrets: Mapping[str, Secret]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        filled: set[str] = set()
        for place in places:
            if place.told in filled:
                continue
            secret = secrets.get(place.name)
            value = None if secret is None else self._value(place, secret)
            if parts := self._values(place.parts, secrets):
                value = _merged(value, parts)
            if value is not None:
                values.setdefault(place.taken_as, value)
                # A document need not have the part that is looked for.
                if not place.in_document:
                    filled.add(place.told)
        return values

    def _value(self, place: _Place, secret: Secret) -> Any:
        kinds = set(_kinds(place.field.annotation))
        try:
            # A masked value stays masked in what pydantic says of it.
            if SecretBytes in kinds:
                return SecretBytes(secret.reveal_bytes())
            if bytes in kinds and str not in kinds:
                return secret.reveal_bytes()
            text = secret.reveal()
        except exceptions.Error as error:
            error.add_note(self._note(place.told))
            raise
        if SecretStr in kinds:
            return SecretStr(text)
        try:
            if place.in_document or any(map(self._is_document, _parts(place.field.annotation))):
                return self.decode_complex_value(place.told, place.field, text)
            return text
        except ValueError:
            if str in kinds:
                return text
        # Not within the handler: the exception there has the value.
        refusal = exceptions.InvalidValue("invalid_value: the value is no JSON, which this type of field asks for")
        refusal.key = place.name
        refusal.add_note(self._note(place.told))
        raise refusal

    def _is_document(self, annotation: Any) -> bool:
        return self.field_is_complex(FieldInfo.from_annotation(annotation))

    def _note(self, told: str) -> str:
        return f"The secret is for the field `{told}` of `{self.settings_cls.__name__}`."


def _parts(annotation: Any) -> Iterator[Any]:
    """The annotation, or those that a union is made of."""
    if get_origin(annotation) in (Union, UnionType):
        for one in get_args(annotation):
            yield from _parts(one)
    elif get_origin(annotation) is Annotated:
        yield from _parts(annotation.__origin__)
    else:
        yield annotation


def _kinds(annotation: Any) -> Iterator[type]:
    """The classes among them."""
    return (one for one in _parts(annotation) if isinstance(one, type) and get_origin(one) is None)


def _merged(whole: Any, parts: dict[str, Any]) -> dict[str, Any]:
    """What a document has, with what has secrets of its own in its place."""
    merged = dict(whole) if isinstance(whole, dict) else {}
    for name, part in parts.items():
        merged[name] = _merged(merged.get(name), part) if isinstance(part, dict) else part
    return merged
