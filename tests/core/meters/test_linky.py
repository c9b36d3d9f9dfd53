"""Frames gathered into what the house draws, feeds in, and pays for."""

from datetime import date, time

import pytest

from custom_components.mobilize_flex.core.meters.linky import LinkyMeter
from custom_components.mobilize_flex.core.meters.tic import TicDecoder, TicFrame
from custom_components.mobilize_flex.core.meters.tic_group import TicMode
from custom_components.mobilize_flex.core.meters.tic_status import TempoColour
from custom_components.mobilize_flex.core.model.electric import MeterReading
from tests.core.meters.wire import frame, historic, house, old_house, standard, three_phases

INJECTING = "003A0200"
PRODUCER = "003A0100"


def decoded(*groups: bytes) -> TicFrame:
    (one,) = TicDecoder().receive(frame(*groups))
    return one


def read(*groups: bytes, meter: LinkyMeter | None = None) -> MeterReading:
    return (meter or LinkyMeter()).read(decoded(*groups))


def without(groups: list[bytes], *labels: str) -> list[bytes]:
    return [group for group in groups if group.split(b"\t")[0].decode().strip() not in labels]


def hurt(groups: list[bytes], label: str) -> list[bytes]:
    """Break the checksum of one group."""
    return [g[:-2] + b"!\r" if g.split(b"\t")[0].decode().strip() == label else g for g in groups]


# --- one phase ----------------------------------------------------------------------------------


def test_a_house_that_draws() -> None:
    reading = read(*house(drawn=1234, amps=5, volts=235))
    assert (reading.power_w, reading.apparent_va, reading.injected_va) == (1234, 1234, None)
    assert reading.current_a == (5.25, None, None)
    assert reading.voltage_v == (235, None, None)
    assert (reading.signed, reading.current_step_a) == (True, 0.01)
    assert reading.phase_power_w == (1234, None, None)
    assert (reading.import_wh, reading.export_wh) == (12_345_678, None)
    assert (reading.subscribed_kva, reading.cutoff_kva) == (9, 9)
    assert (reading.tariff_index, reading.tariff_name) == (2, "HP  BLEU")
    assert reading.serial == "041876543210"


def test_a_producer_that_feeds_in() -> None:
    reading = read(*house(drawn=0, injected=2350, amps=10, volts=235))
    assert (reading.power_w, reading.apparent_va, reading.injected_va) == (-2350, 0, 2350)
    assert (reading.current_a, reading.signed, reading.current_step_a) == ((-10.0, None, None), True, 0.01)
    assert reading.export_wh == 765_432


def test_a_producer_at_rest_knows_that_it_rests() -> None:
    reading = read(*house(drawn=0, injected=0, amps=0))
    assert (reading.power_w, reading.current_a[0], reading.signed) == (0, 0, True)


def test_a_consumer_that_feeds_in_shows_direction_and_whole_amperes_only() -> None:
    reading = read(*house(drawn=0, amps=7, stge=INJECTING))
    assert reading.power_w is None
    assert (reading.current_a, reading.signed, reading.current_step_a) == ((-7, None, None), True, 1.0)


def test_a_consumer_at_rest_draws_nothing() -> None:
    reading = read(*house(drawn=0, amps=0, stge="003A0000"))
    assert (reading.power_w, reading.current_a[0], reading.signed) == (0, 0, True)


def test_a_trickle_fed_in_is_no_zero() -> None:
    assert read(*house(drawn=0, amps=0, stge=INJECTING)).power_w is None


def test_without_voltage_the_whole_amperes_stand_in() -> None:
    reading = read(*without(house(drawn=1234, amps=5), "URMS1"))
    assert (reading.current_a[0], reading.signed, reading.current_step_a) == (5, True, 1.0)
    reading = read(*without(house(drawn=0, injected=1234, amps=5), "URMS1"))
    assert reading.current_a[0] == -5


