"""What a station can do, as far as it told us."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """Hold a station's abilities; ``None`` is "it did not say", powers are magnitudes in W."""

    bidirectional: bool | None = None
    dynamic: bool | None = None
    update: bool | None = None
    offline_limit: bool | None = None
    sleep: bool | None = None
    priority: bool | None = None
    watts: bool | None = None
    amperes: bool | None = None
    max_charge_w: float | None = None
    max_discharge_w: float | None = None
    phases: int | None = None
    variables_per_call: int | None = None
    smart_charging: bool | None = None
