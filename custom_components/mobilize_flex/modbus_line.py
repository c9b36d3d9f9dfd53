"""The Modbus link to a meter, shared with whoever else in Home Assistant uses it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.importlib import async_import_module
from modbus_connection import (
    GatewayPathUnavailableError,
    GatewayTargetError,
    ModbusConnectionError,
    ModbusError,
    ModbusExceptionError,
    ModbusSerialParams,
    ModbusTcpParams,
    ModbusTimeoutError,
    ModbusUnit,
)

from .configuration import ModbusLink
from .core.meters.registers import Block, RegisterTable, blocks, read
from .core.model.electric import MeterReading
from .core.model.wiring import TransformerRatio
from .shell.line_port import LineFault, fault_of

TIMEOUT_S: Final = 1.0
ANSWER_S: Final = 5.0
"""How long one read may take in all: a meter that says it is busy would be asked for a minute."""
TRANSPARENT_BD: Final = 115200  # what Home Assistant takes a serial line behind a network bridge to be
PLAUSIBLE_V: Final = (80.0, 300.0)


class ModbusFault(StrEnum):
    """Name what is wrong with a Modbus meter, in the words a form has sentences for."""

    CANNOT_CONNECT = "modbus_cannot_connect"
    NOT_FOUND = "modbus_not_found"
    PERMISSION_DENIED = "modbus_permission_denied"
    BUSY = "modbus_busy"
    NO_ANSWER = "modbus_no_answer"
    GARBLED = "modbus_garbled"
    REFUSED = "modbus_refused"
    CONFLICT = "modbus_conflict"
    IMPLAUSIBLE = "modbus_implausible"


_UNOPENED: Final = {
    LineFault.NOT_FOUND: ModbusFault.NOT_FOUND,
    LineFault.PERMISSION_DENIED: ModbusFault.PERMISSION_DENIED,
    LineFault.BUSY: ModbusFault.BUSY,
}


class ModbusFailure(Exception):
    """Say that a meter cannot be read; ``key`` is for people, ``detail`` for the log."""

    def __init__(self, key: ModbusFault, detail: str = "") -> None:
        super().__init__(f"{key}: {detail}" if detail else str(key))
        self.key = key
        self.detail = detail


def _fault(err: Exception) -> ModbusFault:
    match err:
        case GatewayPathUnavailableError() | GatewayTargetError() | ModbusTimeoutError() | TimeoutError():
            return ModbusFault.NO_ANSWER
        case ModbusExceptionError():
            return ModbusFault.REFUSED
        case ModbusConnectionError() | OSError() | ValueError():
            return _unopened(err)
        case _:
            return ModbusFault.GARBLED


def _unopened(err: BaseException) -> ModbusFault:
    """Return why a line does not open, from whatever the library wrapped."""
    known = _UNOPENED.get(fault_of(err))
    if known is not None:
        return known
    return ModbusFault.CANNOT_CONNECT if err.__cause__ is None else _unopened(err.__cause__)


def _params(link: ModbusLink) -> ModbusTcpParams | ModbusSerialParams:
    if not link.serial:
        return ModbusTcpParams(host=link.host, port=link.port)
    if link.device:
        return ModbusSerialParams(
            device=link.device, baudrate=link.baudrate, parity=link.parity, stopbits=link.stop_bits
        )
    host = f"[{link.host}]" if ":" in link.host else link.host
    return ModbusSerialParams(device=f"socket://{host}:{link.port}", baudrate=TRANSPARENT_BD)


@asynccontextmanager
async def opened(hass: HomeAssistant, link: ModbusLink, unit_id: int) -> AsyncIterator[ModbusUnit]:
    """Hold a unit on Home Assistant's shared link for as long as the block lasts.

    Not for as long as the entry is loaded: the owner may move the meter to another line meanwhile.

    Raises:
        ModbusFailure: the line is in use with other settings.
    """
    shared = await async_import_module(hass, "homeassistant.components.modbus")  # not for homes without Modbus
    try:
        async with shared.async_get_temporary_unit(hass, _params(link), unit_id) as unit:
            unit.require_timeout(TIMEOUT_S)  # never withdrawn: that would cut the link under whoever shares it
            yield unit
    except HomeAssistantError as err:
        raise ModbusFailure(ModbusFault.CONFLICT, str(err)) from err


class RegisterReader:
    """Read a meter's registers, round by round.

    A meter that refuses a long read gets short ones; one that refuses a counter is not asked for it again.
    """

    def __init__(self, unit: ModbusUnit, table: RegisterTable, ratio: TransformerRatio) -> None:
        """Read nothing yet."""
        self._table = table
        self._ratio = ratio
        self._ask: Callable[[int, int], Awaitable[list[int]]] = (
            unit.read_holding_registers if table.holding else unit.read_input_registers
        )
        self._plan = blocks(table)
        self._words: dict[int, int] = {}

    async def read(self, *, counters: bool) -> MeterReading:
        """Read what changes all the time, and the counters if wanted; return all that is known.

        Raises:
            ModbusFailure: the meter does not say.
        """
        for block in self._plan:
            if counters or not block.counters:
                await self._fetch(block)
        return read(self._table, self._words, self._ratio)

    async def _fetch(self, block: Block) -> None:
        """Read a block; one that is refused in halves, down to single numbers."""
        try:
            await self._take(block)
        except ModbusFailure as err:
            if err.key is not ModbusFault.REFUSED:
                raise
            halves = () if block.counters else self._halves(block)
            if len(halves) == 1:
                raise
            at = self._plan.index(block)
            self._plan = (*self._plan[:at], *halves, *self._plan[at + 1 :])
            for half in halves:
                await self._fetch(half)

    def _halves(self, block: Block) -> tuple[Block, ...]:
        inside = tuple(r for r in self._table.registers if block.at <= r.at < block.at + block.count)
        return blocks(replace(self._table, registers=inside), block.count // 2)

    async def _take(self, block: Block) -> None:
        """Read a block; what comes damaged is asked for once more."""
        try:
            words = await self._answer(block)
        except ModbusFailure as err:
            if err.key is not ModbusFault.GARBLED:
                raise
            words = await self._answer(block)
        self._words.update(enumerate(words, block.at))

    async def _answer(self, block: Block) -> list[int]:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._ask(block.at, block.count)
        except (ModbusError, OSError, ValueError) as err:
            raise ModbusFailure(_fault(err), str(err)) from err


async def try_meter(
    hass: HomeAssistant, link: ModbusLink, unit_id: int, table: RegisterTable, ratio: TransformerRatio
) -> MeterReading:
    """Return a first reading.

    Raises:
        ModbusFailure: there is none, or it is not what a house meter says.
    """
    async with opened(hass, link, unit_id) as unit:
        reading = await RegisterReader(unit, table, ratio).read(counters=True)
    volts = [v for v in reading.voltage_v if v is not None]
    measured = [v for v in (reading.power_w, *reading.phase_power_w, *reading.current_a) if v is not None]
    if not measured or (volts and not any(PLAUSIBLE_V[0] <= v <= PLAUSIBLE_V[1] for v in volts)):
        raise ModbusFailure(ModbusFault.IMPLAUSIBLE)
    return reading
