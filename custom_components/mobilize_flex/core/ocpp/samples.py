"""What a station's meter says, in base units and within the bounds of physics."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from ..model.replacing import replace
from ..model.station import Sample, Sampling
from .wire import Json, Payload, instant_at, integer, number, table, tables, text

REGISTER: Final = "Energy.Active.Import.Register"  # what a sample without a measurand is

LONGEST_WORD: Final = 64
FORMS_KEPT: Final = 512
_MULTIPLIER_LIMIT: Final = 9
_UNITS: Final[dict[str, tuple[str, float]]] = {
    "w": ("W", 1.0),
    "kw": ("W", 1e3),
    "mw": ("W", 1e6),
    "wh": ("Wh", 1.0),
    "kwh": ("Wh", 1e3),
    "mwh": ("Wh", 1e6),
    "va": ("VA", 1.0),
    "kva": ("VA", 1e3),
    "vah": ("VAh", 1.0),
    "kvah": ("VAh", 1e3),
    "var": ("var", 1.0),
    "kvar": ("var", 1e3),
    "varh": ("varh", 1.0),
    "kvarh": ("varh", 1e3),
    "a": ("A", 1.0),
    "ma": ("A", 1e-3),
    "v": ("V", 1.0),
    "kv": ("V", 1e3),
    "hz": ("Hz", 1.0),
    "percent": ("%", 1.0),
    "%": ("%", 1.0),
    "celsius": ("°C", 1.0),
    "s": ("s", 1.0),
    "min": ("s", 60.0),
    "h": ("s", 3600.0),
}
_KINDS: Final[tuple[tuple[str, str], ...]] = (
    ("Energy.Apparent", "VAh"),
    ("Energy.Reactive", "varh"),
    ("Energy", "Wh"),  # EnergyRequest.* too
    ("Power.Reactive", "var"),
    ("Power.Factor", ""),
    ("Power", "W"),
    ("Current", "A"),
    ("Voltage", "V"),
    ("Frequency", "Hz"),
    ("SoC", "%"),
    ("Display.BatteryEnergyCapacity", "Wh"),
    ("Display.RemainingTime", "s"),
    ("Display.ChargingComplete", ""),
    ("Display.InletHot", ""),
    ("Display", "%"),
)
_BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "W": (-100e3, 100e3),
    "VA": (-150e3, 150e3),
    "var": (-150e3, 150e3),
    "Wh": (-1e10, 1e10),
    "VAh": (-1e10, 1e10),
    "varh": (-1e10, 1e10),
    "A": (-200.0, 200.0),
    "V": (0.0, 1000.0),
    "Hz": (0.0, 100.0),
    "%": (0.0, 100.0),
    "s": (0.0, 1e7),
    "": (-1e6, 1e6),
}
_PHASES: Final[dict[str, str]] = {"L1-N": "L1", "L2-N": "L2", "L3-N": "L3"}


def samplings(payload: Payload, now: datetime, odd: list[str]) -> tuple[Sampling, ...]:
    """Read every ``meterValue``; what cannot be true is left out and named in ``odd``."""
    return tuple(
        Sampling(instant_at(value, "timestamp", now), taken)
        for value in tables(payload, "meterValue")
        if (taken := _samples(value, odd))
    )


def _samples(value: Payload, odd: list[str]) -> tuple[Sample, ...]:
    found = [_sample(raw, odd) for raw in tables(value, "sampledValue")]
    return tuple([sample for sample in found if sample is not None])


@dataclass(frozen=True, slots=True)
class _Form:
    """Hold what a sample is beside its value: a ``pattern`` of it, the size of its unit, what can be true of it.

    ``scale`` is ``None`` for what we do not understand.
    """

    pattern: Sample
    scale: float | None
    low: float = 0.0
    high: float = 0.0


_FORMS: Final[dict[tuple[Json, ...], _Form]] = {}
"""The forms seen so far: a station sends the same few with every message."""


def _sample(raw: Payload, odd: list[str]) -> Sample | None:
    form, value = _form(raw), number(raw, "value")
    if form.scale is None or value is None:
        odd.append(f"{form.pattern.measurand}: not understood")
        return None
    value *= form.scale
    if not form.low <= value <= form.high:
        odd.append(f"{form.pattern.measurand}: cannot be true")
        return None
    return replace(form.pattern, value=value)


def _form(raw: Payload) -> _Form:
    """Return the form of a sample, read anew only where it is a new or an odd one."""
    get, unit = raw.get, table(raw, "unitOfMeasure").get
    words = (get("measurand"), get("phase"), get("location"), get("context"), unit("unit"), unit("multiplier"))
    try:
        known = _FORMS.get(words)
    except TypeError:  # a list or an object where a word should be
        return _read_form(raw)
    if known is not None and type(words[-1]) is not bool:  # to Python, true is 1
        return known
    form = _read_form(raw)
    if len(_FORMS) < FORMS_KEPT and all(_is_short(word) for word in words):
        _FORMS[words] = form
    return form


def _is_short(word: Json) -> bool:
    return word is None or type(word) is int or (isinstance(word, str) and len(word) <= LONGEST_WORD)


def _read_form(raw: Payload) -> _Form:
    measurand = text(raw, "measurand", LONGEST_WORD) or REGISTER
    kind, phase = kind_of(measurand), text(raw, "phase", 8)
    low, high = (0.0, 0.0) if kind is None else _BOUNDS[kind]
    return _Form(
        pattern=Sample(
            measurand,
            0.0,
            None if phase is None else _PHASES.get(phase, phase),
            text(raw, "location", 16) or "Outlet",
            text(raw, "context", 32) or "Sample.Periodic",
        ),
        scale=None if kind is None else _scale(table(raw, "unitOfMeasure"), kind),
        low=0.0 if measurand.endswith(".Register") else low,
        high=high,
    )


@lru_cache(maxsize=256)
def kind_of(measurand: str) -> str | None:
    """Return the base unit of a measurand, ``None`` where we do not know it."""
    for prefix, unit in _KINDS:
        if measurand.startswith(prefix):
            return unit
    return None


def _scale(unit_of_measure: Payload, kind: str | None) -> float | None:
    """Return what one unit of the wire is in base units.

    Absent units mean the base unit. So does ``Wh`` on what is no energy: serialisers fill in the schema's default.
    """
    if not unit_of_measure:
        return 1.0
    return _scale_of(text(unit_of_measure, "unit", 20), integer(unit_of_measure, "multiplier") or 0, kind)


@lru_cache(maxsize=256)
def _scale_of(word: str | None, multiplier: int, kind: str | None) -> float | None:
    if abs(multiplier) > _MULTIPLIER_LIMIT:
        return None
    scale = 10.0**multiplier
    if not word:
        return scale
    unit = _UNITS.get(word) or _UNITS.get(word.strip().casefold())
    if unit is not None and (unit[0] == kind or (kind == "W" and unit[0] == "VA")):
        return scale * unit[1]
    return scale if kind == "" or word == "Wh" else None
