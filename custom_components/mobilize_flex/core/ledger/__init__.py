"""What was charged, given back, paid."""
