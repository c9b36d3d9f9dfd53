"""What the owner answered is what the controller knows."""

from dataclasses import replace
from datetime import UTC, time
from typing import Any

import pytest

from custom_components.mobilize_flex.configuration import (
    Access,
    Listening,
    MeterEntity,
    MeterLine,
    access_of,
    listening,
    meter_source,
    site_config,
    station_part,
)
from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig, StationConfig, VehicleConfig
from custom_components.mobilize_flex.core.model.contracts import Base, Contract, PeakOffPeak, Published, Window
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.model.wiring import Wiring
from custom_components.mobilize_flex.tariffs import PriceAction, PriceEntity, export_entity, price_source
from custom_components.mobilize_flex.vehicle_sources import CarEntities, car_entities
from tests.face.homes import BASE, LINKY, STATION, VEHICLE, home, part

NIGHT, NOON = Window(time(22, 30), time(6, 30)), Window(time(12, 0), time(14, 0))
PUBLISHED = {"unit": "per_kwh", "factor": 1.2, "surcharge": 0.05, "export_kind": "none"}
ENTITY = {"kind": "published_entity", "entity_id": "sensor.prices", "attributes": ["today", "tomorrow"], **PUBLISHED}
ACTION = {"kind": "published_action", "action": "nordpool.get_prices_for_date", "action_data": {"areas": "FR"}}


def test_a_home_without_parts() -> None:
    assert site_config(home(v2g_consent=True, feed_in_w=3000.0), UTC) == SiteConfig(
        name="Home", zone=UTC, phases=1, breaker_a=45.0, subscribed_kva=9.0, feed_in_w=3000.0, v2g_consent=True
    )
    assert listening(home()) == Listening(host="127.0.0.1", port=9000, security="plain")


@pytest.mark.parametrize(("phases", "kva", "breaker_a"), [(1, 6.9, 30.0), (3, 36.0, 36_000 / 230 / 3)])
def test_a_breaker_nobody_named_follows_from_the_subscribed_power(phases: int, kva: float, breaker_a: float) -> None:
    config = site_config(home(phases=phases, breaker_a=None, subscribed_kva=kva), UTC)
    assert (config.breaker_a, config.subscribed_kva) == (pytest.approx(breaker_a), kva)


def test_a_breaker_alone_will_do() -> None:
    assert site_config(home(subscribed_kva=None), UTC).subscribed_kva is None


def test_a_home_with_all_its_parts() -> None:
    entry = home(
        part("station", STATION, "FLEX-1", key="s1", name="Garage"),
        part("vehicle", {**VEHICLE, "evccid": "0A1B2C3D4E5F", "soc_entity": "sensor.r5"}, key="v1", name="R5"),
        part("meter", LINKY, "meter:house", key="m1", name="Linky"),
        part("tariff", BASE, "tariff:contract"),
    )
    config = site_config(entry, UTC)
    assert config.stations == (StationConfig(identity="FLEX-1", name="Garage", phases=1, selector_a=32, fallback_a=16),)
    assert config.vehicles == (
        VehicleConfig(
            key="v1", name="R5", max_discharge_w=10_000, charge_efficiency=0.9, discharge_efficiency=0.88,
            evccid="0A1B2C3D4E5F",
        ),
    )  # fmt: skip
    assert config.meter == MeterConfig(key="m1", name="Linky", kind="linky", period_s=2.0)
    assert config.contract == Base(import_per_kwh=0.2)
    station = station_part(entry, "FLEX-1")
    assert station is not None
    assert access_of(station) == Access(user="FLEX-1", seals=("sealed",), versions=(Version.V21, Version.V201))
    assert car_entities(entry) == (CarEntities("v1", "sensor.r5", None),)


@pytest.mark.parametrize(("position", "amps"), [("25", 25), ("8", 8), ("X", 8), ("Y", 8), ("Z", 8)])
def test_the_current_selector_says_what_the_guide_says(position: str, amps: float) -> None:
    (station,) = site_config(home(part("station", {**STATION, "selector": position}, "FLEX-1")), UTC).stations
    assert station.selector_a == amps


