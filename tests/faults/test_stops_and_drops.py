"""Home Assistant stops for a while, or the line does: the session goes on as the same, and no watt-hour is lost."""

from datetime import timedelta
from pathlib import Path

import pytest

from .lives import (
    NOTHING_LOST_WH,
    asked,
    come_back,
    evening_of,
    leave,
    losing,
    nothing_is_lost,
    sessions,
    stop,
    wait_for_the_station,
)

PROTOCOLS = ("ocpp2.1", "ocpp2.0.1")
AWAY_S = (1, 2, 5, 20, 60, 185, 600, 1800, 3600, 7200)
DROPPED_S = (1, 3, 10, 45, 120, 600, 3600, 10_800, 28_800, 43_200)
RESENT = timedelta(seconds=60)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("away_s", AWAY_S)
def test_row_1_a_clean_stop_in_the_middle_of_a_session(protocol: str, away_s: int, tmp_path: Path) -> None:
    home = evening_of(protocol)
    (before,) = sessions(home)
    stop(home)
    home.run(away_s, step_s=min(30, away_s), alive=False)
    come_back(home, tmp_path / "home.db")
    assert sessions(home)[0].key == before.key
    home.dial_in()
    redial = home.now.utc
    home.run(RESENT.total_seconds())
    orders = asked(home, redial, ("SetChargingProfile",))
    assert any(e.payload["chargingProfile"]["chargingProfilePurpose"] == "TxProfile" for e in orders)
    assert home.looks[-1].evse.plan is not None
    home.run(900)
    leave(home)
    (after,) = sessions(home)
    assert (after.key, after.started_at) == (before.key, before.started_at)
    assert after.ended_at is not None
    nothing_is_lost(home)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("number", "dropped_s"), enumerate(DROPPED_S))
def test_row_5_a_line_that_drops_in_the_middle_of_a_session(protocol: str, number: int, dropped_s: int) -> None:
    home = evening_of(protocol)
    if number % 3:  # at first the line only seems to be there: what is said on it gets lost, or its answers do
        home.day.answer_with(losing(home, heard=number % 3 == 1), protocol)
        home.run(60, alive=False)
    home.cut_line()
    assert not home.state.stations[home.identity].online  # type: ignore[attr-defined]
    home.run(dropped_s, step_s=min(30, dropped_s))
    home.dial_in()
    redial = home.now.utc
    home.run(60)
    assert home.state.stations[home.identity].online  # type: ignore[attr-defined]
    assert asked(home, redial)
    assert home.home.snapshot().undelivered == 0
    leave(home)
    nothing_is_lost(home)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("queue", ["kept", "lost"])
@pytest.mark.parametrize("offline_s", [0, 5, 60, 600, 3600])
def test_row_4_a_station_that_starts_anew_in_the_middle_of_a_session(protocol: str, queue: str, offline_s: int) -> None:
    home = evening_of(protocol, 900)
    if offline_s:
        home.cut_line()
        home.run(offline_s, step_s=5)
    home.day.detach()
    home.home.reboot()
    if queue == "lost":
        home.home.station.conversation._letters.clear()
    wait_for_the_station(home)
    redial = home.now.utc
    home.run(600)
    for action in ("SetChargingProfile", "GetVariables", "TriggerMessage", "GetTransactionStatus", "GetBaseReport"):
        assert len(asked(home, redial, (action,))) <= 12, action
    leave(home)
    first, second = sessions(home)
    assert first.ended_at is not None
    assert first.ended_at <= second.started_at
    assert second.ended_at is not None
    if queue == "kept":
        nothing_is_lost(home)
        return
    world, evse = home.home.snapshot(), home.state.stations[home.identity].evses[1]  # type: ignore[attr-defined]
    assert sum(s.energy_in.wh for s in (first, second)) <= world.import_wh + NOTHING_LOST_WH
    assert evse.readings.import_wh == pytest.approx(world.import_wh, abs=NOTHING_LOST_WH)
