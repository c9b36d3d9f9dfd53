"""Every message a station may send: the fact it becomes, the answer it gets, in both versions."""

from datetime import UTC, datetime, timedelta
import json

import pytest

from custom_components.mobilize_flex.core.model.certificates import CertificateRequested
from custom_components.mobilize_flex.core.model.commands import CallRef, Variable
from custom_components.mobilize_flex.core.model.facts import (
    CardPresented,
    ConnectorChanged,
    FirmwareReported,
    LimitCleared,
    LimitReported,
    LogReported,
    Metered,
    NeedsReported,
    PriorityReported,
    ProblemReported,
    ProfilesReported,
    ScheduleReported,
    SecurityReported,
    SetpointPulled,
    StationBooted,
    StationFact,
    TransactionReported,
    VariablesReported,
)
from custom_components.mobilize_flex.core.model.firmware import FirmwareStatus
from custom_components.mobilize_flex.core.model.logs import LogStatus
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import (
    ConnectorStatus,
    EventKind,
    HeldProfile,
    Needs,
    Sample,
    Sampling,
    Token,
    VariableReport,
    Version,
)
from custom_components.mobilize_flex.core.model.tasks import OWNERS_NUMBERS
from custom_components.mobilize_flex.core.model.upkeep import ReportPart, ReservationEnded
from custom_components.mobilize_flex.core.ocpp.conformance import Oddity
from custom_components.mobilize_flex.core.ocpp.link import Link
from custom_components.mobilize_flex.core.ocpp.wire import Json, Payload

from .conftest import NewLink

V201, V21 = Version.V201, Version.V21
BOTH = (V201, V21)
AT = "2026-11-22T17:59:30.000Z"
AT_UTC = datetime(2026, 11, 22, 17, 59, 30, tzinfo=UTC)
SIX = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
REF = CallRef("S1", 7, "m1")
S1 = "S1"


def hear(link: Link, action: str, payload: Payload, now: Moment) -> tuple[tuple[object, ...], list[list[object]]]:
    facts = link.receive(json.dumps([2, "m1", action, payload]), now)
    return facts, [json.loads(text) for text in link.outgoing()]


def event(name: str, value: str, *, evse: int | None = 1, connector: int | None = 1, **more: Json) -> Payload:
    component, _, variable = name.partition(".")
    told: Payload = {"name": component}
    if evse is not None:
        told["evse"] = {"id": evse} | ({} if connector is None else {"connectorId": connector})
    return {
        "eventId": 1,
        "timestamp": AT,
        "trigger": "Delta",
        "actualValue": value,
        "eventNotificationType": "HardWiredNotification",
        "component": told,
        "variable": {"name": variable},
        **more,
    }


def events(*rows: Json) -> Payload:
    return {"generatedAt": AT, "seqNo": 0, "eventData": list(rows)}


def schedule(unit: str, *periods: Json, start: str | None = None) -> Payload:
    told: Payload = {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": list(periods)}
    return told if start is None else told | {"startSchedule": start}


def connector(status: ConnectorStatus) -> ConnectorChanged:
    return ConnectorChanged(station=S1, evse=1, connector=1, status=status, at=AT_UTC)


def report(kind: str, number: int, *rows: Payload, seq_no: int | None = None, complete: bool = True) -> ReportPart:
    return ReportPart(station=S1, kind=kind, request_id=number, seq_no=seq_no, complete=complete, rows=rows)


DISPLAYED: Payload = {"id": 1, "priority": "InFront", "message": {"format": "UTF8", "content": "Hello"}}
PROFILE: Payload = {
    "id": 100,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": [schedule("W", {"startPeriod": 0, "limit": 1000.0})],
}
MODEL: Payload = {
    "component": {"name": "ChargingStation"},
    "variable": {"name": "Model"},
    "variableAttribute": [{"value": "V"}],
}
HASH: Payload = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "1"}

