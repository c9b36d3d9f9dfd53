"""The supervised try of a station's way to give back, as a table.

The car rests, its power is measured, a small discharge is ordered. Only energy that is measured leaving the car proves
the way; a station that takes the amount and charges with it is stopped by the first measurement that shows it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..model.commands import SetpointForm
from ..model.delivery import Delivery, Outcome
from ..model.moment import Moment
from ..model.probe import Probe, ProbeResult, Stage, Verdict
from ..model.session import Phase
from ..model.state import Decision

DEFAULT_W: Final = -800.0
LEAST_W: Final = -500.0
MOST_W: Final = -1000.0
CAR_MINIMUM_W: Final = 1500.0
"""A car that cannot give back less than this is not probed."""
REST_W: Final = 200.0
REST_S: Final = 45.0
BASELINE_S: Final = 5.0
ORDER_S: Final = 60.0
RISE_W: Final = 200.0
NEAR_W: Final = 300.0
NEAR_SHARE: Final = 0.3
HELD_S: Final = 10.0
MUTE_S: Final = 15.0
"""A station that measures more seldom cannot be supervised."""
SOC_MARGIN_PCT: Final = 5.0
STEP_W: Final = 10.0
REFUSALS: Final = 2

PHASES: Final = frozenset({Phase.V2G, Phase.STANDARD})
_OVER: Final = frozenset({Phase.UNPLUGGED, Phase.PLUGGED, Phase.HELD, Phase.FINISHED})
_DISCHARGES: Final = frozenset({Stage.ORDERED, Stage.HOLDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Hold what a probe looks at; ``same`` is whether route and badge are still those it began with."""

    online: bool
    phase: Phase
    transaction: str | None
    same: bool
    meter_fresh: bool
    power_w: float | None
    measured_at: Moment | None
    decision: Decision
    delivery: Delivery


type Sight = str

# what is seen, in the order of its weight; the verdicts among them are those that end a probe wherever it is
RESTS: Final = "rests"
STEADY: Final = "steady"
STRAYS: Final = "strays"
EXPORTS: Final = "exports"
HELD: Final = "held"
RISES: Final = "rises"
CAPPED: Final = "capped"
LATE: Final = "late"

_ENDS: Final[Mapping[Sight, Verdict]] = {
    verdict: verdict
    for verdict in (
        Verdict.OFFLINE,
        Verdict.CAR_LEFT,
        Verdict.INTERRUPTED,
        Verdict.METER_STALE,
        Verdict.NOT_MEASURED,
        Verdict.REFUSED,
        Verdict.UNANSWERED,
    )
}
_ORDERED: Final[Mapping[Sight, Stage | Verdict]] = {
    **_ENDS,
    RISES: Verdict.WRONG_DIRECTION,
    CAPPED: Verdict.NO_ROOM,
    LATE: Verdict.NO_EXPORT,
}

TABLE: Final[Mapping[Stage, Mapping[Sight, Stage | Verdict]]] = {
    Stage.RESTING: {**_ENDS, LATE: Verdict.NOT_RESTING, RESTS: Stage.BASELINE},
    Stage.BASELINE: {**_ENDS, STRAYS: Stage.RESTING, STEADY: Stage.ORDERED},
    Stage.ORDERED: {**_ORDERED, EXPORTS: Stage.HOLDING},
    Stage.HOLDING: {**_ORDERED, STRAYS: Stage.ORDERED, HELD: Verdict.PROVEN},
}
"""What each sight makes of a stage; one that is not listed leaves it as it is."""


