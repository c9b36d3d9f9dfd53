"""How the simulated car takes, gives and refuses power."""

import pytest

from simulator.vehicle import PLAIN, EfficiencyStep, Offer, Vehicle, VehicleSettings

HOUR_S = 3_600.0
FLAT = (EfficiencyStep(0, 0.9),)


def car(**changes: object) -> Vehicle:
    vehicle = Vehicle(VehicleSettings(**changes))  # type: ignore[arg-type]
    vehicle.plug_in(3)
    return vehicle


@pytest.mark.parametrize(
    ("offer", "power_w"),
    [
        (Offer(limit_w=6_000), 6_000),
        (Offer(limit_w=22_000), 11_000),
        (Offer(limit_w=1_000), 0),
        (Offer(limit_w=0), 0),
        (Offer(limit_w=11_000, setpoint_w=3_000), 3_000),
        (Offer(limit_w=2_000, setpoint_w=3_000), 2_000),
        (Offer(limit_w=11_000, setpoint_w=0), 0),
        (Offer(limit_w=11_000, discharge_limit_w=-5_000, setpoint_w=-3_000), -3_000),
        (Offer(limit_w=11_000, discharge_limit_w=-2_000, setpoint_w=-3_000), -2_000),
        (Offer(limit_w=11_000, discharge_limit_w=-9_000, setpoint_w=-9_000), -7_000),
        (Offer(limit_w=11_000, discharge_limit_w=-9_000, setpoint_w=-500), 0),
        (Offer(limit_w=11_000, discharge_limit_w=0, setpoint_w=-3_000), 0),
    ],
)
def test_a_half_full_car_follows_what_is_offered(offer: Offer, power_w: float) -> None:
    assert car(soc_pct=50).answer(offer, 1.0) == power_w


def test_one_phase_carries_less_than_three() -> None:
    vehicle = Vehicle(VehicleSettings(soc_pct=50))
    vehicle.plug_in(1)
    assert vehicle.answer(Offer(limit_w=22_000), 1.0) == 7_400


def test_power_falls_above_eighty_per_cent() -> None:
    powers = [car(soc_pct=soc).answer(Offer(limit_w=11_000), 1.0) for soc in (79, 85, 90, 95, 99)]
    assert powers[0] == 11_000
    assert powers == sorted(powers, reverse=True)
    assert car(soc_pct=100).answer(Offer(limit_w=11_000), 1.0) == 0


def test_charging_and_discharging_both_lose_energy() -> None:
    vehicle = car(soc_pct=50, capacity_kwh=50, charge_steps=FLAT, discharge_steps=FLAT)
    vehicle.absorb(5_000, HOUR_S)
    assert vehicle.soc_pct == pytest.approx(50 + 100 * 4_500 / 50_000)
    vehicle.absorb(-4_500, HOUR_S)
    assert vehicle.soc_pct == pytest.approx(50 - 100 * 500 / 50_000)


@pytest.mark.parametrize(("power_w", "stored_wh"), [(999, 999 * 0.8), (1_000, 1_000 * 0.9), (5_000, 5_000 * 0.9)])
def test_a_power_on_a_border_belongs_to_the_upper_step(power_w: float, stored_wh: float) -> None:
    vehicle = car(soc_pct=50, charge_steps=(EfficiencyStep(0, 0.8), EfficiencyStep(1_000, 0.9)))
    before_wh = vehicle.energy_wh
    vehicle.absorb(power_w, HOUR_S)
    assert vehicle.energy_wh - before_wh == pytest.approx(stored_wh)


def test_a_car_at_its_minimum_gives_nothing_and_never_falls_below() -> None:
    vehicle = car(soc_pct=20.05, min_soc_pct=20)
    offer = Offer(limit_w=11_000, discharge_limit_w=-7_000, setpoint_w=-7_000)
    for _ in range(200):
        vehicle.absorb(vehicle.answer(offer, 10.0), 10.0)
    assert vehicle.soc_pct == pytest.approx(20, abs=0.01)
    assert vehicle.answer(offer, 10.0) == 0


@pytest.mark.parametrize("changes", [{"bidirectional": False}, {"speaks": PLAIN}, {"max_discharge_w": 0}])
def test_a_car_that_cannot_give_back_stays_at_zero(changes: dict[str, object]) -> None:
    offer = Offer(limit_w=11_000, discharge_limit_w=-7_000, setpoint_w=-3_000)
    assert car(soc_pct=50, **changes).answer(offer, 1.0) == 0


def test_a_sleeping_car_needs_time_to_wake() -> None:
    vehicle = car(soc_pct=50, sleep_after_s=60, wake_up_s=20)
    for _ in range(61):
        vehicle.answer(Offer(limit_w=0, may_sleep=True), 1.0)
    assert vehicle.asleep
    answers = [vehicle.answer(Offer(limit_w=5_000), 1.0) for _ in range(21)]
    assert answers[:19] == [0] * 19
    assert answers[-1] == 5_000


def test_a_preconditioned_pause_keeps_the_car_awake() -> None:
    vehicle = car(soc_pct=50, sleep_after_s=60)
    for _ in range(120):
        vehicle.answer(Offer(limit_w=0, may_sleep=False), 1.0)
    assert not vehicle.asleep


def test_the_flap_button_ends_discharge_until_the_cable_is_out() -> None:
    vehicle = car(soc_pct=50)
    vehicle.press_flap_button()
    offer = Offer(limit_w=11_000, discharge_limit_w=-7_000, setpoint_w=-3_000)
    assert vehicle.answer(offer, 1.0) == 0
    assert not vehicle.needs().bidirectional
    vehicle.unplug()
    vehicle.plug_in(3)
    assert vehicle.answer(offer, 1.0) == -3_000


def test_needs_are_energies_still_to_come() -> None:
    needs = car(soc_pct=50, capacity_kwh=50, min_soc_pct=20, target_soc_pct=80, v2x_max_soc_pct=75).needs()
    assert needs.target_energy_wh == pytest.approx(15_000)
    assert needs.min_energy_wh == pytest.approx(-15_000)
    assert needs.max_energy_wh == pytest.approx(25_000)
    assert (needs.min_v2x_energy_wh, needs.max_v2x_energy_wh) == pytest.approx((-15_000, 12_500))
