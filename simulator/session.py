"""One charging session as the station lives and tells it: from plug-in to unplug."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.conversation import OFFLINE, Answer
from simulator.needs import BIDIRECTIONAL, charging_needs
from simulator.payload import Payload, iso, without_nothing
from simulator.profile_rules import Circumstances
from simulator.profiles import Setting, Situation
from simulator.station import Evse
from simulator.tale import Tale
from simulator.transaction import NO_AUTHORIZATION, Permission, Transaction, new_id, reading_context
from simulator.vehicle import Offer

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

FIRST_PROFILE_S = 60.0
PATIENCE_S = 10.0
SETTLE_S = 2.0
FLOWS_W = 50.0


class Session:
    """The life of one plug-in: permission, transaction, needs, power, end."""

    def __init__(self, station: OcppStation, evse: Evse) -> None:
        """Wait for a car."""
        self.transaction: Transaction | None = None
        self.permission: Permission | None = None
        self.authorizing = False
        self.refused_at_s: float | None = None
        self.ended = False
        self._station = station
        self._evse = evse
        self.tale = Tale(station, evse, self)
        self._begun = False
        self._plugged_at_s = 0.0

    # -- what others ask ------------------------------------------------------------------------

    @property
    def v2x_agreed(self) -> bool:
        """Tell whether this session may discharge."""
        by_vendor = self._station.quirks.discharges_by_vendor_route and self._evse.vehicle.gives_back
        return by_vendor or (self.transaction is not None and self.transaction.v2x_agreed)

    @property
    def may_flow(self) -> bool:
        """Tell whether energy is allowed: authorised, plugged, operative, and not waiting for a first profile."""
        if self.transaction is None or self.permission is None or not self._evse.plugged:
            return False
        waiting = self._station.online and self._now_s < self.transaction.hold_until_s
        return self._station.operative and not waiting

    def setting(self) -> Setting | None:
        """Tell what the profile stack wants now; None when no energy may flow."""
        if not self.may_flow:
            return None
        setting, setpoint_w = self._station.profiles.setting(self.situation()), self._station.vendor_routes.setpoint_w
        if setpoint_w is None:
            return setting
        return replace(setting, mode="CentralSetpoint", setpoint_w=min(setpoint_w, setting.limit_w), layer="vendor")

    def offer(self) -> Offer:
        """Tell what the car is offered now."""
        setting = self.setting()
        if setting is not None and self._station.quirks.ignores_profiles:
            setting = Setting()
        return self._evse.offer(setting, self.v2x_agreed)

    def situation(self) -> Situation:
        """Tell the profile stack where this session stands."""
        running = self.transaction
        return Situation(
            now=self._station.clock.now(),
            wiring=self._evse.wiring,
            transaction_id=None if running is None else running.id,
            transaction_start=None if running is None else running.started_at,
            v2x_agreed=self.v2x_agreed,
            priority=running is not None and running.priority,
            car_wants_all=self._evse.vehicle.instant_charge,
        )

    def circumstances(self, transaction_id: str | None = None) -> Circumstances:
        """Tell the profile rules where this session stands, or would with a transaction to come."""
        running = self.transaction
        awaited = running is not None and self._tells_needs and not running.needs_told and self._station.online
        return Circumstances(
            transaction_id=transaction_id if running is None else running.id,
            needs_pending=awaited and self._station.version == "2.1",
            speaks_iso=self._evse.vehicle.speaks_iso,
            v2x_agreed=self.v2x_agreed,
        )

    # -- what happens ---------------------------------------------------------------------------

    def plugged(self) -> None:
        """Notice a cable in a car."""
        self._plugged_at_s = self._now_s
        self.ended = False
        self._begun = False

    def unplugged(self) -> None:
        """Notice that the car is gone."""
        if self.transaction is not None:
            self.end("EVCommunicationLost", "EVDisconnected")
        self.permission = None
        self.ended = self._begun = False

    def tick(self) -> None:
        """Do what is due."""
        if self._evse.plugged and not self._begun and not self.ended and self._may_begin():
            self._begin()
        elif self._waits_too_long():
            self._give_up()
        self._evse.contactor_closed = self.may_flow
        self._evse.locked = self._evse.lock_stuck or (self._evse.plugged and self.permission is not None)
        if self.transaction is not None and self._evse.plugged:
            self._watch(self.transaction)

    def authorize(
        self,
        token: Payload,
        trigger: str,
        remote_start_id: int | None = None,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Ask the controller whether a token may charge; the station's own list may know it already."""
        known = self._station.access.verdict(token)
        by_itself = self._station.model.flag("AuthCtrlr", "LocalPreAuthorize") and known is not None
        if by_itself and known is not None and known["status"] == "Accepted" and remote_start_id is None:
            self._authorized(Answer(payload={"idTokenInfo": known}), token, trigger, None)
            return
        self.authorizing = True

        def answered(answer: Answer) -> None:
            self._authorized(answer, token, trigger, remote_start_id)
            if then is not None:
                then()

        self._station.conversation.call("Authorize", {"idToken": token}, answered)

    def grant(self, permission: Permission, trigger: str) -> None:
        """Let a token charge."""
        self.permission = permission
        token = {name: value for name, value in permission.token.items() if name != "additionalInfo"}
        if self.transaction is not None:
            number = without_nothing(remoteStartId=permission.remote_start_id)
            self.tale.tell(
                self.transaction,
                "Updated",
                trigger,
                idToken=token,
                transaction=number,
                reservationId=self._station.reservations.use(),
                then=self._acknowledged,
            )
        elif self._starts_now():
            self._start(trigger, token)

    def end(self, trigger: str, reason: str, *, token: Payload | None = None) -> None:
        """Finish the transaction: last values, power off, profiles of it forgotten."""
        running = self.transaction
        if running is None:
            return
        running.state = "EVConnected" if self._evse.plugged else "Idle"
        self.tale.tell(
            running,
            "Ended",
            trigger,
            values=self.tale.values("TxEndedMeasurands", "Transaction.End", running),
            transaction={"stoppedReason": reason, "chargingState": running.state},
            idToken=token,
        )
        self.transaction = self.permission = None
        self.ended = True
        self._evse.open_contactor()
        self._evse.locked = self._evse.lock_stuck
        self._station.vendor_routes.forget()
        self._station.profiles.forget_transactions()

    def tell(self, trigger: str) -> None:
        """Send an update with fresh values, because somebody asked or something changed."""
        if self.transaction is not None:
            values = self.tale.values("TxUpdatedMeasurands", reading_context(trigger), self.transaction)
            self.tale.tell(self.transaction, "Updated", trigger, values=values)

    def tell_needs(self) -> None:
        """Pass on what the car needs."""
        running = self.transaction
        if running is None or not self._tells_needs:
            return
        only_tells = self._station.quirks.needs_in_2_1_form and not self._station.speaks_v2x
        v2x_form = self._station.speaks_v2x or only_tells
        allowed = only_tells or (self.permission is not None and BIDIRECTIONAL in self.permission.transfers)
        needs = charging_needs(self._evse, v2x_form=v2x_form, bpt_allowed=allowed)
        payload: Payload = {"evseId": 1, "chargingNeeds": needs, "maxScheduleTuples": 12}
        if v2x_form:
            payload["timestamp"] = iso(self._station.clock.now())
        running.needs_told = True
        wants_v2x = needs["requestedEnergyTransfer"] == BIDIRECTIONAL
        running.v2x_agreed = running.v2x_agreed and wants_v2x
        self._station.conversation.call(
            "NotifyEVChargingNeeds", payload, lambda answer: self._needs_answered(answer, running, wants_v2x)
        )

    def reconnected(self) -> None:
        """Tell the needs nobody was there to hear."""
        running = self.transaction
        if running is not None and self.permission is not None and not running.needs_told and self._evse.plugged:
            self.tell_needs()

    def set_priority(self, active: bool) -> None:
        """Turn priority charging on or off, and say so."""
        if self.transaction is None:
            return
        self.transaction.priority = active
        note = {"transactionId": self.transaction.id, "activated": active}
        self._station.conversation.call("NotifyPriorityCharging", note, durable=True)

    def flap_button(self) -> None:
        """Notice that the car left V2G because somebody pressed its button."""
        if self.transaction is None:
            return
        self.transaction.v2x_agreed = False
        if self._station.speaks_v2x:
            if self._station.profiles.has_priority_profile():
                self.set_priority(True)
            self.tell_needs()

    # -- inside ---------------------------------------------------------------------------------

    @property
    def _now_s(self) -> float:
        return self._station.clock.monotonic_s()

    @property
    def _tells_needs(self) -> bool:
        return self._evse.vehicle.speaks_iso and not self._station.quirks.no_charging_needs

    def _may_begin(self) -> bool:
        return self._station.online or self._now_s - self._plugged_at_s >= PATIENCE_S

    def _begin(self) -> None:
        self._begun = True
        model = self._station.model
        if self.transaction is None and self._starts_now():
            self._start("CablePluggedIn", None)
        if self.permission is not None:
            if self.transaction is None:
                self.grant(self.permission, "CablePluggedIn")
            else:
                self.tell("CablePluggedIn")
                self.tell_needs()
        elif not model.flag("AuthCtrlr", "Enabled"):
            self.grant(Permission(NO_AUTHORIZATION, self._now_s), "Authorized")
        elif self._station.settings.autocharge:
            self.authorize(self._station.own_token(), "Authorized")

    def _starts_now(self) -> bool:
        points = set(self._station.model.text("TxCtrlr", "TxStartPoint").split(","))
        met = set()
        if self._evse.plugged:
            met.add("EVConnected")
        if self.permission is not None:
            met.add("Authorized")
        if len(met) == 2:
            met |= {"PowerPathClosed", "EnergyTransfer", "DataSigned"}
        return bool(points & met)

    def _authorized(self, answer: Answer, token: Payload, trigger: str, remote_start_id: int | None) -> None:
        self.authorizing = False
        if answer.payload is None:
            verdict = self._verdict_offline(token)
        else:
            verdict = answer.payload["idTokenInfo"]
            self._station.access.remember(token, verdict)
        if verdict["status"] != "Accepted" or not self._station.reservations.admits(token, verdict.get("groupIdToken")):
            self.refused_at_s = self._now_s
            return
        transfers = frozenset((answer.payload or {}).get("allowedEnergyTransfer", ()))
        profile = self._station.take_start_profile(remote_start_id)
        self.grant(Permission(token, self._now_s, remote_start_id, transfers, profile), trigger)

    def _verdict_offline(self, token: Payload) -> Payload:
        """Decide about a badge while nobody answers: by the list, else by what the settings say of strangers."""
        model = self._station.model
        known = self._station.access.verdict(token)
        if known is not None and model.flag("AuthCtrlr", "LocalAuthorizeOffline"):
            return known
        return {"status": "Accepted" if model.flag("AuthCtrlr", "OfflineTxForUnknownIdEnabled") else "Unknown"}

    def _waits_too_long(self) -> bool:
        if self.permission is None or self._evse.plugged:
            return False
        limit_s = self._station.model.number("TxCtrlr", "EVConnectionTimeOut")
        return self._now_s - self.permission.granted_at_s >= limit_s

    def _give_up(self) -> None:
        self.end("EVConnectTimeout", "Timeout")
        self.permission = None
        self.ended = False

    def _start(self, trigger: str, token: Payload | None) -> None:
        quirks, name = self._station.quirks, new_id(self._station.quirks.transaction_id_shape)
        self.transaction = Transaction(name, self._station.clock.now(), sampled_at_s=self._now_s)
        running, allowed = self.transaction, self.permission
        running.state = "EVConnected" if self._evse.plugged else "Idle"
        running.remote_start_id = None if allowed is None else allowed.remote_start_id
        if self._tells_needs and self._evse.plugged:
            running.hold_until_s = self._now_s + FIRST_PROFILE_S
        if allowed is not None and allowed.profile is not None:
            self._station.install_start_profile(allowed.profile, running.id)
        shown = "Charging" if quirks.cable_told_after_started and self._evse.plugged else running.state
        self.tale.tell(
            running,
            "Started",
            trigger,
            values=self.tale.values("TxStartedMeasurands", "Transaction.Begin", running),
            transaction=without_nothing(
                chargingState=None if quirks.started_without_charging_state else shown,
                remoteStartId=running.remote_start_id,
            ),
            idToken=None if quirks.started_without_token else token,
            reservationId=None if token is None else self._station.reservations.use(),
            then=self._acknowledged,
        )
        if quirks.cable_told_after_started and self._evse.plugged:
            self.tell("CablePluggedIn")

    def _acknowledged(self, answer: Answer) -> None:
        running = self.transaction
        if running is None:
            return
        told = (answer.payload or {}).get("idTokenInfo")
        if told is not None and self.permission is not None:
            self._station.access.remember(self.permission.token, told)
        if (
            told is not None
            and told["status"] != "Accepted"
            and self._station.model.flag("TxCtrlr", "StopTxOnInvalidId")
        ):
            self.refused_at_s = self._now_s
            self.end("Deauthorized", "DeAuthorized")
        elif self.permission is not None and not running.needs_told and self._evse.plugged:
            self.tell_needs()

    def _needs_answered(self, answer: Answer, running: Transaction, wants_v2x: bool) -> None:
        if answer.status == "Rejected" and self._station.speaks_v2x:
            self.end("AbnormalCondition", "ReqEnergyTransferRejected")
            return
        running.v2x_agreed = wants_v2x and self._station.speaks_v2x and answer.payload is not None
        running.needs_told = answer.error != OFFLINE
        if answer.status in (None, "NoChargingProfile"):
            running.hold_until_s = 0.0

    def _watch(self, running: Transaction) -> None:
        setting = self.setting()
        if setting is not None and setting.mode != running.mode:
            first, running.mode = running.mode == "", setting.mode
            if self._station.version == "2.1" and not (first and setting.mode == "ChargingOnly"):
                self.tell("OperationModeChanged")
        self._watch_state(running, self._charging_state(setting))
        if self._now_s - running.sampled_at_s >= self.tale.interval_s(running):
            running.sampled_at_s = self._now_s
            self.tell("MeterValuePeriodic")

    def _watch_state(self, running: Transaction, state: str) -> None:
        if state != running.next_state:
            running.next_state, running.next_since_s = state, self._now_s
        if state == running.state:
            return
        if not state.startswith("Suspended") or self._now_s - running.next_since_s >= SETTLE_S:
            running.state = state
            values = self.tale.values("TxUpdatedMeasurands", "Other", running)
            change = {"chargingState": state}
            self.tale.tell(running, "Updated", "ChargingStateChanged", values=values, transaction=change)

    def _charging_state(self, setting: Setting | None) -> str:
        if setting is None:
            return "EVConnected"
        if abs(self._evse.power_w) > FLOWS_W:
            return "Charging"
        offer = self.offer()
        nothing_asked = offer.limit_w == 0 or offer.setpoint_w == 0
        return "SuspendedEVSE" if nothing_asked else "SuspendedEV"
