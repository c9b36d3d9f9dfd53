"""A home under Home Assistant: its entry, its states, and how the two are looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.coordinator import FlexCoordinator
from custom_components.mobilize_flex.core.model.plan import Plan, PlanSlot
from custom_components.mobilize_flex.core.model.reasons import Reason, Why
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import Decision, EvseState, SiteState, StationState

STATION = "FLEX-1"
CAR = "01CAR"
METER = "01METER"
SEALED = "scrypt$13$8$1$AAAA$AAAA"

SITE_DATA: Mapping[str, Any] = {
    "host": "127.0.0.1",
    "port": 0,
    c.CONF_PHASES: 1,
    c.CONF_BREAKER_A: 45.0,
    c.CONF_SUBSCRIBED_KVA: 9.0,
    c.CONF_FEED_IN_W: 0.0,
    c.CONF_V2G_CONSENT: True,
}


def station(identity: str = STATION, subentry_id: str | None = None) -> ConfigSubentryDataWithId:
    """Return a station as the owner set it up."""
    data = {
        c.CONF_PHASES: 1,
        c.CONF_SELECTOR: "32",
        c.CONF_FALLBACK_A: 16.0,
        c.CONF_ACCESS: c.ACCESS_OPEN,
        c.CONF_SEALED: SEALED,
    }
    return ConfigSubentryDataWithId(
        subentry_id=subentry_id or f"01{identity}",
        data=data,
        subentry_type=c.STATION,
        title="Garage",
        unique_id=identity,
    )


def car(**extra: Any) -> ConfigSubentryDataWithId:
    """Return a car as the owner set it up."""
    data = {
        c.CONF_CAPACITY_KWH: 52.0,
        c.CONF_MAX_CHARGE_KW: 11.0,
        c.CONF_MIN_CHARGE_KW: 1.4,
        c.CONF_MAX_DISCHARGE_KW: 11.0,
        c.CONF_MIN_DISCHARGE_KW: 1.0,
        c.CONF_CHARGE_EFFICIENCY_PCT: 90.0,
        c.CONF_DISCHARGE_EFFICIENCY_PCT: 90.0,
        **extra,
    }
    return ConfigSubentryDataWithId(subentry_id=CAR, data=data, subentry_type=c.VEHICLE, title="R5", unique_id="r5")


def meter_entity(entity_id: str = "sensor.grid", *, inverted: bool = False) -> ConfigSubentryDataWithId:
    """Return a meter played by a power sensor."""
    data = {c.CONF_KIND: c.METER_ENTITY, "entity_id": entity_id, c.CONF_INVERTED: inverted}
    return ConfigSubentryDataWithId(
        subentry_id=METER, data=data, subentry_type=c.METER, title="Meter", unique_id="meter"
    )


def linky(line: str = "socket://127.0.0.1:1") -> ConfigSubentryDataWithId:
    """Return a Linky on a line."""
    data = {c.CONF_KIND: c.METER_LINKY, c.CONF_LINE: line}
    return ConfigSubentryDataWithId(
        subentry_id=METER, data=data, subentry_type=c.METER, title="Linky", unique_id="meter"
    )


def tariff(kind: str = c.TARIFF_BASE, **extra: Any) -> ConfigSubentryDataWithId:
    """Return a contract with a supplier."""
    data = {c.CONF_KIND: kind, c.CONF_EXPORT_KIND: c.EXPORT_NONE, **extra}
    return ConfigSubentryDataWithId(
        subentry_id="01TARIFF", data=data, subentry_type=c.TARIFF, title="Tariff", unique_id="tariff"
    )


def entry(*subentries: ConfigSubentryDataWithId, **data: Any) -> MockConfigEntry:
    """Return the entry of a home."""
    return MockConfigEntry(
        domain=c.DOMAIN,
        title="Home",
        unique_id="home",
        entry_id="01HOME",
        data={**SITE_DATA, **data},
        subentries_data=subentries,
    )


async def move_in(hass: HomeAssistant, *subentries: ConfigSubentryDataWithId, **data: Any) -> MockConfigEntry:
    """Set a home up and return its entry, loaded."""
    home = entry(*subentries, **data)
    home.add_to_hass(hass)
    assert await hass.config_entries.async_setup(home.entry_id)
    await hass.async_block_till_done()
    return home


def coordinator(home: MockConfigEntry) -> FlexCoordinator:
    """Return the meeting point of a home."""
    return home.runtime_data  # type: ignore[no-any-return]


async def become(hass: HomeAssistant, home: MockConfigEntry, state: SiteState) -> None:
    """Put a home into a state made by hand, as a step of the controller would."""
    flex = coordinator(home)
    assert flex.runtime is not None
    before, flex.runtime.state = flex.runtime.state, state
    flex._changed(before, state)
    await hass.async_block_till_done()


def with_evse(state: SiteState, identity: str = STATION, *, online: bool = True, **changes: Any) -> SiteState:
    """Return a state with another EVSE 1 of a station."""
    known: StationState = state.stations[identity]
    evse = replace(known.evses.get(1, EvseState(evse=1)), **changes)
    changed = replace(known, online=online, evses=MappingProxyType({**known.evses, 1: evse}))
    return replace(state, stations=MappingProxyType({**state.stations, identity: changed}))


def deciding(reason: Reason, power_w: float | None = None, **values: float | str) -> Decision:
    """Return a decision for a reason."""
    return Decision(power_w=power_w, why=Why(reason, tuple(values.items())))


def plan(*powers: float, start: datetime, departure: datetime | None = None, phase: Phase = Phase.V2G) -> Plan:
    """Return a plan of half hours."""
    half = timedelta(minutes=30)
    slots = tuple(
        PlanSlot(
            start=start + k * half,
            end=start + (k + 1) * half,
            power_w=power,
            soc_end_pct=50.0 + k,
            import_per_kwh=0.2,
            export_per_kwh=0.1,
            stored_value_per_kwh=0.15,
            why=Why(
                Reason.CHEAP_PRICE if power > 0 else Reason.HIGH_PRICE if power < 0 else Reason.WAITING_FOR_PEAK,
                (("price", 0.2),),
            ),
        )
        for k, power in enumerate(powers)
    )
    return Plan(
        made_at=start.astimezone(UTC), slots=slots, departure=departure, target_soc_pct=80.0, reachable_soc_pct=80.0,
        target_met_at=None, limited_by=None, cost=1.23,
    )  # fmt: skip


def find(hass: HomeAssistant, part: str, key: str, domain: str = "sensor") -> str:
    """Return the entity id of a thing of a place; the names may be in any language."""
    found = er.async_get(hass).async_get_entity_id(domain, c.DOMAIN, f"01HOME/{part}/{key}")
    assert found is not None, (part, key)
    return found


def seen(hass: HomeAssistant, part: str, key: str, domain: str = "sensor") -> State:
    """Return what an entity shows."""
    state = hass.states.get(find(hass, part, key, domain))
    assert state is not None
    return state


def shown(hass: HomeAssistant, parts: Sequence[str], key: str) -> list[str]:
    """Return the states of one thing in several places."""
    return [seen(hass, part, key).state for part in parts]
