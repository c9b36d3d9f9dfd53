"""What a station is made of, as far as it told."""

from dataclasses import replace
from types import MappingProxyType

from ..model.commands import Variable
from ..model.facts import ConnectorChanged, VariablesReported
from ..model.moment import Moment
from ..model.state import EvseState, Report, StationState
from ..model.station import ConnectorStatus, VariableReport
from ..ocpp.inventory import ROWS_LIMIT, abilities, merge_reports
from .draft import Draft
from .holding import BASES
from .keeping import listed_evses
from .routes import announced_by_inventory
from .stations import connector_changed


def variables_reported(d: Draft, fact: VariablesReported) -> bool:
    """Take rows of the device model into the inventory, abilities follow from it; tell whether it is whole just now."""
    station = d.state.stations[fact.station]
    report, assembled = station.report, False
    if report is not None and fact.request_id == report.request_id:
        report = with_part(report, fact, d.now)
        assembled = fact.complete and not report.torn
        station = replace(station, report=None if fact.complete else report)
        if fact.complete:
            inventory = merge_reports(() if assembled else station.inventory, report.rows)
            station = replace(station, inventory=inventory)
    else:
        station = replace(station, inventory=merge_reports(station.inventory, fact.rows))
    memory = station.memory
    if assembled:
        partial = report is not None and report.base != BASES[0]
        memory = replace(memory, inventory_of=inventory_key(station), inventory_partial=partial)
    whole = station.inventory_whole or assembled
    if whole and station.report is None:  # half an inventory would take abilities away that we remember
        memory = replace(memory, abilities=abilities(station.inventory, memory.version))
    if announced_by_inventory(fact.rows):
        memory = replace(memory, announced=True)
    saves = station.inventory_saves + (assembled or fact.written)
    d.put_station(replace(station, inventory_whole=whole, inventory_saves=saves, memory=memory))
    if assembled:
        meet_evses(d, fact.station)
    _look_at_values(d, fact)
    return assembled


def with_part(report: Report, fact: VariablesReported, now: Moment) -> Report:
    """Return a report with one more part in it; one that is missing before it tears the report."""
    follows = report.seq_no is None or fact.seq_no in (None, report.seq_no, report.seq_no + 1)
    return replace(
        report,
        heard_at=now,
        rows=(*report.rows, *fact.rows)[:ROWS_LIMIT],
        seq_no=fact.seq_no,
        torn=report.torn or not follows,
    )


def _look_at_values(d: Draft, fact: VariablesReported) -> None:
    """Follow the light and the connectors; what a report of the inventory says of them is soon old."""
    at = d.now.utc
    for row in fact.rows:
        name = row.variable
        if is_light(name) and fact.request_id is None:
            _look_at_light(d, fact.station, row)
        elif is_availability(name) and name.evse and name.connector and row.value and row.value in ConnectorStatus:
            if fact.request_id is not None and name.connector in d.evse(fact.station, name.evse).told:
                continue
            status = ConnectorStatus(row.value)
            told = ConnectorChanged(
                station=fact.station, evse=name.evse, connector=name.connector, status=status, at=at
            )
            connector_changed(d, told)


def _look_at_light(d: Draft, identity: str, row: VariableReport) -> None:
    if row.variable.evse:
        d.put_evse(identity, replace(d.evse(identity, row.variable.evse), indicator=row.value))
    else:
        d.put_station(replace(d.state.stations[identity], indicator=row.value))


def meet_evses(d: Draft, identity: str) -> None:
    """Make the EVSEs a whole inventory lists, forget those it does not list that nothing hangs on."""
    station = d.state.stations[identity]
    listed = listed_evses(station)
    if not listed:
        return
    kept = {n: e for n, e in station.evses.items() if n == 1 or n in listed or e.session is not None}
    fresh = {n: EvseState(evse=n) for n in listed - kept.keys()}
    if fresh or len(kept) < len(station.evses):
        d.put_station(replace(station, evses=MappingProxyType(dict(sorted((kept | fresh).items())))))


def is_availability(variable: Variable) -> bool:
    """Return whether a variable is the availability of a connector."""
    return (variable.component.casefold(), variable.variable.casefold()) == ("connector", "availabilitystate")


def is_light(variable: Variable) -> bool:
    """Return whether a variable is the colour of the station's light.

    Only what is told when it changes is believed: the colour in an inventory is old as soon as it is read.
    """
    return (variable.component, variable.variable) == ("ChargingStatusIndicator", "Color")


def inventory_key(station: StationState) -> str:
    """Return what an inventory belongs to: it is asked anew when this changes."""
    m = station.memory
    return f"{m.vendor}/{m.model}/{m.firmware}/{m.version}"
