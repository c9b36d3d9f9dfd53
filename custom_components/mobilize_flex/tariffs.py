"""The owner's answers about his contract with the supplier, as the controller knows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ACTION, CONF_ENTITY_ID

from . import const as c
from .core.model.contracts import Base, Contract, PeakOffPeak, Published, Tempo, Window


@dataclass(frozen=True, slots=True)
class PriceEntity:
    """Hold the entity whose attributes list the coming prices."""

    entity_id: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PriceAction:
    """Hold the action that answers with the coming prices; ``day_field`` is the field that takes the day, if any."""

    action: str
    fields: Mapping[str, Any]
    day_field: str | None


@dataclass(frozen=True, slots=True)
class ColourEntities:
    """Hold the entities that tell the Tempo colour of today and of tomorrow."""

    today: str
    tomorrow: str | None


def _tariff(entry: ConfigEntry[Any]) -> Mapping[str, Any]:
    """Return what was answered about the contract; nothing where there is none."""
    return next((s.data for s in entry.subentries.values() if s.subentry_type == c.TARIFF), {})


def price_source(entry: ConfigEntry[Any]) -> PriceEntity | PriceAction | None:
    """Return where published prices come from, for the tariffs that have some."""
    data = _tariff(entry)
    match data.get(c.CONF_KIND):
        case c.TARIFF_ENTITY:
            return PriceEntity(data[CONF_ENTITY_ID], tuple(data[c.CONF_ATTRIBUTES]))
        case c.TARIFF_ACTION:
            return PriceAction(data[CONF_ACTION], data[c.CONF_ACTION_DATA], data.get(c.CONF_DAY_FIELD))
        case _:
            return None


def colour_source(entry: ConfigEntry[Any]) -> ColourEntities | None:
    """Return the entities that tell the colours of the days, for a Tempo contract that has some."""
    data = _tariff(entry)
    if data.get(c.CONF_KIND) != c.TARIFF_TEMPO or data[c.CONF_COLOURS] != c.COLOURS_ENTITY:
        return None
    return ColourEntities(data[c.CONF_COLOUR_TODAY], data.get(c.CONF_COLOUR_TOMORROW))


def heard_of_linky(entry: ConfigEntry[Any]) -> tuple[bool, bool]:
    """Return whether the colours of the days are those the Linky tells, and whether the off-peak hours are."""
    data = _tariff(entry)
    colours = data.get(c.CONF_KIND) == c.TARIFF_TEMPO and data[c.CONF_COLOURS] == c.COLOURS_LINKY
    return colours, colours or data.get(c.CONF_LINKY_HOURS, False)


def export_entity(entry: ConfigEntry[Any]) -> str | None:
    """Return the entity whose state is what a fed-in kilowatt-hour earns now, if there is one."""
    return _tariff(entry).get(c.CONF_EXPORT_ENTITY)


def contract(entry: ConfigEntry[Any]) -> Contract | None:
    """Return the contract, if the owner told of one."""
    data = _tariff(entry)
    return _contract(data) if data else None


def _contract(data: Mapping[str, Any]) -> Contract:
    fixed_export: float = data.get(c.CONF_EXPORT_PRICE, 0.0)
    match data[c.CONF_KIND]:
        case c.TARIFF_BASE:
            return Base(import_per_kwh=data[c.CONF_PRICE], export_per_kwh=fixed_export)
        case c.TARIFF_PEAK:
            return PeakOffPeak(
                peak_per_kwh=data[c.CONF_PEAK_PRICE],
                off_peak_per_kwh=data[c.CONF_OFF_PEAK_PRICE],
                off_peak=_windows(data[c.CONF_OFF_PEAK_WINDOWS]),
                summer_off_peak=_windows(data[c.CONF_SUMMER_WINDOWS]),
                export_per_kwh=fixed_export,
            )
        case c.TARIFF_TEMPO:
            return Tempo(export_per_kwh=fixed_export, **{name: data[name] for name in c.CONF_TEMPO_PRICES})
        case _:
            return Published(
                factor=data[c.CONF_FACTOR] / (1000 if data[c.CONF_UNIT] == c.PER_MWH else 1),
                surcharge_per_kwh=data[c.CONF_SURCHARGE],
                export_per_kwh=None if data[c.CONF_EXPORT_KIND] == c.EXPORT_ENTITY else fixed_export,
            )


def _windows(stored: list[list[str]]) -> tuple[Window, ...]:
    return tuple(Window(time.fromisoformat(start), time.fromisoformat(end)) for start, end in stored)
