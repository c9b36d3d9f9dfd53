"""The questions about what a kilowatt-hour costs and earns."""

from collections.abc import Mapping
import logging
from math import isfinite
from typing import Any, Final

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_ACTION, CONF_ENTITY_ID, CONF_NAME, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State, SupportsResponse
from homeassistant.data_entry_flow import section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    NumberSelector,
    ObjectSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.util import dt as dt_util
import probatio

from . import const as c
from .configuration import subentries
from .core.tariff.tempo import colour_of
from .flow_form import FlexSubentryFlow, choice, filled, flatten, name_of, number, out_of_range, placed
from .flow_windows import WindowsError, read_windows, write_windows

_LOGGER = logging.getLogger(__name__)

TARIFF_ID: Final = "tariff:contract"
SECTION_EXPORT: Final = "export"
SECTION_SUMMER: Final = "summer"
KINDS: Final = (c.TARIFF_PEAK, c.TARIFF_BASE, c.TARIFF_TEMPO, c.TARIFF_ENTITY, c.TARIFF_ACTION)
WINDOWS: Final = (c.CONF_OFF_PEAK_WINDOWS, c.CONF_SUMMER_WINDOWS)
EXPORT_FIELDS: Final = {c.CONF_EXPORT_PRICE: c.EXPORT_FIXED, c.CONF_EXPORT_ENTITY: c.EXPORT_ENTITY}
USUAL_ATTRIBUTES: Final = ("prices", "raw_today", "raw_tomorrow", "forecast", "data", "rates")
RANGES: Final = {
    **dict.fromkeys(c.CONF_TEMPO_PRICES, (0, 1000)),
    c.CONF_PRICE: (0, 1000),
    c.CONF_PEAK_PRICE: (0, 1000),
    c.CONF_OFF_PEAK_PRICE: (0, 1000),
    c.CONF_EXPORT_PRICE: (-1000, 1000),
    c.CONF_FACTOR: (0.01, 100),
    c.CONF_SURCHARGE: (-1000, 1000),
}

_ATTRIBUTES: Final = SelectSelector(
    SelectSelectorConfig(
        options=list(USUAL_ATTRIBUTES), multiple=True, custom_value=True, mode=SelectSelectorMode.DROPDOWN
    )
)
_ENTITY: Final[dict[Any, Any]] = {
    probatio.Required(CONF_ENTITY_ID): EntitySelector(),
    probatio.Required(c.CONF_ATTRIBUTES): _ATTRIBUTES,
}
_ACTION: Final[dict[Any, Any]] = {
    probatio.Required(CONF_ACTION): TextSelector(),
    probatio.Required(c.CONF_ACTION_DATA, default={}): ObjectSelector(),
    probatio.Optional(c.CONF_DAY_FIELD): TextSelector(),
}


def schemas(currency: str) -> dict[str, probatio.Schema]:
    """Return the form of each kind of tariff, in the home's currency."""
    price = number(f"{currency}/kWh", "any")
    name = {probatio.Required(CONF_NAME): TextSelector()}
    published: dict[Any, Any] = {
        probatio.Required(c.CONF_UNIT, default=c.PER_KWH): choice("price_unit", [c.PER_KWH, c.PER_MWH]),
        probatio.Required(c.CONF_FACTOR, default=1): number(step="any"),
        probatio.Required(c.CONF_SURCHARGE, default=0): price,
        probatio.Optional(SECTION_EXPORT): _export(price, [c.EXPORT_NONE, c.EXPORT_FIXED, c.EXPORT_ENTITY]),
    }
    fixed: dict[Any, Any] = {
        probatio.Optional(SECTION_EXPORT): _export(price, [c.EXPORT_NONE, c.EXPORT_FIXED]),
    }
    return {
        c.TARIFF_BASE: probatio.Schema({**name, probatio.Required(c.CONF_PRICE): price, **fixed}),
        c.TARIFF_PEAK: probatio.Schema({**name, **_peak(price), **fixed}),
        c.TARIFF_TEMPO: probatio.Schema({**name, **_tempo(price), **fixed}),
        c.TARIFF_ENTITY: probatio.Schema({**name, **_ENTITY, **published}),
        c.TARIFF_ACTION: probatio.Schema({**name, **_ACTION, **published}),
    }


