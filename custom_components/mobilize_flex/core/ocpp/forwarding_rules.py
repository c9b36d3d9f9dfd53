"""The list of what passes between a station and its vendor, and why the rest does not."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ..model.driver import Route, RouteKind
from .wire import Json, Payload, integer, table, tables, text

REASON_CODE: Final = "NotEnabled"
REASON_TEXT: Final = "Decided by the owner's own controller."


class Course(StrEnum):
    """Name what becomes of a station's call; we read all of them."""

    RELAYED = "relayed"
    """The vendor's answer goes to the station, within what ours allows."""
    MIRRORED = "mirrored"
    """The vendor hears it; our answer goes to the station at once."""
    WITHHELD = "withheld"
    """The vendor does not hear it."""


class Passage(StrEnum):
    """Name what becomes of a vendor's call."""

    PASSED = "passed"
    PARTLY = "partly"
    """Parts of it, or some kinds of it, are kept back."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StationRule:
    """Say what becomes of one call of a station, and why."""

    course: Course
    why: str


@dataclass(frozen=True, slots=True)
class VendorRule:
    """Say what becomes of one call of a vendor, and why; ``status`` is the word it is refused with."""

    passage: Passage
    why: str
    status: str = ""


def _relayed(why: str) -> StationRule:
    return StationRule(Course.RELAYED, why)


def _mirrored(why: str) -> StationRule:
    return StationRule(Course.MIRRORED, why)


def _withheld(why: str) -> StationRule:
    return StationRule(Course.WITHHELD, why)


_NEWS: Final = "The vendor is told; the answer says nothing."
_REPORT: Final = "Goes to whoever asked for it: ours stay here, the vendor's go there."
_POWER: Final = "Only the vendor's profiles could follow from it, and power is ours."
_GRID: Final = "The vendor is told of the grid; the answer says nothing."
_STREAM: Final = "Streams are not offered."
_CERTIFICATE: Final = "Only the vendor can vouch for a contract certificate."

STATION_CALLS: Final[Mapping[str, StationRule]] = {
    "BootNotification": _relayed("Ours admits the station; the shorter of both heartbeat intervals is given."),
    "Authorize": _relayed("Who may charge, and V2G, is ours; group, expiry, messages and prices are the vendor's."),
    "TransactionEvent": _relayed(
        "Start, end and badges wait for the vendor's cost and messages; values in between do not. Kept until delivered."
    ),
    "DataTransfer": _relayed("Whoever knows it answers: we if we do, else the vendor."),
    "SignCertificate": _relayed("A certificate for the connection to us is signed by us; others by the vendor."),
    "Get15118EVCertificate": _relayed(_CERTIFICATE),
    "GetCertificateStatus": _relayed(_CERTIFICATE),
    "GetCertificateChainStatus": _relayed(_CERTIFICATE),
    "VatNumberValidation": _relayed("Bills are the vendor's."),
    "NotifySettlement": _relayed("Bills are the vendor's. Kept until delivered."),
    "Heartbeat": _mirrored("The vendor sees that the station lives; the time is ours."),
    "StatusNotification": _mirrored("The vendor is told, and told the last state again when it comes back."),
    "NotifyEvent": _mirrored(_NEWS),
    "MeterValues": _mirrored(_NEWS),
    "SecurityEventNotification": _mirrored(f"{_NEWS} Kept until delivered."),
    "NotifyReport": _mirrored(_REPORT),
    "NotifyMonitoringReport": _mirrored(_REPORT),
    "NotifyCustomerInformation": _mirrored(_REPORT),
    "NotifyDisplayMessages": _mirrored(_REPORT),
    "ReportChargingProfiles": _mirrored(_REPORT),
    "ReportDERControl": _mirrored(_REPORT),
    "LogStatusNotification": _mirrored(_REPORT),
    "FirmwareStatusNotification": _mirrored(_REPORT),
    "PublishFirmwareStatusNotification": _mirrored(_REPORT),
    "ReservationStatusUpdate": _mirrored(_NEWS),
    "BatterySwap": _mirrored(_NEWS),
    "NotifyChargingLimit": _mirrored(_GRID),
    "ClearedChargingLimit": _mirrored(_GRID),
    "NotifyDERAlarm": _mirrored(_GRID),
    "NotifyDERStartStop": _mirrored(_GRID),
    "NotifyPriorityCharging": _mirrored(_NEWS),
    "NotifyEVChargingNeeds": _withheld(_POWER),
    "NotifyEVChargingSchedule": _withheld(_POWER),
    "PullDynamicScheduleUpdate": _withheld("It asks for our setpoint."),
    "OpenPeriodicEventStream": _withheld(_STREAM),
    "ClosePeriodicEventStream": _withheld(_STREAM),
    "NotifyPeriodicEventStream": _withheld(_STREAM),
}
UNLISTED: Final = _withheld("Not a message of this version.")
DURABLE: Final = frozenset({"TransactionEvent", "SecurityEventNotification", "NotifySettlement"})
REPORTS: Final = frozenset(
    {
        "NotifyReport",
        "NotifyMonitoringReport",
        "NotifyCustomerInformation",
        "NotifyDisplayMessages",
        "ReportChargingProfiles",
        "ReportDERControl",
    }
)
PROGRESS: Final = frozenset(
    {"LogStatusNotification", "FirmwareStatusNotification", "PublishFirmwareStatusNotification"}
)


def is_between(action: str, payload: Payload) -> bool:
    """Return whether a call only tells values between the start and the end of a charge, and shows no badge."""
    return action == "TransactionEvent" and payload.get("eventType") == "Updated" and "idToken" not in payload


def course_of(action: str, payload: Payload) -> Course:
    """Return what becomes of a call: by its name, except where two kinds bear one name."""
    if is_between(action, payload):
        return Course.MIRRORED
    if action == "SignCertificate" and is_our_certificate(payload):
        return Course.WITHHELD
    return STATION_CALLS.get(action, UNLISTED).course


def _refused(why: str, status: str = "Rejected") -> VendorRule:
    return VendorRule(Passage.REFUSED, why, status)


def _partly(why: str, status: str = "Rejected") -> VendorRule:
    return VendorRule(Passage.PARTLY, why, status)


_PROFILES: Final = "The power of the station is decided by the V2G controller."
_MONITORS: Final = "It would switch off what we watch."

VENDOR_CALLS: Final[Mapping[str, VendorRule]] = {
    "SetChargingProfile": _refused(_PROFILES),
    "ClearChargingProfile": _refused("All profiles in the station are ours.", "Unknown"),
    "UpdateDynamicSchedule": _refused(_PROFILES),
    "UsePriorityCharging": _refused(_PROFILES),
    "AFRRSignal": _refused(_PROFILES),
    "SetDERControl": _refused(_PROFILES),
    "ClearDERControl": _refused(_PROFILES),
    "NotifyAllowedEnergyTransfer": _refused("Whether the car may discharge is the owner's decision."),
    "RequestStartTransaction": _partly("It passes without the charging profile it may bring."),
    "SetVariables": _partly("Variables of the list of settings that are ours are refused one by one."),
    "DataTransfer": _partly("The vendor's own message by which our controller steers this station is refused."),
    "SetNetworkProfile": _refused("It would take the station away from here."),
    "SendLocalList": _refused("Who may charge here is the owner's list.", "Failed"),
    "SetMonitoringBase": _refused(_MONITORS),
    "SetMonitoringLevel": _refused(_MONITORS),
    "ClearVariableMonitoring": _partly("Only monitors the vendor set through us are its to clear."),
    "SetVariableMonitoring": _partly("A monitor of another number than the vendor's own is not replaced."),
    "CustomerInformation": _partly("It passes unless it asks to forget: that would take badges off the owner's list."),
    "InstallCertificate": _partly("A root for the connection to us is refused; others pass."),
    "CertificateSigned": _partly("A certificate for the connection to us is refused; one for cars passes."),
    "DeleteCertificate": _refused("It could take away the root the station knows us by.", "Failed"),
}
PASSED: Final = VendorRule(Passage.PASSED, "Everything else passes.")

_METERING: Final = "Our controller sets what is measured and how often."
_CONNECTION: Final = "The station would lose its way here."
_ADMISSION: Final = "Who may charge here is the owner's decision."

SETTINGS: Final[Mapping[tuple[str, str | None], str]] = {
    ("SampledDataCtrlr", None): _METERING,
    ("AlignedDataCtrlr", None): _METERING,
    ("MonitoringCtrlr", None): _MONITORS,
    ("SmartChargingCtrlr", None): _PROFILES,
    ("V2XChargingCtrlr", None): _PROFILES,
    ("ACDERCtrlr", None): _PROFILES,
    ("DCDERCtrlr", None): _PROFILES,
    ("DERCtrlr", None): _PROFILES,
    ("ISO15118Ctrlr", "Enabled"): _PROFILES,
    ("ISO15118Ctrlr", "ServiceRenegotiationSupport"): _PROFILES,
    ("TxCtrlr", None): "Our controller decides what ends a charge.",
    ("AuthCtrlr", None): _ADMISSION,
    ("AuthCacheCtrlr", None): _ADMISSION,
    ("LocalAuthListCtrlr", None): _ADMISSION,
    ("SecurityCtrlr", None): _CONNECTION,
    ("NetworkConfiguration", None): _CONNECTION,
    ("OCPPCommCtrlr", "NetworkConfigurationPriority"): _CONNECTION,
    ("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"): _CONNECTION,
    ("OCPPCommCtrlr", "ActiveNetworkProfile"): _CONNECTION,
    ("OCPPCommCtrlr", "MessageTimeout"): _CONNECTION,
}
"""Component and variable (none: all of it); names are compared without regard to case, as the standard wants."""

ROWS: Final[Mapping[str, tuple[str, str]]] = {
    "SetVariables": ("setVariableData", "setVariableResult"),
    "SetVariableMonitoring": ("setMonitoringData", "setMonitoringResult"),
    "ClearVariableMonitoring": ("id", "clearMonitoringResult"),
}
"""The calls that are ruled row by row: where their rows stand, and those of the answer."""

_OURS: Final = {(c.casefold(), v.casefold() if v else None) for c, v in SETTINGS}


@dataclass(frozen=True, slots=True)
class Ruling:
    """Hold what becomes of one call of a vendor.

    ``answer`` refuses it as a whole; else ``payload`` passes, and ``kept_back`` holds the results of the rows that do
    not, by their place.
    """

    payload: Payload
    answer: Payload | None = None
    kept_back: Mapping[int, Payload] = field(default_factory=dict)
    filtered: bool = False


def rule(action: str, payload: Payload, route: Route | None = None, monitors: Container[int] = ()) -> Ruling:
    """Return what becomes of a call of the vendor.

    Args:
        action: the name of the call.
        payload: what it says.
        route: how our controller steers the station.
        monitors: the numbers of those the vendor set.
    """
    found = VENDOR_CALLS.get(action, PASSED)
    if found.passage is Passage.REFUSED:
        return _refusal(payload, found)
    match action:
        case "RequestStartTransaction" if "chargingProfile" in payload:
            kept: Payload = {key: value for key, value in payload.items() if key != "chargingProfile"}
            return Ruling(kept, filtered=True)
        case "InstallCertificate" if text(payload, "certificateType") == "CSMSRootCertificate":
            return _refusal(payload, found)
        case "CertificateSigned" if is_our_certificate(payload):
            return _refusal(payload, found)
        case "DataTransfer" if route is not None and _steers(payload, route):
            return _refusal(payload, found)
        case "SetVariables":
            return _settings(payload, route)
        case "SetVariableMonitoring" | "ClearVariableMonitoring":
            return _monitors(action, payload, monitors)
        case "CustomerInformation" if payload.get("clear") is True:
            return _refusal(payload, found)
        case _:
            return Ruling(payload)


def is_our_certificate(payload: Payload) -> bool:
    """Return whether a certificate is that of the connection to us; one without a type is for everything."""
    return text(payload, "certificateType") in (None, "ChargingStationCertificate")


def status_info() -> Payload:
    """Return why something is refused, in the standard's words."""
    return {"reasonCode": REASON_CODE, "additionalInfo": REASON_TEXT}