def test_without_power_the_current_has_no_sign() -> None:
    reading = read(*without(house(amps=5), "SINSTS"))
    assert reading.power_w is None
    assert (reading.current_a, reading.signed, reading.current_step_a) == ((5, None, None), False, 1.0)
    assert reading.phase_power_w == (None, None, None)


@pytest.mark.parametrize("groups", [house(), three_phases()])
def test_behind_an_open_breaker_nothing_is_told_of_what_flows(groups: list[bytes]) -> None:
    groups = [*without(groups, "STGE"), standard("STGE", "00020002")]
    meter = LinkyMeter()
    reading = read(*groups, meter=meter)
    assert (reading.power_w, reading.apparent_va, reading.signed) == (None, None, False)
    assert reading.current_a == reading.phase_power_w == (None, None, None)
    assert reading.voltage_v[0] is not None
    assert meter.facts.status is not None
    assert meter.facts.status.cut
    closed = read(*without(groups, "STGE"), standard("STGE", "00020000"), meter=meter)
    assert closed.power_w == closed.apparent_va
    assert closed.current_a[0]


# --- three phases -------------------------------------------------------------------------------


def test_three_phases_that_draw() -> None:
    reading = read(*three_phases())
    assert reading.power_w == 6000
    assert reading.current_a == (10.0, 5.0, 11.09)
    assert reading.phase_power_w == (2300, 1150, 2550)
    assert (reading.signed, reading.current_step_a) == (True, 0.01)


def test_a_phase_without_power_but_with_current_feeds_in() -> None:
    reading = read(*three_phases(drawn=1450, shares=(2300, 0, 1150), amps=(10, 9, 5)))
    assert reading.current_a == (10.0, -9, 5.0)
    assert reading.phase_power_w == (2300, -9 * 230, 1150)
    assert (reading.signed, reading.current_step_a) == (True, 1.0)
    assert reading.power_w == 1450


def test_a_resting_phase_is_zero() -> None:
    reading = read(*three_phases(drawn=2300, shares=(2300, 0, 0), amps=(10, 0, 0)))
    assert reading.current_a == (10.0, 0, 0)
    assert reading.signed


def test_three_phases_that_feed_in() -> None:
    reading = read(*three_phases(drawn=0, injected=6900, shares=(0, 0, 0), amps=(10, 10, 10)))
    assert (reading.power_w, reading.current_a) == (-6900, (-10, -10, -10))


def test_one_open_direction_leaves_all_currents_unsigned() -> None:
    reading = read(*without(three_phases(shares=(2300, 0, 2550)), "SINSTS2"))
    assert (reading.current_a, reading.signed, reading.current_step_a) == ((10, 5, 11), False, 1.0)


# --- across frames ------------------------------------------------------------------------------


def test_a_refused_value_keeps_the_one_before() -> None:
    meter = LinkyMeter()
    read(*house(drawn=1000), meter=meter)
    reading = read(*hurt(house(drawn=2000), "SINSTS"), meter=meter)
    assert reading.power_w == 1000
    assert read(*house(drawn=3000), meter=meter).power_w == 3000


def test_a_value_refused_for_long_is_forgotten() -> None:
    meter = LinkyMeter()
    read(*house(drawn=1000), meter=meter)
    readings = [read(*hurt(house(drawn=2000), "SINSTS"), meter=meter) for _ in range(5)]
    assert [reading.power_w for reading in readings] == [1000] * 4 + [None]
    assert readings[-1].import_wh == 12_345_678


@pytest.mark.parametrize(
    ("before", "after", "refused", "power_w"),
    [((1500, 0), (0, 2000), "SINSTS", -2000), ((0, 2000), (1500, 0), "SINSTI", 1500)],
)
def test_a_change_of_direction_with_half_of_it_refused(
    before: tuple[int, int], after: tuple[int, int], refused: str, power_w: int
) -> None:
    meter = LinkyMeter()
    read(*house(drawn=before[0], injected=before[1]), meter=meter)
    assert read(*hurt(house(drawn=after[0], injected=after[1]), refused), meter=meter).power_w == power_w


