"""What a controller knows as one transaction."""

from dataclasses import dataclass, field
from datetime import datetime
import uuid

from simulator.payload import Payload

NO_AUTHORIZATION: Payload = {"idToken": "", "type": "NoAuthorization"}


@dataclass(slots=True)
class Transaction:
    """What the controller knows as one transaction."""

    id: str
    started_at: datetime
    next_seq: int = 0
    remote_start_id: int | None = None
    evse_told: bool = False
    state: str = ""
    next_state: str = ""
    next_since_s: float = 0.0
    mode: str = ""
    sampled_at_s: float = 0.0
    needs_told: bool = False
    hold_until_s: float = 0.0
    v2x_agreed: bool = False
    priority: bool = False
    reservation_id: int | None = None
    samples: list[Payload] = field(default_factory=list)


@dataclass(slots=True)
class Permission:
    """Who allowed this session, and what for."""

    token: Payload
    granted_at_s: float
    remote_start_id: int | None = None
    transfers: frozenset[str] = field(default_factory=frozenset)
    profile: Payload | None = None


def reading_context(trigger: str) -> str:
    """Name why values are taken, from why the event is sent."""
    return {"MeterValuePeriodic": "Sample.Periodic", "Trigger": "Trigger"}.get(trigger, "Other")


def new_id(shape: str) -> str:
    """Make up a transaction's name."""
    fresh = uuid.uuid4()
    shapes = {"hex34": f"{fresh.hex}{fresh.hex[:2]}", "text": f"session of {fresh.hex[:8]}"}
    return shapes.get(shape, str(fresh))
