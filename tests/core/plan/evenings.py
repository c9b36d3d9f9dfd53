"""Evenings at home as the core itself asks about them: any tariff, habits, sun, car and departures."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from custom_components.mobilize_flex.core.battery.losses import battery_of
from custom_components.mobilize_flex.core.control.decide import Situation
from custom_components.mobilize_flex.core.model.abilities import Abilities
from custom_components.mobilize_flex.core.model.battery import Learned
from custom_components.mobilize_flex.core.model.commands import MakePlan
from custom_components.mobilize_flex.core.model.config import SiteConfig, StationConfig, VehicleConfig
from custom_components.mobilize_flex.core.model.contracts import (
    Base,
    Colour,
    Contract,
    PeakOffPeak,
    Published,
    Tempo,
    Window,
)
from custom_components.mobilize_flex.core.model.delivery import Cap
from custom_components.mobilize_flex.core.model.facts import PricesPublished, SunForecast
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.plan import PlanQuestion
from custom_components.mobilize_flex.core.model.prices import PriceRow
from custom_components.mobilize_flex.core.model.programme import Kind, Programme
from custom_components.mobilize_flex.core.model.session import Phase, Session
from custom_components.mobilize_flex.core.model.state import Envelope, MeterState, SiteState
from custom_components.mobilize_flex.core.model.wishes import Wishes
from custom_components.mobilize_flex.core.site import restore
from custom_components.mobilize_flex.core.site.asking import ask_plan
from custom_components.mobilize_flex.core.site.draft import Draft
from custom_components.mobilize_flex.core.site.market import renew_prices

ZONE = ZoneInfo("Europe/Paris")
STATION = "somewhere"
HOUR = timedelta(hours=1)
FLAT = Base(import_per_kwh=0.2001)
PEAK_AND_NIGHT = PeakOffPeak(
    peak_per_kwh=0.2142, off_peak_per_kwh=0.1589, off_peak=(Window(time(22, 8), time(6, 8)),), export_per_kwh=0.0
)
TEMPO = Tempo(
    blue_off_peak=0.1356,
    blue_peak=0.1654,
    white_off_peak=0.1536,
    white_peak=0.1921,
    red_off_peak=0.1615,
    red_peak=0.7295,
)


def coloured(*days: tuple[date, Colour]) -> Tempo:
    """Return Tempo with the colours of some days known."""
    return replace(TEMPO, colours=days)


def spot(dice: Random, first: datetime, hours: int) -> tuple[PriceRow, ...]:
    """Return market prices hour by hour."""
    rows = []
    for k in range(hours):
        at = first + k * HOUR
        wall = at.astimezone(ZONE).hour
        price = 0.08 + (0.09 if 18 <= wall < 21 else 0.0) - (0.08 if 12 <= wall < 16 else 0.0)
        rows.append(PriceRow(at, at + HOUR, price + dice.uniform(-0.03, 0.03)))
    return tuple(rows)


def tariff(dice: Random, now: datetime) -> tuple[Contract, PricesPublished]:
    """Return a contract and what is published for it."""
    today = now.astimezone(ZONE).date()
    kind = dice.choice(["flat", "night", "tempo", "tempo", "spot", "spot"])
    if kind == "flat":
        return FLAT, PricesPublished(())
    if kind == "night":
        return PEAK_AND_NIGHT, PricesPublished(())
    if kind == "tempo":
        known = dice.choice([0, 1, 2])
        days = [(today + timedelta(days=k), dice.choice(list(Colour))) for k in range(-1, known)]
        return coloured(*days), PricesPublished(())
    midnight = datetime.combine(today, time(0), ZONE).astimezone(UTC)
    past = dice.choice([0, 1, 9])
    rows = spot(dice, midnight - past * 24 * HOUR, 24 * (past + dice.choice([1, 2])))
    export = dice.choice([0.0, 0.05, None])
    contract = Published(factor=1.2, surcharge_per_kwh=0.11, export_per_kwh=export)
    return contract, PricesPublished(rows, rows if export is None else ())


def sky(dice: Random, now: datetime) -> SunForecast:
    """Return a forecast of the sun, or none."""
    top = dice.choice([0.0, 0.0, 2000.0, 6000.0])
    if not top:
        return SunForecast(())
    first = now.replace(minute=0, second=0, microsecond=0) - 6 * HOUR
    hours = [first + k * HOUR for k in range(60)]
    return SunForecast(tuple((at, max(0.0, top * (1 - abs(at.hour - 12) / 5))) for at in hours))


def habits(dice: Random) -> MeterState:
    """Return what a meter has taught about a house."""
    if dice.random() < 0.2:
        return MeterState()
    base = dice.uniform(100, 1500)
    habit = tuple(
        base + (1500 if 18 <= hour < 22 else 0) - dice.choice([0, 0, 2500]) * (11 <= hour < 15) for hour in range(24)
    )
    return MeterState(
        readings=100,
        house_w=base,
        recent_w=base * dice.uniform(0.3, 3),
        habit_w=habit,
        habit_seen=(5000,) * 24,
        habit_sun_w=tuple(dice.choice([None, 0.0, 300.0]) for _ in range(24)),
    )


def programmes(dice: Random) -> tuple[Programme, ...]:
    """Return one to three weekly departures."""
    kept: dict[int, Programme] = {}
    for number in range(1, dice.choice([1, 1, 2, 3]) + 1):
        wall = dice.choice([5, 7, 7, 8, 12, 13, 18, 22])
        kept[wall] = Programme(
            departure=time(wall, dice.choice([0, 30, 42])),
            number=number,
            weekdays=dice.choice([tuple(range(7)), tuple(range(7)), (0, 1, 2, 3, 4), (2,)]),
            kind=dice.choice(list(Kind)),
            v2g=dice.random() < 0.8,
            target_soc_pct=dice.choice([None, None, 40.0, 75.0]),
        )
    return tuple(kept.values())


def outings(dice: Random, now: datetime) -> dict[str, Session]:
    """Return what past sessions tell of the car's days."""
    if dice.random() < 0.5:
        return {}
    used = dice.uniform(3, 40)
    days = range(5, 0, -1)
    return {
        f"s{k}": Session(
            key=f"s{k}",
            station=STATION,
            evse=1,
            transaction=f"t{k}",
            started_at=now - k * 24 * HOUR,
            ended_at=now - k * 24 * HOUR + 14 * HOUR,
            soc_start_pct=80.0 - used,
            soc_end_pct=80.0,
        )
        for k in days
    }


