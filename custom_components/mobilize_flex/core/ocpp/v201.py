"""The language of OCPP 2.0.1: every message a station may send, every order it can take."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ..model.commands import (
    AnswerAuthorize,
    AnswerBoot,
    AnswerCertificate,
    AnswerNeeds,
    AnswerPull,
    AnswerSchedule,
    AnswerTransaction,
    Decline,
    SetPower,
    StationAnswer,
    StationCommand,
    TokenStatus,
)
from ..model.driver import Route, RouteKind
from ..model.moment import Moment
from ..model.station import Version
from . import certificates, charging, courtesies, firmware, logs, provisioning, reports, transactions
from .authorization import authorization, token_words
from .dialect import Dialect, Reader
from .orders import common_calls, power_order
from .outcomes import outcome
from .request import Request
from .wire import Json, Payload, stamp

_AC_MODES: Final = ("AC_three_phase", "AC_single_phase")

CALLS: Final[Mapping[str, Reader]] = {
    # provisioning, availability, diagnostics
    "BootNotification": provisioning.boot_notification,
    "Heartbeat": provisioning.heartbeat,
    "StatusNotification": provisioning.status_notification,
    "NotifyEvent": provisioning.notify_event,
    "NotifyReport": provisioning.notify_report,
    "SecurityEventNotification": provisioning.security_event,
    "NotifyMonitoringReport": reports.monitors,
    "NotifyCustomerInformation": reports.customer_information,
    "NotifyDisplayMessages": reports.display_messages,
    "LogStatusNotification": logs.log_status,
    "FirmwareStatusNotification": firmware.firmware_status,
    "PublishFirmwareStatusNotification": courtesies.acknowledge,
    "ReservationStatusUpdate": provisioning.reservation_status,
    "DataTransfer": courtesies.UNKNOWN_VENDOR,
    # transactions
    "Authorize": transactions.authorize,
    "TransactionEvent": transactions.transaction_event,
    "MeterValues": transactions.meter_values,
    # smart charging
    "NotifyEVChargingNeeds": charging.charging_needs,
    "NotifyEVChargingSchedule": charging.charging_schedule,
    "NotifyChargingLimit": charging.charging_limit,
    "ClearedChargingLimit": charging.limit_cleared,
    "ReportChargingProfiles": charging.profiles_report,
    # certificates
    "SignCertificate": certificates.sign_certificate,
    "GetCertificateStatus": courtesies.FAILED,
    "Get15118EVCertificate": courtesies.NO_VEHICLE_CERTIFICATE,
}


def to_calls(command: StationCommand, now: Moment) -> tuple[Request, ...]:
    """Return the requests of a command; a station that wants words of 2.1 gets its order in them (F6)."""
    match command:
        case SetPower(route=Route(kind=RouteKind.HYBRID)):
            return (power_order(command, now),)
        case SetPower():
            return common_calls(replace(command, offline_s=None), now)
        case _:
            return common_calls(command, now)


def to_answer(answer: StationAnswer, now: Moment) -> Payload:
    """Write an answer in 2.0.1's words."""
    match answer:
        case AnswerAuthorize(status=TokenStatus.ACCEPTED, v2g=True, hybrid=True, phases=phases):
            return authorization(answer) | {"allowedEnergyTransfer": transfers(v2g=True, phases=phases)}
        case AnswerBoot(status=standing, interval_s=interval_s):
            return {"currentTime": stamp(now.utc), "interval": interval_s, "status": str(standing)}
        case AnswerAuthorize():
            return authorization(answer)
        case AnswerTransaction():
            return _transaction_answer(answer)
        case AnswerNeeds(profile_follows=follows):
            return {"status": "Accepted" if follows else "Processing"}  # this version has no "no profile"
        case AnswerSchedule(accepted=accepted):
            return {"status": "Accepted" if accepted else "Rejected"}
        case AnswerCertificate():
            return certificates.answer_words(answer)
        case AnswerPull() | Decline():
            return {}  # nothing of this version pulls; what is declined has no payload


def transfers(*, v2g: bool, phases: int) -> list[Json]:
    """Return the allowed transfers in 2.1's words; what is not named is not allowed."""
    modes: list[Json] = ["AC_BPT"] if v2g else []
    return modes + list(_AC_MODES if phases > 1 else _AC_MODES[1:])


def _transaction_answer(answer: AnswerTransaction) -> Payload:
    payload: Payload = {}
    if answer.status is not None:
        payload["idTokenInfo"] = token_words(answer)
    if answer.total_cost is not None:
        payload["totalCost"] = round(answer.total_cost, 4)
    return payload


DIALECT: Final = Dialect(
    version=Version.V201, calls=CALLS, sends={}, to_calls=to_calls, to_answer=to_answer, outcome=outcome
)
