"""The cut-off inside a Linky meter.

Every second Y = 0.008 X^2 + 0.992 Y, where X is the drawn apparent power over the
cut-off power; it opens at Y >= 1.69 and never for injection (CPT_54E, section 7).
"""

from dataclasses import dataclass, field

KEEP_PER_SECOND = 0.992
OPENS_AT = 1.69


@dataclass(slots=True)
class OverloadFilter:
    """A slow average of a squared load."""

    squared: float = 0.0

    def step(self, load: float, dt_s: float) -> float:
        """Let `dt_s` seconds at a constant load pass, and tell the filtered square."""
        keep = KEEP_PER_SECOND**dt_s
        self.squared = load**2 * (1 - keep) + self.squared * keep
        return self.squared


@dataclass(slots=True)
class LinkyBreaker:
    """The cut-off: one filter for each phase, each against its share of the power."""

    pcoup_kva: float
    phases: int
    open: bool = False
    filters: list[OverloadFilter] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Give each phase its filter."""
        self.filters = self.filters or [OverloadFilter() for _ in range(self.phases)]

    @property
    def strain(self) -> float:
        """Tell how near the cut is: 1 means it opens."""
        return max(one.squared for one in self.filters) / OPENS_AT

    def step(self, drawn_va: tuple[float, ...], dt_s: float) -> bool:
        """Let time pass at these drawn powers, and tell whether the breaker is open."""
        share_va = self.pcoup_kva * 1_000 / self.phases
        for one, power_va in zip(self.filters, drawn_va, strict=True):
            if one.step(max(0.0, power_va) / share_va, dt_s) >= OPENS_AT:
                self.open = True
        return self.open

    def close(self) -> None:
        """Do what the owner does with the button of the meter."""
        self.open = False
        for one in self.filters:
            one.squared = 0.0