def _refusal(payload: Payload, found: VendorRule) -> Ruling:
    return Ruling(payload, {"status": found.status, "statusInfo": status_info()}, filtered=True)


def _steers(payload: Payload, route: Route) -> bool:
    """Return whether a message of the vendor's own is the one our controller uses."""
    if route.kind is not RouteKind.DATA_TRANSFER or text(payload, "vendorId") != route.vendor_id:
        return False
    return route.message_id is None or text(payload, "messageId") == route.message_id


def _settings(payload: Payload, route: Route | None) -> Ruling:
    rows = tables(payload, "setVariableData")
    ours = set(_OURS)
    if route is not None and route.kind is RouteKind.VARIABLE and route.component and route.variable:
        ours.add((route.component.casefold(), route.variable.casefold()))
    kept_back = {place: _rejected(row) for place, row in enumerate(rows) if _is_ours(row, ours)}
    return _by_rows("SetVariables", payload, kept_back)


def _monitors(action: str, payload: Payload, theirs: Container[int]) -> Ruling:
    """Keep back the rows about monitors by number that are not the vendor's."""
    kept_back: dict[int, Payload] = {}
    if action == "ClearVariableMonitoring":
        ids = payload.get("id")
        for place, number in enumerate(ids if isinstance(ids, list) else []):
            if number not in theirs:
                kept_back[place] = {"id": number, "status": "Rejected", "statusInfo": status_info()}
        return _by_rows(action, payload, kept_back)
    for place, row in enumerate(tables(payload, "setMonitoringData")):
        if "id" in row and row["id"] not in theirs:
            told: Payload = {key: row[key] for key in ("id", "type", "severity", "component", "variable") if key in row}
            kept_back[place] = {**told, "status": "Rejected", "statusInfo": status_info()}
    return _by_rows(action, payload, kept_back)


