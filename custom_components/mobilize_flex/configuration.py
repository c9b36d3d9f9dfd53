"""The owner's answers, as the home the controller knows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final, Literal

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_ENTITY_ID, CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant

from . import const as c
from .core.model.config import Automatic, MeterConfig, SiteConfig, StationConfig, VehicleConfig
from .core.model.dimming import DimmingConfig
from .core.model.electric import MINIMUM_CHARGE_A, NOMINAL_V
from .core.model.station import Version
from .core.model.wiring import GUIDE, TransformerRatio, Wiring
from .tariffs import contract

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
PROTOCOLS: Final[Mapping[str, Version]] = {"v2_1": Version.V21, "v2_0_1": Version.V201}
PARITIES: Final[Mapping[str, Literal["N", "E", "O"]]] = {"none": "N", "even": "E", "odd": "O"}
PERIOD_S: Final[Mapping[str, float]] = {c.METER_LINKY: 2.0, c.METER_P1: 10.0, c.METER_MODBUS: 2.0}
ENTITY_PERIOD_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class MeterLine:
    """Hold the serial line of a Linky: a device path or a ``socket://host:port`` address."""

    url: str


@dataclass(frozen=True, slots=True)
class MeterP1:
    """Hold the line of a P1 port: a device path or a ``socket://host:port`` address."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusLink:
    """Hold the way to a Modbus meter.

    Either a host that speaks Modbus TCP, or a serial line (RTU): a ``device``, or without one a bridge at its host.
    """

    serial: bool
    host: str = ""
    port: int = 502
    device: str = ""
    baudrate: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True)
class OwnRegisters:
    """Hold the registers the owner wrote down himself."""

    function: str
    words: str
    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterRegisters:
    """Hold a Modbus meter: a ``table`` we know, or the owner's own."""

    link: ModbusLink
    unit_id: int
    table: str
    own: OwnRegisters | None
    wiring: Wiring
    ratio: TransformerRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterTransformers:
    """Hold the sensors on one to three current transformers, in the order of the phases."""

    entities: tuple[str, ...]
    wiring: Wiring
    ratio: TransformerRatio


