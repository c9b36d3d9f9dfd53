"""The language of OCPP 2.0.1: every message a station may send, every order it can take."""

from collections.abc import Mapping
from typing import Final

from ..model.commands import (
    AnswerAuthorize,
    AnswerBoot,
    AnswerNeeds,
    AnswerPull,
    AnswerSchedule,
    AnswerTransaction,
    Decline,
    StationAnswer,
)
from ..model.moment import Moment
from ..model.station import Version
from . import charging, courtesies, provisioning, transactions
from .dialect import Dialect, Reader
from .orders import common_calls
from .outcomes import outcome
from .wire import Payload, stamp

CALLS: Final[Mapping[str, Reader]] = {
    # provisioning, availability, diagnostics
    "BootNotification": provisioning.boot_notification,
    "Heartbeat": provisioning.heartbeat,
    "StatusNotification": provisioning.status_notification,
    "NotifyEvent": provisioning.notify_event,
    "NotifyReport": provisioning.notify_report,
    "SecurityEventNotification": provisioning.security_event,
    "NotifyMonitoringReport": courtesies.acknowledge,
    "NotifyCustomerInformation": courtesies.acknowledge,
    "NotifyDisplayMessages": courtesies.acknowledge,
    "LogStatusNotification": courtesies.acknowledge,
    "FirmwareStatusNotification": courtesies.acknowledge,
    "PublishFirmwareStatusNotification": courtesies.acknowledge,
    "ReservationStatusUpdate": courtesies.acknowledge,
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
    "SignCertificate": courtesies.REJECTED,
    "GetCertificateStatus": courtesies.FAILED,
    "Get15118EVCertificate": courtesies.NO_VEHICLE_CERTIFICATE,
}


def to_answer(answer: StationAnswer, now: Moment) -> Payload:
    """Write an answer in 2.0.1's words."""
    match answer:
        case AnswerBoot(accepted=accepted, interval_s=interval_s):
            status = "Accepted" if accepted else "Pending"
            return {"currentTime": stamp(now.utc), "interval": interval_s, "status": status}
        case AnswerAuthorize(status=verdict):
            return {"idTokenInfo": {"status": str(verdict)}}
        case AnswerTransaction():
            return _transaction_answer(answer)
        case AnswerNeeds(profile_follows=follows):
            return {"status": "Accepted" if follows else "Processing"}  # this version has no "no profile"
        case AnswerSchedule(accepted=accepted):
            return {"status": "Accepted" if accepted else "Rejected"}
        case AnswerPull() | Decline():
            return {}  # nothing of this version pulls; what is declined has no payload


def _transaction_answer(answer: AnswerTransaction) -> Payload:
    payload: Payload = {}
    if answer.status is not None:
        payload["idTokenInfo"] = {"status": str(answer.status)}
    if answer.total_cost is not None:
        payload["totalCost"] = round(answer.total_cost, 4)
    return payload


DIALECT: Final = Dialect(
    version=Version.V201, calls=CALLS, sends={}, to_calls=common_calls, to_answer=to_answer, outcome=outcome
)
