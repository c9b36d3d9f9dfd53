"""A text is a frame, or says what to answer it with; nothing makes it raise."""

import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.ocpp.frames import (
    DEPTH_LIMIT,
    FRAME_LIMIT,
    Call,
    CallError,
    CallResult,
    CallResultError,
    ErrorCode,
    FrameError,
    Send,
    decode,
    encode,
)

NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ('[2,"a","Heartbeat",{}]', Call("a", "Heartbeat", {})),
        ('[2.0,"a","Heartbeat",{}]', Call("a", "Heartbeat", {})),
        ('[2,17,"Heartbeat",{}]', Call(17, "Heartbeat", {})),
        (f'[2,"{"i" * 80}","Heartbeat",{{}}]', Call("i" * 80, "Heartbeat", {})),
        ('[3,"a",{"status":"Accepted"}]', CallResult("a", {"status": "Accepted"})),
        ('[4,"a","NotSupported","no",{}]', CallError("a", "NotSupported", "no")),
        ('[4,"a","NotSupported"]', CallError("a", "NotSupported", "")),
        (f'[4,"a","InternalError","{"x" * 4000}",{{}}]', CallError("a", "InternalError", "x" * 255)),
        ('[5,"a","FormatViolation","",{}]', CallResultError("a", "FormatViolation", "")),
        ('[6,"a","NotifyPeriodicEventStream",{"id":1}]', Send("a", "NotifyPeriodicEventStream", {"id": 1})),
        ('[2,"a","DataTransfer",{"data":100000000000000000000}]', Call("a", "DataTransfer", {"data": 1e20})),
    ],
)
def test_a_frame_is_read(text: str, frame: object) -> None:
    assert decode(text) == frame


@pytest.mark.parametrize(
    ("text", "code", "message_id"),
    [
        ("", ErrorCode.RPC_FRAMEWORK_ERROR, "-1"),
        ("hello", ErrorCode.RPC_FRAMEWORK_ERROR, "-1"),
        ("{}", ErrorCode.RPC_FRAMEWORK_ERROR, "-1"),
        ("[]", ErrorCode.RPC_FRAMEWORK_ERROR, "-1"),
        ("[2]", ErrorCode.RPC_FRAMEWORK_ERROR, "-1"),
        ('[2,"a","Heartbeat",{}', ErrorCode.FORMAT_VIOLATION, "a"),
        ('["2","a","Heartbeat",{}]', ErrorCode.RPC_FRAMEWORK_ERROR, "-1"),
        ('[true,"a","Heartbeat",{}]', ErrorCode.RPC_FRAMEWORK_ERROR, "-1"),
        ('[2,null,"Heartbeat",{}]', ErrorCode.RPC_FRAMEWORK_ERROR, "-1"),
        ('[2,"","Heartbeat",{}]', ErrorCode.RPC_FRAMEWORK_ERROR, "-1"),
        ('[2,["a"],"Heartbeat",{}]', ErrorCode.RPC_FRAMEWORK_ERROR, "-1"),
        (f'[2,"{"i" * 300}","Heartbeat",{{}}]', ErrorCode.RPC_FRAMEWORK_ERROR, "-1"),
        ('[2,"a"]', ErrorCode.RPC_FRAMEWORK_ERROR, "a"),
        ('[2,"a","Heartbeat"]', ErrorCode.RPC_FRAMEWORK_ERROR, "a"),
        ('[2,"a","Heartbeat",{},{}]', ErrorCode.RPC_FRAMEWORK_ERROR, "a"),
        ('[2,"a","Heartbeat",[]]', ErrorCode.FORMAT_VIOLATION, "a"),
        ('[2,"a","Heartbeat",null]', ErrorCode.FORMAT_VIOLATION, "a"),
        ('[2,"a",7,{}]', ErrorCode.FORMAT_VIOLATION, "a"),
        ('[77,"a","Heartbeat",{}]', ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, "a"),
        ('[2.5,"a","Heartbeat",{}]', ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, "a"),
        ('[2,"a","DataTransfer",{"data":NaN}]', ErrorCode.FORMAT_VIOLATION, "a"),
        ('[2,"a","DataTransfer",{"data":1e999}]', ErrorCode.FORMAT_VIOLATION, "a"),
        ('[2,"a","DataTransfer",{"data":"\\ud800"}]', ErrorCode.FORMAT_VIOLATION, "a"),
        ('[2,"a","DataTransfer",{"data":"\ud800"}]', ErrorCode.FORMAT_VIOLATION, "a"),
    ],
)
def test_what_is_no_frame_says_how_to_refuse_it(text: str, code: ErrorCode, message_id: str) -> None:
    error = decode(text)
    assert isinstance(error, FrameError)
    assert (error.code, error.message_id, error.answerable) == (code, message_id, True)


