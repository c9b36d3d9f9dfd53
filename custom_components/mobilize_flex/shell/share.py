"""A fair share of Home Assistant's attention: who speaks much, and many who speak at once, keep nobody waiting."""

import asyncio
from typing import Final

MOST_S: Final = 0.004
"""So much work at a time; what is left of it lets everybody else go first."""

BURST_S: Final = 3.0
"""What a station did not say for so long it may say at once."""
DIALLING_COSTS: Final = 6.0
"""Messages: each time a station comes the home looks at all of it."""
LONGEST_DIAL_S: Final = 1.5


class Allowance:
    """Count what a station may say yet; who dials again does not begin anew.

    Args:
        per_s: what it may say each second in the long run.
        now_s: the present.
    """

    def __init__(self, per_s: float, now_s: float) -> None:
        """Begin with nothing spent."""
        self._per_s, self._most = per_s, per_s * BURST_S
        self._left, self._at_s = self._most, now_s

    def spend(self, cost: float, now_s: float) -> float:
        """Spend some of it; return how many seconds to wait until that is paid."""
        earned = self._left + (now_s - self._at_s) * self._per_s
        self._left = max(-self._most, min(self._most, earned) - cost)
        self._at_s = now_s
        return max(0.0, -self._left / self._per_s)


class Allowances:
    """Hold what each station may say yet; any amount where ``per_s`` is ``None``."""

    def __init__(self, per_s: float | None) -> None:
        """Begin with nobody known."""
        self._per_s = per_s
        self._kept: dict[str, Allowance] = {}

    def of(self, identity: str) -> Allowance | None:
        """Return what a station that proved who it is may say yet."""
        if self._per_s is None:
            return None
        now_s = asyncio.get_running_loop().time()
        return self._kept.setdefault(identity, Allowance(self._per_s, now_s))

    async def dial(self, identity: str) -> None:
        """Let a station that dials again and again wait."""
        allowance = self.of(identity)
        if allowance is not None:
            wait_s = allowance.spend(DIALLING_COSTS, asyncio.get_running_loop().time())
            if wait_s > 0.0:
                await asyncio.sleep(min(wait_s, LONGEST_DIAL_S))


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
