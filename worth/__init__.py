"""What the car at the cable would be worth: a made-up home lived through by the real controller, drawn as a page."""
