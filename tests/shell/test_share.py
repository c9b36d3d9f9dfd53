"""Stations that speak all at once leave room for everybody else."""

import asyncio

from custom_components.mobilize_flex.shell.share import MOST_S, Share


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
