"""A new station that waits to be accepted until it is set up."""

from dataclasses import replace
from typing import Final

from ..model.commands import AskToSend, HoldStation, ReadInventory, Trigger
from ..model.config import Automatic
from ..model.facts import CommandAccepted, CommandRefused, CommandUnanswered
from ..model.state import Hold, Onboarding, Report
from .draft import Draft

BUDGET_S: Final = 300.0
"""An owner never sits with a station that is held for longer."""
SETTLE_S: Final = 1.0
CALL_S: Final = 10.0
BASES: Final = ("FullInventory", "ConfigurationInventory", "SummaryInventory")
"""What a station is asked to tell of itself: the next one where it refuses."""


def hold_back(d: Draft, identity: str) -> None:
    """Let a station of the owner's choice do nothing yet; one that was accepted once never waits again."""
    station = d.state.stations[identity]
    if not station.config.hold_new or station.memory.registered:
        return
    met = station.hold is not None and station.memory.vendor is not None
    onboarding = Onboarding.PENDING if met else station.onboarding
    d.put_station(replace(station, hold=station.hold or Hold(since=d.now), onboarding=onboarding))
    d.commands.append(HoldStation(id=d.next_id(), station=identity, held=True))


def go_on(d: Draft, identity: str) -> None:
    """Take the next step in setting a waiting station up."""
    station = d.state.stations[identity]
    hold = station.hold
    if hold is None:
        return
    waited_s = d.now.age_s(station.connected_at)
    if d.now.age_s(hold.since) >= BUDGET_S or not station.config.hold_new:
        _let_in(d, identity)
    elif station.onboarding is not Onboarding.PENDING:
        if waited_s >= CALL_S and not station.looked:
            d.put_station(replace(station, looked=True))
            _ask_to_boot(d, identity)
    elif hold.done or waited_s < SETTLE_S:
        return
    elif not hold.asked:
        d.put_station(replace(station, hold=replace(hold, asked=True)))
        if Automatic.INVENTORY in station.config.automatic:
            read_inventory(d, identity)
        else:
            written(d, identity, None)
    elif station.report is None and hold.writing is None:  # it would not tell
        written(d, identity, None)


def read_inventory(d: Draft, identity: str, base: str = BASES[0]) -> None:
    """Ask for the device model."""
    number = d.next_id()
    report = Report(request_id=number, heard_at=d.now, base=base)
    d.put_station(replace(d.state.stations[identity], report=report))
    d.commands.append(ReadInventory(id=number, station=identity, request_id=number, base=base))


def _report_refused(d: Draft, identity: str, fact: CommandAccepted | CommandRefused | CommandUnanswered) -> None:
    """Make do with less of the device model where a station does not tell that much of it."""
    station = d.state.stations[identity]
    report = station.report
    empty = isinstance(fact, CommandAccepted) and fact.detail == "EmptyResultSet"
    if report is None or report.request_id != fact.id or (isinstance(fact, CommandAccepted) and not empty):
        return
    d.put_station(replace(station, report=None))
    smaller = BASES[BASES.index(report.base) + 1 :]
    knows_none = isinstance(fact, CommandRefused) and fact.reason == "NotImplemented"
    if smaller and not knows_none and not isinstance(fact, CommandUnanswered):
        read_inventory(d, identity, smaller[0])


def written(d: Draft, identity: str, command_id: int | None) -> None:
    """Note the command that writes the settings; without one there is nothing left to wait for."""
    station = d.state.stations[identity]
    if station.hold is None or station.hold.done:
        return
    d.put_station(replace(station, hold=replace(station.hold, writing=command_id, done=command_id is None)))
    if command_id is None:
        _ask_to_boot(d, identity)


def answered(d: Draft, fact: CommandAccepted | CommandRefused | CommandUnanswered) -> None:
    """Go on once the settings are written, or will not be; ask for less of an inventory that is refused."""
    _report_refused(d, fact.station, fact)
    hold = d.state.stations[fact.station].hold
    if hold is not None and hold.writing == fact.id:
        written(d, fact.station, None)


def _ask_to_boot(d: Draft, identity: str) -> None:
    if Automatic.STATUSES in d.state.stations[identity].config.automatic:
        d.commands.append(AskToSend(id=d.next_id(), station=identity, what=Trigger.BOOT))


def _let_in(d: Draft, identity: str) -> None:
    """Serve a station as if its boot had been accepted, whether one will come or not."""
    station = d.state.stations[identity]
    memory = replace(station.memory, registered=True)
    onboarding = Onboarding.ASKING
    d.put_station(replace(station, memory=memory, hold=None, onboarding=onboarding, connected_at=d.now))
    d.commands.append(HoldStation(id=d.next_id(), station=identity, held=False))
