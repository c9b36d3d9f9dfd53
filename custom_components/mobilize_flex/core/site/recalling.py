"""Old charges that are spoken of again: what was kept of one is looked up before the event that belongs to it counts.

At hand are the latest of each station, which is enough for all that is in order. A station that sends again what it
said of an older one would otherwise begin its record anew, over the one that is kept.
"""

from dataclasses import replace
from types import MappingProxyType

from ..ledger.sessions import key_of
from ..model.accounts import Account
from ..model.facts import TransactionReported
from ..model.recall import ChargeRecalled
from ..model.session import Session
from ..model.state import SiteState
from .draft import Draft
from .transactions import session_of


def missing(state: SiteState, event: object) -> str | None:
    """Return the key under which more may be kept of what an event belongs to; ``None`` where all is at hand."""
    if not state.older or not isinstance(event, TransactionReported) or event.station not in state.stations:
        return None
    return None if session_of(state, event) is not None else key_of(event.station, event.transaction)


def recalled(d: Draft, fact: ChargeRecalled) -> None:
    """Have an old charge at hand again, with its account; what is at hand is newer than what was kept."""
    for value in fact.kept.values():
        if isinstance(value, Session) and value.station == fact.station and d.session(value.key) is None:
            d.put_session(value)
    books = d.state.books
    mine = {v.key: v for v in fact.kept.values() if isinstance(v, Account) and v.key in d.state.sessions}
    if new := {key: account for key, account in mine.items() if key not in books.accounts}:
        accounts = MappingProxyType({**books.accounts, **new})
        d.state = replace(d.state, books=replace(books, accounts=accounts))
