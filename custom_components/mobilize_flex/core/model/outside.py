"""A limit that something else than we sets a station."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExternalLimit:
    """Hold who limits, in the words of OCPP (EMS, SO, CSO, Other), and to how much.

    ``limit_w`` is ``None`` where only its presence is known; ``critical`` when the grid depends on it.
    """

    source: str
    limit_w: float | None
    critical: bool = False
