"""A meter's first reading, as the set-up forms show it before anything is kept, and what puts its phases in place."""

from typing import Final

import probatio

from . import const as c
from .core.model.electric import MeterReading
from .flow_form import dropdown

METER_ID: Final = "meter:house"
UNKNOWN: Final = "?"
SECTION_WIRING: Final = "wiring"
AS_IT_IS: Final = "123"
ORDERS: Final = [AS_IT_IS, "132", "213", "231", "312", "321"]
PLACES: Final = {
    probatio.Required(c.CONF_ORDER, default=AS_IT_IS): dropdown("phase_order", ORDERS),
    probatio.Required(c.CONF_TURNED, default=list): dropdown("turned_phases", ["1", "2", "3"], multiple=True),
}


def first_look(reading: MeterReading) -> dict[str, str]:
    """Return a Linky's reading in words; the serial number is personal, its end is enough to know it again."""
    drawn, injected = reading.apparent_va, reading.injected_va or 0
    volts = next((v for v in reading.voltage_v if v is not None), None)
    return {
        "power": _written(None if drawn is None else drawn - injected),
        "voltage": _written(volts),
        "serial": serial_end(reading),
    }


def serial_end(reading: MeterReading) -> str:
    """Return the end of a serial number."""
    return f"…{reading.serial[-4:]}" if reading.serial else UNKNOWN


def phase_table(reading: MeterReading) -> dict[str, str]:
    """Return the whole power, and a table of the phases the meter has."""
    rows = [
        f"| L{n} | {_written(volts)} | {_written(amps, 2)} | {_written(power)} |"
        for n, (volts, amps, power) in enumerate(
            zip(reading.voltage_v, reading.current_a, reading.phase_power_w, strict=True), 1
        )
        if (volts, amps, power) != (None, None, None)
    ]
    head = ["|  | V | A | W |", "|---|---:|---:|---:|"] if rows else []
    return {"power": _written(reading.power_w), "phases": "\n".join([*head, *rows])}


def _written(value: float | None, digits: int = 0) -> str:
    return UNKNOWN if value is None else f"{value + 0.0:.{digits}f}"
