"""The habits of real stations that leave the standard."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

PROFILE_CALLS = frozenset({"SetChargingProfile", "GetCompositeSchedule", "ClearChargingProfile", "GetChargingProfiles"})


class UnknownQuirk(ValueError):
    """A name no habit bears, or a value it does not take."""


def habit[Kind: (bool, float, str, bytes)](words: str, usual: Kind) -> Kind:
    """Describe a habit, and what a station by the book has instead."""
    return field(default=usual, metadata={"words": words})


def actions(words: str) -> frozenset[str]:
    """Describe a habit that concerns some actions."""
    return field(default=frozenset(), metadata={"words": words})


@dataclass(frozen=True, slots=True)
class Quirks:
    """What this station does differently; all off is a station by the book."""

    # -- connection
    offers_only: str = habit("offers this one subprotocol and no other", "")
    path_prefix: str = habit("puts this between the address and its id", "")
    basic_user: str = habit("logs in with this user name instead of its id", "")
    no_authorization_header: bool = habit("sends no Authorization header at all", False)
    lower_case_headers: bool = habit("writes header names in lower case", False)
    sends_origin: bool = habit("adds an Origin header", False)
    no_compression: bool = habit("does not offer permessage-deflate", False)
    never_pings: bool = habit("sends no pings, and does not notice a dead line by itself", False)
    pings_every_s: float = habit("pings at its own pace, whatever WebSocketPingInterval says (s)", 0.0)
    ping_payload: bytes = habit("puts this into its pings", b"")
    drops_tcp: bool = habit("leaves without a close frame", False)
    closes_without_code: bool = habit("closes without a code", False)
    fast_back_off: bool = habit("dials again after 1 to 3 s, then twice as long each time", False)
    insists_on_common_name: bool = habit("wants the server's name in the certificate's CN, not only in its SAN", False)
    exits_on_reset: bool = habit("ends after a Reset, and does not come back by itself", False)
    reset_takes_s: float = habit("is away so long after a Reset (s)", 0.0)
    power_up_after_reset: bool = habit("boots with reason PowerUp after a commanded Reset", False)
    heartbeat_only_on_reconnect: bool = habit("says nothing but Heartbeat after a reconnect", False)

    # -- order
    statuses_before_boot_answer: bool = habit("tells its status before BootNotification is answered", False)
    status_after_started: bool = habit("tells Occupied only after the transaction has started", False)
    authorizes_before_answering_start: bool = habit("authorizes before it answers RequestStartTransaction", False)
    started_before_accepted: bool = habit("sends Started before it answers RequestStartTransaction", False)
    cable_told_after_started: bool = habit("tells CablePluggedIn after Started, which says Charging", False)

    # -- content
    seq_no_always_zero: bool = habit("writes seqNo 0 into every event", False)
    transaction_id_shape: str = habit("makes transaction ids of this shape: uuid, hex34 or text", "uuid")
    energy_in_kwh: bool = habit("tells energy in kWh", False)
    float_noise: bool = habit("writes numbers with the noise of 32-bit floats", False)
    export_as_negative_import: bool = habit("tells export as negative import", False)
    soc_jumps: bool = habit("tells a state of charge that jumps about", False)
    started_without_token: bool = habit("leaves idToken out of Started", False)
    started_without_charging_state: bool = habit("leaves chargingState out of Started", False)
    no_connector_id: bool = habit("names the EVSE of a transaction without its connector", False)
    ended_without_values: bool = habit("ends without meter values", False)
    ended_with_all_values: bool = habit("ends with every sample since Transaction.Begin", False)
    no_periodic_values: bool = habit("takes TxUpdatedInterval and sends no periodic values", False)
    fixed_interval_s: float = habit("ignores TxUpdatedInterval and sends values at this pace (s)", 0.0)
    memory_short: bool = habit("remembers few events while offline and drops every second update", False)
    clock_wrong_by_s: float = habit("has a clock that is wrong by so much (s)", 0.0)
    no_startup_event: bool = habit("sends no StartupOfTheDevice after its boot", False)
    report_numbering: str = habit("cuts reports: parts, one_from_0, one_from_1 or three", "parts")
    needs_in_2_1_form: bool = habit("tells V2X needs on a 2.0.1 link, though it cannot be steered by V2X", False)
    draft_spelling: bool = habit("spells the control mode as drafts of 2.1 did", False)
    echoes_requests: bool = habit("puts the whole request into the description of a CALLERROR", False)
    states_by_event: bool = habit("tells connector states by NotifyEvent", False)
    no_charging_needs: bool = habit("never passes on what the car needs", False)

    # -- answers
    never_answers: frozenset[str] = actions("leaves these actions without an answer")
    not_implemented: frozenset[str] = actions("answers these actions NotImplemented")
    hollow: frozenset[str] = actions("accepts these actions and does nothing")
    answer_delay_s: float = habit("answers this late (s)", 0.0)
    no_heartbeat_variable: bool = habit("has no variable HeartbeatInterval", False)
    no_smart_charging_component: bool = habit("has no SmartChargingCtrlr", False)
    no_screen: bool = habit("has nothing to show messages on", False)
    refuses_second_update: bool = habit("refuses a firmware update while one runs", False)
    firmware_fails_with: str = habit("ends firmware updates with this status", "")
    refuses_logs: bool = habit("refuses GetLog", False)
    refuses_passwords: bool = habit("refuses to be given another password", False)
    fails_network_profiles: bool = habit("fails to take a network profile", False)
    refuses_customers: bool = habit("refuses CustomerInformation", False)
    refuses_certificates: bool = habit("refuses certificates that are installed, deleted or signed for it", False)
    uploads_by_post: bool = habit("uploads logs by POST instead of PUT", False)

    # -- steering
    no_dynamic_updates: bool = habit("does not know UpdateDynamicSchedule", False)
    refuses_dynamic: bool = habit("refuses dynamic profiles", False)
    ignores_profiles: bool = habit("accepts profiles and does not follow them", False)
    wrong_sign: bool = habit("takes the absolute value: charges instead of discharging", False)
    no_renegotiation: bool = habit("cannot change the energy transfer of a running session", False)
    v2x_on_2_0_1: bool = habit("speaks the V2X messages of 2.1 on a 2.0.1 link", False)
    negative_limit_discharges: bool = habit("discharges by a negative limit", False)
    custom_data_vendor: str = habit("reads setpoint and operationMode from customData of this vendor", "")
    data_transfer_vendor: str = habit("takes setpoints by DataTransfer of this vendor", "")
    data_transfer_message: str = habit("names those transfers so", "SetSetpoint")
    data_transfer_field: str = habit("finds the watts in this field of the data", "setpointW")
    setpoint_component: str = habit("has a variable for the setpoint in this component", "")
    setpoint_variable: str = habit("names that variable so", "Setpoint")

    @property
    def discharges_by_vendor_route(self) -> bool:
        """Tell whether power can be taken back without a word of 2.1."""
        vendor = self.custom_data_vendor or self.data_transfer_vendor or self.setpoint_component
        return self.negative_limit_discharges or bool(vendor)


HOLLOW = frozenset(
    {
        "GetVariables",
        "GetCompositeSchedule",
        "GetChargingProfiles",
        "TriggerMessage",
        "GetTransactionStatus",
        "SetChargingProfile",
    }
)

LIBOCPP = Quirks(
    path_prefix="ocpp",
    lower_case_headers=True,
    sends_origin=True,
    no_compression=True,
    pings_every_s=11.0,
    ping_payload=b"libwebsock.",
    drops_tcp=True,
    fast_back_off=True,
    heartbeat_only_on_reconnect=True,
    transaction_id_shape="text",
    float_noise=True,
    ended_with_all_values=True,
    report_numbering="three",
    needs_in_2_1_form=True,
    no_dynamic_updates=True,
    no_renegotiation=True,
    not_implemented=frozenset({"UpdateDynamicSchedule", "UsePriorityCharging", "GetTariffs"}),
)
VCP = Quirks(
    offers_only="ocpp2.0.1",
    path_prefix="ocpp",
    never_pings=True,
    drops_tcp=True,
    exits_on_reset=True,
    statuses_before_boot_answer=True,
    seq_no_always_zero=True,
    energy_in_kwh=True,
    started_without_charging_state=True,
    fixed_interval_s=15.0,
    no_startup_event=True,
    report_numbering="one_from_0",
    no_charging_needs=True,
    hollow=HOLLOW,
)
SAP = Quirks(
    offers_only="ocpp2.0.1",
    basic_user="steve",
    pings_every_s=60.0,
    closes_without_code=True,
    reset_takes_s=30.0,
    power_up_after_reset=True,
    status_after_started=True,
    authorizes_before_answering_start=True,
    started_without_token=True,
    no_connector_id=True,
    soc_jumps=True,
    no_startup_event=True,
    report_numbering="one_from_1",
    no_charging_needs=True,
    not_implemented=PROFILE_CALLS,
    echoes_requests=True,
)
MICROOCPP = Quirks(
    offers_only="ocpp2.0.1",
    path_prefix="ocpp",
    no_compression=True,
    pings_every_s=10.0,
    exits_on_reset=True,
    started_before_accepted=True,
    cable_told_after_started=True,
    transaction_id_shape="hex34",
    ended_without_values=True,
    no_periodic_values=True,
    no_startup_event=True,
    report_numbering="one_from_0",
    no_charging_needs=True,
    no_heartbeat_variable=True,
    no_smart_charging_component=True,
    not_implemented=PROFILE_CALLS | {"GetTransactionStatus"},
)
KINDS = {"libocpp": LIBOCPP, "vcp": VCP, "sap": SAP, "microocpp": MICROOCPP}


def with_habits(quirks: Quirks, words: Iterable[str]) -> Quirks:
    """Add habits by name: `seq_no_always_zero`, `answer_delay_s=3`, `never_answers=Reset,GetLog`."""
    for word in words:
        name, _, text = word.partition("=")
        habits: dict[str, Any] = {name: _value(name, text)}
        quirks = replace(quirks, **habits)
    return quirks


def described() -> dict[str, str]:
    """Tell every habit by name."""
    return {one.name: str(one.metadata["words"]) for one in fields(Quirks)}


def _value(name: str, text: str) -> bool | float | str | bytes | frozenset[str]:
    usual = {one.name: getattr(Quirks(), one.name) for one in fields(Quirks)}.get(name)
    if usual is None:
        raise UnknownQuirk(name)
    if isinstance(usual, bool):
        if text not in ("", "true", "false"):
            raise UnknownQuirk(f"{name}={text}")
        return text != "false"
    if not text:
        raise UnknownQuirk(f"{name} needs a value")
    try:
        return _read(usual, text)
    except ValueError as error:
        raise UnknownQuirk(f"{name}={text}") from error


def _read(usual: object, text: str) -> float | str | bytes | frozenset[str]:
    if isinstance(usual, frozenset):
        return frozenset(text.split(","))
    if isinstance(usual, float):
        return float(text)
    return text.encode() if isinstance(usual, bytes) else text
