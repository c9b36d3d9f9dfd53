"""Stations that speak much, or all at once, leave room for everybody else."""

import asyncio

import pytest

from custom_components.mobilize_flex.shell.share import MOST_S, Allowance, Share


async def test_work_beyond_a_share_waits_for_the_loops_next_turn() -> None:
    share, told = Share(), list[str]()

    async def work(name: str) -> None:
        await share.await_turn()
        told.append(name)
        share.worked(MOST_S)

    async def look() -> None:
        while "c" not in told:
            told.append("look")
            await asyncio.sleep(0)

    await asyncio.gather(work("a"), work("b"), work("c"), look())
    assert [name for name in told if name != "look"] == ["a", "b", "c"]
    assert told[told.index("a") + 1] == told[told.index("b") + 1] == "look"


async def test_little_work_waits_for_nobody() -> None:
    share = Share()
    for _ in range(3):
        share.worked(MOST_S / 10)
        assert not share.used_up
    share.worked(MOST_S)
    assert share.used_up
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not share.used_up


def test_what_was_saved_up_may_be_said_at_once_and_the_rest_in_its_time() -> None:
    allowance = Allowance(20.0, now_s=100.0)
    assert [allowance.spend(1.0, 100.0) for _ in range(60)] == [0.0] * 60
    assert allowance.spend(1.0, 100.0) == pytest.approx(0.05)
    assert allowance.spend(1.0, 100.2) == 0.0
    assert allowance.spend(1.0, 999.0) == 0.0
    assert allowance.spend(60.0, 999.0) == pytest.approx(0.05)


def test_nobody_falls_further_behind_than_three_seconds() -> None:
    allowance = Allowance(20.0, now_s=0.0)
    assert max(allowance.spend(6.0, 0.0) for _ in range(1000)) == 3.0
