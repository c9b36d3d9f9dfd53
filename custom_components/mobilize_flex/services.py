"""The actions: plan, instant charge, and a station's master key for administrators."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util
import probatio

from .const import DOMAIN
from .coordinator import FlexCoordinator
from .core.model.intents import ChargeNow, ResumeV2g
from .core.model.plan import Plan, PlanSlot
from .core.model.prices import Certainty, PriceCurve
from .programmes import climate_words
from .targets import STATION_FIELDS, evse_in_use, evse_meant, evses_meant, invalid, station_meant

ATTR_ACTION: Final = "action"
ATTR_PAYLOAD: Final = "payload"
ATTR_TIMEOUT: Final = "timeout"

CALL_S: Final = 30.0
LONGEST_CALL_S: Final = 120.0

STATION_SCHEMA: Final = probatio.Schema(STATION_FIELDS)
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
    register(DOMAIN, "get_plan", _get_plan, STATION_SCHEMA, supports_response=only)
    register(DOMAIN, "get_forwarding_rules", _get_forwarding_rules, STATION_SCHEMA, supports_response=only)
    register(DOMAIN, "instant_charge", _instant_charge, STATION_SCHEMA)
    register(DOMAIN, "resume_v2g", _resume_v2g, STATION_SCHEMA)
    async_register_admin_service(
        hass, DOMAIN, "call_station", _call_station, CALL_SCHEMA, supports_response=SupportsResponse.OPTIONAL
    )


# the plan


async def _get_plan(call: ServiceCall) -> ServiceResponse:
    site, identity, number = evse_meant(call)
    plan = site.glance(identity, evse_in_use(site, identity, number)).plan
    leaving = site.departure if plan is not None and plan.departure is not None else None
    return {
        "station": identity,
        "currency": site.hass.config.currency,
        **_plan_words(plan, site.state.outlook),
        **climate_words(leaving.programme if leaving is not None else None),
    }


def _plan_words(plan: Plan | None, prices: PriceCurve) -> Mapping[str, Any]:
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
    return dict(zip(_PLAN_WORDS, values, strict=True)) | {"slots": [_slot_words(s, prices) for s in plan.slots]}


_PLAN_WORDS: Final = (
    "made_at",
    "departure",
    "target_soc_pct",
    "reachable_soc_pct",
    "target_met_at",
    "limited_by",
    "cost",
)


def _slot_words(slot: PlanSlot, prices: PriceCurve) -> dict[str, Any]:
    price = prices.at(slot.start)
    return {
        "start": _local(slot.start),
        "end": _local(slot.end),
        "power_w": slot.power_w,
        "soc_end_pct": slot.soc_end_pct,
        "import_per_kwh": slot.import_per_kwh,
        "export_per_kwh": slot.export_per_kwh,
        "certainty": (Certainty.ASSUMED if price is None else price.certainty).value,
        "stored_value_per_kwh": slot.stored_value_per_kwh,
        "reason": slot.why.reason.value,
        "values": dict(slot.why.values),
    }


def _local(at: datetime | None) -> str | None:
    return None if at is None else dt_util.as_local(at).isoformat()


# its vendor


async def _get_forwarding_rules(call: ServiceCall) -> ServiceResponse:
    site, identity = station_meant(call)
    return site.forwarding.words(identity)


# the station


async def _instant_charge(call: ServiceCall) -> None:
    for site, identity, number in evses_meant(call):
        site.put(ChargeNow(identity, evse_in_use(site, identity, number)))


async def _resume_v2g(call: ServiceCall) -> None:
    for site, identity, number in evses_meant(call):
        site.put(ResumeV2g(identity, evse_in_use(site, identity, number)))


async def _call_station(call: ServiceCall) -> ServiceResponse:
    site, identity = station_meant(call)
    fields = call.data
    action, payload = fields[ATTR_ACTION], fields[ATTR_PAYLOAD]
    _refuse_lock_out(site, identity, action, payload)
    return await site.async_call_station(identity, action, payload, fields[ATTR_TIMEOUT])


def _refuse_lock_out(site: FlexCoordinator, identity: str, action: str, payload: Mapping[str, Any]) -> None:
    """Refuse the two calls after which a station could not come back: they have actions of their own."""
    rows = payload.get("setVariableData")
    for row in rows if action == "SetVariables" and isinstance(rows, list) else ():
        variable = row.get("variable") if isinstance(row, dict) else None
        if isinstance(variable, dict) and str(variable.get("name", "")).casefold() == "basicauthpassword":
            raise invalid("password_elsewhere")
    data = payload.get("connectionData")
    profile = data.get("securityProfile") if action == "SetNetworkProfile" and isinstance(data, dict) else None
    station = site.state.stations[identity]
    if isinstance(profile, int) and profile < station.least_profile:
        raise invalid("profile_lower", station=station.config.name)
