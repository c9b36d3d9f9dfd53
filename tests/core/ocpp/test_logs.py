"""The upload of a station's diary, in the words of both versions."""

from datetime import UTC, datetime
import json

import pytest

from custom_components.mobilize_flex.core.model.facts import LogReported
from custom_components.mobilize_flex.core.model.logs import GetLog, LogKind, LogStatus
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.redaction import redacted
from custom_components.mobilize_flex.core.ocpp.schema import Contract
from custom_components.mobilize_flex.core.ocpp.upkeep import answer_of, call_of

from .conftest import NewLink

URL = "http://192.168.1.2:9000/upload/" + "a" * 32
WORDS = {
    "BadMessage": LogStatus.BAD_MESSAGE,
    "Idle": LogStatus.IDLE,
    "NotSupportedOperation": LogStatus.NOT_SUPPORTED_OPERATION,
    "PermissionDenied": LogStatus.PERMISSION_DENIED,
    "Uploaded": LogStatus.UPLOADED,
    "UploadFailure": LogStatus.UPLOAD_FAILURE,
    "Uploading": LogStatus.UPLOADING,
    "AcceptedCanceled": LogStatus.ACCEPTED_CANCELED,
}


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_an_upload_is_understood(new_link: NewLink, now: Moment, version: Version, word: str) -> None:
    link = new_link(version)
    facts = link.receive(json.dumps([2, "m1", "LogStatusNotification", {"status": word, "requestId": 4}]), now)
    assert facts == (LogReported(station="S1", status=WORDS[word], request_id=4),)
    assert [json.loads(text) for text in link.outgoing()] == [[3, "m1", {}]]


def test_an_unheard_word_is_answered_and_believed_by_nobody(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V21)
    assert link.receive('[2, "m1", "LogStatusNotification", {"status": "Mailing"}]', now) == ()
    assert [json.loads(text) for text in link.outgoing()] == [[3, "m1", {}]]


@pytest.mark.parametrize("kind", LogKind)
def test_a_diary_is_asked_for_as_printed(contract: Contract, kind: LogKind) -> None:
    task = GetLog(
        request_id=4,
        kind=kind,
        remote_location=URL,
        oldest=datetime(2026, 11, 21, tzinfo=UTC),
        latest=datetime(2026, 11, 22, tzinfo=UTC),
        retries=2,
        retry_interval_s=30,
    )
    call = call_of(task)
    assert call.payload == {
        "logType": {"diagnostics": "DiagnosticsLog", "security": "SecurityLog", "data_collector": "DataCollectorLog"}[
            kind
        ],
        "requestId": 4,
        "retries": 2,
        "retryInterval": 30,
        "log": {
            "remoteLocation": URL,
            "oldestTimestamp": "2026-11-21T00:00:00Z",
            "latestTimestamp": "2026-11-22T00:00:00Z",
        },
    }
    assert (Version.V201 in call.versions) is (kind is not LogKind.DATA_COLLECTOR)
    for version in call.versions:
        contract.check(version, call.action, "req", dict(call.payload))


@pytest.mark.parametrize(("status", "accepted"), [("Accepted", True), ("AcceptedCanceled", True), ("Rejected", False)])
def test_every_answer_is_a_yes_or_a_no(status: str, accepted: bool) -> None:
    task = GetLog(request_id=4, kind=LogKind.SECURITY, remote_location=URL)
    assert answer_of(task, {"status": status}).accepted is accepted


def test_the_address_of_an_upload_is_shown_to_nobody() -> None:
    frame = [2, "p-1", "GetLog", {"requestId": 4, "logType": "SecurityLog", "log": {"remoteLocation": URL}}]
    assert "a" * 32 not in redacted(json.dumps(frame))
