"""What each wish of a person changes, or why it cannot."""

from dataclasses import replace

from ..control.session_table import Turn
from ..model.intents import ChargeNow, RemoveProgramme, ResumeV2g, SetProgramme, SetSocLimits, SetV2g
from ..model.programme import Programme
from ..model.state import EvseState
from ..model.wishes import Override, Wishes
from ..plan.departures import check_programmes
from .draft import Draft
from .turning import turn
from .wanting import next_departure


def _wish(d: Draft, wishes: Wishes) -> None:
    """Replace the wishes; plans made for the old ones are stale, and sessions end at the new departure."""
    d.state = replace(d.state, wishes=wishes, ahead=None)
    departure = next_departure(d.state, d.now)
    d.state = replace(d.state, ahead=departure)
    for station in d.state.stations.values():
        for evse in station.evses.values():
            d.put_evse(station.config.identity, replace(evse, plan_stale=True))
            session = d.session(evse.session)
            if session is not None:
                d.put_session(replace(session, departure=departure.at if departure else None))


def set_programme(d: Draft, intent: SetProgramme) -> None:
    """Add or replace a programme, unless the list would make no sense."""
    wishes = d.state.wishes
    new = intent.programme
    others = [p for p in wishes.programmes if p.number != new.number]
    programmes = tuple(sorted([*others, new], key=lambda p: p.number))
    fault = check_programmes(programmes)
    if fault is not None:
        d.refuse(f"programme_{fault}", number=str(new.number))
        return
    silenced = tuple(n for n in wishes.silenced if n != new.number)
    _wish(d, replace(wishes, programmes=programmes, silenced=silenced))


def remove_programme(d: Draft, intent: RemoveProgramme) -> None:
    """Take a programme off the list."""
    wishes = d.state.wishes
    programmes = tuple(p for p in wishes.programmes if p.number != intent.number)
    if len(programmes) == len(wishes.programmes):
        d.refuse("programme_unknown", number=str(intent.number))
        return
    silenced = tuple(n for n in wishes.silenced if n != intent.number)
    _wish(d, replace(wishes, programmes=programmes, silenced=silenced))


def set_soc_limits(d: Draft, intent: SetSocLimits) -> None:
    """Move the battery limits, lower below upper."""
    wishes = d.state.wishes
    low = wishes.soc_min_pct if intent.min_pct is None else intent.min_pct
    high = wishes.soc_max_pct if intent.max_pct is None else intent.max_pct
    if not 0.0 <= low < high <= 100.0:
        d.refuse("soc_limits_conflict", minimum=f"{low:.0f}", maximum=f"{high:.0f}")
        return
    _wish(d, replace(wishes, soc_min_pct=low, soc_max_pct=high))


def set_v2g(d: Draft, intent: SetV2g) -> None:
    """Switch V2G; the owner's consent to feed back comes first."""
    if intent.on and not d.state.config.v2g_consent:
        d.refuse("v2g_no_consent")
        return
    _wish(d, replace(d.state.wishes, v2g=intent.on))


def charge_now(d: Draft, intent: ChargeNow) -> None:
    """Charge at once; all programmes go off until somebody switches them on, as with the car's own app."""
    evse = _with_session(d, intent.station, intent.evse)
    if evse is None:
        return
    wishes = d.state.wishes
    silenced = tuple(p.number for p in wishes.programmes if p.enabled) or wishes.silenced
    programmes = tuple(replace(p, enabled=False) for p in wishes.programmes)
    _wish(d, replace(wishes, programmes=programmes, silenced=silenced))
    turn(d, intent.station, intent.evse, Turn.CHARGE_NOW)
    session = d.session(evse.session)
    if session is not None:
        d.put_session(replace(session, override=Override.APP))


def resume_v2g(d: Draft, intent: ResumeV2g) -> None:
    """Switch the silenced programmes on again and go back to the session as it was."""
    wishes = d.state.wishes
    programmes = tuple(_awake(p, wishes.silenced) for p in wishes.programmes)
    _wish(d, replace(wishes, programmes=programmes, silenced=()))
    if intent.station not in d.state.stations:
        d.refuse("station_unknown", station=intent.station)
        return
    evse = d.evse(intent.station, intent.evse)
    session = d.session(evse.session)
    if session is not None and session.override is not None:
        d.put_session(replace(session, override=None))
        turn(d, intent.station, intent.evse, Turn.RESUMED)


def _awake(programme: Programme, silenced: tuple[int, ...]) -> Programme:
    return replace(programme, enabled=True) if programme.number in silenced else programme


def _with_session(d: Draft, identity: str, number: int) -> EvseState | None:
    """Return an EVSE that has a car to charge, or refuse."""
    if identity not in d.state.stations:
        d.refuse("station_unknown", station=identity)
        return None
    evse = d.evse(identity, number)
    if evse.session is None:
        d.refuse("no_session", station=identity)
        return None
    return evse
