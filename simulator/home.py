"""The whole simulated home: house, car, station, meter on one clock."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
import logging

from simulator.clock import Clock, RealClock
from simulator.library import SchemaCheck
from simulator.linky import Linky, LinkySettings
from simulator.modbus_meter import ModbusMeter
from simulator.ocpp_station import OcppStation, StationSettings
from simulator.ocpp_wire import OcppWire
from simulator.p1 import P1Kind, P1Wire, telegram
from simulator.quirks import Quirks
from simulator.station import Evse, EvseSettings
from simulator.tic_wire import TicWire
from simulator.vehicle import Vehicle, VehicleSettings
from simulator.world import World, WorldSettings

_LOGGER = logging.getLogger(__name__)

REAL_STEP_S = 0.25


@dataclass(frozen=True, slots=True)
class HomeSettings:
    """What is fixed about one home; without an `ocpp_url` and ports it opens no socket."""

    station: StationSettings = field(default_factory=StationSettings)
    evse: EvseSettings = field(default_factory=EvseSettings)
    vehicle: VehicleSettings = field(default_factory=VehicleSettings)
    world: WorldSettings = field(default_factory=WorldSettings)
    linky: LinkySettings = field(default_factory=LinkySettings)
    quirks: Quirks = field(default_factory=Quirks)
    ocpp_url: str | None = None
    tic_port: int | None = None
    p1_port: int | None = None
    p1_kind: P1Kind = P1Kind.V50
    modbus_port: int | None = None
    modbus_kind: str = "siemens_pac2200"
    modbus_serial: bool = False
    plugged: bool = False
    check_every: int = 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything worth watching, at one moment; signs as everywhere: into the car, from the grid."""

    at: datetime
    soc_pct: float
    power_w: float
    import_wh: float
    export_wh: float
    plugged: bool
    asleep: bool
    state: str
    availability: str
    light: str
    mode: str
    layer: str
    setpoint_w: float | None
    limit_w: float | None
    v2x_agreed: bool
    online: bool
    protocol: str
    transaction_id: str | None
    house_w: float
    sun_w: float
    grid_w: float
    meter_import_wh: float
    meter_export_wh: float
    strain: float
    cut: bool
    undelivered: int
    firmware: str
    security_profile: int


