"""The actions with which a family uses its station: restart, release, reserve, start, stop, show."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from probatio import All, Coerce, Exclusive, In, Length, Optional, Range, Required

from .actions import (
    EVSE,
    INSTANT,
    NUMBER,
    PLACE,
    TRANSACTION,
    WORD,
    Action,
    Asked,
    async_register,
    charge,
    plain,
    report,
    some,
)
from .core.model import tasks as t
from .core.model.access import ANY_KIND, Badge
from .core.model.upkeep import UpkeepTask
from .targets import invalid
from .upkeep import OURS

LONGEST_RESERVATION_MIN: Final = 24 * 60
DISPLAY_STATES: Final = ("Charging", "Faulted", "Idle", "Unavailable", "Suspended", "Discharging")
PRIORITIES: Final = ("AlwaysFront", "InFront", "NormalCycle")
FORMATS: Final = ("UTF8", "ASCII", "HTML", "URI", "QRCODE")

_ANY_EVSE: Final = All(Coerce(int), Range(min=0, max=99))
_FOR: Final = {
    Exclusive("token", "whom"): WORD,
    Exclusive("driver", "whom"): cv.string,
    Optional("token_type"): WORD,
}


def _badge(asked: Asked) -> Badge | None:
    """Return the badge that is meant, by its number or its driver's name; ``None`` when nobody is named."""
    badges, driver = asked.site.state.access, asked.fields.get("driver")
    if driver is None:
        token = asked.fields.get("token")
        return None if token is None else badges.find(token) or Badge(token=token)
    found = next((b for b in badges.badges if (b.driver or "").casefold() == driver.casefold()), None)
    if found is None:
        raise invalid("driver_unknown", driver=driver)
    return found


def _kind(asked: Asked, badge: Badge) -> str:
    known = "ISO14443" if badge.kind == ANY_KIND else badge.kind
    return str(asked.fields.get("token_type", known))


def _reserve(asked: Asked) -> UpkeepTask:
    fields, badge, now = asked.fields, _badge(asked), dt_util.utcnow()
    until = fields.get("until") or now + timedelta(minutes=fields["minutes"])
    if badge is None:
        raise invalid("reserved_for_nobody")
    if until <= now:
        raise invalid("moment_past")
    return t.ReserveNow(
        id=asked.site.next_number(),
        until=until,
        token=badge.token,
        token_type=_kind(asked, badge),
        group=fields.get("group", badge.group),
        evse=fields.get("evse"),
        connector_type=fields.get("connector_type"),
        driver=badge.driver,
    )


def _cancel(asked: Asked) -> UpkeepTask:
    station = asked.site.state.stations[asked.identity]
    held = [r.id for r in station.memory.reservations]
    if "reservation" not in asked.fields and len(held) != 1:
        raise invalid("reservation_unclear", station=station.config.name, count=str(len(held)))
    return t.CancelReservation(reservation=asked.fields.get("reservation", *held[:1]))


def _start(asked: Asked) -> UpkeepTask:
    badge, (token, kind) = _badge(asked), OURS
    if badge is not None:
        token, kind = badge.token, _kind(asked, badge)
    return t.RequestStart(
        remote_id=asked.site.next_number(),
        token=token,
        token_type=kind,
        group=badge.group if badge else None,
        evse=asked.fields.get("evse", asked.site.main_evse(asked.identity)),
    )


ACTIONS: Final[Mapping[str, Action]] = {
    "reset_station": Action(
        {
            Optional("evse"): EVSE,
            Optional("immediate", default=False): cv.boolean,
            Optional("resume", default=False): cv.boolean,
        },
        plain(t.ResetStation),
    ),
    "set_availability": Action({**PLACE, Required("operative"): cv.boolean}, plain(t.SetAvailability)),
    "unlock_connector": Action(PLACE, plain(t.UnlockConnector)),
    "reserve": Action(
        {
            **_FOR,
            Optional("minutes", default=60): All(Coerce(int), Range(min=1, max=LONGEST_RESERVATION_MIN)),
            Optional("until"): INSTANT,
            Optional("group"): WORD,
            Optional("evse"): EVSE,
            Optional("connector_type"): cv.string,
        },
        _reserve,
    ),
    "cancel_reservation": Action({Optional("reservation"): NUMBER}, _cancel),
    "start_transaction": Action({**_FOR, Optional("evse"): EVSE}, _start),
    "stop_transaction": Action(TRANSACTION, charge(t.RequestStop)),
    "set_cost": Action({**TRANSACTION, Required("cost"): Coerce(float)}, charge(t.TellCost)),
    "get_composite_schedule": Action(
        {
            Optional("evse", default=0): _ANY_EVSE,
            Optional("duration_s", default=86_400): All(Coerce(int), Range(min=60, max=7 * 86_400)),
            Optional("unit"): In(("W", "A")),
        },
        plain(t.ReadSchedule),
    ),
    "get_charging_profiles": Action(
        {
            Optional("evse"): _ANY_EVSE,
            Optional("purpose"): cv.string,
            Optional("stack_level"): NUMBER,
            Optional("profile_ids", default=list): some(Coerce(int)),
            Optional("sources", default=list): some(cv.string),
        },
        report(t.AskProfiles),
        rows="profiles",
    ),
    "set_display_message": Action(
        {
            Required("id"): All(Coerce(int), Range(min=0, max=t.OWNERS_NUMBERS - 1)),
            Required("message"): cv.string,
            Optional("priority", default="NormalCycle"): In(PRIORITIES),
            Optional("state"): In(DISPLAY_STATES),
            Optional("format", default="UTF8"): In(FORMATS),
            Optional("language"): All(cv.string, Length(max=8)),
            Optional("start"): INSTANT,
            Optional("end"): INSTANT,
            **TRANSACTION,
        },
        plain(t.SetDisplayMessage),
    ),
    "get_display_messages": Action(
        {
            Optional("ids", default=list): some(NUMBER),
            Optional("priority"): In(PRIORITIES),
            Optional("state"): In(DISPLAY_STATES),
        },
        report(t.GetDisplayMessages),
        rows="messages",
    ),
    "clear_display_message": Action({Required("id"): NUMBER}, plain(t.ClearDisplayMessage)),
}


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions."""
    async_register(hass, ACTIONS)
