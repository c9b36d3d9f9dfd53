"""What an owner can ask of his station beside charging, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .station import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetStation:
    """Restart a station, or one EVSE of it; ``immediate`` ends a running charge."""

    evse: int | None = None
    immediate: bool = False


type UpkeepTask = ResetStation


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepAnswer:
    """Hold what a station answered: its status word, whether that means yes, its reason, and the rest by name."""

    status: str
    accepted: bool
    reason: str | None = None
    text: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UpkeepCall:
    """Hold a task in the station's words; ``versions`` are those that have them."""

    action: str
    payload: Mapping[str, object]
    timeout_s: float = 30.0
    versions: frozenset[Version] = frozenset(Version)
