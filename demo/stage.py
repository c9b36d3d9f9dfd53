"""The whole demo, from an empty folder to a car on its cable, and back."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
import secrets
import tempfile
from types import TracebackType
from typing import Any, Final, Self

from demo import site
from demo.client import Client
from demo.face import Face
from demo.folder import Notes, furnish
from demo.hass import Hass
from demo.house import HOUSE_ENTITY, HOUSE_W
from demo.login import OWNER, long_lived_token, sign_up
from demo.options import Options
from demo.ports import HOST, choose
from demo.prices import departure
from demo.waiting import until
from simulator.clock import Clock, RealClock
from simulator.home import HomeSettings, SimulatedHome
from simulator.linky import LinkySettings
from simulator.ocpp_station import StationSettings
from simulator.station import EvseSettings
from simulator.vehicle import VehicleSettings
from simulator.world import WorldSettings

SIMULATED: Final = "SIM-001"
USUAL_PORT: Final = 8123
USUAL_OCPP_PORT: Final = 9000
CONNECT_S: Final = 60.0

type Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ready:
    """What somebody outside needs to take part."""

    url: str
    token: str
    ocpp_url: str
    stations: tuple[dict[str, Any], ...]
    entry_id: str


class Stage:
    """A demo on its two feet between ``async with`` and its end."""

    def __init__(self, options: Options, say: Say, clock: Clock | None = None) -> None:
        """Take what was asked for; nothing is opened yet."""
        self.options = options
        self.clock = clock or RealClock()
        self._say = say
        self._open = AsyncExitStack()
        self.folder: Path
        self.notes: Notes
        self.client: Client
        self.hass: Hass
        self.home: SimulatedHome | None = None
        self.entry_id = ""

    async def __aenter__(self) -> Self:
        """Set everything up; what was opened is closed again if one part fails."""
        async with AsyncExitStack() as opening:
            self._open_folder(opening)
            await self._start_home(opening)
            await self._start_hass(opening)
            await self._settle()
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all that was started."""
        self._say("stopping")
        await self._open.aclose()

    @property
    def ready(self) -> Ready:
        """Return what somebody outside needs to take part: first the stations that are waiting for somebody."""
        simulated = [(SIMULATED, self.notes.stations[SIMULATED])] if self.home is not None else []
        stations = [*((s.id, s.password) for s in self.options.stations), *simulated]
        return Ready(
            url=self.client.url,
            token=self.client.token,
            ocpp_url=self.ocpp_url,
            stations=tuple({"id": i, "password": password, "admitted": True} for i, password in stations),
            entry_id=self.entry_id,
        )

    @property
    def ocpp_url(self) -> str:
        """Return where stations dial; each appends its identity."""
        return f"ws://{HOST}:{self.notes.ocpp_port}"

    @property
    def login(self) -> str:
        """Return the owner's name and password."""
        return f"{OWNER} / {self.notes.password}"

    async def face(self) -> Face:
        """Return what the integration shows."""
        return await Face.of(self.client, self.entry_id)

    async def restart(self) -> None:
        """Start Home Assistant again in the same folder, after it was stopped, killed, or ended to be restarted."""
        await self.hass.stop()
        await self.hass.launch()
        await self.hass.until_running()

    # -- one after the other --------------------------------------------------------------------

    def _open_folder(self, opening: AsyncExitStack) -> None:
        """Choose folder and ports; nothing is started when one of them cannot be had."""
        asked = self.options
        if asked.folder is None:
            self.folder = Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="mobilize-flex-demo-")))
        else:
            self.folder = asked.folder.absolute()
            self.folder.mkdir(parents=True, exist_ok=True)
        earlier = Notes.read(self.folder)
        usual = (earlier.port, earlier.ocpp_port) if earlier else (USUAL_PORT, USUAL_OCPP_PORT)
        port = choose("--port", asked.port, usual[0])
        ocpp_port = choose("--ocpp-port", asked.ocpp_port, usual[1])
        self.notes = earlier or Notes(password=secrets.token_urlsafe(9))
        self.notes.port, self.notes.ocpp_port = port, ocpp_port
        self.notes.line_port = choose("the Linky's line", None, self.notes.line_port)
        now = self.clock.now()
        furnish(self.folder, port=port, language=asked.language, own_house=not asked.simulator, now=now)

    async def _start_home(self, opening: AsyncExitStack) -> None:
        """Let the simulated house live; its station does not dial before somebody could answer."""
        if not self.options.simulator:
            return
        password = self.notes.stations.get(SIMULATED) or secrets.token_hex(16)
        settings = HomeSettings(
            station=StationSettings(id=SIMULATED, password=password),
            evse=EvseSettings(phases=1),
            vehicle=VehicleSettings(capacity_kwh=self.options.vehicle_kwh, soc_pct=self.options.soc_pct),
            world=WorldSettings(base_w=HOUSE_W),
            linky=LinkySettings(subscribed_kva=site.SUBSCRIBED_KVA),
            ocpp_url=self.ocpp_url,
            tic_port=self.notes.line_port,
        )
        self.home = SimulatedHome(settings, self.clock)
        await self.home.start()
        opening.push_async_callback(self.home.stop)
        self.home.kill_link()

    async def _start_hass(self, opening: AsyncExitStack) -> None:
        """Boot Home Assistant and sign in, as a new owner the first time."""
        self._say(f"starting Home Assistant in {self.folder}")
        self.client = await opening.enter_async_context(Client(f"http://{HOST}:{self.notes.port}", self.notes.token))
        self.hass = Hass(self.folder, self.client)
        opening.push_async_callback(self.hass.stop)
        await self.hass.launch()
        if not self.notes.token:
            await sign_up(self.client, self.notes.password, self.options.language)
            self.notes.token = await long_lived_token(self.client)
            self.notes.write(self.folder)
        await self.hass.until_running()

    async def _settle(self) -> None:
        """Set the integration up, connect the station, put the cable into the car."""
        self._say("setting the integration up")
        stations = {s.id: s.password for s in self.options.stations}
        if self.home is not None:
            stations[SIMULATED] = self.home.settings.station.password
        leaves = departure(self.clock.now())
        wanted = site.Site(
            language=self.options.language,
            ocpp_port=self.notes.ocpp_port,
            stations=stations,
            vehicle_kwh=self.options.vehicle_kwh,
            evccid=self.home.settings.vehicle.evccid if self.home is not None else None,
            meter=self._meter(),
        )
        self.entry_id = await site.settle(self.client, wanted, self.notes.stations)
        self.notes.stations |= stations
        self.notes.write(self.folder)
        await site.wish(self.client, self.entry_id, leaves.astimezone(site.ZONE))
        if self.home is not None:
            await self._plug_in(self.home)

    async def _plug_in(self, home: SimulatedHome) -> None:
        """Let the station dial; plug in once the first plan can be a good one: it needs house load and price."""
        home.restore_link()
        face = await self.face()

        async def knows_the_house() -> bool:
            states = await self.client.states()
            return None not in (face.number(states, "grid_power"), face.number(states, "price"))

        self._say("waiting for the station and the meter")
        await until(lambda: home.snapshot().online, "the simulated station is not let in", CONNECT_S)
        await until(knows_the_house, "the meter or the prices do not show", CONNECT_S)
        home.plug_in()

    def _meter(self) -> dict[str, Any]:
        """Return where the integration finds the house meter."""
        wire = self.home.tic_wire if self.home is not None else None
        if wire is None:
            return {"entity_id": HOUSE_ENTITY, "inverted": False}
        return {"line": f"socket://{HOST}:{wire.port}"}
