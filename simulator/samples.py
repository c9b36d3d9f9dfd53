"""The meter values a station puts into its messages."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
import random
import struct

from simulator.payload import Payload, without_nothing
from simulator.profiles import Setting
from simulator.quirks import Quirks
from simulator.station import Evse

PHASES = ("L1-N", "L2-N", "L3-N")
FROM_THE_CAR = ("SoC", "Display.", "EnergyRequest.")


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at when values are taken."""

    evse: Evse
    setting: Setting | None
    quirks: Quirks

    @property
    def tells_soc(self) -> bool:
        """Tell whether a car is there that tells about itself."""
        vehicle = self.evse.vehicle
        return self.evse.plugged and vehicle.speaks_iso and vehicle.settings.tells_soc


type Value = tuple[float, str | None]


def meter_value(now_text: str, look: Look, measurands: Iterable[str], context: str) -> list[Payload] | None:
    """Take the values asked for, as the list a message carries; None when there are none."""
    sampled = [value for name in measurands for value in _take(look, name, context)]
    return [{"timestamp": now_text, "sampledValue": sampled}] if sampled else None


def _take(look: Look, measurand: str, context: str) -> Iterator[Payload]:
    reader, unit = READERS.get(measurand, (None, ""))
    if reader is None or (measurand.startswith(FROM_THE_CAR) and not look.tells_soc):
        return
    location = "EV" if measurand.startswith(FROM_THE_CAR) else "Outlet"
    for value, phase in reader(look):
        scaled, written = (value / 1_000, "kWh") if unit == "Wh" and look.quirks.energy_in_kwh else (value, unit)
        yield without_nothing(
            value=_noisy(scaled) if look.quirks.float_noise else round(scaled, 3 if written == "kWh" else 1),
            measurand=measurand,
            context=context,
            phase=phase,
            location=location,
            unitOfMeasure={"unit": written} if written else None,
        )


def _noisy(value: float) -> float:
    """Write a number as firmware with 32-bit floats does."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


def _import(look: Look) -> list[Value]:
    power_w = look.evse.power_w
    return [(power_w if look.quirks.export_as_negative_import else max(0.0, power_w), None)]


def _export(look: Look) -> list[Value]:
    return [(0.0 if look.quirks.export_as_negative_import else max(0.0, -look.evse.power_w), None)]


def _setpoint(look: Look) -> list[Value]:
    setpoint_w = None if look.setting is None else look.setting.setpoint_w
    return [] if setpoint_w is None else [(setpoint_w, None)]


def _residual(look: Look) -> list[Value]:
    return [(look.evse.power_w - setpoint_w, None) for setpoint_w, _ in _setpoint(look)]


def _import_register(look: Look) -> list[Value]:
    return [(look.evse.import_wh, None)]


def _export_register(look: Look) -> list[Value]:
    return [(look.evse.export_wh, None)]


def _voltage(look: Look) -> list[Value]:
    return list(zip(look.evse.voltages_v, PHASES, strict=False))


def _current(sign: int) -> Callable[[Look], list[Value]]:
    def read(look: Look) -> list[Value]:
        return [(max(0.0, sign * amps), phase) for amps, phase in zip(look.evse.phase_a, PHASES, strict=False)]

    return read


def _offered(look: Look) -> list[Value]:
    setting = look.setting
    limit_w = 0.0 if setting is None else min(setting.limit_w, look.evse.max_charge_w)
    return [(limit_w / (230.0 * look.evse.phases_used), None)]


def _frequency(look: Look) -> list[Value]:
    return [(50.0, None)]


def _soc(look: Look) -> list[Value]:
    return [(random.uniform(30, 90) if look.quirks.soc_jumps else look.evse.vehicle.soc_pct, None)]


def _of_car(name: str) -> Callable[[Look], list[Value]]:
    def read(look: Look) -> list[Value]:
        return [(float(getattr(look.evse.vehicle.needs(), name)), None)]

    return read


READERS: dict[str, tuple[Callable[[Look], list[Value]], str]] = {
    "Power.Active.Import": (_import, "W"),
    "Power.Active.Export": (_export, "W"),
    "Power.Active.Setpoint": (_setpoint, "W"),
    "Power.Active.Residual": (_residual, "W"),
    "Energy.Active.Import.Register": (_import_register, "Wh"),
    "Energy.Active.Export.Register": (_export_register, "Wh"),
    "Voltage": (_voltage, "V"),
    "Current.Import": (_current(1), "A"),
    "Current.Export": (_current(-1), "A"),
    "Current.Offered": (_offered, "A"),
    "Frequency": (_frequency, "Hz"),
    "SoC": (_soc, "Percent"),
    "Display.PresentSOC": (_soc, "Percent"),
    "Display.TargetSOC": (_of_car("target_soc_pct"), "Percent"),
    "EnergyRequest.Target": (_of_car("target_energy_wh"), "Wh"),
    "EnergyRequest.Minimum": (_of_car("min_energy_wh"), "Wh"),
    "EnergyRequest.Maximum": (_of_car("max_energy_wh"), "Wh"),
    "EnergyRequest.Minimum.V2X": (_of_car("min_v2x_energy_wh"), "Wh"),
    "EnergyRequest.Maximum.V2X": (_of_car("max_v2x_energy_wh"), "Wh"),
}
