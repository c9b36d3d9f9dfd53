"""The habits of real stations, as the controller hears them."""

from dataclasses import replace
import json
from typing import Any
import uuid

import pytest

from simulator.home import HomeSettings
from simulator.ocpp_station import StationSettings
from simulator.quirks import HOLLOW, KINDS, PROFILE_CALLS, Quirks, UnknownQuirk, described, with_habits
from simulator.vehicle import VehicleSettings
from tests.simulator.controller import Controller, Scene, dynamic, profile, schedule
from tests.simulator.test_device_model import place
from tests.simulator.test_sessions import values_of
from tests.simulator.test_tls import way

REMOTE = {"idToken": {"idToken": "ha", "type": "Central"}, "remoteStartId": 3, "evseId": 1}


def scene(protocol: str = "ocpp2.1", controller: Controller | None = None, **habits: Any) -> Scene:
    own = StationSettings(autocharge=habits.pop("autocharge", True))
    car = VehicleSettings(soc_pct=50, capacity_kwh=50)
    return Scene(HomeSettings(station=own, vehicle=car, quirks=Quirks(**habits)), protocol, controller)


def heard(one: Scene) -> list[str]:
    return [name for name, _ in one.controller.heard]


# -- names ------------------------------------------------------------------------------------------


def test_every_habit_has_its_words() -> None:
    assert all(words and words[0].islower() for words in described().values())


def test_habits_are_added_by_name() -> None:
    words = ["soc_jumps", "answer_delay_s=2.5", "never_answers=Reset,GetLog", "ping_payload=abc", "never_pings=false"]
    odd = with_habits(Quirks(never_pings=True), words)
    assert odd == Quirks(
        soc_jumps=True, answer_delay_s=2.5, never_answers=frozenset({"Reset", "GetLog"}), ping_payload=b"abc"
    )


@pytest.mark.parametrize("word", ["dances", "answer_delay_s", "answer_delay_s=late", "soc_jumps=maybe"])
def test_a_habit_nobody_has_is_refused(word: str) -> None:
    with pytest.raises(UnknownQuirk):
        with_habits(Quirks(), [word])


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("protocol", ["ocpp2.1", "ocpp2.0.1"])
def test_a_station_like_a_real_one_lives_through_a_session(kind: str, protocol: str) -> None:
    one = Scene(replace(HomeSettings(), quirks=KINDS[kind]), protocol)
    one.plug_in(70)
    one.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    one.ask("TriggerMessage", {"requestedMessage": "Heartbeat"})
    one.offline()
    one.run(20)
    one.online()
    one.home.unplug()
    one.run(20)
    kinds = [event["eventType"] for event in one.controller.events()]
    assert (kinds[0], kinds[-1]) == ("Started", "Ended")
    assert one.home.snapshot().undelivered == 0


# -- standing ---------------------------------------------------------------------------------------


def test_two_questions_may_be_open_before_the_boot_is_answered() -> None:
    controller = Controller()
    controller.mute.add("BootNotification")
    one = scene(controller=controller, statuses_before_boot_answer=True)
    one.plug_in(10)
    assert heard(one) == ["BootNotification", "StatusNotification"]


def test_a_station_may_come_back_with_a_heartbeat_and_nothing_else() -> None:
    one = scene(heartbeat_only_on_reconnect=True, autocharge=False)
    one.offline()
    one.home.plug_in()
    one.run(100)
    one.controller.heard.clear()
    one.online()
    one.run(5)
    assert heard(one) == ["Heartbeat"]


@pytest.mark.parametrize(("habit", "reason"), [(False, "RemoteReset"), (True, "PowerUp")])
def test_a_station_may_hide_that_it_was_reset(habit: bool, reason: str) -> None:
    one = scene(power_up_after_reset=habit)
    one.ask("Reset", {"type": "Immediate"})
    one.run(10)
    assert one.controller.of("BootNotification")[-1]["reason"] == reason


