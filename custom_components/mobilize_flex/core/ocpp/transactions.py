"""What a station tells about a charge: who asks for it, when it runs, what it measures."""

from ..model.commands import CallRef
from ..model.facts import CardPresented, Metered, TransactionReported
from ..model.moment import Moment
from ..model.station import Contract, EventKind, Token
from .dialect import Received, Unusable, evse_in
from .frames import ErrorCode
from .samples import samplings
from .wire import Payload, flag, instant_at, integer, is_dated, table, tables, text

ID_LIMIT = 128  # the standard says 36; longer ones have been seen


def authorize(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read who asks to be let in; the verdict comes later."""
    token = _token(payload)
    if token is None:
        raise Unusable(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "idToken: idToken, type")
    return Received((CardPresented(call=call, station=call.station, token=token),), answer=None)


def transaction_event(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read one event of a transaction; it is answered once it is kept."""
    told, evse = table(payload, "transactionInfo"), table(payload, "evse")
    transaction = text(told, "transactionId", ID_LIMIT)
    kind = payload.get("eventType")
    if not transaction or "seqNo" not in payload:
        raise Unusable(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "transactionInfo: transactionId, seqNo")
    if not isinstance(kind, str) or kind not in EventKind:
        raise Unusable(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "eventType: Started, Updated or Ended")
    odd: list[str] = []
    reported = TransactionReported(
        call=call,
        station=call.station,
        transaction=transaction,
        kind=EventKind(kind),
        seq_no=_seq_no(payload, odd),
        at=instant_at(payload, "timestamp", now.utc),
        trigger=text(payload, "triggerReason", 40) or "",
        offline=flag(payload, "offline") or False,
        evse=evse_in(evse, "id"),
        connector=evse_in(evse, "connectorId"),
        token=_token(payload),
        charging_state=text(told, "chargingState", 40),
        operation_mode=text(told, "operationMode", 40),
        stopped_reason=text(told, "stoppedReason", 40),
        remote_id=integer(told, "remoteStartId"),
        reservation=integer(payload, "reservationId"),
        samplings=samplings(payload, now.utc, odd),
        dated=is_dated(payload, "timestamp", now.utc),
    )
    return Received((reported,), answer=None, odd=tuple(odd))


def _seq_no(payload: Payload, odd: list[str]) -> int:
    """Return the number of an event; one that is none is taken as if the station did not count."""
    seq_no = integer(payload, "seqNo")
    if seq_no is None or seq_no < 0:
        odd.append("seqNo: cannot be true")
        return 0
    return seq_no


def meter_values(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read values outside of a transaction's events; EVSE 0 is the station's main meter."""
    evse = integer(payload, "evseId")
    odd: list[str] = []
    read = samplings(payload, now.utc, odd)
    if not read or (evse != 0 and evse_in(payload) is None):
        return Received(odd=tuple(odd))
    return Received((Metered(station=call.station, evse=evse or 0, samplings=read),), odd=tuple(odd))


def _token(payload: Payload) -> Token | None:
    raw = table(payload, "idToken")
    value, kind = text(raw, "idToken"), text(raw, "type", 20)
    if value is None or kind is None:
        return None
    more = {text(item, "type", 50): text(item, "additionalIdToken") for item in tables(raw, "additionalInfo")}
    return Token(value=value, kind=kind, evccid=more.get("EVCCID"), contract=_contract(payload))


def _contract(payload: Payload) -> Contract | None:
    """Return whether a contract certificate was checked by the station, left to us, or not sent at all (C07)."""
    if text(payload, "certificate"):
        return Contract.UNCHECKED
    return Contract.CHECKED if any(tables(payload, "iso15118CertificateHashData")) else None
