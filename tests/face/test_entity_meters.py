"""Meters that other sensors play, or that a station reads: asked for in a dialog, followed afterwards."""

from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.configuration import site_config
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.facts import MeterLost, MeterRead
from tests.face.homes import STATION, Part, home, part
from tests.face.house import METER
from tests.face.test_sources import Following
from tests.face.test_subentries import live, only

POWERS = ("sensor.p1", "sensor.p2", "sensor.p3")
CURRENTS = ("sensor.i1", "sensor.i2", "sensor.i3")
VOLTAGES = ("sensor.u1", "sensor.u2", "sensor.u3")


def sensors(**data: Any) -> ConfigSubentryDataWithId:
    """Return a meter of sensors as it is kept."""
    return ConfigSubentryDataWithId(
        subentry_id=METER,
        data={"kind": "entity", "inverted": False, "period_s": 10, "signed": False, **data},
        subentry_type=c.METER,
        title="Sensors",
        unique_id="meter",
    )


def named(names: tuple[str, ...], entity_ids: tuple[str, ...]) -> dict[str, str]:
    """Return sensors under the names of the form."""
    return dict(zip(names, entity_ids, strict=False))


def say(hass: HomeAssistant, unit: str, values: Mapping[str, float]) -> None:
    """Let sensors say something, one after the other."""
    for entity_id, value in values.items():
        hass.states.async_set(entity_id, str(value), {"unit_of_measurement": unit}, force_update=True)


def readings(following: Following) -> list[MeterReading]:
    """Return what the meter told."""
    return [fact.reading for fact in following.told if isinstance(fact, MeterRead)]


@pytest.fixture(name="quiet")
def _quiet() -> Iterator[None]:
    """Keep sites from really starting: here only the questions count."""
    with patch("custom_components.mobilize_flex.async_setup_entry", return_value=True):
        yield


@pytest.fixture(name="site")
async def _site(hass: HomeAssistant, quiet: None) -> MockConfigEntry:
    return await live(hass, home(part("station", STATION, "FLEX-1", name="Garage"), phases=3))


# asked


async def asked(hass: HomeAssistant, site: MockConfigEntry, kind: str = "entity") -> Part:
    """Open the dialog about a meter of a kind."""
    dialog = Part(hass, site, "meter")
    await dialog.open()
    await dialog.choose(kind)
    return dialog


async def test_three_currents_with_voltages_are_shown_before_they_are_kept(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    say(hass, "mA", dict(zip(CURRENTS, (2000, -3000, 4000), strict=True)))
    say(hass, "V", dict.fromkeys(VOLTAGES, 230.0))
    dialog = await asked(hass, site)
    chosen = {**named(c.CONF_CURRENTS, CURRENTS), **named(c.CONF_VOLTAGES, VOLTAGES), "signed": True}
    page = await dialog.fill(phases=chosen)
    assert page["description_placeholders"]["power"] == "690"
    assert "| L2 | 230 | -3.00 | -690 |" in page["description_placeholders"]["phases"]
    assert (await dialog.fill())["type"] is FlowResultType.CREATE_ENTRY
    kept = only(site, "meter")
    assert kept.title == "i1"
    dialog = Part(hass, site, "meter")
    await dialog.open(kept.subentry_id)
    await dialog.choose("entity")
    assert dialog.suggested("phases", "current_3") == "sensor.i3"


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        ({}, {"entity_id": "sensor_missing"}),
        ({"fed_in_entity": "sensor.w"}, {"entity_id": "sensor_missing"}),
        ({"phases": {"voltage_1": "sensor.v"}}, {"entity_id": "sensor_missing"}),
        ({"entity_id": "sensor.w", "fed_in_entity": "sensor.w"}, {"entity_id": "sensor_twice"}),
        ({"entity_id": "sensor.w", "fed_in_entity": "sensor.gone"}, {"fed_in_entity": "entity_unknown"}),
        ({"phases": {"power_1": "sensor.a"}}, {"phases": "no_power"}),
        ({"phases": {"current_1": "sensor.w"}}, {"phases": "no_amperes"}),
        ({"entity_id": "sensor.w", "phases": {"voltage_1": "sensor.a"}}, {"phases": "no_voltage"}),
        ({"entity_id": "sensor.w", "phases": {"current_2": "sensor.a"}}, {"phases": "transformer_missing"}),
        ({"entity_id": "sensor.w", "period_s": 0}, {"period_s": "period_s_range"}),
    ],
)
async def test_what_is_wrong_with_sensors_is_told_and_can_be_mended(
    hass: HomeAssistant, site: MockConfigEntry, answers: dict[str, Any], errors: dict[str, str]
) -> None:
    for entity_id, unit in (("sensor.w", "W"), ("sensor.a", "A"), ("sensor.v", "V")):
        say(hass, unit, {entity_id: 1.0})
    dialog = await asked(hass, site)
    assert (await dialog.fill(**answers))["errors"] == errors
    assert (await dialog.fill(entity_id="sensor.w"))["step_id"] == "entity_seen"


