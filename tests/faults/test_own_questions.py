"""What we ask is not answered, answered twice, wrongly or late: it ends in time, and the next question is asked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import json
from typing import Any

import pytest

from custom_components.mobilize_flex.core.model.commands import (
    AskToSend,
    ClearPower,
    ReadInventory,
    ReadVariables,
    StationCommand,
    Trigger,
    Variable,
)
from custom_components.mobilize_flex.core.model.facts import CommandAccepted, CommandRefused, CommandUnanswered
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.link import Link
from custom_components.mobilize_flex.core.ocpp.request import QUEUE_PATIENCE_S, TIMEOUTS_S
from tests.days.pure_home import contract

VERSIONS = (Version.V21, Version.V201)
NEXT_S = 35.0
LONGEST_S = max(TIMEOUTS_S.values()) + 1.0
BEGAN = datetime(2026, 11, 24, 17, tzinfo=UTC)
COMMANDS: dict[str, Callable[[int], StationCommand]] = {
    "a question": lambda n: AskToSend(id=n, station="S", what=Trigger.HEARTBEAT),
    "variables": lambda n: ReadVariables(id=n, station="S", variables=(Variable("EVSE", "Power"),)),
    "the inventory": lambda n: ReadInventory(id=n, station="S", request_id=n),
    "an order of power": lambda n: ClearPower(id=n, station="S", evse=1),
}
VERDICTS = (CommandAccepted, CommandRefused, CommandUnanswered)


class Talk:
    """Our side of a talk with a station that answers as it likes."""

    def __init__(self, version: Version) -> None:
        self.link = Link("S", 1, version, contract(), "q-")
        self.seconds = 0.0
        self.verdicts: list[Any] = []

    @property
    def now(self) -> Moment:
        return Moment(BEGAN + timedelta(seconds=self.seconds), self.seconds)

    def ask(self, command: StationCommand) -> None:
        self._take(self.link.command(command, self.now))

    def questions(self) -> list[list[Any]]:
        """Return what was asked since the last time."""
        return [frame for frame in map(json.loads, self.link.outgoing()) if frame[0] == 2]

    def hear(self, *frame: Any) -> None:
        self._take(self.link.receive(json.dumps(frame), self.now))

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds * 2)):
            self.seconds += 0.5
            self._take(self.link.due(self.now))

    def of(self, number: int) -> list[type]:
        return [type(verdict) for verdict in self.verdicts if verdict.id == number]

    def next_works(self, number: int, began_s: float) -> None:
        """Hold that another question is asked in time, and that its answer counts as its own."""
        self.ask(COMMANDS["a question"](number))
        while not (asked := self.questions()):
            assert self.seconds - began_s < NEXT_S
            self.wait(0.5)
        assert self.seconds - began_s <= NEXT_S
        ((_, name, action, _),) = asked
        assert action == "TriggerMessage"
        self.hear(3, name, {"status": "Accepted"})
        assert self.of(number) == [CommandAccepted]

    def _take(self, events: Any) -> None:
        self.verdicts += [event for event in events if isinstance(event, VERDICTS)]


@pytest.fixture(params=VERSIONS)
def talk(request: pytest.FixtureRequest) -> Talk:
    return Talk(request.param)


@pytest.fixture(params=COMMANDS)
def command(request: pytest.FixtureRequest) -> Callable[[int], StationCommand]:
    return COMMANDS[request.param]


def test_row_23_never_answered(talk: Talk, command: Callable[[int], StationCommand]) -> None:
    talk.ask(command(1))
    assert len(talk.questions()) == 1
    talk.wait(LONGEST_S)
    assert talk.of(1) == [CommandUnanswered]
    talk.next_works(2, LONGEST_S)
    assert talk.seconds - LONGEST_S <= 1.0


def test_row_23_asked_behind_one_that_is_never_answered(talk: Talk, command: Callable[[int], StationCommand]) -> None:
    talk.ask(command(1))
    assert len(talk.questions()) == 1
    talk.next_works(2, 0.0)
    talk.wait(LONGEST_S)
    assert talk.of(1) == [CommandUnanswered]


def test_row_23_answered_twice(talk: Talk, command: Callable[[int], StationCommand]) -> None:
    talk.ask(command(1))
    ((_, name, *_),) = talk.questions()
    talk.hear(4, name, "NotSupported", "", {})
    talk.ask(COMMANDS["variables"](2))
    for frame in ((3, name, {"status": "Accepted"}), (4, name, "InternalError", "", {}), (3, name, {})):
        talk.hear(*frame)
    assert (talk.of(1), talk.of(2)) == ([CommandRefused], [])
    ((_, name, action, _),) = talk.questions()
    assert action == "GetVariables"
    talk.hear(4, name, "InternalError", "", {})
    talk.hear(4, name, "InternalError", "", {})
    assert talk.of(2) == [CommandRefused]
    talk.next_works(3, 0.0)


WRONG: dict[str, Callable[[str], list[Any]]] = {
    "a list": lambda name: [3, name, []],
    "nothing": lambda name: [3, name],
    "null": lambda name: [3, name, None],
    "a word nobody knows": lambda name: [3, name, {"status": "Perhaps"}],
    "a number for a word": lambda name: [3, name, {"status": 5}],
    "another's answer": lambda name: [3, name, {"currentTime": "2026-11-24T17:00:00Z"}],
    "an error nobody knows": lambda name: [4, name, "Oops", "", {}],
    "an error without its parts": lambda name: [4, name],
    "an error of wrong parts": lambda name: [4, name, 5, None, []],
    "another name": lambda name: [3, name + "x", {"status": "Accepted"}],
    "a question of the same name": lambda name: [2, name, "Heartbeat", {}],
    "a kind of message that is none": lambda name: [9, name, {}],
}


@pytest.mark.parametrize("wrong", WRONG)
def test_row_23_answered_wrongly(talk: Talk, command: Callable[[int], StationCommand], wrong: str) -> None:
    talk.ask(command(1))
    ((_, name, *_),) = talk.questions()
    talk.hear(*WRONG[wrong](name))
    talk.next_works(2, 0.0)
    talk.wait(LONGEST_S)
    assert len(talk.of(1)) == 1


def test_row_23_answered_late(talk: Talk, command: Callable[[int], StationCommand]) -> None:
    talk.ask(command(1))
    ((_, name, *_),) = talk.questions()
    talk.wait(LONGEST_S)
    talk.ask(COMMANDS["variables"](2))
    assert len(talk.questions()) == 1
    talk.hear(3, name, {"status": "Accepted"})
    assert (talk.of(1), talk.of(2)) == ([CommandUnanswered], [])
    talk.wait(NEXT_S)
    talk.next_works(3, talk.seconds)


def test_row_23_a_queue_behind_a_mute_station_is_no_queue_for_ever(talk: Talk) -> None:
    for number in range(1, 41):
        talk.ask(list(COMMANDS.values())[number % len(COMMANDS)](number))
    talk.wait(QUEUE_PATIENCE_S + LONGEST_S)
    assert all(len(talk.of(number)) == 1 for number in range(1, 41))
    talk.questions()
    talk.next_works(99, talk.seconds)


def test_row_23_an_order_of_power_does_not_wait_behind_a_mute_question(talk: Talk) -> None:
    talk.ask(COMMANDS["the inventory"](1))
    talk.questions()
    talk.ask(COMMANDS["an order of power"](2))
    talk.wait(6.0)
    ((_, name, action, _),) = talk.questions()
    assert action == "ClearChargingProfile"
    talk.hear(3, name, {"status": "Accepted"})
    assert talk.of(2) == [CommandAccepted]
