"""What the figures and words show, and how seldom they are written."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events, async_fire_time_changed

from custom_components.mobilize_flex.core.model.battery import Belief, SocSource
from custom_components.mobilize_flex.core.model.electric import MeterReading, StationReadings
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.outside import ExternalLimit
from custom_components.mobilize_flex.core.model.prices import PriceCurve, PriceSlot
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.session import Activity, Phase, Session
from custom_components.mobilize_flex.core.model.state import Envelope, MeterState, SiteState, StationMemory
from custom_components.mobilize_flex.entity import Pace, Seen
from custom_components.mobilize_flex.sensor import STATION_SENSORS, direction, next_change

from .house import (
    CAR,
    METER,
    STATION,
    become,
    car,
    coordinator,
    deciding,
    find,
    linky,
    meter_entity,
    move_in,
    plan,
    seen,
    station,
    with_evse,
)

GARAGE = f"station/{STATION}"


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


def readings(power_w: float, **more: float) -> StationReadings:
    """Return what a station measured."""
    return StationReadings(power_w=power_w, **more)  # type: ignore[arg-type]


def charging(state: SiteState, power_w: float = 7000.0, reason: Reason = Reason.CHEAP_PRICE) -> SiteState:
    """Return a home with a car in a V2G session."""
    return with_evse(
        state, phase=Phase.V2G, readings=readings(power_w), decision=deciding(reason, power_w, price=0.12),
        envelope=Envelope(max_w=9000.0, min_w=-800.0, max_because=Reason.HOUSE_LIMIT, min_because=Reason.FEED_IN_LIMIT),
    )  # fmt: skip


async def later(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass."""
    freezer.tick(seconds)
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done()