# answered at once: (versions, action, payload, facts, answer)
AT_ONCE: list[tuple[tuple[Version, ...], str, Payload, tuple[StationFact, ...], Payload]] = [
    (BOTH, "Heartbeat", {}, (), {"currentTime": "2026-11-22T18:00:00Z"}),
    (
        BOTH,
        "StatusNotification",
        {"timestamp": AT, "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1},
        (connector(ConnectorStatus.OCCUPIED),),
        {},
    ),
    (
        BOTH,
        "NotifyEvent",
        events(event("Connector.AvailabilityState", "Faulted")),
        (connector(ConnectorStatus.FAULTED),),
        {},
    ),
    (
        BOTH,
        "NotifyEvent",
        events(
            event("connector.availabilitystate", "Available"),
            event("ConnectorPlugRetentionLock.Problem", "true", techCode="L1", techInfo="stuck"),
            event("EVSE.Tripped", "true", connector=None, cleared=True),
            event("ChargingStation.Problem", "false", evse=None),
            event("ChargingStatusIndicator.Color", "Green"),
            event("EVSE.AvailabilityState", "Occupied", connector=None),
            event("SecurityCtrlr.BasicAuthPassword", "hunter2", evse=None),
        ),
        (
            connector(ConnectorStatus.AVAILABLE),
            ProblemReported(
                station=S1,
                evse=1,
                component="ConnectorPlugRetentionLock",
                variable="Problem",
                active=True,
                text="L1 stuck",
            ),
            ProblemReported(station=S1, evse=1, component="EVSE", variable="Tripped", active=False),
            ProblemReported(station=S1, evse=None, component="ChargingStation", variable="Problem", active=False),
            VariablesReported(
                station=S1,
                rows=(
                    VariableReport(variable=Variable("ChargingStatusIndicator", "Color", 1, 1), value="Green"),
                    VariableReport(variable=Variable("EVSE", "AvailabilityState", 1), value="Occupied"),
                    VariableReport(variable=Variable("SecurityCtrlr", "BasicAuthPassword"), value=None),
                ),
            ),
        ),
        {},
    ),
    (
        BOTH,
        "NotifyReport",
        {
            "requestId": 5,
            "generatedAt": AT,
            "seqNo": 1,
            "tbc": True,
            "reportData": [
                {
                    "component": {"name": "EVSE", "evse": {"id": 1}},
                    "variable": {"name": "DischargePower"},
                    "variableAttribute": [
                        {"value": "0", "mutability": "ReadOnly"},
                        {"type": "MaxSet", "value": "7000"},
                    ],
                    "variableCharacteristics": {
                        "dataType": "decimal",
                        "unit": "W",
                        "maxLimit": 11000,
                        "supportsMonitoring": True,
                    },
                },
                {
                    "component": {"name": "SmartChargingCtrlr", "instance": "a"},
                    "variable": {"name": "RateUnit", "instance": "b"},
                    "variableAttribute": [{"type": "Actual", "value": "W", "mutability": "ReadWrite"}],
                    "variableCharacteristics": {
                        "dataType": "MemberList",
                        "valuesList": "W, A",
                        "supportsMonitoring": False,
                    },
                },
                {
                    "component": {"name": "TxCtrlr"},
                    "variable": {"name": "X"},
                    "variableAttribute": [{"type": "MaxSet", "value": "lots"}],
                },
            ],
        },
        (
            VariablesReported(
                station=S1,
                request_id=5,
                seq_no=1,
                complete=False,
                rows=(
                    VariableReport(
                        variable=Variable("EVSE", "DischargePower", 1),
                        value="0",
                        unit="W",
                        max_limit=11000.0,
                        max_set=7000.0,
                        writable=False,
                        kind="decimal",
                        monitored=True,
                    ),
                    VariableReport(
                        variable=Variable("SmartChargingCtrlr", "RateUnit", None, None, "a", "b"),
                        value="W",
                        values=("W", "A"),
                        writable=True,
                        kind="MemberList",
                        monitored=False,
                    ),
                    VariableReport(variable=Variable("TxCtrlr", "X"), value=None),
                ),
            ),
        ),
        {},
    ),
    (
        BOTH,
        "NotifyReport",
        {"requestId": 5, "generatedAt": AT, "seqNo": 0},
        (VariablesReported(station=S1, rows=(), request_id=5, seq_no=0),),
        {},
    ),
    (
        BOTH,
        "MeterValues",
        {
            "evseId": 1,
            "meterValue": [
                {
                    "timestamp": AT,
                    "sampledValue": [
                        {"value": 12.5, "unitOfMeasure": {"unit": "kWh"}},
                        {"value": 101, "measurand": "SoC"},
                    ],
                }
            ],
        },
        (
            Metered(
                station=S1, evse=1, samplings=(Sampling(AT_UTC, (Sample("Energy.Active.Import.Register", 12500.0),)),)
            ),
        ),
        {},
    ),
    (BOTH, "MeterValues", {"evseId": 4711, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": 1}]}]}, (), {}),
    (
        BOTH,
        "SecurityEventNotification",
        {"type": "StartupOfTheDevice", "timestamp": AT, "techInfo": "v1"},
        (SecurityReported(station=S1, kind="StartupOfTheDevice", at=AT_UTC, text="v1"),),
        {},
    ),
    (
        BOTH,
        "NotifyChargingLimit",
        {
            "evseId": 1,
            "chargingLimit": {"chargingLimitSource": "SO", "isGridCritical": True},
            "chargingSchedule": [schedule("W", {"startPeriod": 0, "limit": 4200})],
        },
        (LimitReported(station=S1, evse=1, source="SO", limit_w=4200.0, grid_critical=True),),
        {},
    ),
    (
        BOTH,
        "NotifyChargingLimit",
        {
            "chargingLimit": {"chargingLimitSource": "EMS"},
            "chargingSchedule": [
                schedule(
                    "A",
                    {"startPeriod": 0, "limit": 32, "numberPhases": 3},
                    {"startPeriod": 60, "limit": 6, "numberPhases": 1},
                    {"startPeriod": 3600, "limit": 10, "numberPhases": 3},
                    start="2026-11-22T17:58:00Z",
                ),
                schedule("A", {"startPeriod": 0, "limit": 16}),
            ],
        },
        (
            LimitReported(
                station=S1, evse=None, source="EMS", limit_w=1380.0, later=((SIX + timedelta(minutes=58), 6900.0),)
            ),
        ),
        {},
    ),
    (
        BOTH,
        "NotifyChargingLimit",
        {
            "chargingLimit": {"chargingLimitSource": "SO", "isGridCritical": True},
            "chargingSchedule": [
                schedule("W", {"startPeriod": 0, "limit": 4200}, start="2026-11-22T20:00:00Z") | {"duration": 7200}
            ],
        },
        (
            LimitReported(
                station=S1,
                evse=None,
                source="SO",
                limit_w=None,
                grid_critical=True,
                later=((SIX + timedelta(hours=2), 4200.0), (SIX + timedelta(hours=4), None)),
            ),
        ),
        {},
    ),
    (
        BOTH,
        "NotifyChargingLimit",
        {
            "chargingLimit": {"chargingLimitSource": "EMS"},
            "chargingSchedule": [schedule("W", {"startPeriod": 9e99, "limit": 1}, start="9999-12-31T23:59:59Z")],
        },
        (LimitReported(station=S1, evse=None, source="EMS", limit_w=None),),
        {},
    ),
    (
        BOTH,
        "NotifyChargingLimit",
        {"chargingLimit": {"chargingLimitSource": "CSO"}},
        (LimitReported(station=S1, evse=None, source="CSO", limit_w=None),),
        {},
    ),
    (
        BOTH,
        "ClearedChargingLimit",
        {"chargingLimitSource": "EMS", "evseId": 1},
        (LimitCleared(station=S1, evse=1, source="EMS"),),
        {},
    ),
    (
        BOTH,
        "ReportChargingProfiles",
        {
            "requestId": 3,
            "chargingLimitSource": "CSO",
            "evseId": 0,
            "tbc": True,
            "chargingProfile": [
                {
                    "id": 100,
                    "stackLevel": 0,
                    "chargingProfilePurpose": "ChargingStationMaxProfile",
                    "chargingProfileKind": "Absolute",
                    "chargingSchedule": [schedule("W", {"startPeriod": 0, "limit": 11040})],
                },
                {
                    "id": 110,
                    "stackLevel": 0,
                    "chargingProfilePurpose": "TxDefaultProfile",
                    "chargingProfileKind": "Relative",
                    "chargingSchedule": [schedule("W", {"startPeriod": 0, "limit": 4140})],
                },
            ],
        },
        (
            ProfilesReported(
                station=S1,
                profiles=(
                    HeldProfile(id=100, evse=0, purpose="ChargingStationMaxProfile", level=0, limit=11040.0),
                    HeldProfile(id=110, evse=0, purpose="TxDefaultProfile", level=0, limit=4140.0),
                ),
                request_id=3,
                complete=False,
            ),
        ),
        {},
    ),
    (
        BOTH,
        "NotifyMonitoringReport",
        {"requestId": 1, "seqNo": 0, "generatedAt": AT},
        (report("NotifyMonitoringReport", 1, seq_no=0),),
        {},
    ),
    (
        BOTH,
        "NotifyCustomerInformation",
        {"data": "x", "seqNo": 2, "generatedAt": AT, "requestId": 1, "tbc": True},
        (report("NotifyCustomerInformation", 1, {"data": "x"}, seq_no=2, complete=False),),
        {},
    ),
    (
        BOTH,
        "NotifyDisplayMessages",
        {"requestId": 1, "messageInfo": [DISPLAYED]},
        (report("NotifyDisplayMessages", 1, DISPLAYED),),
        {},
    ),
    (
        BOTH,
        "ReportChargingProfiles",
        {
            "requestId": OWNERS_NUMBERS,
            "chargingLimitSource": "CSO",
            "evseId": 1,
            "chargingProfile": [PROFILE],
        },
        (
            report(
                "ReportChargingProfiles",
                OWNERS_NUMBERS,
                {
                    "requestId": OWNERS_NUMBERS,
                    "chargingLimitSource": "CSO",
                    "evseId": 1,
                    "chargingProfile": [PROFILE],
                },
            ),
        ),
        {},
    ),
    (
        BOTH,
        "NotifyReport",
        {"requestId": OWNERS_NUMBERS + 1, "generatedAt": AT, "seqNo": 0, "reportData": [MODEL]},
        (
            VariablesReported(
                station=S1, rows=(VariableReport(variable=Variable("ChargingStation", "Model"), value="V"),)
            ),
            report("NotifyReport", OWNERS_NUMBERS + 1, MODEL, seq_no=0),
        ),
        {},
    ),
    (
        BOTH,
        "FirmwareStatusNotification",
        {"status": "Downloading", "requestId": 1},
        (FirmwareReported(station=S1, status=FirmwareStatus.DOWNLOADING, request_id=1),),
        {},
    ),
    (
        BOTH,
        "LogStatusNotification",
        {"status": "Uploaded", "requestId": 1},
        (LogReported(station=S1, status=LogStatus.UPLOADED, request_id=1),),
        {},
    ),
    (BOTH, "PublishFirmwareStatusNotification", {"status": "Idle"}, (), {}),
    (
        BOTH,
        "ReservationStatusUpdate",
        {"reservationId": 1, "reservationUpdateStatus": "Expired"},
        (ReservationEnded(station=S1, reservation=1),),
        {},
    ),
    (
        (V21,),
        "ReservationStatusUpdate",
        {"reservationId": 1, "reservationUpdateStatus": "NoTransaction"},
        (ReservationEnded(station=S1, reservation=1),),
        {},
    ),
    (
        BOTH,
        "DataTransfer",
        {"vendorId": "org.example", "data": {"anything": [1, None]}},
        (),
        {"status": "UnknownVendorId"},
    ),
    (BOTH, "GetCertificateStatus", {"ocspRequestData": HASH | {"responderURL": "u"}}, (), {"status": "Failed"}),
    (
        BOTH,
        "Get15118EVCertificate",
        {"iso15118SchemaVersion": "v", "action": "Install", "exiRequest": "x"},
        (),
        {"status": "Failed", "exiResponse": ""},
    ),
    (
        (V21,),
        "GetCertificateChainStatus",
        {"certificateStatusRequests": [{"certificateHashData": HASH, "source": "OCSP", "urls": ["u"]}]},
        (),
        {
            "certificateStatus": [
                {
                    "certificateHashData": HASH,
                    "source": "OCSP",
                    "status": "Failed",
                    "nextUpdate": "2026-11-22T18:00:00Z",
                }
            ]
        },
    ),
    (
        (V21,),
        "NotifyPriorityCharging",
        {"transactionId": "t", "activated": True},
        (PriorityReported(station=S1, transaction="t", active=True),),
        {},
    ),
    (
        (V21,),
        "NotifyDERAlarm",
        {"controlType": "HVMustTrip", "gridEventFault": "OverVoltage", "timestamp": AT},
        (
            ProblemReported(
                station=S1, evse=None, component="DERCtrlr", variable="HVMustTrip", active=True, text="OverVoltage"
            ),
        ),
        {},
    ),
    (
        (V21,),
        "NotifyDERAlarm",
        {"controlType": "HVMustTrip", "alarmEnded": True, "timestamp": AT},
        (ProblemReported(station=S1, evse=None, component="DERCtrlr", variable="HVMustTrip", active=False),),
        {},
    ),
    ((V21,), "NotifyDERStartStop", {"controlId": "c", "started": True, "timestamp": AT}, (), {}),
    ((V21,), "ReportDERControl", {"requestId": 1}, (), {}),
    (
        (V21,),
        "NotifySettlement",
        {"pspRef": "p", "status": "Settled", "settlementAmount": 1, "settlementTime": AT},
        (),
        {},
    ),
    (
        (V21,),
        "VatNumberValidation",
        {"vatNumber": "FR1", "evseId": 1},
        (),
        {"status": "Rejected", "vatNumber": "FR1", "evseId": 1},
    ),
    (
        (V21,),
        "OpenPeriodicEventStream",
        {"constantStreamData": {"id": 1, "params": {}, "variableMonitoringId": 1}},
        (),
        {"status": "Rejected"},
    ),
    ((V21,), "ClosePeriodicEventStream", {"id": 1}, (), {}),
]


@pytest.mark.parametrize(
    ("version", "action", "payload", "facts", "answer"),
    [(version, *rest) for versions, *rest in AT_ONCE for version in versions],
)
def test_what_is_answered_at_once(
    new_link: NewLink,
    now: Moment,
    version: Version,
    action: str,
    payload: Payload,
    facts: tuple[StationFact, ...],
    answer: Payload,
) -> None:
    link = new_link(version)
    told, frames = hear(link, action, payload, now)
    assert told == facts
    assert frames == [[3, "m1", answer]]
    assert link.conformance.count(Oddity.OWN_ERROR) == 0


NEEDS_21: Payload = {
    "evseId": 1,
    "chargingNeeds": {
        "requestedEnergyTransfer": "AC_BPT",
        "availableEnergyTransfer": ["AC_BPT", "AC_three_phase"],
        "controlMode": "DynamicControl",
        "departureTime": "2026-11-23T06:30:00Z",
        "v2xChargingParameters": {
            "minChargePower": 1400,
            "maxChargePower": 3000,
            "maxChargePower_L2": 3000,
            "maxChargePower_L3": 3000,
            "minDischargePower": -1000,
            "maxDischargePower": -7000,
            "evTargetEnergyRequest": 14000,
            "evMinEnergyRequest": -6000,
            "evMaxEnergyRequest": 21000,
            "evMinV2XEnergyRequest": -8000,
            "evMaxV2XEnergyRequest": 12000,
            "targetSoC": 80,
        },
    },
}
TOLD_21 = Needs(
    bidirectional=True,
    offered=("AC_BPT", "AC_three_phase"),
    dynamic=True,
    departure=datetime(2026, 11, 23, 6, 30, tzinfo=UTC),
    min_charge_w=1400.0,
    max_charge_w=9000.0,
    min_discharge_w=1000.0,
    max_discharge_w=7000.0,
    target_request_wh=14000.0,
    min_request_wh=-6000.0,
    max_request_wh=21000.0,
    min_v2x_request_wh=-8000.0,
    max_v2x_request_wh=12000.0,
    target_soc_pct=80.0,
)
DRAFT: Payload = {
    "evseId": 1,
    "chargingNeeds": {
        "requestedEnergyTransfer": "AC_BPT",
        "controlMode": "Dynamic",
        "mobilityNeedsMode": "EVCC",
        "v2xChargingParameters": {"maxDischargePower": 7000, "targetSoC": 80},
    },
}


def needs(told: Needs) -> NeedsReported:
    return NeedsReported(call=REF, station=S1, evse=1, needs=told)


def transaction(kind: EventKind = EventKind.UPDATED, **more: object) -> TransactionReported:
    told: dict[str, object] = {"trigger": "Trigger", "seq_no": 3, "at": AT_UTC} | more
    return TransactionReported(call=REF, station=S1, transaction="t", kind=kind, **told)  # type: ignore[arg-type]


def transaction_event(**more: Json) -> Payload:
    return {
        "eventType": "Updated",
        "timestamp": AT,
        "triggerReason": "Trigger",
        "seqNo": 3,
        "transactionInfo": {"transactionId": "t"},
        **more,
    }


LATER: list[tuple[tuple[Version, ...], str, Payload, StationFact]] = [
    (BOTH, "SignCertificate", {"csr": "x"}, CertificateRequested(call=REF, station=S1, csr="x", kind=None)),
    (
        BOTH,
        "BootNotification",
        {
            "reason": "PowerUp",
            "chargingStation": {"model": "M", "vendorName": "V", "serialNumber": "1", "firmwareVersion": "2"},
        },
        StationBooted(call=REF, station=S1, vendor="V", model="M", serial="1", firmware="2", reason="PowerUp"),
    ),
    (
        BOTH,
        "Authorize",
        {"idToken": {"idToken": "04A1", "type": "ISO14443"}},
        CardPresented(call=REF, station=S1, token=Token(value="04A1", kind="ISO14443")),
    ),
    (
        BOTH,
        "Authorize",
        {
            "idToken": {
                "idToken": "x",
                "type": "eMAID",
                "additionalInfo": [{"type": "EVCCID", "additionalIdToken": "02AB"}],
            }
        },
        CardPresented(call=REF, station=S1, token=Token(value="x", kind="eMAID", evccid="02AB")),
    ),
    (BOTH, "TransactionEvent", transaction_event(), transaction()),
    (
        BOTH,
        "TransactionEvent",
        transaction_event(
            eventType="Started",
            offline=True,
            evse={"id": 2},
            idToken={"idToken": "", "type": "NoAuthorization"},
            transactionInfo={"transactionId": "t", "chargingState": "EVConnected", "remoteStartId": 12},
        ),
        transaction(
            EventKind.STARTED,
            offline=True,
            evse=2,
            token=Token(value="", kind="NoAuthorization"),
            charging_state="EVConnected",
            remote_id=12,
        ),
    ),
    (
        BOTH,
        "TransactionEvent",
        transaction_event(
            eventType="Ended",
            transactionInfo={"transactionId": "t", "stoppedReason": "EVDisconnected"},
            meterValue=[{"timestamp": AT, "sampledValue": [{"value": 5, "context": "Transaction.End"}]}],
        ),
        transaction(
            EventKind.ENDED,
            stopped_reason="EVDisconnected",
            samplings=(Sampling(AT_UTC, (Sample("Energy.Active.Import.Register", 5.0, context="Transaction.End"),)),),
        ),
    ),
    (
        (V21,),
        "TransactionEvent",
        transaction_event(
            triggerReason="OperationModeChanged",
            evse={"id": 1, "connectorId": 1},
            evseSleep=True,
            transactionInfo={"transactionId": "t", "chargingState": "Charging", "operationMode": "CentralSetpoint"},
        ),
        transaction(
            trigger="OperationModeChanged",
            evse=1,
            connector=1,
            charging_state="Charging",
            operation_mode="CentralSetpoint",
        ),
    ),
    (BOTH, "TransactionEvent", transaction_event(evse={"id": 4711, "connectorId": -1}), transaction()),
    (BOTH, "NotifyEVChargingNeeds", NEEDS_21, needs(TOLD_21)),
    (
        BOTH,
        "NotifyEVChargingNeeds",
        DRAFT,
        needs(
            Needs(bidirectional=True, offered=("AC_BPT",), dynamic=True, max_discharge_w=7000.0, target_soc_pct=80.0)
        ),
    ),
    (
        BOTH,
        "NotifyEVChargingNeeds",
        {
            "evseId": 1,
            "chargingNeeds": {
                "requestedEnergyTransfer": "AC_three_phase",
                "acChargingParameters": {
                    "energyAmount": 20000,
                    "evMinCurrent": 6,
                    "evMaxCurrent": 16,
                    "evMaxVoltage": 400,
                },
            },
        },
        needs(Needs(bidirectional=False, offered=("AC_three_phase",), max_charge_w=11040.0, target_request_wh=20000.0)),
    ),
    (
        BOTH,
        "NotifyEVChargingNeeds",
        {
            "evseId": 1,
            "chargingNeeds": {
                "requestedEnergyTransfer": "DC",
                "dcChargingParameters": {
                    "evMaxCurrent": 100,
                    "evMaxVoltage": 400,
                    "evMaxPower": 50000,
                    "stateOfCharge": 40,
                    "evEnergyCapacity": 52000,
                    "energyAmount": 9000,
                },
            },
        },
        needs(
            Needs(
                bidirectional=False,
                offered=("DC",),
                max_charge_w=50000.0,
                target_request_wh=9000.0,
                soc_pct=40.0,
                capacity_wh=52000.0,
            )
        ),
    ),
    (
        BOTH,
        "NotifyEVChargingSchedule",
        {
            "timeBase": AT,
            "evseId": 1,
            "chargingSchedule": schedule(
                "A",
                {"startPeriod": 0, "limit": 10, "numberPhases": 3},
                {"startPeriod": 60, "limit": 16, "numberPhases": 1},
            ),
        },
        ScheduleReported(call=REF, station=S1, evse=1, peak_w=6900.0),
    ),
    (
        (V21,),
        "NotifyEVChargingSchedule",
        {
            "timeBase": AT,
            "evseId": 1,
            "chargingSchedule": schedule("W", {"startPeriod": 0, "setpoint": -7000}, {"startPeriod": 9}),
        },
        ScheduleReported(call=REF, station=S1, evse=1, peak_w=7000.0),
    ),
    (
        (V21,),
        "PullDynamicScheduleUpdate",
        {"chargingProfileId": 200},
        SetpointPulled(call=REF, station=S1, profile_id=200),
    ),
]


@pytest.mark.parametrize(
    ("version", "action", "payload", "fact"), [(version, *rest) for versions, *rest in LATER for version in versions]
)
def test_what_is_answered_later(
    new_link: NewLink, now: Moment, version: Version, action: str, payload: Payload, fact: StationFact
) -> None:
    told, frames = hear(new_link(version), action, payload, now)
    assert told == (fact,)
    assert frames == []


MESSAGES_OF_A_STATION = {
    V201: {
        "Authorize",
        "BootNotification",
        "ClearedChargingLimit",
        "DataTransfer",
        "FirmwareStatusNotification",
        "Get15118EVCertificate",
        "GetCertificateStatus",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "NotifyChargingLimit",
        "NotifyCustomerInformation",
        "NotifyDisplayMessages",
        "NotifyEVChargingNeeds",
        "NotifyEVChargingSchedule",
        "NotifyEvent",
        "NotifyMonitoringReport",
        "NotifyReport",
        "PublishFirmwareStatusNotification",
        "ReportChargingProfiles",
        "ReservationStatusUpdate",
        "SecurityEventNotification",
        "SignCertificate",
        "StatusNotification",
        "TransactionEvent",
    },
    V21: {
        "ClosePeriodicEventStream",
        "GetCertificateChainStatus",
        "NotifyDERAlarm",
        "NotifyDERStartStop",
        "NotifyPriorityCharging",
        "NotifySettlement",
        "OpenPeriodicEventStream",
        "PullDynamicScheduleUpdate",
        "ReportDERControl",
        "VatNumberValidation",
    },
}
MESSAGES_OF_A_STATION[V21] |= MESSAGES_OF_A_STATION[V201]


@pytest.mark.parametrize("version", BOTH)
def test_the_tables_above_leave_nothing_out(version: Version) -> None:
    tried = {action for versions, action, *_ in [*AT_ONCE, *LATER] if version in versions}
    assert tried == MESSAGES_OF_A_STATION[version]


@pytest.mark.parametrize(
    ("version", "action", "code"),
    [
        (V201, "MakeCoffee", "NotImplemented"),
        (V201, "", "NotImplemented"),
        (V201, "heartbeat", "NotImplemented"),
        (V201, "NotifyPriorityCharging", "NotImplemented"),
        (V201, "SetChargingProfile", "NotSupported"),
        (V21, "UpdateDynamicSchedule", "NotSupported"),
        (V21, "BatterySwap", "NotSupported"),
        (V21, "NotifyPeriodicEventStream", "NotSupported"),
    ],
)
def test_what_we_do_not_serve_gets_the_right_refusal(
    new_link: NewLink, now: Moment, version: Version, action: str, code: str
) -> None:
    facts, frames = hear(new_link(version), action, {}, now)
    assert facts == ()
    assert [frame[:3] for frame in frames] == [[4, "m1", code]]


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("BootNotification", {"reason": "PowerUp"}, "OccurrenceConstraintViolation"),
        ("TransactionEvent", transaction_event(eventType="Begun"), "PropertyConstraintViolation"),
        ("TransactionEvent", transaction_event(transactionInfo={"transactionId": ""}), "OccurrenceConstraintViolation"),
        ("TransactionEvent", transaction_event(seqNo="x"), "TypeConstraintViolation"),
        ("NotifyEVChargingNeeds", DRAFT | {"evseId": 0}, "OccurrenceConstraintViolation"),
        ("MeterValues", {"evseId": 1}, "OccurrenceConstraintViolation"),
    ],
)
def test_what_means_nothing_is_refused(
    new_link: NewLink, now: Moment, action: str, payload: Payload, code: str
) -> None:
    for version in BOTH:
        facts, frames = hear(new_link(version), action, payload, now)
        assert facts == ()
        assert [frame[:3] for frame in frames] == [[4, "m1", code]]


@pytest.mark.parametrize(
    "payload",
    [
        {"timestamp": AT, "connectorStatus": "Preparing", "evseId": 1, "connectorId": 1},  # a word of 1.6
        {"timestamp": AT, "connectorStatus": "Available", "evseId": 0, "connectorId": 0},
        {"timestamp": AT, "connectorStatus": "Available", "evseId": 9_999_999, "connectorId": 1},
        {"timestamp": AT, "connectorStatus": "Available", "evseId": 1, "connectorId": -1},
    ],
)
def test_a_status_of_nothing_is_thanked_for_and_dropped(new_link: NewLink, now: Moment, payload: Payload) -> None:
    link = new_link(V201)
    assert hear(link, "StatusNotification", payload, now) == ((), [[3, "m1", {}]])
    assert link.conformance.count(Oddity.IMPLAUSIBLE_VALUE) == 1


def test_a_stream_wants_no_answer(new_link: NewLink, now: Moment) -> None:
    link = new_link(V21)
    assert link.receive('[6,"m1","NotifyPeriodicEventStream",{"id":1,"pending":0,"basetime":"x","data":[]}]', now) == ()
    assert link.receive('[6,"m2","MakeCoffee",{}]', now) == ()
    assert link.outgoing() == []
    assert link.conformance.count(Oddity.UNKNOWN_ACTION) == 1


def test_words_of_a_later_version_are_counted(new_link: NewLink, now: Moment) -> None:
    link = new_link(V201)
    hear(link, "NotifyEVChargingNeeds", NEEDS_21, now)
    assert link.conformance.counts == {"newer_payload": 1}


def test_what_was_mended_is_counted_and_named(new_link: NewLink, now: Moment) -> None:
    link = new_link(V201)
    payload: Payload = {
        "timestamp": AT,
        "connectorStatus": "Available",
        "evseId": 1,
        "connectorId": 1,
        "errorCode": "NoError",
    }
    facts, _ = hear(link, "StatusNotification", payload, now)
    assert facts == (connector(ConnectorStatus.AVAILABLE),)
    assert link.conformance.counts == {"mended_payload": 1}
    assert "errorCode" in next(iter(link.conformance.examples))
