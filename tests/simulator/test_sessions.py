"""What happens from plug-in to unplug, as the controller hears it."""

from dataclasses import replace
from typing import Any

import pytest

from simulator.home import HomeSettings
from simulator.linky import LinkySettings
from simulator.ocpp_station import StationSettings
from simulator.quirks import Quirks
from simulator.station import EvseSettings
from simulator.vehicle import PLAIN, VehicleSettings
from simulator.world import WorldSettings
from tests.simulator.controller import Controller, Scene, dynamic, profile, schedule

CAR = VehicleSettings(soc_pct=50, capacity_kwh=50)
HOME = HomeSettings(vehicle=CAR)


def scene(protocol: str = "ocpp2.1", controller: Controller | None = None, **changes: object) -> Scene:
    return Scene(replace(HOME, **changes), protocol, controller)  # type: ignore[arg-type]


def station(**changes: object) -> StationSettings:
    return StationSettings(**changes)  # type: ignore[arg-type]


def last_transfer(one: Scene) -> str:
    return str(one.controller.of("NotifyEVChargingNeeds")[-1]["chargingNeeds"]["requestedEnergyTransfer"])


# -- standing ---------------------------------------------------------------------------------------


def test_a_station_boots_once_and_then_only_says_that_it_lives() -> None:
    one = scene()
    assert [name for name, _ in one.controller.heard] == [
        "BootNotification",
        "SecurityEventNotification",
        "StatusNotification",
    ]
    one.offline()
    one.controller.heard.clear()
    one.online()
    assert [name for name, _ in one.controller.heard] == ["Heartbeat"]


def test_heartbeats_follow_the_interval() -> None:
    one = scene()
    one.run(3_600, step_s=10)
    assert len(one.controller.of("Heartbeat")) == 12


@pytest.mark.parametrize("verdict", ["Pending", "Rejected"])
def test_a_station_not_accepted_asks_again_and_says_nothing_else(verdict: str) -> None:
    controller = Controller()
    controller.boot_status = verdict
    one = scene(controller=controller)
    one.plug_in(305)
    assert [name for name, _ in controller.heard] == ["BootNotification"] * 2
    controller.boot_status = "Accepted"
    one.run(300)
    assert controller.events("Started")


def test_a_pending_station_answers_what_it_is_asked_and_sends_what_it_is_told_to() -> None:
    controller = Controller()
    controller.boot_status = "Pending"
    one = scene(controller=controller)
    one.plug_in()
    assert one.ask("GetBaseReport", {"requestId": 1, "reportBase": "SummaryInventory"}) == {"status": "Accepted"}
    assert controller.of("NotifyReport")
    assert one.ask("TriggerMessage", {"requestedMessage": "StatusNotification"}) == {"status": "Accepted"}
    assert controller.of("StatusNotification")
    assert one.ask("RequestStopTransaction", {"transactionId": "x"})["status"] == "Rejected"
    controller.boot_status = "Accepted"
    one.ask("TriggerMessage", {"requestedMessage": "BootNotification"})
    one.run(5)
    assert [boot["reason"] for boot in controller.of("BootNotification")] == ["PowerUp", "PowerUp"]
    assert controller.events("Started")


def test_a_rejected_station_answers_nobody() -> None:
    controller = Controller()
    controller.boot_status = "Rejected"
    one = scene(controller=controller)
    assert one.ask("TriggerMessage", {"requestedMessage": "Heartbeat"}) == "SecurityError"


def test_the_state_of_the_connector_can_be_told_by_events() -> None:
    one = scene(quirks=Quirks(states_by_event=True))
    one.plug_in()
    told = [event["eventData"][0]["actualValue"] for event in one.controller.of("NotifyEvent")]
    assert told == ["Available", "Occupied"]
    assert not one.controller.of("StatusNotification")


# -- the way into a V2G session ---------------------------------------------------------------------


