"""A Modbus meter at the house's door, served by pymodbus."""

import asyncio
import struct
from typing import cast

from pymodbus import FramerType
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from simulator.linky import Linky
from simulator.meter_wire import LOOPBACK, PtyBridge
from simulator.modbus_maps import MAPS, MeterMap

WORD_BYTES = 2


def measured(meter: Linky) -> dict[str, list[float]]:
    """Tell what a meter in this place measures."""
    return {
        "voltage": list(meter.phase_v),
        "current": [abs(power_w) / volts for power_w, volts in zip(meter.phase_w, meter.phase_v, strict=True)],
        "phase_power": list(meter.phase_w),
        "power": [meter.grid_w],
        "import": [meter.import_wh],
        "export": [meter.export_wh],
    }


def packed(value: float, kind: str, per_unit: float, *, low_first: bool) -> list[int]:
    """Write a number into registers."""
    scaled = value * per_unit
    raw = struct.pack(f">{kind}", scaled if kind in "fd" else round(scaled))
    words = list(struct.unpack(f">{len(raw) // WORD_BYTES}H", raw))
    return words[::-1] if low_first else words


def registers(table: MeterMap, meter: Linky) -> dict[int, list[int]]:
    """Tell what each value's registers hold, by its first address; a phase that is missing reads as zero."""
    values = measured(meter)
    held = {}
    for quantity, addresses, kind, per_unit in table.rows:
        for n, address in enumerate(addresses):
            value = values[quantity][n] if n < len(values[quantity]) else 0.0
            held[address] = packed(value, kind, per_unit, low_first=table.low_first)
    return held


class ModbusMeter:
    """One meter on a TCP port: Modbus TCP, or RTU as behind a bridge, then on a pseudo terminal too."""

    def __init__(self, meter: Linky, kind: str, port: int = 0, *, unit_id: int = 1, serial: bool = False) -> None:
        """Play a kind of meter; port 0 takes any free one."""
        self.port = port
        self.path: str | None = None
        self.reads: list[tuple[int, int]] = []
        self.speaks = asyncio.Event()
        self.speaks.set()
        self.busy = False
        self._meter = meter
        self._map = MAPS[kind]
        self._unit_id = unit_id
        self._framer = FramerType.RTU if serial else FramerType.SOCKET
        self._server: ModbusTcpServer | None = None
        self._pty: PtyBridge | None = None

    async def open(self) -> None:
        """Serve."""
        data = [SimData(at, count=len(run), values=0, datatype=DataType.REGISTERS) for at, run in self._runs()]
        device = SimDevice(self._unit_id, data, action=self._answer)
        self._server = ModbusTcpServer(
            device, framer=self._framer, address=(LOOPBACK, self.port), ignore_missing_devices=True
        )
        await self._server.serve_forever(background=True)
        listening = cast(asyncio.Server, self._server.transport)
        self.port = listening.sockets[0].getsockname()[1]
        if self._framer is FramerType.RTU:
            self._pty = PtyBridge(self.port)
            await self._pty.open()
            self.path = self._pty.path

    async def close(self) -> None:
        """Hang up."""
        if not self.speaks.is_set():
            self.speaks.set()
            await asyncio.sleep(0)  # those who wait for an answer get it
        if self._pty is not None:
            await self._pty.close()
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]

    def _runs(self) -> list[tuple[int, list[int]]]:
        """Return the stretches of addresses that exist."""
        there = {at + n for at, words in registers(self._map, self._meter).items() for n in range(len(words))}
        there |= {at for begin, end in self._map.filled for at in range(begin, end + 1)}
        runs: list[tuple[int, list[int]]] = []
        for address in sorted(there):
            if runs and address == runs[-1][1][-1] + 1:
                runs[-1][1].append(address)
            else:
                runs.append((address, [address]))
        return runs

    async def _answer(
        self, function: int, begin: int, address: int, count: int, held: list[int], _: list[int] | list[bool] | None
    ) -> ExcCodes | None:
        """Refuse what the real one refuses, and put fresh values under the rest."""
        self.reads.append((address, count))
        await self.speaks.wait()
        if self.busy:
            return ExcCodes.DEVICE_BUSY
        if function not in self._map.functions:
            return ExcCodes.ILLEGAL_FUNCTION
        fresh = registers(self._map, self._meter)
        inside = {at + n for at, words in fresh.items() for n in range(1, len(words))}
        if address in inside or address + count in inside or count > self._map.longest:
            return ExcCodes.ILLEGAL_ADDRESS
        for at, words in fresh.items():
            if begin <= at and at + len(words) <= begin + len(held):
                held[at - begin : at - begin + len(words)] = words
        return None
