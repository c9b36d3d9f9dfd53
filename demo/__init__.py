"""A home to look at: a real Home Assistant with the integration, and a simulated car, station and meter around it."""
