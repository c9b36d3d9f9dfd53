"""Strict on what we send, forgiving on what we hear: mended where the sense is clear, refused where it is not."""

from datetime import UTC, datetime

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.frames import ErrorCode
from custom_components.mobilize_flex.core.ocpp.schema import MEND_SIZE, Contract, Fit, Misfit, SchemaError
from custom_components.mobilize_flex.core.ocpp.wire import Json, Payload

AT = "2026-11-22T17:59:00Z"
V201, V21 = Version.V201, Version.V21


def sampled(*samples: Json) -> Payload:
    return {"evseId": 1, "meterValue": [{"timestamp": AT, "sampledValue": list(samples)}]}


STATUS: Payload = {"timestamp": AT, "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
BOOT: Payload = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
EVENT: Payload = {
    "eventType": "Started",
    "timestamp": AT,
    "triggerReason": "CablePluggedIn",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "t"},
}


@pytest.mark.parametrize(
    ("version", "action", "heard", "used"),
    [
        # nothing wrong
        (V201, "StatusNotification", STATUS, STATUS),
        (V201, "TransactionEvent", EVENT | {"seqNo": 3.0}, EVENT | {"seqNo": 3.0}),
        # unknown fields go, at any depth
        (V201, "StatusNotification", STATUS | {"vendorErrorCode": "0", "info": None}, STATUS),
        (
            V21,
            "MeterValues",
            sampled({"value": 1, "quality": "good"}, {"value": 2}),
            sampled({"value": 1}, {"value": 2}),
        ),
        # words outside the list stay: whoever reads them judges
        (V201, "BootNotification", BOOT | {"reason": "Boredom"}, BOOT | {"reason": "Boredom"}),
        (V21, "MeterValues", sampled({"value": 5, "measurand": "Wind"}), sampled({"value": 5, "measurand": "Wind"})),
        # numbers as text, text as numbers, yes as text, one thing instead of a list of one
        (V21, "MeterValues", sampled({"value": "230.1"}), sampled({"value": 230.1})),
        (V201, "StatusNotification", STATUS | {"evseId": "1"}, STATUS),
        (
            V201,
            "TransactionEvent",
            EVENT | {"transactionInfo": {"transactionId": 77}},
            EVENT | {"transactionInfo": {"transactionId": "77"}},
        ),
        (V201, "TransactionEvent", EVENT | {"offline": "true"}, EVENT | {"offline": True}),
        (
            V21,
            "MeterValues",
            {"evseId": 1, "meterValue": {"timestamp": AT, "sampledValue": {"value": 1}}},
            sampled({"value": 1}),
        ),
        # null is absence
        (V201, "TransactionEvent", EVENT | {"evse": None, "meterValue": None}, EVENT),
        # an unusable part is left out, its neighbours stay
        (V21, "MeterValues", sampled({"value": None}, {"value": 2}, {"value": "x"}, {}), sampled({"value": 2})),
        (V201, "TransactionEvent", EVENT | {"meterValue": []}, EVENT),
        (V201, "TransactionEvent", EVENT | {"meterValue": [{"timestamp": AT, "sampledValue": []}]}, EVENT),
        # times: missing or nonsense is now; another spelling stays
        (
            V201,
            "StatusNotification",
            {k: v for k, v in STATUS.items() if k != "timestamp"},
            STATUS | {"timestamp": "2026-11-22T18:00:00Z"},
        ),
        (
            V201,
            "StatusNotification",
            STATUS | {"timestamp": "yesterday"},
            STATUS | {"timestamp": "2026-11-22T18:00:00Z"},
        ),
        (
            V201,
            "StatusNotification",
            STATUS | {"timestamp": 1732298400},
            STATUS | {"timestamp": "2026-11-22T18:00:00Z"},
        ),
        (
            V201,
            "StatusNotification",
            STATUS | {"timestamp": "2026-11-22 17:59:00"},
            STATUS | {"timestamp": "2026-11-22 17:59:00"},
        ),
        # a little too long still passes
        (
            V201,
            "BootNotification",
            BOOT | {"chargingStation": {"model": "M" * 60, "vendorName": "V"}},
            BOOT | {"chargingStation": {"model": "M" * 60, "vendorName": "V"}},
        ),
    ],
)
def test_what_is_heard_is_made_usable(
    contract: Contract, now: Moment, version: Version, action: str, heard: Payload, used: Payload
) -> None:
    fit = contract.accept(version, action, "req", heard, size=500, now=now.utc)
    assert isinstance(fit, Fit)
    assert fit.payload == used
    assert bool(fit.mended) == (heard != used or _breaks(contract, version, action, heard))


def _breaks(contract: Contract, version: Version, action: str, payload: Payload) -> bool:
    try:
        contract.check(version, action, "req", payload)
    except SchemaError:
        return True
    return False


