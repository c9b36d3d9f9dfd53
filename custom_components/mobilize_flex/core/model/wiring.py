"""How a meter or its transformers were put in, where that differs from the book."""

from dataclasses import dataclass
from typing import Final

AS_NUMBERED: Final = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Wiring:
    """Hold what to turn in a meter's readings.

    ``inverted``: it counts what is fed in as positive. ``order`` names, for each phase of the home, the phase of the
    meter it stands under. ``turned`` are the phases of the meter, 0 to 2, whose transformer faces the wrong way.
    """

    inverted: bool = False
    order: tuple[int, int, int] = AS_NUMBERED
    turned: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class TransformerRatio:
    """Hold how many amperes give how many millivolts; the guide's have their burden built in (100 A : 333 mV).

    ``signed`` when what measures the voltage tells the direction too: a transformer alone has none.
    """

    amperes: float = 100.0
    millivolts: float = 333.0
    signed: bool = False


GUIDE: Final = TransformerRatio()
