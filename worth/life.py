"""A home lived through: the true house, sun and car on one side, the controller on the other."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
import math
from typing import Final

from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.accounts import Days, total
from custom_components.mobilize_flex.core.model.commands import SetpointForm
from custom_components.mobilize_flex.core.model.electric import NOMINAL_V
from custom_components.mobilize_flex.core.model.intents import SetDeparture, SetProgramme, SetSocLimits, SetV2g
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.core.model.station import Needs, Sampling
from custom_components.mobilize_flex.core.plan.departures import instant
from simulator.vehicle import Offer, Vehicle
from worth.calendar import Announced, Dated, Leaves, Midnight, Returns, Told, calendar
from worth.diary import QUARTER_S, Diary, Flow
from worth.habits import Trip, absences, programmes, trips
from worth.home import LEAST_CHARGE_W, Home, Way
from worth.household import Household
from worth.market import Market, News
from worth.mind import Mind, sampling
from worth.planning import PatientPlanner
from worth.promises import Promises

REACTION_S: Final = 2.0
SETTLED_S: Final = 8.0
REACTIONS: Final = 40
LONG_S: Final = 10.0
NEAR_PCT: Final = 3.0
FINE_PCT: Final = 0.5
LEAST_STEP_S: Final = 30.0
CHANGE_W: Final = 1.0
ROAD_RESERVE: Final = 0.12
"""Share of the battery nobody likes to drive below; what a trip needs beyond it is charged on the road."""
MARGIN_W: Final = 150.0
FORECAST_H: Final = 48


@dataclass(slots=True)
class Ledger:
    """Hold what the controller itself wrote down of its sessions: kWh, euro, hours.

    The savings are those its sensors show, against the same energy charged at once, or one way in the cheapest hours.
    """

    sessions: int = 0
    in_kwh: float = 0.0
    out_kwh: float = 0.0
    cost: float = 0.0
    revenue: float = 0.0
    v2g_h: float = 0.0
    saving_plain: float = 0.0
    saving_smart: float = 0.0

    def add(self, session: Session) -> None:
        """Add the record of a session."""
        self.sessions += 1
        self.in_kwh += session.energy_in.wh / 1000
        self.out_kwh += session.energy_out.wh / 1000
        self.cost += session.cost
        self.revenue += session.revenue
        self.v2g_h += session.v2g_s / 3600

    def close(self, days: Days) -> None:
        """Take over what the books say was saved."""
        sums = total(entry.sums for page in days.values() for entry in page.entries)
        self.saving_plain, self.saving_smart = sums.saving_plain or 0.0, sums.saving_smart or 0.0


@dataclass(slots=True)
class Life:
    """Live through a home's days in one of the three ways."""

    home: Home
    way: Way
    market: Market
    now: datetime = field(init=False)
    elapsed_s: float = 0.0
    car_w: float = 0.0
    house_w: float = 0.0
    sun_w: float = 0.0
    plugged: bool = False
    import_wh: float = 0.0
    export_wh: float = 0.0
    possible_wh: float = 0.0
    ledger: Ledger = field(default_factory=Ledger)
    begin: datetime = field(init=False)
    end_s: float = field(init=False)
    vehicle: Vehicle = field(init=False)
    household: Household = field(init=False)
    mind: Mind = field(init=False)
    diary: Diary = field(init=False)
    promises: Promises = field(init=False)
    happenings: list[Dated] = field(init=False)
    begin_wh: float = field(init=False)

    def __post_init__(self) -> None:
        """Build both sides; the car is plugged in at midnight."""
        home, first = self.home, self.home.start
        self.begin = self.now = instant(first, time(0), home.zone)
        self.end_s = (_midnight(home, first + timedelta(days=home.days)) - self.begin).total_seconds()
        self.vehicle = Vehicle(home.vehicle)
        self.begin_wh = self.vehicle.energy_wh
        away = absences(home.habits, home.seed, first, home.days)
        self.household = Household(home.seed, home.zone, home.house_kwh, home.heating_kwh, home.sun_kwp, away)
        step_s = home.step_minutes * 60.0
        self.mind = Mind(home.site, PatientPlanner(home.patience), step_s)
        quarters = math.ceil(self.end_s / QUARTER_S)
        self.diary = Diary(self.begin, home.zone, home.ageing_per_kwh, home.battery_kwh, quarters)
        self.promises = Promises(home.kva * 1000, home.feed_in_w, home.soc_min_pct)
        driven = trips(home.habits, home.seed, first, home.days, home.zone)
        self.happenings = calendar(home, driven, self.market.news, self.begin)

    @property
    def moment(self) -> Moment:
        """Return the instant on both clocks."""
        return Moment(self.now, self.elapsed_s + 1000.0)

    def live(self) -> None:
        """Live from the first midnight to the last."""
        self._settle_in()
        while self.elapsed_s < self.end_s - 0.5:
            self._pass(min(self._boundary_s(), self._happening_s(), self._mark_s(), self.end_s) - self.elapsed_s)
            while self.happenings and self.happenings[0][0] <= self.now:
                self._happen(self.happenings.pop(0))
            self._look()
            self._react()
        if self.plugged and (session := self.mind.session) is not None:
            self.ledger.add(session)
        self.ledger.close(self.mind.state.books.days)

    def _settle_in(self) -> None:
        """Tell the controller what the owner wants and what is known of prices; plug the car in."""
        self.mind.meet(self.moment)
        for news in [one for one in self.market.news if one.at <= self.begin]:
            self._hear(news)
        self.mind.tell(SetSocLimits(self.home.soc_min_pct, self.home.soc_max_pct), self.moment)
        self.mind.tell(SetV2g(self.way is Way.V2G), self.moment)
        if self.way is not Way.PLAIN:
            for programme in programmes(self.home.habits):
                self.mind.tell(SetProgramme(programme), self.moment)
        self._look()
        self._plug_in()
        self._look()
        self._react()

    # when the next thing happens, in seconds since the beginning

    def _boundary_s(self) -> float:
        step_s = self.home.step_minutes * 60.0
        return (math.floor(self.elapsed_s / step_s + 1e-9) + 1) * step_s

    def _happening_s(self) -> float:
        return (self.happenings[0][0] - self.begin).total_seconds() if self.happenings else self.end_s

    def _mark_s(self) -> float:
        """Return when the battery has moved so far that its level is to be told: near a limit by half a per cent."""
        level, home = self.vehicle.soc_pct, self.home
        near = level < home.soc_min_pct + NEAR_PCT if self.car_w < 0 else level > home.soc_max_pct - NEAR_PCT
        if not self.car_w or not near:
            return self.end_s
        seconds = FINE_PCT / 100 * home.battery_kwh * 1000 / abs(self.car_w) * 3600
        return self.elapsed_s + max(LEAST_STEP_S, math.ceil(seconds))

    # time

    def _pass(self, seconds: float) -> None:
        """Let time go by with what flows now."""
        before_wh = self.vehicle.energy_wh
        self.vehicle.absorb(self.car_w, seconds)
        hours = seconds / 3600
        self.import_wh += max(0.0, self.car_w) * hours
        self.export_wh += max(0.0, -self.car_w) * hours
        flow = Flow(self.car_w, (self.vehicle.energy_wh - before_wh) / hours, self.house_w, self.sun_w)
        evse = self.mind.evse
        phase = evse.phase if self.plugged else None
        self.diary.note(self.now, seconds, flow, self.market.at(self.now), phase, evse.decision.why.reason)
        if seconds > LONG_S:
            self.promises.stretch(self.now, self.car_w, flow.grid_w, self.house_w - self.sun_w)
            if self.car_w < 0:
                self.promises.discharged_to(self.now, self.vehicle.soc_pct)
        self._dream(hours)
        self.now += timedelta(seconds=seconds)
        self.elapsed_s += seconds
        self.diary.note_level(self.now - timedelta(seconds=1), self.vehicle.soc_pct)

    def _dream(self, hours: float) -> None:
        """Follow what a car that had charged at once since it was plugged in could have by now."""
        room_w = self.home.kva * 1000 - 0.5 * NOMINAL_V - MARGIN_W - self.house_w + self.sun_w
        most_w = min(self.home.charge_w, room_w)
        if self.plugged and most_w >= LEAST_CHARGE_W:
            steps = self.home.vehicle.charge_steps
            share = [s.efficiency for s in steps if s.from_w <= most_w][-1]
            self.possible_wh = min(self.possible_wh + most_w * hours * share, self.vehicle.usable_wh)

    def _look(self) -> None:
        """Let station and meter tell what is."""
        self.house_w, self.sun_w = self.household.house_w(self.now), self.household.sun_w(self.now)
        if self.plugged:
            self.mind.measure(self._measured(), self.moment)
        self.mind.read_meter(self.house_w - self.sun_w + self.car_w, self.moment)

    def _react(self) -> None:
        """Let the car follow its orders, and the controller what comes of it, until both are at rest for a while."""
        rest_s = SETTLED_S
        for _ in range(REACTIONS if self.plugged else 0):
            wanted_w = self.vehicle.answer(self._offer(), LEAST_STEP_S)
            moved = abs(wanted_w - self.car_w) >= CHANGE_W
            rest_s = 0.0 if moved or self._is_undecided() else rest_s + REACTION_S
            if rest_s > SETTLED_S:
                return
            self.car_w = wanted_w
            self._pass(REACTION_S)
            self._look()

    def _is_undecided(self) -> bool:
        """Tell whether the controller wants something it has not ordered yet: it looks twice before it gives more."""
        order, wanted_w = self.mind.order, self.mind.evse.decision.power_w
        return order is not None and wanted_w is not None and abs(order.power_w - wanted_w) >= CHANGE_W

    def _offer(self) -> Offer:
        """Return what the station offers the car by the order it holds; without one, its standard charge."""
        order, station = self.mind.order, self.mind.config.stations[0]
        if order is None:
            return Offer(limit_w=station.fallback_w)
        if order.form is SetpointForm.LIMIT:
            return Offer(limit_w=order.power_w, may_sleep=order.idle)
        return Offer(station.max_w, -station.max_w, order.power_w, order.idle)

    def _measured(self) -> Sampling:
        return sampling(self.now, self.car_w, self.import_wh, self.export_wh, self.vehicle.soc_pct)

    # what people do

    def _happen(self, dated: Dated) -> None:
        match dated[1]:
            case News() as news:
                self._hear(news)
            case Told(programme=programme) if self.way is not Way.PLAIN:
                self.mind.tell(SetDeparture(programme), self.moment)
            case Midnight():
                self.mind.forget_habits()
                self._forecast()
            case Announced(target_pct=target_pct) if self.plugged:
                possible_pct = 100 * self.possible_wh / self.vehicle.usable_wh
                self.promises.departed(self.now, self.vehicle.soc_pct, target_pct, possible_pct)
            case Leaves(by_surprise=by_surprise) if self.plugged:
                self._unplug(by_surprise=by_surprise)
            case Returns(trip=trip):
                self._come_back(trip)

    def _forecast(self) -> None:
        """Let the weather service tell of the sun on the roof, hour by hour for two days."""
        if self.home.sun_kwp <= 0:
            return
        made = self.now.astimezone(self.home.zone).date()
        hours = [self.now + timedelta(hours=hour) for hour in range(FORECAST_H + 1)]
        middles = [(at, self.household.forecast_w(at + timedelta(minutes=30), made)) for at in hours]
        self.mind.tell(f.SunForecast(tuple(middles)), self.moment)

    def _hear(self, news: News) -> None:
        if news.contract is not None:
            self.mind.config = replace(self.mind.config, contract=news.contract)
            self.mind.tell(f.SiteConfigured(self.mind.config), self.moment)
        if news.published is not None:
            self.mind.tell(news.published, self.moment)

    def _plug_in(self) -> None:
        self.vehicle.plug_in(1)
        self.plugged, self.possible_wh = True, self.vehicle.energy_wh
        told = self.vehicle.needs()
        needs = Needs(
            bidirectional=told.bidirectional,
            dynamic=told.dynamic_control,
            min_charge_w=told.min_charge_w,
            max_charge_w=told.max_charge_w,
            min_discharge_w=told.min_discharge_w,
            max_discharge_w=told.max_discharge_w,
            soc_pct=float(round(told.soc_pct)),
        )
        self.mind.plug_in(needs, self._measured(), self.moment)

    def _unplug(self, *, by_surprise: bool) -> None:
        if by_surprise:
            self.promises.taken_by_surprise(self.vehicle.soc_pct)
        session = self.mind.unplug(self._measured(), self.moment)
        if session is not None:
            self.ledger.add(session)
        self.plugged, self.car_w = False, 0.0
        self.vehicle.unplug()

    def _come_back(self, trip: Trip) -> None:
        """Arrive with what is left; the rest was charged on the road."""
        left_wh = max(0.0, self.vehicle.energy_wh - ROAD_RESERVE * self.vehicle.usable_wh)
        own_wh = min(trip.wh, left_wh)
        self.vehicle.drive(own_wh)
        self.diary.note_drive(self.now, own_wh / 1000, (trip.wh - own_wh) / 1000, self.home.road_per_kwh)
        if trip.plugs_in:
            self._plug_in()


def _midnight(home: Home, day: date) -> datetime:
    return instant(day, time(0), home.zone)
