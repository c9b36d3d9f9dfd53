"""A station that keeps small numbers for profiles of others: ours bear higher ones there, and are known again."""

from datetime import UTC, datetime
import json
from typing import Any

import pytest

from custom_components.mobilize_flex.core.model.commands import (
    ClearPower,
    InstallLimits,
    ReadProfiles,
    SetpointForm,
    SetPower,
    StationCommand,
)
from custom_components.mobilize_flex.core.model.facts import CommandRefused, ProfilesReported, SetpointPulled
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.link import Link
from custom_components.mobilize_flex.core.ocpp.mending import is_intact, orders
from custom_components.mobilize_flex.core.ocpp.schema import Contract

NOW = Moment(datetime(2026, 11, 22, 18, 0, tzinfo=UTC), 1000.0)
NO = {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidProfileId"}}
LIMITS = InstallLimits(id=1, station="S1", max_w=7360.0, fallback_w=3680.0, phases=1)


def order(number: int, form: SetpointForm = SetpointForm.DYNAMIC) -> SetPower:
    return SetPower(
        id=number, station="S1", evse=1, transaction="t", power_w=-800.0, form=form, phases=1, expires_s=180
    )


class Wall:
    """A station that takes profiles from a number on."""

    def __init__(self, contract: Contract, first: int) -> None:
        self.link = Link("S1", 1, Version.V21, contract, "p-")
        self.first = first
        self.held: dict[int, Any] = {}
        self.facts: list[Any] = []

    def hear(self, command: StationCommand) -> list[Any]:
        """Give a command; return what reached the station."""
        heard = []
        self.facts = list(self.link.command(command, NOW))
        while texts := self.link.outgoing():
            for _, message_id, action, payload in map(json.loads, texts):
                heard.append(payload)
                self.facts += self.link.receive(json.dumps([3, message_id, self.answer(action, payload)]), NOW)
        return heard

    def answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        if action != "SetChargingProfile":
            return {"status": "Accepted"}
        number = payload["chargingProfile"]["id"]
        if number < self.first:
            return NO
        self.held[number] = payload
        return {"status": "Accepted"}

    def say(self, action: str, payload: dict[str, Any]) -> list[Any]:
        return list(self.link.receive(json.dumps([2, action, action, payload]), NOW))


@pytest.mark.parametrize(("first", "tries"), [(0, 1), (100, 1), (5000, 2), (2_000_000, 3)])
def test_after_a_refusal_of_its_number_an_order_bears_a_higher_one(contract: Contract, first: int, tries: int) -> None:
    wall = Wall(contract, first)
    for number in range(1, tries + 1):
        wall.hear(order(number))
        assert isinstance(wall.facts[-1], CommandRefused) is (number < tries)
    (there,) = wall.held
    assert there >= first
    (update,) = wall.hear(order(9, SetpointForm.UPDATE))
    assert update["chargingProfileId"] == there
    assert wall.hear(ClearPower(id=10, station="S1", evse=1)) == [{"chargingProfileId": there}]
    pulled = wall.say("PullDynamicScheduleUpdate", {"chargingProfileId": there})
    assert [fact.profile_id for fact in pulled if isinstance(fact, SetpointPulled)] == [200]


def test_both_lasting_limits_go_up_by_one_step_and_are_known_again(contract: Contract) -> None:
    wall = Wall(contract, 5000)
    wall.hear(LIMITS)
    wall.hear(LIMITS)
    assert sorted(wall.held) == [1_000_100, 1_000_110]
    wall.hear(order(3))
    wall.hear(ReadProfiles(id=4, station="S1", request_id=4))
    found: list[Any] = []
    for payload in wall.held.values():
        told = {"requestId": 4, "chargingLimitSource": "CSO", "evseId": payload["evseId"]}
        found += wall.say("ReportChargingProfiles", told | {"chargingProfile": [payload["chargingProfile"]]})
        wall.link.outgoing()
    profiles = [p for fact in found if isinstance(fact, ProfilesReported) for p in fact.profiles]
    assert is_intact(profiles, LIMITS)
    assert orders(profiles) == {1}


def test_a_number_a_person_gives_is_nobody_elses_business(contract: Contract) -> None:
    wall = Wall(contract, 5000)
    wall.hear(order(1))
    wall.link.question("ClearChargingProfile", {"chargingProfileId": 200}, 30.0, NOW)
    (raw,) = wall.link.outgoing()
    assert json.loads(raw)[3] == {"chargingProfileId": 200}
