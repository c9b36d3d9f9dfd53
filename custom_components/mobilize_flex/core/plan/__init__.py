"""What to do ahead of time."""
