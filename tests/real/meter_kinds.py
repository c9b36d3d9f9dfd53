"""One home with each kind of meter: how its owner sets it up, what it shows, how it is lost and comes back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from demo import flows
from demo.client import Client
from demo.flows import Answers
from demo.ports import HOST, any_free
from simulator.meter_wire import MeterWire, ObedientWire, PtyBridge
from simulator.modbus_maps import MAPS
from simulator.modbus_meter import ModbusMeter
from simulator.p1 import P1Kind, P1Wire, telegram
from simulator.tic_wire import FRAME_GAP_S, TicWire
from tests.core.meters.wire import even, frame, old_house
from tests.face.wire import Wire
from tests.real.booted import POWERS_W, VOLTS, add_home, house, serve

AMPERES = (5.0, -3.0, 2.0)
POWER = {"power": sum(POWERS_W)}
CURRENTS = {f"current_l{n}": amps for n, amps in enumerate(AMPERES, 1)}
VOLTAGES = {f"voltage_l{n}": volts for n, volts in enumerate(VOLTS, 1)}
COUNTERS = {"energy_import": 8765.0, "energy_export": 123.0}
WHOLE = POWER | CURRENTS | VOLTAGES | COUNTERS
SINGLE = {"power": POWERS_W[0], "current_l1": 5.0, "voltage_l1": 230.0} | COUNTERS
L2 = "| L2 | 231 | -3.00 | -693 |"
REPORT_S = 2.0
UPSTREAM_S = 5.0
STATION = "OWN-1"
SECRET = "a-station-of-its-own-32-characters"

type Turn = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One meter: its dialog, what the last page shows, what its entities say, how to lose and to mend it."""

    name: str
    entry_id: str
    steps: Sequence[Answers]
    draws: str
    looks: str
    says: Mapping[str, float]
    pull: Turn
    back: Turn
    repair: str | None
    last: Answers = field(default_factory=dict)


class Sensors:
    """Sensors of another integration: they report every other second, unless they are out of order."""

    def __init__(self, client: Client) -> None:
        """Report nothing yet."""
        self._client = client
        self._states: dict[str, tuple[str, str, str]] = {}
        self._broken: set[str] = set()

    async def add(self, name: str, value: float, unit: str, measures: str) -> str:
        """Add a sensor; return its entity id."""
        entity_id = f"sensor.{name}"
        self._states[entity_id] = (str(value), unit, measures)
        await self._report(entity_id)
        return entity_id

    async def lose(self, *entity_ids: str) -> None:
        """Let sensors become unavailable."""
        self._broken |= set(entity_ids)
        await asyncio.gather(*map(self._report, entity_ids))

    async def mend(self, *entity_ids: str) -> None:
        """Let sensors measure again."""
        self._broken -= set(entity_ids)
        await asyncio.gather(*map(self._report, entity_ids))

    async def run(self) -> None:
        """Report again and again."""
        while True:
            await asyncio.sleep(REPORT_S)
            await asyncio.gather(*map(self._report, list(self._states)))

    async def _report(self, entity_id: str) -> None:
        value, unit, measures = self._states[entity_id]
        state = "unavailable" if entity_id in self._broken else value
        attributes = {"unit_of_measurement": unit, "device_class": measures}
        await self._client.post(f"/api/states/{entity_id}", {"state": state, "attributes": attributes})


def line(kind: str, url: str) -> Sequence[Answers]:
    """Return the answers about a meter that speaks by itself, as far as the page that shows it."""
    return ({"next_step_id": kind}, {"line": url})


def modbus(table: str, link: str, where: Answers, **more: Any) -> Sequence[Answers]:
    """Return the answers about a meter that is asked."""
    return ({"next_step_id": "modbus"}, {"table": table, "link": link, **more}, where)


def at(meter: ModbusMeter) -> dict[str, Any]:
    """Return where a meter on the network is."""
    return {"host": HOST, "port": meter.port, "unit_id": 1}


def wired(meter: ModbusMeter) -> dict[str, Any]:
    """Return where a meter on a terminal is."""
    return {"line": meter.path, "baudrate": 9600, "parity": "none", "stop_bits": "1", "unit_id": 1}


async def all_kinds(open_: AsyncExitStack, client: Client) -> list[Kind]:
    """Open every line and say how each is set up."""
    sensors = Sensors(client)
    reporting = asyncio.create_task(sensors.run())
    open_.callback(reporting.cancel)
    return [
        *[await on_a_terminal(open_, client, n, table) for n, table in enumerate(sorted(MAPS), 21)],
        await transformers_on_registers(open_, client),
        await transformers(client, sensors),
        await power_sensors(client, sensors),
        await current_sensors(client, sensors),
        await obedient_linky(open_, client),
        await old_p1(open_, client),
        await own_station(open_, client),
    ]


