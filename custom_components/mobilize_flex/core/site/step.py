"""The one door of the core: a state, an event, an instant in; a state, things to store, commands out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

from ..model import facts as f, intents as i
from ..model.battery import VehiclePlugRead, VehicleSocRead
from ..model.certificates import CertificateEnding, CertificateMade, CertificateRequested, RequestJudged, SignRequest
from ..model.commands import Keep, MakePlan, StationAnswer, StationCommand
from ..model.contracts import DaysTold
from ..model.delivery import ScheduleTold
from ..model.dimming import ContactsRead, OthersMeasured
from ..model.facts import Fact
from ..model.intents import Intent
from ..model.moment import Moment
from ..model.recall import ChargeRecalled
from ..model.state import Refusal, SiteState
from ..model.upkeep import ReportPart, ReservationEnded
from . import (
    access,
    accounting,
    certificates,
    delivering,
    dimming,
    firmware,
    home,
    incidents,
    inventory,
    level,
    logs,
    mains,
    market,
    recalling,
    stations,
    transactions,
    upkeep,
    welcome,
    wishing,
)
from .draft import Draft
from .keeping import changes
from .rounds import round_after_figures, round_all, round_station

type Event = Fact | Intent
type Arm = Callable[[Draft, Event], None]


@dataclass(frozen=True, slots=True)
class Step:
    """Hold what a step gives: the new state, what to store first, what to send, and why a wish was refused."""

    state: SiteState
    keeps: tuple[Keep, ...] = ()
    commands: tuple[StationCommand | StationAnswer | MakePlan | SignRequest, ...] = ()
    refusal: Refusal | None = None


def _arm[E](kind: type[E], act: Callable[[Draft, E], None]) -> tuple[type, Arm]:
    return kind, cast(Arm, act)


def _nothing(d: Draft, fact: object) -> None:
    """Take note of what only diagnostics and events care about."""


def _variables(d: Draft, fact: f.VariablesReported) -> None:
    if inventory.variables_reported(d, fact):
        welcome.settle(d, fact.station)


def _booted(d: Draft, fact: f.StationBooted) -> None:
    firmware.booted(d, fact)
    stations.booted(d, fact)
    dimming.limits_changed(d, fact.station)


def _limited(d: Draft, fact: f.LimitReported) -> None:
    stations.limit_reported(d, fact)
    dimming.limits_changed(d, fact.station)


def _unlimited(d: Draft, fact: f.LimitCleared) -> None:
    stations.limit_cleared(d, fact)
    dimming.limits_changed(d, fact.station)


def _upkept(d: Draft, fact: f.UpkeepDone) -> None:
    upkeep.done(d, fact)
    firmware.answered(d, fact)


def _connector(d: Draft, fact: f.ConnectorChanged) -> None:
    incidents.connector_changed(d, fact)
    stations.connector_changed(d, fact)


def _problem(d: Draft, fact: f.ProblemReported) -> None:
    incidents.problem_reported(d, fact)
    stations.problem_reported(d, fact)


def _transaction(d: Draft, fact: f.TransactionReported) -> None:
    upkeep.reservation_used(d, fact)
    transactions.transaction_reported(d, fact)
    mains.transaction_reported(d, fact)


def _metered(d: Draft, fact: f.Metered) -> None:
    transactions.metered(d, fact)
    mains.metered(d, fact)


def _configured(d: Draft, fact: f.SiteConfigured) -> None:
    home.site_configured(d, fact)
    dimming.judge(d)


def _ticked(d: Draft, fact: f.Ticked) -> None:
    home.ticked(d, fact)
    upkeep.expire(d)
    firmware.overdue(d)
    accounting.ticked(d)
    dimming.limits_move_on(d)
    dimming.follow(d)


ARMS: Final[Mapping[type, Arm]] = dict(
    (
        _arm(f.StationConnected, stations.connected),
        _arm(f.StationDisconnected, stations.disconnected),
        _arm(f.StationBooted, _booted),
        _arm(f.ConnectorChanged, _connector),
        _arm(f.CardPresented, stations.card_presented),
        _arm(f.TransactionReported, _transaction),
        _arm(f.Metered, _metered),
        _arm(f.NeedsReported, transactions.needs_reported),
        _arm(f.ScheduleReported, stations.schedule_reported),
        _arm(f.SetpointPulled, stations.setpoint_pulled),
        _arm(f.VariablesReported, _variables),
        _arm(f.ProblemReported, _problem),
        _arm(f.SecurityReported, incidents.security_reported),
        _arm(f.LimitReported, _limited),
        _arm(f.LimitCleared, _unlimited),
        _arm(f.PriorityReported, stations.priority_reported),
        _arm(f.ProfilesReported, welcome.profiles_reported),
        _arm(ScheduleTold, delivering.schedule_told),
        _arm(f.ListVersionReported, access.version_reported),
        _arm(f.CommandAccepted, stations.command_accepted),
        _arm(f.CommandRefused, stations.command_refused),
        _arm(f.CommandUnanswered, stations.command_unanswered),
        _arm(f.UpkeepDone, _upkept),
        _arm(ReportPart, _nothing),
        _arm(ReservationEnded, upkeep.reservation_ended),
        _arm(f.FirmwareReported, firmware.reported),
        _arm(f.LogReported, logs.reported),
        _arm(CertificateRequested, certificates.requested),
        _arm(RequestJudged, certificates.judged),
        _arm(CertificateMade, certificates.made),
        _arm(CertificateEnding, certificates.ending),
        _arm(f.MeterRead, home.meter_read),
        _arm(f.MeterLost, home.meter_lost),
        _arm(ContactsRead, dimming.contacts_read),
        _arm(OthersMeasured, dimming.others_measured),
        _arm(VehicleSocRead, level.vehicle_soc_read),
        _arm(VehiclePlugRead, level.vehicle_plug_read),
        _arm(f.PricesPublished, market.prices_published),
        _arm(DaysTold, market.days_told),
        _arm(f.SunForecast, home.sun_forecast),
        _arm(f.PlanMade, home.plan_made),
        _arm(ChargeRecalled, recalling.recalled),
        _arm(f.SiteConfigured, _configured),
        _arm(f.Ticked, _ticked),
        _arm(f.Stopping, home.stopping),
        _arm(i.SetProgramme, wishing.set_programme),
        _arm(i.RemoveProgramme, wishing.remove_programme),
        _arm(i.SkipDay, wishing.skip_day),
        _arm(i.SetDeparture, wishing.set_departure),
        _arm(i.RemoveDeparture, wishing.remove_departure),
        _arm(i.ApplyV2gToAll, wishing.apply_v2g_to_all),
        _arm(i.WakeProgrammes, wishing.wake_programmes),
        _arm(i.SetSocLimits, wishing.set_soc_limits),
        _arm(i.SetV2g, wishing.set_v2g),
        _arm(i.ChargeNow, wishing.charge_now),
        _arm(i.ResumeV2g, wishing.resume_v2g),
        _arm(i.SetSoc, level.set_soc),
        _arm(i.ProbeRoute, wishing.probe_route),
        _arm(i.SetBadge, access.set_badge),
        _arm(i.RemoveBadge, access.remove_badge),
        _arm(i.LearnBadge, access.learn_badge),
        _arm(i.OfferFirmware, firmware.offered),
    )
)
"""One arm for every fact and intent; a test holds it total."""

_NO_ROUND: Final = (f.Stopping,)


def _are_figures(event: Event) -> bool:
    """Tell whether an event may bring nothing but figures."""
    return isinstance(event, f.Metered) or (isinstance(event, f.TransactionReported) and event.token is None)


def step(state: SiteState, event: Event, now: Moment) -> Step:
    """Return what an event makes of a site."""
    identity = getattr(event, "station", None)
    if isinstance(identity, str) and identity not in state.stations and not isinstance(event, Intent.__value__):
        return Step(replace(state, surprises=state.surprises + 1))
    draft = Draft(state, now)
    ARMS[type(event)](draft, event)
    if draft.refusal is not None:
        return Step(state, refusal=draft.refusal)
    if isinstance(identity, str) and _are_figures(event):
        round_after_figures(state, draft, identity)
    elif isinstance(identity, str):
        round_station(draft, identity)
    elif not isinstance(event, _NO_ROUND):
        round_all(draft)
    return Step(draft.state, changes(state, draft.state, draft.sessions_put), tuple(draft.commands))
