"""The questions about the contacts by which the grid operator holds the home's power down."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components.binary_sensor.const import DOMAIN as BINARY_SENSOR
from homeassistant.components.sensor.const import SensorDeviceClass
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.data_entry_flow import section
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import EntitySelector, EntitySelectorConfig
import probatio

from . import const as c
from .configuration import dimming_config, subentries
from .contacts import contacts_of
from .core.model.installation import MeterPort
from .drawing import pictured
from .flow_form import FlexSubentryFlow, choice, filled, flatten, number, out_of_range, placed

TITLE: Final = "EnWG §14a"
CONTACTS_ID: Final = "contacts:grid"
SECTION_FEED_IN: Final = "feed_in"
SECTION_GUARANTEE: Final = "guarantee"
KINDS: Final = [c.CONTACTS_OWN, c.CONTACTS_CODE]
MEANINGS: Final = ["free", *c.CONF_CONTACTS.values()]
RANGES: Final = {c.CONF_DEVICES: (1, 100), c.CONF_HEATING_KW: (0, 200), c.CONF_LIMIT_KW: (0, 200)}

_DOMAINS: Final = [BINARY_SENSOR, "input_boolean", "switch"]


def _contact(multiple: bool = False) -> EntitySelector:
    return EntitySelector(EntitySelectorConfig(filter={"domain": _DOMAINS}, multiple=multiple))


_GUARANTEE: Final[dict[Any, Any]] = {
    probatio.Required(c.CONF_DEVICES, default=1): probatio.All(number(), probatio.Coerce(int)),
    probatio.Optional(c.CONF_OTHERS): EntitySelector(
        EntitySelectorConfig(filter={"domain": Platform.SENSOR, "device_class": SensorDeviceClass.POWER}, multiple=True)
    ),
    probatio.Optional(SECTION_GUARANTEE): section(
        probatio.Schema(
            {
                probatio.Optional(c.CONF_HEATING_KW): number("kW", 0.1),
                probatio.Optional(c.CONF_LIMIT_KW): number("kW", 0.1),
            }
        ),
        {"collapsed": True},
    ),
}
_FEED_IN: Final = section(
    probatio.Schema({probatio.Optional(name): _contact() for name in list(c.CONF_CONTACTS)[2:]}), {"collapsed": True}
)
SCHEMAS: Final = {
    c.CONTACTS_OWN: probatio.Schema(
        {
            probatio.Optional("dim_contacts"): _contact(multiple=True),
            probatio.Optional("stop_contacts"): _contact(multiple=True),
            probatio.Required(c.CONF_ACTIVE_WHEN, default=c.ACTIVE_CLOSED): choice(
                "active_when", [c.ACTIVE_CLOSED, c.ACTIVE_OPEN]
            ),
            **_GUARANTEE,
            probatio.Optional(SECTION_FEED_IN): _FEED_IN,
        }
    ),
    c.CONTACTS_CODE: probatio.Schema(
        {
            **{probatio.Required(name): _contact() for name in c.CONF_CODE_CONTACTS},
            **{
                probatio.Required(name, default=usual): choice("contact_code", MEANINGS)
                for name, usual in zip(c.CONF_CODE, ("free", "dim", "stop", "stop"), strict=True)
            },
            **_GUARANTEE,
        }
    ),
}


class ContactsFlow(FlexSubentryFlow):
    """Add the grid operator's contacts, or change them."""

    _asked: dict[str, Any]

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask how the contacts speak; a home has one set of them."""
        if any(subentries(self._get_entry(), c.CONTACTS)):
            return self.async_abort(reason="already_configured")
        drawn = {"drawing": pictured(MeterPort.ENWG)}
        return self.async_show_menu(step_id="user", menu_options=KINDS, description_placeholders=drawn)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask anew how the contacts speak."""
        return self.async_show_menu(step_id="reconfigure", menu_options=KINDS)

    async def async_step_each_its_own(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for contacts that mean one thing each."""
        return await self._async_ask(c.CONTACTS_OWN, user_input)

    async def async_step_code_of_two(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for two contacts that are a code together."""
        return await self._async_ask(c.CONTACTS_CODE, user_input)

    async def async_step_seen(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what the contacts say now, and what would be guaranteed."""
        if user_input is not None:
            return self._save(TITLE, self._asked, CONTACTS_ID)
        rows = [f"| {self._name(entity_id)} | {self._said(entity_id)} |" for entity_id in _named(self._asked)]
        words = {
            "contacts": "\n".join(["|  |  |", "|---|---|", *rows]),
            "power": f"{dimming_config(self._asked).minimum_w / 1000:.2f}",
        }
        return self.async_show_form(step_id="seen", data_schema=probatio.Schema({}), description_placeholders=words)

    async def _async_ask(self, kind: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        schema = SCHEMAS[kind]
        answers, errors = self._values, dict[str, str]()
        if user_input is not None:
            answers = {c.CONF_KIND: kind, **flatten(schema, user_input)}
            errors = out_of_range(answers, RANGES) | self._contact_errors(answers)
            if not errors:
                self._asked = answers
                return await self.async_step_seen()
        return self.async_show_form(
            step_id=kind,
            data_schema=filled(self, schema, answers),
            errors=placed(schema, errors),
        )

    def _contact_errors(self, data: Mapping[str, Any]) -> dict[str, str]:
        named = _named(data)
        first = next(iter(SCHEMAS[data[c.CONF_KIND]].schema))
        if not named:
            return {str(first): "contact_missing"}
        if len(set(named)) != len(named):
            return {str(first): "contact_twice"}
        fields = [*c.CONF_CONTACTS, *c.CONF_CODE_CONTACTS, c.CONF_OTHERS]
        unknown = {
            field for field in fields for e in cv.ensure_list(data.get(field)) if self.hass.states.get(e) is None
        }
        return dict.fromkeys(unknown, "entity_unknown")

    def _name(self, entity_id: str) -> str:
        state = self.hass.states.get(entity_id)
        return (state.name if state is not None else entity_id).replace("|", " ")

    def _said(self, entity_id: str) -> str:
        state = self.hass.states.get(entity_id)
        return state.state if state is not None else STATE_UNKNOWN


def _named(data: Mapping[str, Any]) -> tuple[str, ...]:
    return contacts_of(data).entities