async def on_a_terminal(open_: AsyncExitStack, client: Client, number: int, table: str) -> Kind:
    """Return one of the Modbus meters, on a serial line."""
    single = table == "eastron_sdm120"
    meter = ModbusMeter(house(1 if single else 3), table, serial=True)
    await meter.open()
    open_.push_async_callback(meter.close)

    async def hush() -> None:
        meter.speaks.clear()

    async def talk() -> None:
        meter.speaks.set()

    return Kind(
        name=table,
        entry_id=await add_home(client, number),
        steps=modbus(table, "serial", wired(meter)),
        draws="rs485",
        looks="| L1 | 230 | 5.00 | 1150 |" if single else L2,
        says=SINGLE if single else WHOLE,
        pull=hush,
        back=talk,
        repair="meter_silent_modbus",
    )


async def transformers_on_registers(open_: AsyncExitStack, client: Client) -> Kind:
    """Return transformers behind a Modbus input, over a bridge that passes bytes on: 5 A are 16.65 mV."""
    meter = ModbusMeter(house(3), "janitza_umg", serial=True)
    await meter.open()
    open_.push_async_callback(meter.close)
    rows = [{"of": f"transformer_{n}", "at": 19010 + 2 * n, "type": "float32", "scale": 3.33} for n in (1, 2, 3)]
    table = {"function": "holding", "words": "high_first", "rows": rows, "ratio_a": 100, "ratio_mv": 333}
    return Kind(
        name="transformers on registers",
        entry_id=await add_home(client, 31),
        steps=(
            {"next_step_id": "modbus"},
            {"table": "own", "link": "rtu_over_tcp"},
            {**table, "signed": False},
            at(meter),
        ),
        draws="rs485",
        looks="| L2 | ? | 3.00 | ? |",
        says={key: abs(amps) for key, amps in CURRENTS.items()},
        pull=meter.close,
        back=meter.open,
        repair="meter_silent_modbus",
    )


async def transformers(client: Client, sensors: Sensors) -> Kind:
    """Return transformers measured by sensors, two of them swapped, one the wrong way round."""
    named = [
        await sensors.add("ct_1", -9.99, "mV", "voltage"),
        await sensors.add("ct_2", -0.01665, "V", "voltage"),
        await sensors.add("ct_3", 6.66, "mV", "voltage"),
    ]
    answers = {f"transformer_{n}": entity_id for n, entity_id in enumerate(named, 1)}
    wiring = {"inverted": False, "phase_order": "213", "turned_phases": ["2"]}
    return Kind(
        name="transformers",
        entry_id=await add_home(client, 32),
        steps=(
            {"next_step_id": "transformers"},
            {**answers, "ratio_a": 100, "ratio_mv": 333, "signed": True, "wiring": wiring},
        ),
        draws="transformers",
        looks="| L2 | ? | -3.00 | -690 |",
        says=CURRENTS | {"power": 920.0},
        pull=lambda: sensors.lose(named[1]),
        back=lambda: sensors.mend(named[1]),
        repair="meter_silent_transformers",
    )


async def power_sensors(client: Client, sensors: Sensors) -> Kind:
    """Return a home that two sensors measure, what is drawn and what is fed in."""
    drawn = await sensors.add("drawn", 0.915, "kW", "power")
    fed_in = await sensors.add("fed_in", 0.0, "W", "power")
    return Kind(
        name="power sensors",
        entry_id=await add_home(client, 33),
        steps=(
            {"next_step_id": "entity"},
            {"entity_id": drawn, "fed_in_entity": fed_in, "inverted": False, "period_s": 5},
        ),
        draws="none",
        looks="915 W",
        says=POWER,
        pull=lambda: sensors.lose(drawn),
        back=lambda: sensors.mend(drawn),
        repair="meter_silent_entity",
    )


async def current_sensors(client: Client, sensors: Sensors) -> Kind:
    """Return a home whose phases have a sensor each for current and voltage, the other way round."""
    amps = [await sensors.add(f"amps_{n}", -1000 * a, "mA", "current") for n, a in enumerate(AMPERES, 1)]
    volts = [await sensors.add(f"volts_{n}", v, "V", "voltage") for n, v in enumerate(VOLTS, 1)]
    phases: dict[str, Any] = {f"current_{n}": e for n, e in enumerate(amps, 1)}
    phases |= {f"voltage_{n}": e for n, e in enumerate(volts, 1)}
    return Kind(
        name="current sensors",
        entry_id=await add_home(client, 34),
        steps=(
            {"next_step_id": "entity"},
            {"inverted": True, "period_s": 5, "phases": {**phases, "signed": True}},
        ),
        draws="none",
        looks=L2,
        says=POWER,
        pull=lambda: sensors.lose(volts[2]),
        back=lambda: sensors.mend(volts[2]),
        repair="meter_silent_entity",
    )


