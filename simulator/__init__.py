"""A simulated home with a car, a charging station, a meter: the other side of the wire.

Not shipped. It shares no code with the integration, so that one misreading of a
standard cannot cancel itself out.
"""
