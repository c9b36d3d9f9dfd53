"""Measurements: the planner, its yardstick, the readers; nothing here is shipped."""
