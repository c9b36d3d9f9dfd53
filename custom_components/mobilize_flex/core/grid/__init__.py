"""What the connection allows now."""
