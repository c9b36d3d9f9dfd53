"""Sockets, lines, the loop around the core; no Home Assistant."""