def test_plugging_in_leads_to_needs_in_the_order_of_the_standard() -> None:
    one = scene()
    one.controller.heard.clear()
    one.plug_in()
    assert [name for name, _ in one.controller.heard[:4]] == [
        "StatusNotification",
        "Authorize",
        "TransactionEvent",
        "NotifyEVChargingNeeds",
    ]
    [needs] = one.controller.of("NotifyEVChargingNeeds")
    asked = needs["chargingNeeds"]
    assert asked["requestedEnergyTransfer"] == "AC_BPT"
    assert asked["controlMode"] == "DynamicControl"
    figures = asked["v2xChargingParameters"]
    assert (figures["evTargetEnergyRequest"], figures["evMinV2XEnergyRequest"]) == (15_000, -15_000)
    assert figures["maxDischargePower"] == 7_000
    [token] = one.controller.of("Authorize")
    assert token["idToken"]["additionalInfo"][0]["type"] == "EVCCID"


def test_energy_waits_for_the_first_profile_and_then_follows_it() -> None:
    one = scene()
    one.plug_in(30)
    assert one.home.snapshot().power_w == 0
    assert one.setpoint(-3_000) == "Accepted"
    one.run(3)
    seen = one.home.snapshot()
    assert (seen.power_w, seen.mode, seen.light) == (-3_000, "CentralSetpoint", "green ascending")
    [mode] = one.controller.events("Updated", "OperationModeChanged")
    assert mode["transactionInfo"]["operationMode"] == "CentralSetpoint"


def test_a_profile_that_never_comes_is_not_waited_for_longer_than_a_minute() -> None:
    one = scene()
    one.plug_in(59)
    assert one.home.snapshot().power_w == 0
    one.run(10)
    assert one.home.snapshot().power_w == 11_000


def test_no_charging_profile_means_charging_at_once() -> None:
    controller = Controller()
    controller.needs_status = "NoChargingProfile"
    one = scene(controller=controller)
    one.ask("SetChargingProfile", {"evseId": 0, "chargingProfile": profile()})
    one.plug_in(10)
    assert one.home.snapshot().power_w == 4_140


def test_refused_needs_end_the_transaction() -> None:
    controller = Controller()
    controller.needs_status = "Rejected"
    one = scene(controller=controller)
    one.plug_in(10)
    [end] = controller.events("Ended")
    assert end["transactionInfo"]["stoppedReason"] == "ReqEnergyTransferRejected"


@pytest.mark.parametrize("transfers", [None, ["AC_three_phase"]])
def test_without_permission_for_it_nobody_discharges(transfers: list[str] | None) -> None:
    controller = Controller()
    controller.transfers = transfers
    one = scene(controller=controller)
    one.plug_in()
    [needs] = controller.of("NotifyEVChargingNeeds")
    assert needs["chargingNeeds"]["requestedEnergyTransfer"] == "AC_three_phase"
    assert "maxDischargePower" not in needs["chargingNeeds"]["v2xChargingParameters"]
    assert one.setpoint(-3_000) == "InvalidOperationMode"
    assert one.setpoint(3_000) == "Accepted"
    one.run(5)
    assert one.home.snapshot().power_w == 3_000


def test_permission_can_come_later_by_renegotiation() -> None:
    controller = Controller()
    controller.transfers = None
    one = scene(controller=controller)
    one.plug_in()
    allowed = {"transactionId": controller.transaction_id, "allowedEnergyTransfer": ["AC_BPT"]}
    assert one.ask("NotifyAllowedEnergyTransfer", allowed) == {"status": "Accepted"}
    assert last_transfer(one) == "AC_BPT"
    assert one.setpoint(-3_000) == "Accepted"
    assert one.ask("NotifyAllowedEnergyTransfer", {**allowed, "transactionId": "x"})["status"] == "Rejected"


def test_a_station_may_be_unable_to_renegotiate() -> None:
    one = scene(quirks=Quirks(no_renegotiation=True))
    one.plug_in()
    allowed = {"transactionId": one.controller.transaction_id, "allowedEnergyTransfer": ["AC_BPT"]}
    assert one.ask("NotifyAllowedEnergyTransfer", allowed)["status"] == "Rejected"


def test_a_profile_before_the_needs_comes_too_early() -> None:
    controller = Controller()
    controller.mute = {"TransactionEvent"}
    one = scene(controller=controller)
    one.plug_in()
    assert one.setpoint(1_500) == "InvalidMessageSeq"


