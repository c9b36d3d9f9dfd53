"""Two cars beside one house: it is covered once, not twice."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from custom_components.mobilize_flex.core.model.delivery import Delivery
from custom_components.mobilize_flex.core.model.electric import StationReadings
from custom_components.mobilize_flex.core.model.reasons import Reason, Why
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import Decision, EvseState
from custom_components.mobilize_flex.core.site.draft import Draft
from custom_components.mobilize_flex.core.site.rounds import situation_of
from custom_components.mobilize_flex.core.site.turns import taken_before_w
from tests.core.site.test_step import Home


def two_cars(power_w: float, reason: Reason = Reason.HIGH_PRICE, **first: object) -> Home:
    """Return a home whose first car moves so much, with a second one in V2G on the same station."""
    home = Home()
    home.plug_in()
    home.keep_alive(30, house_w=2500.0)
    station = home.state.stations["ST1"]
    decision = Decision(power_w=power_w, wished_w=power_w, why=Why(reason), planned=True)
    one = replace(station.evses[1], phase=Phase.V2G, decision=decision, **first)  # type: ignore[arg-type]
    two = EvseState(evse=2, phase=Phase.V2G, session="ST1/two", envelope=one.envelope)
    both = replace(station, evses=MappingProxyType({1: one, 2: two}))
    session = next(iter(home.state.sessions.values()))
    sessions = {**home.state.sessions, "ST1/two": replace(session, key="ST1/two", evse=2)}
    home.state = replace(home.state, stations=MappingProxyType({"ST1": both}), sessions=MappingProxyType(sessions))
    return home


def left_w(home: Home, evse: int) -> float:
    house_w = situation_of(Draft(home.state, home.now), "ST1", evse).house_w
    assert house_w is not None
    return house_w


def test_the_second_car_covers_what_the_first_leaves() -> None:
    home = two_cars(-1500.0)
    house_w = home.state.meter.house_w
    assert house_w is not None
    assert left_w(home, 1) == pytest.approx(house_w)
    assert left_w(home, 2) == pytest.approx(house_w - 1500.0)


def test_the_second_car_takes_the_sun_the_first_leaves() -> None:
    assert taken_before_w(two_cars(3000.0, Reason.SUN).state, "ST1", 2) == 3000.0


def test_a_cheap_charge_of_the_first_car_is_no_sun_taken() -> None:
    assert taken_before_w(two_cars(3000.0, Reason.CHEAP_PRICE).state, "ST1", 2) == 0.0


def test_a_first_car_that_does_not_follow_leaves_the_house_to_the_second() -> None:
    home = two_cars(-1500.0, delivery=Delivery(following=False), readings=StationReadings(power_w=-100.0))
    assert taken_before_w(home.state, "ST1", 2) == -100.0
