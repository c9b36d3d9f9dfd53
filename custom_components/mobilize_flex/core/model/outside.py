"""A limit that something else than we sets a station."""

from dataclasses import dataclass
from datetime import datetime

type Course = tuple[tuple[datetime, float | None], ...]
"""What a limit will be from each instant on, W; ``None`` for none."""


@dataclass(frozen=True, slots=True)
class ExternalLimit:
    """Hold who limits, in the words of OCPP (EMS, SO, CSO, Other), and to how much.

    ``limit_w`` is ``None`` where only its presence is known, or it begins ``later``; ``critical`` when the grid depends
    on it.
    """

    source: str
    limit_w: float | None
    critical: bool = False
    later: Course = ()

    @property
    def holds(self) -> bool:
        """Return whether it is in force, and not just announced."""
        return self.limit_w is not None or not self.later

    def at(self, instant: datetime) -> ExternalLimit | None:
        """Return what has become of it by an instant; ``None`` once it is over."""
        if not self.later or self.later[0][0] > instant:
            return self
        begun = [limit_w for start, limit_w in self.later if start <= instant]
        rest = self.later[len(begun) :]
        if begun[-1] is None and not rest:
            return None
        return ExternalLimit(self.source, begun[-1], self.critical, rest)
