"""A fair share of Home Assistant's attention: many stations that speak at once never keep the others of it waiting."""

import asyncio
from typing import Final

MOST_S: Final = 0.004
"""So much work at a time; what is left of it lets everybody else go first."""


class Share:
    """Count what was worked since the event loop last looked at anything else."""

    def __init__(self) -> None:
        """Begin with nothing worked."""
        self._worked_s = 0.0
        self._renewed = asyncio.Event()

    @property
    def used_up(self) -> bool:
        """Return whether the rest has to wait for the loop's next turn."""
        return self._worked_s >= MOST_S

    def worked(self, seconds: float) -> None:
        """Take note of work just done; the loop's next turn begins with nothing worked."""
        if self._worked_s == 0.0:
            self._renewed.clear()
            asyncio.get_running_loop().call_soon(self._renew)
        self._worked_s += max(seconds, 1e-9)

    async def await_turn(self) -> None:
        """Return as soon as there is a share left."""
        while self.used_up:
            await self._renewed.wait()

    def _renew(self) -> None:
        self._worked_s = 0.0
        self._renewed.set()
