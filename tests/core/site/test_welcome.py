"""A station that dials in: what it is asked, what it is told, what becomes of it when it says little."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.commands import (
    Answer,
    AnswerBoot,
    AskToSend,
    AskTransaction,
    BootStatus,
    ClearPower,
    HoldStation,
    InstallLimits,
    LimitMonitoring,
    MakePlan,
    ReadInventory,
    ReadProfiles,
    ReadVariables,
    Trigger,
    Variable,
    WatchVariables,
    WriteVariables,
)
from custom_components.mobilize_flex.core.model.config import Automatic
from custom_components.mobilize_flex.core.model.state import Onboarding, StationMemory, StationState
from custom_components.mobilize_flex.core.model.station import (
    ConnectorStatus,
    EventKind,
    HeldProfile,
    VariableReport,
    Version,
)
from custom_components.mobilize_flex.core.ocpp.mending import lasting
from custom_components.mobilize_flex.core.site import restore
from custom_components.mobilize_flex.core.site.holding import BUDGET_S
from custom_components.mobilize_flex.core.site.welcome import LOOK_S, PART_S

from .test_step import CONFIG, Home

CONNECTORS = tuple(Variable("Connector", "AvailabilityState", 1, n) for n in (1, 2))
MODEL = (
    *(VariableReport(variable=v, value="Available", monitored=True) for v in CONNECTORS),
    VariableReport(variable=Variable("EVSE", "Power", 1), value=None, max_limit=7400.0),
    VariableReport(variable=Variable("EVSE", "Problem", 1), value="false", monitored=True),
    VariableReport(variable=Variable("SampledDataCtrlr", "TxUpdatedInterval"), value="60", writable=True),
    VariableReport(variable=Variable("ChargingStatusIndicator", "Color", 1, 1), value="Green"),
)


class Garage(Home):
    """A site whose one station is set up as a test wants it."""

    def __init__(self, memory: StationMemory | None = None, **changes: object) -> None:
        super().__init__()
        station = replace(CONFIG.stations[0], **changes)  # type: ignore[arg-type]
        kept: dict[str, object] = {} if memory is None else {"station/ST1": memory}
        self.state = restore(replace(CONFIG, stations=(station,)), kept)

    @property
    def station(self) -> StationState:
        return self.state.stations["ST1"]

    def connect(self, link: int = 1) -> None:
        self.tell(f.StationConnected(station="ST1", version=Version.V21, link=link))

    def boot(self, reason: str = "PowerUp") -> BootStatus:
        told = f.StationBooted(
            call=self.call(), station="ST1", vendor="V", model="M", serial="S", firmware="1", reason=reason
        )
        self.tell(told)
        return self.of(AnswerBoot)[-1].status

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.tell(f.Ticked(), 1)

    def tell_model(self, *parts: tuple[VariableReport, ...], first: int = 0) -> None:
        asked = self.of(ReadInventory)[-1].request_id
        for number, rows in enumerate(parts):
            complete = number == len(parts) - 1
            report = f.VariablesReported(
                station="ST1", rows=rows, request_id=asked, seq_no=number + first, complete=complete
            )
            self.tell(report)

    def asked(self) -> list[object]:
        """Return what was sent that is no answer and no matter of the house."""
        return [c for c in self.sent if not isinstance(c, (Answer, MakePlan))]


# held until it is set up


def test_a_new_station_is_accepted_at_once_unless_the_owner_wants_it_held() -> None:
    home = Garage()
    home.connect()
    assert home.boot() is BootStatus.ACCEPTED
    assert not home.of(HoldStation)


def test_a_held_station_is_set_up_before_it_is_accepted() -> None:
    home = Garage(hold_new=True)
    home.connect()
    assert [h.held for h in home.of(HoldStation)] == [True]
    assert home.boot() is BootStatus.PENDING
    home.wait(2)
    assert [type(c) for c in home.asked()] == [HoldStation, ReadInventory]
    home.tell_model(MODEL)
    (written,) = home.of(WriteVariables)
    assert home.boot() is BootStatus.PENDING
    home.tell(f.CommandAccepted(station="ST1", id=written.id))
    assert [c.what for c in home.of(AskToSend)] == [Trigger.BOOT]
    assert home.boot("Triggered") is BootStatus.ACCEPTED
    assert home.station.memory.registered
    home.wait(2)
    assert home.of(InstallLimits)
    assert len(home.of(ReadInventory)) == 1


def test_a_held_station_that_tells_nothing_is_let_in_when_the_budget_is_spent() -> None:
    home = Garage(hold_new=True)
    home.connect()
    home.boot()
    home.wait(BUDGET_S - 5)
    assert home.station.hold is not None
    home.wait(8)
    assert [h.held for h in home.of(HoldStation)] == [True, False]
    assert home.station.onboarding is Onboarding.READY
    assert home.station.memory.registered


def test_a_held_station_that_never_boots_is_let_in_too() -> None:
    home = Garage(hold_new=True)
    home.connect()
    home.wait(BUDGET_S + 3)
    assert [c.what for c in home.of(AskToSend)][:1] == [Trigger.BOOT]
    assert not home.of(HoldStation)[-1].held
    assert home.station.onboarding is Onboarding.READY


def test_a_held_station_stays_held_over_a_reconnect_and_its_budget_goes_on() -> None:
    home = Garage(hold_new=True)
    home.connect()
    home.boot()
    home.wait(100)
    home.tell(f.StationDisconnected(station="ST1", link=1))
    home.connect(link=2)
    assert [h.held for h in home.of(HoldStation)] == [True, True]
    home.wait(BUDGET_S - 95)
    assert not home.of(HoldStation)[-1].held


def test_a_station_accepted_once_is_never_held_again() -> None:
    home = Garage(StationMemory(registered=True), hold_new=True)
    home.connect()
    home.wait(3)
    assert not home.of(HoldStation)
    assert home.station.onboarding is Onboarding.READY


def test_an_owner_who_changes_his_mind_lets_it_in() -> None:
    home = Garage(hold_new=True)
    home.connect()
    home.boot()
    home.tell(f.SiteConfigured(replace(CONFIG, stations=(replace(CONFIG.stations[0], hold_new=False),))))
    home.wait(1)
    assert not home.of(HoldStation)[-1].held


# nothing without leave


def full_night(home: Garage) -> None:
    """Let a station come, tell all, charge, lose its line twice and end with a gap."""
    home.connect()
    home.boot()
    home.wait(3)
    if home.of(ReadInventory):
        home.tell_model(MODEL)
    changed = f.ConnectorChanged(station="ST1", evse=1, connector=1, status=ConnectorStatus.OCCUPIED, at=home.now.utc)
    home.tell(changed)
    home.tell(home.event(EventKind.STARTED, 0))
    home.tell(f.StationDisconnected(station="ST1", link=1))
    home.connect(link=2)
    home.wait(20)
    home.boot("Watchdog")
    home.wait(20)
    home.tell(home.event(EventKind.ENDED, 9))
    home.wait(60)
    smaller = replace(home.station.config, fallback_a=8.0)
    home.tell(f.SiteConfigured(replace(home.state.config, stations=(smaller,))))


_SENDS: dict[Automatic, set[type]] = {
    Automatic.LIMITS: {InstallLimits},
    Automatic.INVENTORY: {ReadInventory},
    Automatic.SETTINGS: set(),
    Automatic.MONITORS: set(),
    Automatic.STATUSES: {AskToSend, ReadVariables},
    Automatic.TRANSACTIONS: {AskTransaction, AskToSend},
    Automatic.PROFILES: set(),
    Automatic.LOCAL_LIST: set(),
}


def test_with_everything_switched_off_a_station_hears_only_answers() -> None:
    home = Garage(automatic=frozenset())
    full_night(home)
    assert home.asked() == []


@pytest.mark.parametrize("only", [a for a in Automatic if a is not Automatic.LOCAL_LIST])
def test_with_one_thing_switched_on_a_station_hears_nothing_else(only: Automatic) -> None:
    home = Garage(automatic=frozenset({only}))
    full_night(home)
    assert {type(c) for c in home.asked()} == _SENDS[only]


@pytest.mark.parametrize(
    ("what", "sends"),
    [(Automatic.SETTINGS, {WriteVariables}), (Automatic.MONITORS, {LimitMonitoring, WatchVariables})],
)
def test_what_follows_the_inventory_is_switched_by_itself(what: Automatic, sends: set[type]) -> None:
    home = Garage(automatic=frozenset({Automatic.INVENTORY, what}))
    full_night(home)
    assert {type(c) for c in home.asked()} == {ReadInventory} | sends


def test_only_what_can_be_watched_is_watched() -> None:
    home = Garage()
    full_night(home)
    (watch,) = home.of(WatchVariables)
    assert {v.variable for v in watch.variables} == {"AvailabilityState", "Problem"}


# after a reconnect or a restart


def test_every_connector_the_inventory_lists_is_asked_for() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    home.tell_model(MODEL)
    home.tell(f.StationDisconnected(station="ST1", link=1))
    home.sent.clear()
    home.connect(link=2)
    home.wait(1)
    asked = [(c.evse, c.connector) for c in home.of(AskToSend) if c.what is Trigger.STATUS]
    assert asked == [(1, 1), (1, 2)]


def test_a_station_that_accepts_and_sends_nothing_is_looked_up_instead() -> None:
    home = Garage(StationMemory(registered=True))
    home.connect()
    home.wait(LOOK_S + 2)
    (read,) = home.of(ReadVariables)
    assert read.variables == (CONNECTORS[0],)
    told = VariableReport(variable=CONNECTORS[0], value="Occupied")
    home.tell(f.VariablesReported(station="ST1", rows=(told,)))
    assert home.station.evses[1].connector is ConnectorStatus.OCCUPIED


def test_a_session_without_a_measurement_is_asked_for_one() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.tell(home.event(EventKind.STARTED, 0, samplings=home.samples(2000.0)))
    home.tell(f.StationDisconnected(station="ST1", link=1))
    home.wait(1)
    home.connect(link=2)
    home.wait(LOOK_S + 2)
    assert Trigger.METER_VALUES in {c.what for c in home.of(AskToSend)}


def test_entities_are_there_the_moment_the_station_is() -> None:
    home = Garage(StationMemory(registered=True))
    home.connect()
    assert home.station.online
    home.wait(1)
    assert home.station.onboarding is Onboarding.READY


def test_one_plug_in_use_is_the_whole_evse_in_use() -> None:
    home = Garage()
    home.connect()
    for connector, status in ((1, ConnectorStatus.OCCUPIED), (2, ConnectorStatus.UNAVAILABLE)):
        home.tell(f.ConnectorChanged(station="ST1", evse=1, connector=connector, status=status, at=home.now.utc))
    assert home.station.evses[1].connector is ConnectorStatus.OCCUPIED
    assert home.phase == "plugged"


def test_the_last_boots_are_remembered_with_their_reasons() -> None:
    home = Garage()
    home.connect()
    for reason in ("PowerUp", "Watchdog", "RemoteReset", "PowerUp", "PowerUp", "ScheduledReset"):
        home.boot(reason)
    assert [b.reason for b in home.station.boots] == ["Watchdog", "RemoteReset", "PowerUp", "PowerUp", "ScheduledReset"]


# the lasting limits


def limited() -> tuple[Garage, list[HeldProfile]]:
    """Return a station that took its limits and came back, with what it holds."""
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    (limits,) = home.of(InstallLimits)
    home.tell(f.CommandAccepted(station="ST1", id=limits.id))
    home.tell(f.StationDisconnected(station="ST1", link=1))
    home.sent.clear()
    home.connect(link=2)
    home.wait(2)
    assert not home.of(InstallLimits)
    return home, list(lasting(limits))


def report(home: Garage, *profiles: HeldProfile, **more: object) -> None:
    fields: dict[str, object] = {"request_id": home.of(ReadProfiles)[-1].request_id} | more
    home.tell(f.ProfilesReported(station="ST1", profiles=profiles, **fields))  # type: ignore[arg-type]


def test_limits_that_stand_are_left_alone_whatever_unit_they_are_told_in() -> None:
    home, (house, standard) = limited()
    report(home, house, complete=False)
    amperes = replace(standard, limit=(standard.limit or 0) / 230.0 + 0.0000374, amperes=True)
    report(home, amperes)
    assert not home.of(InstallLimits)


@pytest.mark.parametrize(
    "change",
    [{"limit": 32_000.0}, {"limit": None}, {"level": 3}, {"purpose": "TxProfile"}, {"phases": 3}, {"periods": 2}],
)
def test_limits_somebody_changed_are_mended(change: dict[str, object]) -> None:
    home, (house, standard) = limited()
    report(home, house, replace(standard, **change))  # type: ignore[arg-type]
    assert len(home.of(InstallLimits)) == 1


def test_limits_that_were_lost_are_written_again() -> None:
    home, (house, _) = limited()
    report(home, house)
    assert home.of(InstallLimits)


def test_a_report_somebody_else_asked_for_says_nothing_of_our_limits() -> None:
    home, _ = limited()
    report(home, request_id=4711)
    assert not home.of(InstallLimits)


def test_an_order_nobody_gave_is_withdrawn_and_a_foreign_profile_is_left() -> None:
    home, (house, standard) = limited()
    order = HeldProfile(id=200, evse=1, purpose="TxProfile", level=1, limit=9000.0)
    foreign = HeldProfile(id=7, evse=0, purpose="TxDefaultProfile", level=5, limit=3000.0)
    report(home, house, standard, order, foreign)
    assert [c.evse for c in home.of(ClearPower)] == [1]


def refuse_limits(home: Garage, reason: str, *, supported: bool = True) -> None:
    command = home.of(InstallLimits)[-1]
    home.tell(f.CommandRefused(station="ST1", id=command.id, reason=reason, supported=supported))


def test_a_station_that_takes_amperes_only_gets_its_limits_in_amperes() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    refuse_limits(home, "UnsupportedRateUnit")
    home.wait(1)
    assert [c.amperes for c in home.of(InstallLimits)] == [False, True]


def test_limits_under_refused_numbers_are_sent_again_at_once_while_there_are_higher_ones() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    for _ in range(4):
        refuse_limits(home, "InvalidProfileId")
        home.wait(1)
    assert len(home.of(InstallLimits)) == 3


def test_limits_refused_for_now_are_tried_again_now_and_then() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    for _ in range(5):
        refuse_limits(home, "InternalError")
        home.wait(2000)
    assert len(home.of(InstallLimits)) == 4
    assert home.station.limits.refused == "InternalError"


def test_a_station_that_cannot_hold_limits_is_not_asked_again() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    refuse_limits(home, "NotSupported", supported=False)
    home.wait(2000)
    assert len(home.of(InstallLimits)) == 1


# the inventory


@pytest.mark.parametrize("first", [0, 1])
def test_an_inventory_comes_in_one_frame_whatever_its_number(first: int) -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    home.tell_model(MODEL, first=first)
    assert home.station.inventory_whole
    assert home.station.inventory == MODEL


def test_an_inventory_comes_in_parts_and_is_kept_once() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    kept: list[str] = []
    asked = home.of(ReadInventory)[-1].request_id
    for number, rows in enumerate((MODEL[:2], MODEL[2:4], MODEL[4:])):
        told = f.VariablesReported(station="ST1", rows=rows, request_id=asked, seq_no=number, complete=number == 2)
        kept += [k.key for k in home.tell(told, 30).keeps if k.key.startswith("inventory/")]
    assert kept == ["inventory/ST1"]
    assert home.station.inventory == MODEL
    event = VariableReport(variable=CONNECTORS[0], value="Occupied")
    step = home.tell(f.VariablesReported(station="ST1", rows=(event,)))
    assert not [k for k in step.keeps if k.key.startswith("inventory/")]
    written = VariableReport(variable=MODEL[4].variable, value="2")
    step = home.tell(f.VariablesReported(station="ST1", rows=(written,), written=True))
    assert [k for k in step.keeps if k.key.startswith("inventory/")]


def test_an_inventory_outlives_a_restart() -> None:
    kept: dict[str, object] = {}
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    asked = home.of(ReadInventory)[-1].request_id
    for keep in home.tell(f.VariablesReported(station="ST1", rows=MODEL, request_id=asked, seq_no=0)).keeps:
        kept[keep.key] = keep.value
    again = Garage()
    again.state = restore(home.state.config, kept)
    assert (again.station.inventory, again.station.inventory_whole) == (MODEL, True)
    again.connect()
    again.wait(3)
    assert not again.of(ReadInventory)


def test_half_a_report_is_made_do_with_when_the_rest_does_not_come() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    asked = home.of(ReadInventory)[-1].request_id
    home.tell(f.VariablesReported(station="ST1", rows=MODEL[:2], request_id=asked, seq_no=0, complete=False))
    home.wait(PART_S + 2)
    assert home.station.inventory == MODEL[:2]
    assert not home.station.inventory_whole
    assert home.station.report is None


def test_a_report_with_a_hole_is_not_the_whole_inventory() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    asked = home.of(ReadInventory)[-1].request_id
    for number, complete in ((0, False), (2, True)):
        rows = MODEL[number : number + 2]
        told = f.VariablesReported(station="ST1", rows=rows, request_id=asked, seq_no=number, complete=complete)
        home.tell(told)
    assert not home.station.inventory_whole
    assert len(home.station.inventory) == 4


def refuse(home: Garage, reason: str = "NotSupported") -> None:
    home.tell(f.CommandRefused(station="ST1", id=home.of(ReadInventory)[-1].id, reason=reason, supported=False))


def test_a_station_that_does_not_tell_all_of_itself_is_asked_for_less() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    refuse(home)
    refuse(home)
    bases = [asked.base for asked in home.of(ReadInventory)]
    assert bases == ["FullInventory", "ConfigurationInventory", "SummaryInventory"]
    home.tell_model(MODEL)
    assert (home.station.inventory, home.station.inventory_whole) == (MODEL, True)
    assert home.station.memory.inventory_partial
    home.connect(2)
    home.wait(3)
    assert len(home.of(ReadInventory)) == 3


def test_part_of_an_inventory_does_not_say_which_evses_there_are() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    refuse(home)
    home.tell_model(MODEL)
    home.tell(f.ConnectorChanged(station="ST1", evse=2, connector=1, status=ConnectorStatus.OCCUPIED, at=home.now.utc))
    assert list(home.station.evses) == [1, 2]


def test_an_empty_inventory_is_as_good_as_a_refusal() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    asked = home.of(ReadInventory)[-1]
    home.tell(f.CommandAccepted(station="ST1", id=asked.id, detail="EmptyResultSet"))
    assert home.of(ReadInventory)[-1].base == "ConfigurationInventory"


@pytest.mark.parametrize("reason", ["NotImplemented", None])
def test_a_station_that_knows_no_reports_or_is_silent_is_not_asked_on(reason: str | None) -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    if reason is None:
        home.tell(f.CommandUnanswered(station="ST1", id=home.of(ReadInventory)[-1].id))
    else:
        refuse(home, reason)
    assert len(home.of(ReadInventory)) == 1
    assert home.station.report is None


# EVSEs it has and has not


def test_the_evses_a_whole_inventory_lists_are_known_before_they_speak() -> None:
    home = Garage()
    home.connect()
    home.boot()
    home.wait(3)
    second = VariableReport(variable=Variable("EVSE", "Power", 2), value=None, max_limit=7400.0)
    home.tell_model((*MODEL, second))
    assert list(home.station.evses) == [1, 2]


def test_what_was_told_of_an_evse_the_inventory_does_not_list_is_forgotten() -> None:
    home = Garage()
    home.connect()
    home.boot()
    for number in (2, 3):
        home.tell(f.ConnectorChanged(station="ST1", evse=number, connector=1, status=ConnectorStatus.AVAILABLE,
                                     at=home.now.utc))  # fmt: skip
    home.tell(home.event(EventKind.STARTED, 0, evse=3))
    home.wait(3)
    home.tell_model(MODEL)
    assert list(home.station.evses) == [1, 3]  # a car hangs on the third


@pytest.mark.parametrize(("number", "listed"), [(2, True), (9, False), (99, False)])
def test_an_evse_the_station_cannot_have_is_counted_and_not_made(number: int, listed: bool) -> None:
    home = Garage()
    home.connect()
    home.boot()
    if listed:
        home.wait(3)
        home.tell_model(MODEL)
    at = home.now.utc + timedelta(seconds=1)
    home.tell(f.ConnectorChanged(station="ST1", evse=number, connector=1, status=ConnectorStatus.OCCUPIED, at=at))
    home.tell(f.LimitReported(station="ST1", evse=number, source="EMS", limit_w=1000.0))
    home.tell(f.Metered(station="ST1", evse=number, samplings=home.samples(2000.0, in_wh=500.0)))
    answers = len(home.of(Answer))
    home.tell(home.event(EventKind.STARTED, 0, evse=number, samplings=home.samples(2000.0)))
    home.tell(home.event(EventKind.ENDED, 1, evse=number, samplings=home.samples(0.0, in_wh=300.0)))
    assert list(home.station.evses) == [1]
    assert home.station.strangers > 0
    assert len(home.of(Answer)) == answers + 2
    assert home.state.sessions["ST1/tx-1"].energy_in.wh == 300.0
    assert dict(home.station.memory.import_wh) == {}


def test_without_an_inventory_a_second_evse_is_believed() -> None:
    home = Garage()
    home.connect()
    home.tell(f.ConnectorChanged(station="ST1", evse=2, connector=1, status=ConnectorStatus.OCCUPIED, at=home.now.utc))
    assert list(home.station.evses) == [1, 2]
