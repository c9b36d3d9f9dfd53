"""The ways to steer power that one vendor made up, before there was a standard."""

import contextlib
import json
import math
from typing import TYPE_CHECKING

from simulator.payload import Payload, status

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

FIELDS = ("setpoint", "operationMode")


class VendorRoutes:
    """A setpoint that came outside of any profile; positive into the car."""

    def __init__(self, station: OcppStation) -> None:
        """Be steered by nobody."""
        self._station = station
        self._setpoint_w: float | None = None
        self._until_s = math.inf

    @property
    def setpoint_w(self) -> float | None:
        """Tell what the vendor's own message asks for, while it is valid."""
        return self._setpoint_w if self._station.clock.monotonic_s() < self._until_s else None

    def forget(self) -> None:
        """Ask for nothing any more."""
        self._setpoint_w = None

    def steer(self, setpoint_w: float, valid_s: float = math.inf) -> None:
        """Ask for a power from now on."""
        self._setpoint_w, self._until_s = setpoint_w, self._station.clock.monotonic_s() + valid_s
        running = self._station.session.transaction
        if running is not None:
            running.hold_until_s = 0.0

    def written(self, text: str) -> None:
        """Take the watts somebody wrote into our variable."""
        self.steer(float(text))

    def data_transfer(self, asked: Payload) -> Payload:
        """Take the watts that came as a message of the vendor."""
        quirks, data = self._station.quirks, asked.get("data")
        if not quirks.data_transfer_vendor or asked["vendorId"] != quirks.data_transfer_vendor:
            return status("UnknownVendorId")
        if asked.get("messageId") != quirks.data_transfer_message:
            return status("UnknownMessageId")
        if isinstance(data, str):
            with contextlib.suppress(ValueError):
                data = json.loads(data)
        content = data if isinstance(data, dict) else {quirks.data_transfer_field: data}
        setpoint = content.get(quirks.data_transfer_field)
        if isinstance(setpoint, bool) or not isinstance(setpoint, int | float):
            return status("Rejected", "InvalidValue")
        self.steer(float(setpoint), float(content.get("validForS") or math.inf))
        return status("Accepted")

    def translated(self, profile: Payload) -> Payload:
        """Read what a vendor hides in the periods' customData as if it stood in the open."""
        if not self._station.quirks.custom_data_vendor:
            return profile
        schedules = [
            {**one, "chargingSchedulePeriod": [self._period(period) for period in one["chargingSchedulePeriod"]]}
            for one in profile["chargingSchedule"]
        ]
        return {**profile, "chargingSchedule": schedules}

    def _period(self, period: Payload) -> Payload:
        hidden = period.get("customData", {})
        if hidden.get("vendorId") != self._station.quirks.custom_data_vendor or "setpoint" not in hidden:
            return period
        plain = {name: value for name, value in period.items() if name not in ("limit", "numberPhases", "customData")}
        return {
            **plain,
            "operationMode": "CentralSetpoint",
            **{name: hidden[name] for name in FIELDS if name in hidden},
        }