async def obedient_linky(open_: AsyncExitStack, client: Client) -> Kind:
    """Return a Linky in historic mode, behind a bridge that takes orders about its speed."""
    wire = ObedientWire(lambda: frame(*old_house()), 0, speed_bd=1200, gap_s=FRAME_GAP_S)
    await serve(open_, wire)

    async def mute() -> None:
        wire.silent = True

    async def speak() -> None:
        wire.silent = False

    return Kind(
        name="Linky over RFC 2217",
        entry_id=await add_home(client, 35, 1),
        steps=line("linky", f"rfc2217://{HOST}:{wire.port}"),
        draws="linky",
        looks="950 VA",
        says={"apparent_power": 950.0, "current_l1": 4.0},
        pull=mute,
        back=speak,
        repair="meter_silent_linky",
    )


async def old_p1(open_: AsyncExitStack, client: Client) -> Kind:
    """Return a P1 port of version 2 on a serial adapter, found at its speed, lost at a wrong one."""
    meter = house(3)
    wire = P1Wire(lambda: even(telegram(datetime.now(UTC), meter, P1Kind.V22)), 0, P1Kind.V22)
    await serve(open_, wire)
    adapter = PtyBridge(wire.port, speed_bd=9600)
    await adapter.open()
    open_.push_async_callback(adapter.close)

    async def turn(speed_bd: int) -> None:
        adapter.turn(speed_bd)

    return Kind(
        name="P1 version 2",
        entry_id=await add_home(client, 36),
        steps=line("p1", adapter.path),
        draws="p1",
        looks="920 W",
        says={"power": 920.0} | COUNTERS,
        pull=lambda: turn(2400),
        back=lambda: turn(9600),
        repair="meter_garbled_p1",
    )


class OwnStation:
    """A station that reads the home's meter and passes it on."""

    def __init__(self, url: str) -> None:
        """Dial nowhere yet."""
        self._url = url
        self._living: asyncio.Task[None] | None = None

    async def dial(self) -> None:
        """Dial in and speak, until it hangs up."""
        self._living = asyncio.create_task(self._live())

    async def hang_up(self) -> None:
        """Hang up."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.gather(self._living, return_exceptions=True)

    async def _live(self) -> None:
        headers = {"Authorization": aiohttp.encode_basic_auth(STATION, SECRET)}
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self._url}/{STATION}", protocols=("ocpp2.1",), headers=headers) as socket,
            asyncio.TaskGroup() as tasks,
        ):
            wire = Wire(socket, {"SetChargingProfile": {"status": "Accepted"}})
            tasks.create_task(wire.serve())
            station = {"model": "Own", "vendorName": "Nobody"}
            await wire.tell("BootNotification", reason="PowerUp", chargingStation=station)
            while True:
                values = [{"timestamp": datetime.now(UTC).isoformat(), "sampledValue": _upstream()}]
                await wire.tell("MeterValues", evseId=0, meterValue=values)
                await asyncio.sleep(UPSTREAM_S)


def _upstream() -> list[dict[str, Any]]:
    rows: list[tuple[str, str | None, float]] = [
        ("Energy.Active.Import.Register", None, 8_765_000.0),
        ("Energy.Active.Export.Register", None, 123_000.0),
    ]
    for n, (power_w, amps, volts) in enumerate(zip(POWERS_W, AMPERES, VOLTS, strict=True), 1):
        way = "Import" if power_w >= 0 else "Export"
        rows += [
            (f"Power.Active.{way}", f"L{n}", abs(power_w)),
            (f"Current.{way}", f"L{n}", abs(amps)),
            ("Voltage", f"L{n}-N", volts),
        ]
    return [
        {"value": value, "measurand": measurand, "location": "Upstream"} | ({"phase": phase} if phase else {})
        for measurand, phase, value in rows
    ]


async def own_station(open_: AsyncExitStack, client: Client) -> Kind:
    """Return a home whose station reads the meter."""
    (port,) = any_free(1)
    entry_id = await add_home(client, 37, port=port)
    answers = {"name": "Own", "identity": STATION, "phases": "3", "selector": "16", "access": "open"}
    await flows.add_part(
        client,
        entry_id,
        "station",
        {**answers, "security": {"security_profile": "1", "protocol": "any"}, "password": {"own_secret": SECRET}},
        {},
    )
    station = OwnStation(f"ws://{HOST}:{port}")
    await station.dial()
    open_.push_async_callback(station.hang_up)
    return Kind(
        name="a station's own",
        entry_id=entry_id,
        steps=({"next_step_id": "station"},),
        draws="linky",
        looks="1-2",
        says=WHOLE,
        pull=station.hang_up,
        back=station.dial,
        repair=None,
        last={"station": STATION, "where": "upstream", "period_s": 10},
    )


async def speaking(open_: AsyncExitStack, says: bytes, *, silent: bool = False) -> str:
    """Return the address of a line that says something, or nothing."""
    wire = MeterWire(lambda: says, 0, bytes_per_s=5_000.0, gap_s=0.1)
    wire.silent = silent
    await serve(open_, wire)
    return f"socket://{HOST}:{wire.port}"


async def linky_line(open_: AsyncExitStack) -> str:
    """Return the address of a Linky."""
    linky = house(1)
    wire = TicWire(lambda: linky.frame(datetime.now(UTC)), 0)
    await serve(open_, wire)
    return f"socket://{HOST}:{wire.port}"
