"""A way to give back is used only once it was tried, and is tried only where that is safe."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings, strategies as st
import orjson
import pytest

from custom_components.mobilize_flex.core.ledger.codec import from_plain, to_json
from custom_components.mobilize_flex.core.model import facts as f, intents as i
from custom_components.mobilize_flex.core.model.commands import (
    AnswerAuthorize,
    CallRef,
    ClearPower,
    SetpointForm,
    SetPower,
    StationCommand,
    Variable,
)
from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig, StationConfig, VehicleConfig
from custom_components.mobilize_flex.core.model.contracts import PeakOffPeak, Window
from custom_components.mobilize_flex.core.model.driver import Driver, LetsGo, Route, RouteKind, Standing
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.plan import Plan, PlanSlot
from custom_components.mobilize_flex.core.model.probe import Stage, Verdict
from custom_components.mobilize_flex.core.model.programme import Programme
from custom_components.mobilize_flex.core.model.reasons import Reason, Why
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import EvseState, Onboarding, StationMemory
from custom_components.mobilize_flex.core.model.station import (
    ConnectorStatus,
    EventKind,
    Needs,
    Sample,
    Sampling,
    Token,
    VariableReport,
    Version,
)
from custom_components.mobilize_flex.core.site import Step, glance, restore, step
from custom_components.mobilize_flex.core.site.step import Event
from custom_components.mobilize_flex.shell.drivers import load_drivers

T0 = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
NEVER = Driver(key="never", name="", route=Route(kind=RouteKind.VARIABLE, lets_go=LetsGo.NEVER, component="C"))
DRIVERS = (*load_drivers(), NEVER)
ROUTES = {driver.key: driver.route for driver in DRIVERS}
PEAK = PeakOffPeak(
    peak_per_kwh=0.7, off_peak_per_kwh=0.1, off_peak=(Window(time(22), time(6)),), summer_off_peak=(), export_per_kwh=0
)
CONFIG = SiteConfig(
    name="Home",
    zone=ZoneInfo("Europe/Paris"),
    subscribed_kva=9.0,
    v2g_consent=True,
    stations=(StationConfig(identity="ST1", name="Wall", fallback_a=10.0),),
    vehicles=(VehicleConfig(key="r5", name="R5"),),
    meter=MeterConfig(key="m", name="Linky", kind="linky"),
    contract=PEAK,
)
ONE_WAY = Needs(bidirectional=False)
BOTH_WAYS = Needs(bidirectional=True, offered=("AC_BPT",), max_discharge_w=7000.0, min_discharge_w=700.0)
MEMORY = StationMemory(registered=True, vendor="V", model="M", firmware="1", version=Version.V201)


class House:
    """A site with one station of 2.0.1, and a car that does what the last order says, as the station understands it."""

    def __init__(self, route: str | None = "negative_limit", *, memory: StationMemory = MEMORY, sign: int = 1) -> None:
        stations = tuple(replace(s, route=route) for s in CONFIG.stations)
        self.kept: dict[str, object] = {"station/ST1": memory}
        self.state = restore(replace(CONFIG, stations=stations), self.kept, DRIVERS)
        self.seconds, self.calls, self.power_w, self.sign = 0.0, 0, 0.0, sign
        self.house_w, self.soc_pct, self.deaf = 2500.0, 60.0, False
        self.sent: list[StationCommand] = []
        self.beyond = 0
        self.last = Step(self.state)

    @property
    def now(self) -> Moment:
        return Moment(T0 + timedelta(seconds=self.seconds), 100.0 + self.seconds)

    @property
    def evse(self) -> EvseState:
        return self.state.stations["ST1"].evses[1]

    @property
    def memory(self) -> StationMemory:
        return self.state.stations["ST1"].memory

    def call(self) -> CallRef:
        self.calls += 1
        return CallRef("ST1", 1, f"m{self.calls}")

    def tell(self, event: Event, after: float = 0.0) -> Step:
        self.seconds += after
        self.last = step(self.state, event, self.now)
        self.state = self.last.state
        self.kept |= {keep.key: keep.value for keep in self.last.keeps}
        commands = [c for c in self.last.commands if hasattr(c, "station") and hasattr(c, "id")]
        self.sent += commands  # type: ignore[arg-type]
        for command in commands:
            self._obey(command)
        return self.last

    def _obey(self, command: object) -> None:
        if self.deaf:
            return
        if isinstance(command, SetPower):
            self.beyond += command.power_w < self.evse.envelope.min_w
            self.power_w = self.sign * command.power_w if command.power_w < 0 else command.power_w
        elif isinstance(command, ClearPower):
            self.power_w = 2300.0
        if isinstance(command, (SetPower, ClearPower)):
            self.tell(f.CommandAccepted(station="ST1", id=command.id))

    def event(self, kind: EventKind, seq_no: int = 2, **more: object) -> None:
        name = "Import" if self.power_w >= 0 else "Export"
        rows = (Sample(f"Power.Active.{name}", abs(self.power_w)), Sample("SoC", self.soc_pct, location="EV"))
        fields: dict[str, object] = {
            "call": self.call(),
            "station": "ST1",
            "transaction": "tx-1",
            "kind": kind,
            "seq_no": seq_no,
            "at": self.now.utc,
            "trigger": "MeterValuePeriodic",
            "evse": 1,
            "samplings": (Sampling(self.now.utc, rows),),
        }
        self.tell(f.TransactionReported(**(fields | more)))  # type: ignore[arg-type]

    def live(self, seconds: int, *, meter: bool = True, measures: bool = True) -> None:
        for _ in range(0, seconds, 2):
            self.seconds += 2
            if meter:
                self.tell(f.MeterRead(MeterReading(power_w=self.house_w + self.power_w)))
            if measures and self.evse.session is not None:
                self.event(EventKind.UPDATED)
            self.tell(f.Ticked())

    def plug_in(self, needs: Needs | None = None, version: Version = Version.V201) -> None:
        self.tell(i.SetProgramme(Programme(number=1, departure=time(7), weekdays=tuple(range(7)), v2g=True)))
        self.tell(f.StationConnected(station="ST1", version=version, link=1))
        self.live(6)
        assert self.state.stations["ST1"].onboarding is Onboarding.READY
        occupied = ConnectorStatus.OCCUPIED
        self.tell(f.ConnectorChanged(station="ST1", evse=1, connector=1, status=occupied, at=self.now.utc))
        self.event(EventKind.STARTED, 0, trigger="CablePluggedIn")
        if needs is not None:
            self.tell(f.NeedsReported(call=self.call(), station="ST1", evse=1, needs=needs))
        self.live(10)

    def probe(self, setpoint_w: float | None = None) -> str | None:
        refusal = self.tell(i.ProbeRoute(station="ST1", setpoint_w=setpoint_w)).refusal
        return refusal.key if refusal else None

    def of[C](self, kind: type[C]) -> list[C]:
        return [c for c in self.sent if isinstance(c, kind)]

    @property
    def verdict(self) -> Verdict | None:
        return self.memory.probe.verdict if self.memory.probe else None

    @property
    def standing(self) -> Standing:
        return glance(self.state, "ST1", 1, self.now).standing

    def gives_back(self) -> list[SetPower]:
        return [c for c in self.of(SetPower) if c.power_w < 0]

    def plan(self, power_w: float) -> None:
        slot = PlanSlot(
            start=T0,
            end=T0 + timedelta(hours=12),
            power_w=power_w,
            soc_end_pct=60.0,
            import_per_kwh=0.7,
            export_per_kwh=0.0,
            stored_value_per_kwh=0.1,
            why=Why(Reason.HIGH_PRICE),
        )
        made = Plan(
            made_at=T0,
            slots=(slot,),
            departure=None,
            target_soc_pct=None,
            reachable_soc_pct=None,
            target_met_at=None,
            limited_by=None,
            cost=0.0,
        )
        if self.evse.plan_id is not None:
            self.tell(f.PlanMade(self.evse.plan_id, made))


def proven(route: str) -> StationMemory:
    return replace(MEMORY, proven_route=ROUTES[route])


SIDE_ROUTES = ["negative_limit", "example_custom_data", "example_data_transfer", "example_variable"]


@pytest.mark.parametrize("route", SIDE_ROUTES)
def test_a_probe_that_measures_export_proves_the_route(route: str) -> None:
    home = House(route)
    home.plug_in()
    assert home.standing is Standing.UNPROVEN
    assert home.gives_back() == []
    assert home.probe() is None
    assert home.standing is Standing.PROBING
    home.live(40)
    assert home.verdict is Verdict.PROVEN
    assert home.standing is Standing.PROVEN
    assert {(c.form, c.route) for c in home.gives_back()} == {(SetpointForm.VENDOR, ROUTES[route])}
    assert {c.power_w for c in home.gives_back()} == {-1000.0}  # the car's own minimum
    assert home.of(ClearPower)[-1].route == ROUTES[route]
    assert home.memory.probe is not None
    assert home.memory.probe.power_w == -1000.0


def test_a_hybrid_station_is_probed_in_words_of_2_1() -> None:
    home = House("hybrid")
    home.plug_in(BOTH_WAYS)
    assert home.evse.phase is Phase.STANDARD
    assert home.probe() is None
    home.live(40)
    assert home.verdict is Verdict.PROVEN
    assert {(c.form, c.power_w) for c in home.gives_back()} == {(SetpointForm.ABSOLUTE, -800.0)}


def test_the_proof_survives_a_restart() -> None:
    home = House("negative_limit")
    home.plug_in()
    home.probe()
    home.live(40)
    memory = from_plain(StationMemory, orjson.loads(to_json(home.kept["station/ST1"])))
    assert memory == home.memory
    again = House("negative_limit", memory=memory)
    assert again.standing is Standing.CHARGE_ONLY or again.memory.proven_route == ROUTES["negative_limit"]
    again.plug_in()
    assert again.evse.phase is Phase.V2G


@pytest.mark.parametrize("route", ["example_custom_data", "example_data_transfer"])
def test_a_proof_with_a_vendors_words_can_be_stored(route: str) -> None:
    memory = proven(route)
    assert from_plain(StationMemory, orjson.loads(to_json(memory))) == memory


def test_a_proven_station_gives_back_in_its_own_words_and_comes_back_to_charging() -> None:
    home = House("negative_limit", memory=proven("negative_limit"))
    home.plug_in()
    assert home.evse.phase is Phase.V2G
    home.live(12)
    home.plan(-2000.0)
    home.live(20)
    order = home.gives_back()[-1]
    assert (order.form, order.expires_s) == (SetpointForm.VENDOR, 150)
    assert home.power_w < -1000
    home.tell(i.ChargeNow("ST1"))
    home.live(20)
    assert home.power_w > 3000


def test_an_absolute_value_station_is_stopped_by_the_first_measurement() -> None:
    home = House("negative_limit", sign=-1)
    home.plug_in()
    home.probe()
    while home.evse.probe is not None and home.evse.probe.stage is not Stage.ORDERED:
        home.live(2)
    assert home.power_w == 1000.0
    home.seconds += 1
    home.event(EventKind.UPDATED)
    assert home.verdict is Verdict.WRONG_DIRECTION
    assert isinstance(home.sent[-1], ClearPower)
    assert home.standing is Standing.UNPROVEN
    home.sent.clear()
    home.live(60)
    assert home.of(SetPower)
    assert home.gives_back() == []


@pytest.mark.parametrize(
    ("spoil", "verdict"),
    [
        (lambda h: (setattr(h, "power_w", 0.0), setattr(h, "deaf", True), h.live(120)), Verdict.UNANSWERED),
        (lambda h: h.live(20, measures=False), Verdict.NOT_MEASURED),
        (lambda h: h.live(20, meter=False), Verdict.METER_STALE),
        (lambda h: (h.tell(f.MeterLost("cable")), h.tell(f.Ticked())), Verdict.METER_STALE),
        (lambda h: h.event(EventKind.ENDED, 3, trigger="EVDeparted"), Verdict.CAR_LEFT),
        (lambda h: h.tell(f.StationDisconnected(station="ST1", link=1)), Verdict.OFFLINE),
        (lambda h: (h.tell(i.ChargeNow("ST1")), h.live(2)), Verdict.INTERRUPTED),
        (lambda h: (setattr(h, "house_w", 300.0), h.live(6)), Verdict.NO_ROOM),
        (lambda h: h.tell(f.Stopping()), Verdict.INTERRUPTED),
    ],
    ids=["silent", "mute", "meter", "line", "left", "offline", "instant", "room", "stopping"],
)
def test_what_spoils_a_probe_ends_it_with_its_order_withdrawn(spoil, verdict: Verdict) -> None:  # type: ignore[no-untyped-def]
    home = House("example_variable")
    home.plug_in()
    home.probe()
    while home.evse.probe is not None and home.evse.probe.stage is not Stage.ORDERED:
        home.live(2)
    spoil(home)
    if verdict is Verdict.UNANSWERED:
        for command in home.gives_back()[-1:]:
            home.tell(f.CommandUnanswered(station="ST1", id=command.id))
    assert home.evse.probe is None
    assert home.verdict in (verdict, Verdict.NO_EXPORT) if verdict is Verdict.UNANSWERED else home.verdict is verdict
    assert home.memory.proven_route is None
    last = [c for c in home.of(ClearPower) if c.route is not None]
    assert bool(last) is (verdict is not Verdict.OFFLINE)


def test_an_order_of_a_probe_lapses_within_about_a_minute() -> None:
    home = House("negative_limit")
    home.plug_in()
    home.probe()
    home.live(30)
    assert home.gives_back()
    assert max(c.expires_s for c in home.gives_back()) <= 65


def test_after_a_silence_what_a_probe_said_beside_its_profile_is_taken_back() -> None:
    home = House("example_variable")
    home.plug_in()
    home.probe()
    home.live(20)
    home.tell(f.StationDisconnected(station="ST1", link=1))
    home.sent.clear()
    home.tell(f.StationConnected(station="ST1", version=Version.V201, link=2))
    home.live(6)
    assert home.of(ClearPower)[0].route == ROUTES["example_variable"]
    assert home.gives_back() == []


# what a probe needs


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (lambda h: setattr(h, "soc_pct", 25.0), "probe_soc_low"),
        (lambda h: setattr(h, "house_w", 400.0), "probe_no_room"),
        (lambda h: h.tell(i.ChargeNow("ST1")), "probe_busy"),
        (lambda h: h.event(EventKind.ENDED, 3), "no_session"),
        (lambda h: h.tell(f.StationDisconnected(station="ST1", link=1)), "station_offline"),
    ],
)
def test_a_probe_is_refused_where_it_would_not_be_safe(spoil, key: str) -> None:  # type: ignore[no-untyped-def]
    home = House()
    home.plug_in()
    spoil(home)
    if key != "station_offline":
        home.live(6)
    assert home.probe() == key
    assert home.gives_back() == []


def test_it_is_refused_without_measurements_meter_consent_route_or_a_second_time() -> None:
    home = House()
    home.plug_in()
    home.live(20, measures=False)
    assert home.probe() == "probe_not_measured"
    home.live(20, meter=False)
    assert home.probe() == "probe_meter_stale"
    home.live(6)
    assert home.probe() is None
    assert home.probe() == "probe_running"
    assert House(None).probe() == "probe_no_route"
    home = House()
    home.state = replace(home.state, config=replace(home.state.config, v2g_consent=False))
    assert home.probe() == "v2g_no_consent"


def test_a_car_that_did_not_ask_for_v2g_is_not_probed_on_a_hybrid_link() -> None:
    home = House("hybrid")
    home.plug_in(ONE_WAY)
    assert home.probe() == "probe_one_way"


def test_a_station_of_2_1_needs_no_probe() -> None:
    home = House(None)
    home.plug_in(BOTH_WAYS, Version.V21)
    assert home.standing is Standing.NATIVE
    assert home.probe() == "probe_not_needed"


def test_a_car_that_gives_back_only_a_lot_is_not_probed() -> None:
    home = House()
    home.state = replace(
        home.state,
        config=replace(home.state.config, vehicles=(VehicleConfig(key="r5", name="R5", min_discharge_w=1600.0),)),
    )
    home.plug_in()
    assert home.probe() == "probe_car_minimum"


# what a proof is worth


def test_a_route_that_never_lets_go_is_never_used() -> None:
    home = House("never", memory=replace(MEMORY, proven_route=NEVER.route))
    home.plug_in()
    assert home.standing is Standing.NEVER_LETS_GO
    assert home.evse.phase is Phase.STANDARD
    assert home.probe() == "route_never_lets_go"


@pytest.mark.parametrize("change", [{"vendor": "W"}, {"model": "N"}, {"firmware": "2"}, {}])
def test_another_station_or_firmware_has_to_be_tried_again(change: dict[str, str]) -> None:
    home = House(memory=proven("negative_limit"))
    home.tell(f.StationConnected(station="ST1", version=Version.V201, link=1))
    who = {"vendor": "V", "model": "M", "firmware": "1"} | change
    home.tell(f.StationBooted(call=home.call(), station="ST1", serial=None, reason="PowerUp", **who))
    assert home.standing is (Standing.UNPROVEN if change else Standing.PROVEN)


def test_another_route_has_to_be_tried_too_and_the_old_ones_order_is_taken_back() -> None:
    home = House("example_variable", memory=proven("example_variable"))
    home.plug_in()
    home.live(12)
    home.plan(-2000.0)
    home.live(20)
    assert home.gives_back()
    home.sent.clear()
    other = replace(home.state.config, stations=(replace(CONFIG.stations[0], route="negative_limit"),))
    home.tell(f.SiteConfigured(other))
    assert home.of(ClearPower)[0].route == ROUTES["example_variable"]
    assert home.standing is Standing.UNPROVEN
    home.live(30)
    assert home.gives_back() == []


def test_a_file_that_says_something_else_voids_the_proof() -> None:
    old = replace(ROUTES["example_variable"], variable="OldName")  # type: ignore[type-var]
    home = House("example_variable", memory=replace(MEMORY, proven_route=old))
    home.plug_in()
    assert home.standing is Standing.UNPROVEN


def test_a_station_that_speaks_words_of_2_1_is_said_to() -> None:
    home = House(None)
    home.plug_in(BOTH_WAYS)
    assert home.standing is Standing.ANNOUNCED
    home = House(None)
    home.plug_in(ONE_WAY)
    assert home.standing is Standing.CHARGE_ONLY
    row = VariableReport(variable=Variable("V2XChargingCtrlr", "Enabled"), value="true")
    home.tell(f.VariablesReported(station="ST1", rows=(row,)))
    assert home.standing is Standing.ANNOUNCED


@pytest.mark.parametrize(("route", "hybrid"), [(None, False), ("negative_limit", False), ("hybrid", True)])
def test_only_a_hybrid_station_hears_of_transfers_when_a_card_is_shown(route: str | None, hybrid: bool) -> None:
    home = House(route)
    home.plug_in()
    token = Token(value="A", kind="ISO14443")
    answers = home.tell(f.CardPresented(call=home.call(), station="ST1", token=token)).commands
    assert [a.hybrid for a in answers if isinstance(a, AnswerAuthorize)] == [hybrid]


# promises

POWERS = st.floats(-3000.0, 7000.0)


ACTS: tuple[Callable[[House, float], object], ...] = (
    lambda h, w: h.plan(w),
    lambda h, _: h.tell(i.ChargeNow("ST1")),
    lambda h, _: h.tell(i.ResumeV2g("ST1")),
    lambda h, w: h.tell(i.SetV2g(w > 0)),
    lambda h, _: h.tell(f.NeedsReported(call=h.call(), station="ST1", evse=1, needs=BOTH_WAYS)),
    lambda h, _: h.tell(f.StationDisconnected(station="ST1", link=1)),
    lambda h, _: h.tell(f.StationConnected(station="ST1", version=Version.V201, link=1)),
    lambda h, w: setattr(h, "house_w", abs(w)),
    lambda h, w: setattr(h, "soc_pct", min(100.0, abs(w) / 70)),
    lambda h, _: h.event(EventKind.ENDED, 3),
    lambda h, w: h.live(int(abs(w) / 200)),
    lambda h, w: h.live(int(abs(w) / 200), meter=False),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    route=st.sampled_from([None, "hybrid", "never", *SIDE_ROUTES]),
    needs=st.sampled_from([None, ONE_WAY, BOTH_WAYS]),
    acts=st.lists(st.tuples(st.sampled_from(ACTS), POWERS), min_size=5, max_size=30),
)
def test_a_station_unproven_or_without_a_route_is_never_told_to_give_back(
    route: str | None, needs: Needs | None, acts: list[tuple[Callable[[House, float], object], float]]
) -> None:
    home = House(route)
    home.plug_in(needs)
    for act, value in acts:
        act(home, value)
        home.plan(-2000.0)
    assert home.gives_back() == []
    assert all(c.route is None for c in home.of(SetPower))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    route=st.sampled_from(SIDE_ROUTES),
    acts=st.lists(st.tuples(st.sampled_from(ACTS), POWERS), min_size=3, max_size=15),
    pauses=st.integers(0, 15),
)
def test_whatever_happens_to_a_probe_its_order_keeps_to_the_envelope_and_does_not_stay(
    route: str, acts: list[tuple[Callable[[House, float], object], float]], pauses: int
) -> None:
    home = House(route)
    home.plug_in()
    home.probe()
    home.live(2 * pauses)
    for act, value in acts:
        act(home, value)
    home.live(120)
    assert home.beyond == 0
    assert home.evse.probe is None
    assert home.verdict is not None
    if home.gives_back():
        last = home.sent.index(home.gives_back()[-1])
        online = home.verdict is not Verdict.OFFLINE
        assert not online or any(isinstance(c, ClearPower) for c in home.sent[last:])