async def test_a_charging_car_is_seen_with_its_reason(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    await become(hass, home, charging(coordinator(home).state))
    words = {d.key: seen(hass, GARAGE, d.key).state for d in STATION_SENSORS}
    assert words["activity"] == "charging"
    assert words["reason"] == "cheap_price"
    assert words["light"] == "green_descending"
    assert (words["power"], words["setpoint"]) == ("7000.0", "7000.0")
    assert (words["limit_charging"], words["limit_discharging"]) == ("9000.0", "-800.0")
    assert seen(hass, GARAGE, "reason").attributes["price"] == 0.12
    assert seen(hass, GARAGE, "light").attributes["source"] == "derived"
    assert seen(hass, GARAGE, "limit_charging").attributes["because"] == "house_limit"


async def test_a_limit_from_outside_is_shown_with_who_set_it_as_long_as_there_is_one(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    home = await move_in(hass, station())
    state = charging(coordinator(home).state)
    told = (
        ExternalLimit(source="EMS", limit_w=3000.0),
        ExternalLimit(source="SO", limit_w=None, critical=True),
    )
    await become(hass, home, with_evse(state, external=told))
    shown = seen(hass, GARAGE, "limit_charging").attributes
    assert (shown["from_outside"], shown["sources"], shown["grid_critical"]) == (3000.0, ["EMS", "SO"], True)
    await become(hass, home, with_evse(state, external=()))
    await later(hass, freezer, 11.0)
    assert "from_outside" not in seen(hass, GARAGE, "limit_charging").attributes


async def test_a_discharge_is_negative(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    await become(hass, home, charging(coordinator(home).state, -3000.0, Reason.HIGH_PRICE))
    assert seen(hass, GARAGE, "activity").state == "discharging"
    assert seen(hass, GARAGE, "power").state == "-3000.0"


async def test_an_offline_station_leaves_only_its_counters(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    flex = coordinator(home)
    memory = StationMemory(import_wh=((1, 1_234_567.0),), export_wh=((1, 89_000.0),))
    known = replace(flex.state.stations[STATION], memory=memory)
    await become(hass, home, replace(flex.state, stations=MappingProxyType({STATION: known})))
    words = {d.key: seen(hass, GARAGE, d.key).state for d in STATION_SENSORS}
    assert words.pop("energy_in") == "1234.567"
    assert words.pop("energy_out") == "89.0"
    assert words.pop("v2g_availability") == "station_offline"
    assert set(words.values()) == {"unavailable"}
    assert seen(hass, GARAGE, "energy_in").attributes["state_class"] == "total_increasing"


@pytest.mark.parametrize("activity", list(Activity))
def test_every_activity_can_be_shown(activity: Activity) -> None:
    described = next(d for d in STATION_SENSORS if d.key == "activity")
    assert activity.value in (described.options or [])


def on_the_cable(state: SiteState, at: Moment, **belief: Any) -> SiteState:
    """Return a state with the car in a session, and what is believed of its battery."""
    session = Session(key="s", station=STATION, evse=1, transaction="t", started_at=at.utc)
    believed = Belief(soc_pct=62.4, error_pct=1.0, source=SocSource.STATION, told_at=at.utc, told_pct=62.4, **belief)
    evse = {"phase": Phase.V2G, "session": "s", "battery": believed, "readings": readings(0.0)}
    return replace(with_evse(state, **evse), sessions=MappingProxyType({"s": session}))


async def test_a_car_shows_its_charge_with_source_age_and_doubt(hass: HomeAssistant) -> None:
    home = await move_in(hass, station(), car())
    flex = coordinator(home)
    at = flex.now()
    await become(hass, home, on_the_cable(flex.state, at))
    soc = seen(hass, f"vehicle/{CAR}", "soc")
    assert soc.state == "62.4"
    shown = {
        name: soc.attributes[name] for name in ("source", "estimated", "uncertainty", "measured_at", "not_believed")
    }
    measured_at = at.utc.replace(microsecond=0).isoformat()
    assert shown == {
        "source": "station", "estimated": False, "uncertainty": 1, "measured_at": measured_at, "not_believed": {}
    }  # fmt: skip
    assert seen(hass, f"vehicle/{CAR}", "energy_stored").state == "32.45"


async def test_what_was_learned_of_a_car_is_shown_with_what_it_rests_on(hass: HomeAssistant) -> None:
    home = await move_in(hass, station(), car())
    capacity = seen(hass, f"vehicle/{CAR}", "learned_capacity")
    assert (capacity.state, capacity.attributes["samples"], capacity.attributes["told_by_owner"]) == ("52.0", 0, 52.0)
    assert seen(hass, f"vehicle/{CAR}", "charge_efficiency").state == "90.0"
    discharging = seen(hass, f"vehicle/{CAR}", "discharge_efficiency")
    assert (discharging.state, discharging.attributes["overhead_w"]) == ("90.0", 200)
    assert home.state is ConfigEntryState.LOADED


async def test_a_linky_shows_all_it_measures_and_nothing_once_silent(hass: HomeAssistant) -> None:
    home = await move_in(hass, linky())
    flex = coordinator(home)
    await flex.sources.async_stop()  # nobody is on its line
    reading = MeterReading(
        power_w=-500.0, apparent_va=0.0, injected_va=510.0, current_a=(2.2, None, None), voltage_v=(233.0, None, None),
        import_wh=4_000_123.0, export_wh=7_000.0, tariff_index=2, tariff_name="HEURE PLEINE",
    )  # fmt: skip
    await become(hass, home, replace(flex.state, meter=MeterState(reading=reading, at=flex.now())))
    part = f"meter/{METER}"
    assert seen(hass, part, "power").state == "-500.0"
    assert seen(hass, part, "injected_power").state == "510.0"
    assert (seen(hass, part, "current_l1").state, seen(hass, part, "voltage_l1").state) == ("2.2", "233.0")
    assert (seen(hass, part, "energy_import").state, seen(hass, part, "energy_export").state) == ("4000.123", "7.0")
    assert seen(hass, part, "tariff").state == "HEURE PLEINE"
    assert seen(hass, part, "connected", "binary_sensor").state == "on"
    with pytest.raises(AssertionError):
        find(hass, part, "current_l2")
    await become(hass, home, replace(flex.state, meter=MeterState(reading=reading, at=flex.now(), lost="silent")))
    assert seen(hass, part, "power").state == "unavailable"
    assert seen(hass, part, "connected", "binary_sensor").state == "off"
    assert seen(hass, part, "energy_import").state == "4000.123"


async def test_three_phases_have_three_currents(hass: HomeAssistant) -> None:
    await move_in(hass, linky(), phases=3)
    for phase in (1, 2, 3):
        assert find(hass, f"meter/{METER}", f"current_l{phase}")


async def test_a_power_sensor_as_meter_has_power_only(hass: HomeAssistant) -> None:
    await move_in(hass, meter_entity())
    assert find(hass, f"meter/{METER}", "power")
    with pytest.raises(AssertionError):
        find(hass, f"meter/{METER}", "energy_import")


async def test_the_home_shows_price_plan_and_departure(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    flex = coordinator(home)
    now = dt_util.utcnow().replace(second=0, microsecond=0)
    curve = PriceCurve((PriceSlot(now - timedelta(hours=1), now + timedelta(hours=1), 0.2345, -0.01),))
    state = with_evse(flex.state, plan=plan(0.0, 0.0, -3000.0, 7000.0, start=now - timedelta(minutes=5)))
    await become(hass, home, replace(state, prices=curve))
    price = seen(hass, "site/site", "price")
    assert (price.state, price.attributes["unit_of_measurement"]) == ("0.2345", f"{hass.config.currency}/kWh")
    assert seen(hass, "site/site", "feed_in_price").state == "-0.01"
    change = seen(hass, "site/site", "plan")
    assert dt_util.parse_datetime(change.state) == now + timedelta(minutes=55)
    assert (change.attributes["now"], change.attributes["next"]) == ("rest", "discharge")
    assert change.attributes["next_reason"] == "high_price"
    assert seen(hass, "site/site", "next_departure").state == "unknown"


def test_the_next_change_is_the_first_that_does_something_else() -> None:
    start = dt_util.utcnow()
    assert next_change(None, start) is None
    assert next_change(plan(100.0, 200.0, start=start), start) is None
    slot = next_change(plan(100.0, 200.0, 0.0, start=start), start)
    assert slot is not None
    assert direction(slot.power_w) == "rest"


# how often


@pytest.mark.parametrize(
    ("shown", "now", "since_s", "wait_s"),
    [
        (1000.0, 1000.0, 0.5, None),
        (1000.0, 1050.0, 0.5, 9.5),
        (1000.0, 1050.0, 12.0, 0.0),
        (1000.0, 1300.0, 0.5, 0.0),
        (0.0, 20.0, 0.5, 0.0),
        (20.0, -20.0, 0.5, 0.0),
        ("charging", "waiting", 0.5, 0.0),
        (None, 5.0, 0.5, 0.0),
    ],
)
def test_small_changes_wait_and_turns_do_not(
    shown: float | str | None, now: float | str | None, since_s: float, wait_s: float | None
) -> None:
    assert Pace(band=200.0).wait_s(Seen(True, shown), Seen(True, now), since_s) == wait_s


def test_another_source_of_a_level_is_news_also_where_the_level_is_the_same() -> None:
    shown = Seen(True, 55.0, {"source": "entity", "uncertainty": 2})
    pace = Pace(band=1.0, calm_s=300.0, watched=("source",))
    assert pace.wait_s(shown, Seen(True, 55.0, {"source": "entity", "uncertainty": 3}), 1.0) == 299.0
    assert pace.wait_s(shown, Seen(True, 55.0, {"source": "station", "uncertainty": 1}), 1.0) == 0.0


def test_attributes_alone_wait_and_availability_does_not() -> None:
    pace = Pace()
    assert pace.wait_s(Seen(True, "x", {"a": 1}), Seen(True, "x", {"a": 2}), 1.0) == 9.0
    assert pace.wait_s(Seen(True, "x"), Seen(False), 0.0) == 0.0


async def test_a_meter_that_speaks_every_second_costs_a_row_in_ten_seconds(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    home = await move_in(hass, linky())
    flex = coordinator(home)
    await flex.sources.async_stop()  # nobody is on its line
    entity_id = find(hass, f"meter/{METER}", "power")
    events = async_capture_events(hass, "state_changed")
    for second in range(60):
        reading = MeterReading(power_w=1000.0 + second % 7)
        await become(hass, home, replace(flex.state, meter=MeterState(reading=reading, at=flex.now())))
        await later(hass, freezer, 1.0)
    rows = [e for e in events if e.data["entity_id"] == entity_id]
    assert 5 <= len(rows) <= 8


async def test_the_last_value_before_silence_is_not_swallowed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    home = await move_in(hass, station())
    flex = coordinator(home)
    await become(hass, home, charging(flex.state, 7000.0))
    await later(hass, freezer, 1.5)
    await become(hass, home, charging(flex.state, 7050.0))
    await later(hass, freezer, 1.5)
    assert seen(hass, GARAGE, "power").state == "7000.0"
    await later(hass, freezer, 9.0)
    assert seen(hass, GARAGE, "power").state == "7050.0"


async def test_a_new_reason_is_written_at_once(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    flex = coordinator(home)
    await become(hass, home, charging(flex.state, 7000.0))
    await become(hass, home, charging(flex.state, -3000.0, Reason.HIGH_PRICE))
    assert seen(hass, GARAGE, "reason").state == "high_price"
    assert seen(hass, GARAGE, "power").state == "-3000.0"


async def test_only_the_entities_of_what_changed_are_looked_at(hass: HomeAssistant) -> None:
    home = await move_in(hass, station(), station("FLEX-2"), linky())
    flex = coordinator(home)
    events = async_capture_events(hass, "state_changed")
    await become(hass, home, charging(flex.state))
    touched = {e.data["entity_id"] for e in events}
    assert find(hass, GARAGE, "power") in touched
    assert not touched & {find(hass, "station/FLEX-2", "power"), find(hass, f"meter/{METER}", "power")}
