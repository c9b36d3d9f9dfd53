"""The actions for administrators: certificates and passwords of stations."""

from typing import Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
import probatio

from .const import DOMAIN
from .coordinator import FlexCoordinator
from .flow_station import secret_error
from .gate import root_url
from .shell.credentials import new_secret, seal
from .targets import SITE_FIELDS, STATION_FIELDS, invalid, site_meant, station_meant
from .upgrading import async_upgrade

ATTR_PASSWORD: Final = "password"
ATTR_FORCE: Final = "force"
ANSWER_S: Final = 30.0
TAKEN: Final = frozenset({"Accepted", "RebootRequired"})

SITE_SCHEMA: Final = probatio.Schema(SITE_FIELDS)
STATION_SCHEMA: Final = probatio.Schema(STATION_FIELDS)
PASSWORD_SCHEMA: Final = probatio.Schema(
    {
        **STATION_FIELDS,
        probatio.Optional(ATTR_PASSWORD): cv.string,
        probatio.Optional(ATTR_FORCE, default=False): cv.boolean,
    }
)


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions."""
    only = SupportsResponse.ONLY
    hass.services.async_register(DOMAIN, "get_ca_certificate", _get_root, SITE_SCHEMA, supports_response=only)
    async_register_admin_service(
        hass, DOMAIN, "issue_station_certificate", _issue_certificate, STATION_SCHEMA, supports_response=only
    )
    async_register_admin_service(
        hass, DOMAIN, "set_station_password", _set_password, PASSWORD_SCHEMA, supports_response=only
    )
    async_register_admin_service(
        hass, DOMAIN, "upgrade_station_security", _upgrade, STATION_SCHEMA, supports_response=SupportsResponse.OPTIONAL
    )


async def _get_root(call: ServiceCall) -> ServiceResponse:
    """Return the root certificate of a site, which is no secret."""
    site = site_meant(call)
    root = await site.gate.async_root()
    return {
        "pem": root.pem,
        "sha256": root.fingerprint,
        "url": root_url(call.hass, site.entry.entry_id),
        "valid_until": root.valid_until.isoformat(),
    }


async def _issue_certificate(call: ServiceCall) -> ServiceResponse:
    """Return a certificate with its key for a station that takes files; the key is shown this once."""
    site, identity = station_meant(call)
    issued, key = await site.gate.async_issue(identity)
    return {
        "station": identity,
        "certificate": issued.chain,
        "private_key": key,
        "serial_number": issued.serial,
        "valid_until": issued.expires.isoformat(),
    }


async def _set_password(call: ServiceCall) -> ServiceResponse:
    """Give a station another password, and return it this once."""
    site, identity = station_meant(call)
    secret: str = call.data.get(ATTR_PASSWORD) or new_secret()
    if secret_error(secret):
        raise invalid("password_unfit")
    sealed = await call.hass.async_add_executor_job(seal, secret)
    if site.state.stations[identity].online:
        await _async_hand_over(site, identity, secret, sealed)
    elif call.data[ATTR_FORCE]:
        site.gate.put_password(identity, sealed, at_once=True)
    else:
        raise invalid("password_needs_station", station=identity)
    return {"station": identity, "password": secret}


async def _async_hand_over(site: FlexCoordinator, identity: str, secret: str, sealed: str) -> None:
    """Write a password into the station; both are good until it came back with the new one."""
    site.gate.put_password(identity, sealed, at_once=False)
    row = {
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "BasicAuthPassword"},
        "attributeValue": secret,
    }
    # No answer in time: perhaps it was taken, so both stay good.
    answer = await site.async_call_station(identity, "SetVariables", {"setVariableData": [row]}, ANSWER_S)
    rows = answer.get("response", {}).get("setVariableResult") or [{}]
    status = str(rows[0].get("attributeStatus", answer.get("error", {}).get("code", "Rejected")))
    if status not in TAKEN:
        site.gate.drop_password(identity)
        status = status.replace(secret, "Rejected")  # some repeat what they were told
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="password_refused",
            translation_placeholders={"station": identity, "answer": status},
        )


async def _upgrade(call: ServiceCall) -> ServiceResponse:
    """Bring a station up by one security profile."""
    site, identity = station_meant(call)
    return {"station": identity, "security_profile": await async_upgrade(site, identity)}