@pytest.mark.parametrize(
    ("action", "heard", "code"),
    [
        ("BootNotification", {"reason": "PowerUp"}, ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION),
        ("BootNotification", {}, ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION),
        ("BootNotification", BOOT | {"chargingStation": []}, ErrorCode.TYPE_CONSTRAINT_VIOLATION),
        (
            "BootNotification",
            BOOT | {"chargingStation": {"model": {}, "vendorName": "V"}},
            ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        ),
        ("StatusNotification", STATUS | {"evseId": "one"}, ErrorCode.TYPE_CONSTRAINT_VIOLATION),
        ("StatusNotification", STATUS | {"evseId": 1.5}, ErrorCode.TYPE_CONSTRAINT_VIOLATION),
        ("TransactionEvent", EVENT | {"seqNo": None}, ErrorCode.TYPE_CONSTRAINT_VIOLATION),
        (
            "TransactionEvent",
            EVENT | {"transactionInfo": {"transactionId": "t" * 5000}},
            ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        ),
        ("MeterValues", {"evseId": 1, "meterValue": []}, ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION),
        ("MeterValues", sampled({"value": "x"}), ErrorCode.TYPE_CONSTRAINT_VIOLATION),
        ("MeterValues", sampled(*({"value": "x", "more": 1} for _ in range(400))), ErrorCode.FORMAT_VIOLATION),
    ],
)
def test_what_has_no_sense_is_refused_with_the_right_code(
    contract: Contract, now: Moment, action: str, heard: Payload, code: ErrorCode
) -> None:
    for version in Version:
        misfit = contract.accept(version, action, "req", heard, size=500, now=now.utc)
        assert isinstance(misfit, Misfit)
        assert misfit.code is code


def test_a_long_message_is_not_mended(contract: Contract, now: Moment) -> None:
    broken = sampled({"value": "1"})
    assert isinstance(contract.accept(V21, "MeterValues", "req", broken, size=MEND_SIZE, now=now.utc), Fit)
    assert isinstance(contract.accept(V21, "MeterValues", "req", broken, size=MEND_SIZE + 1, now=now.utc), Misfit)


def test_words_of_2_1_are_understood_on_a_link_of_2_0_1(contract: Contract, now: Moment) -> None:
    needs: Payload = {
        "evseId": 1,
        "chargingNeeds": {"requestedEnergyTransfer": "AC_BPT", "v2xChargingParameters": {"maxDischargePower": 7000}},
    }
    assert contract.accept(V201, "NotifyEVChargingNeeds", "req", needs, size=99, now=now.utc) == Fit(needs, newer=True)
    draft: Payload = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "AC_BPT", "controlMode": "Dynamic"}}
    fit = contract.accept(V201, "NotifyEVChargingNeeds", "req", draft, size=99, now=now.utc)
    assert isinstance(fit, Fit)
    assert fit.payload == draft
    assert fit.newer  # though neither version has the word "Dynamic"


@pytest.mark.parametrize(("more", "newer"), [({"evseSleep": False}, True), ({}, False)])
def test_words_of_2_1_are_noticed_among_words_nobody_knows(
    contract: Contract, now: Moment, more: Payload, newer: bool
) -> None:
    event: Payload = {
        "eventType": "Updated",
        "timestamp": AT,
        "triggerReason": "MeterValuePeriodic",
        "seqNo": 1,
        "transactionInfo": {"transactionId": "tx", "madeUp": 5},
    }
    fit = contract.accept(V201, "TransactionEvent", "req", event | more, size=300, now=now.utc)
    assert isinstance(fit, Fit)
    assert fit.newer is newer
    assert "madeUp" not in str(fit.payload)
    assert fit.mended


def test_what_we_send_is_held_to_the_letter(contract: Contract) -> None:
    contract.check(V201, "Heartbeat", "res", {"currentTime": AT})
    for version, action, payload in (
        (V201, "Heartbeat", {"currentTime": "noon"}),
        (V201, "Heartbeat", {}),
        (V201, "Heartbeat", {"currentTime": AT, "more": 1}),
        (V201, "UpdateDynamicSchedule", {}),
        (V21, "Nothing", {}),
    ):
        with pytest.raises(SchemaError, match=action):
            contract.check(version, action, "res", payload)


def test_what_cannot_be_written_is_not_sent(contract: Contract) -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(SchemaError):
            contract.check(
                V21, "UpdateDynamicSchedule", "req", {"chargingProfileId": 1, "scheduleUpdate": {"setpoint": value}}
            )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "timestamp", "evse", "id", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    base=st.sampled_from([STATUS, EVENT, BOOT, sampled({"value": 1})]),
    key=st.text(max_size=6),
    value=JSON,
    data=st.data(),
)
def test_whatever_is_heard_ends_in_a_verdict(
    contract: Contract, base: Payload, key: str, value: Json, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([*base, key]))
    action = {
        "connectorStatus": "StatusNotification",
        "eventType": "TransactionEvent",
        "chargingStation": "BootNotification",
    }
    told = next((action[k] for k in action if k in base), "MeterValues")
    verdict = contract.accept(V201, told, "req", base | {name: value}, size=100, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert isinstance(verdict, (Fit, Misfit))
