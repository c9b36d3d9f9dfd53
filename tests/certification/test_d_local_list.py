"""A station keeps the list of badges by itself, in step with ours."""

from typing import Any

import pytest

from .lab import Json, Lab, Station

LIST = {"access": "badges", "automatic": ["inventory", "local_list"]}


async def listing(lab: Lab, *tokens: str, has: int = 0, **more: Any) -> Station:
    """Open a home with badges and connect its station, which says which version of the list it has."""
    await lab.open(LIST)
    for token in tokens:
        await lab.note("set_token", token=token, kind="ISO14443")
    station = await lab.booted()
    await station.inventory(**more)
    assert await station.answer("GetLocalListVersion", {"versionNumber": has}) == {}
    return station


def tokens(asked: Json) -> list[str]:
    """Return the badges of a list."""
    return [row["idToken"]["idToken"] for row in asked["localAuthorizationList"]]


@pytest.mark.octt("D_01", "D_08", "D_09")
async def test_a_station_without_a_list_gets_the_whole_list(lab: Lab) -> None:
    station = await listing(lab, "CARD-1", "CARD-2", has=0)
    asked = await station.answer("SendLocalList", {"status": "Accepted"})
    assert (asked["updateType"], asked["versionNumber"]) == ("Full", 1)
    assert tokens(asked) == ["CARD-1", "CARD-2"]
    assert all(row["idTokenInfo"]["status"] == "Accepted" for row in asked["localAuthorizationList"])
    await lab.until(lambda: lab.state.badges.standing == "in_step")
    # and it can be asked for the number
    task = lab.act("call_station", action="GetLocalListVersion")
    await station.answer("GetLocalListVersion", {"versionNumber": 1})
    assert (await task)["response"] == {"versionNumber": 1}


@pytest.mark.octt("D_02")
async def test_a_list_too_long_for_a_message_goes_on_under_higher_numbers(lab: Lab) -> None:
    station = await listing(lab, "CARD-1", "CARD-2", "CARD-3", has=4, items=2)
    first = await station.answer("SendLocalList", {"status": "Accepted"})
    more = await station.answer("SendLocalList", {"status": "Accepted"})
    assert (first["updateType"], first["versionNumber"], tokens(first)) == ("Full", 5, ["CARD-1", "CARD-2"])
    assert (more["updateType"], more["versionNumber"], tokens(more)) == ("Differential", 6, ["CARD-3"])
    assert all("idTokenInfo" in row for row in more["localAuthorizationList"])
    await lab.until(lambda: lab.state.badges.standing == "in_step")
    assert lab.state.memory.list_version == 6


@pytest.mark.octt("D_03")
async def test_badges_are_struck_off_by_naming_them_alone(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    struck = [{"idToken": {"idToken": "CARD-2", "type": "ISO14443"}}]
    payload = {"versionNumber": 7, "updateType": "Differential", "localAuthorizationList": struck}
    task = lab.act("call_station", action="SendLocalList", payload=payload)
    assert await station.answer("SendLocalList", {"status": "Accepted"}) == payload
    assert (await task)["response"] == {"status": "Accepted"}


@pytest.mark.octt("D_04")
async def test_a_list_with_nobody_left_on_it_is_sent_empty(lab: Lab) -> None:
    station = await listing(lab, "CARD-1")
    await station.answer("SendLocalList", {"status": "Accepted"})
    await lab.until(lambda: lab.state.badges.standing == "in_step")
    await lab.note("remove_token", token="CARD-1")
    asked = await station.answer("SendLocalList", {"status": "Accepted"})
    assert asked == {"versionNumber": 2, "updateType": "Full"}
