"""The whole site as one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from .abilities import Abilities
from .access import AccessList, Learning, ListDelivery
from .accounts import Books
from .battery import Belief, Learned, Level, VehicleState
from .concern import V2gStanding
from .config import SiteConfig, StationConfig
from .contracts import Contract, DaysTold, with_days
from .delivery import Delivery, Learnt
from .dimming import Dimming
from .driver import Driver, Route, Standing
from .electric import MeterMemory, MeterReading, StationReadings
from .facts import PricesPublished, SunForecast
from .firmware import FirmwareState
from .incidents import Incident
from .light import Lamp
from .load import LoadState
from .logs import LogState
from .moment import Moment
from .outside import ExternalLimit
from .plan import Plan
from .prices import PriceCurve
from .probe import Probe, ProbeResult
from .programme import Departure
from .reasons import Reason, Why
from .session import Activity, Phase, Session, Span
from .station import ConnectorStatus, HeldProfile, Needs, VariableReport, Version
from .upkeep import Reservation
from .wishes import Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Hold what is allowed now: ``max_w`` into the car (>= 0), ``min_w`` out of it (<= 0), and what sets each.

    ``valid_s`` is how long it holds after the meter's last reading.
    """

    max_w: float = 0.0
    min_w: float = 0.0
    max_because: Reason = Reason.METER_STALE
    min_because: Reason = Reason.METER_STALE
    fresh: bool = False
    valid_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Hold a setpoint with its reason; ``power_w`` is ``None`` when there is nobody to command.

    ``wished_w`` is what was wanted before the caps; ``capped_by`` names the cap that bit,
    ``planned`` is whether the wish was the plan's.
    """

    power_w: float | None = None
    wished_w: float | None = None
    idle: bool = False
    why: Why = Why(Reason.NOT_CONNECTED)
    capped_by: Reason | None = None
    planned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseState:
    """Hold one EVSE as it is now.

    ``session`` is the key of the open session. ``awake_at`` is when the car was last seen drawing or giving power.
    ``connector`` is the state of its ``connectors`` taken together, ``told`` those heard of over this connection.
    ``doubtful_soc_pct`` is a state of charge that leapt and waits to be confirmed. ``drawn`` and ``given`` are its two
    counters as they are followed; the station's memory holds them as they were last noted.
    ``plan_gives`` is whether the plan was asked for a car that can give back.
    ``indicator`` is the colour its own light reports. ``early`` is what a car needs that said so before its transaction
    began, and when.
    """

    evse: int
    connector: ConnectorStatus | None = None
    connectors: tuple[tuple[int, ConnectorStatus], ...] = ()
    told: frozenset[int] = frozenset()
    phase: Phase = Phase.UNPLUGGED
    sound_phase: Phase | None = None
    """The phase a fault came into."""
    session: str | None = None
    charging_state: str | None = None
    operation_mode: str | None = None
    readings: StationReadings = StationReadings()
    drawn: Span = Span()
    given: Span = Span()
    doubtful_soc_pct: float | None = None
    battery: Belief = Belief()
    external: tuple[ExternalLimit, ...] = ()
    priority: bool = False
    left_order_at: Moment | None = None
    plan: Plan | None = None
    plan_id: int | None = None
    plan_asked_at: Moment | None = None
    plan_house_w: float | None = None
    plan_stale: bool = True
    plan_gives: bool = False
    mode: int = 0
    """What is wanted of the car: -1 giving back, 0 rest, 1 charging; ``mode_at`` is since when, if it ever changed."""
    mode_at: Moment | None = None
    envelope: Envelope = Envelope()
    decision: Decision = Decision()
    delivery: Delivery = Delivery()
    started_at: Moment | None = None
    awake_at: Moment | None = None
    probe: Probe | None = None
    problems: frozenset[str] = frozenset()
    surprises: int = 0
    indicator: str | None = None
    early: tuple[Moment, Needs] | None = None

    @property
    def external_limit_w(self) -> float | None:
        """Return the strictest limit something else sets; ``None`` where nothing does, or nobody knows how much."""
        return min((told.limit_w for told in self.external if told.limit_w is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationMemory:
    """Hold what we keep of a station across restarts.

    ``registered`` once its boot was accepted. ``import_wh`` and ``export_wh`` are its last counters, by EVSE, and
    ``drawn`` and ``given`` how they are followed; they are noted now and then, sessions go further.
    ``inventory_of`` and ``limits_of`` name what its inventory and the lasting limits in its flash belong to,
    ``inventory_partial`` when it would only tell part of it. ``announced`` when it used words of 2.1 on a link of
    2.0.1; ``proven_route`` is the way to give back that passed its ``probe``; ``learnt`` is what its refusals taught
    since its last boot.
    ``list_version`` is the last one we gave its list of badges, ``list_digest`` names the list it accepted under it.
    ``disabled`` are the places (EVSE, connector; 0 for all) we took out of service.
    ``security_profile`` is the highest it proved since the owner lowered the floor ``security_epoch`` times.
    """

    registered: bool = False
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    version: Version | None = None
    abilities: Abilities = Abilities()
    inventory_of: str | None = None
    inventory_partial: bool = False
    limits_of: str | None = None
    list_version: int = 0
    list_digest: str | None = None
    import_wh: tuple[tuple[int, float], ...] = ()
    export_wh: tuple[tuple[int, float], ...] = ()
    announced: bool = False
    proven_route: Route | None = None
    probe: ProbeResult | None = None
    learnt: Learnt = Learnt()
    security_profile: int = 1
    security_epoch: int = 0
    drawn: tuple[tuple[int, Span], ...] = ()
    given: tuple[tuple[int, Span], ...] = ()
    reservations: tuple[Reservation, ...] = ()
    disabled: tuple[tuple[int, int], ...] = ()


class Onboarding(StrEnum):
    """Name how far a connection has come."""

    OFFLINE = "offline"
    FRESH = "fresh"
    PENDING = "pending"
    ASKING = "asking"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Hold how far a station that waits for its acceptance has been set up.

    ``writing`` is the command that writes its settings; ``done`` when the next boot will be accepted.
    """

    since: Moment
    asked: bool = False
    writing: int | None = None
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsDelivery:
    """Hold how the lasting limits travel: the command under way, what it was refused for, when to try again.

    ``key`` names what was sent last.
    """

    id: int | None = None
    key: str | None = None
    amperes: bool | None = None
    tries: int = 0
    refused: str | None = None
    again_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Hold a report of the inventory while its parts come; ``seq_no`` is that of the last part.

    ``base`` says how much of it was asked for.
    """

    request_id: int
    heard_at: Moment
    base: str = "FullInventory"
    rows: tuple[VariableReport, ...] = ()
    seq_no: int | None = None
    torn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Hold a question about the transaction of a session whose messages are not all here.

    ``asked`` is the command that asks, ``due_s`` when to ask again.
    """

    session: str
    due_s: float
    tries: int = 0
    asked: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """Hold when a station started, and why it says it did."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StationState:
    """Hold one station: what the owner said, what we remember, what is now.

    ``inventory_saves`` counts how often its inventory became worth storing. ``doubts`` counts by name the values that
    could not be true, ``strangers`` what was told of EVSEs it does not have, ``foreign`` names profiles that somebody
    else put before ours, ``round_s`` is when figures last brought the round.
    """

    config: StationConfig
    memory: StationMemory = StationMemory()
    online: bool = False
    link: int = 0
    onboarding: Onboarding = Onboarding.OFFLINE
    connected_at: Moment | None = None
    inventory: tuple[VariableReport, ...] = ()
    inventory_whole: bool = False
    inventory_saves: int = 0
    report: Report | None = None
    hold: Hold | None = None
    boots: tuple[Boot, ...] = ()
    limits: LimitsDelivery = LimitsDelivery()
    profiles_id: int | None = None
    profiles: tuple[HeldProfile, ...] = ()
    looked: bool = False
    foreign: tuple[str, ...] = ()
    certificates_at: tuple[Moment, ...] = ()
    inquiries: tuple[Inquiry, ...] = ()
    doubts: tuple[tuple[str, int], ...] = ()
    strangers: int = 0
    indicator: str | None = None
    incidents: tuple[Incident, ...] = ()
    badges: ListDelivery = ListDelivery()
    learning: Learning | None = None
    firmware: FirmwareState = FirmwareState()
    log: LogState = LogState()
    round_s: float = 0.0
    evses: Mapping[int, EvseState] = field(default_factory=lambda: MappingProxyType({1: EvseState(evse=1)}))

    @property
    def switched_off(self) -> bool:
        """Return whether we took it, or any part of it, out of service."""
        return bool(self.memory.disabled)

    @property
    def proven_profile(self) -> int:
        """Return the highest security profile it came in with, unless the owner lowered the floor since."""
        same = self.memory.security_epoch == self.config.security_epoch
        return self.memory.security_profile if same else 1

    @property
    def least_profile(self) -> int:
        """Return the lowest security profile it may come in with: never below what it proved."""
        return max(self.config.security_profile, self.proven_profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterState:
    """Hold the house meter: its last reading and when it came.

    ``house_w`` is the house without the cars at that reading, ``recent_w`` its mean of the last minutes, ``habit_w``
    its mean at each local hour, with the number of readings behind each; ``habit_sun_w`` is the mean of the sun that
    was forecast for the same readings.
    """

    reading: MeterReading = MeterReading()
    at: Moment | None = None
    lost: str | None = None
    readings: int = 0
    house_w: float | None = None
    recent_w: float | None = None
    habit_w: tuple[float | None, ...] = (None,) * 24
    habit_sun_w: tuple[float | None, ...] = (None,) * 24
    habit_seen: tuple[int, ...] = (0,) * 24
    memory: MeterMemory = MeterMemory()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """Hold everything; a step makes a new one.

    ``older`` when more charges are kept than are at hand.
    """

    config: SiteConfig
    drivers: tuple[Driver, ...] = ()
    wishes: Wishes = Wishes()
    access: AccessList = AccessList()
    stations: Mapping[str, StationState] = field(default_factory=lambda: MappingProxyType({}))
    sessions: Mapping[str, Session] = field(default_factory=lambda: MappingProxyType({}))
    vehicles: Mapping[str, VehicleState] = field(default_factory=lambda: MappingProxyType({}))
    learned: Mapping[str, Learned] = field(default_factory=lambda: MappingProxyType({}))
    meter: MeterState = MeterState()
    load: LoadState = LoadState()
    books: Books = Books()
    dimming: Dimming = Dimming()
    published: PricesPublished = PricesPublished(())
    days: DaysTold = DaysTold()
    sun: SunForecast = SunForecast(())
    prices: PriceCurve = PriceCurve()
    outlook: PriceCurve = PriceCurve()
    """The prices, and what is expected where nobody has published any."""
    prices_until_s: float = 0.0
    ahead: Departure | None = None
    next_id: int = 1
    surprises: int = 0
    older: bool = False
    stopping: bool = False

    @property
    def contract(self) -> Contract | None:
        """Return the contract with the supplier, with what was told of single days."""
        return with_days(self.config.contract, self.days)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Hold why an intent was refused: the key of its sentence, and the words in it."""

    key: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """Hold what people look at, for one EVSE; made from the state, never kept."""

    activity: Activity
    lamp: Lamp
    decision: Decision
    envelope: Envelope
    power_w: float | None
    level: Level
    v2g: V2gStanding
    session: Session | None
    plan: Plan | None
    standing: Standing
    probe: ProbeResult | None
