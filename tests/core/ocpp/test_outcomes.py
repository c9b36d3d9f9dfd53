"""What a station says to a command becomes one verdict, and what it told along with it."""

import json

import pytest

from custom_components.mobilize_flex.core.model.commands import (
    AskSchedule,
    AskToSend,
    AskTransaction,
    ClearPower,
    EndPriority,
    InstallLimits,
    ReadInventory,
    ReadProfiles,
    ReadVariables,
    SetpointForm,
    SetPower,
    StationCommand,
    Trigger,
    Variable,
    WatchVariables,
    WriteVariables,
)
from custom_components.mobilize_flex.core.model.delivery import ScheduleTold
from custom_components.mobilize_flex.core.model.facts import (
    CommandAccepted,
    CommandRefused,
    CommandUnanswered,
    ProfilesReported,
    StationFact,
    VariablesReported,
)
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import VariableReport, Version
from custom_components.mobilize_flex.core.ocpp.conformance import Oddity
from custom_components.mobilize_flex.core.ocpp.dialect import Answer
from custom_components.mobilize_flex.core.ocpp.outcomes import outcome
from custom_components.mobilize_flex.core.ocpp.wire import Payload

from .conftest import NewLink

WHO = {"id": 9, "station": "S1"}
POWER = SetPower(**WHO, evse=1, transaction="t", power_w=1.0, form=SetpointForm.DYNAMIC, phases=1, expires_s=180)  # type: ignore[arg-type]
COLOUR = Variable("ChargingStatusIndicator", "Color", 1, 1)
COLOUR_ON_WIRE: Payload = {
    "component": {"name": "ChargingStatusIndicator", "evse": {"id": 1, "connectorId": 1}},
    "variable": {"name": "Color"},
}
READ = ReadVariables(**WHO, variables=(COLOUR,))  # type: ignore[arg-type]
WRITE = WriteVariables(**WHO, values=((COLOUR, "Green"),))  # type: ignore[arg-type]
TAKEN = VariablesReported(station="S1", rows=(VariableReport(variable=COLOUR, value="Green"),), written=True)
WATCH = WatchVariables(**WHO, variables=(COLOUR,))  # type: ignore[arg-type]


def accepted(detail: str | None = "Accepted", **more: object) -> CommandAccepted:
    return CommandAccepted(station="S1", id=9, detail=detail, **more)  # type: ignore[arg-type]


def refused(reason: str, text: str | None = None, *, supported: bool = True) -> CommandRefused:
    return CommandRefused(station="S1", id=9, reason=reason, text=text, supported=supported)


def period(**told: object) -> Payload:
    """Return what a station holds for now and later."""
    later = {"startPeriod": 30, "limit": 1.0}
    return {
        "status": "Accepted",
        "schedule": {
            "evseId": 1,
            "duration": 60,
            "scheduleStart": "2026-11-22T18:00:00Z",
            "chargingRateUnit": told.pop("unit", "W"),
            "chargingSchedulePeriod": [{"startPeriod": 0} | told, later],
        },
    }  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("answer", "power_w"),
    [
        (period(limit=1400.0), 1400.0),
        (period(operationMode="CentralSetpoint", setpoint=-2500.0), -2500.0),
        (period(operationMode="Idle"), 0.0),
        (period(unit="A", limit=6.0), 6.0 * 230.0),
        (period(unit="A", limit=6.0, numberPhases=3), 3 * 6.0 * 230.0),
        (period(limit=1e9), None),
        ({"status": "Accepted"}, None),
        ({"status": "Accepted", "schedule": {"chargingSchedulePeriod": []}}, None),
    ],
)
def test_what_a_station_says_it_does_now(answer: Payload, power_w: float | None) -> None:
    (told, verdict) = outcome(AskSchedule(**WHO, evse=1), Answer(answer))  # type: ignore[arg-type]
    assert told == ScheduleTold(station="S1", id=9, power_w=power_w)
    assert verdict == accepted()


