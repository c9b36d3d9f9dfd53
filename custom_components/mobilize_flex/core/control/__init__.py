"""What to do right now."""
