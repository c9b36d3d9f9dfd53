"""Our values as plain JSON, and back."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import date, datetime, time
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import TypeAliasType, Union, get_args, get_origin, get_type_hints

import orjson

type Plain = bool | int | float | str | list[Plain] | dict[str, Plain] | None


class CodecError(ValueError):
    """What was stored does not fit what it should be."""


def to_json(value: object) -> bytes:
    """Return a value as JSON; raise CodecError for what has no JSON form."""
    try:
        return orjson.dumps(value, default=_plainer)
    except orjson.JSONEncodeError as err:
        raise CodecError(f"no JSON form: {err}") from err


def _plainer(value: object) -> object:
    """Return the few kinds the encoder does not know as kinds it knows."""
    match value:
        case Mapping():
            return dict(value)
        case frozenset():
            return list(value)
        case _:
            raise TypeError


def from_plain[T](kind: type[T], plain: Plain) -> T:
    """Return JSON data as a value of a kind.

    Fields that are missing take their default and fields unknown are left out, so that older and newer files load.
    Raise CodecError where the data does not fit.
    """
    value = _decode(kind, plain)
    if not isinstance(value, kind):
        raise CodecError(f"{plain!r:.80} is not a {kind.__name__}")
    return value


def _decode(kind: object, plain: Plain) -> object:
    if isinstance(kind, TypeAliasType):
        return _decode(kind.__value__, plain)
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _decode_union(get_args(kind), plain)
    if origin is tuple:
        return _decode_tuple(get_args(kind), plain)
    if origin is frozenset and isinstance(plain, list):
        return frozenset(_decode(get_args(kind)[0], item) for item in plain)
    if isinstance(kind, type):
        return _decode_class(kind, plain)
    raise CodecError(f"no value of kind {kind}")


def _decode_union(kinds: tuple[object, ...], plain: Plain) -> object:
    if plain is None and type(None) in kinds:
        return None
    errors = []
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return _decode(kind, plain)
        except CodecError as err:
            errors.append(str(err))
    raise CodecError("; ".join(errors))


def _decode_tuple(kinds: tuple[object, ...], plain: Plain) -> tuple[object, ...]:
    if not isinstance(plain, list):
        raise CodecError(f"{plain!r:.80} is not a list")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_decode(kinds[0], item) for item in plain)
    if len(kinds) != len(plain):
        raise CodecError(f"{len(plain)} items instead of {len(kinds)}")
    return tuple(_decode(kind, item) for kind, item in zip(kinds, plain, strict=True))


def _decode_class(kind: type, plain: Plain) -> object:
    if is_dataclass(kind):
        return _decode_dataclass(kind, plain)
    try:
        if kind in (datetime, date, time) and isinstance(plain, str):
            return kind.fromisoformat(plain)
        if issubclass(kind, Enum):
            return kind(plain)
    except ValueError as err:
        raise CodecError(str(err)) from err
    if kind is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    if type(plain) is kind:
        return plain
    raise CodecError(f"{plain!r:.80} is not a {kind.__name__}")


@lru_cache
def _hints(kind: type) -> dict[str, object]:
    return dict(get_type_hints(kind))


def _decode_dataclass(kind: type, plain: Plain) -> object:
    if not isinstance(plain, dict):
        raise CodecError(f"{plain!r:.80} is not a {kind.__name__}")
    known = {name: _decode(hint, plain[name]) for name, hint in _hints(kind).items() if name in plain}
    try:
        return kind(**known)
    except TypeError as err:
        raise CodecError(f"{kind.__name__}: {err}") from err
