"""What a station keeps for the time we are silent, while the grid operator holds the home down."""

from dataclasses import replace

import pytest

from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.commands import InstallLimits
from custom_components.mobilize_flex.core.model.dimming import Contact, ContactsRead, DimmingConfig

from .test_welcome import Garage

DIM, FREE, UNREADABLE = (ContactsRead(((Contact.DIM, active),)) for active in (True, False, None))
STOP = ContactsRead(((Contact.STOP, True),))
MINUTE_S = 60


def met(*, fallback_a: float = 16.0, **dimming: object) -> Garage:
    """Return a home whose three-phase station took its lasting limits."""
    home = Garage(phases=3, fallback_a=fallback_a)
    config = replace(home.state.config, phases=3, dimming=DimmingConfig(**dimming))  # type: ignore[arg-type]
    home.tell(f.SiteConfigured(config))
    home.connect()
    home.boot()
    live(home, 5)
    return home


def live(home: Garage, seconds: int) -> None:
    """Let time pass at a station that takes what is written."""
    for _ in range(seconds):
        home.accept_all()
        home.tell(f.Ticked(), 1)


def written_w(home: Garage) -> list[float]:
    return [round(command.fallback_w) for command in home.of(InstallLimits)]


def test_a_station_falls_back_to_no_more_than_is_guaranteed() -> None:
    home = met()
    home.tell(DIM)
    live(home, 5)
    assert written_w(home) == [11_040, 4_200]


def test_a_fallback_within_what_is_guaranteed_is_left_alone() -> None:
    home = met(fallback_a=6.0)
    home.tell(DIM)
    live(home, 5)
    home.tell(FREE)
    live(home, 20 * MINUTE_S)
    assert written_w(home) == [4_140]


def test_the_old_fallback_comes_back_once_the_contacts_have_been_quiet() -> None:
    home = met()
    home.tell(DIM)
    live(home, 5)
    home.tell(FREE)
    live(home, 14 * MINUTE_S)
    assert written_w(home) == [11_040, 4_200]
    live(home, 2 * MINUTE_S)
    assert written_w(home) == [11_040, 4_200, 11_040]


def test_contacts_that_flap_do_not_wear_the_stations_flash() -> None:
    home = met()
    for _ in range(60):
        home.tell(DIM)
        live(home, 30)
        home.tell(FREE)
        live(home, 30)
    assert written_w(home) == [11_040, 4_200]


@pytest.mark.parametrize(("minutes", "written"), [(4, [11_040]), (6, [11_040, 4_200])])
def test_contacts_nobody_can_read_count_only_after_a_while(minutes: int, written: list[float]) -> None:
    home = met()
    home.tell(UNREADABLE)
    live(home, minutes * MINUTE_S)
    assert written_w(home) == written


def test_a_car_can_still_charge_when_we_fall_silent_during_a_stop() -> None:
    home = met()
    home.tell(STOP)
    live(home, 5)
    assert written_w(home) == [11_040, 4_140]


def test_of_a_guarantee_shared_with_others_a_station_falls_back_to_its_share() -> None:
    home = met(devices=3)
    home.tell(DIM)
    live(home, 5)
    assert written_w(home) == [11_040, 4_140]


def test_a_restart_writes_what_was_missed() -> None:
    home = met()
    home.tell(DIM)
    live(home, 5)
    again = Garage(home.station.memory, phases=3, fallback_a=16.0)
    again.connect(link=2)
    again.wait(3)
    assert written_w(again) == [11_040]
