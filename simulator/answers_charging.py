"""The station's answers to whoever steers the charging."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from simulator.conversation import CallRefused, Postponed
from simulator.needs import BIDIRECTIONAL
from simulator.payload import Payload, iso, status, without_nothing
from simulator.profile import Profile
from simulator.profile_rules import Refusal, check_profile
from simulator.profiles import Setting
from simulator.transaction import Permission

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

type Handler = Callable[[Payload], Payload | Postponed]


class ChargingAnswers:
    """Profiles, priority, energy transfer, remote start and stop."""

    def __init__(self, station: OcppStation) -> None:
        """Answer for one station."""
        self._station = station

    def routes(self) -> dict[str, Handler]:
        """Tell which question is answered where."""
        return {
            "SetChargingProfile": self.set_charging_profile,
            "UpdateDynamicSchedule": self.update_dynamic_schedule,
            "ClearChargingProfile": self.clear_charging_profile,
            "GetChargingProfiles": self.get_charging_profiles,
            "GetCompositeSchedule": self.get_composite_schedule,
            "NotifyAllowedEnergyTransfer": self.notify_allowed_energy_transfer,
            "UsePriorityCharging": self.use_priority_charging,
            "RequestStartTransaction": self.request_start,
            "RequestStopTransaction": self.request_stop,
            "GetTransactionStatus": self.get_transaction_status,
        }

    def set_charging_profile(self, asked: Payload) -> Payload:
        """Install a profile, or say by which rule not."""
        station, session = self._station, self._station.session
        if not station.model.flag("SmartChargingCtrlr", "Enabled"):
            return status("Rejected", "NotEnabled")
        try:
            profile = station.profiles.install(
                asked["chargingProfile"],
                asked["evseId"],
                station.clock.now(),
                session.circumstances(),
                station.vendor_routes.translated(asked["chargingProfile"]),
            )
        except Refusal as refusal:
            return status("Rejected", refusal.code, refusal.more)
        if profile.purpose == "TxProfile" and session.transaction is not None:
            session.transaction.hold_until_s = 0.0
            self._tell_schedule(profile)
        return status("Accepted")

    def update_dynamic_schedule(self, asked: Payload) -> Payload:
        """Take a new setpoint or limit into a dynamic profile."""
        station = self._station
        if station.quirks.no_dynamic_updates:
            raise CallRefused("NotImplemented", "UpdateDynamicSchedule")
        now, circumstances = station.clock.now(), station.session.circumstances()
        try:
            station.profiles.update(asked["chargingProfileId"], asked["scheduleUpdate"], now, circumstances)
        except Refusal as refusal:
            return status("Rejected", refusal.code, refusal.more)
        return status("Accepted")

    def clear_charging_profile(self, asked: Payload) -> Payload:
        """Remove profiles."""
        gone = self._station.profiles.clear(asked.get("chargingProfileId"), asked.get("chargingProfileCriteria", {}))
        return status("Accepted" if gone else "Unknown")

    def get_charging_profiles(self, asked: Payload) -> Payload:
        """Report what is installed, one message for each EVSE."""
        found = self._station.profiles.select(asked.get("evseId"), asked["chargingProfile"])
        by_evse: dict[int, list[Payload]] = {}
        for profile in found:
            by_evse.setdefault(profile.evse_id, []).append(profile.raw)
        for left, (evse_id, profiles) in zip(reversed(range(len(by_evse))), by_evse.items(), strict=True):
            report = without_nothing(
                requestId=asked["requestId"],
                chargingLimitSource="CSO",
                chargingProfile=profiles,
                tbc=True if left else None,
                evseId=evse_id,
            )
            self._station.conversation.call("ReportChargingProfiles", report)
        return status("Accepted" if found else "NoProfiles")

    def get_composite_schedule(self, asked: Payload) -> Payload:
        """Tell what all profiles together allow."""
        station = self._station
        unit = asked.get("chargingRateUnit", "W")
        if asked["evseId"] not in (0, 1):
            return status("Rejected", "UnknownEvse")
        if unit not in station.profiles.ability.units:
            return status("Rejected", "UnsupportedRateUnit")
        ahead = station.profiles.composite(station.session.situation(), asked["duration"])
        per_unit = 1.0 if unit == "W" else station.evse.wiring.voltage_v * station.evse.wiring.phases
        schedule = {
            "evseId": asked["evseId"],
            "duration": asked["duration"],
            "scheduleStart": iso(station.clock.now()),
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [self._composite_period(start_s, one, per_unit) for start_s, one in ahead],
        }
        return {"status": "Accepted", "schedule": schedule}

    def notify_allowed_energy_transfer(self, asked: Payload) -> Payload:
        """Renegotiate what this transaction may do, if the station can."""
        station, session = self._station, self._station.session
        running = session.transaction
        if running is None or running.id != asked["transactionId"]:
            return status("Rejected", "TxNotFound")
        if station.quirks.no_renegotiation or session.permission is None:
            return status("Rejected", "UnsupportedRequest", "no service renegotiation")
        session.permission.transfers = frozenset(asked["allowedEnergyTransfer"])
        running.v2x_agreed = running.v2x_agreed and BIDIRECTIONAL in session.permission.transfers
        session.tell_needs()
        return status("Accepted")

    def use_priority_charging(self, asked: Payload) -> Payload:
        """Put the priority profile in charge, or out of it."""
        station, session = self._station, self._station.session
        if session.transaction is None or session.transaction.id != asked["transactionId"]:
            return status("Rejected", "TxNotFound")
        if not station.profiles.has_priority_profile():
            return status("NoProfile")
        session.set_priority(asked["activate"])
        return status("Accepted")

    def request_start(self, asked: Payload) -> Payload | Postponed:
        """Start a transaction for a token, now or when the cable comes."""
        station, session = self._station, self._station.session
        refusal = self._why_no_start(asked)
        if refusal is not None:
            return refusal
        number, token = asked["remoteStartId"], asked["idToken"]
        if "chargingProfile" in asked:
            station.keep_start_profile(number, asked["chargingProfile"])
        answer = Postponed()
        if not station.model.flag("AuthCtrlr", "AuthorizeRemoteStart"):
            profile = station.take_start_profile(number)
            permission = Permission(token, station.clock.monotonic_s(), number, profile=profile)
            known = self._accepted()
            session.grant(permission, "RemoteStart")
            if not station.quirks.started_before_accepted:
                return known
            station.later(0.0, lambda: answer.give(self._accepted()))
            return answer
        if station.quirks.started_before_accepted:
            accept = partial(station.later, 0.0, lambda: answer.give(self._accepted()))
            session.authorize(token, "RemoteStart", number, then=accept)
            return answer
        if not station.quirks.authorizes_before_answering_start:
            known = self._accepted()
            session.authorize(token, "RemoteStart", number)
            return known
        session.authorize(token, "RemoteStart", number, then=lambda: answer.give(self._accepted()))
        return answer

    def request_stop(self, asked: Payload) -> Payload:
        """End the running transaction."""
        session = self._station.session
        if session.transaction is None or session.transaction.id != asked["transactionId"]:
            return status("Rejected", "TxNotFound")
        session.end("RemoteStop", "Remote")
        return status("Accepted")

    def get_transaction_status(self, asked: Payload) -> Payload:
        """Tell whether a transaction runs, and whether messages wait."""
        running = self._station.session.transaction
        wanted = asked.get("transactionId")
        ongoing = None if wanted is None else running is not None and running.id == wanted
        waiting = self._station.conversation.waiting(wanted)
        return without_nothing(
            ongoingIndicator=ongoing, messagesInQueue=any(one.action == "TransactionEvent" for one in waiting)
        )

    def _accepted(self) -> Payload:
        """Accept a start, and name the transaction if there is one already."""
        running = self._station.session.transaction
        return without_nothing(status="Accepted", transactionId=None if running is None else running.id)

    def _why_no_start(self, asked: Payload) -> Payload | None:
        station, session = self._station, self._station.session
        if asked.get("evseId", 1) != 1:
            return status("Rejected", "UnknownEvse")
        if not station.operative or station.evse.faulted:
            return status("Rejected", "NotAvailable")
        if session.permission is not None:
            return status("Rejected", "TxInProgress")
        if not station.reservations.admits(asked["idToken"], asked.get("groupIdToken")):
            return status("Rejected", "Reserved")
        profile = asked.get("chargingProfile")
        if profile is None:
            return None
        if "transactionId" in profile or profile["chargingProfilePurpose"] != "TxProfile":
            return status("Rejected", "InvalidProfile")
        try:
            circumstances = session.circumstances(transaction_id="")
            check_profile({**profile, "transactionId": ""}, 1, station.profiles.ability, circumstances)
        except Refusal as refusal:
            return status("Rejected", refusal.code, refusal.more)
        return None

    def _tell_schedule(self, profile: Profile) -> None:
        """Pass on the car's own schedule; only cars under scheduled control make one."""
        station, needs = self._station, self._station.evse.vehicle.needs()
        if needs.dynamic_control or not station.evse.vehicle.speaks_iso:
            return
        setting = station.profiles.setting(station.session.situation())
        schedule = {
            "id": profile.id,
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [self._composite_period(0.0, setting, 1.0)],
        }
        note = {"timeBase": iso(station.clock.now()), "chargingSchedule": schedule, "evseId": 1}
        station.conversation.call("NotifyEVChargingSchedule", note)

    def _composite_period(self, start_s: float, setting: Setting, per_unit: float) -> Payload:
        station = self._station
        limit_w = min(setting.limit_w, station.evse.max_charge_w)
        period: Payload = {"startPeriod": round(start_s), "limit": round(limit_w / per_unit, 1)}
        period["numberPhases"] = station.evse.wiring.phases
        if not station.speaks_v2x or not setting.is_v2x:
            return period
        del period["limit"], period["numberPhases"]
        period["operationMode"] = setting.mode
        if setting.setpoint_w is not None and setting.mode != "Idle":
            period["setpoint"] = round(setting.setpoint_w / per_unit, 1)
        return period
