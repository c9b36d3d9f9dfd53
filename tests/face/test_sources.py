"""Where the figures come from: other entities, a line, published prices."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
import logging
from typing import Any, Self

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.core.model.facts import (
    Fact,
    MeterLost,
    MeterRead,
    PricesPublished,
    VehicleSocRead,
)
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.prices import PriceRow
from custom_components.mobilize_flex.sources import Sources

from .house import CAR, car, entry, linky, meter_entity, tariff
from .test_subentries import bridge, linky_says

GRID = "sensor.grid"
SOC = "sensor.r5_soc"
SPOT = "sensor.spot"


class Following:
    """Follow what an entry names, and keep what is told."""

    def __init__(self, hass: HomeAssistant, *parts: Any) -> None:
        self.hass = hass
        self.told: list[Fact] = []
        self.sources = Sources(hass, lambda: Moment(dt_util.utcnow(), hass.loop.time()), self.told.append)
        self.entry = entry(*parts)

    async def __aenter__(self) -> Self:
        await self.sources.async_follow(self.entry)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.sources.async_stop()

    async def says(self, entity_id: str, state: str, **attributes: Any) -> None:
        """Let an entity say something."""
        self.hass.states.async_set(entity_id, state, attributes)
        await self.hass.async_block_till_done()

    @property
    def powers(self) -> list[float | None]:
        """Return the powers the meter told."""
        return [f.reading.power_w for f in self.told if isinstance(f, MeterRead)]

    @property
    def published(self) -> list[PricesPublished]:
        """Return the price lists told."""
        return [f for f in self.told if isinstance(f, PricesPublished)]


async def test_a_power_sensor_plays_the_meter_in_watts(hass: HomeAssistant) -> None:
    async with Following(hass, meter_entity(GRID)) as home:
        assert home.told == [MeterLost("unavailable")]
        await home.says(GRID, "1250", unit_of_measurement="W")
        await home.says(GRID, "-0.5", unit_of_measurement="kW")
        assert home.powers == [1250.0, -500.0]


async def test_a_sensor_that_counts_the_other_way_is_turned(hass: HomeAssistant) -> None:
    async with Following(hass, meter_entity(GRID, inverted=True)) as home:
        await home.says(GRID, "1250", unit_of_measurement="W")
        assert home.powers == [-1250.0]


async def test_the_same_value_again_is_news_of_a_living_meter(hass: HomeAssistant) -> None:
    async with Following(hass, meter_entity(GRID)) as home:
        for _ in range(3):
            await home.says(GRID, "800", unit_of_measurement="W")
        assert home.powers == [800.0] * 3


@pytest.mark.parametrize(
    ("state", "unit"), [("unavailable", "W"), ("unknown", "W"), ("nan", "W"), ("inf", "W"), ("12", "kWh"), ("12", None)]
)
async def test_what_is_no_power_is_a_lost_meter(hass: HomeAssistant, state: str, unit: str | None) -> None:
    async with Following(hass, meter_entity(GRID)) as home:
        await home.says(GRID, "800", unit_of_measurement="W")
        await home.says(GRID, state, unit_of_measurement=unit)
        assert home.powers == [800.0]
        assert home.told[-1] == MeterLost("unavailable")


async def test_a_removed_sensor_is_a_lost_meter(hass: HomeAssistant) -> None:
    async with Following(hass, meter_entity(GRID)) as home:
        await home.says(GRID, "800", unit_of_measurement="W")
        hass.states.async_remove(GRID)
        await hass.async_block_till_done()
        assert home.told[-1] == MeterLost("unavailable")


async def test_an_old_value_at_the_start_is_not_taken_for_new(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    hass.states.async_set(GRID, "800", {"unit_of_measurement": "W"})
    freezer.tick(60)
    async with Following(hass, meter_entity(GRID)) as home:
        assert home.told == []


async def test_a_cars_entity_tells_its_charge_with_the_time_it_was_reported(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    hass.states.async_set(SOC, "61.5")
    first = dt_util.utcnow()
    freezer.tick(3600)
    async with Following(hass, car(soc_entity=SOC)) as home:
        assert home.told == [VehicleSocRead(vehicle=CAR, soc_pct=61.5, at=first)]
        await home.says(SOC, "61.5")
        await home.says(SOC, "unavailable")
        assert home.told[1:] == [VehicleSocRead(vehicle=CAR, soc_pct=61.5, at=dt_util.utcnow())]


async def test_a_line_that_refuses_is_a_lost_meter(hass: HomeAssistant, socket_enabled: None) -> None:
    async with Following(hass, linky("socket://127.0.0.1:1")) as home:
        async with asyncio.timeout(5):
            while not home.told:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert home.told == [MeterLost("refused")]
        assert home.sources.details()["line"] == {"state": "down", "fault": "refused", "speed_bd": None}


@pytest.mark.usefixtures("socket_enabled")
async def test_a_linky_is_heard_frame_by_frame(hass: HomeAssistant) -> None:
    async with bridge(linky_says(1234.0)) as line, Following(hass, linky(line)) as home:
        async with asyncio.timeout(5):
            while len(home.powers) < 3 or home.sources.details()["line"] is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert set(home.powers) == {1234.0}
        details = home.sources.details()
        assert details["line"] == {"state": "up", "fault": None, "speed_bd": None}
        assert details["groups_refused"] == {}
        assert details["labels"]["SINSTS"] is not None
        assert {"ADSC", "PRM", "MSG1"}.isdisjoint(details["labels"])


# prices


def hours(start: datetime, *prices: float, key: str = "value") -> list[dict[str, Any]]:
    """Return hourly rows as price sensors list them."""
    hour = timedelta(hours=1)
    return [
        {"start": (start + k * hour).isoformat(), "end": (start + (k + 1) * hour).isoformat(), key: price}
        for k, price in enumerate(prices)
    ]


MIDNIGHT = datetime(2026, 11, 30, tzinfo=dt_util.UTC)


def published_entity(*attributes: str) -> Any:
    """Return a tariff whose prices an entity lists."""
    return tariff(
        c.TARIFF_ENTITY, entity_id=SPOT, attributes=list(attributes), unit=c.PER_KWH, factor=1.0, surcharge=0.0
    )


async def test_prices_come_from_the_attributes_of_an_entity(hass: HomeAssistant) -> None:
    today, tomorrow = hours(MIDNIGHT, 0.1, -0.02), hours(MIDNIGHT + timedelta(days=1), 0.3)
    async with Following(hass, published_entity("raw_today", "raw_tomorrow")) as home:
        await home.says(SPOT, "0.1", raw_today=today, raw_tomorrow=None)
        await home.says(SPOT, "0.1", raw_today=today, raw_tomorrow=None)
        await home.says(SPOT, "0.2", raw_today=today, raw_tomorrow=tomorrow)
        assert [len(p.rows) for p in home.published] == [2, 3]
        assert home.published[0].rows[1] == PriceRow(
            MIDNIGHT + timedelta(hours=1), MIDNIGHT + timedelta(hours=2), -0.02
        )


async def test_bad_rows_are_refused_and_counted(hass: HomeAssistant) -> None:
    rows = [*hours(MIDNIGHT, 0.1), {"start": "soon", "value": 0.1}, {"start": MIDNIGHT.isoformat(), "value": "dear"}]
    async with Following(hass, published_entity("raw_today")) as home:
        await home.says(SPOT, "0.1", raw_today=rows)
        assert [len(p.rows) for p in home.published] == [1]
        assert home.sources.details()["price_rows_refused"] == 2


async def test_an_entity_that_loses_its_prices_does_not_take_ours(hass: HomeAssistant) -> None:
    async with Following(hass, published_entity("raw_today")) as home:
        await home.says(SPOT, "0.1", raw_today=hours(MIDNIGHT, 0.1))
        await home.says(SPOT, "unavailable")
        assert [len(p.rows) for p in home.published] == [1]


class Market:
    """Answer an action that tells the prices of a day."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.asked: list[str] = []
        self.known: set[str] = set()
        hass.services.async_register(
            "nordpool", "get_prices_for_date", self.answer, supports_response=SupportsResponse.ONLY
        )

    async def answer(self, call: ServiceCall) -> ServiceResponse:
        """Tell the day's prices, if they are out."""
        day: str = call.data["date"]
        self.asked.append(day)
        if day not in self.known:
            raise HomeAssistantError("not out yet")
        return {"FR": hours(datetime.fromisoformat(f"{day}T00:00:00+00:00"), *[0.1] * 24, key="price")}  # type: ignore[dict-item]