def _by_rows(action: str, payload: Payload, kept_back: dict[int, Payload]) -> Ruling:
    """Return the ruling on a call of several rows, some of which are kept back."""
    if not kept_back:
        return Ruling(payload)
    asked, answered = ROWS[action]
    rows = payload.get(asked)
    left: list[Json] = [
        row for place, row in enumerate(rows if isinstance(rows, list) else []) if place not in kept_back
    ]
    if left:
        return Ruling({**payload, asked: left}, kept_back=kept_back, filtered=True)
    results: list[Json] = list(kept_back.values())
    return Ruling(payload, {answered: results}, filtered=True)


def _is_ours(row: Payload, ours: set[tuple[str, str | None]]) -> bool:
    component = (text(table(row, "component"), "name") or "").strip().casefold()
    variable = (text(table(row, "variable"), "name") or "").strip().casefold()
    return (component, None) in ours or (component, variable) in ours


def _rejected(row: Payload) -> Payload:
    result: Payload = {key: row[key] for key in ("attributeType", "component", "variable") if key in row}
    return {**result, "attributeStatus": "Rejected", "attributeStatusInfo": status_info()}


def rows_together(action: str, answer: Payload, kept_back: Mapping[int, Payload]) -> Payload:
    """Return a station's answer to the rows that passed, with the results of the others in their places."""
    answered = ROWS[action][1]
    results: list[Json] = list(tables(answer, answered))
    for place in sorted(kept_back):
        results.insert(min(place, len(results)), kept_back[place])
    return {**answer, answered: results}


def monitors_set(answer: Payload) -> set[int]:
    """Return the numbers a station gave to monitors."""
    return _numbered(answer, "setMonitoringResult", {"Accepted"})


def monitors_gone(answer: Payload) -> set[int]:
    """Return the numbers of the monitors a station cleared, or does not have."""
    return _numbered(answer, "clearMonitoringResult", {"Accepted", "NotFound"})


def _numbered(answer: Payload, key: str, statuses: set[str]) -> set[int]:
    rows = ((integer(row, "id"), text(row, "status")) for row in tables(answer, key))
    return {number for number, status in rows if number is not None and status in statuses}


def listed() -> dict[str, list[dict[str, str | None]]]:
    """Return all rules as rows anybody can read."""
    vendor = {**VENDOR_CALLS, "*": PASSED}
    return {
        "station_calls": [
            {"action": action, "course": str(found.course), "why": found.why} for action, found in STATION_CALLS.items()
        ],
        "vendor_calls": [
            {"action": action, "passage": str(found.passage), "why": found.why} for action, found in vendor.items()
        ],
        "settings": [{"component": c, "variable": v, "why": why} for (c, v), why in SETTINGS.items()],
    }
