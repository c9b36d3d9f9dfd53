"""The owner's answers, as the home the controller knows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time, tzinfo
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_ACTION, CONF_ENTITY_ID, CONF_HOST, CONF_PORT

from . import const as c
from .core.model.config import MeterConfig, SiteConfig, StationConfig, VehicleConfig
from .core.model.contracts import Base, Contract, PeakOffPeak, Published, Window
from .core.model.electric import NOMINAL_V

SELECTOR_A: Final[Mapping[str, float]] = {
    "32": 32.0,
    "25": 25.0,
    "20": 20.0,
    "16": 16.0,
    "12": 12.0,
    "8": 8.0,
    "X": 8.0,  # reserved positions, which the installation guide says mean 8 A
    "Y": 8.0,
    "Z": 8.0,
}
LINKY_PERIOD_S: Final = 2.0
ENTITY_PERIOD_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class MeterLine:
    """Hold the serial line of a Linky: a device path or a ``socket://host:port`` address."""

    url: str


@dataclass(frozen=True, slots=True)
class MeterEntity:
    """Hold the power sensor that plays the meter; ``inverted`` when it counts injection as positive."""

    entity_id: str
    inverted: bool


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


def listening(entry: ConfigEntry[Any]) -> tuple[str, int]:
    """Return the address and the port stations dial."""
    return entry.data[CONF_HOST], entry.data[CONF_PORT]


def subentries(entry: ConfigEntry[Any], kind: str) -> Iterator[ConfigSubentry]:
    """Yield the stations, vehicles, meters or tariffs of a site."""
    return (s for s in entry.subentries.values() if s.subentry_type == kind)


def sealed_secrets(entry: ConfigEntry[Any]) -> dict[str, str]:
    """Return the sealed password of each station, by identity."""
    return {s.unique_id: s.data[c.CONF_SEALED] for s in subentries(entry, c.STATION) if s.unique_id}


def soc_entities(entry: ConfigEntry[Any]) -> dict[str, str]:
    """Return the entity that knows the state of charge of each vehicle that has one, by vehicle key."""
    vehicles = subentries(entry, c.VEHICLE)
    return {s.subentry_id: s.data[c.CONF_SOC_ENTITY] for s in vehicles if c.CONF_SOC_ENTITY in s.data}


def meter_source(entry: ConfigEntry[Any]) -> MeterLine | MeterEntity | None:
    """Return where the house meter's values come from."""
    meter = next(subentries(entry, c.METER), None)
    if meter is None:
        return None
    if meter.data[c.CONF_KIND] == c.METER_LINKY:
        return MeterLine(meter.data[c.CONF_LINE])
    return MeterEntity(meter.data[CONF_ENTITY_ID], meter.data[c.CONF_INVERTED])


def price_source(entry: ConfigEntry[Any]) -> PriceEntity | PriceAction | None:
    """Return where published prices come from, for the tariffs that have some."""
    tariff = next(subentries(entry, c.TARIFF), None)
    kind = tariff.data[c.CONF_KIND] if tariff else None
    if tariff and kind == c.TARIFF_ENTITY:
        return PriceEntity(tariff.data[CONF_ENTITY_ID], tuple(tariff.data[c.CONF_ATTRIBUTES]))
    if tariff and kind == c.TARIFF_ACTION:
        day_field = tariff.data.get(c.CONF_DAY_FIELD)
        return PriceAction(tariff.data[CONF_ACTION], tariff.data[c.CONF_ACTION_DATA], day_field)
    return None


def export_entity(entry: ConfigEntry[Any]) -> str | None:
    """Return the entity whose state is what a fed-in kilowatt-hour earns now, if there is one."""
    tariff = next(subentries(entry, c.TARIFF), None)
    return tariff.data.get(c.CONF_EXPORT_ENTITY) if tariff else None


def site_config(entry: ConfigEntry[Any], zone: tzinfo) -> SiteConfig:
    """Return the whole home; a missing breaker follows from the subscribed power."""
    phases: int = entry.data[c.CONF_PHASES]
    kva: float | None = entry.data.get(c.CONF_SUBSCRIBED_KVA)
    breaker: float | None = entry.data.get(c.CONF_BREAKER_A)
    if breaker is None:
        breaker = (kva or 0.0) * 1000 / NOMINAL_V / phases
    return SiteConfig(
        name=entry.title,
        zone=zone,
        phases=phases,
        breaker_a=breaker,
        subscribed_kva=kva,
        feed_in_w=entry.data[c.CONF_FEED_IN_W],
        v2g_consent=entry.data[c.CONF_V2G_CONSENT],
        stations=tuple(_station(s) for s in subentries(entry, c.STATION)),
        vehicles=tuple(_vehicle(s) for s in subentries(entry, c.VEHICLE)),
        meter=next((_meter(s) for s in subentries(entry, c.METER)), None),
        contract=next((_contract(s.data) for s in subentries(entry, c.TARIFF)), None),
    )


def _station(subentry: ConfigSubentry) -> StationConfig:
    data = subentry.data
    return StationConfig(
        identity=subentry.unique_id or "",
        name=subentry.title,
        phases=data[c.CONF_PHASES],
        selector_a=SELECTOR_A[data[c.CONF_SELECTOR]],
        fallback_a=data[c.CONF_FALLBACK_A],
        open_access=data[c.CONF_ACCESS] == c.ACCESS_OPEN,
        tokens=tuple(data[c.CONF_TOKENS]),
    )


def _vehicle(subentry: ConfigSubentry) -> VehicleConfig:
    data = subentry.data
    return VehicleConfig(
        key=subentry.subentry_id,
        name=subentry.title,
        capacity_wh=data[c.CONF_CAPACITY_KWH] * 1000,
        max_charge_w=data[c.CONF_MAX_CHARGE_KW] * 1000,
        min_charge_w=data[c.CONF_MIN_CHARGE_KW] * 1000,
        max_discharge_w=data[c.CONF_MAX_DISCHARGE_KW] * 1000,
        min_discharge_w=data[c.CONF_MIN_DISCHARGE_KW] * 1000,
        charge_efficiency=data[c.CONF_CHARGE_EFFICIENCY_PCT] / 100,
        discharge_efficiency=data[c.CONF_DISCHARGE_EFFICIENCY_PCT] / 100,
        evccid=data.get(c.CONF_EVCCID),
    )


def _meter(subentry: ConfigSubentry) -> MeterConfig:
    kind: str = subentry.data[c.CONF_KIND]
    period_s = LINKY_PERIOD_S if kind == c.METER_LINKY else ENTITY_PERIOD_S
    return MeterConfig(key=subentry.subentry_id, name=subentry.title, kind=kind, period_s=period_s)


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
        case _:
            return Published(
                factor=data[c.CONF_FACTOR] / (1000 if data[c.CONF_UNIT] == c.PER_MWH else 1),
                surcharge_per_kwh=data[c.CONF_SURCHARGE],
                export_per_kwh=None if data[c.CONF_EXPORT_KIND] == c.EXPORT_ENTITY else fixed_export,
            )


def _windows(stored: list[list[str]]) -> tuple[Window, ...]:
    return tuple(Window(time.fromisoformat(start), time.fromisoformat(end)) for start, end in stored)
