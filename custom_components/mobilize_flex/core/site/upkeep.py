"""What looking after a station changes: what is out of service, what is reserved."""

from dataclasses import replace

from ..model.facts import TransactionReported, UpkeepDone
from ..model.tasks import CancelReservation, CustomerInformation, ReserveNow, SetAvailability
from ..model.upkeep import Reservation, ReservationEnded
from .access import list_unsure
from .draft import Draft


def done(d: Draft, fact: UpkeepDone) -> None:
    """Note what a station agreed to."""
    if not fact.answer.accepted:
        return
    match fact.task:
        case SetAvailability():
            _availability(d, fact.station, fact.task)
        case ReserveNow(id=number, until=until, evse=evse, driver=driver):
            _release(d, fact.station, number)
            _put(d, fact.station, Reservation(id=number, until=until, evse=evse, driver=driver))
        case CancelReservation(reservation=number):
            _release(d, fact.station, number)
        case CustomerInformation(clear=True):
            list_unsure(d, fact.station)
        case _:
            pass  # of the rest the station tells by itself


def reservation_ended(d: Draft, fact: ReservationEnded) -> None:
    """Forget a reservation the station gave up."""
    _release(d, fact.station, fact.reservation)


def reservation_used(d: Draft, fact: TransactionReported) -> None:
    """Forget a reservation that became a charge."""
    if fact.reservation is not None:
        _release(d, fact.station, fact.reservation)


def expire(d: Draft) -> None:
    """Forget the reservations whose time is over, whether the station says so or not."""
    for identity, station in d.state.stations.items():
        for reservation in station.memory.reservations:
            if reservation.until <= d.now.utc:
                _release(d, identity, reservation.id)


def _availability(d: Draft, identity: str, task: SetAvailability) -> None:
    station = d.state.stations[identity]
    place = (task.evse or (1 if task.connector else 0), task.connector or 0)
    rest = tuple(known for known in station.memory.disabled if known != place)
    disabled = rest if task.operative else (*rest, place)
    if disabled != station.memory.disabled:
        d.put_station(replace(station, memory=replace(station.memory, disabled=disabled)))


def _put(d: Draft, identity: str, reservation: Reservation) -> None:
    station = d.state.stations[identity]
    reservations = (*station.memory.reservations, reservation)
    d.put_station(replace(station, memory=replace(station.memory, reservations=reservations)))


def _release(d: Draft, identity: str, number: int) -> None:
    station = d.state.stations[identity]
    rest = tuple(r for r in station.memory.reservations if r.id != number)
    if len(rest) < len(station.memory.reservations):
        d.put_station(replace(station, memory=replace(station.memory, reservations=rest)))
