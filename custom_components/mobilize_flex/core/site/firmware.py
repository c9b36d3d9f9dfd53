"""What an update of a station's own program changes, whoever began it."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from ..model.commands import AskToSend, Trigger
from ..model.facts import FirmwareReported, StationBooted, UpkeepDone
from ..model.firmware import FAILURES, PENDING, FirmwareState, FirmwareStatus, UpdateFirmware
from ..model.intents import OfferFirmware
from .draft import Draft

SILENT_AFTER: Final = timedelta(minutes=30)
BOOTED_ANEW: Final = "FirmwareUpdate"
_OPEN: Final = PENDING | {FirmwareStatus.SILENT}


def offered(d: Draft, intent: OfferFirmware) -> None:
    """Keep what the owner offers, until it is installed or another takes its place."""
    station = d.station(intent.station)
    if station is None:
        d.refuse("station_unknown", station=intent.station)
        return
    _put(d, intent.station, replace(station.firmware, offer=intent.offer))


def answered(d: Draft, fact: UpkeepDone) -> None:
    """Note that a station took an update on; its first words of it may have come before its answer."""
    task = fact.task
    if not isinstance(task, UpdateFirmware) or not fact.answer.accepted:
        return
    state = d.state.stations[fact.station].firmware
    begun = replace(state, offer=task.offer, request_id=task.request_id)
    if state.told_id != task.request_id or state.status is None:
        begun = replace(begun, status=FirmwareStatus.ACCEPTED, told_id=task.request_id, since=d.now.utc, failure=None)
    _put(d, fact.station, begun)


def reported(d: Draft, fact: FirmwareReported) -> None:
    """Follow what a station tells of an update; the end of one that ours replaced is no news."""
    state = d.state.stations[fact.station].firmware
    if _is_of_older(state, fact):
        return
    failure = fact.status if fact.status in FAILURES else state.failure
    if fact.status in PENDING and state.status not in PENDING:
        failure = None
    told_id = state.told_id if fact.request_id is None and state.status in PENDING else fact.request_id
    told = replace(state, status=fact.status, told_id=told_id, since=d.now.utc, failure=failure)
    _put(d, fact.station, told if fact.status is not FirmwareStatus.INSTALLED else _finished(state, told))


def booted(d: Draft, fact: StationBooted) -> None:
    """See by another version in a boot that an update is over; told before the boot itself is taken in."""
    station = d.state.stations[fact.station]
    state, before = station.firmware, station.memory.firmware
    if state.offer is not None and state.offer.version == fact.firmware:
        _put(d, fact.station, replace(state, offer=None))
        state = d.state.stations[fact.station].firmware
    changed = before is not None and fact.firmware is not None and fact.firmware != before
    if changed and (state.status in _OPEN or fact.reason == BOOTED_ANEW):
        done = replace(state, status=FirmwareStatus.INSTALLED, since=d.now.utc)
        _put(d, fact.station, _finished(state, done))


def ask(d: Draft, identity: str) -> None:
    """Ask a station how its update fares: it told nobody while it was away, or while we were."""
    if d.state.stations[identity].firmware.status in _OPEN:
        d.commands.append(AskToSend(id=d.next_id(), station=identity, what=Trigger.FIRMWARE))


def overdue(d: Draft) -> None:
    """Stop believing in an update nobody has heard of for long."""
    for identity, station in d.state.stations.items():
        state = station.firmware
        if state.under_way and state.since is not None and d.now.utc - state.since > SILENT_AFTER:
            silent = FirmwareStatus.SILENT
            _put(d, identity, replace(state, status=silent, since=d.now.utc, failure=silent))


def _is_of_older(state: FirmwareState, fact: FirmwareReported) -> bool:
    """Return whether a word is of a request before the one that runs; our numbers only grow."""
    ours, told = state.request_id, fact.request_id
    return ours is not None and told is not None and told < ours and state.status in PENDING


def _finished(before: FirmwareState, after: FirmwareState) -> FirmwareState:
    """Return a state after an update; what was offered is in place, if it was that which was installed."""
    ours = before.status in _OPEN and after.request_id is not None and after.told_id == after.request_id
    return replace(after, failure=None, offer=None if ours else after.offer)


def _put(d: Draft, identity: str, state: FirmwareState) -> None:
    station = d.state.stations[identity]
    if station.firmware != state:
        d.put_station(replace(station, firmware=state))