async def test_a_station_may_read_the_meter(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = await asked(hass, site, "station")
    assert (await dialog.fill(station="FLEX-1", period_s=0))["errors"] == {"period_s": "period_s_range"}
    page = await dialog.fill(station="FLEX-1", where="main_meter", period_s=5)
    assert (page["type"], page["title"]) == (FlowResultType.CREATE_ENTRY, "Garage (meter)")
    meter = site_config(site, dt_util.UTC).meter
    assert meter is not None
    assert (meter.kind, meter.station, meter.main_meter, meter.period_s) == ("station", "FLEX-1", True, 5)


async def test_a_station_that_is_not_there_reads_no_meter(hass: HomeAssistant, quiet: None) -> None:
    dialog = await asked(hass, await live(hass, home()), "station")
    assert dialog.page["reason"] == "no_station"


# followed


async def test_what_is_fed_in_may_have_a_sensor_of_its_own(hass: HomeAssistant) -> None:
    say(hass, "kW", {"sensor.in": 0.0, "sensor.out": 1.5})
    async with Following(hass, sensors(entity_id="sensor.in", fed_in_entity="sensor.out")) as following:
        assert following.powers == [-1500.0]


async def test_three_powers_make_one_reading(hass: HomeAssistant) -> None:
    say(hass, "W", dict(zip(POWERS, (1000, -500, 250), strict=True)))
    async with Following(hass, sensors(**named(c.CONF_PHASE_POWERS, POWERS), inverted=True)) as following:
        say(hass, "W", dict(zip(POWERS, (100, 200, 300), strict=True)))
        await hass.async_block_till_done()
        first, second = readings(following)
        assert (first.power_w, first.phase_power_w) == (-750.0, (-1000.0, 500.0, -250.0))
        assert second.power_w == -600.0


async def test_a_phase_that_is_measured_backwards_is_turned_and_the_power_added_up_anew(hass: HomeAssistant) -> None:
    say(hass, "W", dict(zip(POWERS, (1000, -500, 250), strict=True)) | {"sensor.total": 750.0})
    source = sensors(
        **named(c.CONF_PHASE_POWERS, POWERS), entity_id="sensor.total", turned_phases=["2"], phase_order="213"
    )
    async with Following(hass, source) as following:
        (reading,) = readings(following)
        assert (reading.power_w, reading.phase_power_w) == (1750.0, (500.0, 1000.0, 250.0))


async def test_a_current_without_direction_leaves_the_power_open(hass: HomeAssistant) -> None:
    say(hass, "A", dict(zip(CURRENTS, (5, 6, 7), strict=True)))
    async with Following(hass, sensors(**named(c.CONF_CURRENTS, CURRENTS))) as following:
        (reading,) = readings(following)
        assert (reading.power_w, reading.current_a, reading.signed) == (None, (5.0, 6.0, 7.0), False)


async def test_a_current_with_a_direction_is_a_power_at_its_voltage(hass: HomeAssistant) -> None:
    say(hass, "A", {"sensor.i1": -10.0})
    say(hass, "V", {"sensor.u1": 240.0})
    one = sensors(current_1="sensor.i1", voltage_1="sensor.u1", signed=True)
    async with Following(hass, one) as following:
        (reading,) = readings(following)
        assert (reading.power_w, reading.current_a, reading.signed) == (-2400.0, (-10.0, None, None), True)


async def test_one_sensor_that_is_gone_loses_the_meter(hass: HomeAssistant) -> None:
    say(hass, "W", dict(zip(POWERS, (1000, 500, 250), strict=True)))
    async with Following(hass, sensors(**named(c.CONF_PHASE_POWERS, POWERS))) as following:
        await following.says(POWERS[1], "unavailable", unit_of_measurement="W")
        assert following.told[-1] == MeterLost("unavailable")


async def test_one_sensor_that_no_longer_reports_silences_the_meter(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    say(hass, "W", dict(zip(POWERS, (1000, 500, 250), strict=True)))
    async with Following(hass, sensors(**named(c.CONF_PHASE_POWERS, POWERS), period_s=5)) as following:
        before = len(following.told)
        freezer.tick(16)
        say(hass, "W", {POWERS[0]: 900, POWERS[1]: 900})
        await hass.async_block_till_done()
        assert len(following.told) == before
        say(hass, "W", {POWERS[2]: 250})
        await hass.async_block_till_done()
        assert following.powers[-1] == 2050.0
