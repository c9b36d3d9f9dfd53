"""A Tempo contract: its prices asked for, its colours heard from a Linky or from other entities."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex.configuration import site_config
from custom_components.mobilize_flex.core.model.contracts import Colour, DaysTold, Tempo, Window
from custom_components.mobilize_flex.core.model.prices import Certainty
from simulator.linky import PEAK_OFFPEAK, Linky, LinkySettings
from tests.face.homes import LINKY, Part, home, part
from tests.face.house import coordinator, linky, move_in, tariff
from tests.face.test_sources import Following
from tests.face.test_subentries import bridge, live, only

PARIS = ZoneInfo("Europe/Paris")
PRICES = {
    "blue_off_peak": 0.13,
    "blue_peak": 0.16,
    "white_off_peak": 0.15,
    "white_peak": 0.19,
    "red_off_peak": 0.16,
    "red_peak": 0.73,
}
TODAY, TOMORROW = "sensor.tempo_today", "sensor.tempo_tomorrow"
BY_ENTITY = {**PRICES, "colours": "entity", "colour_today": TODAY, "colour_tomorrow": TOMORROW}


@pytest.fixture(name="quiet")
def _quiet() -> Iterator[None]:
    """Keep sites from really starting: here only the questions count."""
    with patch("custom_components.mobilize_flex.async_setup_entry", return_value=True):
        yield


@pytest.fixture(name="site")
async def _site(hass: HomeAssistant, quiet: None) -> MockConfigEntry:
    return await live(hass, home(part("meter", LINKY, "meter:house")))


@pytest.fixture(autouse=True)
async def _in_france(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")


def told(following: Following) -> list[DaysTold]:
    """Return what was told of single days, each time."""
    return [fact for fact in following.told if isinstance(fact, DaysTold)]


# asked


async def asked(hass: HomeAssistant, site: MockConfigEntry) -> Part:
    """Open the dialog about a Tempo contract."""
    dialog = Part(hass, site, "tariff")
    await dialog.open()
    await dialog.choose("tempo")
    return dialog


async def test_six_prices_and_a_linky_make_a_tempo_contract(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = await asked(hass, site)
    page = await dialog.fill(name="EDF Tempo", **PRICES)
    assert (page["type"], page["title"]) == ("create_entry", "EDF Tempo")
    assert only(site, "tariff").data == {"kind": "tempo", **PRICES, "colours": "linky", "export_kind": "none"}
    assert site_config(site, UTC).contract == Tempo(**PRICES)


async def test_the_colours_of_another_integration_are_tried(hass: HomeAssistant, site: MockConfigEntry) -> None:
    hass.states.async_set(TODAY, "12.5")
    hass.states.async_set(TOMORROW, "Inconnu")
    dialog = await asked(hass, site)
    page = await dialog.fill(name="Tempo", **PRICES, colours="entity")
    assert page["errors"] == {"colour_today": "colour_missing"}
    page = await dialog.fill(name="Tempo", **{**BY_ENTITY, "colour_tomorrow": "sensor.gone"})
    assert page["errors"] == {"colour_today": "no_colour", "colour_tomorrow": "entity_unknown"}
    hass.states.async_set(TODAY, "Rouge")
    assert (await dialog.fill(name="Tempo", **BY_ENTITY))["type"] == "create_entry"
    assert only(site, "tariff").data["colour_tomorrow"] == TOMORROW


@pytest.mark.parametrize(
    ("answers", "errors"),
    [({"red_peak": 2000}, {"red_peak": "red_peak_range"}), ({"colours": "linky"}, {"colours": "no_linky"})],
)
async def test_what_is_wrong_with_a_tempo_contract_is_told(
    hass: HomeAssistant, quiet: None, answers: dict[str, Any], errors: dict[str, str]
) -> None:
    dialog = await asked(hass, await live(hass, home()))
    page = await dialog.fill(**{"name": "Tempo", **PRICES, "colours": "none", **answers})
    assert page["errors"] == errors
    assert (await dialog.fill(name="Tempo", **PRICES, colours="none"))["type"] == "create_entry"


# heard


async def test_other_entities_tell_the_colours(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(datetime(2026, 11, 24, 11, 5, tzinfo=PARIS))
    hass.states.async_set(TODAY, "Blanc")
    hass.states.async_set(TOMORROW, "unknown")
    async with Following(hass, tariff("tempo", **BY_ENTITY)) as home_:
        assert told(home_) == [DaysTold(colours=((date(2026, 11, 24), Colour.WHITE),))]
        await home_.says(TOMORROW, "Rouge")
        assert dict(told(home_)[-1].colours)[date(2026, 11, 25)] is Colour.RED
        freezer.move_to(datetime(2026, 11, 25, 0, 1, tzinfo=PARIS))
        await home_.says(TOMORROW, "unknown")
        await home_.says(TODAY, "Rouge")  # it turns the page at midnight
        assert dict(told(home_)[-1].colours)[date(2026, 11, 24)] is Colour.WHITE
        freezer.move_to(datetime(2026, 11, 25, 11, 0, tzinfo=PARIS))
        await home_.says(TOMORROW, "Bleu")
        assert dict(told(home_)[-1].colours)[date(2026, 11, 26)] is Colour.BLUE


def tempo_frame(now: datetime) -> bytes:
    """Return what a Linky with a Tempo contract says: a white day before a red one."""
    contract = replace(PEAK_OFFPEAK, calendar="TEMPO", tempo_today=2, tempo_tomorrow=3)
    meter = Linky(LinkySettings(contract=contract))
    meter.step(1.0, now, (500.0,), (230.0,))
    return meter.frame(now)


@pytest.mark.usefixtures("socket_enabled")
async def test_a_linky_tells_the_colours_and_the_hours_of_tomorrow(hass: HomeAssistant) -> None:
    now = dt_util.now().astimezone(PARIS)
    day = now.date() - (timedelta(days=1) if now.time() < time(6) else timedelta(0))
    frame = tempo_frame(now.astimezone(UTC))
    contract = tariff("tempo", **PRICES, colours="linky")
    async with bridge(frame) as line, Following(hass, linky(line), contract) as home_:
        async with asyncio.timeout(5):
            while not told(home_):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        (heard,) = told(home_)
        assert dict(heard.colours) == {day: Colour.WHITE, day + timedelta(days=1): Colour.RED}
        (hours,) = heard.off_peak
        assert hours[0] == now.date() + timedelta(days=1)
        assert hours[1] == (Window(time(0), time(6, 30)), Window(time(22, 30), time(0)))


@pytest.mark.parametrize(("asked_for", "expected"), [({}, 0), ({"linky_hours": True}, 1)])
@pytest.mark.usefixtures("socket_enabled")
async def test_a_linky_tells_other_contracts_their_hours_only_where_asked(
    hass: HomeAssistant, asked_for: dict[str, Any], expected: int
) -> None:
    contract = tariff("peak_off_peak", **asked_for)
    async with bridge(tempo_frame(dt_util.utcnow())) as line, Following(hass, linky(line), contract) as home_:
        async with asyncio.timeout(5):
            while len(home_.powers) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert sum(len(days.off_peak) for days in told(home_)) == expected
        assert not any(days.colours for days in told(home_))


@pytest.mark.usefixtures("socket_enabled")
async def test_a_colour_makes_the_price_of_a_day_known(hass: HomeAssistant) -> None:
    hass.states.async_set(TODAY, "Rouge")
    hass.states.async_set(TOMORROW, "unknown")
    flex = coordinator(await move_in(hass, tariff("tempo", **BY_ENTITY)))
    now = dt_util.now().astimezone(PARIS)
    here, later = flex.state.prices.at(now), flex.state.prices.at(now + timedelta(hours=30))
    assert here is not None
    assert later is not None
    assert here.import_per_kwh == (0.16 if now.time() < time(6) or now.time() >= time(22) else 0.73)
    assert (here.certainty, later.certainty) == (Certainty.KNOWN, Certainty.EXPECTED)