def published_action() -> Any:
    """Return a tariff whose prices an action tells."""
    return tariff(
        c.TARIFF_ACTION, action="nordpool.get_prices_for_date", action_data={"areas": "FR"}, day_field="date",
        unit=c.PER_KWH, factor=1.0, surcharge=0.0,
    )  # fmt: skip


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, *moments: str | float) -> None:
    """Go through moments of time, by the clock or by seconds."""
    for moment in moments:
        if isinstance(moment, str):
            freezer.move_to(moment)
        else:
            freezer.tick(moment)
        async_fire_time_changed(hass, dt_util.utcnow(), fire_all=False)
        await hass.async_block_till_done()


async def test_an_action_is_asked_at_once_and_for_tomorrow_when_it_is_out(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")
    freezer.move_to("2026-11-30T10:40:00+00:00")
    market = Market(hass)
    market.known = {"2026-11-30"}
    async with Following(hass, published_action()) as home:
        await pass_time(hass, freezer, 0.1)
        assert market.asked == ["2026-11-30", "2026-12-01"]
        assert [len(p.rows) for p in home.published] == [24]
        market.known.add("2026-12-01")
        await pass_time(hass, freezer, "2026-11-30T12:05:07.5+00:00")
        assert [len(p.rows) for p in home.published] == [24, 48]
        asked = len(market.asked)
        await pass_time(hass, freezer, "2026-11-30T12:15:10+00:00")
        assert len(market.asked) == asked, "all is known: half an hour is soon enough"
        await pass_time(hass, freezer, "2026-11-30T12:36:00+00:00")
        assert len(market.asked) == asked + 2


async def test_an_action_that_fails_is_asked_again_ever_more_seldom_and_said_once(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with Following(hass, published_action()) as home:
        await pass_time(hass, freezer, 0.1, 16, 31, 61)
        assert home.published == []
        assert caplog.text.count("gave no prices") == 1
        market = Market(hass)
        market.known = {dt_util.now().date().isoformat()}
        await pass_time(hass, freezer, 121)
        assert [len(p.rows) for p in home.published] == [24]
        assert caplog.text.count("answers again") == 1


async def test_what_feeding_in_earns_is_told_beside(hass: HomeAssistant) -> None:
    part = published_entity("raw_today")
    part["data"] = {**part["data"], "export_kind": "entity", "export_entity": "sensor.feed_in"}
    async with Following(hass, part) as home:
        await home.says(SPOT, "0.1", raw_today=hours(MIDNIGHT, 0.1))
        await home.says("sensor.feed_in", "0.04")
        (row,) = home.published[-1].export_rows
        assert row.per_kwh == 0.04
        assert row.start <= dt_util.utcnow() < row.end
        assert len(home.published[-1].rows) == 1


# changes


def changed(entry_: MockConfigEntry, *parts: Any) -> MockConfigEntry:
    """Return the same home with other parts."""
    del entry_
    return entry(*parts)


async def test_only_what_was_changed_is_followed_anew(hass: HomeAssistant) -> None:
    async with Following(hass, meter_entity(GRID), car(soc_entity=SOC)) as home:
        before = dict(home.sources._open)
        await home.sources.async_follow(changed(home.entry, meter_entity(GRID, inverted=True), car(soc_entity=SOC)))
        after = dict(home.sources._open)
        assert after[f"car/{CAR}"] is before[f"car/{CAR}"]
        assert after["meter"] is not before["meter"]
        await home.says(GRID, "100", unit_of_measurement="W")
        assert home.powers == [-100.0]
        await home.sources.async_follow(changed(home.entry))
        told: Sequence[Fact] = list(home.told)
        await home.says(GRID, "200", unit_of_measurement="W")
        assert home.told == told
        assert home.sources.details()["following"] == ["sun"]
