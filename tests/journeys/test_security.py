"""A station is made safer step by step, and never lets itself be talked down again."""

import pytest

from custom_components.mobilize_flex.shell.station_connection import StationConnection

from .conftest import STATION_ID, Journey, free_port

pytestmark = pytest.mark.timeout(180)


def line(journey: Journey) -> StationConnection | None:
    server = journey.coordinator.server
    return None if server is None else server.connected.get(STATION_ID)


async def test_from_an_open_line_to_a_certificate(journey: Journey) -> None:
    journey.site = {"security": "both", "tls_port": free_port()}
    await journey.begin()
    await journey.until(lambda: line(journey) is not None)
    for profile in (2, 3):
        answer = await journey.act("upgrade_station_security", answer=True, station=STATION_ID)
        assert answer["security_profile"] == profile
        now = line(journey)
        assert now is not None
        assert now.profile == profile
    station = journey.coordinator.state.stations[STATION_ID]
    assert station.least_profile == 3
    await journey.until(lambda: journey.state("connected").state == "on", 10)


async def test_a_new_password_takes_the_place_of_the_old_one(journey: Journey) -> None:
    await journey.begin()
    await journey.until(lambda: journey.see().online)
    before = line(journey)
    await journey.act("set_station_password", answer=True, station=STATION_ID)
    await journey.until(lambda: line(journey) not in {None, before})
    await journey.hass.async_block_till_done()
    assert journey.entry is not None
    assert "sealed_secret_next" not in journey.entry.subentries["01STATION"].data
