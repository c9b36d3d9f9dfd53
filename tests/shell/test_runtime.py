"""The loop around the core: an event of an old charge waits until what is kept of it was looked up."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import time

import pytest

from custom_components.mobilize_flex.core.model.commands import CallRef, Decline, Keep
from custom_components.mobilize_flex.core.model.config import SiteConfig, StationConfig
from custom_components.mobilize_flex.core.model.facts import TransactionReported
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.core.model.station import EventKind
from custom_components.mobilize_flex.core.plan.planner import make_plan
from custom_components.mobilize_flex.core.site import restore
from custom_components.mobilize_flex.shell.runtime import Runtime

CONFIG = SiteConfig(name="Home", stations=(StationConfig(identity="ST1", name="Verso"),))
THEN = datetime.now(UTC) - timedelta(days=200)
OLD = Session(
    key="ST1/tx", station="ST1", evse=1, transaction="tx", started_at=THEN, ended_at=THEN + timedelta(hours=8),
    cost=4.2, begun=True, seen=((0, 7),), stopped_reason="Local",
)  # fmt: skip


class Shell:
    """A loop whose memory is slow, and may fail."""

    def __init__(self, kept: Mapping[str, object], error: Exception | None = None) -> None:
        self.kept: dict[str, object] = dict(kept)
        self.told: list[object] = []
        self.asked: list[str] = []
        self._error = error
        self.runtime = Runtime(
            restore(CONFIG, {}, older=True),
            clock=lambda: Moment(datetime.now(UTC), time.monotonic()),
            deliver=self.told.append,
            keep=self.keep,
            recall=self.recall,
            make_plan=make_plan,
            sign=lambda request: None,
        )

    def keep(self, keeps: Sequence[Keep]) -> asyncio.Future[None]:
        """Keep values at once."""
        self.kept |= {keep.key: keep.value for keep in keeps}
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def recall(self, key: str) -> Mapping[str, object]:
        """Look a charge up."""
        self.asked.append(key)
        await asyncio.sleep(0.01)
        if self._error is not None:
            raise self._error
        return {k: v for k, v in self.kept.items() if k == f"session/{key}"}

    async def hear(self, *events: TransactionReported) -> None:
        """Take events in and wait until all is done."""
        for event in events:
            assert self.runtime.put(event) is None
        while self.runtime._tasks:
            await asyncio.gather(*self.runtime._tasks)
        await asyncio.sleep(0)


def event(number: int, kind: EventKind = EventKind.UPDATED, *, offline: bool = True) -> TransactionReported:
    """Return an event of the old charge."""
    return TransactionReported(
        call=CallRef("ST1", 1, f"m{number}"), station="ST1", transaction="tx", kind=kind, seq_no=number,
        at=THEN + timedelta(hours=number), trigger="MeterValuePeriodic", evse=1, offline=offline,
    )  # fmt: skip


async def test_an_old_charge_goes_on_from_what_was_kept_of_it() -> None:
    shell = Shell({"session/ST1/tx": OLD})
    await shell.hear(event(8))
    kept = shell.kept["session/ST1/tx"]
    assert isinstance(kept, Session)
    assert (kept.cost, kept.ended_at, kept.seen) == (4.2, OLD.ended_at, ((0, 8),))
    assert [isinstance(told, Decline) for told in shell.told] == [False]


async def test_events_of_a_charge_stay_in_order_while_it_is_looked_up() -> None:
    shell = Shell({})
    await shell.hear(event(0, EventKind.STARTED), event(1), event(2))
    kept = shell.kept["session/ST1/tx"]
    assert isinstance(kept, Session)
    assert kept.seen == ((0, 2),)
    assert [told.call.message_id for told in shell.told if hasattr(told, "call")] == ["m0", "m1", "m2"]


async def test_what_is_at_hand_is_not_looked_up() -> None:
    shell = Shell({})
    await shell.hear(event(0, EventKind.STARTED))
    await shell.hear(event(1), event(2))
    assert shell.asked == ["ST1/tx"]


@pytest.mark.parametrize("error", [OSError("no disk"), TimeoutError()])
async def test_a_history_that_cannot_be_joined_to_what_is_kept_is_to_come_again(error: Exception) -> None:
    shell = Shell({"session/ST1/tx": OLD}, error)
    await shell.hear(event(8))
    assert shell.kept["session/ST1/tx"] is OLD
    assert [type(told) for told in shell.told] == [Decline]


async def test_a_charge_of_now_begins_though_the_memory_cannot_be_read() -> None:
    shell = Shell({}, OSError("no disk"))
    began = replace(event(0, EventKind.STARTED, offline=False), at=datetime.now(UTC))
    await shell.hear(began)
    assert "session/ST1/tx" in shell.kept


async def test_somebody_who_fails_at_looking_on_does_not_stop_the_charge() -> None:
    shell, seen = Shell({}), list[object]()

    def fail(*_: object) -> None:
        raise ValueError("a fault of what is shown")

    shell.runtime.listen(fail)
    shell.runtime.listen(lambda _, after: seen.append(after))
    await shell.hear(event(0, EventKind.STARTED), event(1))
    assert shell.runtime.errors == len(seen) > 0
    assert "session/ST1/tx" in shell.kept
