"""An old charge that is spoken of again goes on from what was kept of it, and nothing of it is lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from hypothesis import given, settings, strategies as st

from custom_components.mobilize_flex.core.model.facts import SiteConfigured, TransactionReported
from custom_components.mobilize_flex.core.model.recall import ChargeRecalled
from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.core.model.station import EventKind
from custom_components.mobilize_flex.core.site import missing, restore
from custom_components.mobilize_flex.core.site.keeping import MOST_SESSIONS, leftovers

from .test_step import CONFIG, Home


class Memory(Home):
    """A home whose memory is asked for what is not at hand, as the loop around the core does it."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, object] = {}

    def hear(self, fact: TransactionReported) -> None:
        """Take an event in, after what is kept of its charge."""
        key = missing(self.state, fact)
        if key is not None:
            found = {k: v for k, v in self.kept.items() if k in (f"session/{key}", f"account/{key}")}
            if found:
                self.keep(ChargeRecalled(station=fact.station, kept=found))
        self.keep(fact)

    def keep(self, fact: object) -> None:
        """Take a fact in and keep what is to be kept."""
        for keep in self.tell(fact, 1).keeps:  # type: ignore[arg-type]
            self.kept[keep.key] = keep.value

    def charge(self, name: str) -> Iterator[TransactionReported]:
        """Yield the events of a charge of 3 kWh."""
        for number, kind in enumerate((EventKind.STARTED, EventKind.UPDATED, EventKind.UPDATED, EventKind.ENDED)):
            at = self.now.utc + timedelta(hours=number - 4)
            (sampling,) = self.samples(0.0, in_wh=1000.0 * number)
            event = self.event(kind, number, at=at, samplings=(replace(sampling, at=at),))
            yield replace(event, transaction=name)


def session_of(home: Memory, name: str) -> Session:
    """Return what is kept of a charge."""
    session = home.kept[f"session/ST1/{name}"]
    assert isinstance(session, Session)
    return session


def crowded() -> Memory:
    """Return a home that had so many charges that the first is no longer at hand."""
    home = Memory()
    for number in range(MOST_SESSIONS + 1):
        for event in home.charge(f"tx-{number:03}"):
            home.hear(event)
    assert "ST1/tx-000" not in home.state.sessions
    assert home.state.older
    return home


def test_while_all_is_at_hand_nothing_is_looked_up() -> None:
    home = Memory()
    for event in home.charge("tx-new"):
        assert missing(home.state, event) is None
        home.hear(event)


def test_a_late_word_of_an_old_charge_is_added_to_what_was_kept_of_it() -> None:
    home = crowded()
    before = session_of(home, "tx-000")
    late = next(event for event in home.charge("tx-000") if event.kind is EventKind.UPDATED)
    late = replace(late, at=before.started_at + timedelta(seconds=1), offline=True, samplings=())
    assert missing(home.state, late) == "ST1/tx-000"
    home.hear(late)
    after = session_of(home, "tx-000")
    assert after.energy_in == before.energy_in
    assert (after.started_at, after.ended_at, after.begun) == (before.started_at, before.ended_at, True)
    assert after.seen == before.seen


def test_what_is_at_hand_is_newer_than_what_was_kept() -> None:
    home = crowded()
    name = next(reversed(home.state.sessions))
    stale = replace(home.state.sessions[name], energy_in=replace(home.state.sessions[name].energy_in, last_wh=0.0))
    home.keep(ChargeRecalled(station="ST1", kept={f"session/{name}": stale}))
    assert home.state.sessions[name] is not stale


def test_another_stations_charge_is_not_taken_for_ones_own() -> None:
    home = crowded()
    foreign = replace(session_of(home, "tx-000"), station="ST2", key="ST2/tx-000")
    home.keep(ChargeRecalled(station="ST1", kept={"session/ST2/tx-000": foreign}))
    assert "ST2/tx-000" not in home.state.sessions


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(4)), twice=st.integers(0, 3))
def test_the_order_in_which_an_old_charge_comes_again_changes_nothing(order: list[int], twice: int) -> None:
    home = Memory()
    events = list(home.charge("tx-old"))
    for event in events:
        home.hear(event)
    whole = session_of(home, "tx-old")
    assert whole.energy_in.wh == 3000.0
    home.state = replace(home.state, sessions=MappingProxyType({}), older=True)
    for number in (*order, twice):
        home.hear(replace(events[number], offline=True))
        home.state = replace(home.state, sessions=MappingProxyType({}))
    again = session_of(home, "tx-old")
    assert (again.energy_in.wh, again.cost, again.seen) == (whole.energy_in.wh, whole.cost, whole.seen)
    assert (again.started_at, again.ended_at) == (whole.started_at, whole.ended_at)


def test_a_home_that_keeps_more_than_is_at_hand_knows_so_after_a_restart() -> None:
    home = crowded()
    assert restore(CONFIG, home.kept).older
    assert restore(CONFIG, {}, older=True).older
    assert not restore(CONFIG, {}).older


# stations that were removed


def test_with_a_station_goes_what_was_kept_of_it_but_not_its_sessions() -> None:
    home = Memory()
    for event in home.charge("tx-1"):
        home.hear(event)
    step = home.tell(SiteConfigured(replace(CONFIG, stations=())))
    forgotten = {keep.key for keep in step.keeps if keep.value is None}
    assert forgotten == {"station/ST1", "firmware/ST1", "inventory/ST1"}
    assert "session/ST1/tx-1" in home.kept


def test_what_is_left_of_a_station_that_went_unseen_is_found_at_the_start() -> None:
    home = Memory()
    for event in home.charge("tx-1"):
        home.hear(event)
    assert leftovers(CONFIG, home.kept) == ()
    gone = leftovers(replace(CONFIG, stations=()), home.kept)
    assert {keep.key for keep in gone} == {"station/ST1", "firmware/ST1", "inventory/ST1"}
    assert all(keep.value is None for keep in gone)
