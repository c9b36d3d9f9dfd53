"""The whole demo, from an empty folder to a car on its cable, and back."""

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
import secrets
import tempfile
from types import TracebackType
from typing import Any, Final, Self

from demo import flows, site
from demo.client import Client
from demo.face import Face
from demo.folder import Notes, furnish, write_private
from demo.hass import Hass
from demo.house import HOUSE_ENTITY, HOUSE_W
from demo.line import Line
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
    ca_file: str | None = None


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
        return Ready(
            url=self.client.url,
            token=self.client.token,
            ocpp_url=self.ocpp_url,
            stations=tuple(self._told(identity, line) for identity, line in self._lines().items()),
            entry_id=self.entry_id,
            ca_file=str(self._ca_file) if self.options.tls else None,
        )

    def _told(self, identity: str, line: Line) -> dict[str, Any]:
        told = {"id": identity, "password": line.password, "admitted": True}
        if line.protocol is not None:
            told["protocol"] = line.protocol
        if self.options.client_certs:
            told["cert_file"], told["key_file"] = (str(file) for file in self._own_files(identity))
        return told

    def _lines(self) -> dict[str, Line]:
        """Return how each station dials, those somebody else plays first."""
        profile = 3 if self.options.client_certs else 2 if self.options.tls else 1
        lines = {s.id: Line(s.password, profile, s.protocol) for s in self.options.stations}
        if self.home is not None:
            lines[SIMULATED] = Line(self.home.settings.station.password, profile)
        return lines

    @property
    def _ca_file(self) -> Path:
        return self.folder / "demo-certificates" / "root.pem"

    def _own_files(self, identity: str) -> tuple[Path, Path]:
        """Return where a station finds its certificate and the key to it."""
        return self._ca_file.with_name(f"{identity}.pem"), self._ca_file.with_name(f"{identity}.key")

    @property
    def ocpp_url(self) -> str:
        """Return where stations dial; each appends its identity."""
        return f"{'wss' if self.options.tls else 'ws'}://{HOST}:{self.notes.ocpp_port}"

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
        port = choose("--port", asked.port, usual[0], opening)
        ocpp_port = choose("--ocpp-port", asked.ocpp_port, usual[1], opening)
        self.notes = earlier or Notes(password=secrets.token_urlsafe(9))
        self.notes.port, self.notes.ocpp_port = port, ocpp_port
        self.notes.line_port = choose("the Linky's line", None, self.notes.line_port, opening)
        now = self.clock.now()
        furnish(self.folder, port=port, language=asked.language, own_house=not asked.simulator, now=now)

    async def _start_home(self, opening: AsyncExitStack) -> None:
        """Let the simulated house live; its station does not dial before somebody could answer."""
        if not self.options.simulator:
            return
        password = self.notes.stations.get(SIMULATED) or secrets.token_hex(16)
        settings = HomeSettings(
            station=self._simulated(password),
            evse=EvseSettings(phases=1),
            vehicle=VehicleSettings(capacity_kwh=self.options.vehicle_kwh, soc_pct=self.options.soc_pct),
            world=WorldSettings(base_w=HOUSE_W),
            linky=LinkySettings(subscribed_kva=site.SUBSCRIBED_KVA),
            ocpp_url=self.ocpp_url,
            tic_port=self._line("linky"),
            p1_port=self._line("p1"),
            modbus_port=self._line("modbus"),
        )
        self.home = SimulatedHome(settings, self.clock)
        await self.home.start()
        opening.push_async_callback(self.home.stop)
        self.home.kill_link()

    def _simulated(self, password: str) -> StationSettings:
        """Return the simulated station; the files it needs are written before it dials."""
        own = [str(file) for file in self._own_files(SIMULATED)] if self.options.client_certs else [None, None]
        return StationSettings(
            id=SIMULATED,
            password=password,
            ca_file=str(self._ca_file) if self.options.tls else None,
            client_cert_file=own[0],
            client_key_file=own[1],
        )

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
        lines = self._lines()
        leaves = departure(self.clock.now())
        wanted = site.Site(
            language=self.options.language,
            ocpp_port=self.notes.ocpp_port,
            tls=self.options.tls,
            limited=not self.options.bench,
            stations=lines,
            vehicle_kwh=self.options.vehicle_kwh,
            evccid=self.home.settings.vehicle.evccid if self.home is not None else None,
            meter=self._meter(),
        )
        self.entry_id = await site.settle(self.client, wanted, self.notes.known())
        self.notes.remember(lines)
        self.notes.write(self.folder)
        await self._certify(lines)
        await site.wish(self.client, self.entry_id, leaves.astimezone(site.ZONE))
        if self.home is not None:
            await self._plug_in(self.home)

    async def _certify(self, lines: Iterable[str]) -> None:
        """Write what stations need to trust the integration, and to be trusted without a password."""
        if not self.options.tls:
            return
        write_private(self._ca_file, await site.root_certificate(self.client, self.entry_id))
        for identity in lines if self.options.client_certs else ():
            texts = await site.station_certificate(self.client, self.entry_id, identity)
            for file, text in zip(self._own_files(identity), texts, strict=True):
                write_private(file, text)

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

    def _line(self, meter: str) -> int | None:
        """Return the port a kind of meter is served on, if it is the one at the door."""
        return self.notes.line_port if self.options.meter == meter else None

    def _meter(self) -> tuple[flows.Answers, ...]:
        """Return the answers about the house meter: which kind, where it is, and that what was seen of it is right."""
        if self.home is None:
            return ({"next_step_id": "entity"}, {"entity_id": HOUSE_ENTITY, "inverted": False}, {})
        port, kind = self.notes.line_port, {"next_step_id": self.options.meter}
        if self.options.meter == "modbus":
            where = {"host": HOST, "port": port, "unit_id": 1}
            return (kind, {"table": "siemens_pac2200", "link": "tcp"}, where, {})
        return (kind, {"line": f"socket://{HOST}:{port}"}, {})
