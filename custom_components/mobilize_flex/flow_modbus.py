"""The questions about a Modbus meter: which kind, on which line, put in how."""

from typing import Any, Final

from homeassistant.components import usb
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    ObjectSelector,
    ObjectSelectorConfig,
    SerialPortSelector,
    TextSelector,
)
import probatio

from . import const as c
from .configuration import modbus_meter
from .core.meters.register_table import TableError, own_table
from .core.meters.registers import PER_PHASE, NumberType, Quantity
from .core.meters.rewiring import rewired
from .core.model.electric import MeterReading
from .core.model.installation import MeterPort
from .core.model.wiring import GUIDE
from .drawing import pictured
from .flow_form import FlexSubentryFlow, choice, dropdown, filled, flatten, number, out_of_range, placed
from .flow_reading import METER_ID, PLACES, SECTION_WIRING, phase_table
from .meter_sources import table_of
from .modbus_line import ModbusFailure, try_meter
from .shell.register_tables import load_tables

LINKS: Final = [c.LINK_TCP, c.LINK_SERIAL, c.LINK_BRIDGE]
RANGES: Final = {
    c.CONF_UNIT_ID: (0, 255),
    CONF_PORT: (1, 65535),
    c.CONF_BAUDRATE: (300, 1_000_000),
    c.CONF_RATIO_A: (1, 10_000),
    c.CONF_RATIO_MV: (1, 10_000),
}
QUANTITIES: Final = [
    *(f"{of}_{phase}" for of in PER_PHASE for phase in (1, 2, 3)),
    *(of.value for of in Quantity if of not in PER_PHASE),
]


WIRING: Final = section(
    probatio.Schema({probatio.Required(c.CONF_INVERTED, default=False): BooleanSelector(), **PLACES}),
    {"collapsed": True},
)
RATIO: Final = {
    probatio.Required(c.CONF_RATIO_A, default=GUIDE.amperes): number("A", "any"),
    probatio.Required(c.CONF_RATIO_MV, default=GUIDE.millivolts): number("mV", "any"),
    probatio.Required(c.CONF_SIGNED, default=False): BooleanSelector(),
}
REGISTERS_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(c.CONF_FUNCTION, default="holding"): choice("register_function", ["holding", "input"]),
        probatio.Required(c.CONF_WORDS, default="high_first"): choice("register_words", ["high_first", "low_first"]),
        probatio.Required(c.CONF_ROWS): ObjectSelector(
            ObjectSelectorConfig(
                multiple=True,
                label_field="of",
                description_field="at",
                translation_key="register_row",
                fields={
                    "of": {"required": True, "selector": dropdown("register_quantity", QUANTITIES)},
                    "at": {"required": True, "selector": number()},
                    "type": {
                        "required": True,
                        "selector": dropdown("register_type", [kind.value for kind in NumberType]),
                    },
                    "scale": {"required": False, "selector": number(step="any")},
                },
            )
        ),
        **RATIO,
    }
)
NETWORK_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_HOST): TextSelector(),
        probatio.Required(CONF_PORT, default=502): number(),
        probatio.Required(c.CONF_UNIT_ID, default=1): number(),
    }
)
SERIAL_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(c.CONF_LINE): SerialPortSelector(),
        probatio.Required(c.CONF_BAUDRATE, default=9600): number("Bd"),
        probatio.Required(c.CONF_PARITY, default="none"): choice("parity", ["none", "even", "odd"]),
        probatio.Required(c.CONF_STOP_BITS, default="1"): choice("stop_bits", ["1", "2"]),
        probatio.Required(c.CONF_UNIT_ID, default=1): number(),
    }
)