def test_a_station_may_take_its_time_after_a_reset() -> None:
    one = scene(reset_takes_s=30.0)
    one.ask("Reset", {"type": "Immediate"})
    one.run(30)
    assert len(one.controller.of("BootNotification")) == 1
    one.run(10)
    assert len(one.controller.of("BootNotification")) == 2


def test_a_station_may_end_when_it_is_reset() -> None:
    one = scene(exits_on_reset=True)
    one.ask("Reset", {"type": "Immediate"})
    one.run(100)
    assert one.home.station.gone
    one.home.reboot()
    one.run(10)
    assert len(one.controller.of("BootNotification")) == 2


def test_a_clock_may_be_wrong() -> None:
    one = scene(clock_wrong_by_s=-86_400.0)
    one.plug_in()
    assert all(event["timestamp"].startswith("2026-11-21T17:00") for event in one.controller.events())


def test_a_station_may_say_nothing_of_its_start() -> None:
    assert "SecurityEventNotification" not in heard(scene(no_startup_event=True))


# -- order ------------------------------------------------------------------------------------------


def test_a_station_may_authorize_before_it_answers() -> None:
    one = scene(authorizes_before_answering_start=True, autocharge=False)
    one.controller.mute.add("Authorize")
    assert one.ask("RequestStartTransaction", REMOTE) is None
    assert heard(one)[-1] == "Authorize"


@pytest.mark.parametrize("asks_first", [True, False])
def test_a_station_may_start_before_it_accepts(asks_first: bool) -> None:
    one = scene(started_before_accepted=True, autocharge=False)
    if not asks_first:
        write = {**place("AuthCtrlr", "AuthorizeRemoteStart"), "attributeValue": "false"}
        one.ask("SetVariables", {"setVariableData": [write]})
    one.plug_in()
    message_id, text = one.controller.question("RequestStartTransaction", REMOTE)
    one.day.say([text])
    assert one.controller.events("Started")
    assert message_id not in one.controller.replies
    one.run(1)
    answer = one.controller.replies[message_id][2]
    assert answer == {"status": "Accepted", "transactionId": one.controller.transaction_id}


def test_the_cable_may_be_told_after_the_start() -> None:
    one = scene(cable_told_after_started=True)
    one.plug_in()
    first, second = one.controller.events()[:2]
    assert (first["eventType"], first["transactionInfo"]["chargingState"]) == ("Started", "Charging")
    assert (second["eventType"], second["triggerReason"]) == ("Updated", "CablePluggedIn")


@pytest.mark.parametrize(("habit", "order"), [(False, ["Occupied", "Started"]), (True, ["Started", "Occupied"])])
def test_the_status_may_come_after_the_start(habit: bool, order: list[str]) -> None:
    one = scene(status_after_started=habit)
    one.controller.heard.clear()
    one.plug_in()
    told = [payload.get("connectorStatus") or payload.get("eventType") for _, payload in one.controller.heard]
    assert [word for word in told if word in order] == order


# -- content ----------------------------------------------------------------------------------------


def test_transaction_ids_have_many_shapes() -> None:
    def name(shape: str) -> str:
        one = scene(transaction_id_shape=shape)
        one.plug_in()
        return one.controller.transaction_id

    assert uuid.UUID(name("uuid"))
    assert (len(name("hex34")), int(name("hex34"), 16) > 0) == (34, True)
    assert " " in name("text")


def test_numbers_may_carry_the_noise_of_short_floats() -> None:
    one = scene(float_noise=True)
    one.plug_in()
    one.setpoint(2_000)
    one.run(61)
    energy = values_of(one.controller.events()[-1])["Energy.Active.Import.Register"]
    assert len(str(energy)) > 10


def test_the_state_of_charge_may_jump() -> None:
    one = scene(soc_jumps=True)
    one.plug_in()
    one.setpoint(2_000)
    one.run(60)
    soc = [values_of(event)["Display.PresentSOC"] for event in one.controller.events("Updated", "MeterValuePeriodic")]
    assert max(soc) - min(soc) > 5


