"""What a version of OCPP can say and hear, as one set of translations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..model.commands import CallRef, StationAnswer, StationCommand
from ..model.facts import StationFact
from ..model.moment import Moment
from ..model.station import Version
from .frames import ErrorCode
from .request import Request
from .wire import Payload, integer

EVSE_LIMIT: Final = 99  # a number beyond it is a mistake, or mischief


@dataclass(frozen=True, slots=True)
class Received:
    """What a call of a station means.

    ``answer`` is ``None`` where somebody else decides it later; ``odd`` names what was not understood in it.
    """

    facts: tuple[StationFact, ...] = ()
    answer: Payload | None = field(default_factory=dict)
    odd: tuple[str, ...] = ()


class Unusable(Exception):
    """A call lacks what makes it mean anything."""

    def __init__(self, code: ErrorCode, description: str) -> None:
        """Keep the refusal it earns."""
        super().__init__(description)
        self.code = code
        self.description = description


@dataclass(frozen=True, slots=True)
class Answer:
    """What a station answered to a request of ours."""

    payload: Payload


@dataclass(frozen=True, slots=True)
class Refusal:
    """That a station refused a request of ours, and how; ``details`` as it wrote them, shortened."""

    code: str
    description: str = ""
    details: str = ""


type Reply = Answer | Refusal
type Reader = Callable[[Payload, CallRef, Moment], Received]
type Writer = Callable[[StationCommand, Moment], tuple[Request, ...]]
type Replier = Callable[[StationAnswer, Moment], Payload]
type Judge = Callable[[StationCommand, Reply], tuple[StationFact, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Hold the translations of one version.

    Attributes:
        calls: how each call of a station is read.
        sends: how each message without an answer is read.
        to_calls: what a command is on the wire; nothing where this version has no words for it.
        to_answer: what an answer is on the wire.
        outcome: what a station's reply to a command means.
    """

    version: Version
    calls: Mapping[str, Reader]
    sends: Mapping[str, Reader]
    to_calls: Writer
    to_answer: Replier
    outcome: Judge


def evse_in(payload: Payload, key: str = "evseId") -> int | None:
    """Return the number of an EVSE, ``None`` for the whole station or nonsense."""
    value = integer(payload, key)
    return value if value is not None and 0 < value <= EVSE_LIMIT else None
