"""An evening at a home whose memory is a real file, and what may be said of its books afterwards."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from custom_components.mobilize_flex.core.model.commands import Keep
from custom_components.mobilize_flex.core.model.facts import Stopping
from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.store_file import File, row_of
from simulator.conversation import Exchange
from simulator.home import SimulatedHome
from tests.days.pure_home import PureHome
from tests.days.test_night import night_of

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NOTHING_LOST_WH = 1.0
ORDERS = ("SetChargingProfile", "UpdateDynamicSchedule")


def evening_of(protocol: str, seconds: float = 1800.0) -> PureHome:
    """Return a home in the middle of a session: on 2.1 the car gives back, on 2.0.1 it can only charge."""
    home = night_of(protocol=protocol)
    home.home.plug_in()
    home.run(seconds)
    assert home.home.snapshot().transaction_id is not None
    return home


def stop(home: PureHome) -> None:
    """Let our side leave as Home Assistant stops it: orders withdrawn first, then the lines."""
    home.tell(Stopping())
    home._say()
    home.cut_line()


def come_back(home: PureHome, file: Path) -> None:
    """Let our side start again from what its file holds."""
    memory = File(file)
    memory.open(LONG_AGO)
    memory.write([row_of(Keep(key, value)) for key, value in home.kept.items()])
    memory.close()
    opened = memory.open(LONG_AGO)
    memory.close()
    assert (opened.refused, opened.moved_to) == ((), None)
    assert opened.kept == home.kept
    home.kept = dict(opened.kept)
    home.begin()


def wait_for_the_station(home: PureHome, most_s: float = 600.0) -> None:
    """Let time pass until the station wants to dial, then let it."""
    home.cut_line()
    until_s = home.seconds + most_s
    while not home.home.station.wants_link:
        assert home.seconds < until_s
        home.run(1, step_s=1)
    home.dial_in()


def asked(home: PureHome, since: datetime, actions: Iterable[str] = ORDERS) -> list[Exchange]:
    """Return what the station was asked since an instant."""
    return [e for e in home.home.station.received if e.at >= since and e.action in actions]


def leave(home: PureHome) -> None:
    """Let the car drive off, and the station deliver what it still has to tell."""
    home.home.unplug()
    home.run(180)
    assert home.home.snapshot().undelivered == 0


def sessions(home: PureHome) -> list[Session]:
    """Return the sessions of a home, the first one first."""
    return sorted(home.state.sessions.values(), key=lambda s: s.started_at)  # type: ignore[attr-defined]


def told_numbers(home: SimulatedHome) -> dict[str, set[int]]:
    """Return the transactions the station told of, in their order, with the numbers of what it told of each."""
    numbers: dict[str, set[int]] = {}
    for told in (e.payload for e in home.station.sent if e.action == "TransactionEvent"):
        numbers.setdefault(told["transactionInfo"]["transactionId"], set()).add(told["seqNo"])
    return numbers


def nothing_is_lost(home: PureHome) -> None:
    """Hold that the books show what the station's own counters show."""
    world, kept = home.home.snapshot(), sessions(home)
    assert abs(sum(s.energy_in.wh for s in kept) - world.import_wh) <= NOTHING_LOST_WH
    assert abs(sum(s.energy_out.wh for s in kept) - world.export_wh) <= NOTHING_LOST_WH
    assert [s.transaction for s in kept] == list(told_numbers(home.home))
    for session, numbers in zip(kept, told_numbers(home.home).values(), strict=True):
        assert all(any(first <= number <= last for first, last in session.seen) for number in numbers)
        missing = max(numbers) + 1 - len(numbers)
        if min(numbers) == 0:  # else the simulator forgot what it said long ago
            assert min(missing, 1) <= session.gaps <= missing


def losing(home: PureHome, heard: bool) -> Callable[[str], list[str]]:
    """Return a line that carries nothing back; what the station says may still arrive."""

    def carry(frame: str) -> list[str]:
        if heard:
            home._hear(frame)
        return []

    return carry
