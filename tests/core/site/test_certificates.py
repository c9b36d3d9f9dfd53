"""Who gets a certificate, how often, and how safely a station must come in from then on."""

from dataclasses import replace

import pytest

from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.certificates import (
    CertificateEnding,
    CertificateMade,
    CertificateRequested,
    RequestJudged,
    SignRequest,
)
from custom_components.mobilize_flex.core.model.commands import (
    AnswerCertificate,
    AskToSend,
    CallRef,
    Keep,
    SendCertificate,
    Trigger,
)
from custom_components.mobilize_flex.core.model.state import StationMemory
from custom_components.mobilize_flex.core.model.station import Version

from .test_step import CONFIG, Home

KIND = "ChargingStationCertificate"


@pytest.fixture
def home() -> Home:
    home = Home()
    home.dial_in()
    return home


def wish(number: int = 1) -> CertificateRequested:
    return CertificateRequested(call=CallRef("ST1", 1, f"c{number}"), station="ST1", csr="pem", kind=KIND, request_id=5)


def connected(profile: int, link: int) -> f.StationConnected:
    return f.StationConnected(station="ST1", version=Version.V21, link=link, profile=profile)


def memory(home: Home) -> StationMemory:
    return home.state.stations["ST1"].memory


def test_a_request_goes_to_whoever_signs_with_the_stations_other_name(home: Home) -> None:
    asked = wish()
    assert home.tell(asked).commands == (SignRequest(asked=asked, serial="S"),)


def test_the_station_hears_yes_and_then_gets_its_certificate(home: Home) -> None:
    asked = wish()
    home.tell(asked)
    yes = home.tell(RequestJudged(asked=asked, station="ST1", accepted=True)).commands
    assert yes == (AnswerCertificate(call=asked.call, accepted=True),)
    (sent,) = home.tell(CertificateMade(asked=asked, station="ST1", chain="leaf root")).commands
    assert isinstance(sent, SendCertificate)
    assert (sent.chain, sent.kind, sent.request_id) == ("leaf root", KIND, 5)


def test_what_cannot_be_signed_is_rejected_and_nothing_follows(home: Home) -> None:
    asked = wish()
    home.tell(asked)
    no = home.tell(RequestJudged(asked=asked, station="ST1", accepted=False)).commands
    assert no == (AnswerCertificate(call=asked.call, accepted=False),)


def test_a_station_that_refuses_its_certificate_starts_no_loop(home: Home) -> None:
    asked = wish()
    home.tell(asked)
    (sent,) = home.tell(CertificateMade(asked=asked, station="ST1", chain="leaf root")).commands
    assert isinstance(sent, SendCertificate)
    home.tell(f.CommandRefused(station="ST1", id=sent.id, reason="InvalidCertificate"))
    before = len(home.sent)
    for _ in range(5):
        home.tell(f.Ticked(), 60)
    assert not [c for c in home.sent[before:] if isinstance(c, (SendCertificate, AskToSend, SignRequest))]


def test_three_requests_an_hour_are_enough(home: Home) -> None:
    for number in range(3):
        assert isinstance(home.tell(wish(number), 10).commands[0], SignRequest)
    assert home.tell(wish(4), 10).commands == (AnswerCertificate(call=wish(4).call, accepted=False),)
    assert isinstance(home.tell(wish(5), 3600).commands[0], SignRequest)


def test_a_certificate_that_ends_is_asked_for_again_while_the_station_is_there(home: Home) -> None:
    (ask,) = home.tell(CertificateEnding(station="ST1")).commands
    assert isinstance(ask, AskToSend)
    assert ask.what is Trigger.SIGN_CERTIFICATE
    home.tell(f.StationDisconnected(station="ST1", link=1))
    assert home.tell(CertificateEnding(station="ST1")).commands == ()


def test_what_a_station_proved_once_it_has_to_prove_again(home: Home) -> None:
    keeps = home.tell(connected(2, 2)).keeps
    assert any(isinstance(k, Keep) and k.key == "station/ST1" and k.value == memory(home) for k in keeps)
    home.tell(connected(1, 3))
    station = home.state.stations["ST1"]
    assert (station.memory.security_profile, station.least_profile) == (2, 2)
    home.tell(connected(3, 4))
    assert home.state.stations["ST1"].least_profile == 3


def test_only_the_owner_lowers_it(home: Home) -> None:
    home.tell(connected(3, 2))
    (one,) = CONFIG.stations
    raised = replace(CONFIG, stations=(replace(one, security_profile=2),))
    home.tell(f.SiteConfigured(raised))
    assert home.state.stations["ST1"].least_profile == 3
    lowered = replace(CONFIG, stations=(replace(one, security_profile=2, security_epoch=1),))
    home.tell(f.SiteConfigured(lowered))
    assert home.state.stations["ST1"].least_profile == 2
    home.tell(connected(2, 3))
    assert (memory(home).security_profile, memory(home).security_epoch) == (2, 1)