def test_a_station_for_badges() -> None:
    badges = {**STATION, "phases": 3, "access": "badges"}
    (station,) = site_config(home(part("station", badges, "FLEX-1"), phases=3), UTC).stations
    assert (station.open_access, station.phases) == (False, 3)


def test_where_the_meter_is_read() -> None:
    entity = {"kind": "entity", "entity_id": "sensor.grid", "inverted": True}
    assert meter_source(home()) is None
    assert meter_source(home(part("meter", LINKY))) == MeterLine("socket://127.0.0.1:7000")
    assert meter_source(home(part("meter", entity))) == MeterEntity(power="sensor.grid", wiring=Wiring(inverted=True))
    meter = site_config(home(part("meter", entity)), UTC).meter
    assert meter is not None
    assert meter.wiring == Wiring(inverted=True)
    meter = site_config(home(part("meter", entity)), UTC).meter
    assert meter is not None
    assert (meter.kind, meter.period_s) == ("entity", 10.0)


@pytest.mark.parametrize(
    ("data", "contract"),
    [
        ({**BASE, "export_kind": "fixed", "export_price": 0.1}, Base(import_per_kwh=0.2, export_per_kwh=0.1)),
        (
            {
                "kind": "peak_off_peak", "peak_price": 0.27, "off_peak_price": 0.2, "export_kind": "none",
                "off_peak_windows": [["22:30", "06:30"], ["12:00", "14:00"]], "summer_off_peak_windows": [],
            },
            PeakOffPeak(peak_per_kwh=0.27, off_peak_per_kwh=0.2, off_peak=(NIGHT, NOON)),
        ),
        (
            {
                "kind": "peak_off_peak", "peak_price": 0.27, "off_peak_price": 0.2, "export_kind": "fixed",
                "export_price": 0.04, "off_peak_windows": [["22:30", "06:30"]],
                "summer_off_peak_windows": [["12:00", "14:00"]],
            },
            PeakOffPeak(
                peak_per_kwh=0.27, off_peak_per_kwh=0.2, off_peak=(NIGHT,), summer_off_peak=(NOON,), export_per_kwh=0.04
            ),
        ),
        (ENTITY, Published(factor=1.2, surcharge_per_kwh=0.05)),
        ({**ENTITY, "unit": "per_mwh"}, Published(factor=0.0012, surcharge_per_kwh=0.05)),
        (
            {**ENTITY, "export_kind": "entity", "export_entity": "sensor.sell"},
            Published(factor=1.2, surcharge_per_kwh=0.05, export_per_kwh=None),
        ),
    ],
)  # fmt: skip
def test_contracts(data: dict[str, Any], contract: Contract) -> None:
    found = site_config(home(part("tariff", data)), UTC).contract
    if isinstance(found, Published) and isinstance(contract, Published):
        assert found.factor == pytest.approx(contract.factor)
        found = replace(found, factor=contract.factor)
    assert found == contract


def test_where_published_prices_come_from() -> None:
    action = {**ACTION, **PUBLISHED, "day_field": "date"}
    selling = {**ENTITY, "export_kind": "entity", "export_entity": "sensor.sell"}
    assert price_source(home()) is None
    assert price_source(home(part("tariff", BASE))) is None
    assert price_source(home(part("tariff", ENTITY))) == PriceEntity("sensor.prices", ("today", "tomorrow"))
    assert price_source(home(part("tariff", action))) == PriceAction(ACTION["action"], {"areas": "FR"}, "date")
    assert price_source(home(part("tariff", {**ACTION, **PUBLISHED}))) == PriceAction(
        ACTION["action"], {"areas": "FR"}, None
    )
    assert export_entity(home()) is None
    assert export_entity(home(part("tariff", ENTITY))) is None
    assert export_entity(home(part("tariff", selling))) == "sensor.sell"


def test_an_imbalance_limit_and_a_priority_reach_load_management() -> None:
    garage = part("station", {**STATION, "priority": 3}, "FLEX-1", key="s1", name="Garage")
    config = site_config(home(garage, imbalance_w=4600.0), UTC)
    assert config.imbalance_w == 4600.0
    assert config.stations[0].priority == 3