@pytest.mark.parametrize(
    ("command", "payload", "facts"),
    [
        (POWER, {"status": "Accepted"}, (accepted(),)),
        (POWER, {"status": "Rejected"}, (refused("Rejected"),)),
        (
            POWER,
            {"status": "Rejected", "statusInfo": {"reasonCode": "RateLimitExceeded", "additionalInfo": "30"}},
            (refused("RateLimitExceeded", "30"),),
        ),
        (ClearPower(**WHO, evse=1), {"status": "Unknown"}, (accepted("Unknown"),)),  # type: ignore[arg-type]
        (EndPriority(**WHO, transaction="t"), {"status": "NoProfile"}, (refused("NoProfile"),)),  # type: ignore[arg-type]
        (
            AskToSend(**WHO, what=Trigger.BOOT),
            {"status": "NotImplemented"},
            (refused("NotImplemented", supported=False),),
        ),  # type: ignore[arg-type]
        (ReadInventory(**WHO, request_id=1), {"status": "NotSupported"}, (refused("NotSupported", supported=False),)),  # type: ignore[arg-type]
        (ReadInventory(**WHO, request_id=1), {"status": "EmptyResultSet"}, (accepted("EmptyResultSet"),)),  # type: ignore[arg-type]
        (
            AskTransaction(**WHO, transaction="tx"),  # type: ignore[arg-type]
            {"ongoingIndicator": False, "messagesInQueue": True},
            (accepted(None, ongoing=False, queued=True, transaction="tx"),),
        ),
        (
            AskTransaction(**WHO, transaction="tx"),  # type: ignore[arg-type]
            {"messagesInQueue": False},
            (accepted(None, queued=False, transaction="tx"),),
        ),
        (
            READ,
            {"getVariableResult": [COLOUR_ON_WIRE | {"attributeStatus": "Accepted", "attributeValue": "Green"}]},
            (VariablesReported(station="S1", rows=(VariableReport(variable=COLOUR, value="Green"),)), accepted()),
        ),
        # answers that say Accepted and mean nothing
        (READ, {"getVariableResult": [COLOUR_ON_WIRE | {"attributeStatus": "Accepted"}]}, (accepted(),)),
        (READ, {"getVariableResult": [COLOUR_ON_WIRE | {"attributeStatus": "UnknownVariable"}]}, (accepted(),)),
        (WRITE, {"setVariableResult": [COLOUR_ON_WIRE | {"attributeStatus": "Accepted"}]}, (TAKEN, accepted())),
        (
            WRITE,
            {"setVariableResult": [COLOUR_ON_WIRE | {"attributeStatus": "RebootRequired"}]},
            (TAKEN, accepted("RebootRequired")),
        ),
        (
            WRITE,
            {"setVariableResult": [COLOUR_ON_WIRE | {"attributeStatus": "Rejected"}]},
            (refused("Rejected", "ChargingStatusIndicator.Color"),),
        ),
        (
            WATCH,
            {
                "setMonitoringResult": [
                    COLOUR_ON_WIRE | {"status": status, "type": "Delta", "severity": 6}
                    for status in ("UnknownVariable", "Accepted")
                ]
            },
            (accepted(),),
        ),
        (
            WATCH,
            {"setMonitoringResult": [COLOUR_ON_WIRE | {"status": "UnknownVariable", "type": "Delta", "severity": 6}]},
            (refused("UnknownVariable"),),
        ),
        (
            ReadProfiles(**WHO, request_id=1),  # type: ignore[arg-type]
            {"status": "NoProfiles"},
            (ProfilesReported(station="S1", profiles=(), request_id=1), accepted("NoProfiles")),
        ),
    ],
)
def test_an_answer_is_a_verdict(
    new_link: NewLink, now: Moment, command: StationCommand, payload: Payload, facts: tuple[StationFact, ...]
) -> None:
    link = new_link(Version.V21)
    assert link.command(command, now) == ()
    assert link.receive(json.dumps([3, "p-1", payload]), now) == facts