def test_a_start_may_lack_what_others_tell() -> None:
    one = scene(started_without_token=True, started_without_charging_state=True, no_connector_id=True)
    one.plug_in()
    [started] = one.controller.events("Started")
    assert "idToken" not in started
    assert "chargingState" not in started["transactionInfo"]
    assert started["evse"] == {"id": 1}


def test_an_end_may_tell_nothing_or_everything() -> None:
    def ended(**habits: Any) -> dict[str, Any]:
        one = scene(**habits)
        one.plug_in(30)
        one.home.unplug()
        one.run(1)
        return dict(one.controller.events("Ended")[0])

    assert "meterValue" not in ended(ended_without_values=True)
    contexts = [value["sampledValue"][0]["context"] for value in ended(ended_with_all_values=True)["meterValue"]]
    assert (contexts[0], contexts[-1]) == ("Transaction.Begin", "Transaction.End")
    assert "Sample.Periodic" in contexts


def test_the_interval_asked_for_may_be_ignored() -> None:
    one = scene(fixed_interval_s=15.0)
    one.plug_in(90)
    assert len(one.controller.events("Updated", "MeterValuePeriodic")) == 5


def test_a_short_memory_drops_every_second_update() -> None:
    one = scene(memory_short=True)
    one.plug_in()
    one.offline()
    one.run(600)
    assert one.home.snapshot().undelivered <= 21
    one.controller.heard.clear()
    one.online()
    numbers = [event["seqNo"] for event in one.controller.events()]
    assert numbers == sorted(numbers)
    assert numbers != list(range(numbers[0], numbers[-1] + 1))


@pytest.mark.parametrize(("numbering", "numbers"), [("one_from_0", [0]), ("one_from_1", [1]), ("three", [0, 1, 2])])
def test_reports_are_cut_in_many_ways(numbering: str, numbers: list[int]) -> None:
    one = scene(report_numbering=numbering)
    one.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    assert [part["seqNo"] for part in one.controller.of("NotifyReport")] == numbers


@pytest.mark.parametrize(("draft", "mode"), [(False, "DynamicControl"), (True, "Dynamic")])
def test_v2x_may_be_announced_where_it_cannot_be_used(draft: bool, mode: str) -> None:
    one = scene("ocpp2.0.1", needs_in_2_1_form=True, draft_spelling=draft)
    one.plug_in()
    [needs] = one.controller.of("NotifyEVChargingNeeds")
    assert needs["chargingNeeds"]["requestedEnergyTransfer"] == "AC_BPT"
    assert needs["chargingNeeds"]["controlMode"] == mode
    assert not one.home.snapshot().v2x_agreed


def test_a_refusal_may_repeat_the_whole_question() -> None:
    one = scene(echoes_requests=True, not_implemented=PROFILE_CALLS)
    message = {"evseId": 1, "chargingProfile": profile(id=1)}
    message_id, text = one.controller.question("SetChargingProfile", message)
    one.day.say([text])
    _, _, code, words, details = one.controller.replies[message_id]
    assert code == "NotImplemented"
    assert json.dumps(message) in words
    assert details == message


# -- answers ----------------------------------------------------------------------------------------