class ModbusSteps(FlexSubentryFlow):
    """Ask for a Modbus meter and read it before it is kept."""

    _asked: dict[str, Any]
    _read: MeterReading

    async def async_step_modbus(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the kind of meter and of line."""
        tables = await self.hass.async_add_executor_job(load_tables)
        schema = probatio.Schema(
            {
                probatio.Required(c.CONF_TABLE): dropdown("register_table", [*tables, c.TABLE_OWN]),
                probatio.Required(c.CONF_LINK, default=c.LINK_TCP): choice("modbus_link", LINKS),
                probatio.Optional(SECTION_WIRING): WIRING,
            }
        )
        if user_input is None:
            drawn = {"drawing": pictured(MeterPort.RS485), "drawing_rs232": pictured(MeterPort.RS232)}
            return self.async_show_form(
                step_id=c.METER_MODBUS,
                data_schema=filled(self, schema, self._values),
                description_placeholders=drawn,
            )
        self._asked = {c.CONF_KIND: c.METER_MODBUS, **flatten(schema, user_input)}
        if self._asked[c.CONF_TABLE] == c.TABLE_OWN:
            return await self.async_step_registers()
        return await self._ask_line()

    async def async_step_registers(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the registers of a meter we do not know."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = out_of_range(user_input, RANGES)
            try:
                own_table(user_input[c.CONF_FUNCTION], user_input[c.CONF_WORDS], user_input[c.CONF_ROWS])
            except TableError as error:
                errors[c.CONF_ROWS] = f"registers_{error.key}"
            if not errors:
                self._asked |= user_input
                return await self._ask_line()
        shown = filled(self, REGISTERS_SCHEMA, user_input or self._values)
        return self.async_show_form(step_id="registers", data_schema=shown, errors=errors)

    async def async_step_modbus_network(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the address of the meter, or of the bridge before it."""
        if user_input is not None:
            user_input = {**user_input, CONF_HOST: user_input[CONF_HOST].strip()}
        return await self._link_form("modbus_network", NETWORK_SCHEMA, user_input)

    async def async_step_modbus_serial(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the serial line the meter is on."""
        if user_input is not None:
            user_input = {**user_input, c.CONF_LINE: await self._lasting(user_input[c.CONF_LINE])}
        return await self._link_form("modbus_serial", SERIAL_SCHEMA, user_input)

    async def async_step_modbus_seen(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what the meter says."""
        if user_input is not None:
            return self._save(await self._title(), self._asked, METER_ID)
        return self.async_show_form(
            step_id="modbus_seen", data_schema=probatio.Schema({}), description_placeholders=phase_table(self._read)
        )

    async def _lasting(self, line: str) -> str:
        """Return a line by the name it keeps wherever it is plugged."""
        line = line.strip()
        return line if "://" in line else await self.hass.async_add_executor_job(usb.get_serial_by_id, line)

    async def _ask_line(self) -> SubentryFlowResult:
        if self._asked[c.CONF_LINK] == c.LINK_SERIAL:
            return await self.async_step_modbus_serial()
        return await self.async_step_modbus_network()

    async def _link_form(
        self, step: str, schema: probatio.Schema, user_input: dict[str, Any] | None
    ) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = out_of_range(user_input, RANGES) or await self._try({**self._asked, **user_input})
            if not errors:
                return await self.async_step_modbus_seen()
        shown = filled(self, schema, user_input or {**await self._usual(), **self._values})
        return self.async_show_form(step_id=step, data_schema=shown, errors=placed(schema, errors))

    async def _try(self, data: dict[str, Any]) -> dict[str, str]:
        """Read the meter once; return what is wrong with it."""
        source = modbus_meter(data)
        table = await table_of(self.hass, source)
        try:
            reading = await try_meter(self.hass, source.link, source.unit_id, table, source.ratio)
        except ModbusFailure as error:
            return {"base": str(error.key)}
        self._asked, self._read = data, rewired(reading, source.wiring)
        return {}

    async def _usual(self) -> dict[str, Any]:
        """Return how the chosen kind of meter leaves its factory."""
        table = (await self.hass.async_add_executor_job(load_tables)).get(self._asked[c.CONF_TABLE])
        return {} if table is None else {c.CONF_BAUDRATE: table.baudrate, c.CONF_UNIT_ID: table.unit_id}

    async def _title(self) -> str:
        table = (await self.hass.async_add_executor_job(load_tables)).get(self._asked[c.CONF_TABLE])
        return "Modbus" if table is None else table.name
