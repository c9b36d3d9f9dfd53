"""Are the promises kept? Lives through made-up nights with the whole core and counts what was broken.

python -m bench.nights [COUNT] [FIRST_SEED]
"""

import argparse
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
import sys
import time as stopwatch

from bench.night_reach import Reach
from bench.night_world import NAME, Car, House, Script, Station, reading, script
from custom_components.mobilize_flex.core.grid.envelope import is_fresh
from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.commands import (
    AskSchedule,
    AskTransaction,
    CallRef,
    ClearPower,
    Command,
    MakePlan,
    SetPower,
)
from custom_components.mobilize_flex.core.model.delivery import Outcome, ScheduleTold
from custom_components.mobilize_flex.core.model.intents import SetProgramme, SetSocLimits
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.plan import Plan, PlanQuestion, PlanSlot
from custom_components.mobilize_flex.core.model.programme import Programme
from custom_components.mobilize_flex.core.model.reasons import Reason, Why
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import EvseState, SiteState
from custom_components.mobilize_flex.core.model.station import (
    ConnectorStatus,
    EventKind,
    Needs,
    Sample,
    Sampling,
    Version,
)
from custom_components.mobilize_flex.core.plan.planner import make_plan
from custom_components.mobilize_flex.core.site import Event, restore, step

STEP_S, QUICK_S, FINE_S = 50.0, 10.0, 3.0
STIRRED_S = 60.0
"""How long the world is looked at more often after something moved."""
TOLD_S = 60.0
"""So long a level that a station told counts beside the one reckoned from it."""
STIRS_W = 250.0
PLAN_S = 1800.0
"""How often a night with real plans makes a new one; in between the planner repeats itself."""
MOST_A_MINUTE = 52
LONGEST_S = 900.0
READY_PCT = 2.0
SLACK_PCT = 1.5
"""What a level told in whole per cent, and a step of a minute, may cost beyond the minimum."""


