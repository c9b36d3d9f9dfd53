"""The questions about the house meter, with a first look at what it says."""

from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, Platform
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    SerialPortSelector,
)
from homeassistant.util.unit_conversion import ElectricCurrentConverter, ElectricPotentialConverter
import probatio

from . import const as c
from .configuration import subentries, transformers
from .core.meters.dsmr import DsmrTelegram
from .core.meters.linky import LinkyMeter
from .core.meters.rewiring import rewired
from .core.meters.tic import TicFrame
from .core.meters.tic_group import TicMode
from .core.meters.transformers import read_currents
from .core.model.installation import MeterPort
from .drawing import TRANSFORMERS, pictured
from .flow_entities import EntitySteps
from .flow_form import filled, flatten, out_of_range, placed
from .flow_modbus import RANGES, RATIO, WIRING, ModbusSteps
from .flow_reading import METER_ID, SECTION_WIRING, first_look, phase_table, serial_end
from .meter_sources import transformer_a
from .shell.byte_line import LineError, LineFault, LineProbe, probe, probe_p1

LINKY_NAME: Final = "Linky"
P1_NAME: Final = "P1"
TRANSFORMERS_NAME: Final = "CT"
KINDS: Final = [c.METER_LINKY, c.METER_P1, c.METER_MODBUS, c.METER_TRANSFORMERS, c.METER_ENTITY, c.METER_STATION]
P1_FAULTS: Final = (LineFault.SILENT, LineFault.GARBAGE, LineFault.DAMAGED, LineFault.WRONG_SPEED)
LINE_SCHEMA: Final = probatio.Schema({probatio.Required(c.CONF_LINE): SerialPortSelector()})


_TRANSFORMER: Final = EntitySelector(
    EntitySelectorConfig(
        filter={"domain": Platform.SENSOR, "device_class": [SensorDeviceClass.CURRENT, SensorDeviceClass.VOLTAGE]}
    )
)
TRANSFORMERS_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(c.CONF_TRANSFORMERS[0]): _TRANSFORMER,
        probatio.Optional(c.CONF_TRANSFORMERS[1]): _TRANSFORMER,
        probatio.Optional(c.CONF_TRANSFORMERS[2]): _TRANSFORMER,
        **RATIO,
        probatio.Optional(SECTION_WIRING): WIRING,
    }
)


