"""The P1 port of a Dutch or Belgian smart meter at the house's door."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum

from simulator.linky import Linky
from simulator.meter_wire import MeterWire
from simulator.world import HOME_ZONE

PERIODS_S = {"2.2": 10.0, "4.2": 10.0, "5.0": 1.0, "fluvius": 1.0}
FAST_BYTES_PER_S = 11_520.0
SLOW_BYTES_PER_S = 960.0
GAP_S = 0.01
SERIAL = b"E0047000012345616".hex().upper()


class P1Kind(StrEnum):
    """The versions of the port that are played."""

    V22 = "2.2"
    V42 = "4.2"
    V50 = "5.0"
    FLUVIUS = "fluvius"


def checksum(text: bytes) -> bytes:
    """Sum a telegram up, slash through exclamation mark."""
    crc = 0
    for byte in text:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc % 2 else crc >> 1
    return b"%04X" % crc


def wrap(identity: str, lines: Sequence[str], *, summed: bool = True) -> bytes:
    """Put lines between head and foot."""
    text = "".join(f"{line}\r\n" for line in (f"/{identity}", "", *lines)).encode() + b"!"
    return text + (checksum(text) if summed else b"") + b"\r\n"


def stamp(now: datetime) -> str:
    """Write a moment as the meter does: local time, S in summer and W in winter."""
    local = now.astimezone(HOME_ZONE)
    return f"{local:%y%m%d%H%M%S}{'S' if local.dst() else 'W'}"


def telegram(now: datetime, meter: Linky, kind: P1Kind) -> bytes:
    """Write everything a meter in this place would tell at this moment."""
    if kind is P1Kind.V22:
        return wrap("ISk5\\2ME382-1003", [*_energy(meter, 3), *_power(meter, 2), "0-0:96.3.10(1)"], summed=False)
    head = {
        P1Kind.V42: ["1-3:0.2.8(42)"],
        P1Kind.V50: ["1-3:0.2.8(50)"],
        P1Kind.FLUVIUS: ["0-0:96.1.4(50217)", "1-0:1.4.0(02.351*kW)", f"1-0:1.6.0({stamp(now)})(02.589*kW)"],
    }[kind]
    lines = [*head, f"0-0:1.0.0({stamp(now)})", f"0-0:96.1.1({SERIAL})", *_energy(meter, 3), "0-0:96.14.0(0002)"]
    return wrap("Ene5\\XS210 SIM", [*lines, *_power(meter, 3), *_phases(meter, kind)])


def _energy(meter: Linky, digits: int) -> list[str]:
    drawn, fed_in = meter.import_wh / 1_000, meter.export_wh / 1_000
    return [
        f"1-0:1.8.1({drawn:010.{digits}f}*kWh)",
        f"1-0:1.8.2({0:010.{digits}f}*kWh)",
        f"1-0:2.8.1({fed_in:010.{digits}f}*kWh)",
        f"1-0:2.8.2({0:010.{digits}f}*kWh)",
    ]


def _power(meter: Linky, digits: int) -> list[str]:
    grid_w = meter.grid_w
    return [
        f"1-0:1.7.0({max(0.0, grid_w) / 1_000:06.{digits}f}*kW)",
        f"1-0:2.7.0({max(0.0, -grid_w) / 1_000:06.{digits}f}*kW)",
    ]


def _phases(meter: Linky, kind: P1Kind) -> list[str]:
    lines = []
    for group, power_w, volts in zip((20, 40, 60), meter.phase_w, meter.phase_v, strict=False):
        amps = abs(power_w) / volts
        lines += [
            f"1-0:{group + 1}.7.0({max(0.0, power_w) / 1_000:06.3f}*kW)",
            f"1-0:{group + 2}.7.0({max(0.0, -power_w) / 1_000:06.3f}*kW)",
            f"1-0:{group + 11}.7.0({amps:06.2f}*A)"
            if kind is P1Kind.FLUVIUS
            else f"1-0:{group + 11}.7.0({amps:03.0f}*A)",
        ]
        if kind is not P1Kind.V42:
            lines.append(f"1-0:{group + 12}.7.0({volts:05.1f}*V)")
    return lines


class P1Wire(MeterWire):
    """A serial port server that repeats the telegrams."""

    def __init__(self, frame: Callable[[], bytes], port: int, kind: P1Kind = P1Kind.V50) -> None:
        """Serve `frame` on 127.0.0.1 at the pace of the version; port 0 takes any free one."""
        pace = SLOW_BYTES_PER_S if kind is P1Kind.V22 else FAST_BYTES_PER_S
        super().__init__(frame, port, bytes_per_s=pace, gap_s=GAP_S, period_s=PERIODS_S[kind])
