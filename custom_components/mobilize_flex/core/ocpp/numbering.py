"""The numbers our profiles bear in a station: higher ones where it keeps the small ones for profiles of others."""

from dataclasses import replace
from typing import Final

from .request import Request
from .wire import Payload, integer, table

REFUSED: Final = "InvalidProfileId"
"""How a station says that a number is for profiles of others (SmartChargingCtrlr.MaxExternalConstraintsId)."""
OURS: Final = range(100, 300)
RAISED: Final = (0, 1_000_000, 1_000_000_000)
"""By how much our numbers are raised, one step after each refusal."""


def raised(request: Request, by: int) -> Request:
    """Return a request about our profiles with their numbers in this station."""
    payload = request.payload
    if by == 0:
        return request
    if request.action == "SetChargingProfile":
        profile = _raised(table(payload, "chargingProfile"), "id", by)
        return replace(request, payload={**payload, "chargingProfile": profile})
    if request.action in ("ClearChargingProfile", "UpdateDynamicSchedule"):
        return replace(request, payload=_raised(payload, "chargingProfileId", by))
    return request


def further(by: int) -> int:
    """Return the next step; the last one is not left."""
    return next((step for step in RAISED if step > by), by)


def known_as(number: int) -> int:
    """Return by which number we know a profile a station tells of."""
    return next((number - by for by in RAISED if number - by in OURS), number)


def _raised(payload: Payload, name: str, by: int) -> Payload:
    number = integer(payload, name)
    return payload if number is None else {**payload, name: number + by}
