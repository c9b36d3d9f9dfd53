"""A station's own certificate: asked for, answered, brought (OCPP 2.0.1 part 2, A02 and A03)."""

from typing import Final

from ..model.certificates import CertificateRequested
from ..model.commands import AnswerCertificate, CallRef, SendCertificate
from ..model.moment import Moment
from .dialect import Received
from .request import Request
from .wire import Payload, integer, text

OURS: Final = "ChargingStationCertificate"
_REQUEST_LIMIT: Final = 5500


def sign_certificate(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read a wish for a certificate; one for cars is not ours to sign."""
    kind = text(payload, "certificateType", 40)
    if kind not in (None, OURS):
        return Received(answer={"status": "Rejected", "statusInfo": {"reasonCode": "UnsupportedRequest"}})
    asked = CertificateRequested(
        call=call,
        station=call.station,
        csr=text(payload, "csr", _REQUEST_LIMIT) or "",
        kind=kind,
        request_id=integer(payload, "requestId"),
    )
    return Received((asked,), answer=None)


def answer_words(answer: AnswerCertificate) -> Payload:
    """Write whether a certificate will be signed."""
    if answer.accepted:
        return {"status": "Accepted"}
    return {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidCSR"}}


def certificate_signed(command: SendCertificate) -> Request:
    """Return the request that brings a certificate."""
    payload: Payload = {"certificateChain": command.chain}
    if command.kind is not None:
        payload["certificateType"] = command.kind
    if command.request_id is not None:
        payload["requestId"] = command.request_id
    return Request(action="CertificateSigned", payload=payload)
