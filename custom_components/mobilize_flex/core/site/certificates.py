"""The stations' own certificates: which request is signed, how often, and what the station gets."""

from dataclasses import replace
from typing import Final

from ..model.certificates import CertificateEnding, CertificateMade, CertificateRequested, RequestJudged, SignRequest
from ..model.commands import AnswerCertificate, AskToSend, SendCertificate, Trigger
from .draft import Draft

PER_HOUR: Final = 3
HOUR_S: Final = 3600.0


def requested(d: Draft, fact: CertificateRequested) -> None:
    """Have a request signed, unless the station asks too often: one that refuses what it got must not go on so."""
    station = d.state.stations[fact.station]
    recent = tuple(at for at in station.certificates_at if d.now.age_s(at) < HOUR_S)
    if len(recent) >= PER_HOUR:
        d.commands.append(AnswerCertificate(call=fact.call, accepted=False))
        return
    d.put_station(replace(station, certificates_at=(*recent, d.now)))
    d.commands.append(SignRequest(asked=fact, serial=station.memory.serial))


def judged(d: Draft, fact: RequestJudged) -> None:
    """Tell the station whether its request can be signed."""
    d.commands.append(AnswerCertificate(call=fact.asked.call, accepted=fact.accepted))


def made(d: Draft, fact: CertificateMade) -> None:
    """Bring the certificate; if the station refuses it, the one it has stays good and nothing is repeated."""
    asked = fact.asked
    d.commands.append(
        SendCertificate(
            id=d.next_id(), station=fact.station, chain=fact.chain, kind=asked.kind, request_id=asked.request_id
        )
    )


def ending(d: Draft, fact: CertificateEnding) -> None:
    """Have the station ask for a new certificate while the old one is still good."""
    if d.state.stations[fact.station].online:
        d.commands.append(AskToSend(id=d.next_id(), station=fact.station, what=Trigger.SIGN_CERTIFICATE))