def _peak(price: NumberSelector) -> dict[Any, Any]:
    summer = probatio.Schema({probatio.Optional(c.CONF_SUMMER_WINDOWS): TextSelector()})
    return {
        probatio.Required(c.CONF_PEAK_PRICE): price,
        probatio.Required(c.CONF_OFF_PEAK_PRICE): price,
        probatio.Required(c.CONF_OFF_PEAK_WINDOWS): TextSelector(),
        probatio.Optional(c.CONF_LINKY_HOURS): BooleanSelector(),
        probatio.Optional(SECTION_SUMMER): section(summer, {"collapsed": True}),
    }


def _tempo(price: NumberSelector) -> dict[Any, Any]:
    sources = [c.COLOURS_LINKY, c.COLOURS_ENTITY, c.COLOURS_NONE]
    return {
        **{probatio.Required(field): price for field in c.CONF_TEMPO_PRICES},
        probatio.Required(c.CONF_COLOURS, default=c.COLOURS_LINKY): choice("tempo_colours", sources),
        probatio.Optional(c.CONF_COLOUR_TODAY): EntitySelector(),
        probatio.Optional(c.CONF_COLOUR_TOMORROW): EntitySelector(),
    }


def _export(price: NumberSelector, kinds: list[str]) -> section:
    fields: dict[Any, Any] = {
        probatio.Required(c.CONF_EXPORT_KIND, default=c.EXPORT_NONE): choice("export_kind", kinds),
        probatio.Optional(c.CONF_EXPORT_PRICE): price,
    }
    if c.EXPORT_ENTITY in kinds:
        fields[probatio.Optional(c.CONF_EXPORT_ENTITY)] = EntitySelector()
    return section(probatio.Schema(fields), {"collapsed": True})