class SimulatedHome:
    """One home. `start` gives it sockets and a life of its own; `step` lets time pass by hand."""

    def __init__(self, settings: HomeSettings, clock: Clock | None = None) -> None:
        """Build the home; nothing moves yet."""
        self.settings = settings
        self.clock: Clock = clock or RealClock()
        self.vehicle = Vehicle(settings.vehicle)
        self.evse = Evse(settings.evse, self.vehicle)
        self.world = World(settings.world)
        self.linky = Linky(settings.linky)
        check = SchemaCheck(settings.check_every)
        self.station = OcppStation(settings.station, self.evse, self.clock, settings.quirks, check)
        if isinstance(self.clock, RealClock):  # a controller answers in real time, however fast ours runs
            self.station.conversation.timeout_s *= max(1.0, self.clock.speed)
        self.tic_wire: TicWire | None = None
        self.p1_wire: P1Wire | None = None
        self.modbus_meter: ModbusMeter | None = None
        self.ocpp_wire: OcppWire | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._dark = False
        if settings.plugged:
            self.plug_in()

    # -- what people do -------------------------------------------------------------------------

    def plug_in(self) -> None:
        """Put the cable into the car."""
        self.station.plug_in()
        self._nudge()

    def unplug(self) -> None:
        """Take the cable out, as one may at any moment here."""
        self.station.unplug()
        self._nudge()

    def press_instant_charge(self) -> None:
        """Press the button in the car's flap."""
        self.station.press_instant_charge()
        self._nudge()

    def present_token(self, token: str) -> None:
        """Hold a badge to the station."""
        self.station.present_token(token)
        self._nudge()

    def kill_link(self) -> None:
        """Break the line to the controller without a word, and keep it broken."""
        if self.ocpp_wire is not None:
            self.ocpp_wire.kill()
        self.station.link_down()

    def restore_link(self) -> None:
        """Let the line to the controller work again."""
        if self.ocpp_wire is not None:
            self.ocpp_wire.restore()

    def reboot(self) -> None:
        """Switch the station off and on."""
        self.station.reboot()
        self._nudge()

    def fault(self, present: bool = True) -> None:
        """Let the station find a fault, or be well again."""
        self.station.fault(present)
        self._nudge()

    def drop_link(self) -> None:
        """Break the line without a word; the station dials again by itself."""
        if self.ocpp_wire is not None:
            self.ocpp_wire.drop()

    def half_open(self) -> None:
        """Stop reading and writing on the line without closing it; `restore_link` ends that."""
        if self.ocpp_wire is not None:
            self.ocpp_wire.fall_silent()

    def ask_for_certificate(self) -> None:
        """Let the station ask for a certificate of its own."""
        self.station.certificates.ask_to_sign()
        self._nudge()

    def lock_failure(self, present: bool = True) -> None:
        """Let the lock of the cable fail, or work again."""
        self.station.stick_lock(present)
        self._nudge()

    def security_event(self, kind: str) -> None:
        """Let the station tell an event of its security."""
        self.station.standing.tell_security(kind)
        self._nudge()

    def close_breaker(self) -> None:
        """Press the Linky's button after a cut."""
        self.linky.breaker.close()

    # -- time -----------------------------------------------------------------------------------

    def step(self, dt_s: float) -> None:
        """Let `dt_s` seconds pass that end at the clock's present."""
        now = self.clock.now()
        self.evse.step(dt_s, self.station.session.offer())
        self._follow_breaker()
        count = self.settings.world.phases
        grid_w = (0.0,) * count if self._dark else self.world.per_phase_w(now, self.evse.phase_w)
        volts = self.world.voltages_v(grid_w)
        self.linky.step(dt_s, now, grid_w, volts)
        self.evse.voltages_v = tuple(volts[n % count] for n in range(self.evse.settings.phases))
        self.station.tick()

    def tic_frame(self) -> bytes:
        """Write what the Linky says at this moment."""
        return self.linky.frame(self.clock.now())

    def p1_telegram(self) -> bytes:
        """Write what a P1 port in the Linky's place would say at this moment."""
        return telegram(self.clock.now(), self.linky, self.settings.p1_kind)

    def snapshot(self) -> Snapshot:
        """Look at everything."""
        station, session, now = self.station, self.station.session, self.clock.now()
        setting, running = session.setting(), session.transaction
        return Snapshot(
            at=now,
            soc_pct=self.vehicle.soc_pct,
            power_w=self.evse.power_w,
            import_wh=self.evse.import_wh,
            export_wh=self.evse.export_wh,
            plugged=self.evse.plugged,
            asleep=self.vehicle.asleep,
            state="" if running is None else running.state,
            availability=station.availability,
            light=station.light.words,
            mode="" if setting is None else setting.mode,
            layer="" if setting is None else setting.layer,
            setpoint_w=None if setting is None else setting.setpoint_w,
            limit_w=None if setting is None else min(setting.limit_w, self.evse.max_charge_w),
            v2x_agreed=session.v2x_agreed,
            online=station.online,
            protocol=f"ocpp{station.version}" if station.link else "",
            transaction_id=None if running is None else running.id,
            house_w=0.0 if self._dark else self.world.house_w(now),
            sun_w=0.0 if self._dark else self.world.sun_w(now),
            grid_w=self.linky.grid_w,
            meter_import_wh=self.linky.import_wh,
            meter_export_wh=self.linky.export_wh,
            strain=self.linky.breaker.strain,
            cut=self.linky.cut,
            undelivered=station.conversation.undelivered,
            firmware=station.firmware.version,
            security_profile=station.network.security_profile,
        )

    # -- life with sockets ----------------------------------------------------------------------

    async def start(self) -> None:
        """Open the wires and let time run."""
        if self.settings.tic_port is not None:
            self.tic_wire = TicWire(self.tic_frame, self.settings.tic_port)
            await self.tic_wire.open()
            self._begin(self.tic_wire.run())
        if self.settings.p1_port is not None:
            self.p1_wire = P1Wire(self.p1_telegram, self.settings.p1_port, self.settings.p1_kind)
            await self.p1_wire.open()
            self._begin(self.p1_wire.run())
        if self.settings.modbus_port is not None:
            kind, serial = self.settings.modbus_kind, self.settings.modbus_serial
            self.modbus_meter = ModbusMeter(self.linky, kind, self.settings.modbus_port, serial=serial)
            await self.modbus_meter.open()
        if self.settings.ocpp_url is not None:
            self.station.network.set_factory(self.settings.ocpp_url)
            self.ocpp_wire = OcppWire(self.station, self.clock)
            self._begin(self.ocpp_wire.run())
        self._begin(self._live())

    async def stop(self) -> None:
        """Close everything; raise what went wrong inside meanwhile."""
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for wire in (self.tic_wire, self.p1_wire, self.modbus_meter):
            if wire is not None:
                await wire.close()
        self.station.link_down()
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    def _begin(self, life: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(life)
        task.add_done_callback(_say_why)
        self._tasks.append(task)

    async def _live(self) -> None:
        last_s = self.clock.monotonic_s()
        while True:
            await asyncio.sleep(REAL_STEP_S)
            now_s = self.clock.monotonic_s()
            self.step(now_s - last_s)
            last_s = now_s
            self._nudge()

    def _nudge(self) -> None:
        if self.ocpp_wire is not None:
            self.ocpp_wire.nudge()

    def _follow_breaker(self) -> None:
        if self.linky.cut and not self._dark:
            self._dark = True
            self.station.lose_power()
        elif self._dark and not self.linky.cut:
            self._dark = False
            self.station.power_on()


def _say_why(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _LOGGER.error("a part of the simulated home fell over", exc_info=task.exception())