class MeterFlow(ModbusSteps, EntitySteps):
    """Add the house meter, or change where it is read."""

    _line: str
    _seen: LineProbe[TicFrame]
    _p1_seen: LineProbe[DsmrTelegram]

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the kind of meter; a home has one connection and one meter on it."""
        if any(subentries(self._get_entry(), c.METER)):
            return self.async_abort(reason="already_configured")
        return self.async_show_menu(step_id="user", menu_options=KINDS)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the kind of meter anew."""
        return self.async_show_menu(step_id="reconfigure", menu_options=KINDS)

    async def async_step_linky(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the Linky's line and listen to it."""
        answers = user_input or self._values
        errors: dict[str, str] = {}
        if user_input is not None:
            self._line = await self._lasting(user_input[c.CONF_LINE])
            if self._is_ours(self._line):
                return self.async_abort(reason="line_unchanged")
            try:
                self._seen = await probe(self._line)
            except LineError as error:
                errors[c.CONF_LINE] = str(error.key)
            else:
                if self._seen.frame.mode is TicMode.STANDARD:
                    return await self.async_step_linky_standard()
                return await self.async_step_linky_historic()
        return self.async_show_form(
            step_id=c.METER_LINKY,
            data_schema=filled(self, LINE_SCHEMA, answers),
            errors=errors,
            description_placeholders={"bridge": "socket://192.168.1.20:8080", "drawing": pictured(MeterPort.LINKY)},
        )

    async def async_step_linky_standard(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what the Linky says."""
        return self._confirm_linky("linky_standard", user_input)

    async def async_step_linky_historic(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what the Linky says in its old language, which cannot tell what the house feeds in."""
        return self._confirm_linky("linky_historic", user_input)

    async def async_step_p1(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the line of the P1 port and listen to it."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._line = await self._lasting(user_input[c.CONF_LINE])
            if self._is_ours(self._line):
                return self.async_abort(reason="line_unchanged")
            try:
                self._p1_seen = await probe_p1(self._line)
            except LineError as error:
                errors[c.CONF_LINE] = f"p1_{error.key}" if error.key in P1_FAULTS else str(error.key)
            else:
                return await self.async_step_p1_seen()
        return self.async_show_form(
            step_id=c.METER_P1,
            data_schema=filled(self, LINE_SCHEMA, user_input or self._values),
            errors=errors,
            description_placeholders={"bridge": "socket://192.168.1.20:23", "drawing": pictured(MeterPort.P1)},
        )

    async def async_step_p1_seen(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what the P1 port says."""
        telegram = self._p1_seen.frame
        if user_input is not None:
            period_s = 1.0 if telegram.every_second else 10.0
            data = {c.CONF_KIND: c.METER_P1, c.CONF_LINE: self._line, c.CONF_PERIOD_S: period_s}
            return self._save(P1_NAME, data, METER_ID)
        words = {**phase_table(telegram.reading), "serial": serial_end(telegram.reading)}
        words["version"] = telegram.version or ("4+" if telegram.checked else "2/3")
        return self.async_show_form(step_id="p1_seen", data_schema=probatio.Schema({}), description_placeholders=words)

    async def async_step_transformers(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the sensors on the current transformers."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data = flatten(TRANSFORMERS_SCHEMA, user_input)
            errors = out_of_range(data, RANGES)
            named = [name for name in c.CONF_TRANSFORMERS if name in data]
            errors |= {name: error for name in named if (error := self._transformer_error(data[name]))}
            if c.CONF_TRANSFORMERS[1] not in data and c.CONF_TRANSFORMERS[2] in data:
                errors[c.CONF_TRANSFORMERS[1]] = "transformer_missing"
            if len({data[name] for name in named}) != len(named):
                errors[c.CONF_TRANSFORMERS[0]] = "transformer_twice"
            if not errors:
                self._asked = {c.CONF_KIND: c.METER_TRANSFORMERS, **data}
                return await self.async_step_transformers_seen()
        shown = filled(self, TRANSFORMERS_SCHEMA, user_input or self._values)
        return self.async_show_form(
            step_id=c.METER_TRANSFORMERS,
            data_schema=shown,
            errors=placed(TRANSFORMERS_SCHEMA, errors),
            description_placeholders={"drawing": pictured(TRANSFORMERS)},
        )

    async def async_step_transformers_seen(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what the transformers say."""
        if user_input is not None:
            return self._save(TRANSFORMERS_NAME, self._asked, METER_ID)
        source = transformers(self._asked)
        states = [self.hass.states.get(entity_id) for entity_id in source.entities]
        first, second, third = (*(transformer_a(state, source.ratio) for state in states), None, None)[:3]
        reading = rewired(read_currents((first, second, third), signed=source.ratio.signed), source.wiring)
        return self.async_show_form(
            step_id="transformers_seen", data_schema=probatio.Schema({}), description_placeholders=phase_table(reading)
        )

    def _transformer_error(self, entity_id: str) -> str | None:
        state = self.hass.states.get(entity_id)
        if state is None:
            return "entity_unknown"
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        known = ElectricPotentialConverter.VALID_UNITS | ElectricCurrentConverter.VALID_UNITS
        return None if unit in known else "no_current"

    def _is_ours(self, line: str) -> bool:
        """Return whether our own reader holds this very line open: most lines have room for one."""
        return line == self._values.get(c.CONF_LINE) and bool(self._get_entry().update_listeners)

    def _confirm_linky(self, step: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        if user_input is not None:
            return self._save(LINKY_NAME, {c.CONF_KIND: c.METER_LINKY, c.CONF_LINE: self._line}, METER_ID)
        words = first_look(LinkyMeter().read(self._seen.frame))
        return self.async_show_form(step_id=step, data_schema=probatio.Schema({}), description_placeholders=words)
