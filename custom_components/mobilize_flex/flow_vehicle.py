"""The questions about a car and its battery."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME, Platform
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    TextSelector,
)
import probatio

from . import const as c
from .flow_form import FlexSubentryFlow, filled, flatten, name_of, number, out_of_range, placed

SECTION_LOSSES: Final = "losses"
RANGES: Final = {
    c.CONF_CAPACITY_KWH: (5, 250),
    c.CONF_MAX_CHARGE_KW: (1, 43),
    c.CONF_MIN_CHARGE_KW: (0, 43),
    c.CONF_MAX_DISCHARGE_KW: (0, 43),
    c.CONF_MIN_DISCHARGE_KW: (0, 43),
}

_PERCENT = NumberSelector(NumberSelectorConfig(min=50, max=100, step=1, unit_of_measurement="%"))
_SOC = EntitySelector(
    EntitySelectorConfig(filter={"domain": Platform.SENSOR, "device_class": SensorDeviceClass.BATTERY})
)
_PLUG = EntitySelector(
    EntitySelectorConfig(filter={"domain": Platform.BINARY_SENSOR, "device_class": BinarySensorDeviceClass.PLUG})
)
SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_NAME): TextSelector(),
        probatio.Required(c.CONF_CAPACITY_KWH, default=52): number("kWh", 0.1),
        probatio.Required(c.CONF_MAX_CHARGE_KW, default=11): number("kW", 0.1),
        probatio.Required(c.CONF_MIN_CHARGE_KW, default=1.4): number("kW", 0.1),
        probatio.Required(c.CONF_MAX_DISCHARGE_KW, default=11): number("kW", 0.1),
        probatio.Required(c.CONF_MIN_DISCHARGE_KW, default=1): number("kW", 0.1),
        probatio.Optional(c.CONF_SOC_ENTITY): _SOC,
        probatio.Optional(c.CONF_PLUG_ENTITY): _PLUG,
        probatio.Optional(c.CONF_EVCCID): TextSelector(),
        probatio.Optional(SECTION_LOSSES): section(
            probatio.Schema(
                {
                    probatio.Required(c.CONF_CHARGE_EFFICIENCY_PCT, default=90): _PERCENT,
                    probatio.Required(c.CONF_DISCHARGE_EFFICIENCY_PCT, default=90): _PERCENT,
                }
            ),
            {"collapsed": True},
        ),
    }
)


def read(answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a vehicle's data, and what is wrong with them."""
    data = {key: value for key, value in answers.items() if key != CONF_NAME}
    errors = out_of_range(data, RANGES)
    if not name_of(answers):
        errors[CONF_NAME] = "name_missing"
    if not errors and data[c.CONF_MIN_CHARGE_KW] > data[c.CONF_MAX_CHARGE_KW]:
        errors[c.CONF_MIN_CHARGE_KW] = "minimum_exceeds_maximum"
    if not errors and 0 < data[c.CONF_MAX_DISCHARGE_KW] < data[c.CONF_MIN_DISCHARGE_KW]:
        errors[c.CONF_MIN_DISCHARGE_KW] = "minimum_exceeds_maximum"
    if c.CONF_EVCCID in data:
        data[c.CONF_EVCCID] = evccid(data[c.CONF_EVCCID])
        if not data[c.CONF_EVCCID].isalnum() or not 6 <= len(data[c.CONF_EVCCID]) <= 255:
            errors[c.CONF_EVCCID] = "evccid_invalid"
    return data, errors


def evccid(text: str) -> str:
    """Return a car's identifier as it is compared: capitals, without the separators people write."""
    return text.strip().upper().replace(":", "").replace("-", "")


class VehicleFlow(FlexSubentryFlow):
    """Add a car, or change one."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new car."""
        return self._ask("user", user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change a car."""
        return self._ask("reconfigure", user_input)

    def _ask(self, step: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        answers, errors = self._values, dict[str, str]()
        if user_input is not None:
            answers = flatten(SCHEMA, user_input)
            data, errors = read(answers)
            if not errors:
                return self._save(name_of(answers), data)
        schema = filled(self, SCHEMA, answers)
        return self.async_show_form(step_id=step, data_schema=schema, errors=placed(SCHEMA, errors))