@pytest.mark.parametrize(
    "text", ['[3,"a"]', '[3,"a",[]]', '[3,"a",{},{}]', '[4,"a"]', '[4,"a",7]', '[5,"a"]', '[6,"a"]']
)
def test_a_broken_answer_is_not_answered(text: str) -> None:
    error = decode(text)
    assert isinstance(error, FrameError)
    assert not error.answerable


def nested(depth: int) -> str:
    """Return a call whose brackets nest to a depth; strings full of brackets do not count."""
    return (
        '[2,"a","DataTransfer",{"text":"' + "[{" * 100 + '\\"[","data":' + "[" * (depth - 2) + "]" * (depth - 2) + "}]"
    )


def test_depth_is_limited_before_anything_is_built() -> None:
    assert isinstance(decode(nested(DEPTH_LIMIT)), Call)
    assert isinstance(decode(nested(DEPTH_LIMIT + 1)), FrameError)
    assert isinstance(decode("[" * 100_000), FrameError)


@pytest.mark.parametrize("quotes", ['"' * 200_000, '\\"' * 100_000, '"\\' * 100_000, '"a' * 100_000])
def test_a_text_made_of_quotes_costs_no_more_than_any_other(quotes: str) -> None:
    assert isinstance(decode("[" * 50 + quotes), FrameError)


def test_length_is_limited_in_bytes() -> None:
    frame = '[2,"a","DataTransfer",{"data":"%s"}]'
    room = FRAME_LIMIT - len(frame) + 2
    assert isinstance(decode(frame % ("x" * room)), Call)
    assert isinstance(decode(frame % ("x" * (room + 1))), FrameError)
    assert isinstance(decode(frame % ("é" * (room // 2 + 1))), FrameError)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=[])) | NESTED.map(json.dumps))
def test_no_text_makes_it_raise(text: str) -> None:
    decode(text)


@settings(deadline=None)
@given(
    st.tuples(st.sampled_from([2, 3, 4, 5, 6, 7]), st.text() | st.integers()).flatmap(
        lambda head: st.lists(NESTED, max_size=4).map(lambda rest: json.dumps([*head, *rest]))
    )
)
def test_no_frame_like_text_makes_it_raise(text: str) -> None:
    decode(text)


@settings(deadline=None)
@given(st.text(min_size=1, max_size=36), st.text(max_size=20), st.dictionaries(st.text(), NESTED, max_size=3))
def test_what_is_written_reads_back(message_id: str, action: str, payload: dict[str, object]) -> None:
    call = Call(message_id, action, payload)  # type: ignore[arg-type]
    assert json.loads(encode(call)) == json.loads(json.dumps([2, message_id, action, payload]))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_leaves_that_is_none(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode(Call("a", "DataTransfer", {"data": value}))


def test_a_number_too_big_for_others_is_still_written() -> None:
    assert json.loads(encode(CallResult("a", {"data": 2**80}))) == [3, "a", {"data": 2**80}]


def test_a_long_description_is_cut() -> None:
    assert len(json.loads(encode(CallError("a", "InternalError", "x" * 999)))[3]) == 255
