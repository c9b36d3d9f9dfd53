"""The set-up of a site: the home, its grid connection and the door for stations."""

from types import MappingProxyType
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentry,
    ConfigSubentryFlow,
    FlowType,
    SubentryFlowContext,
)
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PORT
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow

from . import const as c, flow_site, flow_station
from .configuration import subentries
from .discovery import Knock, identity_error, knock_id
from .flow_contacts import ContactsFlow
from .flow_form import filled, flatten, name_of, placed
from .flow_meter import MeterFlow
from .flow_station import StationFlow
from .flow_tariff import TariffFlow
from .flow_vehicle import VehicleFlow
from .shell.credentials import new_secret, seal


class FlexConfigFlow(ConfigFlow, domain=c.DOMAIN):
    """Set up a site, change it, and answer a station that knocks."""

    VERSION = 1
    MINOR_VERSION = 2

    _knock: Knock
    _secret: str

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the parts a site is made of."""
        return {
            c.STATION: StationFlow,
            c.VEHICLE: VehicleFlow,
            c.METER: MeterFlow,
            c.CONTACTS: ContactsFlow,
            c.TARIFF: TariffFlow,
        }

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a new site."""
        sites = self._async_current_entries(include_ignore=False)
        taken = {port for entry in sites for port in flow_site.ports(entry.data).values()}
        port = next(p for p in range(c.DEFAULT_PORT, 2**16) if p not in taken)
        answers: dict[str, Any] = {CONF_NAME: self.hass.config.location_name, CONF_PORT: port}
        errors: dict[str, str] = {}
        if user_input is not None:
            answers = flatten(flow_site.SCHEMA, user_input)
            name, data, errors = flow_site.read(user_input)
            if not errors:
                await self.async_set_unique_id(_site_id(data[CONF_PORT]), raise_on_progress=False)
                self._abort_if_unique_id_configured()
                errors = await self._async_try(data)
            if not errors:
                return self.async_create_entry(title=name, data=data)
        return self._site_form("user", answers, errors)

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Go straight on to the site's first station."""
        if self.source == SOURCE_USER:
            flow = await self.hass.config_entries.subentries.async_init(
                (result["result"].entry_id, c.STATION), context=SubentryFlowContext(source=SOURCE_USER)
            )
            result["next_flow"] = (FlowType.CONFIG_SUBENTRIES_FLOW, flow["flow_id"])
        return result

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change a site."""
        entry = self._get_reconfigure_entry()
        answers = flow_site.values(entry.title, entry.data)
        errors: dict[str, str] = {}
        if user_input is not None:
            answers = flatten(flow_site.SCHEMA, user_input)
            name, data, errors = flow_site.read(user_input)
            if not errors:
                errors = await self._async_try(data, entry)
            if not errors:
                site_id = _site_id(data[CONF_PORT])
                # Our update listener applies changes in place; it lives with a loaded entry only.
                save = self.async_update_and_abort if entry.update_listeners else self.async_update_reload_and_abort
                return save(entry, unique_id=site_id, title=name, data=data)
        return self._site_form("reconfigure", answers, errors)

    @override
    async def async_step_integration_discovery(self, discovery_info: dict[str, Any]) -> ConfigFlowResult:
        """Take up a knock; nothing here may wait, so that two knocks never both find the bench empty."""
        self._knock = Knock(**discovery_info)  # type: ignore[typeddict-item]
        identity = self._knock["identity"]
        await self.async_set_unique_id(knock_id(self._knock["entry_id"], identity))
        self._abort_if_unique_id_configured()
        if any(station.unique_id == identity for station in subentries(self._site(), c.STATION)):
            return self.async_abort(reason="already_configured")
        if identity_error(identity):
            return self.async_abort(reason="identity_invalid")
        if self._async_in_progress(match_context={"source": SOURCE_INTEGRATION_DISCOVERY}):
            return self.async_abort(reason="one_at_a_time")
        self.context["title_placeholders"] = {"name": identity}
        return await self.async_step_admit()

    async def async_step_admit(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show who knocks; admit it on the owner's word."""
        entry = self._site()
        answers: dict[str, Any] = {CONF_NAME: self._knock["identity"], c.CONF_PHASES: str(entry.data[c.CONF_PHASES])}
        errors: dict[str, str] = {}
        if user_input is not None:
            answers = flatten(flow_station.ADMIT_SCHEMA, user_input)
            data, errors = flow_station.read(answers, entry)
            if not errors:
                return await self._async_admit(name_of(answers), data)
        return self.async_show_form(
            step_id="admit",
            data_schema=filled(self, flow_station.ADMIT_SCHEMA, answers),
            errors=placed(flow_station.ADMIT_SCHEMA, errors),
            description_placeholders={**self._who(), "site": entry.title},
        )

    async def async_step_secret(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the admitted station's password, the only time it is shown."""
        if user_input is not None:
            return self.async_abort(reason="station_added", description_placeholders=self._who())
        identity = self._knock["identity"]
        page = await flow_station.async_secret_page(self.hass, self._site(), identity, identity, self._secret)
        return self.async_show_form(step_id=page.step, data_schema=page.form, description_placeholders=page.words)

    async_step_secret_tls = async_step_secret

    async def _async_admit(self, name: str, data: dict[str, Any]) -> ConfigFlowResult:
        self._secret = new_secret()
        data[c.CONF_SEALED] = await self.hass.async_add_executor_job(seal, self._secret)
        station = ConfigSubentry(
            data=MappingProxyType(data), subentry_type=c.STATION, title=name, unique_id=self._knock["identity"]
        )
        # Adding the station withdraws the open question about it, at once; the page with its password has to stay.
        await self.async_set_unique_id(None)
        self.hass.config_entries.async_add_subentry(self._site(), station)
        return await self.async_step_secret()

    def _site(self) -> ConfigEntry:
        """Return the site a station knocked at; it may be gone by now."""
        entry = self.hass.config_entries.async_get_entry(self._knock["entry_id"])
        if entry is None:
            raise AbortFlow("site_gone")
        return entry

    def _who(self) -> dict[str, str]:
        return {"identity": self._knock["identity"], "address": self._knock["address"]}

    async def _async_try(self, data: dict[str, Any], entry: ConfigEntry | None = None) -> dict[str, str]:
        """Return what keeps a site from listening on a port, besides the site itself."""
        others = [e for e in self._async_current_entries(include_ignore=False) if e is not entry]
        theirs = {port for other in others for port in flow_site.ports(other.data).values()}
        mine = entry is not None and entry.state is ConfigEntryState.LOADED
        ours = set(flow_site.ports(entry.data).values()) if entry is not None and mine else set()
        for field, port in flow_site.ports(data).items():
            if port in theirs:
                return {field: "port_of_other_site"}
            if port in ours:
                continue
            if errors := await self.hass.async_add_executor_job(flow_site.try_port, data[CONF_HOST], port, field):
                return errors
        return {}

    def _site_form(self, step: str, answers: dict[str, Any], errors: dict[str, str]) -> ConfigFlowResult:
        schema = filled(self, flow_site.SCHEMA, answers)
        return self.async_show_form(step_id=step, data_schema=schema, errors=placed(flow_site.SCHEMA, errors))


def _site_id(port: int) -> str:
    """Return the unique id of a site: one site listens on a port."""
    return f"site:{port}"
