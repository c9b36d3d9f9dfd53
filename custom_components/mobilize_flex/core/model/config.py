"""What the owner told us about his home, his station and his car."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum
import math
from typing import Final, override

from .contracts import Contract
from .dimming import DimmingConfig
from .electric import MINIMUM_CHARGE_A, NOMINAL_V
from .wiring import Wiring

HOLDS: Final = 1.13
"""How far above its rating a breaker carries for good (IEC 60898-1)."""
NEVER_CUTS: Final = 1.3
"""How far above the contract a Linky lets go on for good (Enedis-NOI-CPT_54E, section 7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleConfig:
    """Hold one car: powers are magnitudes measured on the grid side, efficiencies 0 to 1."""

    key: str
    name: str
    capacity_wh: float = 52_000.0
    max_charge_w: float = 11_000.0
    min_charge_w: float = MINIMUM_CHARGE_A * NOMINAL_V
    max_discharge_w: float = 11_000.0
    min_discharge_w: float = 1_000.0
    charge_efficiency: float = 0.9
    discharge_efficiency: float = 0.9
    evccid: str | None = None

    @override
    def __hash__(self) -> int:
        """Return a hash of little, which is soon made: a battery is looked up with every message."""
        return hash(self.key)


class Automatic(StrEnum):
    """Name what a station is asked or told without anybody's wish."""

    LIMITS = "limits"
    """The lasting limits in its flash."""
    INVENTORY = "inventory"
    """Its device model, read."""
    SETTINGS = "settings"
    """What it measures and how often, written."""
    MONITORS = "monitors"
    """What it should tell as soon as it changes."""
    STATUSES = "statuses"
    """Who it is and what its connectors do, where it does not say by itself."""
    TRANSACTIONS = "transactions"
    """What became of its transactions."""
    PROFILES = "profiles"
    """The charging profiles it holds, read and mended."""
    LOCAL_LIST = "local_list"
    """The list of badges it may let in alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationConfig:
    """Hold one station; ``identity`` is its OCPP identity, ``selector_a`` the position of its current selector.

    ``route`` is the driver file whose way to give back the owner chose; without it a station of 2.0.1 only charges.
    ``rotation`` names the phase of the home, 0 to 2, that each of the station's conductors stands on (``None``: nobody
    knows). ``priority`` is who goes first where the connection has no room for all: the higher number.
    ``security_profile`` is the lowest the owner lets in. ``security_epoch`` counts how often he lowered it: what a
    station proved in an earlier one is forgotten. ``hold_new`` keeps it waiting (Pending) until it is set up for the
    first time; ``automatic`` is what it is asked and told by itself.
    """

    identity: str
    name: str
    phases: int = 1
    selector_a: float = 32.0
    fallback_a: float = 6.0
    rotation: tuple[int, ...] | None = None
    priority: int = 0
    route: str | None = None
    open_access: bool = True
    security_profile: int = 1
    security_epoch: int = 0
    hold_new: bool = False
    automatic: frozenset[Automatic] = frozenset(Automatic)

    @property
    def max_w(self) -> float:
        """Return the most the selector lets through, at the nominal voltage."""
        return self.selector_a * NOMINAL_V * self.phases

    @property
    def fallback_w(self) -> float:
        """Return what the station charges with when nobody commands it."""
        return min(self.fallback_a, self.selector_a) * NOMINAL_V * self.phases

    @property
    def limits_key(self) -> str:
        """Return what the lasting limits in the station depend on, as one word."""
        return f"{self.max_w:.0f}/{self.fallback_w:.0f}/{self.phases}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterConfig:
    """Hold the house meter; ``period_s`` is how often it is expected to speak.

    ``station`` is the one that reads it and passes it on, ``main_meter`` where that is its own main meter (EVSE 0).
    ``wiring`` is how the owner says it is put in.
    """

    key: str
    name: str
    kind: str
    period_s: float = 2.0
    station: str | None = None
    main_meter: bool = False
    wiring: Wiring = Wiring()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConfig:
    """Hold one home with its one grid connection.

    ``breaker_a`` is per phase; ``subscribed_kva`` is the contract's apparent power. ``feed_in_w`` is the most the
    owner may feed into the grid (0: the car only covers the house). ``v2g_consent`` is his consent to discharge at all.
    ``imbalance_w`` is how much more one phase may carry than another because of a car (``None``: as much as it likes).
    """

    name: str
    zone: tzinfo = UTC
    phases: int = 1
    breaker_a: float = 45.0
    subscribed_kva: float | None = None
    feed_in_w: float = 0.0
    imbalance_w: float | None = None
    v2g_consent: bool = False
    stations: tuple[StationConfig, ...] = ()
    vehicles: tuple[VehicleConfig, ...] = ()
    meter: MeterConfig | None = None
    contract: Contract | None = None
    dimming: DimmingConfig | None = None
    ageing_per_kwh: float = 0.01
    start_cost: float = 0.02

    @property
    def spare_a(self) -> float:
        """Return what a phase bears for long on top of a house that takes all it may."""
        held_a = HOLDS * self.breaker_a
        if self.subscribed_kva is None:
            return held_a - self.breaker_a
        contract_a = self.subscribed_kva * 1000.0 / (self.phases * NOMINAL_V)
        if math.isclose(self.breaker_a, contract_a):  # nobody named a breaker
            return (NEVER_CUTS - 1.0) * contract_a
        return min(NEVER_CUTS * contract_a, held_a) - min(contract_a, self.breaker_a)

    def station(self, identity: str) -> StationConfig | None:
        """Return the station of an identity, compared exactly."""
        return next((s for s in self.stations if s.identity == identity), None)