@pytest.mark.parametrize(
    ("code", "supported"),
    [("NotSupported", False), ("NotImplemented", False), ("InternalError", True), ("SomethingElse", True)],
)
def test_an_error_is_a_refusal(new_link: NewLink, now: Moment, code: str, supported: bool) -> None:
    link = new_link(Version.V21)
    link.command(POWER, now)
    assert link.receive(json.dumps([4, "p-1", code, "why", {}]), now) == (refused(code, "why", supported=supported),)


@pytest.mark.parametrize(
    ("replies", "verdict"),
    [
        (({"status": "Accepted"}, {"status": "Accepted"}), accepted()),
        (({"status": "Rejected"}, {"status": "Accepted"}), refused("Rejected")),
        (({"status": "Accepted"}, {"status": "Rejected"}), refused("Rejected")),
        ((None, {"status": "Accepted"}), CommandUnanswered(station="S1", id=9)),
    ],
)
def test_a_command_of_two_messages_has_one_verdict(
    new_link: NewLink, now: Moment, replies: tuple[Payload | None, ...], verdict: StationFact
) -> None:
    link = new_link(Version.V201)
    events = list(link.command(InstallLimits(**WHO, max_w=7360.0, fallback_w=3680.0, phases=1), now))  # type: ignore[arg-type]
    for number, payload in enumerate(replies, start=1):
        assert events == []
        if payload is None:
            now = Moment(now.utc, now.mono_s + 16.0)
            events += link.due(now)
        else:
            events += link.receive(json.dumps([3, f"p-{number}", payload]), now)
    assert events == [verdict]
    assert len(link.outgoing()) == 2


def test_both_lasting_limits_are_tried_even_if_the_first_is_refused(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V21)
    link.command(InstallLimits(**WHO, max_w=7360.0, fallback_w=3680.0, phases=1), now)  # type: ignore[arg-type]
    link.receive('[4,"p-1","InternalError","",{}]', now)
    purposes = [json.loads(text)[3]["chargingProfile"]["chargingProfilePurpose"] for text in link.outgoing()]
    assert purposes == ["ChargingStationMaxProfile", "TxDefaultProfile"]


def test_what_portions_tell_comes_at_once_and_the_verdict_last(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V21)
    link.command(ReadVariables(**WHO, variables=(COLOUR, COLOUR), per_message=1), now)  # type: ignore[arg-type]
    told = {"getVariableResult": [COLOUR_ON_WIRE | {"attributeStatus": "Accepted", "attributeValue": "Green"}]}
    kinds = [[type(fact) for fact in link.receive(json.dumps([3, f"p-{n}", told]), now)] for n in (1, 2)]
    assert kinds == [[VariablesReported], [VariablesReported, CommandAccepted]]


def test_a_command_that_would_break_its_schema_is_refused_here(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V21)
    (verdict,) = link.command(EndPriority(**WHO, transaction="t" * 37), now)  # type: ignore[arg-type]
    assert isinstance(verdict, CommandRefused)
    assert (verdict.reason, verdict.supported) == ("SchemaError", True)
    assert link.outgoing() == []
    assert link.conformance.count(Oddity.OWN_ERROR) == 1


def test_an_answer_nobody_can_read_is_a_refusal_and_2_1_says_so(new_link: NewLink, now: Moment) -> None:
    for version, complaints in ((Version.V21, 1), (Version.V201, 0)):
        link = new_link(version)
        command = ClearPower(**WHO, evse=1)  # type: ignore[arg-type]
        link.command(command, now)
        link.outgoing()
        (verdict,) = link.receive('[3,"p-1",{"statusInfo":[]}]', now)
        assert isinstance(verdict, CommandRefused)
        assert [json.loads(text)[0] for text in link.outgoing()] == [5] * complaints
        assert link.conformance.count(Oddity.MALFORMED_ANSWER) == 1


def test_the_end_of_a_connection_is_silence_to_all_that_was_asked(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V21)
    link.command(POWER, now)
    link.command(InstallLimits(id=10, station="S1", max_w=1.0, fallback_w=1.0, phases=1), now)
    assert link.close() == (CommandUnanswered(station="S1", id=9), CommandUnanswered(station="S1", id=10))
    assert link.close() == ()
