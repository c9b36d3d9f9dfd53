"""A home without sockets: the simulator's bytes into the pure core, its bytes back, on a clock moved by hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

from custom_components.mobilize_flex.core.meters.linky import LinkyMeter
from custom_components.mobilize_flex.core.meters.tic import TicDecoder
from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.commands import Answer, MakePlan
from custom_components.mobilize_flex.core.model.config import SiteConfig
from custom_components.mobilize_flex.core.model.driver import Driver
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.state import EvseState, Glance
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.link import Link, RawOutcome
from custom_components.mobilize_flex.core.ocpp.schema import Contract
from custom_components.mobilize_flex.core.plan.planner import make_plan
from custom_components.mobilize_flex.core.site import Event, glance, restore, step
from custom_components.mobilize_flex.shell.schemas import load_schemas
from simulator.days import Day
from simulator.home import HomeSettings, SimulatedHome, Snapshot

VERSIONS = {"ocpp2.1": Version.V21, "ocpp2.0.1": Version.V201}


@cache
def contract() -> Contract:
    """Return the compiled schemas, once for all tests."""
    return Contract(load_schemas())


@dataclass(frozen=True, slots=True)
class Look:
    """One look at both sides at the same moment."""

    seconds: float
    world: Snapshot
    seen: Glance
    evse: EvseState


@dataclass(slots=True)
class PureHome:
    """Our core on one side, the simulated home on the other."""

    config: SiteConfig
    settings: HomeSettings
    start: datetime
    protocol: str = "ocpp2.1"
    kept: dict[str, object] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)
    seconds: float = 0.0
    links: int = 0
    drivers: tuple[Driver, ...] = ()
    meter_mute: bool = False
    asked: list[MakePlan] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Build both sides; nothing is connected yet."""
        self.day = Day(self.settings, self.start)
        self.begin()

    def begin(self) -> None:
        """Start our side, from what was kept."""
        self.state = restore(self.config, self.kept, self.drivers)
        self.asked = []
        self.decoder, self.linky = TicDecoder(), LinkyMeter()
        self.link: Link | None = None

    day: Day = field(init=False)
    state: object = field(init=False)
    decoder: TicDecoder = field(init=False)
    linky: LinkyMeter = field(init=False)
    link: Link | None = field(init=False)

    @property
    def identity(self) -> str:
        """Return the station's identity."""
        return self.settings.station.id

    @property
    def now(self) -> Moment:
        """Return the instant on both clocks."""
        return Moment(self.day.clock.now(), self.seconds)

    @property
    def home(self) -> SimulatedHome:
        """Return the simulated home."""
        return self.day.home

    # the wire

    def dial_in(self) -> None:
        """Let the station dial in."""
        self.links += 1
        version = VERSIONS[self.protocol]
        self.link = Link(self.identity, self.links, version, contract(), f"{self.links}-")
        self.day.answer_with(self._hear, self.protocol)
        self.tell(f.StationConnected(station=self.identity, version=version, link=self.links))
        self._say()

    def cut_line(self) -> None:
        """Break the line; both sides notice."""
        self.day.detach()
        link, self.link = self.link, None
        if link is not None:
            self._take(link.close())
            self.tell(f.StationDisconnected(station=self.identity, link=self.links))

    def die(self) -> None:
        """Let our side vanish without a word: no farewell, only what was kept remains."""
        self.day.detach()
        self.link = None

    def _hear(self, frame: str) -> list[str]:
        if self.link is None:
            return []
        self._take(self.link.receive(frame, self.now))
        return [] if self.link is None else self.link.outgoing()

    def _take(self, events: object) -> None:
        for event in events:  # type: ignore[attr-defined]
            if not isinstance(event, RawOutcome):
                self.tell(event)

    def _say(self) -> None:
        if self.link is not None:
            self.day.say(self.link.outgoing())

    # our side

    def tell(self, event: Event) -> None:
        """Take an event in and carry out what follows; storing comes before sending."""
        result = step(self.state, event, self.now)  # type: ignore[arg-type]
        assert result.refusal is None, result.refusal
        self.state = result.state
        for keep in result.keeps:
            self.kept[keep.key] = keep.value
        for command in result.commands:
            if isinstance(command, MakePlan):
                self.asked.append(command)
            elif self.link is not None:
                if isinstance(command, Answer):
                    self.link.answer(command, self.now)  # type: ignore[arg-type]
                else:
                    self._take(self.link.command(command, self.now))

    def _plan(self) -> None:
        """Answer what the planner was asked; like the worker in life, not while something else is being done."""
        asked, self.asked = self.asked, []
        for command in asked:
            self.tell(f.PlanMade(command.id, make_plan(command.question)))

    # time

    def run(
        self,
        seconds: float,
        *,
        step_s: float = 5.0,
        alive: bool = True,
        each: Callable[[PureHome], None] | None = None,
    ) -> None:
        """Let time pass; with ``alive`` false only the world lives."""

        def watch(_: SimulatedHome) -> list[str]:
            self.seconds += step_s
            if not alive:
                return []
            self._live()
            if each is not None:
                each(self)
            return self.link.outgoing() if self.link else []

        self.day.run(seconds, step_s=step_s, watch=watch)

    def _live(self) -> None:
        if not self.meter_mute:
            for frame in self.decoder.receive(self.home.tic_frame()):
                self.tell(f.MeterRead(self.linky.read(frame)))
        if self.link is not None:
            self._take(self.link.due(self.now))
        self.tell(f.Ticked())
        self._plan()
        self.looks.append(self.look())

    def look(self) -> Look:
        """Look at both sides."""
        seen = glance(self.state, self.identity, 1, self.now)  # type: ignore[arg-type]
        evses: Mapping[int, EvseState] = self.state.stations[self.identity].evses  # type: ignore[attr-defined]
        return Look(self.seconds, self.home.snapshot(), seen, evses[1])


def on(settings: HomeSettings, **station: object) -> HomeSettings:
    """Return settings with another station."""
    return replace(settings, station=replace(settings.station, **station))  # type: ignore[arg-type]
