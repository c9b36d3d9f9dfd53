"""Frames are shown without what nobody else should read."""

import json

import pytest

from custom_components.mobilize_flex.core.ocpp.redaction import redacted

CANARY = "c4n4ry"


@pytest.mark.parametrize(
    "frame",
    [
        [
            2,
            "a",
            "Authorize",
            {
                "idToken": {
                    "idToken": CANARY,
                    "type": "ISO14443",
                    "additionalInfo": [{"additionalIdToken": CANARY, "type": "EVCCID"}],
                }
            },
        ],
        [
            2,
            "a",
            "BootNotification",
            {"chargingStation": {"serialNumber": CANARY, "modem": {"iccid": CANARY, "imsi": CANARY}}},
        ],
        [
            2,
            "a",
            "SetVariables",
            {
                "setVariableData": [
                    {
                        "component": {"name": "SecurityCtrlr"},
                        "variable": {"name": "BasicAuthPassword"},
                        "attributeValue": CANARY,
                    }
                ]
            },
        ],
        [2, "a", "NotifyEvent", {"eventData": [{"variable": {"name": "VehicleId"}, "actualValue": CANARY}]}],
        [
            2,
            "a",
            "NotifyReport",
            {"reportData": [{"variable": {"name": "VehicleId"}, "variableAttribute": [{"value": CANARY}]}]},
        ],
        [2, "a", "SignCertificate", {"csr": CANARY}],
        [2, "a", "NotifyCustomerInformation", {"data": CANARY}],
        [2, "a", "DataTransfer", {"vendorId": "x", "data": {"card": CANARY}}],
        [2, "a", "GetLog", {"log": {"remoteLocation": CANARY}}],
        [2, "a", "SendLocalList", {"localAuthorizationList": [{"idToken": {"idToken": CANARY, "type": "ISO14443"}}]}],
        [3, "a", {"idTokenInfo": {"groupIdToken": {"idToken": CANARY, "type": "Central"}}}],
        [4, "a", "InternalError", CANARY, {"request": CANARY}],
        [5, "a", "FormatViolation", CANARY, {}],
    ],
)
def test_no_secret_is_shown(frame: list[object]) -> None:
    shown = redacted(json.dumps(frame))
    assert CANARY not in shown
    assert json.loads(shown)[:2] == frame[:2]


def test_the_rest_is_shown_as_it_was() -> None:
    frame = [2, "a", "StatusNotification", {"evseId": 1, "connectorStatus": "Available"}]
    assert json.loads(redacted(json.dumps(frame))) == frame


def test_what_is_no_frame_is_only_measured() -> None:
    assert redacted(f"hello {CANARY}") == "(not JSON, 12 characters)"
    assert json.loads(redacted('{"idToken":"x"}')) == {"idToken": "**"}
