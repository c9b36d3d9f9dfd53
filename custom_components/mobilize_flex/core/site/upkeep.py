"""What looking after a station changes."""

from ..model.facts import UpkeepDone
from ..model.upkeep import ResetStation
from .draft import Draft


def done(d: Draft, fact: UpkeepDone) -> None:
    """Note what a station agreed to."""
    match fact.task:
        case ResetStation():
            pass  # the station says so itself when it comes back
