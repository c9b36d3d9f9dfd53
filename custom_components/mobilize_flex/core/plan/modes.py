"""What the car has been doing, and for how long: the part of the plan's memory that keeps it quiet."""

from dataclasses import dataclass
from typing import NamedTuple


class Turn(NamedTuple):
    """Say where a choice leads: the row after it, whether power flows, starts to flow, or changes too early."""

    row: int
    runs: bool
    starts: bool
    breaks: bool


@dataclass(frozen=True, slots=True)
class Modes:
    """Number the rows: free rest, the ages of a pause, of a charge run, of a discharge run.

    A pause of ``min_idle`` slots is a free rest (row 0). The last row of a run means ``min_run`` slots or more.
    """

    min_run: int
    min_idle: int

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return self.min_idle + 2 * self.min_run

    def runs(self, mode: int) -> range:
        """Return the rows of a charge run (1) or a discharge run (-1), youngest first."""
        first = self.min_idle if mode > 0 else self.min_idle + self.min_run
        return range(first, first + self.min_run)

    def turn(self, row: int, mode: int) -> Turn:
        """Return what choosing a mode in a row leads to."""
        if row < self.min_idle:
            return self._from_rest(row, mode)
        now = 1 if row in self.runs(1) else -1
        last = self.runs(now)[-1]
        if mode == now:
            return Turn(min(row + 1, last), True, False, False)
        if mode == 0:
            return Turn(self._pause(1), False, False, row < last)
        return Turn(self.runs(mode)[0], True, True, row < last)

    def opening(self, now: int, age: int, mode: int) -> Turn:
        """Return what choosing a mode in the first slot leads to, after ``age`` slots of ``now``."""
        if now == 0 and mode == 0:
            return Turn(self._pause(age + 1), False, False, False)
        if now == 0:
            return Turn(self.runs(mode)[0], True, True, age < self.min_idle)
        if mode == now:
            return Turn(self.runs(now)[min(age, self.min_run - 1)], True, False, False)
        return Turn(self._pause(1) if mode == 0 else self.runs(mode)[0], mode != 0, mode != 0, age < self.min_run)

    def _from_rest(self, row: int, mode: int) -> Turn:
        """Return where a rest leads."""
        if mode == 0:
            return Turn(self._pause(row + 1) if row else 0, False, False, False)
        return Turn(self.runs(mode)[0], True, True, row > 0)

    def _pause(self, age: int) -> int:
        """Return the row of a pause of some age."""
        return 0 if age >= self.min_idle else age
