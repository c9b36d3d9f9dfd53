"""What each wish of a person changes, or why it cannot."""

from dataclasses import replace
from datetime import datetime

from ..control.session_table import Turn
from ..model.intents import (
    ApplyV2gToAll,
    ChargeNow,
    ProbeRoute,
    RemoveDeparture,
    RemoveProgramme,
    ResumeV2g,
    SetDeparture,
    SetProgramme,
    SetSocLimits,
    SetV2g,
    SkipDay,
    WakeProgrammes,
)
from ..model.programme import MOST_DEPARTURES, MOST_SKIPPED, Programme
from ..model.session import Phase
from ..model.state import EvseState
from ..model.wishes import Override, Wishes
from ..plan.departures import ahead_of, check_programmes
from . import probing
from .draft import Draft
from .rounds import situation_of
from .turning import turn
from .wanting import next_departure, promised_pct


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
                promised = promised_pct(d.state, departure)
                d.put_session(replace(session, departure=departure.at if departure else None, promised_pct=promised))


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
    if not _target_fits(d, new):
        return
    silenced = tuple(n for n in wishes.silenced if n != new.number or not new.enabled)
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


def skip_day(d: Draft, intent: SkipDay) -> None:
    """Leave a programme out on a single day; of the days that are over nothing is kept."""
    wishes = d.state.wishes
    programme = wishes.programme(intent.number)
    if programme is None or not programme.leaves_on(intent.day):
        d.refuse("departure_unknown", departure=intent.day.isoformat())
        return
    today = d.now.utc.astimezone(d.state.config.zone).date()
    skipped = tuple(sorted({*(day for day in programme.skipped if day >= today), intent.day}))
    if len(skipped) > MOST_SKIPPED:
        d.refuse("days_skipped", most=str(MOST_SKIPPED), number=str(intent.number))
        return
    without = replace(programme, skipped=skipped)
    _wish(d, replace(wishes, programmes=tuple(without if p is programme else p for p in wishes.programmes)))


def set_departure(d: Draft, intent: SetDeparture) -> None:
    """Add or replace a departure for a single day, in time and as long as there is room."""
    wishes = d.state.wishes
    new, replaced = intent.programme, (intent.programme.wall, intent.instead_of)
    if intent.instead_of is not None and intent.instead_of not in _walls(wishes):
        d.refuse("departure_unknown", departure=_said(intent.instead_of))
        return
    ahead = [p for p in ahead_of(wishes.departures, d.state.config.zone, d.now.utc) if p.wall not in replaced]
    if new.wall is None or not ahead_of([new], d.state.config.zone, d.now.utc):
        d.refuse("departure_past", departure=_said(new.wall) if new.wall else "")
        return
    if len(ahead) >= MOST_DEPARTURES:
        d.refuse("departure_too_many", most=str(MOST_DEPARTURES))
        return
    if _target_fits(d, new):
        _wish(d, replace(wishes, departures=tuple(sorted([*ahead, new], key=lambda p: (p.once, p.departure)))))


def remove_departure(d: Draft, intent: RemoveDeparture) -> None:
    """Take a departure for a single day off the list."""
    wishes = d.state.wishes
    if intent.wall not in _walls(wishes):
        d.refuse("departure_unknown", departure=_said(intent.wall))
        return
    _wish(d, replace(wishes, departures=tuple(p for p in wishes.departures if p.wall != intent.wall)))


def _walls(wishes: Wishes) -> list[datetime | None]:
    return [p.wall for p in wishes.departures]


def _said(wall: datetime) -> str:
    return wall.isoformat(" ", "minutes")


def _target_fits(d: Draft, programme: Programme) -> bool:
    """Return whether a departure's own target is above the minimum, or refuse."""
    target_pct, minimum_pct = programme.target_soc_pct, d.state.wishes.soc_min_pct
    fits = target_pct is None or minimum_pct <= target_pct <= 100.0
    if not fits:
        d.refuse("target_conflict", target=f"{target_pct:.0f}", minimum=f"{minimum_pct:.0f}")
    return fits


def forget_past(d: Draft) -> None:
    """Take departures for a single day that are over off the list; what runs until one of them is not touched."""
    wishes = d.state.wishes
    ahead = ahead_of(wishes.departures, d.state.config.zone, d.now.utc)
    if len(ahead) < len(wishes.departures):
        d.state = replace(d.state, wishes=replace(wishes, departures=ahead))


def apply_v2g_to_all(d: Draft, intent: ApplyV2gToAll) -> None:
    """Turn the V2G rule on for all there is to leave by; the owner's consent to feed back comes first."""
    if not d.state.config.v2g_consent:
        d.refuse("v2g_no_consent")
        return
    wishes = d.state.wishes
    programmes = tuple(replace(p, v2g=True) for p in wishes.programmes)
    departures = tuple(replace(p, v2g=True) for p in wishes.departures)
    _wish(d, replace(wishes, programmes=programmes, departures=departures))


def wake_programmes(d: Draft, intent: WakeProgrammes) -> None:
    """Switch on what an instant charge switched off."""
    _wish(d, _awake(d.state.wishes))


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
    silenced = tuple(sorted({*wishes.silenced, *(p.number for p in wishes.programmes if p.enabled)}))
    programmes = tuple(replace(p, enabled=False) for p in wishes.programmes)
    departures = tuple(replace(p, enabled=False) for p in wishes.departures)
    _wish(d, replace(wishes, programmes=programmes, departures=departures, silenced=silenced))
    turn(d, intent.station, intent.evse, Turn.CHARGE_NOW)
    session = d.session(evse.session)
    if session is not None:
        d.put_session(replace(session, override=Override.APP))


def resume_v2g(d: Draft, intent: ResumeV2g) -> None:
    """Switch the silenced programmes on again and go back to the session as it was."""
    _wish(d, _awake(d.state.wishes))
    if intent.station not in d.state.stations:
        d.refuse("station_unknown", station=intent.station)
        return
    evse = d.evse(intent.station, intent.evse)
    session = d.session(evse.session)
    if session is not None and (session.override is not None or evse.phase is Phase.HELD):
        ahead = next_departure(d.state, d.now)
        d.put_session(
            replace(
                session,
                override=None,
                departure=ahead.at if ahead else None,
                promised_pct=promised_pct(d.state, ahead),
            )
        )
        turn(d, intent.station, intent.evse, Turn.RESUMED)


def probe_route(d: Draft, intent: ProbeRoute) -> None:
    """Try a station's way to give back, if all is there that makes it safe."""
    if intent.station not in d.state.stations:
        d.refuse("station_unknown", station=intent.station)
        return
    probing.begin(d, intent, situation_of(d, intent.station, intent.evse))


def _awake(wishes: Wishes) -> Wishes:
    """Return wishes with everything on again that an instant charge switched off."""
    programmes = (replace(p, enabled=p.enabled or p.number in wishes.silenced) for p in wishes.programmes)
    departures = (replace(p, enabled=True) for p in wishes.departures)
    return replace(wishes, programmes=tuple(programmes), departures=tuple(departures), silenced=())


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
