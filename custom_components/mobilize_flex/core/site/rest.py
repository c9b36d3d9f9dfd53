"""The messages of a transaction that are still missing when it is over."""

from dataclasses import replace
from typing import Final

from ..ledger import sessions
from ..model.commands import AskTransaction
from ..model.config import Automatic
from ..model.facts import CommandAccepted, CommandRefused, CommandUnanswered
from ..model.session import Session
from ..model.state import Inquiry, StationState
from .draft import Draft

PATIENCE_S: Final = (5.0, 30.0, 60.0, 120.0, 300.0, 900.0)
"""How long after each question the next one waits: a queue of a night takes its time."""
MOST_INQUIRIES: Final = 16


def look_for_rest(d: Draft, session: Session) -> None:
    """Note that something of an ended transaction is missing, or that it is all here."""
    if session.ended_at is None or session.settled:
        return
    station = d.state.stations[session.station]
    if session.begun and session.gaps == 0:
        _settle(d, session)
    elif Automatic.TRANSACTIONS in station.config.automatic and _inquiry(station, session.key) is None:
        due_s = d.now.mono_s + PATIENCE_S[0]
        inquiries = (*station.inquiries, Inquiry(session=session.key, due_s=due_s))[-MOST_INQUIRIES:]
        d.put_station(replace(station, inquiries=inquiries))


def ask_for_rest(d: Draft, identity: str) -> None:
    """Ask a station whether it still has messages of a transaction; what it does not say in the end is lost."""
    for inquiry in d.state.stations[identity].inquiries:
        if inquiry.due_s > d.now.mono_s:
            continue
        session = d.session(inquiry.session)
        if session is None or inquiry.tries + 1 >= len(PATIENCE_S):
            _give_up(d, identity, inquiry)
            continue
        number, tries = d.next_id(), inquiry.tries + 1
        d.commands.append(AskTransaction(id=number, station=identity, transaction=session.transaction))
        asked = replace(inquiry, asked=number, tries=tries, due_s=d.now.mono_s + PATIENCE_S[tries])
        _replace(d, identity, inquiry, asked)


def answered(d: Draft, fact: CommandAccepted | CommandRefused | CommandUnanswered) -> None:
    """Take what a station says of its queue: nothing in it means that what is missing is lost."""
    inquiry = next((i for i in d.state.stations[fact.station].inquiries if i.asked == fact.id), None)
    if inquiry is None or isinstance(fact, CommandUnanswered):
        return
    if isinstance(fact, CommandRefused) or fact.queued is not True:
        _give_up(d, fact.station, inquiry)


def _give_up(d: Draft, identity: str, inquiry: Inquiry) -> None:
    session = d.session(inquiry.session)
    if session is None:
        _replace(d, identity, inquiry, None)
    else:
        _settle(d, session)


def _settle(d: Draft, session: Session) -> None:
    """Note that no more of a transaction will come; gaps that are left stay counted."""
    d.put_session(replace(session, settled=session.stopped_reason != sessions.GONE))
    inquiry = _inquiry(d.state.stations[session.station], session.key)
    if inquiry is not None:
        _replace(d, session.station, inquiry, None)


def _inquiry(station: StationState, key: str) -> Inquiry | None:
    return next((i for i in station.inquiries if i.session == key), None)


def _replace(d: Draft, identity: str, old: Inquiry, new: Inquiry | None) -> None:
    station = d.state.stations[identity]
    inquiries = tuple(new if i == old else i for i in station.inquiries)
    d.put_station(replace(station, inquiries=tuple(i for i in inquiries if i is not None)))