# -- steering ---------------------------------------------------------------------------------------


def test_what_is_not_renewed_falls_back_to_standard_charge() -> None:
    one = scene()
    one.ask("SetChargingProfile", {"evseId": 0, "chargingProfile": profile()})
    one.plug_in()
    one.setpoint(-3_000, 180)
    one.run(170)
    assert one.home.snapshot().power_w == -3_000
    update = {"chargingProfileId": 200, "scheduleUpdate": {"setpoint": -2_000}}
    assert one.ask("UpdateDynamicSchedule", update) == {"status": "Accepted"}
    one.run(179)
    assert one.home.snapshot().power_w == -2_000
    one.run(5)
    seen = one.home.snapshot()
    assert (seen.power_w, seen.layer, seen.light) == (4_140, "TxDefaultProfile", "blue descending")


def test_the_same_happens_when_the_controller_dies() -> None:
    one = scene()
    one.ask("SetChargingProfile", {"evseId": 0, "chargingProfile": profile()})
    one.plug_in()
    limited = dynamic(-3_000, one.controller.transaction_id, maxOfflineDuration=60, invalidAfterOfflineDuration=True)
    assert one.set_profile(limited) == "Accepted"
    one.run(5)
    one.offline()
    one.run(58)
    assert one.home.snapshot().power_w == -3_000
    one.run(5)
    assert one.home.snapshot().power_w == 4_140


@pytest.mark.parametrize(("selector", "most_w"), [("32", 11_000), ("12", 8_280), ("X", 5_520)])
def test_the_selector_caps_every_command(selector: str, most_w: float) -> None:
    one = scene(evse=EvseSettings(selector=selector), vehicle=replace(CAR, max_discharge_w=11_000))
    one.plug_in()
    one.setpoint(22_000)
    one.run(10)
    assert one.home.snapshot().power_w == most_w
    one.setpoint(-22_000)
    one.run(10)
    assert one.home.snapshot().power_w == -most_w


def test_a_plain_car_pauses_below_six_amperes() -> None:
    one = scene(vehicle=replace(CAR, speaks=PLAIN))
    one.plug_in()
    assert not one.controller.of("NotifyEVChargingNeeds")
    tx = {"chargingProfilePurpose": "TxProfile", "transactionId": one.controller.transaction_id, "id": 200}
    for limit_w, power_w in ((6_900, 6_900), (3_000, 0), (5_000, 5_000)):
        assert one.set_profile(profile(**tx, chargingSchedule=[schedule({"limit": limit_w})])) == "Accepted"
        one.run(10)
        assert one.home.snapshot().power_w == limit_w if power_w else one.home.snapshot().power_w == 0


def test_the_car_refuses_below_its_own_minimum() -> None:
    one = scene(vehicle=replace(CAR, soc_pct=20.5, min_soc_pct=20))
    one.plug_in()
    one.setpoint(-7_000, 7_200)
    one.run(3_600, step_s=10)
    assert one.home.snapshot().soc_pct == pytest.approx(20, abs=0.01)
    assert one.home.snapshot().state == "SuspendedEV"


def test_priority_charging_needs_its_profile_and_says_so() -> None:
    one = scene()
    one.plug_in()
    one.setpoint(-3_000)
    use = {"transactionId": one.controller.transaction_id, "activate": True}
    assert one.ask("UsePriorityCharging", use) == {"status": "NoProfile"}
    priority = profile(
        id=120, chargingProfilePurpose="PriorityCharging", chargingSchedule=[schedule({"limit": 11_040})]
    )
    assert one.set_profile(priority) == "Accepted"
    assert one.ask("UsePriorityCharging", use) == {"status": "Accepted"}
    one.run(5)
    assert one.controller.of("NotifyPriorityCharging")[-1]["activated"] is True
    assert one.home.snapshot().power_w == 11_000


def test_the_flap_button_leaves_v2g_until_the_next_plug_in() -> None:
    one = scene()
    one.ask("SetChargingProfile", {"evseId": 0, "chargingProfile": profile()})
    one.plug_in()
    one.setpoint(-3_000)
    one.run(5)
    one.home.press_instant_charge()
    one.run(5)
    assert last_transfer(one) == "AC_three_phase"
    assert one.home.snapshot().power_w == 4_140
    one.home.unplug()
    one.run(2)
    one.plug_in()
    assert last_transfer(one) == "AC_BPT"


