"""The figures and words on display: light, activity, reason, powers, energies, plan, prices."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    EntityCategory,
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfRatio,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import METER_LINKY, METER_MODBUS, METER_P1, METER_STATION, METER_TRANSFORMERS
from .coordinator import FlexCoordinator, FlexEntry
from .core.model.battery import USUAL_W
from .core.model.concern import V2gStanding
from .core.model.driver import Standing
from .core.model.light import LampColour, LampMotion
from .core.model.plan import Plan, PlanSlot
from .core.model.probe import ProbeResult
from .core.model.reasons import Reason, Why
from .core.model.session import Activity
from .entity import (
    ContactsView,
    FlexEntity,
    MeterView,
    Pace,
    Seen,
    SiteView,
    StationView,
    Value,
    VehicleView,
    View,
    described,
    look,
    pace_of,
    populate,
)
from .places import Place
from .sensor_accounts import account_sensors
from .vehicle_words import capacity_words, learned_words, soc_words, stored_kwh

PARALLEL_UPDATES = 0

SELDOM: Final = float("inf")
POWER_BAND_W: Final = 100.0
CURRENT_BAND_A: Final = 1.0
VOLTAGE_BAND_V: Final = 5.0
RESTING_W: Final = 50.0
LINKY: Final = METER_LINKY
COUNTING: Final = (METER_LINKY, METER_P1, METER_MODBUS, METER_STATION)


def _lamp_names() -> list[str]:
    """Return every colour with every motion it can have."""
    names = [c if m is LampMotion.STEADY else f"{c}_{m}" for c in LampColour for m in LampMotion]
    return [name for name in names if name == LampColour.OFF or not name.startswith(LampColour.OFF)]


@dataclass(frozen=True, kw_only=True)
class FlexSensorDescription[V: View](SensorEntityDescription):
    """Describe one sensor: where its value comes from, how exact it is, how soon a change is worth writing.

    ``lasting`` keeps it available while the station or meter is away. ``kinds`` names the kinds of meter that know it.
    ``whole`` is for what a station has once, however many EVSEs it has. Every change of a ``watched`` attribute is.
    """

    value: Callable[[V], Value]
    attributes: Callable[[V], Mapping[str, Any]] | None = None
    digits: int = 0
    band: float | None = None
    calm_s: float = 10.0
    watched: tuple[str, ...] = ()
    lasting: bool = False
    whole: bool = False
    kinds: tuple[str, ...] | None = None
    placeholders: Mapping[str, str] | None = None

    @property
    def pace(self) -> Pace:
        """Return how soon a change is worth writing."""
        return pace_of(self.band, self.calm_s, self.watched)


def _kwh(wh: float | None) -> float | None:
    return None if wh is None else wh / 1000.0


def _why(why: Why) -> dict[str, Any]:
    return dict(why.values)


def _probe_words(probe: ProbeResult | None) -> dict[str, Any]:
    """Return how the last probe of the route ended, with what was measured."""
    return {} if probe is None else {"verdict": probe.verdict.value, "tried_at": probe.at, **probe.measured}


def _reason_attributes(v: StationView) -> dict[str, Any]:
    decision = v.glance.decision
    return _why(decision.why) | ({"capped_by": decision.capped_by.value} if decision.capped_by else {})


def _counter(by_evse: tuple[tuple[int, float], ...], v: StationView, live_wh: float | None) -> float | None:
    """Return a counter in kWh: as measured now, else as remembered."""
    return _kwh(dict(by_evse).get(v.evse.evse) if live_wh is None else live_wh)


def _power(key: str, value: Callable[[StationView], Value]) -> FlexSensorDescription[StationView]:
    return FlexSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        band=POWER_BAND_W,
        value=value,
    )


def _energy[V: View](
    key: str, value: Callable[[V], Value], kinds: tuple[str, ...] | None = None
) -> FlexSensorDescription[V]:
    return FlexSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=2,
        digits=3,
        band=SELDOM,
        lasting=True,
        kinds=kinds,
        value=value,
    )


def _limit_words(v: StationView) -> dict[str, Any]:
    """Return what limits the car; where something beside us limits it, also how far, who, and if the grid needs it."""
    words: dict[str, Any] = {"because": v.glance.envelope.max_because.value}
    told = [limit for limit in v.evse.external if limit.holds]
    if told:
        words["from_outside"] = v.evse.external_limit_w
        words["sources"] = [limit.source for limit in told]
        words["grid_critical"] = any(limit.critical for limit in told)
    return words


STATION_SENSORS: Final[tuple[FlexSensorDescription[StationView], ...]] = (
    FlexSensorDescription(
        key="light",
        translation_key="light",
        device_class=SensorDeviceClass.ENUM,
        options=_lamp_names(),
        value=lambda v: v.glance.lamp.name,
        attributes=lambda v: {"source": "reported" if v.glance.lamp.reported else "derived"},
    ),
    FlexSensorDescription(
        key="activity",
        translation_key="activity",
        device_class=SensorDeviceClass.ENUM,
        options=[a.value for a in Activity],
        value=lambda v: v.glance.activity.value,
    ),
    FlexSensorDescription(
        key="reason",
        translation_key="reason",
        device_class=SensorDeviceClass.ENUM,
        options=[r.value for r in Reason],
        value=lambda v: v.glance.decision.why.reason.value,
        attributes=_reason_attributes,
    ),
    FlexSensorDescription(
        key="discharge_route",
        translation_key="discharge_route",
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=[s.value for s in Standing],
        whole=True,
        value=lambda v: v.glance.standing.value,
        attributes=lambda v: _probe_words(v.glance.probe),
    ),
    FlexSensorDescription(
        key="v2g_availability",
        translation_key="v2g_availability",
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.ENUM,
        options=[s.value for s in V2gStanding],
        lasting=True,
        value=lambda v: v.glance.v2g.value,
    ),
    _power("power", lambda v: v.glance.power_w),
    _power("setpoint", lambda v: v.glance.decision.power_w),
    FlexSensorDescription(
        key="limit_charging",
        translation_key="limit_charging",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        band=POWER_BAND_W,
        value=lambda v: v.glance.envelope.max_w,
        attributes=_limit_words,
    ),
    FlexSensorDescription(
        key="limit_discharging",
        translation_key="limit_discharging",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        band=POWER_BAND_W,
        value=lambda v: v.glance.envelope.min_w,
        attributes=lambda v: {"because": v.glance.envelope.min_because.value},
    ),
    _energy("energy_in", lambda v: _counter(v.station.memory.import_wh, v, v.evse.readings.import_wh)),
    _energy("energy_out", lambda v: _counter(v.station.memory.export_wh, v, v.evse.readings.export_wh)),
)


VEHICLE_SENSORS: Final[tuple[FlexSensorDescription[VehicleView], ...]] = (
    FlexSensorDescription(
        key="soc",
        translation_key="soc",
        device_class=SensorDeviceClass.BATTERY,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        digits=1,
        band=1.0,
        calm_s=300.0,
        watched=("source", "not_believed"),
        value=lambda v: v.level.soc_pct,
        attributes=soc_words,
    ),
    FlexSensorDescription(
        key="energy_stored",
        translation_key="energy_stored",
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        digits=2,
        band=1.0,
        calm_s=300.0,
        value=stored_kwh,
    ),
    FlexSensorDescription(
        key="learned_capacity",
        translation_key="learned_capacity",
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        digits=1,
        value=lambda v: v.battery.capacity_wh / 1000.0,
        attributes=capacity_words,
    ),
    FlexSensorDescription(
        key="charge_efficiency",
        translation_key="charge_efficiency",
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=1,
        digits=1,
        value=lambda v: 100.0 * v.battery.efficiency(min(v.config.max_charge_w, USUAL_W)),
        attributes=learned_words(charging=True),
    ),
    FlexSensorDescription(
        key="discharge_efficiency",
        translation_key="discharge_efficiency",
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=1,
        digits=1,
        value=lambda v: 100.0 * v.battery.efficiency(-min(v.config.max_discharge_w, USUAL_W)),
        attributes=learned_words(charging=False),
    ),
)

_VA: Final = UnitOfApparentPower.VOLT_AMPERE


def _apparent(key: str, value: Callable[[MeterView], Value]) -> FlexSensorDescription[MeterView]:
    return FlexSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.APPARENT_POWER,
        native_unit_of_measurement=_VA,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        band=POWER_BAND_W,
        kinds=(LINKY,),
        value=value,
    )


METER_SENSORS: Final[tuple[FlexSensorDescription[MeterView], ...]] = (
    FlexSensorDescription(
        key="power",
        translation_key="grid_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        band=POWER_BAND_W,
        value=lambda v: v.meter.reading.power_w,
    ),
    _apparent("apparent_power", lambda v: v.meter.reading.apparent_va),
    _apparent("injected_power", lambda v: v.meter.reading.injected_va),
    _energy("energy_import", lambda v: _kwh(v.meter.reading.import_wh), COUNTING),
    _energy("energy_export", lambda v: _kwh(v.meter.reading.export_wh), COUNTING),
    FlexSensorDescription(
        key="tariff",
        translation_key="tariff",
        kinds=(LINKY,),
        value=lambda v: " ".join(v.meter.reading.tariff_name.split()) if v.meter.reading.tariff_name else None,
        attributes=lambda v: {"index": v.meter.reading.tariff_index},
    ),
)


def _phase_sensors(phase: int) -> tuple[FlexSensorDescription[MeterView], ...]:
    """Return the sensors of one phase, counted from 1."""
    return (
        FlexSensorDescription(
            key=f"current_l{phase}",
            translation_key="current",
            placeholders={"phase": str(phase)},
            device_class=SensorDeviceClass.CURRENT,
            native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=1,
            digits=2,
            band=CURRENT_BAND_A,
            kinds=(*COUNTING, METER_TRANSFORMERS),
            value=lambda v: v.meter.reading.current_a[phase - 1],
        ),
        FlexSensorDescription(
            key=f"voltage_l{phase}",
            translation_key="voltage",
            placeholders={"phase": str(phase)},
            device_class=SensorDeviceClass.VOLTAGE,
            native_unit_of_measurement=UnitOfElectricPotential.VOLT,
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=0,
            band=VOLTAGE_BAND_V,
            kinds=COUNTING,
            value=lambda v: v.meter.reading.voltage_v[phase - 1],
        ),
    )


def direction(power_w: float) -> str:
    """Return what a planned power means to people."""
    if abs(power_w) < RESTING_W:
        return "rest"
    return "charge" if power_w > 0 else "discharge"


def next_change(plan: Plan | None, now: datetime) -> PlanSlot | None:
    """Return the first coming slot that does something else than the one before it."""
    if plan is None:
        return None
    current = plan.at(now)
    doing = None if current is None else direction(current.power_w)
    return next((s for s in plan.slots if s.start > now and direction(s.power_w) != doing), None)


def _guaranteed_w(v: ContactsView) -> float:
    """Return what stays guaranteed: by the order that is in force, else by the one to expect."""
    record = v.dimming.record
    return v.config.minimum_w if record is None or record.limit_w is None else record.limit_w


CONTACTS_SENSORS: Final[tuple[FlexSensorDescription[ContactsView], ...]] = (
    FlexSensorDescription(
        key="guaranteed_power",
        translation_key="guaranteed_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        digits=0,
        value=_guaranteed_w,
        attributes=lambda v: {"devices": v.config.devices},
    ),
)


def _change_at(v: SiteView) -> datetime | None:
    slot = next_change(v.plan, v.now)
    return None if slot is None else slot.start


def _change_attributes(v: SiteView) -> dict[str, Any]:
    slot = next_change(v.plan, v.now)
    current = v.plan.at(v.now) if v.plan is not None else None
    return {
        "now": direction(current.power_w) if current is not None else None,
        "next": direction(slot.power_w) if slot is not None else None,
        "next_reason": slot.why.reason.value if slot is not None else None,
    }


def _import_price(v: SiteView) -> float | None:
    slot = v.site.prices.at(v.now)
    return None if slot is None else slot.import_per_kwh


def _certainty(v: SiteView) -> dict[str, Any]:
    """Return how the price of now is known: said, or expected as a Tempo day without its colour."""
    slot = v.site.prices.at(v.now)
    return {"certainty": None if slot is None else slot.certainty.value}


def _export_price(v: SiteView) -> float | None:
    slot = v.site.prices.at(v.now)
    return None if slot is None else slot.export_per_kwh


SITE_SENSORS: Final[tuple[FlexSensorDescription[SiteView], ...]] = (
    FlexSensorDescription(
        key="next_departure",
        translation_key="next_departure",
        device_class=SensorDeviceClass.TIMESTAMP,
        value=lambda v: v.departure,
    ),
    FlexSensorDescription(
        key="plan",
        translation_key="plan",
        device_class=SensorDeviceClass.TIMESTAMP,
        value=_change_at,
        attributes=_change_attributes,
    ),
    FlexSensorDescription(
        key="price",
        translation_key="price",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=3,
        digits=5,
        value=_import_price,
        attributes=_certainty,
    ),
    FlexSensorDescription(
        key="feed_in_price",
        translation_key="feed_in_price",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=3,
        digits=5,
        value=_export_price,
    ),
)
_PRICES: Final = ("price", "feed_in_price")


class FlexSensor(FlexEntity, SensorEntity):
    """Show a figure or a word."""

    entity_description: FlexSensorDescription[Any]
    device_class = described("device_class")
    last_reset = None
    native_unit_of_measurement = described("native_unit_of_measurement")
    options = described("options")
    pace = described("pace")
    state_class = described("state_class")
    suggested_display_precision = described("suggested_display_precision")
    suggested_unit_of_measurement = None

    @override
    def see(self) -> Seen:
        description = self.entity_description
        view = look(self.coordinator, self.place)
        if view is None or not (view.present or description.lasting):
            return Seen(available=False)
        value = description.value(view)
        if isinstance(value, float):
            value = round(value, description.digits)
        return Seen(True, value, description.attributes(view) if description.attributes else None)

    @property
    @override
    def native_value(self) -> Value:
        """Return what was seen."""
        return self._shown.value


class PhaseSensor(FlexSensor):
    """Show a figure of one phase, which its name says."""

    def __init__(self, coordinator: FlexCoordinator, place: Place, description: FlexSensorDescription[Any]) -> None:
        """Fill the blank of the name."""
        super().__init__(coordinator, place, description)
        self._attr_translation_placeholders = description.placeholders or {}


class PriceSensor(FlexSensor):
    """Show a price, in the currency of Home Assistant."""

    @property
    @override
    def native_unit_of_measurement(self) -> str:
        return f"{self.coordinator.hass.config.currency}/kWh"


def _meter_sensors(coordinator: FlexCoordinator) -> tuple[FlexSensorDescription[MeterView], ...]:
    """Return what the configured kind of meter can tell."""
    meter = coordinator.state.config.meter
    phases = coordinator.state.config.phases
    everything = METER_SENSORS + tuple(d for phase in range(1, phases + 1) for d in _phase_sensors(phase))
    return tuple(d for d in everything if meter is not None and (d.kinds is None or meter.kind in d.kinds))


def _descriptions(coordinator: FlexCoordinator, place: Place) -> Iterable[FlexSensorDescription[Any]]:
    match place.kind:
        case "station":
            return STATION_SENSORS
        case "evse":
            return tuple(d for d in STATION_SENSORS if not d.whole)
        case "vehicle":
            return VEHICLE_SENSORS
        case "meter":
            return _meter_sensors(coordinator)
        case "contacts":
            return CONTACTS_SENSORS
        case _:
            return SITE_SENSORS


def _sensor(coordinator: FlexCoordinator, place: Place, description: FlexSensorDescription[Any]) -> FlexSensor:
    if description.placeholders is not None:
        return PhaseSensor(coordinator, place, description)
    kind = PriceSensor if description.key in _PRICES else FlexSensor
    return kind(coordinator, place, description)


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors of each place, and of those that come later."""
    coordinator = entry.runtime_data
    populate(
        coordinator,
        async_add_entities,
        lambda place: [
            *(_sensor(coordinator, place, d) for d in _descriptions(coordinator, place)),
            *account_sensors(coordinator, place),
        ],
    )
