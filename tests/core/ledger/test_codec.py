"""What is kept comes back as it was."""

from contextlib import suppress
from datetime import UTC, date, datetime, time

from hypothesis import given, strategies as st
import orjson
import pytest

from custom_components.mobilize_flex.core.ledger.codec import CodecError, from_plain, to_json
from custom_components.mobilize_flex.core.model.abilities import Abilities
from custom_components.mobilize_flex.core.model.commands import Variable
from custom_components.mobilize_flex.core.model.programme import Kind, Programme
from custom_components.mobilize_flex.core.model.session import Phase, Session, Span
from custom_components.mobilize_flex.core.model.state import StationMemory
from custom_components.mobilize_flex.core.model.station import Needs, VariableReport, Version
from custom_components.mobilize_flex.core.model.wishes import Wishes
from custom_components.mobilize_flex.core.site.keeping import KeptInventory

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SESSION = Session(
    key="ST1/tx-1",
    station="ST1",
    evse=1,
    transaction="tx-1",
    started_at=NOON,
    seen_at=NOON,
    phase=Phase.V2G,
    energy_in=Span(first_at=NOON, first_wh=10.0, last_at=NOON, last_wh=20.5),
    needs=Needs(bidirectional=True, departure=NOON, offered=("AC_BPT",), max_charge_w=7000.0),
    seen=((0, 2), (5, 9)),
)
PROGRAMME = Programme(
    number=2, departure=time(7, 30), weekdays=(0, 4), kind=Kind.BOTH, v2g=True, once=date(2026, 12, 1)
)
MEMORY = StationMemory(
    registered=True,
    version=Version.V21,
    abilities=Abilities(bidirectional=True, max_charge_w=7400.0),
    import_wh=((1, 12.5),),
    export_wh=((1, 3.5),),
    drawn=((1, Span(first_at=NOON, last_at=NOON, last_wh=12.5, doubtful=((NOON, 9e8),), held_back=1)),),
)
MODEL = KeptInventory(
    (
        VariableReport(
            variable=Variable("EVSE", "Power", 1), value=None, max_limit=7400.0, values=("a", "b"), writable=False
        ),
    )
)


@pytest.mark.parametrize(
    "value", [SESSION, Wishes(programmes=(PROGRAMME,), departures=(PROGRAMME,)), MEMORY, PROGRAMME, MODEL]
)
def test_a_value_survives_being_kept(value: object) -> None:
    assert from_plain(type(value), orjson.loads(to_json(value))) == value


def test_a_field_of_another_version_is_left_out_and_a_missing_one_takes_its_default() -> None:
    plain = orjson.loads(to_json(PROGRAMME))
    assert isinstance(plain, dict)
    del plain["kind"]
    plain["invented_later"] = 5
    assert from_plain(Programme, plain).kind is Kind.CHARGE


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        (Programme, {"number": 1}),
        (Programme, []),
        (Programme, {"number": "one", "departure": "07:00", "weekdays": [0]}),
        (Programme, {"number": 1, "departure": "25:00", "weekdays": [0]}),
        (Session, {"key": "a", "phase": "flying"}),
        (StationMemory, {"import_wh": [[1, 2, 3]]}),
        (Wishes, {"v2g": "yes"}),
    ],
)
def test_what_does_not_fit_is_refused_in_words(kind: type, plain: object) -> None:
    with pytest.raises(CodecError):
        from_plain(kind, plain)  # type: ignore[arg-type]


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain)
def test_any_rubbish_in_the_store_is_a_codec_error_or_a_value(rubbish: object) -> None:
    for kind in (Session, Wishes, StationMemory):
        with suppress(CodecError):
            assert isinstance(from_plain(kind, rubbish), kind)  # type: ignore[arg-type]