@dataclass(slots=True)
class Night:
    """One night of one home: the core on one side, the made-up world on the other."""

    told: Script
    broken: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    link: int = 0
    seq_no: int = 0
    transaction: int = 0
    running: bool = False
    heard: bool = False
    online: bool = False
    alive: bool = True
    in_wh: float = 0.0
    out_wh: float = 0.0
    power_w: float = 0.0
    plan: Plan | None = None
    planned_s: float = float("-inf")
    stirred_s: float = float("-inf")
    last_w: tuple[float, float] = (0.0, 0.0)
    kept: dict[str, object] = field(default_factory=dict)
    queue: list[Event] = field(default_factory=list)

    dice: Random = field(init=False)
    state: SiteState = field(init=False)
    car: Car = field(init=False)
    house: House = field(init=False)
    station: Station = field(init=False)
    reach: Reach = field(init=False)

    def __post_init__(self) -> None:
        """Build both sides."""
        told, vehicle = self.told, self.told.config.vehicles[0]
        self.dice = Random(told.seed + 1)
        self.car = Car(
            told.soc_pct,
            vehicle.capacity_wh,
            vehicle.max_charge_w,
            vehicle.min_charge_w,
            vehicle.max_discharge_w,
            told.sleeper or told.deep_sleeper,
            told.deep_sleeper,
        )
        self.house = House(self.dice, told.base_w)
        self.station = Station(told)
        self.reach = Reach(told, vehicle.capacity_wh)
        self.state = restore(told.config, {})

    @property
    def now(self) -> Moment:
        """Return the instant on both clocks."""
        return Moment(self.told.start + timedelta(seconds=self.seconds), 1000.0 + self.seconds)

    @property
    def evse(self) -> EvseState:
        """Return what the core thinks of the EVSE."""
        return self.state.stations[NAME].evses[1]

    # the core

    def tell(self, event: Event) -> None:
        """Take an event in, and do what follows."""
        result = step(self.state, event, self.now)
        self.state = result.state
        for keep in result.keeps:
            self.kept[keep.key] = keep.value
        for command in result.commands:
            if isinstance(command, MakePlan):
                self.queue.append(f.PlanMade(command.id, self._plan(command.question)))
            elif isinstance(command, Command) and self.online:
                self._obey(command)

    def settle(self) -> None:
        """Tell what was answered, until there is nothing left to tell."""
        for _ in range(20):
            if not self.queue:
                return
            waiting, self.queue = self.queue, []
            for event in waiting:
                self.tell(event)
        self.broken["never settles"] += 1

    def _obey(self, command: Command) -> None:
        who = {"station": NAME, "id": command.id}
        match command:
            case SetPower():
                self._check_order(command)
                if self.told.ignores and self.dice.random() < self.told.ignores:
                    self.queue.append(f.CommandAccepted(station=NAME, id=command.id))
                    return
                reason = self.station.answer(command, self.seconds, self.dice)
                answer = f.CommandRefused(station=NAME, id=command.id, reason=reason) if reason else None
                self.queue.append(answer or f.CommandAccepted(station=NAME, id=command.id))
            case ClearPower():
                self.station.clear(command)
                self.queue.append(f.CommandAccepted(station=NAME, id=command.id))
            case AskSchedule():
                self.queue += [
                    ScheduleTold(station=NAME, id=command.id, power_w=self.station.allowed_w()),
                    f.CommandAccepted(station=NAME, id=command.id),
                ]
            case AskTransaction(transaction=transaction):
                ongoing = self.running and transaction == f"tx-{self.transaction}"
                self.queue.append(
                    f.CommandAccepted(**who, ongoing=ongoing, queued=False, transaction=transaction)  # type: ignore[arg-type]
                )
            case _:
                self.queue.append(f.CommandAccepted(station=NAME, id=command.id))

    def _plan(self, question: PlanQuestion) -> Plan | None:
        """Return a plan: the planner's own now and then, else one that wants the worst."""
        if self.told.real_plans:
            if self.plan is None or self.seconds - self.planned_s >= PLAN_S or self.plan.at(self.now.utc) is None:
                self.plan, self.planned_s = make_plan(question), self.seconds
                self.seen["plans"] += 1
            return self.plan
        if self.dice.random() < 0.05:
            return None
        return self._wild(question)

    def _wild(self, question: PlanQuestion) -> Plan:
        begin, slots = question.start, []
        for k, length_s in enumerate(question.slot_s):
            end = begin + timedelta(seconds=length_s)
            power_w = self.dice.choice([-30000.0, -7000.0, -2000.0, 0.0, 1000.0, 7000.0, 30000.0])
            slots.append(
                PlanSlot(
                    start=begin,
                    end=end,
                    power_w=power_w,
                    soc_end_pct=50.0,
                    import_per_kwh=question.import_per_kwh[k],
                    export_per_kwh=question.export_per_kwh[k],
                    stored_value_per_kwh=self.dice.uniform(0.0, 0.5),
                    why=Why(Reason.HIGH_PRICE if power_w < 0 else Reason.CHEAP_PRICE),
                )
            )
            begin = end
        return Plan(
            made_at=question.start,
            slots=tuple(slots),
            departure=None,
            target_soc_pct=None,
            reachable_soc_pct=None,
            target_met_at=None,
            limited_by=None,
            cost=0.0,
        )

    # the promises

    def _check_order(self, order: SetPower) -> None:
        self.seen["orders"] += 1
        evse, station = self.evse, self.state.stations[NAME]
        envelope = evse.envelope
        if not envelope.min_w - 0.1 <= order.power_w <= envelope.max_w + 0.1:
            self._break(f"1 order {order.power_w:.0f} outside {envelope.min_w:.0f}..{envelope.max_w:.0f}")
        if abs(order.power_w) > station.config.max_w:
            self._break("1 order above the station's selector")
        if order.expires_s > (LONGEST_S if order.power_w >= 0 else 300.0):
            self._break("4 an order that lives too long")
        if order.power_w < 0:
            self._check_discharge(order)

    def _check_discharge(self, order: SetPower) -> None:
        self.seen["orders to give back"] += 1
        evse = self.evse
        if not (self.running and order.transaction == f"tx-{self.transaction}"):
            self._break("3 discharge without its transaction")
        if not self.told.config.v2g_consent:
            self._break("3 discharge without consent")
        if self.told.version is not Version.V21 or evse.phase is not Phase.V2G:
            self._break("3 discharge without the ability")
        if not is_fresh(self.state.config, self.state.meter, self.now):
            self._break("3 discharge without a fresh meter")
        told = evse.readings.soc_pct if self.now.age_s(evse.readings.soc_at) <= TOLD_S else None
        known = [pct for pct in (evse.battery.soc_pct, told) if pct is not None]
        if not known or min(known) <= self.told.soc_min_pct:
            self._break("2 discharge ordered at the minimum")

    def _check_state(self) -> None:
        """Hold the world against the promises after a step."""
        ours = self.power_w < 0.0
        if ours and self.car.soc_pct < self.told.soc_min_pct - SLACK_PCT:
            self._break("2 below the minimum by our doing")
        order, evse = self.evse.delivery.order, self.evse
        accepted = self.online and self.alive and evse.delivery.outcome is Outcome.ACCEPTED and evse.session is not None
        if (
            accepted
            and order is not None
            and order.power_w > evse.envelope.max_w + 0.1
            and evse.phase is not Phase.FAULT
        ):
            self._break("1 an order in force above the envelope")
        if ours and (not self.online or not self.alive):
            self.seen["s giving back with nobody there"] += 1
            if self.seconds - self.station.heard_s > 300.0 + STEP_S:
                self._break("4 still giving back without us")
        minute = [at for at in self.station.orders if self.seconds - at < 60.0]
        if len(minute) > MOST_A_MINUTE:
            self._break("hammering")

    def _check_departure(self) -> None:
        told = self.told
        if not told.real_plans or not self.reach.allowed(told.soc_max_pct):
            return
        self.seen["departures that were possible"] += 1
        self.seen.update(f"departures that were possible: {trial}" for trial in told.trials)
        if self.car.soc_pct < told.soc_max_pct - READY_PCT:
            self._break(f"2 not ready: {self.car.soc_pct:.1f} of {told.soc_max_pct:.0f}")

    def _break(self, what: str) -> None:
        self.broken[what] += 1

    # the world

    def live(self) -> Night:
        """Live through the night."""
        told = self.told
        self.tell(SetProgramme(Programme(number=1, departure=told.departure, weekdays=tuple(range(7)), v2g=True)))
        self.tell(SetSocLimits(told.soc_min_pct, told.soc_max_pct))
        plugged = departed = False
        while self.seconds < told.departure_s + 1200.0:
            dt_s = self._next_s()
            self.seconds += dt_s
            self._life_and_line()
            if not plugged and self.seconds >= told.plug_s:
                plugged = True
                self._plug()
            if self.running and self.seconds >= told.unplug_s:
                self._unplug()
            self._flow(dt_s)
            if not departed and self.seconds >= told.departure_s:
                departed = True
                self._check_departure()
        return self

    def _next_s(self) -> float:
        """Return the step to the next look: short where much happens, as a limit only rises step by step."""
        if any(zoom.holds(self.seconds) for zoom in self.told.zooms):
            return FINE_S
        evse = self.state.stations[NAME].evses.get(1) if NAME in self.state.stations else None
        if evse is None or not self.running:
            return STEP_S
        now_w = (evse.decision.power_w or 0.0, evse.envelope.max_w)
        if any(abs(a - b) > STIRS_W for a, b in zip(now_w, self.last_w, strict=True)):
            self.last_w, self.stirred_s = now_w, self.seconds
        return QUICK_S if self.seconds - self.stirred_s < STIRRED_S else STEP_S

    def _life_and_line(self) -> None:
        """Let Home Assistant die and come back, the line break and mend."""
        told = self.told
        alive = not any(span.holds(self.seconds) for span in told.deaths)
        line = alive and not any(span.holds(self.seconds) for span in told.cuts)
        if self.alive and not alive:
            self.seen["deaths"] += 1
            self.queue.clear()
            self.online = False
        elif alive and not self.alive:
            self.state = restore(told.config, self.kept)
            self.online, self.plan = False, None
        self.alive = alive
        if line and not self.online:
            self._dial_in()
        elif not line and self.online and alive:
            self.seen["lost links"] += 1
            self.online = False
            self.tell(f.StationDisconnected(station=NAME, link=self.link))
            self.queue.clear()

    def _dial_in(self) -> None:
        self.link += 1
        self.online = True
        self.tell(f.StationConnected(station=NAME, version=self.told.version, link=self.link))
        if self.link == 1:
            boot = f.StationBooted(
                call=self._call(), station=NAME, vendor="V", model="M", serial=None, firmware="1", reason="PowerUp"
            )
            self.tell(boot)
        self.settle()

    def _call(self) -> CallRef:
        return CallRef(NAME, self.link, f"m{self.seq_no}-{self.seconds}")

    def _event(self, kind: EventKind, **more: object) -> None:
        self.seq_no += 1
        if not self.online:
            return
        rows = [
            Sample("Power.Active.Import", max(0.0, self.power_w)),
            Sample("Power.Active.Export", max(0.0, -self.power_w)),
            Sample("Energy.Active.Import.Register", self.in_wh),
            Sample("Energy.Active.Export.Register", self.out_wh),
        ]
        if not any(span.holds(self.seconds) for span in self.told.blind):
            rows.append(Sample("Display.PresentSOC", float(int(self.car.soc_pct)), location="EV"))
        fact = f.TransactionReported(
            call=self._call(),
            station=NAME,
            transaction=f"tx-{self.transaction}",
            kind=kind,
            seq_no=self.seq_no,
            at=self.now.utc,
            trigger="MeterValuePeriodic",
            evse=1,
            charging_state="Charging" if self.power_w else "SuspendedEV",
            samplings=(Sampling(self.now.utc, tuple(rows)),),
        )
        self.tell(replace(fact, **more))  # type: ignore[arg-type]
        self.settle()

    def _plug(self) -> None:
        self.transaction += 1
        self.seq_no, self.running, self.heard = -1, True, False
        self._connector(ConnectorStatus.OCCUPIED)
        self._event(EventKind.STARTED, trigger="CablePluggedIn")
        self._needs()

    def _needs(self) -> None:
        """Let the car tell what it needs, once somebody listens."""
        if self.online and self.running and not self.heard and self.told.version is Version.V21:
            self.heard = True
            vehicle = self.told.config.vehicles[0]
            needs = Needs(bidirectional=True, max_charge_w=vehicle.max_charge_w, max_discharge_w=7000.0)
            self.tell(f.NeedsReported(call=self._call(), station=NAME, evse=1, needs=needs))
            self.settle()

    def _unplug(self) -> None:
        self.running, self.power_w = False, 0.0
        self.station.order = None
        self._event(EventKind.ENDED, trigger="EVDeparted", stopped_reason="EVDisconnected")
        self._connector(ConnectorStatus.AVAILABLE)

    def _connector(self, status: ConnectorStatus) -> None:
        if self.online:
            self.tell(f.ConnectorChanged(station=NAME, evse=1, connector=1, status=status, at=self.now.utc))
            self.settle()

    def _flow(self, dt_s: float) -> None:
        """Let energy flow, and both sides look."""
        self.station.live(self.seconds, online=self.online)
        before_pct = self.car.soc_pct
        self.power_w = self.car.power_w(self.station.allowed_w(), dt_s) if self.running else 0.0
        self.car.take(self.power_w, dt_s)
        wh = self.power_w * dt_s / 3600.0
        self.in_wh, self.out_wh = self.in_wh + max(0.0, wh), self.out_wh + max(0.0, -wh)
        local = self.now.utc.astimezone(self.told.config.zone)
        house_w = self.house.draw_w(self.seconds, local.hour)
        if self.running and self.seconds < self.told.departure_s:
            trouble = not (self.online and self.alive) or self.told.dark(self.seconds)
            self.reach.note(self.seconds, dt_s, before_pct, house_w, trouble=trouble)
        grid_w = self.power_w + house_w
        if self.alive:
            self.tell(f.Ticked())  # in life the clock ticks every second: nothing is older than that
            self.settle()
            if not any(span.holds(self.seconds) for span in self.told.silences):
                self.tell(f.MeterRead(reading(grid_w, self.told.config.phases)))
                self.settle()
            if self.running:
                self._event(EventKind.UPDATED)
                self._needs()
        self._check_state()


def live(seed: int) -> Night:
    """Live through the night of a seed."""
    return Night(script(seed)).live()


def main() -> int:
    """Live through nights, count, tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("first", type=int, nargs="?", default=1)
    asked = parser.parse_args()
    broken: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    where: dict[str, int] = {}
    begun = stopwatch.perf_counter()
    for seed in range(asked.first, asked.first + asked.count):
        night = live(seed)
        broken += night.broken
        seen += night.seen
        for what in night.broken:
            where.setdefault(what, seed)
    took_s = stopwatch.perf_counter() - begun
    for word, count in seen.most_common():
        print(f"{count:9d} {word}")
    for word, count in broken.most_common():
        print(f"{count:9d} BROKEN {word} (first in night {where[word]})")
    print(f"{asked.count} nights in {took_s:.0f} s, {broken.total()} promises broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
