"""Who may use a station."""
