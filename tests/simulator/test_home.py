"""The house around the car, its light, and days that pass in seconds."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import json
import time

import pytest

from simulator.__main__ import describe, parse, settings_from
from simulator.clock import ManualClock, RealClock
from simulator.commands import UnknownCommand, obey
from simulator.days import Day, PipeEnd, pipe
from simulator.home import HomeSettings, SimulatedHome
from simulator.light import Front, Light, flex_light, mobilize_light
from simulator.linky import LinkySettings
from simulator.quirks import SAP
from simulator.station import Evse, EvseSettings
from simulator.vehicle import PLAIN, Offer, Vehicle, VehicleSettings
from simulator.world import World, WorldSettings
from tests.simulator.controller import EVENING, Controller, Scene

NOON = datetime(2026, 7, 14, 11, 0, tzinfo=UTC)


# -- house ------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_day() -> None:
    days = [
        [World(WorldSettings(seed=seed)).house_w(EVENING + timedelta(minutes=n)) for n in range(0, 1_440, 5)]
        for seed in (1, 1, 2)
    ]
    assert days[0] == days[1] != days[2]
    assert max(days[0]) > 2_000
    assert 100 < min(days[0]) < 500


def test_the_kitchen_is_busy_in_the_evening() -> None:
    world = World(WorldSettings())
    night = [world.house_w(datetime(2026, 11, 22, 1, n, tzinfo=UTC)) for n in range(0, 60, 5)]
    supper = [world.house_w(datetime(2026, 11, 22, 18, n, tzinfo=UTC)) for n in range(0, 60, 5)]
    assert sum(supper) > 3 * sum(night)


def test_the_sun_shines_at_noon_and_not_at_night() -> None:
    world = World(WorldSettings(sun_peak_w=3_000))
    assert world.sun_w(NOON) > 2_000
    assert world.sun_w(NOON + timedelta(hours=12)) == 0
    assert World(WorldSettings()).sun_w(NOON) == 0


@pytest.mark.parametrize("phases", [1, 3])
def test_the_grid_carries_house_and_car_less_the_sun(phases: int) -> None:
    world = World(WorldSettings(phases=phases, sun_peak_w=3_000))
    world.house_override_w = 1_000
    grid_w = world.per_phase_w(NOON, (-2_000.0 / phases,) * phases)
    assert len(grid_w) == phases
    assert sum(grid_w) == pytest.approx(1_000 - 2_000 - world.sun_w(NOON))
    assert all(volts > 232 for volts in world.voltages_v(grid_w))


# -- words from outside -------------------------------------------------------------------------------


def test_words_move_the_home_and_answer_with_what_is_to_see() -> None:
    home = SimulatedHome(HomeSettings(vehicle=VehicleSettings(soc_pct=50, capacity_kwh=50)), ManualClock(EVENING))
    assert obey(home, "house 1234")["house_w"] == 1234
    assert obey(home, "drive 5")["soc_pct"] == 40
    assert obey(home, "plug")["plugged"] is True
    assert obey(home, "fault")["availability"] == "Faulted"
    assert obey(home, "fault off")["availability"] == "Occupied"
    assert obey(home, "instant")["light"] == "violet steady"
    assert obey(home, "unplug")["plugged"] is False
    others = ("drop", "half-open", "csr", "lock-failure", "lock-failure off", "tamper", "security SettingSystemTime")
    usual = ("link down", "link up", "meter off", "token X", "swipe X", "breaker", "reboot", "status")
    for word in (*usual, *others):
        assert json.loads(json.dumps(obey(home, word)))["at"] == EVENING.isoformat()


def test_words_make_the_station_speak() -> None:
    scene = Scene(HomeSettings())
    for word in ("tamper", "security SettingSystemTime", "csr", "lock-failure", "swipe CARD"):
        obey(scene.home, word)
        scene.run(1)
    kinds = [event["type"] for event in scene.controller.of("SecurityEventNotification")]
    assert kinds == ["StartupOfTheDevice", "TamperDetectionActivated", "SettingSystemTime"]
    assert scene.controller.of("SignCertificate")
    assert scene.controller.of("NotifyEvent")[0]["eventData"][0]["component"]["name"] == "ConnectorPlugRetentionLock"
    assert scene.controller.of("Authorize")[0]["idToken"]["idToken"] == "CARD"


@pytest.mark.parametrize("line", ["dance", "", "link", "drive", "drive far", "security"])
def test_words_nobody_knows_are_refused(line: str) -> None:
    home = SimulatedHome(HomeSettings(), ManualClock(EVENING))
    with pytest.raises(UnknownCommand):
        obey(home, line)


def test_the_command_line_describes_a_home() -> None:
    words = [
        "--station",
        "A",
        "--protocol",
        "ocpp2.0.1",
        "--phases",
        "3",
        "--soc",
        "33",
        "--plain-car",
        "--tic-port",
        "7",
    ]
    settings = settings_from(parse(words))
    assert (settings.station.id, settings.station.protocols) == ("A", ("ocpp2.0.1",))
    assert {settings.evse.phases, settings.world.phases, settings.linky.phases} == {3}
    assert (settings.vehicle.soc_pct, settings.vehicle.speaks, settings.tic_port) == (33, PLAIN, 7)
    assert "offline" in describe(SimulatedHome(settings, ManualClock(EVENING)))


def test_the_command_line_knows_habits_and_certificates() -> None:
    words = ["--like", "sap", "--quirk", "wrong_sign", "--quirk", "answer_delay_s=2"]
    files = ["--ca-file", "a", "--client-cert", "b", "--client-key", "c"]
    settings = settings_from(parse([*words, *files]))
    assert settings.quirks == replace(SAP, wrong_sign=True, answer_delay_s=2.0)
    own = settings.station
    assert (own.ca_file, own.client_cert_file, own.client_key_file) == ("a", "b", "c")


@pytest.mark.parametrize("words", [["--quirk", "dances"], ["--like", "nobody"]])
def test_the_command_line_refuses_what_it_does_not_know(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(words)


# -- station ----------------------------------------------------------------------------------------


def test_power_ramps_after_a_short_while() -> None:
    evse = Evse(EvseSettings(reaction_s=0.3, ramp_w_per_s=5_000), Vehicle(VehicleSettings()))
    evse.plug_in()
    evse.contactor_closed = True
    seen = []
    for _ in range(12):
        evse.step(0.25, Offer(limit_w=11_000, setpoint_w=6_000))
        seen.append(evse.power_w)
    assert seen[0] == 0
    assert seen == sorted(seen)
    assert seen[3] < 6_000 == seen[-1]


def test_a_pulled_cable_stops_everything_at_once() -> None:
    evse = Evse(EvseSettings(), Vehicle(VehicleSettings()))
    evse.plug_in()
    evse.contactor_closed = True
    evse.step(10, Offer(limit_w=11_000))
    assert evse.power_w == 11_000
    evse.unplug()
    assert evse.power_w == 0


def test_a_selector_position_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="17"):
        Evse(EvseSettings(selector="17"), Vehicle(VehicleSettings()))


PLUGGED = Front(plugged=True, transaction=True)


@pytest.mark.parametrize(
    ("front", "mobilize", "flex"),
    [
        (Front(), "green steady", "green steady"),
        (Front(powered=False), "off off", "off off"),
        (Front(online=False), "white steady", "white steady"),
        (Front(faulted=True), "red steady", "red steady"),
        (Front(operative=False), "red steady", "red steady"),
        (Front(accepted=False), "yellow blinking", "yellow blinking"),
        (Front(refused=True), "yellow blinking", "yellow blinking"),
        (Front(reserved=True), "orange steady", "orange steady"),
        (Front(waiting_for_plug=True), "orange blinking", "orange blinking"),
        (Front(plugged=True, authorizing=True), "green blinking", "green blinking"),
        (Front(plugged=True), "violet steady", "violet steady"),
        (replace(PLUGGED, v2x=True), "green blinking", "light blue steady"),
        (replace(PLUGGED, v2x=True, power_w=3_000), "green descending", "blue blinking"),
        (replace(PLUGGED, v2x=True, power_w=-3_000), "green ascending", "blue blinking"),
        (replace(PLUGGED, power_w=3_000), "blue descending", "blue blinking"),
        (replace(PLUGGED, suspended="SuspendedEV"), "blue steady", "blue steady"),
        (replace(PLUGGED, suspended="SuspendedEVSE"), "light blue steady", "light blue steady"),
        (Front(plugged=True, ended=True), "blue steady", "blue steady"),
    ],
)
def test_the_light_speaks_the_words_of_its_manual(front: Front, mobilize: str, flex: str) -> None:
    assert (mobilize_light(front).words, flex_light(front).words) == (mobilize, flex)
    assert isinstance(mobilize_light(front), Light)


# -- time -------------------------------------------------------------------------------------------


async def test_a_hand_moved_clock_wakes_sleepers_in_order() -> None:
    clock = ManualClock(EVENING)
    woken: list[int] = []

    async def sleep(seconds: int) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    tasks = [asyncio.create_task(sleep(seconds)) for seconds in (30, 10)]
    await asyncio.sleep(0)
    clock.advance(10)
    await asyncio.sleep(0)
    assert woken == [10]
    clock.advance(20)
    await asyncio.gather(*tasks)
    assert woken == [10, 30]
    assert clock.now() == EVENING + timedelta(seconds=30)


def test_a_fast_clock_runs_fast() -> None:
    clock = RealClock(speed=1_000)
    before = clock.now()
    time.sleep(0.01)
    assert (clock.now() - before).total_seconds() > 9


def test_a_night_passes_in_seconds() -> None:
    scene = Scene(HomeSettings(vehicle=VehicleSettings(soc_pct=50)))
    scene.day = Day(scene.home.settings, EVENING)
    scene.home = scene.day.home
    scene.online()
    scene.plug_in()
    scene.setpoint(-2_000, 100_000)
    before = time.process_time()
    scene.run(14 * 3_600, step_s=5)
    assert time.process_time() - before < 20
    assert len(scene.controller.events()) > 5_000
    assert scene.home.snapshot().soc_pct == pytest.approx(20, abs=0.01)


@pytest.mark.parametrize("step_s", [1, 5, 10])
def test_energy_does_not_depend_on_the_step(step_s: float) -> None:
    scene = Scene(HomeSettings(vehicle=VehicleSettings(soc_pct=50)))
    scene.plug_in()
    scene.setpoint(-3_000, 100_000)
    scene.run(3_600, step_s=step_s)
    assert scene.home.snapshot().export_wh == pytest.approx(3_000, rel=0.01)


def test_meter_station_and_car_agree() -> None:
    one_phase = HomeSettings(
        vehicle=VehicleSettings(soc_pct=50),
        world=WorldSettings(phases=1),
        linky=LinkySettings(phases=1, start_export_wh=0),
        evse=EvseSettings(phases=1),
    )
    scene = Scene(one_phase)
    scene.home.world.house_override_w = 500
    scene.plug_in()
    scene.setpoint(-3_000, 100_000)
    scene.run(3_600, step_s=5)
    seen = scene.home.snapshot()
    assert seen.grid_w == pytest.approx(seen.house_w + seen.power_w - seen.sun_w)
    assert seen.meter_export_wh == pytest.approx(2_500, rel=0.01)
    lost_wh = (50 - seen.soc_pct) / 100 * 52_000
    assert lost_wh == pytest.approx(seen.export_wh / 0.90, rel=0.01)


async def test_a_controller_may_sit_at_the_end_of_a_pipe() -> None:
    station_end, controller_end = pipe()
    controller = Controller()

    async def serve(end: PipeEnd) -> None:
        while True:
            for reply in controller(await end.recv()):
                await end.send(reply)

    server = asyncio.create_task(serve(controller_end))
    day = Day(HomeSettings(plugged=True), EVENING)
    day.attach(station_end)
    await day.advance(20)
    assert controller.of("NotifyEVChargingNeeds")
    assert day.home.station.quiet
    message_id, text = controller.question("RequestStopTransaction", {"transactionId": controller.transaction_id})
    await controller_end.send(text)
    await day.advance(5)
    assert controller.replies[message_id][2] == {"status": "Accepted"}
    server.cancel()


async def test_a_pipe_without_anybody_does_not_stop_time() -> None:
    station_end, controller_end = pipe()
    day = Day(HomeSettings(), EVENING)
    day.attach(station_end)
    await day.advance(10, step_s=10, patience_s=0.01)
    assert json.loads(await controller_end.recv())[2] == "BootNotification"
