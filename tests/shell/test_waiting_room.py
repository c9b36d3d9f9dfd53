"""Who sits in the waiting room, who makes room for whom, and how long a refusal takes."""

import asyncio
from collections.abc import Callable

from custom_components.mobilize_flex.shell.waiting_room import HELD_BACK, Patience, WaitingRoom

type Enter = Callable[[str, str], bool]


def opened(per_address: int = 2, in_all: int = 3) -> tuple[WaitingRoom, Enter, list[str]]:
    """Return a room, how to enter it, and who was shown out."""
    room, out = WaitingRoom(per_address, in_all), list[str]()

    def enter(caller: str, address: str) -> bool:
        return room.enter(caller, address, lambda: out.append(caller))

    return room, enter, out


def test_who_came_first_makes_room_for_his_own_address() -> None:
    _, enter, out = opened()
    assert enter("a", "here")
    assert enter("b", "here")
    assert enter("b", "here")  # has a seat
    assert enter("c", "here")
    assert out == ["a"]


def test_who_was_told_no_goes_before_who_was_not_heard_yet() -> None:
    room, enter, out = opened()
    enter("silent", "here")
    enter("refused", "here")
    with room.hearing("refused"):
        pass
    assert enter("new", "here")
    assert out == ["refused"]


def test_who_is_being_heard_keeps_his_seat() -> None:
    room, enter, out = opened(per_address=1)
    enter("station", "here")
    with room.hearing("station"):
        assert not enter("stranger", "here")
    assert enter("stranger", "here")
    assert out == ["station"]


def test_a_crowd_makes_room_for_another_address_and_never_the_other_way_round() -> None:
    _, enter, out = opened()
    enter("station", "there")
    enter("a", "here")
    enter("b", "here")
    assert enter("other", "elsewhere")
    assert enter("c", "here")
    assert out == ["a", "b"]


def test_a_seat_that_was_left_is_free() -> None:
    room, enter, out = opened(per_address=1)
    enter("a", "here")
    room.leave("a")
    room.leave("a")
    with room.hearing("a"):
        assert enter("b", "here")
    assert out == []


async def test_so_many_refusals_are_held_back_and_no_more() -> None:
    patience = Patience()
    for _ in range(10):
        patience.wait_s("here", asyncio.get_running_loop().time())
    waiting = [asyncio.create_task(patience.hold_back("here")) for _ in range(HELD_BACK)]
    await asyncio.sleep(0)
    async with asyncio.timeout(0.5):
        await patience.hold_back("here")
    assert not any(task.done() for task in waiting)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    late = asyncio.create_task(patience.hold_back("here"))
    await asyncio.sleep(0)
    assert not late.done()
    late.cancel()
