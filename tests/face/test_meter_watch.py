"""What is wrong with the meter is said once, after a minute, and taken back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.mobilize_flex import const as c, meter_watch
from custom_components.mobilize_flex.core.meters.linky import LinkyFacts
from custom_components.mobilize_flex.core.meters.tic_group import TicMode
from custom_components.mobilize_flex.core.meters.tic_status import read_status
from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig, StationConfig
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.state import MeterState, SiteState, StationState
from custom_components.mobilize_flex.meter_watch import MeterWatch
from custom_components.mobilize_flex.problems import Problems
from tests.face.homes import LANGUAGES
from tests.face.house import entry, meter_entity, move_in, with_evse

START = Moment(datetime(2026, 11, 22, tzinfo=UTC), 100.0)
READ = MeterReading(power_w=900.0, current_a=(4.0, None, None))
HISTORIC = LinkyFacts(mode=TicMode.HISTORIC, cannot_show_injection=True)
CONSUMER = LinkyFacts(mode=TicMode.STANDARD, cannot_show_injection=True)
CUT = LinkyFacts(mode=TicMode.STANDARD, status=read_status("00020002"))
CUT_FROM_AFAR = LinkyFacts(mode=TicMode.STANDARD, status=read_status("00020008"))


class Watching:
    """A home whose meter is looked at."""

    def __init__(self, hass: HomeAssistant, kind: str = c.METER_LINKY, **meter: Any) -> None:
        self.hass = hass
        self.watch = MeterWatch(Problems(hass, entry()))
        self.now = START
        config = MeterConfig(key="m", name="Meter", kind=kind, **meter)
        self.state = SiteState(
            config=SiteConfig(name="Home", meter=config), meter=MeterState(reading=READ, at=START, lost=None)
        )

    def look(
        self, for_s: float, *, fresh: bool, lost: str | None = None, linky: LinkyFacts | None = None
    ) -> str | None:
        """Look every five seconds for a while; return what is shown then."""
        self.state = replace(self.state, meter=replace(self.state.meter, lost=lost))
        for _ in range(int(for_s / 5)):
            self.now = Moment(self.now.utc + timedelta(seconds=5), self.now.mono_s + 5)
            self.watch.look(self.state, linky, fresh, self.now)
        return self.shown()

    def shown(self) -> str | None:
        """Return the repair that is shown; there is never more than one."""
        issues = list(ir.async_get(self.hass).issues.values())
        assert len(issues) < 2
        return issues[0].translation_key if issues else None


def test_a_frozen_meter_is_named_so(hass: HomeAssistant) -> None:
    watching = Watching(hass)
    assert watching.look(70, fresh=False, lost="frozen") == "meter_frozen"
    assert watching.look(70, fresh=True) is None


def test_a_meter_that_speaks_needs_nothing(hass: HomeAssistant) -> None:
    assert Watching(hass).look(300, fresh=True, linky=LinkyFacts(mode=TicMode.STANDARD)) is None


@pytest.mark.parametrize("kind", ["linky", "p1", "modbus", "transformers", "entity"])
def test_a_silence_of_a_minute_is_told_and_goes_away_by_itself(hass: HomeAssistant, kind: str) -> None:
    home = Watching(hass, kind)
    assert home.look(55, fresh=False, lost="silent") is None
    assert home.look(10, fresh=False, lost="silent") == f"meter_silent_{kind}"
    assert home.look(55, fresh=True) == f"meter_silent_{kind}"
    assert home.look(10, fresh=True) is None


def test_a_meter_that_comes_and_goes_does_not_flap(hass: HomeAssistant) -> None:
    home = Watching(hass)
    shown = [home.look(20, fresh=fresh) for fresh in (False, True) * 6]
    assert set(shown) == {None}
    home.look(65, fresh=False)
    shown = [home.look(20, fresh=fresh) for fresh in (True, False) * 6]
    assert set(shown) == {"meter_silent_linky"}


@pytest.mark.parametrize(("kind", "lost"), [("linky", "wrong_speed"), ("p1", "garbage"), ("linky", "damaged")])
def test_garbage_is_told_even_while_other_speeds_are_tried(hass: HomeAssistant, kind: str, lost: str) -> None:
    home = Watching(hass, kind)
    for word in (lost, "silent") * 4:
        home.look(10, fresh=False, lost=word)
    assert home.shown() == f"meter_garbled_{kind}"


@pytest.mark.parametrize(("facts", "key"), [(HISTORIC, "linky_historic"), (CONSUMER, "linky_consumer")])
def test_a_linky_that_cannot_show_injection_says_what_to_ask_for(
    hass: HomeAssistant, facts: LinkyFacts, key: str
) -> None:
    home = Watching(hass)
    assert home.look(65, fresh=True, linky=facts) == key
    assert home.look(65, fresh=False, linky=facts) == "meter_silent_linky"
    assert home.look(65, fresh=True, linky=LinkyFacts(mode=TicMode.STANDARD)) is None


@pytest.mark.parametrize(("facts", "key"), [(CUT, "linky_cut_overpower"), (CUT_FROM_AFAR, "linky_cut")])
def test_a_linky_that_has_opened_its_breaker_says_so_and_why(hass: HomeAssistant, facts: LinkyFacts, key: str) -> None:
    home = Watching(hass)
    home.state = replace(home.state, config=replace(home.state.config, phases=3))
    home.state = replace(home.state, meter=replace(home.state.meter, reading=MeterReading()))
    assert home.look(65, fresh=True, linky=facts) == key
    home.state = replace(home.state, meter=replace(home.state.meter, reading=READ))
    assert home.look(65, fresh=True, linky=LinkyFacts(mode=TicMode.STANDARD)) is None


def test_a_home_on_three_phases_needs_a_meter_that_tells_them(hass: HomeAssistant) -> None:
    home = Watching(hass, "p1")
    home.state = replace(home.state, config=replace(home.state.config, phases=3))
    assert home.look(65, fresh=True) is None
    home.state = replace(home.state, meter=replace(home.state.meter, reading=MeterReading(power_w=900.0)))
    assert home.look(65, fresh=True) == "meter_no_phases"


def test_a_station_that_reads_the_meter_may_be_silent_until_a_car_comes(hass: HomeAssistant) -> None:
    home = Watching(hass, "station", station="FLEX-1")
    assert home.look(120, fresh=False) is None
    stations = {"FLEX-1": StationState(config=StationConfig(identity="FLEX-1", name="Garage"), online=True)}
    home.state = with_evse(replace(home.state, stations=stations), "FLEX-1", session="FLEX-1/t")
    assert home.look(65, fresh=False) == "meter_silent_station"


def test_a_meter_that_is_removed_takes_its_repair_along(hass: HomeAssistant) -> None:
    home = Watching(hass)
    home.look(65, fresh=False)
    home.state = replace(home.state, config=replace(home.state.config, meter=None))
    assert home.look(5, fresh=False) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_repair_has_its_words(language: str) -> None:
    silent = [f"meter_silent_{kind}" for kind in ("linky", "p1", "modbus", "transformers", "entity", "station")]
    others = ["meter_garbled_linky", "meter_garbled_p1", "linky_historic", "linky_consumer", "meter_no_phases"]
    others += ["linky_cut", "linky_cut_overpower"]
    for key in [*silent, *others]:
        words = LANGUAGES[language]["issues"][key]
        assert "{meter}" in words["title"]
        assert words["description"]


@pytest.mark.usefixtures("socket_enabled")
async def test_a_site_looks_after_its_meter(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter_watch, "HOLD_S", 0.0)
    await move_in(hass, meter_entity("sensor.gone"))
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=6))
    await hass.async_block_till_done()
    issues = {issue.translation_key: issue for issue in ir.async_get(hass).issues.values()}
    assert issues["meter_silent_entity"].translation_placeholders == {"site": "Home", "meter": "Meter"}