def test_another_meter_starts_from_nothing() -> None:
    meter = LinkyMeter()
    read(*house(), meter=meter)
    reading = read(standard("ADSC", "041800000001"), standard("SINSTS", "00100"), meter=meter)
    assert (reading.serial, reading.power_w, reading.import_wh) == ("041800000001", 100, None)


def test_another_mode_starts_from_nothing() -> None:
    meter = LinkyMeter()
    read(*old_house(), meter=meter)
    reading = read(*house(drawn=1234), meter=meter)
    assert (reading.power_w, reading.tariff_index) == (1234, 2)
    assert "PAPP" not in meter.labels


def test_every_label_stays_readable_known_or_not() -> None:
    meter = LinkyMeter()
    read(*house(), standard("NEWLBL", "7"), meter=meter)
    assert meter.labels["NEWLBL"] == "7"
    assert meter.labels["SMAXSN-1"] == 6040


# --- historic -----------------------------------------------------------------------------------


def test_a_historic_house() -> None:
    reading = read(*old_house(amps=4, papp=950))
    assert (reading.power_w, reading.apparent_va, reading.injected_va) == (950, 950, None)
    assert (reading.current_a, reading.signed, reading.current_step_a) == ((4, None, None), False, 1.0)
    assert reading.import_wh == 1 + 2 + 3 + 4 + 5 + 6
    assert (reading.subscribed_kva, reading.cutoff_kva) == (9.0, None)
    assert (reading.tariff_index, reading.tariff_name) == (2, "HPJB")
    assert reading.serial == "041876543210"


def test_a_historic_house_that_feeds_in_has_no_power_to_show() -> None:
    assert read(*old_house(amps=6, papp=0)).power_w is None


@pytest.mark.parametrize(
    ("period", "index", "name"),
    [("TH..", 1, "TH"), ("HC..", 1, "HC"), ("HP..", 2, "HP"), ("HN..", 1, "HN"), ("PM..", 2, "PM"), ("HPJR", 6, "HPJR"),
     ("????", None, "????")],
)  # fmt: skip
def test_the_running_period_of_each_contract(period: str, index: int | None, name: str) -> None:
    reading = read(*old_house(ptec=period))
    assert (reading.tariff_index, reading.tariff_name) == (index, name)


@pytest.mark.parametrize(
    ("groups", "total"),
    [
        ([historic("BASE", "000000007")], 7),
        ([historic("HCHC", "000000007"), historic("HCHP", "000000005")], 12),
        ([historic("EJPHN", "000000007"), historic("EJPHPM", "000000001")], 8),
        ([historic("HCHC", "000000007")], None),
    ],
)
def test_the_total_is_the_sum_of_all_the_contracts_indexes(groups: list[bytes], total: int | None) -> None:
    assert read(*groups).import_wh == total


def test_short_frames_of_an_overload_refresh_currents_and_wipe_nothing() -> None:
    meter = LinkyMeter()
    long = [
        historic("ADCO", "041976543210"), historic("ISOUSC", "20"), historic("BASE", "000123456"),
        historic("IINST1", "010"), historic("IINST2", "011"), historic("IINST3", "012"), historic("PAPP", "07600"),
        historic("PTEC", "TH.."),
    ]  # fmt: skip
    calm = read(*long, meter=meter)
    assert (calm.current_a, calm.subscribed_kva) == ((10, 11, 12), 12.0)
    assert meter.facts.over_power is False
    for amps in range(21, 41):
        short = [historic(f"ADIR{n}", f"{amps:03}") for n in (1, 2, 3)]
        short += [historic("ADCO", "041976543210"), *(historic(f"IINST{n}", f"{amps:03}") for n in (1, 2, 3))]
        reading = read(*short, meter=meter)
        assert reading.current_a == (amps, amps, amps)
        assert (reading.power_w, reading.import_wh, reading.tariff_index) == (7600, 123_456, 1)
        assert meter.facts.over_power is True
    assert meter.facts.phases == 3