type MeterSource = MeterLine | MeterP1 | MeterRegisters | MeterTransformers | MeterEntity


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterEntity:
    """Hold the sensors that play the meter; those nobody named are ``None``.

    ``power`` is what is drawn, ``fed_in`` what goes back where that has a sensor of its own. The others are by phase.
    ``signed`` when a negative current is fed in; ``wiring`` turns what counts the other way. ``period_s`` is how often
    they report.
    """

    power: str | None = None
    fed_in: str | None = None
    phase_powers: tuple[str, ...] = ()
    currents: tuple[str, ...] = ()
    voltages: tuple[str, ...] = ()
    signed: bool = False
    wiring: Wiring = Wiring()
    period_s: float = ENTITY_PERIOD_S

    @property
    def entities(self) -> tuple[str, ...]:
        """Return all of them."""
        single = tuple(e for e in (self.power, self.fed_in) if e is not None)
        return (*single, *self.phase_powers, *self.currents, *self.voltages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Hold where and how stations dial.

    ``tls_port`` is a second port, always encrypted. ``host_name`` goes into the certificate, ``None``: the name Home
    Assistant has. ``mounted`` when stations may come in under Home Assistant's own port too. ``rate_limit`` is in
    messages a second for each station, ``None``: any number.
    """

    host: str
    port: int
    security: str
    tls_port: int | None = None
    host_name: str | None = None
    rsa_exchange: bool = False
    mounted: bool = False
    rate_limit: float | None = c.DEFAULT_RATE_LIMIT

    @property
    def encrypts(self) -> bool:
        """Return whether a port of the site is encrypted."""
        return self.security != c.SECURITY_PLAIN

    @property
    def secure_port(self) -> int:
        """Return the port to dial encrypted."""
        both = self.security == c.SECURITY_BOTH and self.tls_port is not None
        return self.tls_port if both and self.tls_port is not None else self.port


def drivers_path(hass: HomeAssistant) -> Path:
    """Return the folder of the owner's own driver files."""
    return Path(hass.config.path(c.DOMAIN, "drivers"))


def listening(entry: ConfigEntry[Any]) -> Listening:
    """Return where and how stations dial; a site from before there was a choice is not encrypted."""
    data = entry.data
    rate: float = data.get(c.CONF_RATE_LIMIT, c.DEFAULT_RATE_LIMIT)
    return Listening(
        host=data[CONF_HOST],
        port=data[CONF_PORT],
        security=data.get(c.CONF_SECURITY, c.SECURITY_PLAIN),
        tls_port=data.get(c.CONF_TLS_PORT),
        host_name=data.get(c.CONF_HOST_NAME),
        rsa_exchange=data.get(c.CONF_RSA_EXCHANGE, False),
        mounted=data.get(c.CONF_MOUNTED, False),
        rate_limit=rate or None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Hold what a station has to show at the door; ``seals`` are of its password, one on its way in first."""

    user: str
    seals: tuple[str, ...]
    versions: tuple[Version, ...]


def access_of(station: ConfigSubentry) -> Access:
    """Return what a station has to show."""
    data = station.data
    seals = (data.get(c.CONF_SEALED_NEXT), data[c.CONF_SEALED])
    only = data.get(c.CONF_PROTOCOL)
    return Access(
        user=data.get(c.CONF_USER) or station.unique_id or "",
        seals=tuple(seal for seal in seals if seal),
        versions=tuple(PROTOCOLS.values()) if only is None else (PROTOCOLS[only],),
    )


def station_part(entry: ConfigEntry[Any], identity: str) -> ConfigSubentry | None:
    """Return the subentry of a station, its identity compared exactly."""
    return next((s for s in subentries(entry, c.STATION) if s.unique_id == identity), None)


def subentries(entry: ConfigEntry[Any], kind: str) -> Iterator[ConfigSubentry]:
    """Yield the stations, vehicles, meters or tariffs of a site."""
    return (s for s in entry.subentries.values() if s.subentry_type == kind)


def meter_source(entry: ConfigEntry[Any]) -> MeterSource | None:
    """Return where the house meter's values come from."""
    meter = next(subentries(entry, c.METER), None)
    if meter is None:
        return None
    match meter.data[c.CONF_KIND]:
        case c.METER_LINKY:
            return MeterLine(meter.data[c.CONF_LINE])
        case c.METER_P1:
            return MeterP1(meter.data[c.CONF_LINE])
        case c.METER_MODBUS:
            return modbus_meter(meter.data)
        case c.METER_TRANSFORMERS:
            return transformers(meter.data)
        case c.METER_ENTITY:
            return entities(meter.data)
        case _:
            return None  # a station reads it, and passes it on


def modbus_meter(data: Mapping[str, Any]) -> MeterRegisters:
    """Return the Modbus meter a form described."""
    table: str = data[c.CONF_TABLE]
    own = None
    if table == c.TABLE_OWN:
        own = OwnRegisters(data[c.CONF_FUNCTION], data[c.CONF_WORDS], tuple(data[c.CONF_ROWS]))
    return MeterRegisters(
        link=ModbusLink(
            serial=data[c.CONF_LINK] != c.LINK_TCP,
            host=data.get(CONF_HOST, ""),
            port=int(data.get(CONF_PORT, 502)),
            device=data.get(c.CONF_LINE, ""),
            baudrate=int(data.get(c.CONF_BAUDRATE, 9600)),
            parity=PARITIES[data.get(c.CONF_PARITY, "none")],
            stop_bits=1 if data.get(c.CONF_STOP_BITS, "1") == "1" else 2,
        ),
        unit_id=int(data[c.CONF_UNIT_ID]),
        table=table,
        own=own,
        wiring=_wiring(data),
        ratio=_ratio(data),
    )


def entities(data: Mapping[str, Any]) -> MeterEntity:
    """Return the sensors a form named."""
    phase_powers, currents, voltages = (
        tuple(data[name] for name in names if name in data)
        for names in (c.CONF_PHASE_POWERS, c.CONF_CURRENTS, c.CONF_VOLTAGES)
    )
    return MeterEntity(
        power=data.get(CONF_ENTITY_ID),
        fed_in=data.get(c.CONF_FED_IN),
        phase_powers=phase_powers,
        currents=currents,
        voltages=voltages,
        signed=data.get(c.CONF_SIGNED, False),
        wiring=_wiring(data),
        period_s=data.get(c.CONF_PERIOD_S, ENTITY_PERIOD_S),
    )


def transformers(data: Mapping[str, Any]) -> MeterTransformers:
    """Return the current transformers a form described."""
    entities = tuple(data[name] for name in c.CONF_TRANSFORMERS if name in data)
    return MeterTransformers(entities=entities, wiring=_wiring(data), ratio=_ratio(data))


def _wiring(data: Mapping[str, Any]) -> Wiring:
    first, second, third = (int(digit) - 1 for digit in data.get(c.CONF_ORDER, "123"))
    turned = frozenset(int(digit) - 1 for digit in data.get(c.CONF_TURNED, ()))
    return Wiring(inverted=data.get(c.CONF_INVERTED, False), order=(first, second, third), turned=turned)


def _ratio(data: Mapping[str, Any]) -> TransformerRatio:
    return TransformerRatio(
        amperes=data.get(c.CONF_RATIO_A, GUIDE.amperes),
        millivolts=data.get(c.CONF_RATIO_MV, GUIDE.millivolts),
        signed=data.get(c.CONF_SIGNED, False),
    )


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
        imbalance_w=entry.data.get(c.CONF_IMBALANCE_W),
        v2g_consent=entry.data[c.CONF_V2G_CONSENT],
        stations=tuple(_station(s) for s in subentries(entry, c.STATION)),
        vehicles=tuple(_vehicle(s) for s in subentries(entry, c.VEHICLE)),
        meter=next((_meter(s) for s in subentries(entry, c.METER)), None),
        contract=contract(entry),
        dimming=next((dimming_config(s.data, s.subentry_id, s.title) for s in subentries(entry, c.CONTACTS)), None),
    )


def rotation_of(data: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Return the phase of the home, 0 to 2, each conductor of a station stands on, if somebody knows."""
    order: str | None = data.get(c.CONF_ROTATION)
    return None if order is None else tuple(int(digit) - 1 for digit in order)


def _station(subentry: ConfigSubentry) -> StationConfig:
    data = subentry.data
    return StationConfig(
        identity=subentry.unique_id or "",
        name=subentry.title,
        phases=data[c.CONF_PHASES],
        selector_a=SELECTOR_A[data[c.CONF_SELECTOR]],
        fallback_a=data[c.CONF_FALLBACK_A],
        priority=data.get(c.CONF_PRIORITY, 0),
        rotation=rotation_of(data),
        route=data.get(c.CONF_ROUTE),
        open_access=data[c.CONF_ACCESS] == c.ACCESS_OPEN,
        security_profile=data.get(c.CONF_PROFILE, 1),
        security_epoch=data.get(c.CONF_EPOCH, 0),
        hold_new=data.get(c.CONF_HOLD_NEW, False),
        automatic=frozenset(Automatic(word) for word in data.get(c.CONF_AUTOMATIC, Automatic)),
    )


def _vehicle(subentry: ConfigSubentry) -> VehicleConfig:
    data = subentry.data
    return VehicleConfig(
        key=subentry.subentry_id,
        name=subentry.title,
        capacity_wh=data[c.CONF_CAPACITY_KWH] * 1000,
        max_charge_w=data[c.CONF_MAX_CHARGE_KW] * 1000,
        min_charge_w=_least_w(data[c.CONF_MIN_CHARGE_KW]),
        max_discharge_w=data[c.CONF_MAX_DISCHARGE_KW] * 1000,
        min_discharge_w=data[c.CONF_MIN_DISCHARGE_KW] * 1000,
        charge_efficiency=data[c.CONF_CHARGE_EFFICIENCY_PCT] / 100,
        discharge_efficiency=data[c.CONF_DISCHARGE_EFFICIENCY_PCT] / 100,
        evccid=data.get(c.CONF_EVCCID),
    )


def _least_w(told_kw: float) -> float:
    """Return the least power a car charges with, W; the form's 1.4 kW stand for 6 A on one phase."""
    six_a_w = MINIMUM_CHARGE_A * NOMINAL_V
    return six_a_w if round(six_a_w / 1000, 1) == told_kw else told_kw * 1000


def _meter(subentry: ConfigSubentry) -> MeterConfig:
    kind: str = subentry.data[c.CONF_KIND]
    period_s: float = subentry.data.get(c.CONF_PERIOD_S, PERIOD_S.get(kind, ENTITY_PERIOD_S))
    return MeterConfig(
        key=subentry.subentry_id,
        name=subentry.title,
        kind=kind,
        period_s=period_s,
        station=subentry.data.get(c.CONF_STATION),
        main_meter=subentry.data.get(c.CONF_WHERE) == c.WHERE_MAIN,
        wiring=_wiring(subentry.data),
    )


def dimming_config(data: Mapping[str, Any], key: str = "", name: str = "") -> DimmingConfig:
    """Return what decides the power that stays guaranteed."""
    limit_kw: float | None = data.get(c.CONF_LIMIT_KW)
    return DimmingConfig(
        key=key,
        name=name,
        devices=int(data[c.CONF_DEVICES]),
        heating_w=data.get(c.CONF_HEATING_KW, 0.0) * 1000,
        limit_w=None if limit_kw is None else limit_kw * 1000,
        others_measured=bool(data.get(c.CONF_OTHERS)),
    )