def test_a_scheduled_car_tells_its_schedule() -> None:
    one = scene(vehicle=replace(CAR, dynamic_control=False))
    one.plug_in()
    assert one.setpoint(-3_000) == "Accepted"
    [told] = one.controller.of("NotifyEVChargingSchedule")
    assert told["chargingSchedule"]["chargingSchedulePeriod"][0]["setpoint"] == -3_000


def test_the_composite_schedule_and_the_stack_can_be_read_back() -> None:
    one = scene()
    one.ask("SetChargingProfile", {"evseId": 0, "chargingProfile": profile()})
    one.plug_in()
    one.setpoint(-3_000, 180)
    composite = one.ask("GetCompositeSchedule", {"duration": 3_600, "evseId": 1, "chargingRateUnit": "W"})
    periods = composite["schedule"]["chargingSchedulePeriod"]
    assert [(period["startPeriod"], period.get("setpoint"), period.get("limit")) for period in periods] == [
        (0, -3_000, None),
        (180, None, 4_140),
    ]
    assert one.ask("GetChargingProfiles", {"requestId": 5, "chargingProfile": {}}) == {"status": "Accepted"}
    reports = one.controller.of("ReportChargingProfiles")
    assert [(report["evseId"], report.get("tbc", False)) for report in reports] == [(0, True), (1, False)]
    assert one.ask("ClearChargingProfile", {"chargingProfileId": 200}) == {"status": "Accepted"}
    only = {"chargingProfilePurpose": "TxProfile"}
    assert one.ask("GetChargingProfiles", {"requestId": 6, "chargingProfile": only}) == {"status": "NoProfiles"}


# -- what is measured -------------------------------------------------------------------------------


def values_of(event: dict[str, Any]) -> dict[str, float]:
    return {value["measurand"]: value["value"] for value in event["meterValue"][0]["sampledValue"]}


def test_values_come_at_the_pace_and_with_the_signs_asked_for() -> None:
    one = scene()
    one.plug_in()
    one.setpoint(-3_000, 600)
    one.run(5)
    pace = {
        "component": {"name": "V2XChargingCtrlr", "evse": {"id": 1}},
        "variable": {"name": "TxUpdatedInterval", "instance": "CentralSetpoint"},
        "attributeValue": "2",
    }
    answer = one.ask("SetVariables", {"setVariableData": [pace]})
    assert answer["setVariableResult"][0]["attributeStatus"] == "Accepted"
    one.controller.heard.clear()
    one.run(60)
    periodic = one.controller.events("Updated", "MeterValuePeriodic")
    assert len(periodic) == 30
    values = values_of(periodic[-1])
    assert (values["Power.Active.Import"], values["Power.Active.Export"]) == (0, 3_000)
    assert values["Power.Active.Setpoint"] == -3_000
    assert values["Current.Import"] == 0
    assert values["Current.Export"] == pytest.approx(3_000 / 3 / 232, rel=0.02)
    assert values["Display.PresentSOC"] == pytest.approx(50, abs=0.5)


def test_registers_count_both_ways_and_survive_a_reboot() -> None:
    one = scene()
    one.plug_in()
    one.setpoint(6_000, 7_200)
    one.run(1_800)
    one.setpoint(-6_000, 7_200)
    one.run(1_800)
    before = one.home.snapshot()
    assert before.import_wh == pytest.approx(3_000, rel=0.01)
    assert before.export_wh == pytest.approx(3_000, rel=0.01)
    one.home.reboot()
    one.run(20)
    assert one.home.snapshot().import_wh >= before.import_wh


