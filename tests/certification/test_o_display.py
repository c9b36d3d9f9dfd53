"""Texts on a station's display: shown, read, taken away; what a station will not show is said in words."""

from datetime import timedelta

from homeassistant.util import dt as dt_util
import pytest

from .lab import Json, Lab

TEXT: Json = {"id": 4, "message": "Bonjour"}
SHOWN: Json = {"id": 4, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "Bonjour"}}
ACCEPTED: Json = {"status": "Accepted"}
SOON = dt_util.utcnow().replace(microsecond=0) + timedelta(hours=1)
SOON_TEXT = SOON.isoformat().replace("+00:00", "Z")


# shown


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        pytest.param({}, {}, marks=pytest.mark.octt("O_01")),
        pytest.param({"start": SOON}, {"startDateTime": SOON_TEXT}, marks=pytest.mark.octt("O_13")),
        pytest.param({"end": SOON}, {"endDateTime": SOON_TEXT}, marks=pytest.mark.octt("O_14")),
        pytest.param({"state": "Charging"}, {"state": "Charging"}, marks=pytest.mark.octt("O_25")),
        pytest.param({"priority": "AlwaysFront"}, {"priority": "AlwaysFront"}, marks=pytest.mark.octt("O_01")),
    ],
)
async def test_a_text_is_shown_at_its_time_and_in_its_state(lab: Lab, fields: Json, shown: Json) -> None:
    station = await lab.ready()
    work = lab.act("set_display_message", **TEXT, **fields)
    assert await station.answer("SetDisplayMessage", ACCEPTED) == {"message": SHOWN | shown}
    assert (await work)["status"] == "Accepted"


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        pytest.param({}, {}, marks=pytest.mark.octt("O_06")),
        pytest.param({"start": SOON}, {"startDateTime": SOON_TEXT}, marks=pytest.mark.octt("O_27")),
        pytest.param({"end": SOON}, {"endDateTime": SOON_TEXT}, marks=pytest.mark.octt("O_28")),
    ],
)
async def test_a_text_is_shown_as_long_as_a_charge_lasts(lab: Lab, fields: Json, shown: Json) -> None:
    await lab.open()
    station = await lab.charging()
    work = lab.act("set_display_message", **TEXT, **fields, transaction="tx-1")
    told = SHOWN | shown | {"transactionId": "tx-1"}
    assert await station.answer("SetDisplayMessage", ACCEPTED) == {"message": told}
    assert (await work)["status"] == "Accepted"


@pytest.mark.octt("O_12")
async def test_a_text_with_the_same_number_takes_the_place_of_the_first(lab: Lab) -> None:
    station = await lab.ready()
    for words in ("Bonjour", "Bonsoir"):
        work = lab.act("set_display_message", id=4, message=words)
        asked = await station.answer("SetDisplayMessage", ACCEPTED)
        assert (asked["message"]["id"], asked["message"]["message"]["content"]) == (4, words)
        await work


@pytest.mark.parametrize(
    ("status", "fields", "words"),
    [
        pytest.param("UnknownTransaction", {"transaction": "tx-0"}, "task_unknown", marks=pytest.mark.octt("O_10")),
        pytest.param(
            "NotSupportedPriority", {"priority": "InFront"}, "task_not_supported", marks=pytest.mark.octt("O_17")
        ),
        pytest.param("NotSupportedState", {"state": "Faulted"}, "task_not_supported", marks=pytest.mark.octt("O_18")),
        pytest.param(
            "NotSupportedMessageFormat", {"format": "HTML"}, "task_not_supported", marks=pytest.mark.octt("O_19")
        ),
        pytest.param("Rejected", {}, "task_rejected", marks=pytest.mark.octt("O_26")),
    ],
)
async def test_a_text_that_is_not_shown_is_an_error_in_words(lab: Lab, status: str, fields: Json, words: str) -> None:
    station = await lab.ready()
    work = lab.act("set_display_message", **TEXT, **fields)
    await station.answer("SetDisplayMessage", {"status": status})
    assert (await lab.fails(work)).translation_key == words


# read


@pytest.mark.parametrize(
    ("fields", "asked_for"),
    [
        pytest.param({}, {}, marks=pytest.mark.octt("O_02")),
        pytest.param({"ids": [4]}, {"id": [4]}, marks=pytest.mark.octt("O_07")),
        pytest.param({"priority": "NormalCycle"}, {"priority": "NormalCycle"}, marks=pytest.mark.octt("O_08")),
        pytest.param({"state": "Idle"}, {"state": "Idle"}, marks=pytest.mark.octt("O_09")),
    ],
)
async def test_texts_are_read_all_or_those_that_are_meant(lab: Lab, fields: Json, asked_for: Json) -> None:
    station = await lab.ready()
    work = lab.act("get_display_messages", **fields)
    asked = await station.answer("GetDisplayMessages", ACCEPTED)
    number = asked.pop("requestId")
    assert asked == asked_for
    first, last = SHOWN, SHOWN | {"id": 5}
    part = {"requestId": number, "messageInfo": [first], "tbc": True}
    assert await station.call("NotifyDisplayMessages", part) == {}
    assert await station.call("NotifyDisplayMessages", {"requestId": number, "messageInfo": [last]}) == {}
    told = await work
    assert (told["messages"], told["complete"]) == ([first, last], True)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, marks=pytest.mark.octt("O_03")),
        pytest.param({"ids": [9], "priority": "InFront", "state": "Idle"}, marks=pytest.mark.octt("O_11")),
    ],
)
async def test_where_there_are_no_texts_none_are_told(lab: Lab, fields: Json) -> None:
    station = await lab.ready()
    work = lab.act("get_display_messages", **fields)
    await station.answer("GetDisplayMessages", {"status": "Unknown"})
    told = await work
    assert (told["messages"], told["complete"]) == ([], True)


# taken away


@pytest.mark.octt("O_04")
async def test_a_text_is_taken_away(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("clear_display_message", id=4)
    assert await station.answer("ClearDisplayMessage", ACCEPTED) == {"id": 4}
    assert (await work)["status"] == "Accepted"


@pytest.mark.octt("O_05")
async def test_a_text_that_is_not_there_cannot_be_taken_away(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("clear_display_message", id=9)
    await station.answer("ClearDisplayMessage", {"status": "Unknown"})
    assert (await lab.fails(work)).translation_key == "task_unknown"
