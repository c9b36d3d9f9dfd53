"""The language of OCPP 2.1: that of 2.0.1, and the words for giving energy back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ..model.commands import (
    AllowTransfer,
    AnswerAuthorize,
    AnswerNeeds,
    AnswerPull,
    EndPriority,
    SetpointForm,
    SetPower,
    StationAnswer,
    StationCommand,
    TokenStatus,
)
from ..model.moment import Moment
from ..model.station import Version
from . import charging, courtesies, profiles, v201
from .dialect import Dialect, Reader
from .orders import agreement, common_calls, power_order, power_topic
from .outcomes import outcome
from .request import Priority, Request
from .wire import Payload

CALLS: Final[Mapping[str, Reader]] = {
    **v201.CALLS,
    "NotifyPriorityCharging": charging.priority_charging,
    "PullDynamicScheduleUpdate": charging.setpoint_pulled,
    "NotifyDERAlarm": charging.grid_alarm,
    "NotifyDERStartStop": courtesies.acknowledge,
    "ReportDERControl": courtesies.acknowledge,
    "NotifySettlement": courtesies.acknowledge,
    "VatNumberValidation": courtesies.vat_number,
    "OpenPeriodicEventStream": courtesies.REJECTED,
    "ClosePeriodicEventStream": courtesies.acknowledge,
    "GetCertificateChainStatus": courtesies.chain_status,
}
SENDS: Final[Mapping[str, Reader]] = {"NotifyPeriodicEventStream": courtesies.acknowledge}


def to_calls(command: StationCommand, now: Moment) -> tuple[Request, ...]:
    """Return the requests of a command."""
    match command:
        case SetPower(form=SetpointForm.UPDATE, idle=False):
            return (_update(command),)
        case SetPower(form=SetpointForm.DYNAMIC | SetpointForm.UPDATE | SetpointForm.ABSOLUTE):
            return (power_order(command, now),)  # an update cannot change the mode: idle is a profile of its own
        case EndPriority(transaction=transaction):
            return (_quick("UsePriorityCharging", {"transactionId": transaction, "activate": False}, None),)
        case AllowTransfer(transaction=transaction, phases=phases):
            allowed = v201.transfers(v2g=True, phases=phases)
            payload: Payload = {"transactionId": transaction, "allowedEnergyTransfer": allowed}
            return (_quick("NotifyAllowedEnergyTransfer", payload, None),)
        case _:
            return common_calls(command, now)


def to_answer(answer: StationAnswer, now: Moment) -> Payload:
    """Write an answer in 2.1's words."""
    match answer:
        case AnswerAuthorize(status=TokenStatus.ACCEPTED, v2g=True, phases=phases):
            return v201.to_answer(answer, now) | {"allowedEnergyTransfer": v201.transfers(v2g=True, phases=phases)}
        case AnswerNeeds(profile_follows=False):
            return {"status": "NoChargingProfile"}
        case AnswerPull(power_w=None):
            return {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidProfile"}}
        case AnswerPull(power_w=float() | int() as power_w):
            return {"status": "Accepted", "scheduleUpdate": {"setpoint": profiles.watts(power_w)}}
        case _:
            return v201.to_answer(answer, now)


def _update(command: SetPower) -> Request:
    payload: Payload = {
        "chargingProfileId": profiles.order_id(command.evse),
        "scheduleUpdate": {"setpoint": profiles.setpoint(command)},
    }
    return replace(
        _quick("UpdateDynamicSchedule", payload, power_topic(command.evse) + "update/"), behind=agreement(command)
    )


def _quick(action: str, payload: Payload, topic: str | None) -> Request:
    return Request(action=action, payload=payload, priority=Priority.CONTROL, topic=topic)


DIALECT: Final = Dialect(
    version=Version.V21, calls=CALLS, sends=SENDS, to_calls=to_calls, to_answer=to_answer, outcome=outcome
)
