"""The questions about a meter that sensors of Home Assistant play, or that a station reads and passes on."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_ENTITY_ID, Platform
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
)
from homeassistant.helpers.translation import async_get_translations
import probatio

from . import const as c
from .configuration import entities, subentries
from .core.model.electric import MeterReading
from .core.model.installation import MeterPort
from .drawing import NAMES, pictured
from .entity_meter import AMPERES, VOLTS, WATTS, Unit, measures, read_sensors
from .flow_form import FlexSubentryFlow, choice, filled, flatten, number, out_of_range, placed
from .flow_reading import AS_IT_IS, METER_ID, PLACES, SECTION_WIRING, phase_table

SECTION_PHASES: Final = "phases"
RANGES: Final = {c.CONF_PERIOD_S: (1, 60)}
POWERS: Final = (CONF_ENTITY_ID, c.CONF_FED_IN, *c.CONF_PHASE_POWERS)
WANTED: Final[Mapping[str, tuple[Unit, str]]] = {
    **dict.fromkeys(POWERS, (WATTS, "no_power")),
    **dict.fromkeys(c.CONF_CURRENTS, (AMPERES, "no_amperes")),
    **dict.fromkeys(c.CONF_VOLTAGES, (VOLTS, "no_voltage")),
}


def _sensor(device_class: SensorDeviceClass) -> EntitySelector:
    return EntitySelector(EntitySelectorConfig(filter={"domain": Platform.SENSOR, "device_class": device_class}))


_PHASES: Final[dict[Any, Any]] = {
    **{probatio.Optional(name): _sensor(SensorDeviceClass.POWER) for name in c.CONF_PHASE_POWERS},
    **{probatio.Optional(name): _sensor(SensorDeviceClass.CURRENT) for name in c.CONF_CURRENTS},
    **{probatio.Optional(name): _sensor(SensorDeviceClass.VOLTAGE) for name in c.CONF_VOLTAGES},
    probatio.Required(c.CONF_SIGNED, default=False): BooleanSelector(),
}
ENTITY_SCHEMA: Final = probatio.Schema(
    {
        probatio.Optional(CONF_ENTITY_ID): _sensor(SensorDeviceClass.POWER),
        probatio.Optional(c.CONF_FED_IN): _sensor(SensorDeviceClass.POWER),
        probatio.Required(c.CONF_INVERTED, default=False): BooleanSelector(),
        probatio.Required(c.CONF_PERIOD_S, default=10): number("s"),
        probatio.Optional(SECTION_PHASES): section(probatio.Schema(_PHASES), {"collapsed": True}),
        probatio.Optional(SECTION_WIRING): section(probatio.Schema(PLACES), {"collapsed": True}),
    }
)


class EntitySteps(FlexSubentryFlow):
    """Ask for sensors, or for the station that reads the meter."""

    _asked: dict[str, Any]

    async def async_step_entity(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the sensors that play the meter."""
        answers, errors = self._values, dict[str, str]()
        if user_input is not None:
            answers = flatten(ENTITY_SCHEMA, user_input)
            errors = out_of_range(answers, RANGES) | self._sensor_errors(answers)
            if not errors:
                self._asked = {c.CONF_KIND: c.METER_ENTITY, **answers}
                return await self.async_step_entity_seen()
        return self.async_show_form(
            step_id=c.METER_ENTITY,
            data_schema=filled(self, ENTITY_SCHEMA, answers),
            errors=placed(ENTITY_SCHEMA, errors),
            description_placeholders={"drawing": pictured(MeterPort.NONE)},
        )

    async def async_step_entity_seen(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what the sensors say."""
        source = entities(self._asked)
        states = {entity_id: self.hass.states.get(entity_id) for entity_id in source.entities}
        if user_input is not None:
            first = states[source.entities[0]]
            return self._save(first.name if first is not None else source.entities[0], self._asked, METER_ID)
        words = phase_table(read_sensors(source, states) or MeterReading())
        form = probatio.Schema({})
        return self.async_show_form(step_id="entity_seen", data_schema=form, description_placeholders=words)

    async def async_step_station(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which station reads the meter, and under what name it passes it on."""
        known = {part.unique_id or "": part.title for part in subentries(self._get_entry(), c.STATION)}
        if not known:
            return self.async_abort(reason="no_station")
        answers, errors = self._values, dict[str, str]()
        if user_input is not None:
            answers, errors = user_input, out_of_range(user_input, RANGES)
            if not errors:
                data = {c.CONF_KIND: c.METER_STATION, **user_input}
                return self._save(await self._meter_of(known[user_input[c.CONF_STATION]]), data, METER_ID)
        options = [SelectOptionDict(value=identity, label=title) for identity, title in known.items()]
        schema = probatio.Schema(
            {
                probatio.Required(c.CONF_STATION): SelectSelector(SelectSelectorConfig(options=options)),
                probatio.Required(c.CONF_WHERE, default=c.WHERE_UPSTREAM): choice(
                    "meter_of_station", [c.WHERE_UPSTREAM, c.WHERE_MAIN]
                ),
                probatio.Required(c.CONF_PERIOD_S, default=10): number("s"),
            }
        )
        return self.async_show_form(
            step_id=c.METER_STATION,
            data_schema=filled(self, schema, answers),
            errors=errors,
            description_placeholders={name: pictured(name) for name in NAMES},
        )

    async def _meter_of(self, station: str) -> str:
        """Return a name of the meter that nobody takes for the station's."""
        words = await async_get_translations(self.hass, self.hass.config.language, "config_subentries", {c.DOMAIN})
        return f"{station} ({words[f'component.{c.DOMAIN}.config_subentries.{c.METER}.entry_type'].lower()})"

    def _sensor_errors(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Return what is wrong with the sensors named: each must be there, measure its kind, stand in its place."""
        errors: dict[str, str] = {}
        for name, (unit, error) in WANTED.items():
            state = self.hass.states.get(data[name]) if name in data else None
            if name in data and not measures(state, unit):
                errors[name] = "entity_unknown" if state is None else error
        for names in (c.CONF_PHASE_POWERS, c.CONF_CURRENTS, c.CONF_VOLTAGES):
            first_gap = next((n for n in range(3) if names[n] not in data), 3)
            if any(name in data for name in names[first_gap:]):
                errors.setdefault(names[first_gap], "transformer_missing")
        named = [data[name] for name in WANTED if name in data]
        loads = {CONF_ENTITY_ID, c.CONF_PHASE_POWERS[0], c.CONF_CURRENTS[0]}
        if loads.isdisjoint(data) or (c.CONF_FED_IN in data and CONF_ENTITY_ID not in data):
            errors.setdefault(CONF_ENTITY_ID, "sensor_missing")
        elif len(set(named)) != len(named):
            errors.setdefault(CONF_ENTITY_ID, "sensor_twice")
        return errors | _place_errors(data)


def _place_errors(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what cannot be put in its place: only phases that are measured, only powers that have a direction."""
    errors: dict[str, str] = {}
    measured = {*c.CONF_PHASE_POWERS[2:], *c.CONF_CURRENTS[2:]} & data.keys()
    directed = c.CONF_PHASE_POWERS[0] in data or (c.CONF_CURRENTS[0] in data and data.get(c.CONF_SIGNED))
    if data.get(c.CONF_ORDER, AS_IT_IS) != AS_IT_IS and not measured:
        errors[c.CONF_ORDER] = "phases_missing"
    if data.get(c.CONF_TURNED) and not directed:
        errors[c.CONF_TURNED] = "direction_missing"
    return errors