def test_accepted_may_mean_nothing() -> None:
    one = scene(hollow=HOLLOW)
    one.plug_in()
    one.controller.heard.clear()
    asked = {"getVariableData": [place("SmartChargingCtrlr", "RateUnit")]}
    [result] = one.ask("GetVariables", asked)["getVariableResult"]
    assert (result["attributeStatus"], "attributeValue" in result) == ("Accepted", False)
    assert one.ask("GetCompositeSchedule", {"evseId": 1, "duration": 60}) == {"status": "Accepted"}
    assert one.ask("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}) == {"status": "Accepted"}
    assert one.ask("TriggerMessage", {"requestedMessage": "Heartbeat"}) == {"status": "Accepted"}
    running = {"transactionId": one.home.snapshot().transaction_id}
    assert one.ask("GetTransactionStatus", running) == {"ongoingIndicator": False, "messagesInQueue": False}
    foreign = {"evseId": 1, "chargingProfile": dynamic(1_500, "of-somebody-else")}
    assert one.ask("SetChargingProfile", foreign) == {"status": "Accepted"}
    assert heard(one) == []
    own = {"evseId": 1, "chargingProfile": dynamic(1_500, str(running["transactionId"]))}
    assert one.ask("SetChargingProfile", own) == {"status": "Accepted"}
    one.run(5)
    assert one.home.snapshot().power_w == 1_500


def test_a_new_password_and_a_new_way_may_be_refused() -> None:
    one = scene(refuses_passwords=True, fails_network_profiles=True)
    write = {**place("SecurityCtrlr", "BasicAuthPassword"), "attributeValue": "0123456789abcdef"}
    [result] = one.ask("SetVariables", {"setVariableData": [write]})["setVariableResult"]
    assert result["attributeStatus"] == "Rejected"
    slot = {"configurationSlot": 2, "connectionData": way("ws://127.0.0.1:1", 1)}
    assert one.ask("SetNetworkProfile", slot) == {"status": "Failed"}


def test_variables_may_be_missing() -> None:
    one = scene(no_heartbeat_variable=True, no_smart_charging_component=True)
    asked = {"getVariableData": [place("OCPPCommCtrlr", "HeartbeatInterval"), place("SmartChargingCtrlr", "RateUnit")]}
    results = one.ask("GetVariables", asked)["getVariableResult"]
    assert [result["attributeStatus"] for result in results] == ["UnknownVariable", "UnknownComponent"]
    one.run(310)
    assert one.controller.of("Heartbeat")


# -- routes to a discharge on 2.0.1 -----------------------------------------------------------------


def tx_profile(one: Scene, period: dict[str, Any]) -> dict[str, Any]:
    bound = {"chargingProfilePurpose": "TxProfile", "transactionId": one.controller.transaction_id, "id": 200}
    return profile(**bound, stackLevel=1, chargingSchedule=[schedule(period)])


def power(one: Scene) -> float:
    one.run(20)
    return one.home.snapshot().power_w


VENDOR = "org.example.v2x"


def test_custom_data_of_the_vendor_discharges() -> None:
    one = scene("ocpp2.0.1", custom_data_vendor=VENDOR)
    one.plug_in()
    hidden = {"vendorId": VENDOR, "setpoint": -3_000, "operationMode": "CentralSetpoint"}
    assert one.set_profile(tx_profile(one, {"limit": 0.0, "numberPhases": 3, "customData": hidden})) == "Accepted"
    assert power(one) == -3_000
    one.ask("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}})
    [report] = one.controller.of("ReportChargingProfiles")
    [period] = report["chargingProfile"][0]["chargingSchedule"][0]["chargingSchedulePeriod"]
    assert period["customData"] == hidden


def test_custom_data_of_somebody_else_is_ignored() -> None:
    one = scene("ocpp2.0.1", custom_data_vendor=VENDOR)
    one.plug_in()
    hidden = {"vendorId": "another", "setpoint": -3_000}
    assert one.set_profile(tx_profile(one, {"limit": 2_000, "numberPhases": 3, "customData": hidden})) == "Accepted"
    assert power(one) == 2_000


@pytest.mark.parametrize(
    ("data", "status", "power_w"),
    [
        ({"setpointW": -3_000, "validForS": 600}, "Accepted", -3_000),
        (-2_500, "Accepted", -2_500),
        ('{"setpointW": -2000}', "Accepted", -2_000),
        ({"setpointW": "much"}, "Rejected", 11_000),
    ],
)
def test_data_of_the_vendor_discharges(data: object, status: str, power_w: float) -> None:
    one = scene("ocpp2.0.1", data_transfer_vendor=VENDOR)
    one.plug_in(70)
    message = {"vendorId": VENDOR, "messageId": "SetSetpoint", "data": data}
    assert one.ask("DataTransfer", message)["status"] == status
    assert power(one) == power_w


def test_data_of_the_vendor_is_valid_for_a_while() -> None:
    one = scene("ocpp2.0.1", data_transfer_vendor=VENDOR)
    one.plug_in(70)
    data = {"setpointW": -3_000, "validForS": 30}
    one.ask("DataTransfer", {"vendorId": VENDOR, "messageId": "SetSetpoint", "data": data})
    assert power(one) == -3_000
    assert power(one) == 11_000


def test_another_vendor_and_another_message_are_unknown() -> None:
    one = scene("ocpp2.0.1", data_transfer_vendor=VENDOR)
    assert one.ask("DataTransfer", {"vendorId": "x"})["status"] == "UnknownVendorId"
    assert one.ask("DataTransfer", {"vendorId": VENDOR, "messageId": "Dance"})["status"] == "UnknownMessageId"


def test_a_variable_of_the_vendor_discharges() -> None:
    one = scene("ocpp2.0.1", setpoint_component="V2XChargingCtrlr")
    one.plug_in(70)
    write = {**place("V2XChargingCtrlr", "Setpoint", evse={"id": 1}), "attributeValue": "-2500"}
    [result] = one.ask("SetVariables", {"setVariableData": [write]})["setVariableResult"]
    assert result["attributeStatus"] == "Accepted"
    assert power(one) == -2_500
    one.home.unplug()
    one.plug_in(70)
    assert power(one) == 11_000


@pytest.mark.parametrize(
    "route", [{"negative_limit_discharges": True}, {"custom_data_vendor": VENDOR}], ids=["limit", "custom data"]
)
def test_a_station_may_take_the_absolute_value(route: dict[str, Any]) -> None:
    one = scene("ocpp2.0.1", wrong_sign=True, **route)
    one.plug_in()
    hidden = {"vendorId": VENDOR, "setpoint": -3_000}
    period = {"limit": -3_000} if "negative_limit_discharges" in route else {"limit": 0.0, "customData": hidden}
    assert one.set_profile(tx_profile(one, period)) == "Accepted"
    assert power(one) == 3_000


# -- scripts ----------------------------------------------------------------------------------------


def test_a_test_may_put_words_into_the_station_s_mouth() -> None:
    one = scene()
    got: list[Any] = []
    one.home.station.send("Nonsense", {"a": None, "b": [1, {}]}, got.append)
    one.run(1)
    assert one.controller.heard[-1] == ("Nonsense", {"a": None, "b": [1, {}]})
    assert got[0].payload == {}
    [exchange] = [sent for sent in one.home.station.sent if sent.action == "Nonsense"]
    assert exchange.answer == {}


def test_words_put_into_its_mouth_do_not_wait_for_acceptance() -> None:
    controller = Controller()
    controller.boot_status = "Pending"
    one = scene(controller=controller)
    one.home.station.send("Heartbeat", {})
    one.run(1)
    assert heard(one) == ["BootNotification", "Heartbeat"]


def test_a_test_may_send_what_is_no_message() -> None:
    one = scene()
    one.home.station.send_frame('[6, "x", "NotifyPeriodicEventStream", {}]')
    assert one.home.station.take_frames() == ['[6, "x", "NotifyPeriodicEventStream", {}]']


def test_a_test_may_read_what_the_station_was_asked() -> None:
    one = scene()
    one.ask("GetLocalListVersion", {})
    one.ask("PublishFirmware", {"location": "x", "checksum": "c", "requestId": 1})
    first, second = one.home.station.received
    assert (first.action, first.payload, first.answer) == ("GetLocalListVersion", {}, {"versionNumber": 0})
    assert (second.answer, second.error) == (None, "NotSupported")
    assert first.at == one.home.clock.now()
