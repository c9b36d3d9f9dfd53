"""The messages by which a station tells a transaction."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from simulator.conversation import Then
from simulator.payload import Payload, iso, without_nothing
from simulator.samples import Look, meter_value
from simulator.station import Evse
from simulator.transaction import Transaction

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation
    from simulator.session import Session

UPDATED = "TxUpdatedMeasurands"
MANY_SAMPLES = 60


class Tale:
    """The teller: events in order, with the meter values the controller chose."""

    def __init__(self, station: OcppStation, evse: Evse, session: Session) -> None:
        """Tell the transactions of one session."""
        self._station = station
        self._evse = evse
        self._session = session

    def sample(self, measurands: Iterable[str], context: str) -> list[Payload] | None:
        """Take meter values now, of those this protocol has a word for."""
        look = Look(self._evse, self._session.setting(), self._station.quirks)
        return meter_value(iso(self._station.clock.now()), look, self._station.speakable(measurands), context)

    def values(self, setting_name: str, context: str, running: Transaction | None = None) -> list[Payload] | None:
        """Take the meter values a setting asks for; each operation mode may have its own."""
        model = self._station.model
        names = model.text("SampledDataCtrlr", setting_name)
        if setting_name == UPDATED and self._station.speaks_v2x and running is not None and running.mode:
            names = model.text("V2XChargingCtrlr", setting_name, running.mode, 1) or names
        return self.sample(names.split(","), context)

    def interval_s(self, running: Transaction) -> float:
        """Tell how often values are due; each operation mode may have its own pace."""
        model = self._station.model
        quirks = self._station.quirks
        if quirks.no_periodic_values:
            return float("inf")
        if quirks.fixed_interval_s:
            return quirks.fixed_interval_s
        if self._station.speaks_v2x and running.mode:
            own_s = model.number("V2XChargingCtrlr", "TxUpdatedInterval", running.mode, 1)
            if own_s > 0:
                return own_s
        return model.number("SampledDataCtrlr", "TxUpdatedInterval") or float("inf")

    def tell(
        self,
        running: Transaction,
        kind: str,
        trigger: str,
        *,
        values: list[Payload] | None = None,
        transaction: Payload | None = None,
        then: Then | None = None,
        **more: Payload | int | None,
    ) -> None:
        """Write one event and give it to the post; it waits there while the line is down."""
        quirks = self._station.quirks
        if quirks.ended_with_all_values:
            running.samples += values or []
            if len(running.samples) > MANY_SAMPLES:
                del running.samples[1::2]
        if kind == "Ended":
            values = None if quirks.ended_without_values else running.samples or values
        content = {"transactionId": running.id, **(transaction or {})}
        if self._station.version == "2.1" and running.mode and kind != "Ended":
            content["operationMode"] = running.mode
        first_at_evse = self._evse.plugged and not running.evse_told
        running.evse_told = running.evse_told or first_at_evse
        payload = without_nothing(
            eventType=kind,
            timestamp=iso(self._station.clock.now()),
            triggerReason=trigger,
            seqNo=0 if quirks.seq_no_always_zero else running.next_seq,
            offline=None if self._station.online else True,
            numberOfPhasesUsed=self._evse.phases_used if first_at_evse else None,
            transactionInfo=content,
            evse=self._place() if first_at_evse else None,
            meterValue=values,
            **more,
        )
        running.next_seq += 1
        self._station.conversation.call("TransactionEvent", payload, then, durable=True)

    def _place(self) -> Payload:
        return {"id": 1} if self._station.quirks.no_connector_id else {"id": 1, "connectorId": 1}
