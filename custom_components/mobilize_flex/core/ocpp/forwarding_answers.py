"""Two answers to one call, ours and the vendor's, made into the one the station gets."""

from typing import Final

from ..model.station import Version
from .dialect import Refusal, Reply
from .frames import CallError, CallResult, ErrorCode
from .schema import Contract, SchemaError
from .wire import Payload, integer, table, text

NOT_OURS: Final = frozenset({ErrorCode.NOT_SUPPORTED, ErrorCode.NOT_IMPLEMENTED})
"""Our refusals that only mean that somebody else may know."""
SHORTEST_BEAT_S: Final = 10
_UNKNOWN: Final = frozenset({"UnknownVendorId", "UnknownMessageId"})
_VENDORS: Final = frozenset(
    {
        "SignCertificate",
        "Get15118EVCertificate",
        "GetCertificateStatus",
        "GetCertificateChainStatus",
        "VatNumberValidation",
        "NotifySettlement",
    }
)
_VERDICT: Final = (
    "groupIdToken",
    "cacheExpiryDateTime",
    "language1",
    "language2",
    "personalMessage",
    "personalMessageExtra",
)
_AUTHORIZE: Final = ("certificateStatus", "tariff")
_EVENT: Final = ("totalCost", "updatedPersonalMessage", "updatedPersonalMessageExtra")


class AnswerMisfit(Exception):
    """The vendor's answer breaks the schema."""


def together(
    contract: Contract, version: Version, action: str, ours: CallResult | CallError, theirs: Reply
) -> CallResult | CallError:
    """Return what the station is told.

    Raises:
        AnswerMisfit: the vendor's answer cannot be used.
    """
    if isinstance(ours, CallError) and ours.code not in NOT_OURS:
        return ours  # the station is to try again, or to mend its message
    if isinstance(theirs, Refusal):
        vendors = _is_vendors(action, ours)
        return CallError(ours.message_id, theirs.code, theirs.description) if vendors else ours
    own = ours.payload if isinstance(ours, CallResult) else None
    try:
        contract.check(version, action, "res", theirs.payload)
    except SchemaError as error:
        raise AnswerMisfit(action) from error
    payload = theirs.payload if own is None or _is_vendors(action, ours) else _merged(action, own, theirs.payload)
    return CallResult(ours.message_id, payload)


def sound(contract: Contract, version: Version | None, action: str, reply: Reply | None) -> Payload | None:
    """Return what an answer says, ``None`` where there is none or it breaks the schema."""
    if version is None or reply is None or isinstance(reply, Refusal):
        return None
    try:
        contract.check(version, action, "res", reply.payload)
    except SchemaError:
        return None
    return reply.payload


def differs(action: str, ours: CallResult | CallError, theirs: Reply) -> bool:
    """Return whether the vendor says otherwise than we about who may charge."""
    if isinstance(ours, CallError) or isinstance(theirs, Refusal) or action not in ("Authorize", "TransactionEvent"):
        return False
    own, other = (text(table(p, "idTokenInfo"), "status") for p in (ours.payload, theirs.payload))
    return None not in (own, other) and (own == "Accepted") is not (other == "Accepted")


def _is_vendors(action: str, ours: CallResult | CallError) -> bool:
    """Return whether the vendor's word replaces ours."""
    if isinstance(ours, CallError) or action in _VENDORS:
        return True
    return action == "DataTransfer" and text(ours.payload, "status") in _UNKNOWN


def _merged(action: str, ours: Payload, theirs: Payload) -> Payload:
    match action:
        case "BootNotification" if text(ours, "status") == "Accepted":
            told, own = integer(theirs, "interval") or 0, integer(ours, "interval") or 0
            return {**ours, "interval": min(max(told, SHORTEST_BEAT_S), own)} if told > 0 else ours
        case "Authorize":
            return _verdict(ours, theirs) | {key: theirs[key] for key in _AUTHORIZE if key in theirs}
        case "TransactionEvent":
            return _verdict(ours, theirs) | {key: theirs[key] for key in _EVENT if key in theirs}
        case _:
            return ours


def _verdict(ours: Payload, theirs: Payload) -> Payload:
    """Return our answer with what the vendor adds to a verdict, where both let the driver in."""
    own, other = table(ours, "idTokenInfo"), table(theirs, "idTokenInfo")
    if own.get("status") != "Accepted" or other.get("status") != "Accepted":
        return dict(ours)
    return {**ours, "idTokenInfo": {**{key: other[key] for key in _VERDICT if key in other}, **own}}
