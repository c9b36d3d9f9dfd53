"""A station's wish for a certificate, on its way to whoever signs and back."""

from dataclasses import dataclass

from .commands import CallRef


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRequested:
    """A station asked to have a certificate signed; ``csr`` is PEM, ``kind`` and ``request_id`` are as it said."""

    call: CallRef
    station: str
    csr: str
    kind: str | None
    request_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignRequest:
    """Sign what a station asks for; ``serial`` is the other name its certificate may bear."""

    asked: CertificateRequested
    serial: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestJudged:
    """Whoever signs looked at a request: it can be signed, or not."""

    asked: CertificateRequested
    station: str
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateMade:
    """A certificate was signed: leaf and root in PEM."""

    asked: CertificateRequested
    station: str
    chain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateEnding:
    """A station's own certificate ends soon."""

    station: str
