"""The whole site: what it was, what happened, what it becomes."""

from .glance import glance
from .keeping import changes, habit_of, kept_type, leftovers, restore
from .recalling import missing
from .step import Event, Step, step

__all__ = ["Event", "Step", "changes", "glance", "habit_of", "kept_type", "leftovers", "missing", "restore", "step"]