def config(dice: Random, contract: Contract) -> SiteConfig:
    """Return a home with one station and one car."""
    phases = dice.choice([1, 1, 3])
    station = StationConfig(identity=STATION, name="Station", phases=phases)
    low = 1400.0 * phases
    vehicle = VehicleConfig(
        key="car",
        name="Car",
        capacity_wh=dice.choice([40e3, 52e3, 87e3]),
        min_charge_w=low,
        max_charge_w=7400.0 * phases,
        min_discharge_w=dice.choice([500.0, 1000.0, low]),
        max_discharge_w=7400.0 * phases,
        charge_efficiency=dice.uniform(0.8, 0.97),
        discharge_efficiency=dice.uniform(0.8, 0.97),
    )
    return SiteConfig(
        name="Home",
        zone=ZONE,
        phases=phases,
        breaker_a=60.0,
        subscribed_kva=dice.choice([6.0, 9.0, 12.0]) * phases,
        feed_in_w=dice.choice([0.0, 0.0, 3000.0]),
        v2g_consent=True,
        stations=(station,),
        vehicles=(vehicle,),
        contract=contract,
    )


def situation(state: SiteState, dice: Random) -> Situation:
    """Return what a decision would look at."""
    v2g = dice.random() < 0.8
    return Situation(
        online=True,
        phase=Phase.V2G if v2g else Phase.STANDARD,
        wishes=state.wishes,
        station=state.config.stations[0],
        vehicle=state.config.vehicles[0],
        abilities=Abilities(),
        needs=None,
        soc_pct=dice.uniform(5, 98),
        soc_age_s=1.0,
        slot=None,
        envelope=Envelope(),
        external_limit_w=None,
        consent=True,
        v2g_now=v2g,
        programmed=True,
        priced=True,
        reversed=False,
        battery=battery_of(state.config.vehicles[0], Learned()),
    )


def question(seed: int) -> PlanQuestion:
    """Return what the core asks on the evening of a seed, always the same."""
    dice = Random(seed)
    now = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(
        minutes=dice.randrange(0, 300 * 24 * 60), seconds=dice.randrange(60)
    )
    contract, published = tariff(dice, now)
    state = replace(
        restore(config(dice, contract), {}),
        published=published,
        sun=sky(dice, now),
        meter=habits(dice),
        sessions=outings(dice, now),
        wishes=Wishes(
            programmes=programmes(dice),
            soc_min_pct=dice.choice([15.0, 30.0]),
            soc_max_pct=dice.choice([70.0, 80.0, 95.0]),
        ),
    )
    return asked(state, situation(state, dice), now, mode=dice.choice([-1, 0, 0, 1]), since_s=dice.uniform(0, 3600))


def asked(
    state: SiteState, s: Situation, now: datetime, mode: int = 0, since_s: float = 1e6, cap: Cap | None = None
) -> PlanQuestion:
    """Return what the core asks in a situation, the car having done something for so long."""
    moment = Moment(now, 1e6)
    draft = Draft(state, moment)
    renew_prices(draft)
    evse = draft.evse(STATION, 1)
    since = Moment(now - timedelta(seconds=since_s), 1e6 - since_s)
    decision = replace(evse.decision, wished_w=1000.0 * mode)
    delivery = replace(evse.delivery, cap=cap)
    draft.put_evse(
        STATION, replace(evse, session="now", mode=mode, mode_at=since, decision=decision, delivery=delivery)
    )
    ask_plan(draft, STATION, 1, s)
    return next(c.question for c in draft.commands if isinstance(c, MakePlan))
