"""Patience with a limit."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Final

LOOK_S: Final = 0.1


class TookTooLong(Exception):
    """What was waited for did not happen."""


async def until(happened: Callable[[], bool | Awaitable[bool]], otherwise: str, limit_s: float) -> float:
    """Look again and again until something has happened; return after how many seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        seen = happened()
        if await seen if isawaitable(seen) else seen:
            return loop.time() - began
        if loop.time() - began > limit_s:
            raise TookTooLong(f"{otherwise} (waited {limit_s:g} s)")
        await asyncio.sleep(LOOK_S)
