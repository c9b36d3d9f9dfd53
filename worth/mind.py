"""Our side of the cable: the pure core told facts, its orders to the station, its questions to the planner."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from custom_components.mobilize_flex.core.grid.house import HABIT_READINGS
from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.commands import CallRef, ClearPower, Command, MakePlan, SetPower
from custom_components.mobilize_flex.core.model.config import SiteConfig
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.core.model.state import EvseState, SiteState
from custom_components.mobilize_flex.core.model.station import (
    ConnectorStatus,
    EventKind,
    Needs,
    Sample,
    Sampling,
    Version,
)
from custom_components.mobilize_flex.core.site import Event, restore, step
from worth.planning import PatientPlanner

STATION: Final = "made-up"
REAL_PERIOD_S: Final = 2.0
"""How often a real meter speaks; the habits of the house are counted in its readings."""


class Refused(RuntimeError):
    """The controller would not take a wish."""


@dataclass(slots=True)
class Mind:
    """Hold the controller's state and the order in force; ``spacing_s`` is how often the meter speaks here."""

    config: SiteConfig
    planner: PatientPlanner
    spacing_s: float
    order: SetPower | None = None
    transactions: int = 0
    events: int = 0
    state: SiteState = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing kept."""
        self.state = restore(self.config, {})

    @property
    def evse(self) -> EvseState:
        """Return the EVSE as the controller sees it."""
        return self.state.stations[STATION].evses[1]

    @property
    def session(self) -> Session | None:
        """Return the record of the open session."""
        key = self.evse.session
        return None if key is None else self.state.sessions[key]

    def tell(self, event: Event, now: Moment) -> None:
        """Take an event in and do what follows, one thing after the other; the station takes every order.

        Raises:
            Refused: A wish made no sense.
        """
        waiting = deque([event])
        while waiting:
            result = step(self.state, waiting.popleft(), now)
            if result.refusal is not None:
                raise Refused(result.refusal.key)
            self.state = result.state
            for command in result.commands:
                if isinstance(command, MakePlan):
                    waiting.append(f.PlanMade(command.id, self.planner.answer(command.question)))
                elif isinstance(command, Command):
                    self._obey(command)
                    waiting.append(f.CommandAccepted(station=STATION, id=command.id))

    def _obey(self, command: Command) -> None:
        if isinstance(command, SetPower):
            self.order = command
        elif isinstance(command, ClearPower):
            self.order = None

    # what a station would say

    def meet(self, now: Moment) -> None:
        """Let the station dial in."""
        self.tell(f.StationConnected(station=STATION, version=Version.V21, link=1), now)
        call = self._call()
        self.tell(
            f.StationBooted(
                call=call, station=STATION, vendor="made up", model="made up", serial=None, firmware=None,
                reason="PowerUp",
            ),
            now,
        )  # fmt: skip
        self._connector(ConnectorStatus.AVAILABLE, now)

    def plug_in(self, needs: Needs, measured: Sampling, now: Moment) -> None:
        """Let a car arrive and say what it needs."""
        self.transactions += 1
        self._connector(ConnectorStatus.OCCUPIED, now)
        self._transaction(EventKind.STARTED, "CablePluggedIn", measured, now)
        self.tell(f.NeedsReported(call=self._call(), station=STATION, evse=1, needs=needs), now)

    def unplug(self, measured: Sampling, now: Moment) -> Session | None:
        """Let the car leave; return the record of its session."""
        session = self.session
        self._transaction(EventKind.ENDED, "EVDeparted", measured, now)
        self._connector(ConnectorStatus.AVAILABLE, now)
        self.order = None
        return None if session is None else self.state.sessions[session.key]

    def measure(self, measured: Sampling, now: Moment) -> None:
        """Let the station tell what flows."""
        self._transaction(EventKind.UPDATED, "MeterValuePeriodic", measured, now)

    def read_meter(self, grid_w: float, now: Moment) -> None:
        """Let the house meter speak, then the clock."""
        reading = MeterReading(power_w=grid_w, phase_power_w=(grid_w, None, None), signed=True)
        self.tell(f.MeterRead(reading), now)
        self.tell(f.Ticked(), now)

    def forget_habits(self) -> None:
        """Keep the memory of the house's habits as short, in days, as that of a meter that speaks every two seconds."""
        most = int(HABIT_READINGS * REAL_PERIOD_S / self.spacing_s)
        seen = tuple(min(n, most) for n in self.state.meter.habit_seen)
        self.state = replace(self.state, meter=replace(self.state.meter, habit_seen=seen))

    def _connector(self, status: ConnectorStatus, now: Moment) -> None:
        self.tell(f.ConnectorChanged(station=STATION, evse=1, connector=1, status=status, at=now.utc), now)

    def _transaction(self, kind: EventKind, trigger: str, measured: Sampling, now: Moment) -> None:
        self.tell(
            f.TransactionReported(
                call=self._call(), station=STATION, transaction=f"transaction-{self.transactions:06}", kind=kind,
                seq_no=self.events, at=now.utc, trigger=trigger, evse=1, connector=1, samplings=(measured,),
                stopped_reason="EVDisconnected" if kind is EventKind.ENDED else None,
            ),
            now,
        )  # fmt: skip

    def _call(self) -> CallRef:
        self.events += 1
        return CallRef(STATION, 1, str(self.events))


def sampling(at: datetime, power_w: float, import_wh: float, export_wh: float, soc_pct: float) -> Sampling:
    """Return what a station measures: power, its two counters, and the car's level in whole per cent."""
    samples = (
        Sample("Power.Active.Import", max(0.0, power_w)),
        Sample("Power.Active.Export", max(0.0, -power_w)),
        Sample("Energy.Active.Import.Register", import_wh),
        Sample("Energy.Active.Export.Register", export_wh),
        Sample("SoC", float(round(soc_pct))),
    )
    return Sampling(at, samples)
