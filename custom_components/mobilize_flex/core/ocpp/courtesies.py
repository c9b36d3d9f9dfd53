"""What a station tells that we acknowledge, or politely decline, and leave at that."""

from typing import Final

from ..model.commands import CallRef
from ..model.moment import Moment
from .dialect import Reader, Received
from .wire import Json, Payload, integer, stamp, tables, text


def acknowledge(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Say thank you."""
    return Received()


def say(answer: Payload) -> Reader:
    """Return a reader that always answers the same."""
    return lambda payload, call, now: Received(answer=dict(answer))


def chain_status(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Tell that the state of these certificates could not be found out."""
    rows: list[Json] = [
        {
            "certificateHashData": request.get("certificateHashData"),
            "source": request.get("source"),
            "status": "Failed",
            "nextUpdate": stamp(now.utc),
        }
        for request in tables(payload, "certificateStatusRequests")
    ]
    return Received(answer={"certificateStatus": rows})


def vat_number(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Decline to judge a tax number."""
    answer: Payload = {"status": "Rejected", "vatNumber": text(payload, "vatNumber", 20) or ""}
    evse = integer(payload, "evseId")
    if evse is not None and evse >= 0:
        answer["evseId"] = evse
    return Received(answer=answer)


REJECTED: Final[Reader] = say({"status": "Rejected"})
FAILED: Final[Reader] = say({"status": "Failed"})
UNKNOWN_VENDOR: Final[Reader] = say({"status": "UnknownVendorId"})
NO_VEHICLE_CERTIFICATE: Final[Reader] = say({"status": "Failed", "exiResponse": ""})
