"""The station's desk: which question is answered by whom, and which not at all."""

from collections.abc import Callable
import json
from typing import TYPE_CHECKING

from simulator.answers_charging import ChargingAnswers
from simulator.answers_inventory import InventoryAnswers
from simulator.answers_upkeep import UpkeepAnswers
from simulator.conversation import CallRefused, Postponed
from simulator.hollow import hollow_answer
from simulator.library import Frame
from simulator.payload import Payload, status

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

type Handler = Callable[[Payload], Payload | Postponed]

NOT_WHILE_PENDING = frozenset({"RequestStartTransaction", "RequestStopTransaction"})
INVITING = frozenset({"TriggerMessage", "GetBaseReport", "GetReport"})
NEEDS = "NotifyEVChargingNeeds"
HYBRID = frozenset(
    {
        "Authorize",
        NEEDS,
        "NotifyEVChargingSchedule",
        "SetChargingProfile",
        "UpdateDynamicSchedule",
        "NotifyAllowedEnergyTransfer",
        "UsePriorityCharging",
        "NotifyPriorityCharging",
        "GetCompositeSchedule",
        "ReportChargingProfiles",
    }
)
DRAFT = {"DynamicControl": "Dynamic", "ScheduledControl": "Scheduled"}


class Desk:
    """Questions in, answers out, by the station's standing and by its habits."""

    def __init__(self, station: OcppStation) -> None:
        """Know everybody in the station who answers something."""
        self._station = station
        rooms = (
            InventoryAnswers(station),
            UpkeepAnswers(station),
            ChargingAnswers(station),
            station.monitoring,
            station.reservations,
            station.access,
            station.certificates,
            station.firmware,
            station.logs,
            station.screen,
        )
        self._routes: dict[str, Handler] = {}
        for room in rooms:
            self._routes |= room.routes()

    def answer(self, action: str, asked: Payload) -> Payload | Postponed | None:
        """Answer a question; None leaves it unanswered."""
        quirks, registration = self._station.quirks, self._station.standing.registration
        if action in quirks.never_answers:
            return None
        if action in quirks.not_implemented:
            raise CallRefused("NotImplemented", action)
        if registration == "Rejected":
            raise CallRefused("SecurityError", "not accepted")
        handler = self._routes.get(action)
        if handler is None:
            raise CallRefused("NotSupported", action)
        if registration != "Accepted" and action in NOT_WHILE_PENDING:
            return status("Rejected", "NotAccepted")
        if action in quirks.hollow and not self._is_own_profile(action, asked):
            return hollow_answer(action, asked)
        conversation = self._station.conversation
        conversation.inviting = action in INVITING
        try:
            return handler(asked)
        finally:
            conversation.inviting = False

    def version_of(self, action: str) -> str:
        """Tell by which version's rules a message is written."""
        quirks = self._station.quirks
        hybrid = quirks.v2x_on_2_0_1 and action in HYBRID
        return "2.1" if hybrid or (quirks.needs_in_2_1_form and action == NEEDS) else self._station.version

    def reword(self, action: str, payload: Payload) -> Payload:
        """Spell a message as this station does, after it was checked."""
        needs = payload.get("chargingNeeds", {})
        if action != NEEDS or not self._station.quirks.draft_spelling or "controlMode" not in needs:
            return payload
        return {**payload, "chargingNeeds": {**needs, "controlMode": DRAFT[needs["controlMode"]]}}

    def explain(self, frame: Frame, words: str) -> tuple[str, Payload]:
        """Put a refusal into words."""
        if not self._station.quirks.echoes_requests:
            return words, {}
        return f"{words} {json.dumps([frame.kind, frame.id, frame.action, frame.payload])}", frame.payload

    def _is_own_profile(self, action: str, asked: Payload) -> bool:
        if action != "SetChargingProfile":
            return False
        running, named = self._station.session.transaction, asked["chargingProfile"].get("transactionId")
        return named is None or (running is not None and running.id == named)
