"""The actions: programmes, plan, instant charge, and a station's master key for administrators."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util
import probatio

from .const import DOMAIN
from .core.model.intents import ChargeNow, RemoveProgramme, ResumeV2g, SetProgramme
from .core.model.plan import Plan, PlanSlot
from .core.model.programme import MOST_PROGRAMMES, Kind, Programme
from .targets import SITE_FIELDS, STATION_FIELDS, site_meant, station_meant, stations_meant

ATTR_NUMBER: Final = "number"
ATTR_DEPARTURE: Final = "departure"
ATTR_WEEKDAYS: Final = "weekdays"
ATTR_KIND: Final = "kind"
ATTR_V2G: Final = "v2g"
ATTR_ENABLED: Final = "enabled"
ATTR_TARGET_SOC: Final = "target_soc"
ATTR_ONCE: Final = "once"
ATTR_ACTION: Final = "action"
ATTR_PAYLOAD: Final = "payload"
ATTR_TIMEOUT: Final = "timeout"

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CALL_S: Final = 30.0
LONGEST_CALL_S: Final = 120.0

_NUMBER: Final = {
    probatio.Required(ATTR_NUMBER): probatio.All(probatio.Coerce(int), probatio.Range(min=1, max=MOST_PROGRAMMES))
}
SITE_SCHEMA: Final = probatio.Schema(SITE_FIELDS)
STATION_SCHEMA: Final = probatio.Schema(STATION_FIELDS)
REMOVE_SCHEMA: Final = probatio.Schema({**SITE_FIELDS, **_NUMBER})
SET_SCHEMA: Final = probatio.Schema(
    {
        **SITE_FIELDS,
        **_NUMBER,
        probatio.Required(ATTR_DEPARTURE): cv.time,
        probatio.Optional(ATTR_WEEKDAYS, default=list): probatio.All(cv.ensure_list, [probatio.In(WEEKDAYS)]),
        probatio.Optional(ATTR_KIND, default=Kind.CHARGE.value): probatio.All(cv.string, probatio.Coerce(Kind)),
        probatio.Optional(ATTR_V2G, default=False): cv.boolean,
        probatio.Optional(ATTR_ENABLED, default=True): cv.boolean,
        probatio.Optional(ATTR_TARGET_SOC): probatio.All(probatio.Coerce(float), probatio.Range(min=1, max=100)),
        probatio.Optional(ATTR_ONCE): cv.date,
    }
)
CALL_SCHEMA: Final = probatio.Schema(
    {
        **STATION_FIELDS,
        probatio.Required(ATTR_ACTION): cv.string,
        probatio.Optional(ATTR_PAYLOAD, default=dict): dict,
        probatio.Optional(ATTR_TIMEOUT, default=CALL_S): probatio.All(
            probatio.Coerce(float), probatio.Range(min=1, max=LONGEST_CALL_S)
        ),
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register every action; each looks its site up when it is called."""
    register, only = hass.services.async_register, SupportsResponse.ONLY
    register(DOMAIN, "set_programme", _set_programme, SET_SCHEMA)
    register(DOMAIN, "remove_programme", _remove_programme, REMOVE_SCHEMA)
    register(DOMAIN, "get_programmes", _get_programmes, SITE_SCHEMA, supports_response=only)
    register(DOMAIN, "get_plan", _get_plan, STATION_SCHEMA, supports_response=only)
    register(DOMAIN, "instant_charge", _instant_charge, STATION_SCHEMA)
    register(DOMAIN, "resume_v2g", _resume_v2g, STATION_SCHEMA)
    async_register_admin_service(
        hass, DOMAIN, "call_station", _call_station, CALL_SCHEMA, supports_response=SupportsResponse.OPTIONAL
    )


# programmes


async def _set_programme(call: ServiceCall) -> None:
    fields = call.data
    programme = Programme(
        number=fields[ATTR_NUMBER],
        departure=fields[ATTR_DEPARTURE],
        weekdays=tuple(sorted({WEEKDAYS.index(day) for day in fields[ATTR_WEEKDAYS]})),
        kind=fields[ATTR_KIND],
        v2g=fields[ATTR_V2G],
        enabled=fields[ATTR_ENABLED],
        target_soc_pct=fields.get(ATTR_TARGET_SOC),
        once=fields.get(ATTR_ONCE),
    )
    site_meant(call).put(SetProgramme(programme))


async def _remove_programme(call: ServiceCall) -> None:
    site_meant(call).put(RemoveProgramme(call.data[ATTR_NUMBER]))


async def _get_programmes(call: ServiceCall) -> ServiceResponse:
    wishes = site_meant(call).state.wishes
    return {
        "programmes": [_programme_words(p) for p in wishes.programmes],
        "switched_off_by_instant_charge": list(wishes.silenced),
    }


def _programme_words(programme: Programme) -> dict[str, Any]:
    return {
        ATTR_NUMBER: programme.number,
        ATTR_DEPARTURE: programme.departure.isoformat("minutes"),
        ATTR_WEEKDAYS: [WEEKDAYS[day] for day in programme.weekdays],
        ATTR_KIND: programme.kind.value,
        ATTR_V2G: programme.v2g,
        ATTR_ENABLED: programme.enabled,
        ATTR_TARGET_SOC: programme.target_soc_pct,
        ATTR_ONCE: programme.once.isoformat() if programme.once else None,
    }


# the plan


async def _get_plan(call: ServiceCall) -> ServiceResponse:
    site, identity = station_meant(call)
    plan = site.glance(identity).plan
    return {"station": identity, "currency": site.hass.config.currency, **_plan_words(plan)}


def _plan_words(plan: Plan | None) -> Mapping[str, Any]:
    """Return a plan as response data; without one there are no slots."""
    if plan is None:
        return dict.fromkeys(_PLAN_WORDS) | {"slots": []}
    values = (
        _local(plan.made_at),
        _local(plan.departure),
        plan.target_soc_pct,
        plan.reachable_soc_pct,
        _local(plan.target_met_at),
        plan.limited_by.value if plan.limited_by else None,
        plan.cost,
    )
    return dict(zip(_PLAN_WORDS, values, strict=True)) | {"slots": [_slot_words(s) for s in plan.slots]}


_PLAN_WORDS: Final = (
    "made_at",
    "departure",
    "target_soc_pct",
    "reachable_soc_pct",
    "target_met_at",
    "limited_by",
    "cost",
)


def _slot_words(slot: PlanSlot) -> dict[str, Any]:
    return {
        "start": _local(slot.start),
        "end": _local(slot.end),
        "power_w": slot.power_w,
        "soc_end_pct": slot.soc_end_pct,
        "import_per_kwh": slot.import_per_kwh,
        "export_per_kwh": slot.export_per_kwh,
        "stored_value_per_kwh": slot.stored_value_per_kwh,
        "reason": slot.why.reason.value,
        "values": dict(slot.why.values),
    }


def _local(at: datetime | None) -> str | None:
    return None if at is None else dt_util.as_local(at).isoformat()


# the station


async def _instant_charge(call: ServiceCall) -> None:
    for site, identity in stations_meant(call):
        site.put(ChargeNow(identity, site.main_evse(identity)))


async def _resume_v2g(call: ServiceCall) -> None:
    for site, identity in stations_meant(call):
        site.put(ResumeV2g(identity, site.main_evse(identity)))


async def _call_station(call: ServiceCall) -> ServiceResponse:
    site, identity = station_meant(call)
    fields = call.data
    return await site.async_call_station(identity, fields[ATTR_ACTION], fields[ATTR_PAYLOAD], fields[ATTR_TIMEOUT])
