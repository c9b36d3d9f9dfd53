"""The questions about the house meter, with a first look at what it says."""

from typing import Any, Final

from homeassistant.components import usb
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, CONF_ENTITY_ID, Platform
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SerialPortSelector,
)
from homeassistant.util.unit_conversion import PowerConverter
import probatio

from . import const as c
from .configuration import subentries
from .core.meters.linky import LinkyMeter
from .core.meters.tic_group import TicMode
from .core.model.electric import MeterReading
from .flow_form import FlexSubentryFlow, filled
from .shell.byte_line import LineError, LineProbe, probe

METER_ID: Final = "meter:house"
LINKY_NAME: Final = "Linky"
LINKY_SCHEMA: Final = probatio.Schema({probatio.Required(c.CONF_LINE): SerialPortSelector()})
ENTITY_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_ENTITY_ID): EntitySelector(
            EntitySelectorConfig(filter={"domain": Platform.SENSOR, "device_class": SensorDeviceClass.POWER})
        ),
        probatio.Required(c.CONF_INVERTED, default=False): BooleanSelector(),
    }
)


class MeterFlow(FlexSubentryFlow):
    """Add the house meter, or change where it is read."""

    _line: str
    _seen: LineProbe

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the kind of meter; a home has one connection and one meter on it."""
        if any(subentries(self._get_entry(), c.METER)):
            return self.async_abort(reason="already_configured")
        return self.async_show_menu(step_id="user", menu_options=[c.METER_LINKY, c.METER_ENTITY])

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the kind of meter anew."""
        return self.async_show_menu(step_id="reconfigure", menu_options=[c.METER_LINKY, c.METER_ENTITY])

    async def async_step_linky(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the Linky's line and listen to it."""
        answers = user_input or self._values
        errors: dict[str, str] = {}
        if user_input is not None:
            line = user_input[c.CONF_LINE].strip()
            if "://" not in line:
                line = await self.hass.async_add_executor_job(usb.get_serial_by_id, line)
            if line == self._values.get(c.CONF_LINE) and self._get_entry().update_listeners:
                # Our own reader holds this very line open, and most lines have room for one.
                return self.async_abort(reason="line_unchanged")
            try:
                self._seen = await probe(line)
            except LineError as error:
                errors[c.CONF_LINE] = str(error.key)
            else:
                self._line = line
                if self._seen.frame.mode is TicMode.STANDARD:
                    return await self.async_step_linky_standard()
                return await self.async_step_linky_historic()
        return self.async_show_form(
            step_id=c.METER_LINKY,
            data_schema=filled(self, LINKY_SCHEMA, answers),
            errors=errors,
            description_placeholders={"bridge": "socket://192.168.1.20:8080"},
        )

    async def async_step_linky_standard(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what the Linky says."""
        return self._confirm_linky("linky_standard", user_input)

    async def async_step_linky_historic(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what the Linky says in its old language, which cannot tell what the house feeds in."""
        return self._confirm_linky("linky_historic", user_input)

    async def async_step_entity(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the sensor that plays the meter."""
        answers = user_input or self._values
        errors: dict[str, str] = {}
        if user_input is not None:
            state = self.hass.states.get(user_input[CONF_ENTITY_ID])
            if state is None:
                errors[CONF_ENTITY_ID] = "entity_unknown"
            elif state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) not in PowerConverter.VALID_UNITS:
                errors[CONF_ENTITY_ID] = "no_power"
            else:
                return self._save(state.name, {c.CONF_KIND: c.METER_ENTITY, **user_input}, METER_ID)
        return self.async_show_form(
            step_id=c.METER_ENTITY, data_schema=filled(self, ENTITY_SCHEMA, answers), errors=errors
        )

    def _confirm_linky(self, step: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        if user_input is not None:
            return self._save(LINKY_NAME, {c.CONF_KIND: c.METER_LINKY, c.CONF_LINE: self._line}, METER_ID)
        words = first_look(LinkyMeter().read(self._seen.frame))
        return self.async_show_form(step_id=step, data_schema=probatio.Schema({}), description_placeholders=words)


def first_look(reading: MeterReading) -> dict[str, str]:
    """Return a reading in words; the serial number is personal, its end is enough to know it again."""
    drawn, injected = reading.apparent_va, reading.injected_va or 0
    volts = next((v for v in reading.voltage_v if v is not None), None)
    return {
        "power": "?" if drawn is None else f"{drawn - injected:.0f}",
        "voltage": "?" if volts is None else f"{volts:.0f}",
        "serial": f"…{reading.serial[-4:]}" if reading.serial else "?",
    }