def test_a_short_frame_whose_current_is_refused_falls_back_on_the_warning() -> None:
    meter = LinkyMeter()
    read(historic("IINST1", "010"), historic("IINST2", "011"), historic("IINST3", "012"), meter=meter)
    reading = read(historic("ADIR1", "025"), historic("IINST2", "026"), meter=meter)
    assert reading.current_a == (25, 26, 12)


def test_a_single_phase_overload_is_told() -> None:
    meter = LinkyMeter()
    reading = read(*old_house(amps=47), historic("ADPS", "047"), meter=meter)
    assert (reading.current_a[0], meter.facts.over_power) == (47, True)
    read(*old_house(amps=12), meter=meter)
    read(*old_house(amps=12), meter=meter)
    assert meter.facts.over_power is False


# --- beside the measurements --------------------------------------------------------------------


def test_nothing_is_known_before_the_first_frame() -> None:
    facts = LinkyMeter().facts
    assert (facts.mode, facts.phases, facts.over_power, facts.cannot_show_injection) == (None, None, None, False)


def test_a_standard_meter_tells_its_state() -> None:
    meter = LinkyMeter()
    read(*house(stge=f"{0b1110 << 24 | 0x003A0080:08X}"), meter=meter)
    facts = meter.facts
    assert (facts.mode, facts.phases, facts.over_power) == (TicMode.STANDARD, 1, True)
    assert (facts.colour_today, facts.colour_tomorrow) == (TempoColour.WHITE, TempoColour.RED)
    assert facts.calendar == "TEMPO"
    assert facts.clock is not None
    assert facts.clock.isoformat() == "2025-11-22T18:05:00+01:00"
    assert facts.tomorrow_on == date(2025, 11, 23)
    assert [(slot.start, slot.tariff_index) for slot in facts.tomorrow] == [(time(0), 3), (time(6), 4), (time(22), 3)]
    assert facts.relays is not None
    assert [n for n, closed in enumerate(facts.relays, 1) if closed] == [3, 4, 8]
    assert facts.peak_day == ()


def test_a_historic_tempo_meter_tells_the_colours() -> None:
    meter = LinkyMeter()
    read(*old_house(ptec="HCJW"), meter=meter)
    facts = meter.facts
    assert (facts.colour_today, facts.colour_tomorrow) == (TempoColour.WHITE, TempoColour.RED)
    assert (facts.mode, facts.status, facts.tomorrow) == (TicMode.HISTORIC, None, ())


@pytest.mark.parametrize(
    ("groups", "blind"),
    [
        (house(drawn=500), False),
        (house(drawn=0, amps=5, stge=INJECTING), True),
        (house(drawn=0, injected=900, stge="003A0300"), False),
        (house(drawn=0, injected=900, stge=INJECTING), False),
        (without(house(drawn=0, injected=900, stge=PRODUCER), "SINSTI"), False),
        (old_house(), True),
    ],
)
def test_a_meter_that_cannot_show_injection_says_so(groups: list[bytes], blind: bool) -> None:
    meter = LinkyMeter()
    read(*groups, meter=meter)
    assert meter.facts.cannot_show_injection is blind


def test_blindness_lasts_until_the_contract_is_changed() -> None:
    meter = LinkyMeter()
    read(*house(drawn=0, amps=5, stge=INJECTING), meter=meter)
    read(*house(drawn=500), meter=meter)
    assert meter.facts.cannot_show_injection
    read(*house(drawn=0, injected=900, stge="003A0300"), meter=meter)
    assert not meter.facts.cannot_show_injection


def test_a_damaged_frame_accuses_nobody() -> None:
    meter = LinkyMeter()
    read(*hurt(house(drawn=0, injected=900, stge=INJECTING), "SINSTI"), meter=meter)
    assert not meter.facts.cannot_show_injection
