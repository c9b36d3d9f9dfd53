"""Badges in a station's words: the verdict on one, and the list it keeps."""

from datetime import UTC, datetime, timedelta
import json

import orjson
import pytest

from custom_components.mobilize_flex.core.model.access import ListEntry, ListLimits
from custom_components.mobilize_flex.core.model.commands import (
    AnswerAuthorize,
    AnswerTransaction,
    CallRef,
    CertificateStatus,
    ReadListVersion,
    SendBadges,
    TokenStatus,
    Variable,
)
from custom_components.mobilize_flex.core.model.facts import (
    CardPresented,
    CommandAccepted,
    CommandRefused,
    ListVersionReported,
)
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Contract as Proof, VariableReport, Version
from custom_components.mobilize_flex.core.ocpp.conversation import QUEUE_LIMIT
from custom_components.mobilize_flex.core.ocpp.dialect import Answer
from custom_components.mobilize_flex.core.ocpp.link import DIALECTS
from custom_components.mobilize_flex.core.ocpp.local_list import list_calls, list_limits, parts
from custom_components.mobilize_flex.core.ocpp.schema import Contract
from custom_components.mobilize_flex.core.ocpp.wire import Payload

from .conftest import NewLink

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT = Moment(NOON, 0.0)
MUM = ListEntry(token="04A1", kind="ISO14443", status="Accepted", group="FAMILY", until=NOON + timedelta(days=1))
THIEF = ListEntry(token="04B1", kind="ISO15693", status="Blocked")
VERSIONS = list(Version)