def test_a_2_0_1_station_speaks_with_the_words_of_2_0_1() -> None:
    one = scene("ocpp2.0.1")
    one.plug_in(80)
    [needs] = one.controller.of("NotifyEVChargingNeeds")
    assert set(needs["chargingNeeds"]) == {"requestedEnergyTransfer", "acChargingParameters"}
    values = values_of(one.controller.events("Updated", "MeterValuePeriodic")[-1])
    assert "SoC" in values
    assert not [name for name in values if name.startswith("Display")]
    assert one.ask("UpdateDynamicSchedule", {}) == "NotImplemented"
    asked = {"component": {"name": "V2XChargingCtrlr", "evse": {"id": 1}}, "variable": {"name": "Enabled"}}
    result = one.ask("GetVariables", {"getVariableData": [asked]})["getVariableResult"][0]
    assert result["attributeStatus"] == "UnknownComponent"


# -- trouble ----------------------------------------------------------------------------------------


def test_what_happened_offline_is_told_afterwards_in_order() -> None:
    one = scene()
    one.plug_in()
    one.setpoint(3_000, 3_600)
    one.run(30)
    one.offline()
    one.run(60)
    one.controller.heard.clear()
    one.online()
    names = [name for name, _ in one.controller.heard]
    assert names[-2:] == ["Heartbeat", "StatusNotification"]
    assert set(names[:-2]) == {"TransactionEvent"}
    events = one.controller.events()
    assert all(event["offline"] for event in events)
    numbers = [event["seqNo"] for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    one.run(20)
    assert "offline" not in one.controller.events()[-1]


def test_a_car_plugged_in_while_nobody_is_there_is_charged_all_the_same() -> None:
    one = scene()
    one.offline()
    one.plug_in(20)
    assert one.home.snapshot().power_w == 11_000
    one.online()
    assert one.controller.events("Started")[0]["offline"] is True
    assert last_transfer(one) == "AC_three_phase"
    assert one.setpoint(-3_000) == "InvalidOperationMode"


def test_unplugging_ends_and_plugging_again_begins_anew() -> None:
    one = scene()
    one.plug_in()
    one.setpoint(3_000)
    one.run(30)
    first = one.controller.transaction_id
    one.home.unplug()
    one.run(1)
    [end] = one.controller.events("Ended")
    assert end["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    assert one.home.snapshot().power_w == 0
    assert one.controller.of("StatusNotification")[-1]["connectorStatus"] == "Available"
    assert one.home.station.profiles.profiles == []
    one.plug_in()
    assert one.controller.transaction_id != first
    assert one.controller.events("Started")[-1]["seqNo"] == 0


def test_a_refused_token_starts_nothing() -> None:
    controller = Controller()
    controller.token_status = "Blocked"
    one = scene(controller=controller)
    one.plug_in(2)
    assert one.home.snapshot().light == "yellow blinking"
    one.run(60)
    assert not controller.events()
    assert one.home.snapshot().power_w == 0


def test_a_token_refused_in_the_transaction_stops_it() -> None:
    one = scene(station=station(authorization=False))
    one.controller.token_status = "Invalid"
    one.plug_in(10)
    assert one.controller.events("Started")[0]["idToken"] == {"idToken": "", "type": "NoAuthorization"}
    assert one.controller.events("Ended")[0]["transactionInfo"]["stoppedReason"] == "DeAuthorized"


@pytest.mark.parametrize("plug_first", [True, False])
@pytest.mark.parametrize("quirks", [Quirks(), Quirks(authorizes_before_answering_start=True)])
def test_a_remote_start_carries_its_profile(plug_first: bool, quirks: Quirks) -> None:
    one = scene(station=station(autocharge=False), quirks=quirks)
    if plug_first:
        one.plug_in()
    start = {
        "remoteStartId": 12,
        "evseId": 1,
        "idToken": {"idToken": "owner", "type": "Central"},
        "chargingProfile": profile(
            id=200, chargingProfilePurpose="TxProfile", chargingSchedule=[schedule({"limit": 5_000})]
        ),
    }
    answer = one.ask("RequestStartTransaction", start)
    known = {"transactionId": one.controller.transaction_id} if one.controller.events() else {}
    assert answer["status"] == "Accepted"
    assert answer in ({"status": "Accepted"}, {"status": "Accepted", **known})
    assert ("transactionId" in answer) == (plug_first and quirks.authorizes_before_answering_start)
    one.run(5)
    if not plug_first:
        assert one.home.snapshot().light == "orange blinking"
        one.plug_in()
    assert one.controller.events("Started")[0]["transactionInfo"]["remoteStartId"] == 12
    one.run(70)
    assert one.home.snapshot().layer == "TxProfile"
    assert one.home.snapshot().power_w == 5_000
    assert one.ask("RequestStartTransaction", start)["status"] == "Rejected"
    stop = {"transactionId": one.controller.transaction_id}
    assert one.ask("RequestStopTransaction", stop) == {"status": "Accepted"}
    one.run(2)
    assert one.controller.events("Ended")[0]["transactionInfo"]["stoppedReason"] == "Remote"
    assert one.home.snapshot().light == "blue steady"


def test_a_remote_start_without_a_cable_is_given_up() -> None:
    one = scene(station=station(autocharge=False))
    start = {"remoteStartId": 1, "idToken": {"idToken": "owner", "type": "Central"}}
    assert one.ask("RequestStartTransaction", start) == {"status": "Accepted"}
    one.run(130)
    one.plug_in(20)
    assert not one.controller.events()


@pytest.mark.parametrize(("start_point", "first"), [("EVConnected", "CablePluggedIn"), ("Authorized", "Authorized")])
def test_a_transaction_starts_where_it_is_told_to(start_point: str, first: str) -> None:
    one = scene(station=station(start_point=start_point))
    one.plug_in()
    [started] = one.controller.events("Started")
    assert started["triggerReason"] == first
    assert ("idToken" in started) == (start_point == "Authorized")
    assert one.controller.of("NotifyEVChargingNeeds")


def test_a_badge_starts_and_ends() -> None:
    one = scene(station=station(autocharge=False))
    one.plug_in()
    assert one.home.snapshot().light == "violet steady"
    one.home.present_token("CARD")
    one.run(5)
    assert one.controller.events("Started")
    one.home.present_token("CARD")
    one.run(2)
    assert one.controller.events("Ended")[0]["transactionInfo"]["stoppedReason"] == "Local"


@pytest.mark.parametrize(("kind", "answer"), [("Immediate", "Accepted"), ("OnIdle", "Scheduled")])
def test_a_reset_reboots_now_or_after_the_transaction(kind: str, answer: str) -> None:
    one = scene()
    one.plug_in()
    assert one.ask("Reset", {"type": kind}) == {"status": answer}
    one.run(10)
    ended = one.controller.events("Ended")
    assert bool(ended) == (kind == "Immediate")
    if not ended:
        one.home.unplug()
        one.run(10)
    else:
        assert ended[0]["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    reasons = [boot["reason"] for boot in one.controller.of("BootNotification")]
    assert reasons == ["PowerUp", "RemoteReset" if kind == "Immediate" else "ScheduledReset"]


def test_availability_waits_for_the_transaction() -> None:
    one = scene()
    one.plug_in()
    assert one.ask("ChangeAvailability", {"operationalStatus": "Inoperative"}) == {"status": "Scheduled"}
    one.home.unplug()
    one.run(3)
    assert one.home.snapshot().availability == "Unavailable"
    assert one.home.snapshot().light == "red steady"
    one.ask("ChangeAvailability", {"operationalStatus": "Operative"})
    one.run(1)
    assert one.controller.of("StatusNotification")[-1]["connectorStatus"] == "Available"


def test_the_state_of_a_transaction_can_be_asked() -> None:
    one = scene()
    assert one.ask("GetTransactionStatus", {}) == {"messagesInQueue": False}
    one.plug_in()
    known = {"transactionId": one.controller.transaction_id}
    assert one.ask("GetTransactionStatus", known) == {"ongoingIndicator": True, "messagesInQueue": False}
    assert one.ask("GetTransactionStatus", {"transactionId": "x"})["ongoingIndicator"] is False


def test_a_linky_that_opens_darkens_the_house_and_a_button_brings_it_back() -> None:
    tight = replace(
        HOME,
        world=WorldSettings(phases=1),
        linky=LinkySettings(phases=1, subscribed_kva=3),
        evse=EvseSettings(phases=1),
    )
    one = Scene(tight)
    one.home.world.house_override_w = 2_000
    one.plug_in(3)
    one.setpoint(7_000, 3_600)
    one.run(60)
    seen = one.home.snapshot()
    assert (seen.cut, seen.power_w, seen.grid_w, seen.online, seen.light) == (True, 0, 0, False, "off off")
    one.home.close_breaker()
    one.home.world.house_override_w = 0
    one.run(8)
    assert not one.home.snapshot().cut
    assert one.controller.events("Ended")[0]["transactionInfo"]["stoppedReason"] == "PowerLoss"
    assert len(one.controller.events("Started")) == 2


def test_a_fault_ends_the_transaction_and_shows() -> None:
    one = scene()
    one.plug_in()
    one.setpoint(3_000)
    one.run(5)
    one.home.fault()
    one.run(2)
    seen = one.home.snapshot()
    assert (seen.power_w, seen.availability, seen.light) == (0, "Faulted", "red steady")
    assert one.controller.events("Ended")[0]["transactionInfo"]["stoppedReason"] == "GroundFault"
    one.home.fault(False)
    one.run(2)
    assert one.controller.of("StatusNotification")[-1]["connectorStatus"] == "Occupied"


# -- habits of real stations ------------------------------------------------------------------------


def test_quirks_change_what_the_controller_hears() -> None:
    odd = Quirks(seq_no_always_zero=True, energy_in_kwh=True, export_as_negative_import=True)
    one = scene(quirks=odd)
    one.plug_in()
    one.setpoint(-3_000)
    one.run(60)
    events = one.controller.events()
    assert {event["seqNo"] for event in events} == {0}
    values = values_of(events[-1])
    assert values["Power.Active.Import"] == -3_000
    assert values["Energy.Active.Export.Register"] < 1


def test_a_station_may_take_everything_and_do_nothing() -> None:
    one = scene(quirks=Quirks(ignores_profiles=True))
    one.plug_in()
    assert one.setpoint(-3_000) == "Accepted"
    one.run(5)
    assert one.home.snapshot().power_w == 11_000


def test_a_station_may_mistake_the_sign() -> None:
    one = scene(quirks=Quirks(wrong_sign=True))
    one.plug_in()
    one.setpoint(-3_000)
    one.run(5)
    assert one.home.snapshot().power_w == 3_000


def test_a_station_may_lack_dynamic_profiles() -> None:
    one = scene(quirks=Quirks(refuses_dynamic=True, no_dynamic_updates=True))
    one.plug_in()
    assert one.setpoint(-3_000) == "UnsupportedKind"
    update = {"chargingProfileId": 200, "scheduleUpdate": {"setpoint": 0}}
    assert one.ask("UpdateDynamicSchedule", update) == "NotImplemented"


def test_a_station_may_not_answer_at_all() -> None:
    one = scene(quirks=Quirks(never_answers=frozenset({"SetChargingProfile"})))
    one.plug_in()
    message = {"evseId": 1, "chargingProfile": dynamic(1_500, one.controller.transaction_id)}
    assert one.ask("SetChargingProfile", message) is None


def test_a_hybrid_station_speaks_v2x_on_a_2_0_1_link() -> None:
    one = scene("ocpp2.0.1", quirks=Quirks(v2x_on_2_0_1=True))
    one.plug_in()
    [needs] = one.controller.of("NotifyEVChargingNeeds")
    assert needs["chargingNeeds"]["requestedEnergyTransfer"] == "AC_BPT"
    assert one.setpoint(-3_000) == "Accepted"
    one.run(20)
    assert one.home.snapshot().power_w == -3_000
    assert all("operationMode" not in event["transactionInfo"] for event in one.controller.events())


def test_a_2_0_1_station_may_discharge_by_a_negative_limit() -> None:
    one = scene("ocpp2.0.1", quirks=Quirks(negative_limit_discharges=True))
    one.plug_in()
    tx = {"chargingProfilePurpose": "TxProfile", "transactionId": one.controller.transaction_id, "id": 200}
    assert one.set_profile(profile(**tx, chargingSchedule=[schedule({"limit": -3_000})])) == "Accepted"
    one.run(20)
    assert one.home.snapshot().power_w == -3_000
