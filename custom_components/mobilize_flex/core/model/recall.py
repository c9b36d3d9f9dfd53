"""What the home's memory holds of an old charge that is spoken of again."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRecalled:
    """What was kept of a charge that is no longer at hand was looked up: values by their keys."""

    station: str
    kept: Mapping[str, object] = field(repr=False)