def row(variable: str, value: str | None, **more: object) -> VariableReport:
    return VariableReport(variable=Variable("LocalAuthListCtrlr", variable), value=value, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_list_goes_out_in_full_and_the_rest_on_top(version: Version, contract: Contract) -> None:
    command = SendBadges(id=1, station="S1", version=7, parts=((MUM,), (THIEF,)))
    first, second = DIALECTS[version].to_calls(command, AT)
    assert first.payload == {
        "versionNumber": 7,
        "updateType": "Full",
        "localAuthorizationList": [
            {
                "idToken": {"idToken": "04A1", "type": "ISO14443"},
                "idTokenInfo": {
                    "status": "Accepted",
                    "cacheExpiryDateTime": "2026-11-23T12:00:00Z",
                    "groupIdToken": {"idToken": "FAMILY", "type": "Central"},
                },
            }
        ],
    }
    assert second.payload == {
        "versionNumber": 8,
        "updateType": "Differential",
        "localAuthorizationList": [
            {"idToken": {"idToken": "04B1", "type": "ISO15693"}, "idTokenInfo": {"status": "Blocked"}}
        ],
    }
    for request in (first, second):
        contract.check(version, "SendLocalList", "req", request.payload)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_empty_list_leaves_the_entries_out(version: Version, contract: Contract) -> None:
    (request,) = DIALECTS[version].to_calls(SendBadges(id=1, station="S1", version=3, parts=((),)), AT)
    assert request.payload == {"versionNumber": 3, "updateType": "Full"}
    contract.check(version, "SendLocalList", "req", request.payload)


@pytest.mark.parametrize(
    ("limits", "sizes"),
    [
        (ListLimits(), [9]),
        (ListLimits(items=4), [4, 4, 1]),
        (ListLimits(octets=500), [3, 3, 3]),
        (ListLimits(octets=500, items=2), [2, 2, 2, 2, 1]),
        (ListLimits(octets=10), [1] * 9),  # one at a time is the least there is
    ],
)
def test_messages_stay_within_what_a_station_takes(limits: ListLimits, sizes: list[int]) -> None:
    wanted = [ListEntry(token=f"04A{n}", kind="ISO14443", status="Accepted") for n in range(9)]
    cut = parts(wanted, limits)
    assert [len(part) for part in cut] == sizes
    if limits.octets == 500:
        for request in list_calls(SendBadges(id=1, station="S1", version=1, parts=cut)):
            frame = [2, "x" * 36, "SendLocalList", request.payload]
            assert len(orjson.dumps(frame)) <= limits.octets


def test_a_list_never_fills_the_queue_to_the_station() -> None:
    wanted = [ListEntry(token=f"{n}", kind="ISO14443", status="Accepted") for n in range(500)]
    assert len(parts(wanted, ListLimits(items=1))) < QUEUE_LIMIT
    assert parts([], ListLimits(items=1)) == ((),)


def test_the_inventory_tells_what_a_list_may_be() -> None:
    items = VariableReport(variable=Variable("DeviceDataCtrlr", "ItemsPerMessage", instance="SendLocalList"), value="5")
    told = (row("Entries", "3", max_limit=50.0), row("BytesPerMessage", "4000"), row("Enabled", "true"), items)
    assert list_limits(told) == ListLimits(able=True, entries=50, items=5, octets=4000)
    assert list_limits((*told, row("ItemsPerMessage", "9"))).items == 9
    assert list_limits(()) == ListLimits()
    assert list_limits((row("ItemsPerMessage", "0"), row("BytesPerMessage", "many"))) == ListLimits()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_station_tells_its_version(version: Version) -> None:
    ask = ReadListVersion(id=4, station="S1")
    (request,) = DIALECTS[version].to_calls(ask, AT)
    assert (request.action, request.payload) == ("GetLocalListVersion", {})
    told = DIALECTS[version].outcome(ask, Answer({"versionNumber": 12}))
    assert told == (ListVersionReported(station="S1", version=12), CommandAccepted(station="S1", id=4))


@pytest.mark.parametrize("status", ["Accepted", "Failed", "VersionMismatch"])
def test_the_answer_to_a_list_keeps_its_word(status: str) -> None:
    (verdict,) = DIALECTS[Version.V201].outcome(
        SendBadges(id=4, station="S1", version=1, parts=((),)), Answer({"status": status})
    )
    if status == "Accepted":
        assert isinstance(verdict, CommandAccepted)
    else:
        assert isinstance(verdict, CommandRefused)
        assert verdict.reason == status


CALL = CallRef("S1", 7, "m")
WORDS: Payload = {
    "status": "Accepted",
    "cacheExpiryDateTime": "2026-11-22T12:00:00Z",
    "groupIdToken": {"idToken": "FAMILY", "type": "Central"},
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("v2g", [False, True])
def test_a_verdict_carries_group_expiry_and_contract(version: Version, v2g: bool, contract: Contract) -> None:
    ok = TokenStatus.ACCEPTED
    for certificate in (None, *CertificateStatus):
        answer = AnswerAuthorize(
            call=CALL, status=ok, v2g=v2g, phases=3, group="FAMILY", until=NOON, certificate=certificate
        )
        payload = DIALECTS[version].to_answer(answer, AT)
        assert payload["idTokenInfo"] == WORDS
        assert payload.get("certificateStatus") == certificate
        contract.check(version, "Authorize", "res", payload)
    event = AnswerTransaction(call=CALL, status=ok, group="FAMILY", until=NOON)
    payload = DIALECTS[version].to_answer(event, AT)
    assert payload == {"idTokenInfo": WORDS}
    contract.check(version, "TransactionEvent", "res", payload)


HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa",
    "issuerKeyHash": "bb",
    "serialNumber": "1",
    "responderURL": "http://192.0.2.1/",
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("more", "proof"),
    [
        ({}, None),
        ({"iso15118CertificateHashData": [HASH]}, Proof.CHECKED),
        ({"certificate": "-----BEGIN CERTIFICATE-----"}, Proof.UNCHECKED),
        ({"certificate": "-----BEGIN CERTIFICATE-----", "iso15118CertificateHashData": [HASH]}, Proof.UNCHECKED),
    ],
)
def test_a_contract_is_told_apart_from_a_claim(
    version: Version, more: Payload, proof: Proof | None, new_link: NewLink, now: Moment
) -> None:
    asked = {"idToken": {"idToken": "FRABC123", "type": "eMAID"}, **more}
    (fact,) = new_link(version).receive(json.dumps([2, "m1", "Authorize", asked]), now)
    assert isinstance(fact, CardPresented)
    assert (fact.token.kind, fact.token.contract) == ("eMAID", proof)
