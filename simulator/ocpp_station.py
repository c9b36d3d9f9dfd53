"""The station's OCPP side: its standing with the controller, and all it says by itself."""

from collections.abc import Callable, Iterable
import contextlib
from dataclasses import dataclass, field, replace

from simulator.aligned import AlignedValues
from simulator.availability import Availability
from simulator.catalogue import PLAIN_MEASURANDS
from simulator.certificates import Certificates
from simulator.clock import Clock, WrongClock
from simulator.conversation import Conversation, Exchange, Postponed, Then
from simulator.desk import Desk
from simulator.firmware import Firmware
from simulator.front import front_of
from simulator.inventory import build_inventory
from simulator.keyring import Keyring
from simulator.library import SchemaCheck
from simulator.light import VOCABULARIES, Light
from simulator.local_access import LocalAccess
from simulator.logs import Logs
from simulator.monitoring import Monitoring
from simulator.network import PRIORITY, Network
from simulator.payload import Payload
from simulator.profile_rules import Ability, Refusal
from simulator.profiles import ProfileStack
from simulator.quirks import Quirks
from simulator.reservations import Reservations
from simulator.screen import Screen
from simulator.session import Session
from simulator.standing import ACCEPTED, Standing
from simulator.station import Evse
from simulator.vendor_routes import VendorRoutes

PASSWORD = ("SecurityCtrlr", None, None, None, "BasicAuthPassword", None)

RECONNECT_S = 1.0
FEW_LETTERS = 20
STATUSES = ("StatusNotification", "NotifyEvent")


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
    ca_file: str | None = None
    client_cert_file: str | None = None
    client_key_file: str | None = None
    server_hostname: str | None = None
    ability: Ability = field(default_factory=Ability)