def read(kind: str, answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a tariff's data, and what is wrong with them."""
    data = {c.CONF_KIND: kind, **{key: value for key, value in answers.items() if key != CONF_NAME}}
    errors = out_of_range(data, RANGES)
    if not name_of(answers):
        errors[CONF_NAME] = "name_missing"
    if not isinstance(data.get(c.CONF_ACTION_DATA, {}), Mapping):
        errors[c.CONF_ACTION_DATA] = "data_invalid"
    if kind == c.TARIFF_PEAK:
        errors |= _read_all_windows(data)
        if data[c.CONF_OFF_PEAK_PRICE] >= data[c.CONF_PEAK_PRICE]:
            errors.setdefault(c.CONF_OFF_PEAK_PRICE, "off_peak_dearer")
    if kind == c.TARIFF_TEMPO:
        errors |= _read_colours(data)
    for field, export in EXPORT_FIELDS.items():
        if data[c.CONF_EXPORT_KIND] != export:
            data.pop(field, None)
        elif field not in data:
            errors[field] = f"{field}_missing"
    return data, errors


def _read_all_windows(data: dict[str, Any]) -> dict[str, str]:
    """Put the windows of both seasons in place of their texts; return what is wrong with them."""
    errors: dict[str, str] = {}
    for field in WINDOWS:
        try:
            data[field] = read_windows(data.get(field, ""))
        except WindowsError as error:
            errors[field] = error.key
    if not data[c.CONF_OFF_PEAK_WINDOWS]:
        errors[c.CONF_OFF_PEAK_WINDOWS] = "windows_missing"
    return errors


def _read_colours(data: dict[str, Any]) -> dict[str, str]:
    """Leave the entities of the colours away where they are not asked; return what is wrong with them."""
    if data[c.CONF_COLOURS] == c.COLOURS_ENTITY:
        return {} if c.CONF_COLOUR_TODAY in data else {c.CONF_COLOUR_TODAY: "colour_missing"}
    data.pop(c.CONF_COLOUR_TODAY, None)
    data.pop(c.CONF_COLOUR_TOMORROW, None)
    return {}


def values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tariff as the form shows it."""
    windows = {field: write_windows(data[field]) for field in WINDOWS if field in data}
    return {**data, **windows}


def entity_errors(hass: HomeAssistant, data: Mapping[str, Any]) -> dict[str, str]:
    """Return why entities tell no prices; what is unavailable for now has the benefit of the doubt."""
    errors: dict[str, str] = {}
    for field in (CONF_ENTITY_ID, c.CONF_EXPORT_ENTITY):
        state = hass.states.get(data[field]) if field in data else None
        if field in data and state is None:
            errors[field] = "entity_unknown"
        elif state is None or state.state == STATE_UNAVAILABLE:
            continue
        elif field == c.CONF_EXPORT_ENTITY and not _is_number(state.state):
            errors[field] = "no_price"
        elif field == CONF_ENTITY_ID and not _lists_something(state, data[c.CONF_ATTRIBUTES]):
            errors[c.CONF_ATTRIBUTES] = "no_price_list"
    return errors


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _lists_something(state: State, attributes: list[str]) -> bool:
    found = (state.attributes.get(name) for name in attributes)
    return any(isinstance(value, (list, Mapping)) and value for value in found)


def colour_errors(hass: HomeAssistant, data: Mapping[str, Any]) -> dict[str, str]:
    """Return why entities tell no colours; what is not known for now has the benefit of the doubt."""
    errors: dict[str, str] = {}
    for field in (c.CONF_COLOUR_TODAY, c.CONF_COLOUR_TOMORROW):
        state = hass.states.get(data[field]) if field in data else None
        if field in data and state is None:
            errors[field] = "entity_unknown"
        elif field == c.CONF_COLOUR_TODAY and state is not None and _is_colourless(state):
            errors[field] = "no_colour"
    return errors


def _is_colourless(state: State) -> bool:
    return state.state not in (STATE_UNAVAILABLE, STATE_UNKNOWN) and colour_of(state.state) is None


async def async_action_error(hass: HomeAssistant, data: Mapping[str, Any]) -> str | None:
    """Ask an action for today's prices; return why it gives none."""
    domain, _, name = data[CONF_ACTION].partition(".")
    if not hass.services.has_service(domain, name):
        return "action_unknown"
    if hass.services.supports_response(domain, name) is SupportsResponse.NONE:
        return "action_mute"
    fields = dict(data[c.CONF_ACTION_DATA])
    if c.CONF_DAY_FIELD in data:
        fields[data[c.CONF_DAY_FIELD]] = dt_util.now().date().isoformat()
    try:
        answer = await hass.services.async_call(domain, name, fields, blocking=True, return_response=True)
    except (HomeAssistantError, probatio.Invalid) as error:
        _LOGGER.info("The action %s refused to tell prices: %s", data[CONF_ACTION], error)
        return "action_failed"
    return None if answer else "action_empty"


class TariffFlow(FlexSubentryFlow):
    """Add the contract with the supplier, or change it."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the kind of contract; a home has one."""
        if any(subentries(self._get_entry(), c.TARIFF)):
            return self.async_abort(reason="already_configured")
        return self.async_show_menu(step_id="user", menu_options=list(KINDS))

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the kind of contract anew."""
        return self.async_show_menu(step_id="reconfigure", menu_options=list(KINDS))

    async def async_step_base(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the one price."""
        return await self._async_ask(c.TARIFF_BASE, user_input)

    async def async_step_peak_off_peak(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for two prices and the hours of the low one."""
        return await self._async_ask(c.TARIFF_PEAK, user_input)

    async def async_step_tempo(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for six prices, and who tells the colours of the days."""
        return await self._async_ask(c.TARIFF_TEMPO, user_input)

    async def async_step_published_entity(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the entity that lists the coming prices."""
        return await self._async_ask(c.TARIFF_ENTITY, user_input)

    async def async_step_published_action(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the action that answers with the coming prices."""
        return await self._async_ask(c.TARIFF_ACTION, user_input)

    async def _async_ask(self, kind: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        schema = schemas(self.hass.config.currency)[kind]
        answers = values(self._values)
        if answers.get(c.CONF_KIND) != kind:
            answers[c.CONF_DAY_FIELD] = "date"
        errors: dict[str, str] = {}
        if user_input is not None:
            answers = flatten(schema, user_input)
            data, errors = read(kind, answers)
            if not errors:
                errors = await self._async_try(kind, data)
            if not errors:
                return self._save(name_of(answers), data, TARIFF_ID)
        return self.async_show_form(
            step_id=kind, data_schema=filled(self, schema, answers), errors=placed(schema, errors)
        )

    async def _async_try(self, kind: str, data: Mapping[str, Any]) -> dict[str, str]:
        """Return what is wrong with a published price's source."""
        errors = entity_errors(self.hass, data) | colour_errors(self.hass, data)
        meters = subentries(self._get_entry(), c.METER)
        if data.get(c.CONF_COLOURS) == c.COLOURS_LINKY and all(m.data[c.CONF_KIND] != c.METER_LINKY for m in meters):
            errors[c.CONF_COLOURS] = "no_linky"
        if not errors and kind == c.TARIFF_ACTION and (problem := await async_action_error(self.hass, data)):
            errors = {CONF_ACTION: problem}
        return errors
