"""A small controller for tests of the simulator: it answers, remembers, and asks."""

from collections.abc import Iterable
from datetime import UTC, datetime
import json
from typing import Any

from simulator.days import Day
from simulator.home import HomeSettings

EVENING = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
BIDIRECTIONAL = ["AC_BPT", "AC_three_phase", "AC_single_phase"]

type Payload = dict[str, Any]


class Controller:
    """Everything a controller must say so that a station is content; fields change what it says."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Payload]] = []
        self.replies: dict[str, list[Any]] = {}
        self.boot_status = "Accepted"
        self.token_status = "Accepted"
        self.transfers: list[str] | None = BIDIRECTIONAL
        self.needs_status = "Accepted"
        self.group: str | None = None
        self.mute: set[str] = set()
        self._next = 0

    def __call__(self, text: str) -> Iterable[str]:
        frame = json.loads(text)
        if frame[0] != 2:
            self.replies[frame[1]] = frame
            return []
        self.heard.append((frame[2], frame[3]))
        if frame[2] in self.mute:
            return []
        return [json.dumps([3, frame[1], self.answer(frame[2], frame[3])])]

    def answer(self, action: str, payload: Payload) -> Payload:
        """Give the answer to one of the station's questions."""
        now = "2026-11-22T17:00:00Z"
        answers: dict[str, Payload] = {
            "BootNotification": {"status": self.boot_status, "interval": 300, "currentTime": now},
            "Heartbeat": {"currentTime": now},
            "Authorize": {"idTokenInfo": {"status": self.token_status}},
            "NotifyEVChargingNeeds": {"status": self.needs_status},
            "NotifyEVChargingSchedule": {"status": "Accepted"},
            "SignCertificate": {"status": "Accepted"},
        }
        if self.group is not None:
            answers["Authorize"]["idTokenInfo"]["groupIdToken"] = {"idToken": self.group, "type": "Central"}
        if action == "Authorize" and self.transfers is not None:
            answers["Authorize"]["allowedEnergyTransfer"] = self.transfers
        if action == "TransactionEvent" and "idToken" in payload:
            return {"idTokenInfo": {"status": self.token_status}}
        return answers.get(action, {})

    def question(self, action: str, payload: Payload) -> tuple[str, str]:
        """Write a question, and tell its id and text."""
        self._next += 1
        message_id = f"c{self._next}"
        return message_id, json.dumps([2, message_id, action, payload])

    def of(self, action: str) -> list[Payload]:
        """List what was heard of one action."""
        return [payload for name, payload in self.heard if name == action]

    def events(self, kind: str | None = None, trigger: str | None = None) -> list[Payload]:
        """List transaction events."""
        return [
            event
            for event in self.of("TransactionEvent")
            if kind in (None, event["eventType"]) and trigger in (None, event["triggerReason"])
        ]

    @property
    def transaction_id(self) -> str:
        """Tell the transaction heard of last."""
        return str(self.of("TransactionEvent")[-1]["transactionInfo"]["transactionId"])


class Scene:
    """A day and its controller."""

    def __init__(self, settings: HomeSettings, protocol: str = "ocpp2.1", controller: Controller | None = None) -> None:
        self.day = Day(settings, EVENING, check_every=1)
        self.protocol = protocol
        self.controller = controller or Controller()
        self.home = self.day.home
        self.online()

    def online(self) -> None:
        """Connect."""
        self.day.answer_with(self.controller, self.protocol)
        self.day.settle()

    def offline(self) -> None:
        """Break the line."""
        self.day.detach()

    def run(self, seconds: float, step_s: float = 1.0) -> None:
        """Let time pass."""
        self.day.run(seconds, step_s=step_s)

    def plug_in(self, seconds: float = 5.0) -> None:
        """Plug in and wait for the transaction to be known."""
        self.home.plug_in()
        self.run(seconds)

    def ask(self, action: str, payload: Payload) -> Any:
        """Ask the station; the answer's payload, or the error code of a CALLERROR."""
        message_id, text = self.controller.question(action, payload)
        self.day.say([text])
        reply = self.controller.replies.get(message_id)
        if reply is None:
            return None
        return reply[2]

    def set_profile(self, profile: Payload, evse_id: int = 1) -> str:
        """Send a profile; `Accepted`, or the reason code of the refusal."""
        answer = self.ask("SetChargingProfile", {"evseId": evse_id, "chargingProfile": profile})
        if answer["status"] == "Accepted":
            return "Accepted"
        return str(answer["statusInfo"]["reasonCode"])

    def setpoint(self, power_w: float, duration_s: int = 180) -> str:
        """Steer with a dynamic transaction profile."""
        return self.set_profile(dynamic(power_w, self.controller.transaction_id, duration_s))


def profile(**changes: Any) -> Payload:
    """Build a plain default profile, with changes."""
    return {
        "id": 110,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule({"limit": 4140, "numberPhases": 3})],
        **changes,
    }


def schedule(*periods: Payload, **changes: Any) -> Payload:
    """Build a schedule; a period without a start begins at 0."""
    listed = [{"startPeriod": 0, **period} for period in periods]
    return {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": listed, **changes}


def dynamic(power_w: float, transaction_id: str, duration_s: int = 180, **changes: Any) -> Payload:
    """Build the short-lived profile a V2G controller steers with."""
    period = {"operationMode": "CentralSetpoint", "setpoint": power_w}
    return profile(
        id=200,
        stackLevel=1,
        chargingProfilePurpose="TxProfile",
        chargingProfileKind="Dynamic",
        transactionId=transaction_id,
        chargingSchedule=[schedule(period, duration=duration_s)],
        **changes,
    )
