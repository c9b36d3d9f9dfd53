"""What is reserved, out of service or broken is remembered as long as it is so."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from custom_components.mobilize_flex.core.ledger.codec import from_plain, to_json
from custom_components.mobilize_flex.core.model import facts as f, tasks as t
from custom_components.mobilize_flex.core.model.commands import CallRef
from custom_components.mobilize_flex.core.model.config import SiteConfig, StationConfig
from custom_components.mobilize_flex.core.model.incidents import Fault, SecurityEvent
from custom_components.mobilize_flex.core.model.light import LampColour
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.state import StationMemory, StationState
from custom_components.mobilize_flex.core.model.station import ConnectorStatus, EventKind, Version
from custom_components.mobilize_flex.core.model.upkeep import Reservation, ReservationEnded, UpkeepAnswer, UpkeepTask
from custom_components.mobilize_flex.core.site import glance, restore, step
from custom_components.mobilize_flex.core.site.incidents import KEPT, fault_of
from custom_components.mobilize_flex.core.site.step import Event

T0 = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
CONFIG = SiteConfig(name="Home", stations=(StationConfig(identity="ST1", name="Garage"),))
YES = UpkeepAnswer(status="Accepted", accepted=True)
NO = UpkeepAnswer(status="Rejected", accepted=False)


class Kept:
    """A home whose owner looks after his station."""

    def __init__(self) -> None:
        self.state = restore(CONFIG, {})
        self.seconds = 0.0

    @property
    def now(self) -> Moment:
        return Moment(T0 + timedelta(seconds=self.seconds), 100.0 + self.seconds)

    def tell(self, event: Event, after: float = 0.0) -> None:
        self.seconds += after
        self.state = step(self.state, event, self.now).state

    @property
    def station(self) -> StationState:
        return self.state.stations["ST1"]

    def did(self, task: UpkeepTask, answer: UpkeepAnswer = YES) -> None:
        self.tell(f.UpkeepDone(station="ST1", task=task, answer=answer))

    def reserve(self, number: int = 7, minutes: int = 60, answer: UpkeepAnswer = YES) -> None:
        until = self.now.utc + timedelta(minutes=minutes)
        self.did(t.ReserveNow(id=number, until=until, token="04AA", evse=1, driver="Camille"), answer)

    def reserved(self) -> list[int]:
        return [r.id for r in self.station.memory.reservations]


@pytest.fixture
def home() -> Kept:
    kept = Kept()
    kept.tell(f.StationConnected(station="ST1", version=Version.V21, link=1))
    return kept


def test_a_reservation_is_kept_without_its_badge(home: Kept) -> None:
    home.reserve()
    until = home.now.utc + timedelta(minutes=60)
    assert home.station.memory.reservations == (Reservation(id=7, until=until, evse=1, driver="Camille"),)
    written = to_json(home.station.memory)
    assert b"04AA" not in written
    assert from_plain(StationMemory, orjson.loads(written)) == home.station.memory


def test_a_reservation_that_was_refused_is_none(home: Kept) -> None:
    home.reserve(answer=NO)
    assert home.reserved() == []


def test_a_reservation_with_the_same_number_takes_its_place(home: Kept) -> None:
    home.reserve(minutes=60)
    home.reserve(minutes=120)
    assert home.reserved() == [7]
    assert home.station.memory.reservations[0].until == home.now.utc + timedelta(minutes=120)


def test_a_reservation_ends_with_the_charge_that_uses_it(home: Kept) -> None:
    home.reserve(7)
    home.reserve(8)
    home.tell(
        f.TransactionReported(
            call=CallRef("ST1", 1, "m1"),
            station="ST1",
            transaction="tx-1",
            kind=EventKind.STARTED,
            seq_no=0,
            at=home.now.utc,
            trigger="Authorized",
            evse=1,
            reservation=7,
        )
    )
    assert home.reserved() == [8]


def test_a_reservation_ends_when_the_station_says_so(home: Kept) -> None:
    home.reserve(7)
    home.tell(ReservationEnded(station="ST1", reservation=6))
    assert home.reserved() == [7]
    home.tell(ReservationEnded(station="ST1", reservation=7))
    assert home.reserved() == []


def test_a_reservation_ends_when_it_is_cancelled(home: Kept) -> None:
    home.reserve(7)
    home.did(t.CancelReservation(reservation=7), NO)
    assert home.reserved() == [7]
    home.did(t.CancelReservation(reservation=7))
    assert home.reserved() == []


def test_a_reservation_ends_with_its_time_even_if_the_station_is_away(home: Kept) -> None:
    home.reserve(7, minutes=1)
    home.tell(f.StationDisconnected(station="ST1", link=1))
    home.tell(f.Ticked(), 59)
    assert home.reserved() == [7]
    home.tell(f.Ticked(), 2)
    assert home.reserved() == []


def off(home: Kept, evse: int | None = None, connector: int | None = None, *, operative: bool = False) -> None:
    home.did(t.SetAvailability(operative=operative, evse=evse, connector=connector))


def test_what_we_took_out_of_service_is_remembered_until_we_bring_it_back(home: Kept) -> None:
    off(home)
    off(home)
    off(home, evse=1)
    off(home, connector=2)
    assert home.station.memory.disabled == ((0, 0), (1, 0), (1, 2))
    again = restore(CONFIG, {"station/ST1": home.station.memory})
    assert again.stations["ST1"].switched_off
    for evse, connector in ((None, None), (1, None), (1, 2)):
        assert home.station.switched_off
        off(home, evse, connector, operative=True)
    assert not home.station.switched_off


def test_what_the_station_refused_to_switch_off_is_in_service(home: Kept) -> None:
    home.did(t.SetAvailability(operative=False), NO)
    assert not home.station.switched_off


def unavailable(home: Kept) -> LampColour:
    status = ConnectorStatus.UNAVAILABLE
    home.tell(f.ConnectorChanged(station="ST1", evse=1, connector=1, status=status, at=home.now.utc))
    return glance(home.state, "ST1", 1, home.now).lamp.colour


def test_the_light_is_red_only_where_we_switched_it_off(home: Kept) -> None:
    assert unavailable(home) is LampColour.WHITE
    off(home)
    assert unavailable(home) is LampColour.RED


# incidents


def incidents(home: Kept) -> list[tuple[object, ...]]:
    return [(i.number, i.what, i.evse, i.origin, i.text) for i in home.station.incidents]


def test_a_security_event_is_an_incident_by_its_standard_name(home: Kept) -> None:
    at = home.now.utc
    home.tell(f.SecurityReported(station="ST1", kind="TamperDetectionActivated", at=at, text="flap"))
    home.tell(f.SecurityReported(station="ST1", kind="InvalidTLSVersion", at=at))
    home.tell(f.SecurityReported(station="ST1", kind="AcmeDoorOpen", at=at))
    assert incidents(home) == [
        (1, SecurityEvent.TAMPER_DETECTION_ACTIVATED, None, "TamperDetectionActivated", "flap"),
        (2, SecurityEvent.INVALID_TLS_VERSION, None, "InvalidTLSVersion", None),
        (3, SecurityEvent.OTHER, None, "AcmeDoorOpen", None),
    ]


def problem(home: Kept, name: str, *, active: bool = True, evse: int | None = 1) -> None:
    component, _, variable = name.partition(".")
    home.tell(
        f.ProblemReported(station="ST1", evse=evse, component=component, variable=variable, active=active, text="x")
    )


def test_a_fault_is_an_incident_when_it_begins(home: Kept) -> None:
    problem(home, "ConnectorPlugRetentionLock.Problem")
    problem(home, "ConnectorPlugRetentionLock.Problem")
    problem(home, "ConnectorPlugRetentionLock.Problem", active=False)
    problem(home, "ConnectorPlugRetentionLock.Problem", evse=None)
    told = ("ConnectorPlugRetentionLock.Problem", "x")
    assert incidents(home) == [(1, Fault.LOCK, 1, *told), (2, Fault.LOCK, None, *told)]


@pytest.mark.parametrize(
    ("origin", "fault"),
    [
        ("ShuntTripRelay.Tripped", Fault.LEAKAGE),
        ("RCD.Tripped", Fault.LEAKAGE),
        ("GroundIsolationProtection.Problem", Fault.LEAKAGE),
        ("ConnectorPlugRetentionLock.Problem", Fault.LOCK),
        ("TamperDetector.Problem", Fault.TAMPER),
        ("AccessBarrier.Problem", Fault.TAMPER),
        ("OverCurrentProtection.Tripped", Fault.OVERLOAD),
        ("EVSE.Overload", Fault.OVERLOAD),
        ("TemperatureSensor.Problem", Fault.OVERHEATING),
        ("ElectricalFeed.Problem", Fault.GRID),
        ("ChargingStation.Problem", Fault.OTHER),
    ],
)
def test_a_fault_is_known_by_the_name_of_its_part(origin: str, fault: Fault) -> None:
    assert fault_of(origin) is fault


def test_a_connector_out_of_order_is_an_incident_once(home: Kept) -> None:
    for status in (ConnectorStatus.FAULTED, ConnectorStatus.FAULTED):
        home.tell(f.ConnectorChanged(station="ST1", evse=1, connector=1, status=status, at=home.now.utc))
    assert incidents(home) == [(1, Fault.OUT_OF_SERVICE, 1, None, None)]


def test_only_the_last_incidents_are_at_hand(home: Kept) -> None:
    for _ in range(KEPT + 5):
        home.tell(f.SecurityReported(station="ST1", kind="ResetOrReboot", at=home.now.utc))
    assert [i.number for i in home.station.incidents] == list(range(6, KEPT + 6))
