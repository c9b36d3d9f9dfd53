"""The books on display: what the car cost, gave back and saved, by session, by day, by month, and in all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import UnitOfEnergy, UnitOfTime
from homeassistant.core import callback

from .coordinator import FlexCoordinator
from .core.model.accounts import Sums, sums_of
from .core.model.replacing import replace
from .core.model.session import Session
from .core.model.state import SiteState
from .entity import FlexEntity, Seen, described, pace_of
from .places import Place

SELDOM: Final = float("inf")
CALM_S: Final = 10.0
MONEY_DIGITS: Final = 2
ENERGY_DIGITS: Final = 3
TIME_DIGITS: Final = 2


class Period(StrEnum):
    """Name over what is summed up."""

    ALL = "total"
    MONTH = "month"
    DAY = "today"

    def first(self, today: date) -> date:
        """Return the day it begins with."""
        match self:
            case Period.DAY:
                return today
            case Period.MONTH:
                return today.replace(day=1)
            case _:
                return date.min


@dataclass(frozen=True, kw_only=True)
class AccountDescription(SensorEntityDescription):
    """Describe one figure of the books; ``digits`` is how exact it is, ``money`` whether it is in currency.

    ``beside`` are figures that few ask for on their own.
    """

    value: Callable[[Sums], float | None]
    digits: int
    money: bool = False
    period: Period = Period.ALL
    beside: Callable[[Sums], Mapping[str, float | None]] | None = None


def _energy(key: str, value: Callable[[Sums], float | None], period: Period, *, shown: bool) -> AccountDescription:
    return AccountDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        entity_registry_enabled_default=shown,
        value=value,
        digits=ENERGY_DIGITS,
        period=period,
    )


def _hours(key: str, period: Period, *, shown: bool) -> AccountDescription:
    return AccountDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.HOURS,
        state_class=SensorStateClass.TOTAL_INCREASING if period is Period.ALL else SensorStateClass.TOTAL,
        suggested_display_precision=1,
        entity_registry_enabled_default=shown,
        value=lambda s: s.v2g_s / 3600.0,
        digits=TIME_DIGITS,
        period=period,
    )


def _money(
    key: str,
    value: Callable[[Sums], float | None],
    period: Period,
    *,
    shown: bool,
    beside: Callable[[Sums], Mapping[str, float | None]] | None = None,
) -> AccountDescription:
    return AccountDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        entity_registry_enabled_default=shown,
        value=value,
        digits=MONEY_DIGITS,
        money=True,
        period=period,
        beside=beside,
    )


def _drawn(s: Sums) -> float:
    return s.in_wh / 1000.0


def _given(s: Sums) -> float:
    return s.out_wh / 1000.0


def _site(period: Period) -> tuple[AccountDescription, ...]:
    """Return the figures of the home over a period; what few ask for is off to begin with."""
    every, today = period is Period.ALL, period is Period.DAY
    return (
        _hours(f"v2g_time_{period}", period, shown=True),
        _energy(f"energy_charged_{period}", _drawn, period, shown=False),
        _energy(f"energy_given_{period}", _given, period, shown=not every),
        _money(f"cost_{period}", lambda s: s.cost, period, shown=not today),
        _money(f"revenue_{period}", lambda s: s.revenue, period, shown=not today),
        _money(f"saving_{period}", lambda s: s.saving_plain, period, shown=True),
        _money(f"saving_smart_{period}", lambda s: s.saving_smart, period, shown=period is Period.MONTH),
    )


SITE_ACCOUNTS: Final = tuple(description for period in Period for description in _site(period))


def _beside_cost(s: Sums) -> dict[str, float | None]:
    return {
        "energy_given_back": round(_given(s), ENERGY_DIGITS),
        "v2g_hours": round(s.v2g_s / 3600.0, TIME_DIGITS),
        "revenue": _rounded(s.revenue),
        "saving": _rounded(s.saving_plain),
        "saving_by_v2g": _rounded(s.saving_smart),
    }


def _rounded(money: float | None) -> float | None:
    return None if money is None else round(money, MONEY_DIGITS) + 0.0


SESSION_ACCOUNTS: Final = (
    _energy("session_energy_in", _drawn, Period.DAY, shown=True),
    _money("session_cost", lambda s: s.cost, Period.DAY, shown=True, beside=_beside_cost),
)


class Figures:
    """Hold the sums of the home, reckoned once for all who show them."""

    def __init__(self, coordinator: FlexCoordinator) -> None:
        """Begin with none."""
        self._coordinator = coordinator
        self._of: tuple[object, date] | None = None
        self._sums: dict[Period, Sums] = {}

    def now(self, period: Period) -> tuple[Sums, date]:
        """Return the sums of a period up to now, and the day it began with."""
        state = self._coordinator.state
        today = self._coordinator.now().utc.astimezone(state.config.zone).date()
        if self._of is None or self._of[0] is not state.books.days or self._of[1] != today:
            self._of, self._sums = (state.books.days, today), {}
        if period not in self._sums:
            self._sums[period] = sums_of(state.books.days, period.first(today), date.max)
        return self._sums[period], period.first(today)


class AccountSensor(FlexEntity, SensorEntity):
    """Show one figure of the books."""

    entity_description: AccountDescription
    device_class = described("device_class")
    options = None
    own_names = ("_since",)
    pace = pace_of(SELDOM, CALM_S)
    state_class = described("state_class")
    suggested_display_precision = described("suggested_display_precision")
    suggested_unit_of_measurement = None
    _since: datetime | None = None

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """Return the unit, or the currency of Home Assistant."""
        description = self.entity_description
        return self.coordinator.hass.config.currency if description.money else description.native_unit_of_measurement

    def figure(self) -> tuple[Sums, datetime | None] | None:
        """Return the sums a figure is of, and since when they count; ``None`` when there are none."""
        raise NotImplementedError

    @override
    def see(self) -> Seen:
        if self.place.evse is None and self.place.kind == "station" and self._gone:
            return Seen(available=False)
        told = self.figure()
        if told is None:
            return Seen(available=True)
        sums, since = told
        self._since = since
        value = self.entity_description.value(sums)
        rounded = None if value is None else round(value, self.entity_description.digits) + 0.0
        attributes: dict[str, Any] | None = {"complete": sums.complete} if self.entity_description.money else None
        if self.entity_description.beside is not None:
            attributes = (attributes or {}) | dict(self.entity_description.beside(sums))
        return Seen(available=True, value=rounded, attributes=attributes)

    @override
    @callback
    def _told(self) -> float | None:
        """Write a new beginning down too, where the figure is what it was."""
        before = self._since
        wait_s = super()._told()
        if wait_s is None and self._since != before:
            self.async_write_ha_state()
        return wait_s

    @property
    @override
    def last_reset(self) -> datetime | None:
        """Return since when the figure counts; one that only grows has no such time."""
        return self._since if self.entity_description.state_class is SensorStateClass.TOTAL else None

    @property
    def _gone(self) -> bool:
        return self.place.key not in self.coordinator.state.stations

    @property
    @override
    def native_value(self) -> float | None:
        """Return what was seen."""
        value = self._shown.value
        return value if isinstance(value, float) else None


class SiteAccount(AccountSensor):
    """Show a figure of the home over a period."""

    def __init__(
        self, coordinator: FlexCoordinator, place: Place, description: AccountDescription, figures: Figures
    ) -> None:
        """Take the sums all of them look at."""
        super().__init__(coordinator, place, description)
        self._figures = figures

    @override
    def figure(self) -> tuple[Sums, datetime | None]:
        period = self.entity_description.period
        sums, first = self._figures.now(period)
        zone = self.coordinator.state.config.zone
        return sums, None if period is Period.ALL else datetime.combine(first, time(0), zone)


class SessionAccount(AccountSensor):
    """Show a figure of the session at a station: the present one, else the last."""

    @override
    def figure(self) -> tuple[Sums, datetime | None] | None:
        state = self.coordinator.state
        session = last_session(state, self.place.key, self.coordinator.evse_of(self.place))
        if session is None:
            return None
        return session_sums(state, session), session.started_at


def last_session(state: SiteState, identity: str, number: int) -> Session | None:
    """Return the session at an EVSE, else the last one there was."""
    station = state.stations.get(identity)
    evse = station.evses.get(number) if station is not None else None
    here = state.sessions.get(evse.session) if evse is not None and evse.session is not None else None
    if here is not None:
        return here
    mine = [s for s in state.sessions.values() if s.station == identity and s.evse == number]
    return max(mine, key=lambda s: s.started_at, default=None)


def session_sums(state: SiteState, session: Session) -> Sums:
    """Return the figures of a session: counted up to now, the savings as they were reckoned last."""
    account = state.books.accounts.get(session.key)
    known = Sums() if account is None else account.sums
    if known.empty and not state.prices.slots:
        known = replace(known, cost=None, revenue=None, saving_plain=None, saving_smart=None, complete=False)
    elif known.complete:
        known = replace(known, cost=session.cost, revenue=session.revenue)
    return replace(known, in_wh=session.energy_in.wh, out_wh=session.energy_out.wh, v2g_s=session.v2g_s)


def account_sensors(coordinator: FlexCoordinator, place: Place) -> list[FlexEntity]:
    """Return the figures of the books that belong to a place."""
    if place.kind in ("station", "evse"):
        return [SessionAccount(coordinator, place, d) for d in SESSION_ACCOUNTS]
    if place.kind != "site":
        return []
    figures = Figures(coordinator)
    return [SiteAccount(coordinator, place, d, figures) for d in SITE_ACCOUNTS]
