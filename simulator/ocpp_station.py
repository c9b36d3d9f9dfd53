"""The station's OCPP side: its standing with the controller, and all it says by itself."""

from collections.abc import Callable, Iterable
import contextlib
from dataclasses import dataclass, field, replace

from simulator.answers_charging import ChargingAnswers
from simulator.answers_upkeep import UpkeepAnswers
from simulator.catalogue import PLAIN_MEASURANDS
from simulator.clock import Clock
from simulator.conversation import CallRefused, Conversation, Postponed
from simulator.inventory import build_inventory
from simulator.library import SchemaCheck
from simulator.light import VOCABULARIES, Front, Light
from simulator.payload import Payload
from simulator.profile_rules import Ability, Refusal
from simulator.profiles import ProfileStack
from simulator.quirks import Quirks
from simulator.session import Session
from simulator.standing import ACCEPTED, Standing
from simulator.station import Evse

PASSWORD = ("SecurityCtrlr", None, None, None, "BasicAuthPassword", None)

type Handler = Callable[[Payload], Payload | Postponed]

REFUSED_LIGHT_S = 3.0
BEFORE_ACCEPTANCE = frozenset({"BootNotification", "NotifyReport"})
PENDING_ANSWERS = frozenset({"GetVariables", "SetVariables", "GetBaseReport", "GetReport", "TriggerMessage", "Reset"})
HYBRID = frozenset(
    {
        "Authorize",
        "NotifyEVChargingNeeds",
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


@dataclass(frozen=True, slots=True)
class StationSettings:
    """What is fixed about one station's OCPP side."""

    id: str = "SIM-001"
    password: str = "simulated-secret-1"
    vendor: str = "Mobilize"
    model: str = "Simulated Verso"
    serial: str = "SIM0000001"
    firmware: str = "1.0.0"
    protocols: tuple[str, ...] = ("ocpp2.1", "ocpp2.0.1")
    authorization: bool = True
    autocharge: bool = True
    token: str = "HOME-CAR"
    token_type: str = "Local"
    start_point: str = "PowerPathClosed"
    update_interval_s: int = 10
    boot_s: float = 4.0
    ability: Ability = field(default_factory=Ability)


class OcppStation:
    """One station, its side of the wire; `receive` and `take_frames` are the wire."""

    def __init__(self, settings: StationSettings, evse: Evse, clock: Clock, quirks: Quirks, check: SchemaCheck) -> None:
        """Power a station on: it wants a link, and will boot on it."""
        self.settings, self.evse, self.clock, self.quirks = settings, evse, clock, quirks
        self.password = settings.password
        self.version = "2.1"
        self.link = False
        self.operative = True
        self.wants_link = True
        self.profiles = ProfileStack(_ability(settings.ability, quirks))
        self.model = build_inventory(self)
        self.model.on_write[PASSWORD] = self._new_password
        self.conversation = Conversation(
            clock, check, self._route, self._may_send, answer_delay_s=quirks.answer_delay_s
        )
        self.conversation.version_of = self._version_of
        self.standing = Standing(self)
        self.session = Session(self, evse)
        evse.wrong_sign = quirks.wrong_sign
        self._start_profiles: dict[int, Payload] = {}
        self._routes: dict[str, Handler] = {**UpkeepAnswers(self).routes(), **ChargingAnswers(self).routes()}
        self._later: list[tuple[float, Callable[[], None]]] = []

    # -- standing -------------------------------------------------------------------------------

    @property
    def online(self) -> bool:
        """Tell whether the controller is there and has accepted this station."""
        return self.link and self.standing.registration == ACCEPTED

    @property
    def speaks_v2x(self) -> bool:
        """Tell whether V2X messages exist on this link."""
        return self.version == "2.1" or self.quirks.v2x_on_2_0_1

    @property
    def availability(self) -> str:
        """Tell the connector's state."""
        if self.evse.faulted:
            return "Faulted"
        if self.evse.plugged:
            return "Occupied"
        return "Available" if self.operative else "Unavailable"

    @property
    def light(self) -> Light:
        """Tell what the light on the front shows."""
        session, setting = self.session, self.session.setting()
        refused_s = float("inf") if session.refused_at_s is None else self.clock.monotonic_s() - session.refused_at_s
        front = Front(
            powered=self.evse.powered,
            online=self.link,
            accepted=self.standing.registration in (ACCEPTED, ""),
            faulted=self.evse.faulted,
            operative=self.operative,
            plugged=self.evse.plugged,
            authorizing=session.authorizing,
            refused=refused_s < REFUSED_LIGHT_S,
            waiting_for_plug=session.permission is not None and not self.evse.plugged,
            transaction=session.transaction is not None,
            ended=session.ended,
            v2x=session.v2x_agreed and (setting is None or setting.is_v2x),
            suspended="" if session.transaction is None else session.transaction.state,
            power_w=self.evse.power_w,
        )
        return VOCABULARIES[self.evse.settings.vocabulary](front)

    # -- the wire -------------------------------------------------------------------------------

    def link_up(self, protocol: str) -> None:
        """Begin on a fresh connection with the protocol agreed; boot only if there is a reason."""
        self.version = protocol.removeprefix("ocpp")
        self.model.hides_v2x = not self.speaks_v2x
        self.link = True
        self.conversation.open()
        self.profiles.link_found(self.clock.now())
        self.standing.link_up()
        if self.online:
            self.session.reconnected()

    def link_down(self) -> None:
        """Notice that the connection is gone."""
        if not self.link:
            return
        self.link = False
        self.profiles.link_lost(self.clock.now())
        self.conversation.close()
        self.standing.link_down()

    def receive(self, text: str) -> None:
        """Take one frame from the controller."""
        if self.link:
            self.conversation.receive(text)

    def take_frames(self) -> list[str]:
        """Hand over the frames that must go out."""
        return self.conversation.take_frames()

    @property
    def quiet(self) -> bool:
        """Tell whether nothing is on its way."""
        return self.conversation.quiet

    def tick(self) -> None:
        """Do what is due: delayed tasks, answers that never came, boot, heartbeat, session."""
        now_s = self.clock.monotonic_s()
        due = [task for due_s, task in self._later if due_s <= now_s]
        self._later = [item for item in self._later if item[0] > now_s]
        for task in due:
            task()
        if self.evse.powered:
            self.conversation.tick()
            self.session.tick()
            self.standing.tick()

    # -- what happens at the station ------------------------------------------------------------

    def plug_in(self) -> None:
        """Put the cable into the car."""
        if not self.evse.plugged:
            self.evse.plug_in()
            self.session.plugged()
            self.standing.tell_new_status()

    def unplug(self) -> None:
        """Take the cable out of the car."""
        if self.evse.plugged:
            self.evse.unplug()
            self.session.unplugged()
            self.standing.tell_new_status()

    def present_token(self, token: str, kind: str = "ISO14443") -> None:
        """Hold a badge to the station: it starts a session, or ends the running one."""
        running = self.session.transaction
        if running is not None and self.session.permission is not None:
            self.session.end("StopAuthorized", "Local", token={"idToken": token, "type": kind})
        else:
            self.session.authorize({"idToken": token, "type": kind}, "Authorized")

    def press_instant_charge(self) -> None:
        """Press the button in the car's flap."""
        self.evse.vehicle.press_flap_button()
        self.session.flap_button()

    def fault(self, present: bool) -> None:
        """Find a fault, which ends the transaction, or be well again."""
        self.evse.faulted = present
        if present:
            self.session.end("AbnormalCondition", "GroundFault")
        self.standing.tell_new_status()

    def reboot(self, reason: str = "PowerUp", stopped: str = "PowerLoss") -> None:
        """Lose power for a moment: the transaction ends, the meter and the lasting profiles stay."""
        self.session.end("ResetCommand" if stopped == "ImmediateReset" else "AbnormalCondition", stopped)
        self._power_off(reason)
        self.power_on()

    def lose_power(self) -> None:
        """Go dark until somebody calls `power_on`."""
        self._power_off("PowerUp")
        self.session.end("AbnormalCondition", "PowerLoss")

    def power_on(self) -> None:
        """Start up, which takes a few seconds."""
        self.later(self.settings.boot_s, self._started)

    def later(self, seconds: float, task: Callable[[], None]) -> None:
        """Do something after a while."""
        self._later.append((self.clock.monotonic_s() + seconds, task))

    def _power_off(self, reason: str) -> None:
        self.link_down()
        self.profiles.forget_transactions()
        self.evse.open_contactor()
        self.evse.powered = self.wants_link = False
        self.standing.restarted(reason)
        self.session.permission = None

    def _started(self) -> None:
        self.evse.powered = self.wants_link = True
        if self.evse.plugged:
            self.session.plugged()

    # -- what the station says ------------------------------------------------------------------

    def own_token(self) -> Payload:
        """Tell by what token the plugged car is known."""
        car = {"additionalIdToken": self.evse.vehicle.settings.evccid, "type": "EVCCID"}
        token: Payload = {"idToken": self.settings.token, "type": self.settings.token_type}
        return {**token, "additionalInfo": [car]} if self.evse.vehicle.speaks_iso else token

    def speakable(self, measurands: Iterable[str]) -> list[str]:
        """Keep the measurands this protocol has a word for."""
        if self.version == "2.1":
            return list(measurands)
        known = PLAIN_MEASURANDS.split(",")
        translated = ("SoC" if name == "Display.PresentSOC" else name for name in measurands)
        return [name for name in translated if name in known]

    def keep_start_profile(self, remote_start_id: int, profile: Payload) -> None:
        """Remember the profile that came with a remote start."""
        self._start_profiles[remote_start_id] = profile

    def take_start_profile(self, remote_start_id: int | None) -> Payload | None:
        """Hand the remembered profile over."""
        return None if remote_start_id is None else self._start_profiles.pop(remote_start_id, None)

    def install_start_profile(self, profile: Payload, transaction_id: str) -> None:
        """Install a profile that came before its transaction."""
        bound = {**profile, "transactionId": transaction_id}
        with contextlib.suppress(Refusal):
            circumstances = replace(self.session.circumstances(), needs_pending=False)
            self.profiles.install(bound, 1, self.clock.now(), circumstances)

    # -- inside ---------------------------------------------------------------------------------

    def _route(self, action: str, payload: Payload) -> Payload | Postponed | None:
        if action in self.quirks.never_answers:
            return None
        handler = self._routes.get(action)
        if handler is None:
            raise CallRefused("NotSupported", action)
        if self.standing.registration != ACCEPTED and action not in PENDING_ANSWERS:
            raise CallRefused("SecurityError", "not accepted yet")
        return handler(payload)

    def _may_send(self, action: str) -> bool:
        return (
            self.standing.registration == ACCEPTED
            or action in BEFORE_ACCEPTANCE
            or self.quirks.statuses_before_boot_answer
        )

    def _version_of(self, action: str) -> str:
        return "2.1" if self.quirks.v2x_on_2_0_1 and action in HYBRID else self.version

    def _new_password(self, password: str) -> None:
        self.password = password


def _ability(ability: Ability, quirks: Quirks) -> Ability:
    return replace(
        ability,
        dynamic=ability.dynamic and not quirks.refuses_dynamic,
        negative_limit=ability.negative_limit or quirks.negative_limit_discharges,
    )