def setpoint_for(wanted_w: float | None, least_discharge_w: float) -> float | None:
    """Return the power to probe with: as wanted, but never less than the car can; ``None`` where that is too much."""
    if least_discharge_w > CAR_MINIMUM_W:
        return None
    power_w = max(abs(DEFAULT_W if wanted_w is None else wanted_w), least_discharge_w)
    return -float(-int(-power_w // STEP_W) * STEP_W)


def wanted_w(probe: Probe) -> float:
    """Return what a probe wants right now."""
    return probe.setpoint_w if probe.stage in _DISCHARGES else 0.0


def seconds_left(probe: Probe, now: Moment) -> int:
    """Return how long an order of a probe may outlive us at most."""
    spent_s = 0.0 if probe.ordered_at is None else now.age_s(probe.ordered_at)
    return max(10, int(ORDER_S - spent_s) + 5)


def look(probe: Probe, view: View, now: Moment) -> Probe | Verdict:
    """Return a probe after one more look, or its verdict."""
    new = _news(probe, view)
    seen = _noted(probe, view) if new else probe
    row = TABLE[probe.stage]
    step = next((row[sight] for sight in _sights(seen, view, now, new=new) if sight in row), probe.stage)
    if isinstance(step, Verdict):
        return _off_target(seen) if step is Verdict.NO_EXPORT else step
    if step is probe.stage:
        return seen
    return _entered(seen, step, now)


def verdict_of(probe: Probe, verdict: Verdict, now: Moment) -> ProbeResult:
    """Return what is kept of a probe that is over."""
    return ProbeResult(
        verdict=verdict,
        at=now.utc,
        setpoint_w=probe.setpoint_w,
        baseline_w=probe.baseline_w if probe.ordered_at else None,
        power_w=probe.power_w,
        lowest_w=probe.lowest_w,
        highest_w=probe.highest_w,
    )


def _news(probe: Probe, view: View) -> bool:
    """Return whether there is a measurement younger than the stage, and not looked at yet."""
    at = view.measured_at
    if at is None or view.power_w is None:
        return False
    return at.mono_s > probe.since.mono_s and (probe.seen_at is None or at.mono_s > probe.seen_at.mono_s)


def _noted(probe: Probe, view: View) -> Probe:
    power_w = view.power_w or 0.0
    probe = replace(probe, seen_at=view.measured_at, power_w=power_w)
    if probe.stage is Stage.BASELINE:
        count = probe.samples + 1
        return replace(probe, samples=count, baseline_w=probe.baseline_w + (power_w - probe.baseline_w) / count)
    if probe.stage not in _DISCHARGES:
        return probe
    lowest_w = power_w if probe.lowest_w is None else min(probe.lowest_w, power_w)
    highest_w = power_w if probe.highest_w is None else max(probe.highest_w, power_w)
    return replace(probe, lowest_w=lowest_w, highest_w=highest_w)


def _entered(probe: Probe, stage: Stage, now: Moment) -> Probe:
    if stage is Stage.BASELINE:
        return replace(probe, stage=stage, since=now, samples=0, baseline_w=0.0)
    if stage is Stage.ORDERED and probe.ordered_at is None:
        return replace(probe, stage=stage, since=now, ordered_at=now)
    return replace(probe, stage=stage, since=now)


def _off_target(probe: Probe) -> Verdict:
    """Tell energy that came in the wrong amount from none at all."""
    exported = probe.lowest_w is not None and probe.lowest_w < probe.baseline_w - RISE_W
    return Verdict.OFF_TARGET if exported else Verdict.NO_EXPORT


def _sights(probe: Probe, view: View, now: Moment, *, new: bool) -> Iterator[Sight]:
    """Yield what is to be seen, the gravest first."""
    if new and probe.power_w is not None and probe.power_w > probe.baseline_w + RISE_W:
        yield RISES
    yield from _circumstances(probe, view, now)
    if new:
        yield from _measured(probe, now)
    if now.age_s(probe.started_at if probe.ordered_at is None else probe.ordered_at) >= (
        REST_S if probe.ordered_at is None else ORDER_S
    ):
        yield LATE


def _circumstances(probe: Probe, view: View, now: Moment) -> Iterator[Sight]:
    """Yield what ends a probe from outside."""
    if not view.online:
        yield Verdict.OFFLINE
    if view.transaction != probe.transaction or view.phase in _OVER:
        yield Verdict.CAR_LEFT
    if view.phase not in PHASES or not view.same:
        yield Verdict.INTERRUPTED
    if not view.meter_fresh:
        yield Verdict.METER_STALE
    if now.age_s(view.measured_at) > MUTE_S:
        yield Verdict.NOT_MEASURED
    if view.delivery.form is SetpointForm.LIMIT or view.delivery.refusals >= REFUSALS:
        yield Verdict.REFUSED
    if view.delivery.outcome is Outcome.UNANSWERED:
        yield Verdict.UNANSWERED
    if view.decision.wished_w == probe.setpoint_w != view.decision.power_w:
        yield CAPPED


def _measured(probe: Probe, now: Moment) -> Iterator[Sight]:
    """Yield what a new measurement means."""
    power_w = probe.power_w or 0.0
    stage_s = now.age_s(probe.since)
    if probe.stage not in _DISCHARGES:
        resting = abs(power_w) <= REST_W
        yield RESTS if resting else STRAYS
        if resting and stage_s >= BASELINE_S:
            yield STEADY
        return
    near = abs(power_w - probe.setpoint_w) <= max(NEAR_W, NEAR_SHARE * abs(probe.setpoint_w))
    if near and power_w < 0.0:
        yield EXPORTS
        if stage_s >= HELD_S:
            yield HELD
    else:
        yield STRAYS
