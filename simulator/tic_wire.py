"""The Linky's serial line over TCP."""

from collections.abc import Callable

from simulator.meter_wire import MeterWire

FRAME_GAP_S = 0.025
BYTES_PER_S = 960.0


class TicWire(MeterWire):
    """A serial port server that repeats the Linky's frames at the pace of 9600 baud."""

    def __init__(self, frame: Callable[[], bytes], port: int) -> None:
        """Serve `frame` on 127.0.0.1; port 0 takes any free one."""
        super().__init__(frame, port, bytes_per_s=BYTES_PER_S, gap_s=FRAME_GAP_S)
