"""The printed rules of OCPP, read once and compiled."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import islice
from typing import Final

import jsonschema_rs
import orjson

from ..core.model.station import Version
from ..core.ocpp.schema import Miss, SchemaKey, Side
from ..core.ocpp.wire import Json

_FOLDERS: Final = {Version.V201: "v201", Version.V21: "v21"}
_SIDES: Final[tuple[tuple[str, Side], ...]] = (("Request", "req"), ("Response", "res"))
_UNCALLED: Final = ("NotifyPeriodicEventStream",)  # a message without an answer has no side in its file's name


class CompiledSchema:
    """Hold one compiled schema."""

    __slots__ = ("_schema",)

    def __init__(self, schema: jsonschema_rs.Draft6Validator) -> None:
        """Take what the compiler made."""
        self._schema = schema

    def is_valid(self, payload: Json, /) -> bool:
        """Tell whether a payload fits; what cannot be written as JSON does not."""
        try:
            return self._schema.is_valid(payload)
        except ValueError:  # lone surrogates, keys that are no text
            return False

    def misses(self, payload: Json, limit: int, /) -> Sequence[Miss]:
        """Return where a payload does not fit, at most ``limit`` places."""
        try:
            return [_miss(error) for error in islice(self._schema.iter_errors(payload), limit)]
        except ValueError:
            return []


def load_schemas() -> Mapping[SchemaKey, CompiledSchema]:
    """Read and compile the schemas of both versions; blocks for some tens of milliseconds.

    Raises:
        ModuleNotFoundError: the package that brings the schemas is not installed.
    """
    return {
        (version, *key): CompiledSchema(jsonschema_rs.Draft6Validator(orjson.loads(_text(file))))
        for version, folder in _FOLDERS.items()
        for file in files("ocpp").joinpath(folder, "schemas").iterdir()
        if (key := _key(file.name)) is not None
    }


def _key(name: str) -> tuple[str, Side] | None:
    message, _, kind = name.rpartition(".")
    if kind != "json":
        return None
    if message in _UNCALLED:
        return message, "req"
    return next(((message.removesuffix(word), side) for word, side in _SIDES if message.endswith(word)), None)


def _text(file: Traversable) -> bytes:
    return file.read_bytes().removeprefix(b"\xef\xbb\xbf")


def _miss(error: jsonschema_rs.ValidationError) -> Miss:
    value = error.kind.value
    names: tuple[str, ...] = ()
    if error.kind.name in ("required", "type", "additionalProperties"):
        names = (value,) if isinstance(value, str) else tuple(str(name) for name in value)
    limit = value if isinstance(value, int) else 0
    return Miss(tuple(error.instance_path), error.kind.name, names, limit)
