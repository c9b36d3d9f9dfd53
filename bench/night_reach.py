"""How full the car could have been: what a made-up night allowed somebody who always charges when he can."""

from dataclasses import dataclass, field

from bench.night_world import Script

SETTLES_S = 300.0
"""After a trouble: time to dial in, to hear the meter, to plan."""
EFFICIENCY = 0.9
SHARE = 0.85
"""Of what house and line left free: ovens come and go, and orders take their time."""
CLOSE_PCT = 5.0


@dataclass(frozen=True, slots=True)
class _Moment:
    """Hold one step: how full the car was, whether anybody could have charged it, and how much (percent)."""

    soc_pct: float
    clean: bool
    gain_pct: float


@dataclass(slots=True)
class Reach:
    """What could have been charged from each moment of a night to its departure."""

    told: Script
    capacity_wh: float
    troubled_s: float = float("-inf")
    moments: list[_Moment] = field(default_factory=list)

    def note(self, seconds: float, dt_s: float, soc_pct: float, house_w: float, *, trouble: bool) -> None:
        """Take in a step of a car that is plugged in."""
        if trouble:
            self.troubled_s = seconds
        gain_pct = 100.0 * self._free_w(house_w) * EFFICIENCY * dt_s / 3600.0 / self.capacity_wh
        self.moments.append(_Moment(soc_pct, seconds - self.troubled_s >= SETTLES_S, gain_pct))

    def _free_w(self, house_w: float) -> float:
        """Return what the car could take beside a house, 0 where it is too little."""
        told = self.told
        config, car = told.config, told.config.vehicles[0]
        line_w = config.breaker_a * 230.0 * config.phases
        if config.subscribed_kva:
            line_w = min(line_w, config.subscribed_kva * 1000.0)
        free_w = min(0.95 * line_w - house_w, config.stations[0].max_w, car.max_charge_w)
        return free_w if free_w >= car.min_charge_w else 0.0

    def allowed(self, target_pct: float) -> bool:
        """Tell whether a target was in reach from the first, and after each trouble, which nobody foresees, again."""
        told = self.told
        if not self.moments or told.deep_sleeper or told.unplug_s <= told.departure_s:
            return False
        obeyed = SHARE * (1.0 - told.refuses) * (1.0 - told.ignores)
        able_pct, was_clean, least_pct = 0.0, False, self.moments[0].soc_pct + self._sum_pct() * obeyed
        for one in reversed(self.moments):
            if was_clean and not one.clean:
                least_pct = min(least_pct, one.soc_pct + able_pct)
            able_pct += obeyed * one.gain_pct if one.clean else 0.0
            was_clean = one.clean
        return least_pct >= target_pct + CLOSE_PCT and self.moments[-1].clean

    def _sum_pct(self) -> float:
        return sum(one.gain_pct for one in self.moments if one.clean)