class OcppStation:
    """One station, its side of the wire; `receive` and `take_frames` are the wire."""

    def __init__(self, settings: StationSettings, evse: Evse, clock: Clock, quirks: Quirks, check: SchemaCheck) -> None:
        """Power a station on: it wants a link, and will boot on it."""
        if quirks.clock_wrong_by_s:
            clock = WrongClock(clock, quirks.clock_wrong_by_s)
        self.settings, self.evse, self.clock, self.quirks = settings, evse, clock, quirks
        self.password = settings.password
        self.version = "2.1"
        self.link = self.gone = False
        self.wants_link = self.leaves_politely = True
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._start_profiles: dict[int, Payload] = {}
        evse.wrong_sign = quirks.wrong_sign
        self.keyring = Keyring(settings.ca_file, settings.client_cert_file, settings.client_key_file, clock.now)
        self.network = Network(self)
        self.profiles = ProfileStack(_ability(settings.ability, quirks))
        self.firmware = Firmware(self, settings.firmware)
        self.availability_of = Availability(self)
        self.access, self.screen, self.reservations = LocalAccess(self), Screen(self), Reservations(self)
        self.model = build_inventory(self)
        self.conversation = self._begin_conversation(check)
        self.standing = Standing(self)
        self.session = Session(self, evse)
        self.monitoring = Monitoring(self)
        self.certificates, self.logs, self.aligned = Certificates(self), Logs(self), AlignedValues(self)
        self.vendor_routes = VendorRoutes(self)
        self._desk = Desk(self)
        self.conversation.version_of, self.conversation.reword = self._desk.version_of, self._desk.reword
        self.conversation.explain = self._desk.explain
        self._listen_to_writes()

    def _begin_conversation(self, check: SchemaCheck) -> Conversation:
        quirks = self.quirks
        talk = Conversation(self.clock, check, self._route, self._may_send, answer_delay_s=quirks.answer_delay_s)
        talk.open_questions = 2 if quirks.statuses_before_boot_answer else 1
        if quirks.memory_short:
            talk.queue_limit = FEW_LETTERS
        return talk

    def _listen_to_writes(self) -> None:
        self.model.on_write[PASSWORD] = self._new_password
        self.model.may_write[PASSWORD] = lambda _: not self.quirks.refuses_passwords
        self.model.may_write[PRIORITY] = self.network.may_follow
        setpoint = (self.quirks.setpoint_component, None, 1, None, self.quirks.setpoint_variable, None)
        self.model.on_write[setpoint] = self.vendor_routes.written

    # -- standing -------------------------------------------------------------------------------

    @property
    def online(self) -> bool:
        """Tell whether the controller is there and has accepted this station."""
        return self.link and self.standing.registration == ACCEPTED

    @property
    def operative(self) -> bool:
        """Tell whether a car can charge here."""
        return self.availability_of.operative

    @property
    def speaks_v2x(self) -> bool:
        """Tell whether V2X messages exist on this link."""
        return self.version == "2.1" or self.quirks.v2x_on_2_0_1

    @property
    def availability(self) -> str:
        """Tell the connector's state."""
        if self.evse.faulted:
            return "Faulted"
        if not self.operative:
            return "Unavailable"
        if self.evse.plugged:
            return "Occupied"
        return "Available" if self.reservations.current is None else "Reserved"

    @property
    def light(self) -> Light:
        """Tell what the light on the front shows."""
        return VOCABULARIES[self.evse.settings.vocabulary](front_of(self))

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

    def reconnect(self) -> None:
        """Leave the line with a good-bye, and dial anew."""
        self.leaves_politely = True
        self.link_down()
        self.wants_link = False
        self.later(RECONNECT_S, self._want_link)

    def distrusts_controller(self) -> None:
        """Notice that whoever answered the call cannot prove who he is."""
        self.standing.tell_security("InvalidCsmsCertificate")

    def send(self, action: str, payload: Payload, then: Then | None = None) -> None:
        """Say something to the controller, word for word; `then` gets what came back."""
        self.conversation.call(action, payload, then, word_for_word=True)

    def send_frame(self, text: str) -> None:
        """Put any text on the wire, be it a message or not; whatever answers it is answered to nobody."""
        self.conversation.send_frame(text)

    @property
    def received(self) -> list[Exchange]:
        """List the controller's questions with our answers, oldest first."""
        return list(self.conversation.received)

    @property
    def sent(self) -> list[Exchange]:
        """List our questions with the controller's answers, oldest first."""
        return list(self.conversation.sent)

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
            self.availability_of.tick()
            self.reservations.tick()
            self.session.tick()
            self.aligned.tick()
            self.screen.tick()
            self.logs.tick()
            self.standing.tick()
            self.monitoring.tick()

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

    def stick_lock(self, stuck: bool) -> None:
        """Let the lock of the cable fail, or work again."""
        self.evse.lock_stuck = stuck

    def reboot(self, reason: str = "PowerUp", stopped: str = "PowerLoss") -> None:
        """Restart: the transaction ends, the meter and the lasting profiles stay."""
        self.session.end("ResetCommand" if stopped == "ImmediateReset" else "AbnormalCondition", stopped)
        self._power_off(reason)
        self.power_on()

    def reset(self, reason: str) -> None:
        """Restart because the controller wants it."""
        if self.quirks.exits_on_reset:
            self._power_off(reason)
            self.gone = True
            return
        self._power_off("PowerUp" if self.quirks.power_up_after_reset else reason)
        self.later(self.quirks.reset_takes_s, self.power_on)

    def reset_evse(self) -> None:
        """Restart the EVSE alone, which is out of service meanwhile."""
        self.availability_of.busy = True
        self.later(self.settings.boot_s, self._evse_started)

    def lose_power(self) -> None:
        """Go dark until somebody calls `power_on`."""
        self._power_off("PowerUp")
        self.session.end("AbnormalCondition", "PowerLoss")

    def power_on(self) -> None:
        """Start up, which takes a few seconds."""
        self.gone = False
        self.later(self.settings.boot_s, self._started)

    def later(self, seconds: float, task: Callable[[], None]) -> None:
        """Do something after a while."""
        self._later.append((self.clock.monotonic_s() + seconds, task))

    def _power_off(self, reason: str) -> None:
        self.leaves_politely = reason != "PowerUp"
        self.link_down()
        self.profiles.forget_transactions()
        self.vendor_routes.forget()
        self.evse.open_contactor()
        self.evse.powered = self.wants_link = False
        self.standing.restarted(reason)
        self.session.permission = None

    def _want_link(self) -> None:
        self.wants_link = self.evse.powered

    def _evse_started(self) -> None:
        self.availability_of.busy = False
        if self.evse.plugged:
            self.session.plugged()

    def _started(self) -> None:
        self.network.restarted()
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
        return self._desk.answer(action, payload)

    def _may_send(self, action: str) -> bool:
        early = {"BootNotification", *(STATUSES if self.quirks.statuses_before_boot_answer else ())}
        return self.standing.registration == ACCEPTED or action in early

    def _new_password(self, password: str) -> None:
        self.password = password
        self.later(RECONNECT_S, self.reconnect)


def _ability(ability: Ability, quirks: Quirks) -> Ability:
    return replace(
        ability,
        dynamic=ability.dynamic and not quirks.refuses_dynamic,
        negative_limit=ability.negative_limit or quirks.negative_limit_discharges,
    )
