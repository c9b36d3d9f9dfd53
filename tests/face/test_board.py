"""Who looks at a part of the home is told of it, soon enough and not too often."""

from dataclasses import replace
from types import MappingProxyType

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.mobilize_flex.board import Board, bound_anew, moved, news
from custom_components.mobilize_flex.core.model.battery import Belief
from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig, StationConfig, VehicleConfig
from custom_components.mobilize_flex.core.model.electric import MeterReading, StationReadings
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import Envelope, MeterState, SiteState, StationState
from custom_components.mobilize_flex.core.model.wishes import Wishes

from .house import STATION, deciding, plan, with_evse

GARAGE = f"station/{STATION}"
NOW = Moment(dt_util.utcnow(), 1000.0)
STATE = SiteState(
    config=SiteConfig(
        name="Home",
        stations=(StationConfig(identity=STATION, name="Garage"),),
        vehicles=(VehicleConfig(key="r5", name="R5"),),
        meter=MeterConfig(key="m", name="Linky", kind="linky"),
    ),
    stations=MappingProxyType(
        {STATION: StationState(config=StationConfig(identity=STATION, name="Garage"), online=True)}
    ),
)


def told(after: SiteState, before: SiteState = STATE) -> dict[str, bool]:
    """Return the parts that are news, and whether each is urgent."""
    return dict(news(before, after, moved(before, after)))


def test_nothing_new_is_told_to_nobody() -> None:
    assert told(STATE) == {}


def test_a_figure_is_news_and_a_turn_is_urgent() -> None:
    assert told(with_evse(STATE, readings=StationReadings(power_w=3.0))) == {GARAGE: False}
    assert told(with_evse(STATE, decision=deciding(Reason.SUN))) == {GARAGE: True}
    assert told(with_evse(STATE, problems=frozenset({"Relay"}))) == {GARAGE: True}
    assert told(with_evse(STATE, online=False)) == {GARAGE: True}


def test_a_session_that_turns_is_news_of_the_home_too() -> None:
    assert told(with_evse(STATE, phase=Phase.HELD)) == {GARAGE: True, "site/site": False}
    assert told(with_evse(STATE, session="s")) == {GARAGE: False, "site/site": False, "vehicle/r5": False}


def test_a_state_of_charge_is_news_of_the_car_and_a_plan_of_the_home() -> None:
    assert told(with_evse(STATE, battery=Belief(soc_pct=3.0))) == {
        GARAGE: False,
        "vehicle/r5": False,
    }
    assert told(with_evse(STATE, plan=plan(0.0, start=NOW.utc))) == {GARAGE: False, "site/site": False}


def test_a_meter_that_speaks_is_news_and_one_that_is_lost_is_urgent() -> None:
    assert told(replace(STATE, meter=MeterState(reading=MeterReading(power_w=1.0)))) == {"meter/m": False}
    assert told(replace(STATE, meter=MeterState(lost="silent"))) == {"meter/m": True}


def test_what_the_owner_wants_is_seen_at_once() -> None:
    assert told(replace(STATE, wishes=Wishes(v2g=False))) == {"site/site": True}


class Looking:
    """Look when told, and say when to be told again."""

    def __init__(self, *waits: float | None) -> None:
        self.times = 0
        self._waits = list(waits)

    def __call__(self) -> float | None:
        """Look."""
        self.times += 1
        return self._waits.pop(0) if self._waits else None


async def later(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass."""
    freezer.tick(seconds)
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done()


async def test_a_flood_is_told_once_a_second_and_what_is_urgent_at_once(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    board = Board(hass.loop)
    looking = Looking()
    board.listen(GARAGE, looking)
    for _ in range(100):
        board.changed(GARAGE)
    await hass.async_block_till_done()
    assert looking.times == 1
    for _ in range(100):
        board.changed(GARAGE)
    await hass.async_block_till_done()
    assert looking.times == 1
    board.changed(GARAGE, urgent=True)
    await hass.async_block_till_done()
    assert looking.times == 2
    await later(hass, freezer, 5)
    assert looking.times == 2, "what was waiting was told with what was urgent"
    board.leave(GARAGE, looking)
    board.changed(GARAGE, urgent=True)
    board.changed("nobody looks at this")
    await hass.async_block_till_done()
    assert looking.times == 2
    board.close()


async def test_who_held_something_back_is_asked_again(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    board = Board(hass.loop)
    looking = Looking(8.0)
    board.listen(GARAGE, looking)
    board.changed(GARAGE)
    await hass.async_block_till_done()
    await later(hass, freezer, 3)
    assert looking.times == 1
    await later(hass, freezer, 6)
    assert looking.times == 2
    board.close()


async def test_after_the_end_nobody_is_told(hass: HomeAssistant) -> None:
    board = Board(hass.loop)
    looking = Looking(2.0)
    board.listen(GARAGE, looking)
    board.changed(GARAGE)
    board.close()
    board.changed(GARAGE, urgent=True)
    await hass.async_block_till_done()
    assert looking.times == 0


def test_a_limit_set_by_something_else_than_before_is_told_of() -> None:
    before = with_evse(STATE, envelope=Envelope(max_w=4000.0, max_because=Reason.SUBSCRIBED_POWER))
    assert list(bound_anew(moved(before, before))) == []
    lower = with_evse(STATE, envelope=Envelope(max_w=3000.0, max_because=Reason.SUBSCRIBED_POWER))
    assert list(bound_anew(moved(before, lower))) == []
    held = with_evse(STATE, envelope=Envelope(max_w=2000.0, max_because=Reason.ENWG14A))
    assert list(bound_anew(moved(before, held))) == [
        "Garage, EVSE 1: 2000 W (enwg14a) at most into the car, 0 W (meter_stale) out of it"
    ]
