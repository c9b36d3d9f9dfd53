"""The meters' languages."""
