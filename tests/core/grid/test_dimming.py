"""What stays guaranteed while the grid operator holds the home down."""

from datetime import UTC, datetime

import pytest

from custom_components.mobilize_flex.core.grid.dimming import Demand, demand, feed_in_share, guaranteed_w
from custom_components.mobilize_flex.core.model.config import SiteConfig
from custom_components.mobilize_flex.core.model.dimming import (
    Contact,
    Dimming,
    DimmingConfig,
    DimmingRecord,
    Draw,
    OthersMeasured,
)
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.state import SiteState

NOW = Moment(datetime(2026, 11, 22, 18, 0, tzinfo=UTC), 1000.0)


@pytest.mark.parametrize(
    ("devices", "watts"),
    [(1, 4200), (2, 7560), (3, 10500), (4, 13020), (5, 15120), (6, 16800), (7, 18060), (8, 18900), (9, 19320)],
)
def test_the_law_gives_several_devices_less_than_the_sum(devices: int, watts: float) -> None:
    assert DimmingConfig(devices=devices).minimum_w == pytest.approx(watts)


def test_from_nine_devices_on_each_adds_the_same() -> None:
    assert DimmingConfig(devices=12).minimum_w == pytest.approx(4200 + 11 * 0.45 * 4200)


def test_a_large_heat_pump_counts_with_its_share() -> None:
    assert DimmingConfig(devices=2, heating_w=20_000).minimum_w == pytest.approx(8000 + 0.8 * 4200)
    assert DimmingConfig(devices=2, heating_w=11_000).minimum_w == pytest.approx(7560)


def test_a_limit_that_was_agreed_stands_in_for_the_rule() -> None:
    assert DimmingConfig(devices=3, limit_w=5000.0).minimum_w == 5000.0


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        ((), Demand()),
        (((Contact.DIM, False),), Demand()),
        (((Contact.DIM, True),), Demand(Draw.DIMMED)),
        (((Contact.DIM, None),), Demand(Draw.DIMMED, unsure=True)),
        (((Contact.DIM, True), (Contact.STOP, True)), Demand(Draw.STOPPED)),
        (((Contact.DIM, True), (Contact.STOP, None)), Demand(Draw.STOPPED, unsure=True)),
        (((Contact.DIM, None), (Contact.STOP, True)), Demand(Draw.STOPPED)),
        (((Contact.DIM, True), (Contact.DIM, None)), Demand(Draw.DIMMED)),
        (((Contact.FEED_60, True), (Contact.FEED_30, False), (Contact.FEED_0, False)), Demand(feed_in_share=0.6)),
        (((Contact.FEED_60, True), (Contact.FEED_30, True)), Demand(feed_in_share=0.3)),
        (((Contact.FEED_0, None), (Contact.DIM, True)), Demand(Draw.DIMMED, 0.0, unsure=True)),
    ],
)
def test_the_strictest_contact_counts_and_a_silent_one_is_active(
    contacts: tuple[tuple[Contact, bool | None], ...], expected: Demand
) -> None:
    assert demand(contacts) == expected


def test_nothing_is_guaranteed_while_nobody_dims() -> None:
    state = SiteState(config=SiteConfig(name="Home"))
    assert guaranteed_w(state, NOW) is None
    assert feed_in_share(state) == 1.0


def test_what_the_open_record_says_is_guaranteed() -> None:
    record = DimmingRecord(started_at=NOW.utc, draw=Draw.DIMMED, limit_w=4200.0, feed_in_share=0.3)
    state = SiteState(config=SiteConfig(name="Home"), dimming=Dimming(record=record))
    assert guaranteed_w(state, NOW) == 4200.0
    assert feed_in_share(state) == 0.3


@pytest.mark.parametrize(("others_w", "left_w"), [(0.0, 7560.0), (2000.0, 5560.0), (9000.0, 0.0), (None, 3780.0)])
def test_of_a_shared_guarantee_the_stations_get_what_the_others_leave(others_w: float | None, left_w: float) -> None:
    config = SiteConfig(name="Home", dimming=DimmingConfig(devices=2, others_measured=True))
    record = DimmingRecord(started_at=NOW.utc, draw=Draw.DIMMED, limit_w=7560.0, devices=2)
    state = SiteState(config=config, dimming=Dimming(record=record, others_w=others_w))
    assert guaranteed_w(state, NOW) == left_w


def test_only_a_change_that_matters_is_news() -> None:
    known = OthersMeasured(2000.0)
    assert [OthersMeasured(w).differs(known) for w in (2000.0, 2049.0, 2050.0, None)] == [False, False, True, True]
    assert not OthersMeasured(None).differs(OthersMeasured(None))
