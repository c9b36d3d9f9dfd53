"""A station's own certificate on the wire: the wish, the answer, the certificate."""

import json

import pytest

from custom_components.mobilize_flex.core.model.certificates import CertificateRequested
from custom_components.mobilize_flex.core.model.commands import AnswerCertificate, CallRef, SendCertificate
from custom_components.mobilize_flex.core.model.facts import CommandRefused
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version

from .conftest import NewLink

V201, V21 = Version.V201, Version.V21
REF = CallRef("S1", 7, "m1")
OURS = "ChargingStationCertificate"


@pytest.mark.parametrize("version", [V201, V21])
@pytest.mark.parametrize("kind", [None, OURS])
@pytest.mark.parametrize(("accepted", "status"), [(True, "Accepted"), (False, "Rejected")])
def test_a_wish_for_a_certificate_waits_for_its_answer(
    new_link: NewLink, now: Moment, version: Version, kind: str | None, accepted: bool, status: str
) -> None:
    link = new_link(version)
    payload = {"csr": "-----BEGIN"} | ({} if kind is None else {"certificateType": kind})
    (asked,) = link.receive(json.dumps([2, "m1", "SignCertificate", payload]), now)
    assert asked == CertificateRequested(call=REF, station="S1", csr="-----BEGIN", kind=kind)
    assert link.outgoing() == []
    assert link.answer(AnswerCertificate(call=REF, accepted=accepted), now)
    ((_, _, answer),) = (json.loads(text) for text in link.outgoing())
    assert answer["status"] == status


@pytest.mark.parametrize(
    ("version", "kind"), [(V201, "V2GCertificate"), (V21, "V2GCertificate"), (V21, "V2G20Certificate")]
)
def test_a_certificate_for_cars_is_not_ours_to_sign(
    new_link: NewLink, now: Moment, version: Version, kind: str
) -> None:
    link = new_link(version)
    asked = json.dumps([2, "m1", "SignCertificate", {"csr": "x", "certificateType": kind}])
    assert link.receive(asked, now) == ()
    ((_, _, answer),) = (json.loads(text) for text in link.outgoing())
    assert answer["status"] == "Rejected"


def test_the_certificate_comes_with_what_it_answers(new_link: NewLink, now: Moment) -> None:
    link = new_link(V21)
    link.receive(json.dumps([2, "m1", "SignCertificate", {"csr": "x", "requestId": 12}]), now)
    link.answer(AnswerCertificate(call=REF, accepted=True), now)
    link.outgoing()
    link.command(SendCertificate(id=1, station="S1", chain="leaf root", kind=OURS, request_id=12), now)
    ((_, number, action, payload),) = (json.loads(text) for text in link.outgoing())
    assert (action, payload) == (
        "CertificateSigned",
        {"certificateChain": "leaf root", "certificateType": OURS, "requestId": 12},
    )
    (refused,) = link.receive(json.dumps([3, number, {"status": "Rejected"}]), now)
    assert isinstance(refused, CommandRefused)


def test_the_older_version_gets_nothing_it_does_not_know(new_link: NewLink, now: Moment) -> None:
    link = new_link(V201)
    link.command(SendCertificate(id=1, station="S1", chain="leaf root"), now)
    ((*_, payload),) = (json.loads(text) for text in link.outgoing())
    assert payload == {"certificateChain": "leaf root"}
