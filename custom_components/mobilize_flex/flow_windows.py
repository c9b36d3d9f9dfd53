"""The off-peak hours, as people write them."""

from datetime import time
import re
from typing import Final

_WINDOW: Final = re.compile(r"(\d{1,2})[:hH](\d{2})?\s*[-–—]\s*(\d{1,2})[:hH](\d{2})?")
_DAY_MINUTES: Final = 24 * 60


class WindowsError(ValueError):
    """The windows cannot be read; ``key`` says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def read_windows(text: str) -> list[list[str]]:
    """Return the starts and ends in ``22:30-06:30, 12:00-14:00``; the h of a French bill will do for the colon.

    Raises:
        WindowsError: what is written makes no sense, is empty, or overlaps.
    """
    windows: list[list[str]] = []
    taken: set[int] = set()
    for part in filter(None, (p.strip() for p in re.split(r"[,;\n]", text))):
        found = _WINDOW.fullmatch(part)
        if found is None:
            raise WindowsError("windows_format")
        start, end = _time(found[1], found[2]), _time(found[3], found[4])
        first = start.hour * 60 + start.minute
        length = (end.hour * 60 + end.minute - first) % _DAY_MINUTES
        if length == 0:
            raise WindowsError("windows_empty")
        minutes = {(first + n) % _DAY_MINUTES for n in range(length)}
        if minutes & taken:
            raise WindowsError("windows_overlap")
        taken |= minutes
        windows.append([start.isoformat("minutes"), end.isoformat("minutes")])
    return windows


def write_windows(windows: list[list[str]]) -> str:
    """Return windows as the form shows them."""
    return ", ".join("-".join(window) for window in windows)


def _time(hour: str, minute: str | None) -> time:
    try:
        return time(0 if hour == "24" and not int(minute or 0) else int(hour), int(minute or 0))
    except ValueError as error:
        raise WindowsError("windows_format") from error
