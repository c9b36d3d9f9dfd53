"""What the same energy would have cost: charged at once, and charged one way in the cheapest hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..model.accounts import Terms

HOUR_S = 3600.0
KILO = 1000.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hold a stretch of a session in which nothing but the flow changes: epoch seconds, Wh, prices per kWh.

    Without prices nobody knows them. ``house_w`` is the house without the cars, net of its sun. What the other cars of
    the home took and gave meanwhile shares the house and its sun with this one.
    """

    start_s: float
    end_s: float
    in_wh: float
    out_wh: float
    v2g_s: float
    prices: tuple[float, float] | None
    house_w: float | None
    others_in_wh: float = 0.0
    others_out_wh: float = 0.0

    @property
    def hours(self) -> float:
        """Return how long it is."""
        return (self.end_s - self.start_s) / HOUR_S

    @property
    def surplus_wh(self) -> float:
        """Return what the sun gives that the house does not need."""
        return max(0.0, -(self.house_w or 0.0)) * self.hours

    @property
    def house_wh(self) -> float:
        """Return what the house would draw from the grid without the cars."""
        return max(0.0, self.house_w or 0.0) * self.hours

    def sun_for(self, wh: float) -> float:
        """Return the part of what goes into this car that comes from the sun: its share beside the other cars."""
        return min(wh, self.surplus_wh * wh / (wh + self.others_in_wh)) if wh else 0.0

    def taken_of(self, wh: float) -> float:
        """Return the part of what this car gives that house and other cars would have bought: shared likewise."""
        drawn_wh = self.in_wh + self.others_in_wh
        sunless = 1.0 - min(1.0, self.surplus_wh / drawn_wh) if drawn_wh else 0.0
        bought_wh = self.house_wh + sunless * self.others_in_wh
        return min(wh, bought_wh * wh / (wh + self.others_out_wh)) if wh else 0.0


def cost(stretch: Stretch, wh: float) -> float | None:
    """Return what energy into the car costs; of the sun it costs what it would have earned."""
    if wh == 0.0:
        return 0.0
    if stretch.prices is None:
        return None
    bought, sold = stretch.prices
    own_wh = stretch.sun_for(wh)
    return (own_wh * sold + (wh - own_wh) * bought) / KILO


def worth(stretch: Stretch, wh: float) -> float | None:
    """Return what energy out of the car is worth: it saves what house and other cars would buy, the rest is sold."""
    if wh == 0.0:
        return 0.0
    if stretch.prices is None:
        return None
    bought, sold = stretch.prices
    own_wh = stretch.taken_of(wh)
    return (own_wh * bought + (wh - own_wh) * sold) / KILO


def need_wh(stretches: Sequence[Stretch], terms: Terms) -> float:
    """Return what a car that only charges would have drawn to end with the same level; nothing if it ended lower."""
    drawn, given = sum(s.in_wh for s in stretches), sum(s.out_wh for s in stretches)
    return max(0.0, drawn - given / (terms.charge_efficiency * terms.discharge_efficiency))


def plain(stretches: Sequence[Stretch], wh: float, full_w: float) -> list[float]:
    """Return what each stretch draws when all is charged at full power from the beginning."""
    drawn = []
    for stretch in stretches:
        taken = min(wh, _room_wh(stretch, full_w))
        drawn.append(taken)
        wh -= taken
    return _with_rest(drawn, wh)


def smart(stretches: Sequence[Stretch], wh: float, full_w: float, departure_s: float | None) -> list[float]:
    """Return what each stretch draws when all is charged one way where it is cheapest, before the departure."""
    drawn = [0.0] * len(stretches)
    for _, _, place, room_wh in sorted(_offers(stretches, full_w, departure_s)):
        taken = min(wh, room_wh)
        drawn[place] += taken
        wh -= taken
    for place, stretch in enumerate(stretches):
        taken = min(wh, _room_wh(stretch, full_w) - drawn[place])
        drawn[place] += taken
        wh -= taken
    return _with_rest(drawn, wh)


def _room_wh(stretch: Stretch, full_w: float) -> float:
    """Return what a stretch has room for; what was really drawn there fits in any case."""
    return max(full_w * stretch.hours, stretch.in_wh)


def _with_rest(drawn: list[float], rest_wh: float) -> list[float]:
    return [*drawn[:-1], drawn[-1] + rest_wh] if drawn else drawn


def _offers(
    stretches: Sequence[Stretch], full_w: float, departure_s: float | None
) -> list[tuple[float, float, int, float]]:
    """Return what is on offer before the departure: its price, when, where, and how much: the sun's first."""
    offers = []
    for place, stretch in enumerate(stretches):
        if stretch.prices is None or (departure_s is not None and stretch.start_s >= departure_s):
            continue
        bought, sold = stretch.prices
        room_wh = _room_wh(stretch, full_w)
        own_wh = stretch.sun_for(room_wh)
        offers += [(sold, stretch.start_s, place, own_wh), (bought, stretch.start_s, place, room_wh - own_wh)]
    return offers


def cut(
    edges: Sequence[float],
    flows: tuple[Sequence[float], Sequence[float], Sequence[float]],
    prices: Sequence[tuple[float, float] | None],
    house_w: Sequence[float | None],
    others: Sequence[tuple[float, float]],
) -> tuple[Stretch, ...]:
    """Return the stretches between edges."""
    rows = zip(pairwise(edges), *flows, prices, house_w, others, strict=True)
    return tuple(
        Stretch(a, b, drawn, given, v2g, price, house, *beside)
        for (a, b), drawn, given, v2g, price, house, beside in rows
    )
