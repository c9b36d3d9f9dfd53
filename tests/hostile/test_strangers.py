"""Whoever has no password: nothing he does at the door reaches the charge that is going on behind it."""

import pytest

from .conftest import Siege
from .strangers import STRANGERS


@pytest.mark.parametrize("case", STRANGERS)
async def test_a_stranger_touches_nothing(siege: Siege, case: str) -> None:
    await STRANGERS[case](siege.lab.port)
    assert siege.lab.state.online


async def test_a_newcomer_who_proves_himself_takes_the_place(siege: Siege) -> None:
    again = await siege.lab.dial()
    old, siege.own = siege.own, again
    await again.call("Heartbeat")
    await old.close()
    assert siege.lab.state.online
