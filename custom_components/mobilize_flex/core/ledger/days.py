"""The local days: the part each session has in each, so that one told again replaces its own part and nothing else."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from ..model.accounts import Account, DayPage, Days, Entry, Sums
from ..model.session import Session


def booked(days: Days, account: Account, session: Session, vehicle: str | None, parts: Mapping[date, Sums]) -> Days:
    """Return the days with what a session did on each, instead of what was thought before."""
    pages = dict(days)
    for day in {*account.days, *parts}:
        page = pages.get(day, DayPage())
        others = tuple(e for e in page.entries if e.session != session.key)
        if day in parts:
            sums = parts[day]
            others = (*others, Entry(session=session.key, station=session.station, vehicle=vehicle, sums=sums))
        entries = tuple(sorted(others, key=lambda e: e.session))
        if entries != page.entries:
            pages[day] = DayPage(entries=entries)
    return MappingProxyType(pages)
