"""Contracts as one dated price curve."""
