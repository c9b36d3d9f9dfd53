"""A car's battery: its level between two readings, whom to believe, what it taught us."""
